"""From alarms on services to independent troubles: which is the root, and what it drags along.

The root is the most upstream service that is suspected or declared, in the graph or by what stands
behind it at the offices, whatever came first in time. A service whose dependency is only suspected
(or, below the nation, only voted against in the same group) waits for that to be decided, half a
minute at most. A service that breaks while its root's incident is open belongs to that incident;
the incident is over when all of it is. In a region, services that do not need each other and fail
at the same offices share what lies between, and are one trouble. One that was told by itself before
is over when it turns out to be a part of another: see :mod:`agent.core.places`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.core import places, severity, spread
from agent.core.graph import Graph
from agent.core.model import (
    Alarm,
    AlarmPhase,
    Branch,
    Channel,
    Evidence,
    Severity,
    Situation,
    Trouble,
)
from agent.core.nation import Outlook
from agent.core.places import OpenRoots, Site

_HALF = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What attribution needs to know beside the alarms."""

    graph: Graph
    branches: Mapping[str, Branch]
    members: Mapping[str, Sequence[str]]
    """The branches of each group."""
    present: Callable[[str], Sequence[str]]
    """The branches of a group that take part now."""
    hold_s: float


def attribute(outlook: Outlook, open_roots: OpenRoots, ground: Ground) -> tuple[Situation, ...]:
    """The independent troubles of now; for an open incident that is over, one that says so."""
    alarms = (alarm for each in outlook.assessments.values() for alarm in each.alarms)
    everywhere = places.sites(alarms, open_roots)
    situations: list[Situation] = []
    for site in everywhere:
        around = places.wider(site, everywhere, ground.members)
        situations += _Judge(outlook, ground, site, around).situations()
    return tuple(situations)


