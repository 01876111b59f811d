"""A webhook: every message of every incident as one signed POST, at least once.

A message is sent until it is acknowledged or an hour old. How far we are is marked in the incident
itself, by whoever leads, so that the next leader goes on there: what was acknowledged and not yet
marked is sent again, and told from new by its id. What is signed is the time and the body, so that
neither can be changed, nor the whole be repeated much later.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from agent.adapters import incident_document
from agent.adapters.receiver_connection import Connection, Destination, ReceiverConnection
from agent.adapters.slack_connection import ask
from agent.core.incident import Incident, Message, handed_to
from agent.ports import Effect, NotifyError

SIGNATURE = "Pantau-Signature"
KEPT_S = 3_600.0
"""What is older is given up."""
MOST_WAITING = 1_000

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """A message with its incident as they stood when it was first seen."""

    incident: Incident
    message: Message

    @property
    def key(self) -> tuple[str, int]:
        return self.incident.id, self.message.sequence


class WebhookReceiver:
    """Implements :class:`agent.ports.Receiver`."""

    def __init__(self, destination: Destination, connection: Connection | None = None) -> None:
        self.name = destination.name
        self._to = destination
        self._connection = connection or ReceiverConnection(destination)
        self._waiting: dict[tuple[str, int], _Waiting] = {}
        """In the order in which they are sent."""
        self._seen: dict[str, int] = {}
        """The last message that was looked at, by incident id."""
        self._ours: set[str] = set()
        """Ids of incidents of which something was to be sent; the others need no mark."""
        self._ahead_s = 0.0
        """Stream time less our own clock."""
        self._news = asyncio.Event()

    def take(self, incidents: Sequence[Incident], now_s: float) -> None:
        self._ahead_s = now_s - self._to.clock.now_s()
        for incident in incidents:
            self._look_at(incident, now_s)
        known = {each.id for each in incidents} | {identity for identity, _ in self._waiting}
        self._seen = {key: last for key, last in self._seen.items() if key in known}
        self._ours &= known
        self._meter()

    def handed(self) -> Mapping[str, int]:
        """Up to the message before the first that waits."""
        first: dict[str, int] = {}
        for identity, sequence in self._waiting:
            first[identity] = min(sequence, first.get(identity, sequence))
        marks = {each: first.get(each, self._seen[each] + 1) - 1 for each in self._ours}
        return {identity: mark for identity, mark in marks.items() if mark >= 0}

    async def run(self) -> None:
        """Send one after another; what is refused for good holds up nothing."""
        failures = 0
        try:
            while True:
                first = self._first()
                if first is None:
                    self._news.clear()
                    await self._news.wait()
                elif (error := await self._attempt(first)) is None:
                    failures = 0
                else:
                    failures += 1
                    await asyncio.sleep(self._to.pause_s(failures, error))
        finally:
            self._to.meters.receiver_waiting(self.name, 0)
            await self._connection.close()

    async def rehearse(self) -> None:
        """A document that says it is a trial, and has no incident."""
        now_s = self._to.clock.wall_s()
        said = incident_document.rehearsal(f"rehearsal@{int(now_s)}/0", now_s, self._to.wording)
        try:
            await self._post(said, now_s)
        finally:
            await self._connection.close()

    # --- what waits

    def _look_at(self, incident: Incident, now_s: float) -> None:
        mark = handed_to(incident, self.name)
        known = self._seen.get(incident.id, -1 if mark is None else mark)
        for message in incident.messages:
            if message.sequence <= known:
                continue
            if now_s - message.at_s <= KEPT_S:
                self._enqueue(_Waiting(incident=incident, message=message))
            elif mark is not None:  # Without one it is older than this receiver, and no loss.
                self._give_up(_Waiting(incident=incident, message=message), "too old")
        last = max((each.sequence for each in incident.messages), default=-1)
        self._seen[incident.id] = max(known, last)

    def _enqueue(self, waiting: _Waiting) -> None:
        self._ours.add(waiting.incident.id)
        if len(self._waiting) >= MOST_WAITING:
            self._give_up(waiting, "too many wait")
            return
        self._waiting[waiting.key] = waiting
        self._news.set()

    def _first(self) -> _Waiting | None:
        """What is sent next; those that have grown too old on the way are given up."""
        now_s = self._to.clock.now_s() + self._ahead_s
        for waiting in tuple(self._waiting.values()):
            if now_s - waiting.message.at_s <= KEPT_S:
                return waiting
            del self._waiting[waiting.key]
            self._give_up(waiting, "too old")
        return None

    def _give_up(self, waiting: _Waiting, why: str) -> None:
        self._ours.add(waiting.incident.id)
        self._to.meters.receiver_dropped(self.name)
        identity, sequence = waiting.key
        _log.error(
            "webhook_gives_up",
            receiver=self.name,
            incident=identity,
            sequence=sequence,
            why=why,
        )

    def _meter(self) -> None:
        self._to.meters.receiver_waiting(self.name, len(self._waiting))

    # --- sending

    async def _attempt(self, first: _Waiting) -> NotifyError | None:
        """Send it once; returns why it has to be tried again, None: it waits no more."""
        try:
            await self._send(first)
        except NotifyError as error:
            if error.effect is not Effect.REFUSED:
                return error
            self._give_up(first, error.reason)
        self._waiting.pop(first.key, None)
        self._meter()
        return None

    async def _send(self, waiting: _Waiting) -> None:
        said = incident_document.document(waiting.incident, waiting.message, self._to.wording)
        await self._post(said, self._to.clock.now_s() + self._ahead_s)

    async def _post(self, said: Mapping[str, Any], now_s: float) -> None:
        body = json.dumps(said).encode()
        headers = {"Content-Type": "application/json"}
        if self._to.secret is not None:
            secret = ask(self._to.secret, "secret")
            headers[SIGNATURE] = signature(secret.encode(), int(now_s), body)
        await self._connection.send("POST", body=body, headers=headers)


receiver = WebhookReceiver
"""What makes it; see :mod:`agent.app.receivers`."""


def signature(secret: bytes, at_s: int, body: bytes) -> str:
    """``t=<seconds since 1970>,v1=<HMAC-SHA256 of "t.body", hex>``."""
    signed = hmac.new(secret, b"%d." % at_s + body, hashlib.sha256)
    return f"t={at_s},v1={signed.hexdigest()}"
