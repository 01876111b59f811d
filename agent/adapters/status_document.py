"""The same view as a JSON document, for scripts and other screens."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from agent.core.model import Bulletin, IncidentSummary, Names
from agent.core.view import OfficeView, ServiceView


def status_document(view: OfficeView) -> dict[str, Any]:
    """This office's state and the bulletin. Times are seconds since 1970, ages seconds."""
    return {
        "branch": {"id": view.branch.id, "name": view.branch.name, "zone": view.branch.zone},
        "version": view.version,
        "now_s": view.now_s,
        "sees": view.sight.sees,
        "why_not": view.sight.why_not,
        "doubt": view.doubt,
        "front": view.sight.front,
        "controls": {
            "shared": list(view.sight.controls),
            "failing": list(view.sight.failing),
            "ignored": list(view.sight.ignored),
        },
        "exchange": view.exchange.value,
        "leads": view.leads,
        "services": [_service(view, each) for each in view.services],
        "nation_known": view.nation_known,
        "bulletin_age_s": view.bulletin_age_s,
        "bulletin": None if view.bulletin is None else _bulletin(view.bulletin),
    }


def _service(view: OfficeView, service: ServiceView) -> dict[str, Any]:
    planned = view.planned(service.service)
    return {
        "service": service.service,
        "outcome": None if service.outcome is None else service.outcome.value,
        "at_s": service.at_s,
        "since_s": service.since_s,
        "in_a_row": service.in_a_row,
        "reason": service.reason,
        "blocked_by": service.blocked_by,
        "took_s": service.took_s,
        "usual_s": service.usual_s,
        "blame": None if service.blame is None else service.blame.value,
        "fresh": view.is_fresh(service),
        "national": view.national_state(service.service).value,
        "national_drifted": view.national_drifted(service.service),
        "planned_until_s": None if planned is None else planned.until_s,
    }


def _bulletin(bulletin: Bulletin) -> dict[str, Any]:
    return {
        "term": bulletin.term,
        "leader": bulletin.leader,
        "nation": bulletin.nation,
        "at_s": bulletin.at_s,
        "services": {name: state.value for name, state in bulletin.services.items()},
        "drifted": list(bulletin.drifted),
        "grounds": {name: asdict(each) for name, each in bulletin.grounds.items()},
        "suspected": list(bulletin.suspected),
        "incidents": [_incident(each) for each in bulletin.incidents],
        "roster": bulletin.roster,
        "reporting": bulletin.reporting,
        "blind": bulletin.blind,
        "silent": _names(bulletin.silent),
        "abstaining": _names(bulletin.abstaining),
        "mismatched": _names(bulletin.mismatched),
        "maintenance": _names(bulletin.maintenance),
        "quarantined": _names(bulletin.quarantined),
        "controls_ignored": list(bulletin.controls_ignored),
        "planned": [asdict(each) for each in bulletin.planned],
    }


def _incident(incident: IncidentSummary) -> dict[str, Any]:
    return {
        "id": incident.id,
        "scope": incident.scope.value,
        "group": incident.group,
        "root": incident.root,
        "severity": incident.severity.value,
        "phase": incident.phase,
        "since_s": incident.since_s,
        "failing": incident.failing,
        "reporting": incident.reporting,
        "affected": list(incident.affected),
        "coincidence": incident.coincidence,
        "drifted": incident.drifted,
        "acknowledged_by": incident.acknowledged_by,
        "muted_until_s": incident.muted_until_s,
    }


def _names(names: Names) -> dict[str, Any]:
    return {"count": names.count, "first": list(names.first)}
