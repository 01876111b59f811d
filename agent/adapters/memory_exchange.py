"""The exchange without an engine: for tests, for simulated fleets and for a single check.

One ``MemoryStore`` plays the engine for many branches on one event loop, in real or virtual time,
and can be broken the way engines and lines break: cut off, frozen, answering into the void, wiped.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TypeVar

from agent.adapters.watch_feed import NewestQueue, WatchFeed
from agent.clock import Clock
from agent.core.model import is_name
from agent.ports import (
    MAX_VALUE_BYTES,
    Announced,
    Conflict,
    Denied,
    ExchangeError,
    ExchangeHealth,
    Invalid,
    Record,
    Unavailable,
    WatchEvent,
)

Result = TypeVar("Result")

STALE_AFTER_S = 12.0
"""How long a frozen engine goes unnoticed, as long as with the real one."""

_DAY = re.compile(r"\d{8}", re.ASCII)


class MemoryStore:
    """The engine that many ``MemoryExchange`` share, and the faults it can have.

    Every fault is for one branch's line, or for all when no branch is named.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._epoch_s = clock.wall_s() - clock.now_s()
        self._cut: set[str | None] = set()
        self._frozen: set[str | None] = set()
        self._mute: set[str | None] = set()
        self._refused: set[str | None] = set()
        # Dictionaries as ordered sets: deliveries come in the same order in every run.
        self._status_lines: dict[_Line, None] = {}
        self._public_lines: dict[_Line, None] = {}
        self._in_flight: list[tuple[str, Callable[[], None]]] = []
        self._revision = 0
        self.generation = self.stream_s()
        self.status: dict[str, Record] = {}
        self.beats: dict[str, Record] = {}
        self.coordination: dict[str, Record] = {}
        self.public: dict[str, Record] = {}
        self.ledger: dict[str, Record] = {}

    def stream_s(self) -> float:
        """The engine's own time, seconds since 1970; nobody else's wall clock moves it."""
        return self._epoch_s + self.clock.now_s()

    # --- faults -----------------------------------------------------------------------------------

    def cut(self, branch: str | None = None) -> None:
        """Break the line: every call fails at once."""
        self._cut.add(branch)
        for line in self._lines_of(branch):
            line.stale("the line is cut")

    def freeze(self, branch: str | None = None) -> None:
        """Stop answering, the line still up: calls run into their deadlines."""
        self._frozen.add(branch)
        for line in self._lines_of(branch):
            line.freeze()

    def lose_answers(self, branch: str | None = None) -> None:
        """Apply what is asked, and lose the answer."""
        self._mute.add(branch)

    def refuse(self, branch: str | None = None) -> None:
        """Refuse the credentials."""
        self._refused.add(branch)

    def restore(self, branch: str | None = None) -> None:
        """Mend what was done to this branch's line; unnamed, everything that was done to all."""
        for fault in (self._cut, self._frozen, self._mute, self._refused):
            fault.discard(branch)
        waiting, self._in_flight = self._in_flight, []
        for sender, apply in waiting:
            if self.is_frozen(sender):
                self._in_flight.append((sender, apply))
            else:
                apply()
        for line in self._lines_of(branch):
            line.resume()

    def wipe(self) -> None:
        """Lose every record; revisions begin again."""
        for records in (self.status, self.beats, self.coordination, self.public, self.ledger):
            records.clear()
        self._revision = 0
        self.generation = max(self.stream_s(), self.generation + 0.001)
        for line in self._lines_of(None):
            line.stale("the store is another one")
            line.resume()

    def is_cut(self, branch: str) -> bool:
        """Tell whether this branch's line is down."""
        return None in self._cut or branch in self._cut

    def is_frozen(self, branch: str) -> bool:
        """Tell whether the engine answers this branch."""
        return None in self._frozen or branch in self._frozen

    def loses_answers(self, branch: str) -> bool:
        """Tell whether this branch's answers are lost."""
        return None in self._mute or branch in self._mute

    def is_refused(self, branch: str) -> bool:
        """Tell whether this branch's credentials are refused."""
        return None in self._refused or branch in self._refused

    def sees(self, branch: str) -> bool:
        """Tell whether what is delivered reaches this branch."""
        return not (self.is_cut(branch) or self.is_frozen(branch) or self.is_refused(branch))

    # --- the engine -------------------------------------------------------------------------------

    def replace(self, records: dict[str, Record], name: str, value: bytes) -> int:
        """Store a value and deliver it to every line that sees; returns its revision."""
        self._revision += 1
        record = Record(name=name, value=value, revision=self._revision, stored_s=self.stream_s())
        # The newest revision stands last, as in a stream, so that snapshots come in order.
        records.pop(name, None)
        records[name] = record
        for line in self._public_lines if records is self.public else self._status_lines:
            line.deliver(records, record)
        return self._revision

    def compare_and_set(self, name: str, value: bytes, expect: int) -> int:
        """Store a coordination record if its revision is ``expect``."""
        present = self.coordination.get(name)
        if (present.revision if present else 0) != expect:
            raise Conflict(f"{name} is not at revision {expect}")
        return self.replace(self.coordination, name, value)

    def attach(self, line: _Line) -> None:
        """Deliver to this line from now on."""
        lines = self._public_lines if isinstance(line, _PublicLine) else self._status_lines
        lines[line] = None
        line.resume()

    def detach(self, line: _Line) -> None:
        """Deliver to this line no more."""
        self._public_lines.pop(line, None)
        self._status_lines.pop(line, None)

    def hold(self, branch: str, apply: Callable[[], None]) -> None:
        """Keep what was sent to a frozen engine until it thaws."""
        self._in_flight.append((branch, apply))

    def _lines_of(self, branch: str | None) -> list[_Line]:
        lines = (*self._status_lines, *self._public_lines)
        return [line for line in lines if branch in (None, line.branch)]


