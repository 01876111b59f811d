"""What the leader tells every agent, from what it sees: bounded, and small in quiet times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agent.core import codec
from agent.core.incident import Incident
from agent.core.model import (
    AlarmPhase,
    Assessment,
    Bulletin,
    Channel,
    Grounds,
    IncidentSummary,
    Names,
    PlannedNotice,
    Scope,
    ServiceState,
)
from agent.core.nation import Outlook
from agent.core.order import MAX_AUTHOR, Order
from agent.core.slack_text import clean

NAMES_SHOWN = 20
INCIDENTS_SHOWN = 12
"""A storm has more rows than anyone reads; the page says how many offices, not all."""
GROUNDS_SHOWN = 12
PLANNED_SHOWN = 6
"""Those that end first; an office that hears of no other goes on probing."""


def compose(
    outlook: Outlook,
    standing: Sequence[Incident],
    planned: Sequence[PlannedNotice] = (),
    *,
    term: int,
    generation: float = 0.0,
    leader: str,
    nation: str,
) -> Bulletin:
    """The bulletin of this moment; ``standing`` are the open incidents, ``planned`` what goes on.

    That the nation is not seen has a word of its own in it, and is no incident there.
    """
    attendance = outlook.attendance
    standing = [each for each in standing if not each.blindness]
    affected = {s for i in standing if i.scope is Scope.NATIONAL for s in i.affected}
    return Bulletin(
        term=term,
        generation=generation,
        leader=leader,
        nation=nation,
        at_s=round(outlook.at_s, 1),
        services={
            name: state_of(assessment, name in affected, blind=attendance.blind)
            for name, assessment in outlook.assessments.items()
        },
        drifted=tuple(n for n, each in outlook.assessments.items() if _drifted(each, standing)),
        grounds=_grounds(outlook.assessments),
        focus=outlook.focus,
        incidents=tuple(_summary(i) for i in _by_weight(standing)[:INCIDENTS_SHOWN]),
        roster=attendance.roster,
        reporting=len(attendance.reporting),
        blind=attendance.blind,
        silent=_names(attendance.silent),
        abstaining=_names(attendance.abstaining),
        mismatched=_names(attendance.mismatched),
        maintenance=_names(attendance.maintenance),
        quarantined=_names(
            sorted({b for each in outlook.assessments.values() for b in each.quarantined})
        ),
        controls_ignored=outlook.controls_ignored,
        planned=tuple(planned[:PLANNED_SHOWN]),
    )


def fitted(bulletin: Bulletin, most_bytes: int) -> Bulletin:
    """The bulletin with as much of its lists as ``most_bytes`` hold; counts and states stay.

    A nation in its worst hour is told in part; what did not fit would not be told at all.
    """
    for room in _ROOMS:
        if len(codec.to_bytes(bulletin)) <= most_bytes:
            break
        bulletin = room.shorten(bulletin)
    return bulletin


@dataclass(frozen=True, slots=True, kw_only=True)
class _Room:
    """How much there is room for."""

    names: int
    """Of each list of branches."""
    affected: int
    """Of each incident."""
    incidents: int
    """And of services whose contract changed."""
    grounds: int
    planned: int

    def shorten(self, bulletin: Bulletin) -> Bulletin:
        return replace(
            bulletin,
            incidents=tuple(
                replace(each, affected=each.affected[: self.affected])
                for each in bulletin.incidents[: self.incidents]
            ),
            drifted=bulletin.drifted[: self.incidents],
            grounds=dict(list(bulletin.grounds.items())[: self.grounds]),
            silent=self._first(bulletin.silent),
            abstaining=self._first(bulletin.abstaining),
            mismatched=self._first(bulletin.mismatched),
            maintenance=self._first(bulletin.maintenance),
            quarantined=self._first(bulletin.quarantined),
            planned=bulletin.planned[: self.planned],
        )

    def _first(self, names: Names) -> Names:
        return replace(names, first=names.first[: self.names])


_ROOMS = (
    _Room(names=5, affected=20, incidents=12, grounds=3, planned=6),
    _Room(names=5, affected=3, incidents=12, grounds=3, planned=3),
    _Room(names=0, affected=0, incidents=6, grounds=0, planned=1),
    _Room(names=0, affected=0, incidents=1, grounds=0, planned=0),
)
"""What is left out, one after the other, until the rest fits."""


def state_of(assessment: Assessment, affected: bool, *, blind: bool) -> ServiceState:  # noqa: FBT001
    """The nation's word on a service; ``affected``: it stands behind an open national incident."""
    phases = {(alarm.scope, alarm.phase) for alarm in assessment.alarms}
    if (Scope.NATIONAL, AlarmPhase.DECLARED) in phases:
        return ServiceState.NATIONAL
    if (Scope.NATIONAL, AlarmPhase.RECOVERING) in phases:
        return ServiceState.RECOVERING
    if affected:
        return ServiceState.AFFECTED
    if assessment.suspected:
        return ServiceState.SUSPECTED
    if any(phase is not AlarmPhase.CLOSED for _, phase in phases):
        return ServiceState.REGIONAL
    unknown = blind or assessment.reporting == 0
    return ServiceState.UNKNOWN if unknown else ServiceState.NORMAL


def _drifted(assessment: Assessment, standing: Sequence[Incident]) -> bool:
    """By the alarm that the state comes from: the nation's before a region's, failing before slow.

    Where nobody fails any more, and not yet for long enough, its incident knows what it was.
    """
    declared = [each for each in assessment.alarms if each.phase is AlarmPhase.DECLARED]
    if not declared:
        return False
    worst = max(declared, key=lambda a: (a.scope is Scope.NATIONAL, a.channel is Channel.FAIL))
    if worst.evidence.failing:
        return worst.evidence.drifted
    kept = (i for i in standing if (i.root, i.group) == (worst.service, worst.group))
    return any(each.evidence.drifted for each in kept)


def _grounds(assessments: Mapping[str, Assessment]) -> dict[str, Grounds]:
    """Why a word is not normal: of few services, so that a nation's worst hour costs no line."""
    told = {name: each.grounds for name, each in assessments.items() if each.grounds is not None}
    first = sorted(told, key=lambda name: (told[name].since_s, name))[:GROUNDS_SHOWN]
    return {name: told[name] for name in first}


def _by_weight(standing: Sequence[Incident]) -> list[Incident]:
    return sorted(standing, key=lambda i: (i.scope is not Scope.NATIONAL, i.opened_s, i.name))


def _summary(incident: Incident) -> IncidentSummary:
    return IncidentSummary(
        id=incident.id,
        scope=incident.scope,
        group=incident.group,
        root=incident.root,
        severity=incident.severity,
        phase=incident.phase.value,
        since_s=round(incident.since_s, 1),
        failing=incident.evidence.failing_count,
        reporting=incident.evidence.reporting,
        affected=incident.affected,
        coincidence=incident.evidence.coincidence,
        drifted=incident.evidence.drifted,
        acknowledged_by=_author(incident.acknowledgement),
        muted_until_s=incident.muted_until_s,
    )


def _author(order: Order | None) -> str | None:
    """Whoever wrote the record may have written anything."""
    return None if order is None else clean(order.author, MAX_AUTHOR)


def _names(branches: Sequence[str]) -> Names:
    return Names(count=len(branches), first=tuple(branches[:NAMES_SHOWN]))
