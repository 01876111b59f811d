"""One DNS question over UDP, to one resolver: enough to learn whether that resolver lives.

The machine's own look-up cannot be aimed at a given server and cannot be cancelled; the message is
a dozen bytes of header and a name, so it is written here (RFC 1035, section 4).
"""

from __future__ import annotations

import asyncio
import secrets
import struct

_HEADER = struct.Struct(">HHHHHH")
_RECURSION_DESIRED = 0x0100
_IS_ANSWER = 0x8000
_CODE = 0x000F
_ADDRESS_IN_INTERNET = struct.pack(">HH", 1, 1)
_ANSWERED_CODES = (0, 3)
"""No error, and no such name: both show a resolver at work. A server failure does not."""


class DnsFailed(Exception):  # noqa: N818 - a fact about the resolver
    """The resolver answered, but not as one that works."""


async def ask(server: str, port: int, name: str) -> None:
    """Return once the resolver has answered; waits for as long as the caller lets it.

    Raises :class:`DnsFailed` when it answers that it cannot, OSError when it cannot be reached.
    """
    loop = asyncio.get_running_loop()
    asked = question(secrets.randbelow(65_536), name)
    answered: asyncio.Future[int] = loop.create_future()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Listener(asked[:2], answered), remote_addr=(server, port)
    )
    try:
        transport.sendto(asked)
        code = await answered
    finally:
        transport.close()
    if code not in _ANSWERED_CODES:
        raise DnsFailed(f"answers with code {code}")


def question(number: int, name: str) -> bytes:
    """The message that asks for the addresses of a name; ``number`` comes back in the answer."""
    labels = name.rstrip(".").encode("idna").split(b".")
    encoded = b"".join(bytes((len(label),)) + label for label in labels if label) + b"\0"
    return _HEADER.pack(number, _RECURSION_DESIRED, 1, 0, 0, 0) + encoded + _ADDRESS_IN_INTERNET


class _Listener(asyncio.DatagramProtocol):
    """Waits for the answer that carries the question's number."""

    def __init__(self, number: bytes, answered: asyncio.Future[int]) -> None:
        self._number = number
        self._answered = answered

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:  # noqa: ARG002
        if len(data) < _HEADER.size or data[:2] != self._number or self._answered.done():
            return
        flags = _HEADER.unpack_from(data)[1]
        if flags & _IS_ANSWER:
            self._answered.set_result(flags & _CODE)

    def error_received(self, exc: Exception) -> None:
        if not self._answered.done():
            self._answered.set_exception(exc)
