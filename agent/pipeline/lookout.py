"""exchange -> detect: what the offices send, heard by the nation on the exchange's own time.

What stood in the exchange before we looked is held back until the picture is whole and the first
live record has told what time it is: our wall clock may be wrong, and would make dead offices look
alive, or live ones dead. An office that could have been heard for as long as a silence takes, and
was not, is silent, whether the exchange has a record of it or not.
"""

from __future__ import annotations

import asyncio

import structlog

from agent.clock import Clock
from agent.core import wire
from agent.core.codec import WireError
from agent.core.nation import Nation
from agent.core.stream_time import StreamTime
from agent.ports import (
    BeatPut,
    Drop,
    Exchange,
    Meters,
    RecordedEvent,
    Recorder,
    Silent,
    Stale,
    StatusPut,
    Synced,
    TermBegan,
    WatchEvent,
)

SYNC_S = 20.0
"""A leader that sees nothing of the offices for this long lets another one try."""

_log = structlog.get_logger(__name__)


class Lookout:
    """Watches the offices for one term."""

    def __init__(  # noqa: PLR0913 - what a lookout depends on, each by its name
        self,
        *,
        branch: str,
        exchange: Exchange,
        nation: Nation,
        silent_after_s: float,
        clock: Clock,
        meters: Meters,
        recorder: Recorder | None = None,
        began: TermBegan | None = None,
    ) -> None:
        """``recorder`` is told what the nation hears, and first of all that the term ``began``."""
        self.fell_silent: set[str] = set()
        """Branches that were silent at some time in this term."""
        self._branch = branch
        self._exchange = exchange
        self._nation = nation
        self._silent_after_s = silent_after_s
        self._clock = clock
        self._meters = meters
        self._recorder = recorder
        self._began = began
        self._stream = StreamTime(clock.now_s(), clock.wall_s())
        self._held: list[StatusPut | BeatPut] = []
        """What stood before we looked."""
        self._synced_s: float | None = None
        """Since when we see, or last saw."""
        self._sees = asyncio.Event()

    def stream_now_s(self) -> float:
        """The exchange's time now."""
        return self._stream.at(self._clock.now_s())

    async def run(self) -> None:
        """Watch until cancelled."""
        async for event in self._exchange.watch(self._silent_after_s):
            self._take(event)

    async def see(self) -> None:
        """Wait until the picture of the offices is whole. Raises TimeoutError if it stays bad."""
        async with asyncio.timeout(SYNC_S):
            await self._sees.wait()

    def miss(self) -> None:
        """Call silent who was not heard since we began to see, once that is long enough."""
        if self._synced_s is None or self._clock.now_s() - self._synced_s < self._silent_after_s:
            return
        for branch in self._nation.attendance().unheard:
            self._fall_silent(branch)

    def _take(self, event: WatchEvent) -> None:
        match event:
            case StatusPut() | BeatPut():
                self._take_put(event)
            case Silent(branch=branch):
                self._fall_silent(branch)
            case Stale(why=why):
                _log.warning("watch_stale", branch=self._branch, why=why)
                self._note(event, self.stream_now_s())
                self._held.clear()  # What stands is given again, and must not pile up.
                self._sees.clear()
            case Synced():
                self._synced_s = self._clock.now_s()
                self._release()
                self._note(event, self.stream_now_s())

    def _take_put(self, put: StatusPut | BeatPut) -> None:
        if not put.live:
            self._held.append(put)
            return
        self._stream.learn(put.record.stored_s, self._clock.now_s())
        self._release()
        self._hear(put)

    def _release(self) -> None:
        """Hear what was held back, now that it is whole and its age can be told."""
        if self._synced_s is None or not self._stream.known:
            return
        held, self._held = self._held, []
        for put in held:
            self._hear(put)
        self._sees.set()

    def _hear(self, put: StatusPut | BeatPut) -> None:
        record, now_s = put.record, max(self.stream_now_s(), put.record.stored_s)
        self._note(put, now_s)
        if isinstance(put, BeatPut):
            self._nation.beat(record.name, record.stored_s, now_s)
            return
        try:
            status = wire.decode_status(record.name, record.value)
        except WireError as error:
            self._meters.dropped(Drop.STATUS)
            _log.warning("status_unreadable", sender=record.name, reason=str(error))
            return
        if not self._nation.hear(record.name, status, record.stored_s, now_s):
            self._meters.dropped(Drop.STATUS)

    def _fall_silent(self, branch: str) -> None:
        _log.warning("branch_silent", silent=branch)
        self.fell_silent.add(branch)
        self._note(Silent(branch=branch), self.stream_now_s())
        self._nation.fall_silent(branch)

    def _note(self, event: RecordedEvent, at_s: float) -> None:
        """Before the exchange's time is known nothing is heard, and so nothing noted."""
        if self._recorder is None or not self._stream.known:
            return
        if self._began is not None:
            self._recorder.record(self._began, at_s)
            self._began = None
        self._recorder.record(event, at_s)
