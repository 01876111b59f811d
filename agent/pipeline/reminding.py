"""incident -> notify: a grave incident that nobody looks after is told again, from its record."""

from __future__ import annotations

import structlog

from agent.core import incident_circumstances, reminding
from agent.core.incident import Incident
from agent.core.reminding import Reminders
from agent.pipeline.incident_book import IncidentBook
from agent.pipeline.scribe import Scribe
from agent.ports import ExchangeError, Meters

_log = structlog.get_logger(__name__)


class Reminder:
    """Writes reminders into the records, for one term."""

    def __init__(
        self, *, book: IncidentBook, scribe: Scribe, reminders: Reminders, meters: Meters
    ) -> None:
        self._book = book
        self._scribe = scribe
        self._reminders = reminders
        self._meters = meters
        self._untold_s: dict[str, float] = {}
        """By incident, when its reminder last waited: one that was told late is as good as new."""

    async def remind(self, now_s: float) -> list[ExchangeError]:
        """Write what is due at stream time ``now_s``; returns what could not be written."""
        trouble: list[ExchangeError] = []
        for each in self._book.incidents():
            if reminding.waits(each):
                self._untold_s[each.id] = now_s
            if not self._due(each, now_s):
                continue
            try:
                after = await self._book.change(each.name, lambda i: self._reminded(i, now_s))
            except ExchangeError as error:
                trouble.append(error)
            else:
                self._note(each, after)
        return trouble

    def _due(self, incident: Incident, now_s: float) -> bool:
        told_s = self._untold_s.get(incident.id)
        if told_s is not None and now_s - told_s < self._reminders.every_s:
            return False
        return self._reminders.due(incident, self._book.members(incident), now_s)

    def _reminded(self, before: Incident | None, now_s: float) -> Incident | None:
        if before is None or not self._due(before, now_s):
            return before
        return self._scribe.worded(incident_circumstances.reminded(before, now_s), before)

    def _note(self, before: Incident, after: Incident | None) -> None:
        if after is not None and after.reminded > before.reminded:
            self._meters.reminded()
            _log.warning("incident_reminded", id=after.id, reminder=after.reminded)
