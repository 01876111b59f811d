"""A message of an incident as JSON, for programs; version 1, described in docs/receivers.md.

Fields may be added within a version; none is removed or changes its meaning.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from agent.core import message_words as words
from agent.core import plain_words, slack_text
from agent.core.incident import Delivery, Incident, Message
from agent.core.wording import Wording

VERSION = 1
REHEARSAL = "rehearsal"


def document(incident: Incident, message: Message, wording: Wording) -> dict[str, Any]:
    """What one message tells, with the incident as it stands now."""
    return {
        "version": VERSION,
        "id": f"{incident.id}/{message.sequence}",
        "change": message.change.value,
        "at": _moment(message.at_s),
        "quiet": message.delivery is Delivery.COVERED,
        "practice": wording.practice,
        "text": plain_words.line(incident, wording),
        "incident": _incident(incident, wording),
    }


def rehearsal(identity: str, at_s: float, wording: Wording) -> dict[str, Any]:
    """What a trial tells; ``at_s`` is seconds since 1970."""
    return {
        "version": VERSION,
        "id": identity,
        "change": REHEARSAL,
        "at": _moment(at_s),
        "quiet": False,
        "practice": True,
        "text": words.PRACTICE + wording.say(words.TRIAL),
        "incident": None,
    }


def _incident(incident: Incident, wording: Wording) -> dict[str, Any]:
    evidence = incident.evidence
    return {
        "id": incident.id,
        "scope": incident.scope.value,
        "group": incident.group,
        "service": incident.root,
        "severity": incident.severity.value,
        "phase": incident.phase.value,
        "since": _moment(incident.since_s),
        "opened": _moment(incident.opened_s),
        "ended": _moment(incident.ended_s),
        "closed": _moment(incident.closed_s),
        "closed_by_hand": incident.by_hand.value if incident.by_hand else None,
        "failing": evidence.failing_count,
        "reporting": evidence.reporting,
        "affected": list(incident.affected),
        "first_step": _remote(evidence.first_step),
        "failure": _remote(evidence.code),
        "page": wording.external_url,
    }


def _remote(text: str | None) -> str | None:
    """Text of other offices, clean and cut."""
    return slack_text.clean(text, slack_text.REMOTE_LIMIT) if text else None


def _moment(at_s: float | None) -> str | None:
    if at_s is None:
        return None
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds")
