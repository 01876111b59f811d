"""Names of the simulated centre: a real name server on loopback for each office, and its client.

What it answers is the office's own resolver, so it falls silent with the office's line; a fault of
the centre's names is an answer with a code, or no answer at all.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable

from agent.adapters.dns_query import question
from agent.simulation.certificates import DOMAIN
from agent.simulation.loopback import HOST

NO_ANSWER = "TIMEOUT"
CODES = {"NOERROR": 0, "FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5}
"""By the names that people write (RFC 1035, section 4.1.1); NOERROR is a name without address."""
CLIENT_TIMEOUT_S = 10.0

_HEADER = struct.Struct("!6H")
_TYPE_A = 1
_RESPONSE = 0x8180
"""Flags of a plain, recursive answer; the code is added."""
_FAILURES = {2: socket.EAI_AGAIN, 3: socket.EAI_NONAME}

Trouble = Callable[[str], str | None]
"""The code that a service's name gets now, as it is written; None: its address."""


def label_of(service: str) -> str:
    """The first label of a service's host name, such as ``simkim-login``."""
    return service.replace(".", "-")


def name_of(service: str) -> str:
    """The host name of a service."""
    return f"{label_of(service)}.{DOMAIN}"


def no_trouble(_service: str) -> str | None:
    """All names are well."""
    return None


class NameServer(asyncio.DatagramProtocol):
    """Answers every question for an address with loopback's, but for names in trouble."""

    def __init__(self, is_cut: Callable[[], bool], trouble: Trouble = no_trouble) -> None:
        """``trouble`` is asked for the first label of a name."""
        self._is_cut = is_cut
        self._trouble = trouble
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        """Called once, by the loop."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Called for every question, by the loop."""
        if self._is_cut() or self._transport is None:
            return
        code = self._trouble(_first_label(data))
        answer = None if code == NO_ANSWER else dns_answer(data, code)
        if answer:
            self._transport.sendto(answer, addr)


def dns_answer(query: bytes, code: str | None = None) -> bytes | None:
    """The answer to a question for one name; None when this is no such question."""
    end = query.find(b"\0", _HEADER.size) + 5
    if end <= _HEADER.size or len(query) < end:
        return None
    number, _, questions, *_ = _HEADER.unpack_from(query)
    (asked,) = struct.unpack_from("!H", query, end - 4)
    if questions != 1:
        return None
    found = asked == _TYPE_A and code is None
    flags = _RESPONSE + (CODES[code] if code else 0)
    answer = _HEADER.pack(number, flags, 1, int(found), 0, 0) + query[_HEADER.size : end]
    if found:
        # The name is a pointer to the question's; then A, IN, 60 seconds, 4 bytes.
        answer += struct.pack("!HHHIH", 0xC00C, _TYPE_A, 1, 60, 4) + socket.inet_aton(HOST)
    return answer


def lookup_at(server: tuple[str, int]) -> Callable[[str, int], list[str]]:
    """A look-up, for :class:`agent.adapters.dns_resolver.Resolver`, that asks this server alone."""

    def look_up(host: str, _port: int) -> list[str]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(CLIENT_TIMEOUT_S)
            asking.connect(server)
            asking.send(question(1, host))
            try:
                answer = asking.recv(512)
            except TimeoutError:
                raise socket.gaierror(socket.EAI_AGAIN, "no answer") from None
        _, flags, _, answers, *_ = _HEADER.unpack_from(answer)
        if code := flags & 0x000F:
            raise socket.gaierror(_FAILURES.get(code, socket.EAI_FAIL), f"code {code}")
        return [socket.inet_ntoa(answer[-4:])] if answers else []

    return look_up


def _first_label(query: bytes) -> str:
    size = query[_HEADER.size] if len(query) > _HEADER.size else 0
    return query[_HEADER.size + 1 : _HEADER.size + 1 + size].decode("ascii", "replace")
