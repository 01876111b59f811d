"""An incident in one plain line, for receivers that know neither Slack's markup nor our words."""

from __future__ import annotations

from agent.core import headlines, message_blindness
from agent.core.incident import Incident
from agent.core.wording import Wording


def line(incident: Incident, wording: Wording) -> str:
    """How the incident stands, as the first line of its message says it; not escaped."""
    if incident.blindness:
        said = message_blindness.headline(incident, wording)
    else:
        said = headlines.tags((incident,), wording) + headlines.of(incident, wording)
    return headlines.practice(wording) + said