class _Line:
    """What is delivered to one watching branch."""

    def __init__(self, store: MemoryStore, branch: str) -> None:
        self.branch = branch
        self._store = store
        self._sighted = False
        self._timer: asyncio.TimerHandle | None = None

    def deliver(self, records: dict[str, Record], record: Record) -> None:
        """Pass on a new record, if this line sees and wants it."""
        if self._sighted:
            self._take(records, record)

    def freeze(self) -> None:
        """See nothing more; say so when a real line would notice."""
        self._sighted = False
        self._go_blind()
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(STALE_AFTER_S, self.stale, "the engine is frozen")

    def stale(self, why: str) -> None:
        """See nothing more, and say so."""
        self._sighted = False
        self._forget_timer()
        self._tell_stale(why)

    def resume(self) -> None:
        """Begin again with a snapshot, if nothing else stands in the way."""
        if self._sighted or not self._store.sees(self.branch):
            return
        self._forget_timer()
        self._sighted = True
        self._snapshot()

    def end(self) -> None:
        """Let go of the line."""
        self._forget_timer()
        self._store.detach(self)

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _take(self, records: dict[str, Record], record: Record) -> None:
        raise NotImplementedError

    def _snapshot(self) -> None:
        raise NotImplementedError

    def _go_blind(self) -> None:
        """Nothing to do where nothing is judged."""

    def _tell_stale(self, why: str) -> None:
        """Nothing to do where nothing is judged."""


class _StatusLine(_Line):
    """Statuses and heartbeats, for the leader."""

    def __init__(self, store: MemoryStore, branch: str, silent_after_s: float) -> None:
        super().__init__(store, branch)
        self.feed = WatchFeed(silent_after_s, store.clock, store.clock.now_s)

    def _take(self, records: dict[str, Record], record: Record) -> None:
        if records is self._store.beats:
            self.feed.beat(record)
        elif records is self._store.status:
            self.feed.status(record)

    def _snapshot(self) -> None:
        for record in self._store.status.values():
            self.feed.status(record)
        for record in self._store.beats.values():
            self.feed.beat(record)
        self.feed.synced(self._store.generation)

    def _go_blind(self) -> None:
        self.feed.blind()

    def _tell_stale(self, why: str) -> None:
        self.feed.stale(why)


class _PublicLine(_Line):
    """The public records, for everyone."""

    def __init__(self, store: MemoryStore, branch: str) -> None:
        super().__init__(store, branch)
        self.queue: NewestQueue[Announced] = NewestQueue()

    def _take(self, records: dict[str, Record], record: Record) -> None:
        if records is self._store.public:
            self.queue.put(record.name, Announced(record=record, live=True))

    def _snapshot(self) -> None:
        for record in self._store.public.values():
            self.queue.put(record.name, Announced(record=record, live=False))


