"""What the leader tells every agent, from what it sees: bounded, and small in quiet times."""

from __future__ import annotations

from collections.abc import Sequence

from agent.core.incident import Incident
from agent.core.model import (
    AlarmPhase,
    Assessment,
    Bulletin,
    IncidentSummary,
    Names,
    Scope,
    ServiceState,
)
from agent.core.nation import Outlook

NAMES_SHOWN = 20
INCIDENTS_SHOWN = 12
"""A storm has more rows than anyone reads; the page says how many offices, not all."""


def compose(
    outlook: Outlook, standing: Sequence[Incident], *, term: int, leader: str, nation: str
) -> Bulletin:
    """The bulletin of this moment; ``standing`` are the open incidents."""
    attendance = outlook.attendance
    affected = {s for i in standing if i.scope is Scope.NATIONAL for s in i.affected}
    return Bulletin(
        term=term,
        leader=leader,
        nation=nation,
        at_s=round(outlook.at_s, 1),
        services={
            name: _state(assessment, name in affected, blind=attendance.blind)
            for name, assessment in outlook.assessments.items()
        },
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
    )


def _state(assessment: Assessment, affected: bool, *, blind: bool) -> ServiceState:  # noqa: FBT001
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
        failing=len(incident.evidence.failing),
        reporting=incident.evidence.reporting,
        affected=incident.affected,
    )


def _names(branches: Sequence[str]) -> Names:
    return Names(count=len(branches), first=tuple(branches[:NAMES_SHOWN]))
