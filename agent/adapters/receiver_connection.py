"""One request to a receiver beside Slack: one attempt, one deadline, an error without secrets.

The address is held like a secret, because many receivers have their key in its path: it is asked
for at every request, never logged, and no error of the library, which would name it, is passed on.
Redirects are refused, so that a receiver cannot send us elsewhere; nothing of an answer is read
but its head.
"""

from __future__ import annotations

import asyncio
import math
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp
import structlog

from agent.adapters.slack_connection import ask
from agent.clock import Clock
from agent.core.wording import Wording
from agent.ports import Effect, Meters, NotifyError

TIMEOUT_S = 3.0
BACKOFF_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Waits after the first, second ... failure in a row."""
LONGEST_PAUSE_S = 300.0
_CONNECT_SHARE = 2 / 3
"""Of the timeout: what has not connected by then was surely not told."""
_REFUSED = (400, 413, 422)
_CREDENTIAL = (401, 403)
_TIMEOUT, _TOO_MANY = 408, 429

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A receiver beside Slack as one hub is told of it. Secrets are asked for at every use."""

    name: str
    """In metrics, logs and marks."""
    url: Callable[[], str] = field(repr=False)
    wording: Wording
    clock: Clock
    meters: Meters
    token: Callable[[], str] | None = field(default=None, repr=False)
    """Sent as a bearer token."""
    secret: Callable[[], str] | None = field(default=None, repr=False)
    """Signs what is sent."""
    every_s: float = 60.0
    """For a receiver that is told at intervals."""
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    timeout_s: float = TIMEOUT_S
    backoff_s: Sequence[float] = BACKOFF_S

    def pause_s(self, failures: int, error: NotifyError) -> float:
        """How long to leave it alone after ``failures`` in a row, at least one."""
        if error.retry_after_s is not None:
            return error.retry_after_s
        return self.backoff_s[min(failures, len(self.backoff_s)) - 1]


class Connection(Protocol):
    """What a receiver asks of its connection."""

    async def send(
        self,
        method: str,
        path: str = "",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send once to the address, with ``path`` below it. Raises :class:`NotifyError`."""
        ...

    async def close(self) -> None:
        """Let go of everything; may be called twice."""
        ...


class ReceiverConnection:
    """Implements :class:`Connection` over HTTP.

    Every request is counted; it is logged when trouble begins and when it ends.
    """

    def __init__(self, destination: Destination) -> None:
        self._to = destination
        self._session: aiohttp.ClientSession | None = None
        self._fails = False

    async def send(
        self,
        method: str,
        path: str = "",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        try:
            async with asyncio.timeout(self._to.timeout_s):
                await self._ask(method, path, body, headers or {})
        except NotifyError as error:
            failed = error
        except Exception as error:  # noqa: BLE001 - the one edge where foreign errors are turned
            failed = _judge(error)
        else:
            self._note(None)
            return
        self._note(failed)
        raise failed

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _ask(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> None:
        url = _below(ask(self._to.url, "address"), path)
        async with self._opened().request(
            method,
            url,
            data=body,
            headers={**headers, **self._authorization()},
            allow_redirects=False,
            ssl=self._to.tls or True,
        ) as response:
            status, asked = response.status, response.headers.get("Retry-After")
            response.close()
        if failed := judge_status(status, asked):
            raise failed

    def _authorization(self) -> dict[str, str]:
        if self._to.token is None:
            return {}
        token = ask(self._to.token, "token").strip()
        if not (token.isascii() and token.isprintable()):
            raise NotifyError(Effect.CREDENTIAL, "the token is not one line of plain characters")
        return {"Authorization": f"Bearer {token}"}

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            total_s = self._to.timeout_s
            # One session: aiohttp lets its look-ups of one host share a thread of the pool.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(force_close=True),
                timeout=aiohttp.ClientTimeout(total=total_s, connect=total_s * _CONNECT_SHARE),
                headers={"Accept-Encoding": "identity", "User-Agent": "Pantau"},
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    def _note(self, failed: NotifyError | None) -> None:
        self._to.meters.receiver_attempted(self._to.name, failed.effect if failed else None)
        if (failed is not None) == self._fails:
            return
        self._fails = failed is not None
        if failed is not None:
            _log.warning("receiver_failing", receiver=self._to.name, why=str(failed))
        else:
            _log.info("receiver_answers", receiver=self._to.name)


def judge_status(status: int, retry_after: object = None) -> NotifyError | None:
    """What a status means; None: acknowledged."""
    if status in range(200, 300):
        return None
    if status in range(300, 400):
        return NotifyError(Effect.NOT_SENT, f"redirected by HTTP {status}, which is not followed")
    if status == _TOO_MANY:
        return NotifyError(Effect.NOT_SENT, f"HTTP {status}", _pause_s(retry_after))
    if status in _REFUSED:
        return NotifyError(Effect.REFUSED, f"HTTP {status}")
    if status in _CREDENTIAL:
        return NotifyError(Effect.CREDENTIAL, f"HTTP {status}")
    sent = status in range(400, 500) and status != _TIMEOUT
    return NotifyError(Effect.NOT_SENT if sent else Effect.UNKNOWN, f"HTTP {status}")


_NEVER_CONNECTED = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
)


def _judge(error: Exception) -> NotifyError:
    """What became of a request that raised ``error``, whose own words may name the address."""
    if isinstance(error, _NEVER_CONNECTED):
        return NotifyError(Effect.NOT_SENT, f"no connection: {type(error).__name__}")
    if isinstance(error, TimeoutError):
        return NotifyError(Effect.UNKNOWN, "no answer in time")
    return NotifyError(Effect.UNKNOWN, f"no usable answer: {type(error).__name__}")


def _below(address: str, path: str) -> str:
    """The address with ``path`` below its own. Raises :class:`NotifyError` for what is none."""
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        if usable and parts.username is None and parts.password is None:
            whole = parts._replace(path=parts.path.rstrip("/") + path if path else parts.path)
            return whole.geturl()
    except ValueError:
        pass
    raise NotifyError(Effect.CREDENTIAL, "the address is no http(s) address without credentials")


def _pause_s(asked: object) -> float | None:
    """Seconds from a Retry-After of any shape, clamped to 1..300; None when it says none."""
    try:
        seconds = float(str(asked))
    except ValueError:
        return None
    return None if math.isnan(seconds) else min(LONGEST_PAUSE_S, max(1.0, seconds))
