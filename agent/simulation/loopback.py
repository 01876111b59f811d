"""Loopback ports that misbehave on command, and the descriptors that many of them need."""

from __future__ import annotations

import asyncio
import resource
import socket
import ssl
from collections.abc import Callable

HOST = "127.0.0.1"

_FILLERS = 3


class Door:
    """One TCP port that keeps its number while it opens, refuses and falls silent."""

    def __init__(
        self,
        protocol: Callable[[], asyncio.BaseProtocol],
        *,
        tls: ssl.SSLContext | None = None,
        host: str = HOST,
        port: int = 0,
    ) -> None:
        """``port``: 0 for any that is free at the first opening."""
        self._protocol = protocol
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._held: list[socket.socket] = []
        self._host = host
        self.port = port

    @property
    def address(self) -> tuple[str, int]:
        """Where it is, once it has been opened."""
        return self._host, self.port

    @property
    def is_open(self) -> bool:
        """Tell whether it accepts connections."""
        return self._server is not None

    async def open(self) -> None:
        """Accept connections, at the port of the first opening."""
        self.close()
        listening = self._bound()
        self._server = await asyncio.get_running_loop().create_server(
            self._protocol, sock=listening, ssl=self._tls
        )

    def refuse(self) -> None:
        """Refuse new connections at once; those that stand are left alone."""
        self.close()
        # Bound but not listening: the kernel refuses, and gives the port to nobody else.
        self._held = [self._bound()]

    def fall_silent(self) -> None:
        """Let new connections wait for an answer that never comes, as behind a cut cable."""
        self.close()
        full = self._bound()
        full.listen(0)
        # A queue of one that nobody empties: the kernel drops whatever else knocks.
        self._held = [full, *(_knock(self.address) for _ in range(_FILLERS))]

    def close(self) -> None:
        """Let go of the port."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for held in self._held:
            held.close()
        self._held = []

    def _bound(self) -> socket.socket:
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        bound.settimeout(0.0)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind(self.address)
        except OSError:
            bound.close()
            raise
        self.port = bound.getsockname()[1]
        return bound


def _knock(address: tuple[str, int]) -> socket.socket:
    knocking = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    knocking.settimeout(0.0)
    knocking.connect_ex(address)
    return knocking


def raise_descriptor_limit(wanted: int) -> int:
    """Raise this process's soft limit of open files to ``wanted`` if it may; returns the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return max(soft, wanted)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return allowed
