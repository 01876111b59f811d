"""The wire between one office and the exchange: bytes pass until somebody cuts it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from agent.simulation.loopback import Door

CONNECT_TIMEOUT_S = 2.0

_CHUNK_BYTES = 64 * 1024


class Relay:
    """Carries bytes between an office and the exchange, until it is cut."""

    def __init__(self, exchange: tuple[str, int]) -> None:
        self._exchange = exchange
        self._door = Door(self._protocol)
        self._carrying: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> tuple[str, int]:
        """Where the office connects."""
        return self._door.address

    async def open(self) -> None:
        """Accept connections."""
        await self._door.open()

    async def cut(self) -> None:
        """Abort the connections that stand, refuse new ones."""
        self._door.refuse()
        await self._drop_all()

    async def close(self) -> None:
        """Abort the connections that stand, and let go of the port."""
        self._door.close()
        await self._drop_all()

    async def _drop_all(self) -> None:
        carrying = list(self._carrying)
        for task in carrying:
            task.cancel()
        if carrying:
            await asyncio.wait(carrying)

    def _protocol(self) -> asyncio.StreamReaderProtocol:
        return asyncio.StreamReaderProtocol(asyncio.StreamReader(), self._accept)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._carry(reader, writer), name="relay")
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_writer: asyncio.StreamWriter | None = None
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                far_reader, far_writer = await asyncio.open_connection(*self._exchange)
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(_pump(reader, far_writer))
                pumps.create_task(_pump(far_reader, writer))
        except OSError:
            pass  # The exchange is down, or one side went: the other must see it go as well.
        finally:
            writer.transport.abort()
            if far_writer is not None:
                far_writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry one direction to its end, and then hang up, which ends the other direction too."""
    with suppress(OSError):
        while chunk := await reader.read(_CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    writer.close()
