"""A TCP relay on loopback that counts what passes, to learn what a connection costs."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

_CHUNK_BYTES = 65_536
_SEGMENT_OVERHEAD_BYTES = 2 * 66
"""Ethernet, IP and TCP headers with timestamps: of the segment, and of its acknowledgement."""


class CountingRelay:
    """Relays every connection to ``port`` on loopback."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.bytes = 0
        self.segments = 0

    @property
    def wire_bytes(self) -> int:
        """What passed, with the headers around it."""
        return self.bytes + self.segments * _SEGMENT_OVERHEAD_BYTES

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._pump(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while chunk := await source.read(_CHUNK_BYTES):
                self.bytes += len(chunk)
                self.segments += 1
                sink.write(chunk)
                await sink.drain()
        except OSError:
            pass
        finally:
            sink.close()