class MemoryExchange:
    """One branch's view of a ``MemoryStore``: the ``Exchange`` port."""

    def __init__(
        self,
        store: MemoryStore,
        branch: str,
        *,
        can_coordinate: bool = True,
        timeout_s: float = 2.0,
        latency_s: float = 0.0,
    ) -> None:
        """``latency_s`` is the way to the engine; ``can_coordinate`` is a hub's permission."""
        self._store = store
        self._branch = branch
        self._can_coordinate = can_coordinate
        self._timeout_s = timeout_s
        self._latency_s = latency_s
        self._started = False
        self._closed = False
        self._doubtful = False
        """A call went unanswered: nothing more is sent until the engine answers again."""
        self._acknowledged_s: float | None = None
        self._generation: float | None = None
        self._queues: set[NewestQueue[WatchEvent] | NewestQueue[Announced]] = set()

    async def start(self) -> None:
        self._started = True
        await self._call(lambda: None)

    async def publish(self, value: bytes) -> int:
        return await self._replace(self._store.status, self._branch, value)

    async def beat(self, value: bytes) -> int:
        return await self._replace(self._store.beats, self._branch, value)

    async def own_status(self) -> Record:
        branch = self._branch
        return await self._call(lambda: self._store.status.get(branch, Record(name=branch)))

    async def watch(self, silent_after_s: float) -> AsyncIterator[WatchEvent]:
        line = _StatusLine(self._store, self._branch, silent_after_s)
        async for event in self._attached(line, line.feed.queue, line.feed.events()):
            yield event

    async def read(self, name: str) -> Record:
        _check_name(name)
        return await self._call(lambda: self._store.coordination.get(name, Record(name=name)))

    async def records(self, prefix: str) -> Sequence[Record]:
        def matching() -> list[Record]:
            present = self._store.coordination
            return [present[name] for name in sorted(present) if name.startswith(prefix)]

        return await self._call(matching)

    async def compare_and_set(self, name: str, value: bytes, expect: int) -> int:
        _check_name(name)
        _check_value(value)
        self._check_may_coordinate()
        return await self._call(lambda: self._store.compare_and_set(name, value, expect))

    async def announce(self, name: str, value: bytes) -> int:
        self._check_may_coordinate()
        return await self._replace(self._store.public, name, value)

    async def announcements(self) -> AsyncIterator[Announced]:
        line = _PublicLine(self._store, self._branch)
        async for announced in self._attached(line, line.queue, line.queue.items()):
            yield announced

    async def write_ledger(self, day: str, value: bytes) -> int:
        _check_day(day)
        return await self._replace(self._store.ledger, f"{self._branch}.{day}", value)

    async def own_ledger(self, day: str) -> Record:
        _check_day(day)
        name = f"{self._branch}.{day}"
        return await self._call(lambda: self._store.ledger.get(name, Record(name=name)))

    def health(self) -> ExchangeHealth:
        acknowledged_s = self._acknowledged_s
        return ExchangeHealth(
            connected=self._started and not self._closed and not self._store.is_cut(self._branch),
            acknowledged_age_s=(
                None if acknowledged_s is None else self._store.clock.now_s() - acknowledged_s
            ),
            generation=self._generation,
            detail="memory",
        )

    async def close(self) -> None:
        self._closed = True
        for queue in self._queues:
            queue.close()

    async def _attached(
        self,
        line: _Line,
        queue: NewestQueue[WatchEvent] | NewestQueue[Announced],
        items: AsyncIterator[Result],
    ) -> AsyncIterator[Result]:
        """Pass ``items`` on while the line is attached."""
        if self._closed:
            return
        self._queues.add(queue)
        self._store.attach(line)
        try:
            async for item in items:
                yield item
        finally:
            line.end()
            self._queues.discard(queue)

    async def _replace(self, records: dict[str, Record], name: str, value: bytes) -> int:
        _check_name(name)
        _check_value(value)
        return await self._call(lambda: self._store.replace(records, name, value))

    def _check_may_coordinate(self) -> None:
        if not self._can_coordinate:
            raise Denied(f"{self._branch} may not coordinate")

    async def _call(self, apply: Callable[[], Result]) -> Result:
        """Ask the engine, over the line as it is now."""
        store, branch = self._store, self._branch
        await asyncio.sleep(self._latency_s)
        if not self._started or self._closed or store.is_cut(branch):
            raise Unavailable("no connection")
        if store.is_refused(branch):
            raise Denied("credentials refused")
        if store.is_frozen(branch):
            return await self._await_thaw(apply)
        try:
            result = apply()
        finally:
            if not store.loses_answers(branch):
                self._acknowledge()
        if store.loses_answers(branch):
            await asyncio.sleep(self._timeout_s)
            raise Unavailable("no answer in time")
        return result

    async def _await_thaw(self, apply: Callable[[], Result]) -> Result:
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

        def apply_late() -> None:
            try:
                result = apply()
            except ExchangeError as error:
                if not answer.done():
                    answer.set_exception(error)
            else:
                if not answer.done():
                    answer.set_result(result)

        if not self._doubtful:
            self._doubtful = True
            self._store.hold(self._branch, apply_late)
        try:
            async with asyncio.timeout(self._timeout_s):
                result = await answer
        except TimeoutError:
            raise Unavailable("no answer in time") from None
        self._acknowledge()
        return result

    def _acknowledge(self) -> None:
        self._doubtful = False
        self._acknowledged_s = self._store.clock.now_s()
        self._generation = self._store.generation


def _check_name(name: str) -> None:
    if not is_name(name):
        raise Invalid(f"not a name: {name[:140]!r}")


def _check_day(day: str) -> None:
    if not _DAY.fullmatch(day):
        raise Invalid(f"not a day: {day[:140]!r}")


def _check_value(value: bytes) -> None:
    if len(value) > MAX_VALUE_BYTES:
        raise Invalid(f"{len(value)} bytes are more than the {MAX_VALUE_BYTES} allowed")
