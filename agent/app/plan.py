"""The nation's file and the journeys, as the pipeline works with them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.config import translate
from agent.config.nation import Nation
from agent.core import groups, schedule
from agent.core.graph import Graph
from agent.core.maintenance_calendar import Calendar
from agent.core.model import Branch, Service
from agent.core.schedule import Bucket, Pace, Plan
from agent.core.tuning import Tuning
from agent.core.wording import Wording
from agent.pipeline.mandate import Mandate
from agent.pipeline.probes import Probe, buckets_of, probe_of
from agent.probe import Journey


@dataclass(frozen=True, slots=True, kw_only=True)
class NationPlan:
    """What every agent of the nation has in common."""

    mandate: Mandate
    journeys: Sequence[type[Journey]]
    runs_per_s: Mapping[str, tuple[float, float]]
    """Journey -> the nation's (base, ceiling)."""
    requests_per_s: Mapping[str, float]
    """Target role -> the nation's ceiling."""
    ranks: Mapping[str, int]
    token_roles: frozenset[str] = frozenset()
    """Targets that may want a token before a request."""

    @property
    def branches(self) -> Mapping[str, Branch]:
        """The roster."""
        return self.mandate.branches

    @property
    def tuning(self) -> Tuning:
        """The detector's numbers."""
        return self.mandate.tuning

    @property
    def services(self) -> tuple[str, ...]:
        """The services that the journeys exercise, in the order of the nation's file."""
        return tuple(self.mandate.periods_s)

    def probes(self, branch: str, *, now_s: float, wall_s: float) -> list[Probe]:
        """This branch's probes, their slots anchored to the wall clock of this moment."""
        return [
            probe_of(
                journey,
                plan=self._plan(journey.name, place, branch, now_s=now_s, wall_s=wall_s),
                pace=Pace.within(
                    self.runs_per_s[journey.name][1],
                    len(self.branches),
                    self.tuning.reprobe_s,
                    self.tuning.reprobe_limit,
                ),
                token_roles=self.token_roles,
            )
            for place, journey in enumerate(self.journeys)
        ]

    def buckets(self, probes: Sequence[Probe], now_s: float) -> dict[str, Bucket]:
        """This branch's share of every ceiling."""
        return buckets_of(
            probes,
            runs_per_s={name: ceiling for name, (_, ceiling) in self.runs_per_s.items()},
            requests_per_s=self.requests_per_s,
            roster_size=len(self.branches),
            now_s=now_s,
        )

    def _plan(self, journey: str, place: int, branch: str, *, now_s: float, wall_s: float) -> Plan:
        period_s = self._period_s(journey)
        share = schedule.share(
            rank=self.ranks[branch],
            roster_size=len(self.branches),
            journey=place,
            journeys=len(self.journeys),
            turns=schedule.turns(period_s, min(self._period_s(j.name) for j in self.journeys)),
        )
        return Plan.seated(share=share, period_s=period_s, now_s=now_s, wall_s=wall_s)

    def _period_s(self, journey: str) -> float:
        return schedule.period_s(len(self.branches), self.runs_per_s[journey][0])


def _calendar(
    nation: Nation,
    services: Sequence[Service],
    branches: Sequence[Branch],
    journeys: Iterable[type[Journey]],
) -> Calendar:
    return Calendar(
        windows=translate.windows(nation, services_by_role(journeys)),
        groups=groups.of(branches),
        branches={branch.id: branch for branch in branches},
        graph=Graph(services),
    )


def services_by_role(journeys: Iterable[type[Journey]]) -> dict[str, set[str]]:
    """Target role -> the services that these journeys ask of it."""
    found: dict[str, set[str]] = {}
    for journey in journeys:
        for step in journey.steps:
            if step.role is not None:
                found.setdefault(step.role, set()).add(step.service)
    return found


def plan_nation(  # noqa: PLR0913 - what a plan follows from, each by its name
    nation: Nation,
    nation_hash: str,
    journeys: Mapping[str, type[Journey]],
    *,
    practice: bool = False,
    only: Sequence[Branch] | None = None,
    sandboxes: Collection[str] = (),
    consents: Collection[str] = (),
    token_roles: Collection[str] = (),
) -> NationPlan:
    """The plan of a nation whose journeys are loaded; ``only`` takes a smaller roster.

    Journeys that are found and not in the nation's file have no budget and are not probed, nor are
    steps that write, but on targets whose roles are named in ``sandboxes``, nor those that need
    another consent than ``consents``. ``token_roles``: targets that may want a token first.
    """
    branches = tuple(only) if only is not None else translate.branches(nation)
    budgets = [budget for budget in nation.journeys if budget.name in journeys]
    services = translate.services(nation)
    runs_per_s = {b.name: (b.base_runs_per_s, b.ceiling_runs_per_s) for b in budgets}
    parts = [journeys[budget.name].within(sandboxes, consents) for budget in budgets]
    taken = [part for part in parts if part is not None]
    periods_s: dict[str, float] = {}
    for journey in taken:
        period_s = schedule.period_s(len(branches), runs_per_s[journey.name][0])
        for step in journey.steps:
            periods_s[step.service] = max(period_s, periods_s.get(step.service, 0.0))
    return NationPlan(
        mandate=Mandate(
            branches={branch.id: branch for branch in branches},
            graph=Graph(services),
            tuning=translate.tuning(nation),
            periods_s={s.id: periods_s[s.id] for s in services if s.id in periods_s},
            revision=nation_hash,
            routes=translate.routes(nation),
            alerters=translate.alerters(nation, branches),
            wording=_wording(nation, services, branches, practice=practice),
            acknowledge=nation.slack.acknowledge,
            reminders=translate.reminders(nation),
            digest=translate.digest(nation),
            calendar=_calendar(nation, services, branches, taken),
        ),
        journeys=taken,
        runs_per_s=runs_per_s,
        requests_per_s={role: t.ceiling_requests_per_s for role, t in nation.targets.items()},
        ranks=schedule.ranks(branch.id for branch in branches),
        token_roles=frozenset(token_roles),
    )


def _wording(
    nation: Nation, services: Sequence[Service], branches: Sequence[Branch], *, practice: bool
) -> Wording:
    english = nation.language == "en"
    places = {groups.group_id("province", b.province): b.province for b in branches}
    places |= {groups.group_id("island", b.island): b.island for b in branches}
    places |= {groups.group_id("carrier", b.carrier): b.carrier for b in branches if b.carrier}
    places |= {groups.group_id("egress", b.egress): b.egress for b in branches if b.egress}
    return Wording(
        language=nation.language,
        services={s.id: s.name_en if english else s.name_id for s in services},
        groups=places,
        dashboard_url=nation.grafana_url,
        runbook_url=nation.runbook_url,
        external_url=nation.external_url,
        practice=practice,
        mention=nation.slack.mention,
        escalation=translate.escalation(nation),
        sign=nation.slack.acknowledge[0],
    )
