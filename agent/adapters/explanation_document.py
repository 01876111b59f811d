"""Why a service is or is not an incident, as a JSON document: all numbers, and the sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from agent.core.explanation import Explanation
from agent.core.explanation_text import sentences, spoken
from agent.core.wording import Wording

LIST_LIMIT = 200
"""Of each list; offices beyond it are in the count."""
_DIGITS = 6


def explanation_document(explanation: Explanation, wording: Wording) -> dict[str, Any]:
    """The document. Times are seconds since 1970, ages and lengths of time seconds."""
    nation = explanation.nation
    return {
        "service": explanation.service,
        "office": explanation.office,
        "leads": nation is not None,
        "at_s": explanation.at_s,
        "known": explanation.known,
        "state": explanation.state.value,
        "language": wording.language,
        "sentences": {
            "id": list(sentences(explanation, spoken(wording, "id"))),
            "en": list(sentences(explanation, spoken(wording, "en"))),
        },
        "leader": explanation.leader,
        "term": explanation.term,
        "bulletin_age_s": explanation.bulletin_age_s,
        "incident": _plain(explanation.incident),
        "planned": _plain(explanation.planned),
        "grounds": _plain(explanation.grounds),
        "own": _plain(explanation.own),
        "nation": None
        if nation is None
        else {
            "at_s": nation.at_s,
            "attendance": _plain(nation.attendance),
            "blocked_by": {
                root: len(branches) for root, branches in nation.assessment.blocked_by.items()
            },
            "guard_s": nation.guard_s,
            "channels": _plain(nation.channels),
        },
    }


def unknown_service(service: str, known: tuple[str, ...]) -> dict[str, Any]:
    """What is answered for a service that is not watched: the names that exist."""
    return {"mistake": f"no service is called {service[:LIST_LIMIT]}", "services": list(known)}


def _plain(value: Any) -> Any:  # noqa: ANN401 - any part of an explanation, as JSON has it
    """Dataclasses as objects with every field, numbers short, lists bounded and counted."""
    if is_dataclass(value) and not isinstance(value, type):
        found: dict[str, Any] = {}
        for each in fields(value):
            part = getattr(value, each.name)
            if _too_long(part):
                found[f"{each.name}_count"] = len(part)
            found[each.name] = _plain(part)
        return found
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return [_plain(part) for part in value[:LIST_LIMIT]]
    if isinstance(value, float):
        return round(value, _DIGITS) if abs(value) >= 1e-3 else value  # noqa: PLR2004 - a chance
    return value


def _too_long(part: object) -> bool:
    return isinstance(part, tuple) and len(part) > LIST_LIMIT
