"""One supervised connection to NATS, on which nothing is ever sent twice or late.

The client library queues what is published while it reconnects and replays it afterwards. So it is
never let reconnect: each connection is a client of its own, and what it had not sent dies with it.
The link makes the next one, within a second or so. Foreign errors end here.
"""

from __future__ import annotations

import asyncio
import base64
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from nats.aio.client import Client

from agent.adapters.nats_session import CLOSE_TIMEOUT_S, Session
from agent.adapters.nats_streams import OWN_ACCOUNT_API
from agent.adapters.nkey import Nkey
from agent.adapters.tls_contexts import RotatingContext, Trust
from agent.clock import Clock
from agent.ports import ConfigurationError, Denied, ExchangeError, Unavailable

log = structlog.get_logger(__name__)

OLDEST_SERVER = (2, 12)
_PENDING_BYTES = 256 * 1024
_PING_INTERVAL_S = 5
_RECONNECT_WAIT_S = 1.0
_REFUSED_WAIT_S = 10.0
"""Credentials that were refused are tried again at leisure: they may have been renewed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NatsSettings:
    """Where the engine is and who we are to it. Secrets are named by file, and read at connect."""

    servers: tuple[str, ...]
    tls: Trust | None = None
    """With the client certificate, for mTLS. Replaced files count from the next connect."""
    nkey_seed_file: Path | None = None
    api: str = OWN_ACCOUNT_API
    """What the subjects of the engine's questions begin with; see nats_accounts."""
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    replicas: int = 1
    oldest_server: tuple[int, int] = OLDEST_SERVER
    """A server before this is not spoken to."""
    connect_timeout_s: float = 5.0
    timeout_s: float = 2.0
    """For one call, from asking to the answer."""


class _HungUp(Unavailable):
    """The engine closed the connection while we introduced ourselves."""