@dataclass(frozen=True, slots=True)
class _Judge:
    """Judges one place."""

    outlook: Outlook
    ground: Ground
    site: Site
    around: Sequence[Site]
    """The places that hold this one and more."""

    def situations(self) -> list[Situation]:
        parts = {root: self._whole(root) for root in self.site.open}
        followers: dict[str, list[str]] = {root: [] for root in self.site.open}
        for service in self.site.live:
            root = self._root(service, parts)
            if root is not None:
                followers.setdefault(self._beside(root, followers, parts), []).append(service)
        return [
            self._situation(root, joined, parts.get(root)) for root, joined in followers.items()
        ]

    def _whole(self, root: str) -> Trouble | None:
        return places.whole(root, self.site, self.around, self.ground.graph)

    def _root(self, service: str, parts: Mapping[str, Trouble | None]) -> str | None:
        """Whose trouble of this place this is; None while that is undecided, or of a wider one."""
        if service in parts and parts[service] is None:
            return service
        above = self._above(service)
        if joined := next((a for a in above if a in self.site.open), None):
            return joined
        if self._is_elsewhere(service, above):
            return None
        standing = (a for a in above if self.site.standing(a))
        upstream = self.ground.graph.upstream
        declared = next((a for a in standing if not self._is_elsewhere(a, upstream(a))), service)
        return declared if self._decided(declared) else None

    def _beside(self, root: str, told: Iterable[str], parts: Mapping[str, Trouble | None]) -> str:
        """The trouble of this place that a new root belongs to; else itself."""
        if root in self.site.open:
            return root
        others = (each for each in told if parts.get(each) is None)
        return next((each for each in others if self.site.beside(root, each)), root)

    def _is_elsewhere(self, service: str, above: Sequence[str]) -> bool:
        """An open incident of a wider place has taken it in."""
        return any(
            places.takes(each, other, service, self.site)
            for other in self.around
            for each in (*above, service)
        )

    def _above(self, service: str) -> list[str]:
        assessment = self.outlook.assessments[service]
        behind = [
            root
            for root, branches in assessment.blocked_by.items()
            if root != service and len(branches) >= _HALF * max(1, assessment.reporting)
        ]
        return [*behind, *self.ground.graph.upstream(service)]

    def _decided(self, service: str) -> bool:
        """Nothing upstream is still on its way, or we have waited long enough."""
        declared_s = min(alarm.declared_s for alarm in self.site.alarms[service])
        if self.outlook.at_s - declared_s >= self.ground.hold_s:
            return True
        return not any(self._may_come(above) for above in self._above(service))

    def _may_come(self, service: str) -> bool:
        """It is suspected, voted against here, or declared for more than this place."""
        assessment = self.outlook.assessments.get(service)
        if assessment is None:
            return False
        here = self.site.regional and self.site.place[1] in assessment.gathering
        return assessment.suspected or here or any(s.standing(service) for s in self.around)

    def _situation(self, root: str, joined: list[str], part_of: Trouble | None) -> Situation:
        scope, group = self.site.place
        alarms = self.site.alarms
        own = self.site.standing(root)
        closed = [a for a in alarms.get(root, ()) if a.phase is AlarmPhase.CLOSED]
        dragged = [a for s in joined if s != root for a in alarms[s]]
        shown = own or [a for a in dragged if a.phase is not AlarmPhase.CLOSED] or closed
        evidence = _worst(shown)
        present = self.ground.present(group)
        affected = self._affected(root, joined, present)
        failing = {a.service for a in (*own, *dragged) if a.channel is Channel.FAIL}
        slow = {a.service for a in (*own, *dragged) if a.channel is Channel.SLOW}
        return Situation(
            scope=scope,
            group=group,
            root=root,
            severity=self._severity(failing, slow, affected, present),
            phase=AlarmPhase.CLOSED if part_of else _phase(own, dragged),
            channels=tuple(sorted({a.channel for a in own})),
            since_s=min((a.since_s for a in shown), default=self.outlook.at_s),
            declared_s=min((a.declared_s for a in shown), default=self.outlook.at_s),
            ended_s=max((a.ended_s for a in shown if a.ended_s is not None), default=None),
            healing=any(a.healing for a in own),
            absorbed_by=part_of,
            affected=affected,
            working=tuple(
                name
                for name, assessment in self.outlook.assessments.items()
                if assessment.working and name != root and name not in affected
            ),
            evidence=evidence,
            spread=spread.of(evidence.failing, present, self.ground.branches),
        )

    def _affected(
        self, root: str, joined: Sequence[str], present: Sequence[str]
    ) -> tuple[str, ...]:
        inside = set(present)
        graph = self.ground.graph
        named = {*joined, *(s for each in (root, *joined) for s in graph.downstream(each))}
        for name, assessment in self.outlook.assessments.items():
            behind = assessment.blocked_by.get(root, frozenset()) & inside
            if inside and len(behind) >= _HALF * len(inside):
                named.add(name)
        return tuple(s for s in graph.services if s in named and s != root)

    def _severity(
        self, failing: set[str], slow: set[str], affected: Sequence[str], present: Sequence[str]
    ) -> Severity:
        sign_ins = [s for s in self.ground.graph.sign_ins() if s in self.outlook.assessments]
        most = severity.EVERYWHERE * max(1, len(present))
        everywhere = [
            s for s in sign_ins if s in failing and len(_worst(self.site.alarms[s]).failing) > most
        ]
        return severity.of(
            services=len(self.ground.graph.services),
            failing=failing,
            slow=slow,
            affected=affected,
            sign_ins=sign_ins,
            sign_ins_everywhere=everywhere,
        )


def _worst(alarms: Sequence[Alarm]) -> Evidence:
    """The evidence that speaks for an incident: failing before slow, then the most offices."""
    if not alarms:
        return Evidence()
    best = max(alarms, key=lambda a: (a.channel is Channel.FAIL, len(a.evidence.failing)))
    return best.evidence


def _phase(own: Sequence[Alarm], dragged: Sequence[Alarm]) -> AlarmPhase:
    """The root's own phase; once it is well, the incident recovers until all of it is."""
    if any(a.phase is AlarmPhase.DECLARED for a in own):
        return AlarmPhase.DECLARED
    if own or any(a.phase is not AlarmPhase.CLOSED for a in dragged):
        return AlarmPhase.RECOVERING
    return AlarmPhase.CLOSED
