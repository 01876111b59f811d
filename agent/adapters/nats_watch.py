"""Follows streams of the exchange, and knows when it does not.

A consumer can die without a sound while every other call works. So each is asked for its position
from time to time: once everything the engine had sent by then has come in, the moment of asking is
the proof that nothing was missed. Without proof for a while the watch is stale and begins anew.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from nats.aio.msg import Msg

from agent.adapters.nats_echo import Echo
from agent.adapters.nats_link import NatsLink
from agent.adapters.nats_session import Delivery, NotFound, Session, shaped_answer
from agent.adapters.nats_streams import Stream
from agent.clock import Clock
from agent.core.model import is_name
from agent.ports import ExchangeError, Record, Unavailable

BLIND_AFTER_S = 12.0
"""Without proof for so long the watch is stale; within the 15 s that the port allows."""
_ASK_AT_LEAST_EVERY_S = 4.0
_BEGIN_AGAIN_S = 0.2
_ABANDONED_AFTER_NS = 30 * 1_000_000_000
_PLAIN_ACK_TOKENS = 9
"""``$JS.ACK.<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<time>.<pending>``"""


class _Source(Protocol):
    """One stream's records as they come: of a consumer, or echoed by the engine."""

    proved_s: float | None
    seen_s: float

    @property
    def synced(self) -> bool: ...
    async def create(self, timeout_s: float) -> None: ...
    async def ask(self, timeout_s: float) -> None: ...
    async def end(self) -> None: ...


class Sink(Protocol):
    """Where what is followed goes; every method is quick and synchronous."""

    def take(self, stream: Stream, record: Record) -> None:
        """Take in a record, of the snapshot or live."""
        ...

    def synced(self, generation: float) -> None:
        """Note that the snapshot is complete."""
        ...

    def stale(self, why: str) -> None:
        """Note that nothing is seen until the next ``synced``."""
        ...

    def proved(self) -> None:
        """Note that ``Follower.proved_s`` moved."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Position:
    """Where a message stands, from its acknowledgement subject."""

    revision: int
    delivered: int
    stored_s: float
    pending: int


def _position(reply: str) -> _Position | None:
    tokens = reply.split(".")
    if len(tokens) < _PLAIN_ACK_TOKENS or tokens[:2] != ["$JS", "ACK"]:
        return None
    skipped = 0 if len(tokens) == _PLAIN_ACK_TOKENS else 2  # domain and account
    try:
        revision, delivered, stored_ns, pending = map(int, tokens[5 + skipped : 9 + skipped])
    except ValueError:
        return None
    return _Position(
        revision=revision, delivered=delivered, stored_s=stored_ns / 1e9, pending=pending
    )


class _Consumer:
    """One stream's deliveries, from the newest value of each subject on."""

    def __init__(self, session: Session, stream: Stream, follower: Follower) -> None:
        self._session = session
        self._stream = stream
        self._follower = follower
        self._name = ""
        self._delivery: Delivery | None = None
        self._delivered = 0
        self._snapshot_left: int | None = None
        self._proof: tuple[float, int] | None = None
        """Moment of asking, and how many deliveries prove it."""
        self.proved_s: float | None = None
        self.seen_s = follower.clock.now_s()
        """Last delivery or proof: either way it was not dead then."""

    @property
    def synced(self) -> bool:
        return self._snapshot_left == 0

    async def create(self, timeout_s: float) -> None:
        """Ask the engine to deliver."""
        asked_s = self._follower.clock.now_s()
        self._delivery = await self._session.deliver_to(self._take)
        config = {
            "deliver_subject": self._delivery.subject,
            "deliver_policy": "last_per_subject",
            "filter_subject": f"{self._stream.prefix}>",
            "ack_policy": "none",
            "replay_policy": "instant",
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": _ABANDONED_AFTER_NS,
        }
        question = {"stream_name": self._stream.name, "config": config}
        answer = await self._session.request(
            f"{self._session.api}.CONSUMER.CREATE.{self._stream.name}",
            json.dumps(question).encode(),
            timeout_s=timeout_s,
        )
        self._name = str(answer.get("name", ""))
        # Deliveries may have overtaken the answer: they have counted themselves already.
        expected = _due(answer)
        self._proof = (asked_s, expected)
        if self._snapshot_left is None:
            self._snapshot_left = max(0, expected - self._delivered)
        self._settle()

    async def ask(self, timeout_s: float) -> None:
        """Ask for the position; the proof may come at once, or with a delivery on its way."""
        asked_s = self._follower.clock.now_s()
        answer = await self._session.request(
            f"{self._session.api}.CONSUMER.INFO.{self._stream.name}.{self._name}",
            b"",
            timeout_s=timeout_s,
        )
        self._proof = (asked_s, _due(answer))
        self._settle()

    async def end(self) -> None:
        """Listen no more; the engine drops the consumer by itself."""
        if self._delivery is not None:
            await self._delivery.end()

    def _take(self, message: Msg) -> None:
        position = _position(message.reply)
        if position is None:
            return  # Not a delivery: somebody else writes to our inbox.
        if position.delivered != self._delivered + 1:
            self._follower.lose("a delivery was missed")
            return
        self._delivered = position.delivered
        self.seen_s = self._follower.clock.now_s()
        name = message.subject.removeprefix(self._stream.prefix)
        if is_name(name):
            record = Record(
                name=name,
                value=message.data,
                revision=position.revision,
                stored_s=position.stored_s,
            )
            self._follower.sink.take(self._stream, record)
        else:
            self._follower.refused += 1
        if self._snapshot_left:
            self._snapshot_left -= 1
        if position.pending == 0:
            self._snapshot_left = 0
        self._settle()

    def _settle(self) -> None:
        if self._proof is not None and self._delivered >= self._proof[1]:
            self.proved_s, self._proof = self._proof[0], None
            self.seen_s = max(self.seen_s, self.proved_s)
        self._follower.settle()