class NatsLink:
    """Keeps one session alive, for ever, and says which it is."""

    def __init__(
        self,
        settings: NatsSettings,
        inbox_prefix: str,
        clock: Clock,
        prepare: Callable[[Session], Awaitable[None]],
    ) -> None:
        """``prepare`` is run on each new session before anybody may use it."""
        self._settings = settings
        self._inbox_prefix = inbox_prefix
        self._clock = clock
        self._prepare = prepare
        self._task: asyncio.Task[None] | None = None
        self._session: Session | None = None
        self._changed = asyncio.Event()
        self._failure: ExchangeError | None = None
        self._tls = None if settings.tls is None else RotatingContext(settings.tls)
        self.closed = False

    async def start(self) -> None:
        """Begin, and report how the first attempt went."""
        if self._task is None and not self.closed:
            self._task = asyncio.create_task(self._supervise(), name="exchange link")
        while self._session is None and self._failure is None and not self.closed:
            await self._changed.wait()
        self.session()

    def session(self) -> Session:
        """The live session; Unavailable or Denied at once when there is none."""
        session = self._session
        if session is not None and not session.lost.is_set():
            return session
        if isinstance(self._failure, Denied):
            raise Denied(str(self._failure))
        raise Unavailable(str(self._failure or "no connection"))

    async def next_session(self) -> Session | None:
        """Wait for a live session; None once the link is closed."""
        while not self.closed:
            session = self._session
            if session is not None and not session.lost.is_set():
                return session
            await self._changed.wait()
        return None

    @property
    def detail(self) -> str:
        """Why there is no session, in words; empty while there is one."""
        return "" if self._session else str(self._failure or "connecting")

    async def close(self) -> None:
        """Drop the connection and make no other."""
        self.closed = True
        self._signal()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task], timeout=2 * CLOSE_TIMEOUT_S)

    def _signal(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _supervise(self) -> None:
        while True:
            try:
                await self._live_once()
            except ExchangeError as error:
                if self._failure is None or str(error) != str(self._failure):
                    log.warning("exchange not reached", reason=str(error))
                self._failure = error
            self._session = None
            self._signal()
            wait_s = _REFUSED_WAIT_S if isinstance(self._failure, Denied) else _RECONNECT_WAIT_S
            await asyncio.sleep(wait_s * random.uniform(0.5, 1.5))  # noqa: S311 # nosec B311 - spread

    async def _live_once(self) -> None:
        """Make a session, serve until it is lost, and say why it ended."""
        session: Session | None = None
        try:
            try:
                async with asyncio.timeout(self._settings.connect_timeout_s):
                    session = await self._connect()
                    await self._prepare(session)
            except TimeoutError:
                raise Unavailable("no connection in time") from None
            log.info("exchange reached")
            self._session, self._failure = session, None
            self._signal()
            await session.lost.wait()
            raise Unavailable("the connection was lost")
        finally:
            if session is not None:
                await session.close()

    async def _connect(self) -> Session:
        try:
            return await self._open(verbose=False)
        except _HungUp:
            # The reset overtakes the reason, unless the engine is asked to answer every line.
            return await self._open(verbose=True)

    async def _open(self, *, verbose: bool) -> Session:
        client = Client()
        options = await self._options(client)
        inbox = f"{self._inbox_prefix}.{_nonce()}"
        session = Session(client, inbox, self._clock, self._settings.api)
        troubles: list[Exception] = []

        async def on_error(error: Exception) -> None:
            del troubles[:-1]
            troubles.append(error)
            session.refuse(str(error))

        async def on_closed() -> None:
            session.lose()

        try:
            await client.connect(**options, verbose=verbose, error_cb=on_error, closed_cb=on_closed)
            self._check_server(client)
            await client.subscribe(f"{inbox}.*", cb=session.answer)
        except BaseException as error:
            await session.close()
            if isinstance(error, ExchangeError) or not isinstance(error, Exception):
                raise
            raise _connect_error(troubles[-1] if troubles else error) from None
        return session

    def _check_server(self, client: Client) -> None:
        version = client.connected_server_version
        if (version.major, version.minor) < self._settings.oldest_server:
            oldest = ".".join(map(str, self._settings.oldest_server))
            raise Unavailable(
                f"nats-server {version.major}.{version.minor}.{version.patch} is too old: "
                f"the exchange needs {oldest} or later"
            )
        # The client speaks TLS only if the other side asks for it, which an impostor would not.
        if self._settings.tls is not None and not client._server_info.get("tls_required"):  # noqa: SLF001
            raise Unavailable("the engine does not speak TLS, and TLS is configured")

    async def _options(self, client: Client) -> dict[str, Any]:
        settings = self._settings
        options: dict[str, Any] = {
            "servers": list(settings.servers),
            "name": self._inbox_prefix,
            "allow_reconnect": False,
            "max_reconnect_attempts": 1,
            "reconnect_time_wait": 0,
            "connect_timeout": settings.connect_timeout_s,
            "ping_interval": _PING_INTERVAL_S,
            "max_outstanding_pings": 2,
            "pending_size": _PENDING_BYTES,
            "flush_timeout": settings.timeout_s,
            "inbox_prefix": self._inbox_prefix,
        }
        try:
            if self._tls is not None:
                options["tls"] = await self._tls.current()
            if settings.nkey_seed_file is not None:
                nkey = await asyncio.to_thread(Nkey.from_file, settings.nkey_seed_file)
                # The option of the library for this needs a package that we cannot install.
                client._public_nkey = nkey.public  # noqa: SLF001
                options["signature_cb"] = nkey.sign
        except ConfigurationError as error:
            raise Denied(str(error)) from None  # A file that is being replaced is whole again soon.
        if settings.user is not None:
            options |= {"user": settings.user, "password": settings.password}
        return options


def _connect_error(error: Exception) -> ExchangeError:
    text = str(error) or type(error).__name__
    if isinstance(error, ConnectionError) and not isinstance(error, ConnectionRefusedError):
        return _HungUp(text)
    if "authorization" in text.lower() or "authentication" in text.lower():
        return Denied("the engine refused these credentials")
    return Unavailable(text)


def _nonce() -> str:
    return base64.b32encode(random.randbytes(10)).decode()  # noqa: S311 # nosec B311 - a name
