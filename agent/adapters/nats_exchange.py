"""The exchange over NATS JetStream: the ``Exchange`` port on the five streams of nats_streams.

Revisions are stream sequences, times are the engine's timestamps, and the generation is when the
newest of the streams was made. Whose record it is, is told by the subject, never by the payload.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

from agent.adapters import nats_streams
from agent.adapters.nats_link import NatsLink, NatsSettings
from agent.adapters.nats_session import NotFound, Session, seconds_of, shaped_answer
from agent.adapters.nats_streams import BEAT, COORDINATION, LEDGER, PUBLIC, STATUS, Stream
from agent.adapters.nats_watch import Follower
from agent.adapters.watch_feed import NewestQueue, WatchFeed
from agent.clock import Clock
from agent.core.model import is_name
from agent.ports import (
    MAX_VALUE_BYTES,
    Announced,
    Denied,
    ExchangeError,
    ExchangeHealth,
    Invalid,
    Record,
    Unavailable,
    WatchEvent,
)

_ASK_STATUSES_EVERY_S = 4.0
_ASK_PUBLIC_EVERY_S = 15.0
"""Longer than the leader's beat of 10 s, so that nothing is asked while one leads."""
_READS_AT_ONCE = 16
_DAY = re.compile(r"\d{8}", re.ASCII)


class NatsExchange:
    """One branch's exchange over NATS."""

    def __init__(self, settings: NatsSettings, branch: str, clock: Clock) -> None:
        if not is_name(branch):
            raise Invalid(f"not a name: {branch[:140]!r}")
        self._settings = settings
        self._branch = branch
        self._clock = clock
        self._acknowledged_s: float | None = None
        self._generation: float | None = None
        inbox_prefix = nats_streams.inbox_prefix(branch)
        self._link = NatsLink(settings, inbox_prefix, clock, self._prepare)

    async def start(self) -> None:
        await self._link.start()

    async def publish(self, value: bytes) -> int:
        return await self._write(STATUS, self._branch, value)

    async def beat(self, value: bytes) -> int:
        return await self._write(BEAT, self._branch, value)

    async def own_status(self) -> Record:
        return await self._read(STATUS, self._branch)

    async def watch(self, silent_after_s: float) -> AsyncIterator[WatchEvent]:
        sink = _StatusSink(silent_after_s, self._clock)
        ask_every_s = min(_ASK_STATUSES_EVERY_S, silent_after_s / 4.0)
        follower = self._follower((STATUS, BEAT), sink, ask_every_s, quiet_only=False)
        sink.follower = follower
        async with _Running(follower, sink.feed.queue):
            async for event in sink.feed.events():
                yield event

    async def read(self, name: str) -> Record:
        _check_name(name)
        return await self._read(COORDINATION, name)

    async def records(self, prefix: str) -> Sequence[Record]:
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                return await self._records(prefix)
        except TimeoutError:
            raise Unavailable("no answer in time") from None

    async def compare_and_set(self, name: str, value: bytes, expect: int) -> int:
        _check_name(name)
        headers = {"Nats-Expected-Last-Subject-Sequence": str(expect)}
        return await self._write(COORDINATION, name, value, headers)

    async def announce(self, name: str, value: bytes) -> int:
        _check_name(name)
        return await self._write(PUBLIC, name, value)

    async def announcements(self) -> AsyncIterator[Announced]:
        sink = _PublicSink()
        follower = self._follower((PUBLIC,), sink, _ASK_PUBLIC_EVERY_S, quiet_only=True)
        async with _Running(follower, sink.queue):
            async for announced in sink.queue.items():
                yield announced

    async def write_ledger(self, day: str, value: bytes) -> int:
        _check_day(day)
        return await self._write(LEDGER, f"{self._branch}.{day}", value)

    async def own_ledger(self, day: str) -> Record:
        _check_day(day)
        return await self._read(LEDGER, f"{self._branch}.{day}")

    def health(self) -> ExchangeHealth:
        age_s = None
        if self._acknowledged_s is not None:
            age_s = self._clock.now_s() - self._acknowledged_s
        detail = self._link.detail
        return ExchangeHealth(
            connected=not detail,
            acknowledged_age_s=age_s,
            generation=self._generation,
            detail=detail,
        )

    async def close(self) -> None:
        await self._link.close()

    # --- asking -----------------------------------------------------------------------------------

    async def _ask(
        self, subject: str, payload: bytes, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        session = self._link.session()
        try:
            return await session.request(
                subject, payload, timeout_s=self._settings.timeout_s, headers=headers
            )
        finally:
            if session.acknowledged_s is not None:
                self._acknowledged_s = session.acknowledged_s

    async def _write(
        self, stream: Stream, name: str, value: bytes, headers: dict[str, str] | None = None
    ) -> int:
        if len(value) > MAX_VALUE_BYTES:
            raise Invalid(f"{len(value)} bytes are more than the {MAX_VALUE_BYTES} allowed")
        answer = await self._ask(stream.subject(name), value, headers)
        with shaped_answer():
            return int(answer["seq"])

    async def _read(self, stream: Stream, name: str) -> Record:
        question = json.dumps({"last_by_subj": stream.subject(name)}).encode()
        try:
            answer = await self._ask(f"{self._settings.api}.STREAM.MSG.GET.{stream.name}", question)
        except NotFound:
            return Record(name=name)
        with shaped_answer():
            message = answer["message"]
            return Record(
                name=name,
                value=base64.b64decode(message.get("data", "")),
                revision=int(message["seq"]),
                stored_s=seconds_of(message["time"]),
            )

    async def _records(self, prefix: str) -> list[Record]:
        question = json.dumps({"subjects_filter": f"{COORDINATION.prefix}>"}).encode()
        answer = await self._ask(f"{self._settings.api}.STREAM.INFO.{COORDINATION.name}", question)
        with shaped_answer():
            subjects = dict(answer["state"].get("subjects") or {})
        names = sorted(subject.removeprefix(COORDINATION.prefix) for subject in subjects)
        matching = [name for name in names if name.startswith(prefix)]
        places = asyncio.Semaphore(_READS_AT_ONCE)

        async def read(name: str) -> Record:
            async with places:
                return await self._read(COORDINATION, name)

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(read(name)) for name in matching]
        except* ExchangeError:
            raise Unavailable("not all records could be read") from None
        return [record for task in tasks if (record := task.result()).revision]

    # --- the store --------------------------------------------------------------------------------

    async def _prepare(self, session: Session) -> None:
        """Make sure that the streams exist and are ours, and learn their generation."""
        made_s = [await self._ensure(session, stream) for stream in nats_streams.STREAMS]
        session.generation = self._generation = max(made_s)
        self._acknowledged_s = session.acknowledged_s

    async def _ensure(self, session: Session, stream: Stream) -> float:
        timeout_s = self._settings.timeout_s
        try:
            answer = await session.request(
                f"{self._settings.api}.STREAM.INFO.{stream.name}", b"", timeout_s=timeout_s
            )
        except NotFound:
            answer = await self._create(session, stream)
        with shaped_answer():
            wrong = nats_streams.differences(stream, answer["config"])
            created_s = seconds_of(answer["created"])
        if wrong:
            raise Unavailable(f"the store is not as it must be: {'; '.join(wrong)}")
        return created_s

    async def _create(self, session: Session, stream: Stream) -> dict[str, Any]:
        settings = json.dumps(stream.settings(self._settings.replicas)).encode()
        try:
            return await session.request(
                f"{self._settings.api}.STREAM.CREATE.{stream.name}",
                settings,
                timeout_s=self._settings.timeout_s,
            )
        except Denied:
            raise Unavailable(f"{stream.name} is not there yet, and we may not make it") from None

    def _follower(
        self,
        streams: Sequence[Stream],
        sink: _StatusSink | _PublicSink,
        ask_every_s: float,
        *,
        quiet_only: bool,
    ) -> Follower:
        return Follower(
            self._link,
            streams,
            sink,
            self._clock,
            ask_every_s=ask_every_s,
            quiet_only=quiet_only,
            timeout_s=self._settings.timeout_s,
        )


