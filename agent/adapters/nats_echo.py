"""Follows a stream by its echo, for whoever must not make consumers.

The engine says every record of such a stream once more, with its sequence and that of the record
it replaces. So a listener knows when it missed one, and needs no right but to listen: a consumer's
configuration could have it deliver into another office's records.
"""

from __future__ import annotations

import base64
import json
from typing import Any, Protocol

from nats.aio.msg import Msg

from agent.adapters.nats_session import Delivery, NotFound, Session, seconds_of, shaped_answer
from agent.adapters.nats_streams import Stream
from agent.clock import Clock
from agent.core.model import is_name
from agent.ports import Record, Unavailable

_MAX_RECORDS = 1_024
"""Far more than are announced; each is read at the beginning."""


class _Taking(Protocol):
    def take(self, stream: Stream, record: Record) -> None: ...


class _Following(Protocol):
    """What of a follower its source needs."""

    clock: Clock
    refused: int

    @property
    def sink(self) -> _Taking: ...
    def settle(self) -> None: ...
    def lose(self, why: str) -> None: ...


class Echo:
    """One stream's records: first what stands, then what is echoed."""

    def __init__(self, session: Session, stream: Stream, follower: _Following) -> None:
        self._session = session
        self._stream = stream
        self._follower = follower
        self._delivery: Delivery | None = None
        self._revisions: dict[str, int] = {}
        """Of the newest record of each subject."""
        self._newest = 0
        self._proof: tuple[float, int] | None = None
        """Moment of asking, and the sequence that must have come to prove it."""
        self.synced = False
        self.proved_s: float | None = None
        self.seen_s = follower.clock.now_s()

    async def create(self, timeout_s: float) -> None:
        """Listen, and then read what stands: whatever is written meanwhile is heard."""
        self._delivery = await self._session.listen(f"{self._stream.echo}>", self._hear)
        asked_s = self._follower.clock.now_s()
        state = await self._state(timeout_s, {"subjects_filter": f"{self._stream.prefix}>"})
        with shaped_answer():
            subjects, last = sorted(state.get("subjects") or {}), int(state["last_seq"])
        if len(subjects) > _MAX_RECORDS:
            raise Unavailable(f"{self._stream.name} holds more records than can be announced")
        for subject in subjects:
            await self._read(subject, timeout_s)
        self._newest = max(self._newest, last)
        self.synced = True
        self._prove(asked_s, last)

    async def ask(self, timeout_s: float) -> None:
        """Ask what is the newest; the proof may come at once, or with a record on its way."""
        asked_s = self._follower.clock.now_s()
        state = await self._state(timeout_s, {})
        with shaped_answer():
            self._prove(asked_s, int(state["last_seq"]))

    async def end(self) -> None:
        """Listen no more."""
        if self._delivery is not None:
            await self._delivery.end()

    async def _state(self, timeout_s: float, question: dict[str, Any]) -> dict[str, Any]:
        answer = await self._session.request(
            f"{self._session.api}.STREAM.INFO.{self._stream.name}",
            json.dumps(question).encode() if question else b"",
            timeout_s=timeout_s,
        )
        with shaped_answer():
            return dict(answer["state"])

    async def _read(self, subject: str, timeout_s: float) -> None:
        try:
            answer = await self._session.request(
                f"{self._session.api}.STREAM.MSG.GET.{self._stream.name}",
                json.dumps({"last_by_subj": subject}).encode(),
                timeout_s=timeout_s,
            )
        except NotFound:
            return
        with shaped_answer():
            message = answer["message"]
            value = base64.b64decode(message.get("data", ""))
            self._take(subject, int(message["seq"]), value, seconds_of(message["time"]))

    def _hear(self, message: Msg) -> None:
        headers = message.headers or {}
        try:
            revision, replaced = int(headers["Nats-Sequence"]), int(headers["Nats-Last-Sequence"])
            subject, stored_s = headers["Nats-Subject"], seconds_of(headers["Nats-Time-Stamp"])
        except (KeyError, ValueError):
            self._follower.refused += 1
            return
        # While what stands is being read, echo and reading meet in any order.
        known = self._revisions.get(subject, 0)
        if self.synced and replaced > known and (known or not self._full):
            self._follower.lose("a record was missed")
            return
        self._take(subject, revision, message.data, stored_s)
        self.seen_s = self._follower.clock.now_s()
        self._settle()

    def _take(self, subject: str, revision: int, value: bytes, stored_s: float) -> None:
        self._newest = max(self._newest, revision)
        known = self._revisions.get(subject, 0)
        if revision <= known:
            return
        if known or not self._full:
            self._revisions[subject] = revision
        name = subject.removeprefix(self._stream.prefix)
        if not is_name(name) or subject not in self._revisions:
            self._follower.refused += 1
            return
        record = Record(name=name, value=value, revision=revision, stored_s=stored_s)
        self._follower.sink.take(self._stream, record)

    @property
    def _full(self) -> bool:
        return len(self._revisions) >= _MAX_RECORDS

    def _prove(self, asked_s: float, last: int) -> None:
        self._proof = (asked_s, last)
        self._settle()

    def _settle(self) -> None:
        if self._proof is not None and self._newest >= self._proof[1]:
            self.proved_s, self._proof = self._proof[0], None
            self.seen_s = max(self.seen_s, self.proved_s)
        self._follower.settle()
