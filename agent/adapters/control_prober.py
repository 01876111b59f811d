"""Looks at what is not the centre, to learn whether this office can see at all.

All controls are tried at once, each under its own deadline, and every way to fail is the same fact:
no answer. What follows from that is decided in ``agent.core.sight``.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from agent.adapters import dns_query
from agent.adapters.dns_resolver import LookupFailed, Resolver
from agent.adapters.tls_contexts import TlsContexts, Trust
from agent.core.model import Sight
from agent.core.sight import ControlGroup, ControlReading, judge_sight

CONTROL_TIMEOUT_S = 2.0
_STATUS_LINE_BYTES = 512


class ControlKind(StrEnum):
    """How a control is tried."""

    TCP = "tcp"
    """A connection is taken."""
    TLS = "tls"
    """A TLS handshake ends well, by the machine's own authorities."""
    HTTP = "http"
    """Any HTTP answer, whatever its status."""
    HTTPS = "https"
    DNS = "dns"
    """The resolver at this address answers for ``query``."""

    @property
    def over_tls(self) -> bool:
        """Whether a TLS context is needed."""
        return self in (ControlKind.TLS, ControlKind.HTTPS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Something nearby that should always answer."""

    name: str
    group: ControlGroup
    kind: ControlKind
    host: str
    port: int
    shared: str | None = None
    """What all offices call it; None: this office's own. See ``agent.core.shared_controls``."""
    query: str = "."
    """The name that a DNS control asks for."""
    path: str = "/"
    """What an HTTP control asks for."""
    role: str | None = None
    """The target whose edge it is, of a front control."""


class ControlProber:
    """Implements ``agent.ports.Controls``."""

    def __init__(
        self,
        *,
        controls: Sequence[Control],
        contexts: TlsContexts,
        resolver: Resolver,
        timeout_s: float = CONTROL_TIMEOUT_S,
    ) -> None:
        self._controls = tuple(controls)
        self._contexts = contexts
        self._resolver = resolver
        self._timeout_s = timeout_s
        self._ignored = frozenset[str]()
        self.readings: tuple[ControlReading, ...] = ()
        """What each control showed last."""

    async def prepare(self) -> None:
        """Load the machine's authorities if any control needs them."""
        if any(control.kind.over_tls for control in self._controls):
            await self._contexts.prepare([Trust()])

    def ignore(self, names: Collection[str]) -> None:
        """Let the controls of these shared names, and no others, count no more."""
        self._ignored = frozenset(names)

    async def look(self) -> Sight:
        """Try every control once, at the same time; never raises."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._read(control)) for control in self._controls]
        self.readings = tuple(task.result() for task in tasks)
        return judge_sight(self.readings, ignored=self._ignored)

    async def _read(self, control: Control) -> ControlReading:
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._try(control)
        except (OSError, LookupFailed, dns_query.DnsFailed, _NotHttpError, UnicodeError) as error:
            return _reading(control, answered=False, detail=_why(error))
        return _reading(control, answered=True)

    async def _try(self, control: Control) -> None:
        address = (await self._resolver.addresses(control.host, control.port))[0]
        if control.kind is ControlKind.DNS:
            await dns_query.ask(address, control.port, control.query)
            return
        tls = self._contexts.of(Trust()) if control.kind.over_tls else None
        reader, writer = await asyncio.open_connection(
            address,
            control.port,
            ssl=tls,
            server_hostname=control.host if tls else None,
            limit=_STATUS_LINE_BYTES,
        )
        try:
            if control.kind in (ControlKind.HTTP, ControlKind.HTTPS):
                await _expect_http(reader, writer, control)
        finally:
            writer.transport.abort()


def _reading(control: Control, *, answered: bool, detail: str = "") -> ControlReading:
    return ControlReading(
        name=control.name,
        group=control.group,
        shared=control.shared,
        role=control.role,
        answered=answered,
        detail=detail,
    )


class _NotHttpError(Exception):
    """Something answered, but not HTTP."""


async def _expect_http(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, control: Control
) -> None:
    asked = f"HEAD {control.path} HTTP/1.1\r\nHost: {control.host}\r\nConnection: close\r\n\r\n"
    writer.write(asked.encode("ascii"))
    try:
        line = await reader.readexactly(len(b"HTTP/"))
    except asyncio.IncompleteReadError:
        raise _NotHttpError from None
    if line != b"HTTP/":
        raise _NotHttpError


def _why(error: Exception) -> str:
    """A few words of our own; the order is from the particular to the general."""
    words: tuple[tuple[type[Exception], str], ...] = (
        (TimeoutError, "no answer in time"),
        (ConnectionRefusedError, "refused"),
        (ssl.SSLError, "no TLS agreement"),
        (_NotHttpError, "the answer is not HTTP"),
        (OSError, "unreachable"),
    )
    return next((text for kind, text in words if isinstance(error, kind)), str(error))