class _StatusSink:
    """Statuses and heartbeats, into the events of a watch."""

    def __init__(self, silent_after_s: float, clock: Clock) -> None:
        self.follower: Follower | None = None
        self.feed = WatchFeed(silent_after_s, clock, self._proved_s)

    def take(self, stream: Stream, record: Record) -> None:
        if stream is BEAT:
            self.feed.beat(record)
        else:
            self.feed.status(record)

    def synced(self, generation: float) -> None:
        self.feed.synced(generation)

    def stale(self, why: str) -> None:
        self.feed.stale(why)

    def proved(self) -> None:
        self.feed.queue.wake()

    def _proved_s(self) -> float | None:
        return self.follower.proved_s if self.follower else None


class _PublicSink:
    """Public records, newest of each name, and whether they came live."""

    def __init__(self) -> None:
        self.queue: NewestQueue[Announced] = NewestQueue()
        self._synced = False

    def take(self, _stream: Stream, record: Record) -> None:
        self.queue.put(record.name, Announced(record=record, live=self._synced))

    def synced(self, _generation: float) -> None:
        self._synced = True

    def stale(self, _why: str) -> None:
        self._synced = False

    def proved(self) -> None:
        pass


class _Running:
    """Runs a follower beside the reading of its queue, and closes the queue when it ends."""

    def __init__(
        self, follower: Follower, queue: NewestQueue[WatchEvent] | NewestQueue[Announced]
    ) -> None:
        self._follower = follower
        self._queue = queue
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._follower.run(), name="exchange watch")
        self._task.add_done_callback(lambda _: self._queue.close())

    async def __aexit__(self, *_: object) -> None:
        if self._task is None:
            return
        if self._task.done():
            self._task.result()  # A bug in the follower is the reader's to see.
        self._task.cancel()


def _check_name(name: str) -> None:
    if not is_name(name):
        raise Invalid(f"not a name: {name[:140]!r}")


def _check_day(day: str) -> None:
    if not _DAY.fullmatch(day):
        raise Invalid(f"not a day: {day[:140]!r}")