def _due(answer: dict[str, Any]) -> int:
    """How many deliveries there will have been once everything stored by now has come."""
    with shaped_answer():
        return int(answer["delivered"]["consumer_seq"]) + int(answer["num_pending"])


class Follower:
    """Keeps one consumer on each of some streams alive, for as long as ``run`` runs."""

    def __init__(
        self,
        link: NatsLink,
        streams: Sequence[Stream],
        sink: Sink,
        clock: Clock,
        *,
        ask_every_s: float,
        quiet_only: bool,
        timeout_s: float,
    ) -> None:
        """``quiet_only``: do not ask while records come within ``ask_every_s`` of each other."""
        self.sink = sink
        self.clock = clock
        self.refused = 0
        """Records whose subject is no name of ours."""
        self._link = link
        self._streams = streams
        self._ask_every_s = ask_every_s
        self._quiet_only = quiet_only
        self._timeout_s = timeout_s
        self._consumers: list[_Source] = []
        self._generation = 0.0
        self._synced = False
        self._lost: str | None = None
        self._wake = asyncio.Event()

    @property
    def proved_s(self) -> float | None:
        """Until when everything stored has surely been seen; None while blind."""
        proofs = [consumer.proved_s for consumer in self._consumers]
        known = [proof for proof in proofs if proof is not None]
        return min(known) if self._synced and len(known) == len(proofs) else None

    async def run(self) -> None:
        """Follow until the link is closed."""
        while (session := await self._link.next_session()) is not None:
            try:
                await self._follow(session)
            except ExchangeError as error:
                self.sink.stale(str(error))
            finally:
                await self._forget()
            await asyncio.sleep(_BEGIN_AGAIN_S * random.uniform(0.5, 1.5))  # noqa: S311 # nosec B311

    def settle(self) -> None:
        """Tell the sink what the consumers have come to."""
        if not self._synced and self._consumers and all(each.synced for each in self._consumers):
            self._synced = True
            self.sink.synced(self._generation)
        self.sink.proved()

    def lose(self, why: str) -> None:
        """Begin anew: what is seen has a hole."""
        self._lost = why
        self._wake.set()

    async def _follow(self, session: Session) -> None:
        """See through one set of consumers; ends by raising what blinded them."""
        self._generation = session.generation or 0.0
        self._consumers = [self._source(session, stream) for stream in self._streams]
        losing = asyncio.create_task(session.lost.wait(), name="exchange watch loss")
        losing.add_done_callback(
            lambda task: None if task.cancelled() else self.lose("the connection was lost")
        )
        try:
            for consumer in self._consumers:
                await consumer.create(self._timeout_s)
            while True:
                await self._pause()
                if self._quiet_only and self._unseen_s() < self._ask_every_s:
                    continue
                await self._ask()
                if self._unseen_s() > BLIND_AFTER_S - _ASK_AT_LEAST_EVERY_S:
                    raise Unavailable("the engine delivers nothing")
        finally:
            losing.cancel()

    def _source(self, session: Session, stream: Stream) -> _Source:
        return (Echo if stream.echoed else _Consumer)(session, stream, self)

    async def _pause(self) -> None:
        """Wait for the next moment of asking; raises when the watch has been lost meanwhile."""
        try:
            async with asyncio.timeout(self._ask_every_s):
                await self._wake.wait()
        except TimeoutError:
            return
        raise Unavailable(self._lost or "lost")

    async def _ask(self) -> None:
        """Ask every consumer; one that is not there any more ends the watch."""
        try:
            for consumer in self._consumers:
                await consumer.ask(self._timeout_s)
        except NotFound:
            raise
        except Unavailable:
            return  # Nothing is proved by it. Whether that lasts too long, the caller looks.

    def _unseen_s(self) -> float:
        """How long the quietest consumer has given no sign of life."""
        return self.clock.now_s() - min(consumer.seen_s for consumer in self._consumers)

    async def _forget(self) -> None:
        consumers, self._consumers = self._consumers, []
        self._synced = False
        self._lost = None
        self._wake.clear()
        for consumer in consumers:
            await consumer.end()
