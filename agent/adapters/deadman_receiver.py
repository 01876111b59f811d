"""A dead man's switch: a URL that is asked at intervals while a leader really assesses.

Whatever stops Pantau as a whole stops the requests too: no leader, an exchange that is gone, a
leader that sees no offices. Whoever keeps the switch then calls people, by another way than ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from agent.adapters.receiver_connection import Connection, Destination, ReceiverConnection
from agent.core.incident import Incident
from agent.ports import NotifyError

FRESH_S = 15.0
"""An assessment older than this is none."""
LOOK_S = 1.0


class DeadmanReceiver:
    """Implements :class:`agent.ports.Receiver`; incidents are nothing to it."""

    def __init__(self, destination: Destination, connection: Connection | None = None) -> None:
        self.name = destination.name
        self._to = destination
        self._connection = connection or ReceiverConnection(destination)
        self._assessed_s = float("-inf")

    def take(self, incidents: Sequence[Incident], now_s: float) -> None:
        del incidents, now_s
        self._assessed_s = self._to.clock.now_s()

    def handed(self) -> Mapping[str, int]:
        return {}

    async def run(self) -> None:
        """Ask every ``every_s`` while the last assessment is fresh."""
        failures = 0
        try:
            while True:
                if self._to.clock.now_s() - self._assessed_s > FRESH_S:
                    await asyncio.sleep(LOOK_S)
                    continue
                wait_s = self._to.every_s
                try:
                    await self._connection.send("GET")
                    failures = 0
                except NotifyError as error:
                    failures += 1
                    wait_s = min(wait_s, self._to.pause_s(failures, error))
                await asyncio.sleep(wait_s)
        finally:
            await self._connection.close()

    async def rehearse(self) -> None:
        """Ask once: to the switch this is a sign of life like any other."""
        try:
            await self._connection.send("GET")
        finally:
            await self._connection.close()


receiver = DeadmanReceiver
"""What makes it; see :mod:`agent.app.receivers`."""
