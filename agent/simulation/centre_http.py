"""The simulated centre behind real listeners on loopback: one for every office and service.

An office is known by where it connects and never by what it says, so that a fault of one office
cannot be escaped by a header. What becomes of a request is decided in ``centre``. With certificates
the listeners speak TLS under names, whose answers are the office's name server's.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from aiohttp import web

from agent.ports import ConfigurationError
from agent.probe import Request
from agent.simulation.centre import HANG_S, HEADERS, Centre, Decision
from agent.simulation.certificates import Certificates, Spoiled, spoiled
from agent.simulation.loopback import HOST, Door, raise_descriptor_limit
from agent.simulation.name_server import name_of
from agent.simulation.scenario import SERVICES, Kind

LOOK_EVERY_S = 0.05
"""How late a listener may be in closing or opening."""
SHUTDOWN_S = 0.5
SPARE_DESCRIPTORS = 256
DESCRIPTORS_AN_OFFICE = len(SERVICES) + 40
"""Its listeners, and both ends of the connections that its agent holds at one time."""

_BEFORE = (Kind.DNS, Kind.TLS)
"""With names and certificates these act before a request is there."""
_BREAK_OFF = ssl.AlertDescription.ALERT_DESCRIPTION_HANDSHAKE_FAILURE
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class HttpCentre:
    """Listeners for ``offices``; ``start`` before ``urls``, and ``stop`` at the end."""

    def __init__(
        self,
        centre: Centre,
        offices: Sequence[str],
        certificates: Certificates | None = None,
        *,
        host: str = HOST,
        port: int = 0,
    ) -> None:
        """``port``: of the first listener, the others follow it office by office; 0: any."""
        self._centre = centre
        self._certificates = certificates
        self._server = web.Server(self._handle, handler_cancellation=True, access_log=None)
        self._bad = {how: certificates.context(how) for how in Spoiled} if certificates else {}
        places = [(office, service) for office in offices for service in SERVICES]
        self._host = host
        self._doors = {
            place: Door(
                self._server, tls=self._tls(*place), host=host, port=port + number if port else 0
            )
            for number, place in enumerate(places)
        }
        self._offices = len(offices)
        self._by_port: dict[int, tuple[str, str]] = {}
        self._stopping = asyncio.Event()
        self._follower: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open every listener; :class:`ConfigurationError` says how many offices would fit."""
        make_room(self._offices)
        for place, door in self._doors.items():
            try:
                await door.open()
            except OSError as error:
                raise ConfigurationError([_taken(door, error)]) from None
            self._by_port[door.port] = place
        self._follower = asyncio.create_task(self._follow(), name="centre listeners")

    def urls(self, office: str) -> dict[str, str]:
        """The base URL of every service, as this office reaches it."""
        return {
            service: self._url(service, door.port)
            for (owner, service), door in self._doors.items()
            if owner == office
        }

    def _url(self, service: str, port: int) -> str:
        if self._certificates is None:
            return f"http://{self._host}:{port}"
        return f"https://{name_of(service)}:{port}"

    def _tls(self, office: str, service: str) -> ssl.SSLContext | None:
        """The context of one listener, which shows another certificate while it is to be bad."""
        if self._certificates is None:
            return None

        def greet(connection: ssl.SSLObject, _name: object, _context: object) -> int | None:
            reason = self._centre.spoiled(office, service)
            how = spoiled(reason) if reason is not None else None
            if how is None:
                return None
            connection.context = self._bad[how]
            return _BREAK_OFF if how is Spoiled.HANDSHAKE else None

        context = self._certificates.context()
        context.sni_callback = greet
        return context

    async def stop(self) -> None:
        """Close every listener and connection; may be called twice."""
        self._stopping.set()
        if self._follower is not None:
            self._follower.cancel()
            with suppress(asyncio.CancelledError):
                await self._follower
            self._follower = None
        for door in self._doors.values():
            door.close()
        await self._server.shutdown(SHUTDOWN_S)

    async def _follow(self) -> None:
        """Close and open listeners as refusals come and go."""
        window: int | None = None
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            offset_s = self._centre.offset_s
            if offset_s is None or window == self._centre.faults.window(offset_s):
                continue
            window = self._centre.faults.window(offset_s)
            for (office, service), door in self._doors.items():
                await _set(door, refusing=self._centre.refuses(office, service))

    async def _handle(self, http: web.BaseRequest) -> web.StreamResponse:
        transport = http.transport
        if transport is None:
            return web.Response()  # Gone already; nobody reads this.
        office, service = self._by_port[transport.get_extra_info("sockname")[1]]
        request = await _as_request(http, service)
        through = _BEFORE if self._certificates else ()
        decision = self._centre.decide(office, service, request, through=through)
        await self._wait(decision)
        if decision.breaks is not None:
            _reset(transport)
            return web.Response()  # The connection is gone; nobody reads this.
        return web.Response(status=decision.status, body=decision.body, headers=HEADERS)

    async def _wait(self, decision: Decision) -> None:
        wait_s = HANG_S if decision.breaks is Kind.TIMEOUT else decision.delay_s
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._stopping.wait()


async def _set(door: Door, *, refusing: bool) -> None:
    if refusing and door.is_open:
        door.refuse()
    elif not refusing and not door.is_open:
        await door.open()


def _taken(door: Door, error: OSError) -> str:
    host, port = door.address
    why = error.strerror or str(error)
    return f"no service can listen at {host}:{port} ({why}); choose another host or port"


def make_room(offices: int) -> None:
    """Raise the limit of open files for ``offices``; else say how many offices fit."""
    wanted = offices * DESCRIPTORS_AN_OFFICE + SPARE_DESCRIPTORS
    limit = raise_descriptor_limit(wanted)
    if limit < wanted:
        fit = max(0, (limit - SPARE_DESCRIPTORS) // DESCRIPTORS_AN_OFFICE)
        told = (
            f"{offices} offices need {wanted} open files and this machine allows {limit}: "
            f"{fit} offices fit; choose fewer, or raise `ulimit -n`"
        )
        raise ConfigurationError([told])


async def _as_request(http: web.BaseRequest, service: str) -> Request:
    return Request(
        role="",
        service=service,
        method=http.method,
        path=http.path,
        headers={name.lower(): value for name, value in http.headers.items()},
        params=dict(http.query),
        json=_parsed(await http.read()),
    )


def _parsed(body: bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return None


def _reset(transport: asyncio.Transport) -> None:
    connection = transport.get_extra_info("socket")
    if connection is not None:
        # Closing without lingering sends RST where FIN would be polite.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()
