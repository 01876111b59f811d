"""Records in a thread of its own: the disk may be slow, full or gone, and stops nobody.

The pipeline leaves its events in a bounded queue and goes on. What finds no room there, or none on
the disk, is lost and counted; that it began to be lost is logged once, and that it is kept again.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from contextlib import suppress
from pathlib import Path

import structlog

from agent.adapters.recording_file import RecordingFile
from agent.clock import Clock
from agent.ports import Drop, Meters, RecordedEvent

QUEUED = 4096
"""Enough for what a leader of 2,000 offices sees at once when it begins."""
STORE_S = 30.0
"""A power cut costs at most so much of a recording."""
CLOSE_S = 3.0

_log = structlog.get_logger(__name__)


class StatusRecording:
    """Implements :class:`agent.ports.Recorder`."""

    def __init__(self, path: Path, max_bytes: int, clock: Clock, meters: Meters) -> None:
        """Nothing is opened yet: a folder that cannot be written to is no reason not to probe."""
        self._path = path
        self._file = RecordingFile(path, max_bytes)
        self._clock = clock
        self._meters = meters
        self._queue: queue.Queue[tuple[RecordedEvent, float] | None] = queue.Queue(QUEUED)
        self._thread = threading.Thread(target=self._work, name="recording", daemon=True)
        self._behind = False
        self._fails = False

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def record(self, event: RecordedEvent, at_s: float) -> None:
        """Leave an event to be written."""
        try:
            self._queue.put_nowait((event, at_s))
        except queue.Full:
            self._meters.dropped(Drop.RECORDING)
            self._note_behind(behind=True)
        else:
            self._note_behind(behind=False)

    async def close(self) -> None:
        """Write what waits; a disk that hangs is waited for a little, and then left."""
        await asyncio.get_running_loop().run_in_executor(None, self._end)

    # --- in the thread

    def _work(self) -> None:
        due_s = self._clock.now_s() + STORE_S
        while (taken := self._next()) is not None:
            for event, at_s in taken:
                self._file.take(event, at_s)
            if self._file.full or self._clock.now_s() >= due_s:
                self._store(last=False)
                due_s = self._clock.now_s() + STORE_S
        self._store(last=True)

    def _next(self) -> list[tuple[RecordedEvent, float]] | None:
        """The next event, none after a while without, None at the end."""
        try:
            taken = self._queue.get(timeout=STORE_S)
        except queue.Empty:
            return []
        return None if taken is None else [taken]

    def _store(self, *, last: bool) -> None:
        lines = self._file.waiting
        if not lines and not last:
            return
        try:
            self._file.close() if last else self._file.store()
        except OSError as error:
            self._meters.dropped(Drop.RECORDING, lines)
            if not self._fails:
                _log.warning("recording_fails", file=str(self._path), reason=str(error))
            self._fails = True
            return
        if self._fails and lines:
            self._fails = False
            _log.info("recording_again", file=str(self._path))

    def _end(self) -> None:
        with suppress(queue.Full):
            self._queue.put(None, timeout=CLOSE_S)
        self._thread.join(CLOSE_S)

    # --- inside

    def _note_behind(self, *, behind: bool) -> None:
        if behind and not self._behind:
            _log.warning("recording_behind", file=str(self._path), waiting=QUEUED)
        self._behind = behind
