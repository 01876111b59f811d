"""A server on loopback that answers with whatever bytes a test likes."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class HostileServer:
    port: int
    heads: list[bytes] = field(default_factory=list)
    """Every request head that came, in order."""
    connections: int = 0
    open: set[asyncio.StreamWriter] = field(default_factory=set)
    all_closed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.asynccontextmanager
async def hostile_server(
    behave: Behaviour, *, tls: ssl.SSLContext | None = None, greeting: bytes = b""
) -> AsyncIterator[HostileServer]:
    """Serve until the block ends: greet, then call ``behave`` once for each request head."""
    tasks = set[asyncio.Task[None]]()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        hostile.connections += 1
        hostile.open.add(writer)
        hostile.all_closed.clear()
        writer.write(greeting)
        try:
            while True:
                hostile.heads.append(await reader.readuntil(b"\r\n\r\n"))
                await behave(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            hostile.open.discard(writer)
            if not hostile.open:
                hostile.all_closed.set()

    server = await asyncio.start_server(converse, "127.0.0.1", 0, ssl=tls)
    hostile = HostileServer(port=server.sockets[0].getsockname()[1])
    hostile.all_closed.set()
    try:
        yield hostile
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=2)


def answers(raw: bytes) -> Behaviour:
    """Say these bytes, and leave the connection open."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()

    return behave


def answers_and_closes(raw: bytes) -> Behaviour:
    """Say these bytes and hang up."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        raise ConnectionResetError

    return behave


def repeats(head: bytes, piece: bytes, every_s: float = 0.0) -> Behaviour:
    """Say ``head``, then ``piece`` until the other side goes."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while not reader.at_eof():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(every_s)

    return behave


def http(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A well-formed answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body
