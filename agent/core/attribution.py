"""From alarms on services to independent troubles: which is the root, and what it drags along.

The root is the most upstream service that is suspected or declared, in the graph or by what stands
behind it at the offices, whatever came first in time. A service whose dependency is only suspected
waits for that to be decided, half a minute at most. A service that breaks while its root's incident
is open belongs to that incident; the incident is over when all of it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from agent.core import severity, spread
from agent.core.graph import Graph
from agent.core.model import (
    NATION,
    Alarm,
    AlarmPhase,
    Branch,
    Channel,
    Evidence,
    Scope,
    Severity,
    Situation,
)
from agent.core.nation import Outlook

_HALF = 0.5

Place = tuple[Scope, str]
"""Scope and group: where an incident is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What attribution needs to know beside the alarms."""

    graph: Graph
    branches: Mapping[str, Branch]
    present: Callable[[str], Sequence[str]]
    """The branches of a group that take part now."""
    hold_s: float


def attribute(
    outlook: Outlook, open_roots: Mapping[Place, frozenset[str]], ground: Ground
) -> tuple[Situation, ...]:
    """The independent troubles of now; for an open incident that is over, one that says so."""
    places: dict[Place, dict[str, list[Alarm]]] = {place: {} for place in open_roots}
    for assessment in outlook.assessments.values():
        for alarm in assessment.alarms:
            at = places.setdefault((alarm.scope, alarm.group), {})
            at.setdefault(alarm.service, []).append(alarm)
    nation = open_roots.get((Scope.NATIONAL, NATION), frozenset())
    situations: list[Situation] = []
    for place, alarms in sorted(places.items(), key=lambda item: item[0]):
        judge = _Judge(outlook, ground, alarms, open_roots.get(place, frozenset()), nation)
        situations += judge.situations(place)
    return tuple(situations)


@dataclass(frozen=True, slots=True)
class _Judge:
    """The alarms of one place."""

    outlook: Outlook
    ground: Ground
    alarms: Mapping[str, Sequence[Alarm]]
    open_here: frozenset[str]
    open_in_nation: frozenset[str]

    def situations(self, place: Place) -> list[Situation]:
        followers: dict[str, list[str]] = {root: [] for root in self.open_here}
        for service in self.live:
            root = self._root(service)
            if root is not None:
                followers.setdefault(root, []).append(service)
        return [
            self._situation(place, root, joined)
            for root, joined in followers.items()
            if joined or root in self.open_here
            if root in self.open_here or root in self.live
        ]

    @property
    def live(self) -> list[str]:
        """Services with an alarm that is not closed."""
        return [
            service
            for service, alarms in self.alarms.items()
            if any(alarm.phase is not AlarmPhase.CLOSED for alarm in alarms)
        ]

    def _root(self, service: str) -> str | None:
        """Whose trouble this is; None while that is not decided."""
        if service in self.open_here:
            return service
        above = self._above(service)
        for open_roots in (self.open_here, self.open_in_nation):
            if joined := next((a for a in above if a in open_roots), None):
                return joined
        if declared := next((a for a in above if a in self.live), None):
            return declared if self._decided(declared) else None
        return service if self._decided(service) else None

    def _above(self, service: str) -> list[str]:
        assessment = self.outlook.assessments[service]
        behind = [
            root
            for root, branches in assessment.blocked_by.items()
            if root != service and len(branches) >= _HALF * max(1, assessment.reporting)
        ]
        return [*behind, *self.ground.graph.upstream(service)]

    def _decided(self, service: str) -> bool:
        """Nothing upstream is still under suspicion, or we have waited long enough."""
        declared_s = min(alarm.declared_s for alarm in self.alarms[service])
        if self.outlook.at_s - declared_s >= self.ground.hold_s:
            return True
        return not any(
            assessment.suspected
            for above in self._above(service)
            if (assessment := self.outlook.assessments.get(above)) is not None
        )

    def _situation(self, place: Place, root: str, joined: list[str]) -> Situation:
        scope, group = place
        own = [a for a in self.alarms.get(root, ()) if a.phase is not AlarmPhase.CLOSED]
        absorbed = scope is Scope.REGIONAL and not own and self._is_national(root)
        closed = [a for a in self.alarms.get(root, ()) if a.phase is AlarmPhase.CLOSED]
        dragged = [a for s in joined if s != root for a in self.alarms[s]]
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
            phase=AlarmPhase.CLOSED if absorbed else _phase(own, dragged),
            channels=tuple(sorted({a.channel for a in own})),
            since_s=min((a.since_s for a in shown), default=self.outlook.at_s),
            declared_s=min((a.declared_s for a in shown), default=self.outlook.at_s),
            ended_s=max((a.ended_s for a in shown if a.ended_s is not None), default=None),
            healing=any(a.healing for a in own),
            absorbed=absorbed,
            affected=affected,
            working=tuple(
                name
                for name, assessment in self.outlook.assessments.items()
                if assessment.working and name != root and name not in affected
            ),
            evidence=evidence,
            spread=spread.of(evidence.failing, present, self.ground.branches),
        )

    def _is_national(self, service: str) -> bool:
        assessment = self.outlook.assessments.get(service)
        return assessment is not None and any(
            alarm.scope is Scope.NATIONAL and alarm.phase is not AlarmPhase.CLOSED
            for alarm in assessment.alarms
        )

    def _affected(
        self, root: str, joined: Sequence[str], present: Sequence[str]
    ) -> tuple[str, ...]:
        inside = set(present)
        named = {*self.ground.graph.downstream(root), *joined}
        for name, assessment in self.outlook.assessments.items():
            behind = assessment.blocked_by.get(root, frozenset()) & inside
            if inside and len(behind) >= _HALF * len(inside):
                named.add(name)
        return tuple(s for s in self.ground.graph.services if s in named and s != root)

    def _severity(
        self, failing: set[str], slow: set[str], affected: Sequence[str], present: Sequence[str]
    ) -> Severity:
        sign_ins = [s for s in self.ground.graph.sign_ins() if s in self.outlook.assessments]
        everywhere = [
            s
            for s in sign_ins
            if s in failing
            and len(_worst(self.alarms[s]).failing) > severity.EVERYWHERE * max(1, len(present))
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
