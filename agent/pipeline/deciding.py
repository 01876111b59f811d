"""detect -> incident: what an assessment of the nation does to the incidents' records.

Each incident advances by itself: one that cannot be written is decided again on the next tick, and
holds up no other. The rules are the core's, the records the book's; nothing here knows a clock, so
that a replay decides as its leader did.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import structlog

from agent.core import attribution, incident_circumstances, incident_life, storm
from agent.core import incident as incidents
from agent.core.attribution import Ground
from agent.core.incident import Incident, Phase
from agent.core.model import NATION, AlarmPhase, Situation
from agent.core.nation import Nation, Outlook
from agent.core.places import OpenRoots, Place
from agent.pipeline.incident_book import IncidentBook
from agent.pipeline.maintaining import PlannedWork
from agent.pipeline.mandate import Mandate
from agent.pipeline.scribe import Scribe
from agent.pipeline.storms import Storms
from agent.ports import ExchangeError, Meters

SETTLE_PERIODS = 1.2
"""Periods after which every office has been asked again."""

_log = structlog.get_logger(__name__)


class Decider:
    """Decides on the incidents, for one term."""

    def __init__(
        self,
        *,
        term: int,
        nation: Nation,
        book: IncidentBook,
        mandate: Mandate,
        meters: Meters,
        planned: PlannedWork | None = None,
    ) -> None:
        self._term = term
        self._planned = planned or PlannedWork(mandate.calendar)
        self._nation = nation
        self._book = book
        self._mandate = mandate
        self._ground = Ground(
            graph=mandate.graph,
            branches=mandate.branches,
            members=nation.groups.members,
            present=nation.present,
            hold_s=mandate.tuning.hold_dependant_s,
        )
        self._scribe = Scribe(book, mandate.wording, meters)
        self._storms = Storms(book, self._scribe, mandate.wording)
        self._trouble: list[ExchangeError] = []

    async def take_over(self, now_s: float) -> None:
        """Rewrite the open incidents under this term, and stand where they stand."""
        for standing in self._book.incidents():
            if not (standing.open or standing.untold or standing.held):
                continue
            await self._book.change(
                standing.name, lambda i: replace(i, term=self._term) if i is not None else None
            )
            if standing.open or standing.held:
                self._nation.resume(
                    service=standing.root,
                    channels=standing.channels,
                    scope=standing.scope,
                    group=standing.group,
                    since_s=standing.since_s,
                    declared_s=standing.opened_s,
                    members=standing.evidence.failing,
                    recovering=standing.phase is Phase.RECOVERING,
                    ended_s=standing.ended_s,
                    now_s=now_s,
                )
        self._storms.take_over(now_s)

    async def decide(self, outlook: Outlook) -> list[ExchangeError]:
        """Advance and open incidents; returns what could not be written."""
        now_s = outlook.at_s
        self._trouble = []
        await self._mark_planned(now_s)
        standing = {i.name: i for i in self._standing()}
        situations = attribution.attribute(outlook, _open_roots(standing), self._ground)
        fresh: list[Situation] = []
        held: set[str] = set()
        for situation in situations:
            name = incidents.record_name(situation.scope, situation.group, situation.root)
            if name in standing:
                await self._try(self._advance(standing[name], situation, now_s))
            elif situation.phase is not AlarmPhase.DECLARED:
                continue
            elif incident_circumstances.stays_closed(self._book.get(name), situation):
                held.add(name)
            elif self._is_planned(situation, now_s):
                continue
            else:
                fresh.append(situation)
        await self._release(held)
        await self._open(fresh, outlook)
        for name in self._storms.due():
            await self._try(self._storms.tend(name, now_s))
        return self._trouble

    async def _mark_planned(self, now_s: float) -> None:
        """Tell in their threads that planned work begins or ends on what is open.

        Or that it is no longer all: but for what recovers, where those who fail are the last.
        """
        calendar = self._planned.calendar
        for each in self._standing():
            marked = each.maintained_until_s is not None
            until_s = calendar.until_s(each.root, each.evidence.failing, now_s, partly=marked)
            beyond = marked and until_s is None and calendar.works_on(each.root, now_s)
            if until_s == each.maintained_until_s or (beyond and each.phase is not Phase.OPEN):
                continue
            marks = self._marks(until_s, now_s, beyond=beyond)
            await self._try(self._book.change(each.name, marks))

    def _marks(
        self, until_s: float | None, now_s: float, *, beyond: bool
    ) -> Callable[[Incident | None], Incident | None]:
        def how(incident: Incident | None) -> Incident | None:
            if incident is None or not incident.open:
                return incident
            if until_s is not None:
                after = incident_circumstances.maintained(incident, until_s, now_s)
            elif beyond:
                after = incident_circumstances.beyond_plan(incident, now_s)
            else:
                after = incident_circumstances.maintained_no_more(incident, now_s)
            return after if after is incident else self._scribe.worded(after, incident)

        return how

    def _is_planned(self, situation: Situation, now_s: float) -> bool:
        """Judged, shown, and not told: planned work is going on."""
        failing = situation.evidence.failing
        return self._planned.calendar.until_s(situation.root, failing, now_s) is not None

    def _begun(self, situation: Situation, opening: storm.Opening, now_s: float) -> Incident:
        """A new incident; one that is left from planned work says so."""
        channel = self._mandate.routes.channel(situation.scope, situation.severity, situation.root)
        begun = incident_life.begin(
            situation, channel=channel, term=self._term, now_s=now_s, storm=opening.storm
        )
        overran_s = self._planned.calendar.overran_s(
            situation.root, situation.evidence.failing, situation.since_s, now_s
        )
        return begun if overran_s is None else replace(begun, overran_s=overran_s)

    async def _release(self, held: set[str]) -> None:
        """What people closed and is declared no more may open again."""
        for each in self._book.incidents():
            if each.held and each.name not in held:
                await self._try(
                    self._book.change(
                        each.name, lambda found: found and incident_circumstances.released(found)
                    )
                )

    def _standing(self) -> list[Incident]:
        """The open incidents; a blindness is none."""
        return [i for i in self._book.incidents() if i.open and not i.blindness]

    async def _try(self, writing: Awaitable[object]) -> None:
        """What cannot be written now is decided again on the next tick."""
        try:
            await writing
        except ExchangeError as error:
            self._trouble.append(error)

    async def _open(self, fresh: list[Situation], outlook: Outlook) -> None:
        standing = [i for i in self._standing() if self._is_apart(i, fresh)]
        troubles: list[Situation | Incident] = [*fresh, *standing]
        involved = {service for each in troubles for service in (each.root, *each.affected)}
        suspected = {a.service for a in outlook.assessments.values() if a.suspected} - involved
        for opening in storm.openings(fresh, standing, suspected, outlook.at_s):
            await self._try(self._open_one(opening, outlook.at_s))

    def _is_apart(self, standing: Incident, fresh: list[Situation]) -> bool:
        """None of the troubles that open now is the root of this one, which would take it in."""
        return not any(
            each.group in (NATION, standing.group)
            and standing.root in self._ground.graph.downstream(each.root)
            for each in fresh
        )

    async def _open_one(self, opening: storm.Opening, now_s: float) -> None:
        situation = opening.situation
        name = incidents.record_name(situation.scope, situation.group, situation.root)

        def how(before: Incident | None) -> Incident | None:
            if before is not None and self._storms.goes_on(before, now_s):
                return self._advanced(before, situation, now_s)
            return self._begun(situation, opening, now_s)

        earlier = self._book.get(name)
        opened = await self._book.change(name, how)
        if opened is None:
            return
        _log.warning(
            "incident_open",
            id=opened.id,
            severity=opened.severity.value,
            failing=opened.evidence.failing_count,
            reporting=opened.evidence.reporting,
            drift=opened.evidence.drift,
            storm=opened.storm,
        )
        continued = earlier is not None and earlier.id == opened.id
        self._storms.stir(opened, earlier if continued else None)

    async def _advance(self, standing: Incident, situation: Situation, now_s: float) -> None:
        def how(incident: Incident | None) -> Incident | None:
            return self._advanced(incident, situation, now_s) if incident is not None else None

        after = await self._book.change(standing.name, how)
        if after is None or after.revision == standing.revision:
            return
        if after.phase is not standing.phase:
            _log.warning("incident_phase", id=after.id, phase=after.phase.value)
        self._storms.stir(after, standing)

    def _advanced(self, incident: Incident, situation: Situation, now_s: float) -> Incident:
        """The incident advanced, and its new replies put into words."""
        settle_s = SETTLE_PERIODS * self._mandate.periods_s.get(incident.root, 0.0)
        after = incident_life.advance(
            incident, situation, term=self._term, now_s=now_s, settle_s=settle_s
        )
        return self._scribe.worded(after, incident)


def _open_roots(standing: Mapping[str, Incident]) -> OpenRoots:
    roots: dict[Place, dict[str, tuple[str, ...]]] = {}
    for incident in standing.values():
        roots.setdefault((incident.scope, incident.group), {})[incident.root] = incident.affected
    return roots
