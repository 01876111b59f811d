"""Turns what an engine delivers into the events of a watch: newest values, and silences.

Both exchanges use it, so that a slow reader, a silence and a blind moment mean the same over each.
A reader that falls behind misses only values that were replaced by newer ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable
from typing import Generic, TypeVar

from agent.clock import Clock
from agent.core.silence import Silences
from agent.ports import BeatPut, Record, Silent, Stale, StatusPut, Synced, WatchEvent

_PAST_IT_S = 0.001
"""Wake a little after a moment, never a rounding error before it."""

Item = TypeVar("Item")

MAX_KEYS = 8192
"""Far more than there are offices; an engine full of foreign names cannot fill our memory."""


class NewestQueue(Generic[Item]):
    """A queue that keeps the newest item of each key, in the order of arrival."""

    def __init__(self, max_keys: int = MAX_KEYS) -> None:
        self._items: dict[Hashable, Item] = {}
        self._max_keys = max_keys
        self._wake = asyncio.Event()
        self.closed = False
        self.dropped = 0
        """Items refused because too many keys were waiting."""

    def put(self, key: Hashable, item: Item) -> None:
        """Add the item, in place of an older one of the same key."""
        if self._items.pop(key, None) is None and len(self._items) >= self._max_keys:
            self.dropped += 1
            return
        self._items[key] = item
        self._wake.set()

    def pop(self) -> Item | None:
        """Take out the oldest item; None when there is none."""
        if not self._items:
            return None
        return self._items.pop(next(iter(self._items)))

    def wake(self) -> None:
        """Let the reader look again."""
        self._wake.set()

    def close(self) -> None:
        """End the reading; items still waiting are let go."""
        self.closed = True
        self._items.clear()
        self._wake.set()

    async def wait(self, timeout_s: float | None) -> None:
        """Wait until there may be something new, or for ``timeout_s``."""
        if not self._wake.is_set():
            try:
                async with asyncio.timeout(timeout_s):
                    await self._wake.wait()
            except TimeoutError:
                return
        self._wake.clear()

    async def items(self) -> AsyncIterator[Item]:
        """Every item, until the queue is closed."""
        while not self.closed:
            while (item := self.pop()) is not None:
                yield item
            await self.wait(None)


class WatchFeed:
    """One watch of statuses and heartbeats. The engine's side calls in, ``events`` comes out."""

    def __init__(
        self, silent_after_s: float, clock: Clock, proved_s: Callable[[], float | None]
    ) -> None:
        """``proved_s``: until when everything sent has surely arrived; None: unknown."""
        self._clock = clock
        self._proved_s = proved_s
        self._silences = Silences(silent_after_s)
        self._revisions: dict[tuple[type, str], int] = {}
        self._told_stale = False
        self.queue: NewestQueue[WatchEvent] = NewestQueue()

    def status(self, record: Record) -> None:
        """Take in a branch's status."""
        self._put(StatusPut(record=record, live=self._silences.synced))

    def beat(self, record: Record) -> None:
        """Take in a branch's heartbeat."""
        self._put(BeatPut(record=record, live=self._silences.synced))

    def synced(self, generation: float) -> None:
        """Note that the snapshot is complete."""
        self._silences.begin(self._clock.now_s())
        self._told_stale = False
        self.queue.put(Synced, Synced(generation=generation))

    def blind(self) -> None:
        """Judge no silence until ``synced``; nothing is told yet."""
        self._silences.go_blind()

    def stale(self, why: str) -> None:
        """Tell the reader that it is blind, once until ``synced``."""
        self.blind()
        if not self._told_stale:
            self._told_stale = True
            self.queue.put(Stale, Stale(why=why))

    async def events(self) -> AsyncIterator[WatchEvent]:
        """Every event, until the feed's queue is closed."""
        while not self.queue.closed:
            event = self.queue.pop() or self._pop_silent()
            if event is None:
                await self.queue.wait(self._patience_s())
            else:
                yield event

    def _put(self, event: StatusPut | BeatPut) -> None:
        record, key = event.record, (type(event), event.record.name)
        if self._revisions.get(key) != record.revision:
            # A snapshot repeats what was heard long ago: only another revision is a sign of life.
            if key not in self._revisions and len(self._revisions) >= MAX_KEYS:
                self.queue.dropped += 1
                return
            self._revisions[key] = record.revision
            self._silences.heard(record.name, self._clock.now_s())
        self.queue.put(key, event)

    def _pop_silent(self) -> Silent | None:
        proved_s = self._proved_s()
        branch = None if proved_s is None else self._silences.pop_due(proved_s)
        return None if branch is None else Silent(branch=branch)

    def _patience_s(self) -> float | None:
        """How long nothing can fall silent; a proof that comes late wakes the queue itself."""
        next_s = self._silences.next_s()
        if next_s is None:
            return None
        wait_s = next_s - self._clock.now_s()
        # When the moment has passed unproved, only a proof or another event changes anything.
        return wait_s + _PAST_IT_S if wait_s > 0.0 else None
