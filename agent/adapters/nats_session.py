"""One connection to NATS: questions with their answers, and deliveries.

Every question has a deadline, and every error of the client library ends here. After a question
that went unanswered nothing more is sent until the engine has answered a ping: what would only pile
up in a dead socket might be applied when nobody expects it any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import ssl
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from agent.clock import Clock
from agent.ports import Conflict, Denied, ExchangeError, Unavailable

log = structlog.get_logger(__name__)

CLOSE_TIMEOUT_S = 1.0
_WRONG_LAST_SEQUENCE = (10071, 10164)
_NO_RESPONDERS = "503"
_DENIED = re.compile(r'permissions violation for (publish|subscription) to "([^"]+)"')


@contextlib.contextmanager
def _foreign_errors() -> Iterator[None]:
    """Turn what the client raises into Unavailable; on a dying connection it may raise anything."""
    try:
        yield
    except TimeoutError:
        raise  # Ours or the client's: either way the answer did not come in time.
    except (nats.errors.Error, OSError, RuntimeError, AttributeError) as error:
        raise Unavailable(f"the connection is broken: {type(error).__name__}") from None


@contextlib.contextmanager
def shaped_answer() -> Iterator[None]:
    """Turn the trouble of reading an answer that lacks what it must have into Unavailable."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Unavailable("an answer of another shape") from None


class Delivery:
    """A subject of our own at which the engine delivers."""

    def __init__(self, subject: str, subscription: Subscription) -> None:
        self.subject = subject
        self._subscription = subscription

    async def end(self) -> None:
        """Take no more deliveries; harmless when the connection is gone."""
        with contextlib.suppress(Unavailable), _foreign_errors():
            await self._subscription.unsubscribe()


class Session:
    """One connection, from its making to its loss."""

    def __init__(self, client: Client, inbox: str, clock: Clock, api: str) -> None:
        self.api = api
        """What questions to the engine itself begin with."""
        self._client = client
        self._inbox = inbox
        self._clock = clock
        self._answers: dict[str, tuple[str, asyncio.Future[Msg]]] = {}
        self._tokens = 0
        self._doubtful = False
        """A call went unanswered: nothing more is sent until the engine answers a ping."""
        self.lost = asyncio.Event()
        self.acknowledged_s: float | None = None
        self.generation: float | None = None

    @property
    def server_version(self) -> tuple[int, int, int]:
        """As the server at the other end says."""
        version = self._client.connected_server_version
        return version.major, version.minor, version.patch

    @property
    def server_address(self) -> str:
        """Host and port of the other end."""
        url = self._client.connected_url
        return "" if url is None else url.netloc

    @property
    def server_certificate_ends_s(self) -> float | None:
        """Until when the other end's certificate is good, seconds since 1970; None without TLS."""
        writer = getattr(self._client._transport, "_io_writer", None)  # noqa: SLF001
        certificate = None if writer is None else writer.get_extra_info("peercert")
        return ssl.cert_time_to_seconds(certificate["notAfter"]) if certificate else None

    async def deliver_to(self, take: Callable[[Msg], None]) -> Delivery:
        """Make a subject whose messages are handed to ``take``, on the loop, in order."""
        return await self.listen(f"{self._inbox}.to.{self._new_token()}", take)

    async def listen(self, subject: str, take: Callable[[Msg], None]) -> Delivery:
        """Hand to ``take`` what the engine says on a subject that is not ours alone."""

        async def pass_on(message: Msg) -> None:
            take(message)

        with _foreign_errors():
            return Delivery(subject, await self._client.subscribe(subject, cb=pass_on))

    async def request(
        self,
        subject: str,
        payload: bytes,
        *,
        timeout_s: float,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """Ask the engine and return its answer; every :class:`ExchangeError` may come of it."""
        deadline_s = self._clock.now_s() + timeout_s
        if self._doubtful:
            await self._prove_alive(timeout_s)
        if self.lost.is_set() or not self._client.is_connected:
            raise Unavailable("no connection")
        token, answer = self._new_token(), asyncio.get_running_loop().create_future()
        self._answers[token] = (subject.lower(), answer)
        try:
            async with asyncio.timeout(max(0.0, deadline_s - self._clock.now_s())):
                reply = f"{self._inbox}.{token}"
                with _foreign_errors():
                    await self._client.publish(subject, payload, reply=reply, headers=headers)
            # A second limit, because the client swallows a cancellation while it flushes.
            async with asyncio.timeout(max(0.0, deadline_s - self._clock.now_s())):
                message = await answer
        except TimeoutError:
            self._doubtful = True
            raise Unavailable("no answer in time") from None
        finally:
            del self._answers[token]
        return self._read(message)

    async def answer(self, message: Msg) -> None:
        """Hand an answer to whoever asked."""
        waiting = self._answers.get(message.subject.rpartition(".")[2])
        if waiting is not None and not waiting[1].done():
            waiting[1].set_result(message)

    def refuse(self, text: str) -> None:
        """Take in an error that the engine reports beside the answers."""
        denied = _DENIED.search(text.lower())
        if denied is None:
            return
        verb, denied_subject = denied.groups()
        for subject, answer in self._answers.values():
            # Without its own inbox a session hears no answer at all.
            if not answer.done() and (verb == "subscription" or subject == denied_subject):
                answer.set_exception(Denied(f"permission refused: {verb} to {denied_subject}"))

    def lose(self) -> None:
        """End the session: nobody waits for it any longer."""
        self.lost.set()
        for _, answer in self._answers.values():
            if not answer.done():
                answer.set_exception(Unavailable("the connection was lost"))

    async def close(self) -> None:
        """Drop the connection, whatever state it is in."""
        self.lose()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                with _foreign_errors():
                    await self._client.close()
        except (TimeoutError, Unavailable):
            log.debug("connection not closed in order")

    async def _prove_alive(self, timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                with _foreign_errors():
                    await self._client.flush(timeout=max(1, int(timeout_s)))
        except TimeoutError:
            raise Unavailable("the engine does not answer") from None
        self._doubtful = False

    def _new_token(self) -> str:
        self._tokens += 1
        return str(self._tokens)

    def _read(self, message: Msg) -> dict[str, Any]:
        if (message.headers or {}).get("Status") == _NO_RESPONDERS:
            raise Unavailable("nobody serves this subject: the store is not there")
        try:
            answer = json.loads(message.data)
        except ValueError:
            raise Unavailable("an answer that is not JSON") from None
        self.acknowledged_s = self._clock.now_s()
        if not isinstance(answer, dict):
            raise Unavailable("an answer of another shape")
        if "error" in answer:
            raise _error(answer["error"])
        return answer


class NotFound(Unavailable):
    """The stream, consumer or record that was asked for is not there."""


def _error(error: dict[str, Any]) -> ExchangeError:
    text = str(error.get("description", "refused"))
    if error.get("err_code") in _WRONG_LAST_SEQUENCE:
        return Conflict(text)
    return NotFound(text) if error.get("code") == 404 else Unavailable(text)  # noqa: PLR2004


def seconds_of(timestamp: str) -> float:
    """A JetStream timestamp (RFC 3339, nanoseconds) as seconds since 1970."""
    whole, _, rest = timestamp.rstrip("Z").partition(".")
    offset = re.search(r"[+-]\d\d:\d\d$", timestamp)
    zone = offset[0] if offset else "+00:00"
    digits = re.match(r"\d*", rest)
    fraction = float(f"0.{digits[0]}") if digits and digits[0] else 0.0
    whole = re.sub(r"[+-]\d\d:\d\d$", "", whole)
    return datetime.fromisoformat(whole + zone).timestamp() + fraction
