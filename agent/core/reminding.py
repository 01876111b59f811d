"""When a grave incident that nobody looks after is told again, and who else is called then.

A call that nobody answers may have been slept through. So it is repeated in the incident's thread,
seldom and not for ever, until somebody acknowledges or mutes it or it recovers; from the second
time on somebody else is called as well. How often it was, and when last, stands in the incident's
record: a new leader neither repeats nor forgets a reminder.

What a storm's first tells of the others is acknowledged with it, since people see one message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from agent.core.incident import Change, Delivery, Incident, Phase
from agent.core.model import Scope, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminders:
    """How patiently people are reminded."""

    after_s: float = 900.0
    """Until the first one, from when people were called."""
    every_s: float = 3_600.0
    """Between two."""
    most: int = 4
    """In the life of one incident; 0: nobody is ever reminded."""
    least: Severity = Severity.DEGRADED
    """Milder ones are not worth it; no milder than what calls people at all."""

    def due(self, incident: Incident, members: Sequence[Incident], now_s: float) -> bool:
        """Whether people are to be reminded now. ``members``: the others that it tells of."""
        if incident.reminded >= self.most or not _can_be_told(incident, now_s):
            return False
        waiting = list(self._waiting(incident, members, now_s))
        if not waiting:
            return False
        due_s = min(map(called_s, waiting)) + self.after_s
        if incident.reminded_s is not None:
            due_s = max(due_s, incident.reminded_s + self.every_s)
        return now_s >= due_s

    def _waiting(
        self, incident: Incident, members: Sequence[Incident], now_s: float
    ) -> Iterator[Incident]:
        """Those for which people were called, and which nobody has said to look after."""
        for each in (incident, *members):
            national = each.scope is Scope.NATIONAL and each.phase is Phase.OPEN
            grave = each.severity.rank >= self.least.rank
            if national and grave and each.acknowledgement is None and not each.muted(now_s):
                yield each


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Who is called beside those on call once they do not answer; raw mentions."""

    mention: str | None = None
    by_severity: Mapping[Severity, str] = field(default_factory=dict)
    by_service: Mapping[str, str] = field(default_factory=dict)
    at: int = 2
    """From this reminder on; 0: nobody."""

    def whom(self, reminder: int, grave: Sequence[Incident]) -> str:
        """The mention of this reminder, or nothing: by service first, then by severity.

        ``grave``: those for which people are called.
        """
        if not grave or not self.at or reminder < self.at:
            return ""
        owned = next((each.root for each in grave if each.root in self.by_service), None)
        if owned is not None:
            return self.by_service[owned]
        worst = max((each.severity for each in grave), key=lambda severity: severity.rank)
        return self.by_severity.get(worst, self.mention) or ""


def called_s(incident: Incident) -> float:
    """Stream time at which people were last called.

    That is its opening, or when it became so grave, or when it outlasted planned work.
    """
    return max(incident.opened_s, incident.severity_s, incident.overran_s or 0.0)


def waits(incident: Incident) -> bool:
    """A reminder was written, and not told yet."""
    untold = (Delivery.PENDING, Delivery.CLAIMED)
    return any(m.change is Change.REMINDED and m.delivery in untold for m in incident.messages)


def _can_be_told(incident: Incident, now_s: float) -> bool:
    """Its message can be seen, has a thread of its own, and no reminder waits there already."""
    if incident.storm is not None or incident.root_message.delivery is not Delivery.POSTED:
        return False
    if incident.acknowledgement is not None or incident.muted(now_s):
        return False
    return not waits(incident)
