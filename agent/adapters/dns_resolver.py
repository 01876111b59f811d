"""Names to addresses, through the machine's own resolver, without ever starving anything else.

``getaddrinfo`` cannot be cancelled and may hang for as long as the resolver pleases. In the loop's
default pool a dozen hung look-ups would stop all disk and thread work of the process; here each
look-up has a thread of its own, of which there are few, and which never delays the exit.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
from collections.abc import Callable

Lookup = Callable[[str, int], list[str]]


class LookupFailed(Exception):  # noqa: N818 - a fact about the network, told to the caller
    """No address; the text says why, fit for people."""


class Resolver:
    """Resolves names, ``limit`` at once at most; shared by every agent of a process."""

    def __init__(self, *, limit: int = 16, lookup: Lookup | None = None) -> None:
        self._limit = limit
        self._lookup = lookup or _system_lookup
        self._running = 0

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host in the order in which to try them.

        Raises :class:`LookupFailed`. Waits for as long as the caller does: cancel it. A look-up
        that nobody waits for any more keeps its place among the ``limit`` until it ends.
        """
        if is_address(host):
            return [host]
        if self._running >= self._limit:
            raise LookupFailed(f"{self._running} look-ups are still without an answer")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[str]] = loop.create_future()
        threading.Thread(
            target=self._work, args=(loop, answer, host, port), name="pantau-dns", daemon=True
        ).start()
        self._running += 1
        return await answer

    def _work(
        self,
        loop: asyncio.AbstractEventLoop,
        answer: asyncio.Future[list[str]],
        host: str,
        port: int,
    ) -> None:
        found: list[str] | LookupFailed
        try:
            found = self._lookup(host, port) or LookupFailed("the name has no address")
        except (OSError, UnicodeError) as error:
            found = LookupFailed(_why(error))
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody is waiting
            loop.call_soon_threadsafe(self._finish, answer, found)

    def _finish(self, answer: asyncio.Future[list[str]], found: list[str] | LookupFailed) -> None:
        self._running -= 1
        if answer.done():
            return
        if isinstance(found, LookupFailed):
            answer.set_exception(found)
        else:
            answer.set_result(found)


def is_address(host: str) -> bool:
    """Tell whether ``host`` is an address already, and needs no look-up."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _system_lookup(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _why(error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError):
        return "the name is not a valid host name"
    if error.errno == socket.EAI_NONAME:
        return "the name does not exist"
    if error.errno == socket.EAI_AGAIN:
        return "the resolver does not answer"
    return "the name cannot be resolved"
