"""exchange -> incident: planned work, from nation.yaml and from the records that people add.

Records stand beside the incidents and are read again every few seconds; a new leader reads them
before it says anything. While they cannot be read what was read last stands: a window ends by
itself, by the exchange's time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from agent.core import codec
from agent.core.codec import WireError
from agent.core.maintenance import MOST_RECORDS, PREFIX, Window
from agent.core.maintenance_calendar import Calendar
from agent.pipeline.incident_book import Records
from agent.ports import ExchangeError, MaintenancePut, Record, Recorder

POLL_S = 3.0

_log = structlog.get_logger(__name__)


class PlannedWork:
    """All windows that are known, for one term of one leader or one replay."""

    def __init__(self, calendar: Calendar) -> None:
        """``calendar``: of nation.yaml alone."""
        self.calendar = calendar
        """With the windows that people added."""
        self._of_nation = calendar
        self._revisions: dict[str, int] = {}
        self._added: dict[str, Window] = {}

    def take(self, record: Record) -> bool:
        """Take a record that was read; False: it is known, or nothing that may be obeyed."""
        if self._revisions.get(record.name) == record.revision:
            return False
        self._revisions[record.name] = record.revision
        self._added.pop(record.name, None)
        window = _window(record)
        if window is not None:
            self._added[record.name] = window.dated(record.stored_s)
        self._bound()
        self.calendar = self._of_nation.with_windows(self._added.values())
        return window is not None

    def _bound(self) -> None:
        """The newest are kept: whoever writes records writes few."""
        while len(self._added) > MOST_RECORDS:
            del self._added[next(iter(self._added))]
        while len(self._revisions) > 2 * MOST_RECORDS:
            del self._revisions[next(iter(self._revisions))]


def _window(record: Record) -> Window | None:
    try:
        window = codec.from_bytes(Window, record.value)
    except WireError as error:
        _log.error("maintenance_unreadable", record=record.name, reason=str(error))
        return None
    if window.record != record.name or not window.sound:
        _log.error("maintenance_not_obeyed", record=record.name)
        return None
    return window


class PlannedWorkReader:
    """Reads the records for one term."""

    def __init__(
        self,
        *,
        exchange: Records,
        planned: PlannedWork,
        stream_now_s: Callable[[], float],
        recorder: Recorder | None = None,
    ) -> None:
        self._exchange = exchange
        self._planned = planned
        self._stream_now_s = stream_now_s
        self._recorder = recorder

    async def run(self) -> None:
        """Read until cancelled; what cannot be read now is tried on the next look."""
        fails = False
        while True:
            await asyncio.sleep(POLL_S)
            try:
                await self.look()
                fails = False
            except ExchangeError as error:
                if not fails:
                    _log.warning("maintenance_not_read", reason=str(error))
                fails = True

    async def look(self) -> None:
        """Take every record that is new. Raises an ExchangeError."""
        found = await self._exchange.records(PREFIX)
        for record in sorted(found, key=lambda each: each.revision)[-MOST_RECORDS:]:
            if self._planned.take(record):
                _log.info("maintenance_planned", record=record.name)
                if self._recorder is not None:
                    self._recorder.record(MaintenancePut(record=record), self._stream_now_s())
