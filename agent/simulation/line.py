"""An office's own line: what tells a cut cable from a broken centre.

``OfficeLine`` stands for the real things on loopback: a gateway, a resolver, three other networks,
and the way to the exchange. All of them stop answering while the line is cut. ``SimulatedControls``
is their counterpart where there are no sockets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress

from agent.core.model import Sight
from agent.core.sight import ControlGroup, ControlReading, judge_sight
from agent.simulation.centre import Centre
from agent.simulation.loopback import HOST, Door
from agent.simulation.name_server import NameServer, Trouble, no_trouble
from agent.simulation.relay import Relay

LOOK_EVERY_S = 0.05
OTHER_NETWORKS = 3
CONTROL_TIMEOUT_S = 1.0
"""How long simulated controls wait in vain before they say so."""
CONTROL_ANSWER_S = 0.02

RESOLVER = "dns resolver.example:53"
NETWORKS = tuple(f"tcp network-{number}.example:443" for number in range(1, OTHER_NETWORKS + 1))
"""The controls that all simulated offices share; each has a gateway of its own."""

_NEAR = (
    (ControlGroup.GATEWAY, None),
    (ControlGroup.RESOLVER, RESOLVER),
    *((ControlGroup.NETWORK, name) for name in NETWORKS),
)


class SimulatedControls:
    """``agent.ports.Controls`` of one office of an in-process centre."""

    def __init__(self, centre: Centre, office: str, dead: Collection[str] = ()) -> None:
        """``dead``: shared controls that answer nobody, as that collection stands at each look."""
        self._centre = centre
        self._office = office
        self._dead = dead
        self._ignored = frozenset[str]()

    def ignore(self, names: Collection[str]) -> None:
        """Let the controls of these shared names, and no others, count no more."""
        self._ignored = frozenset(names)

    async def look(self) -> Sight:
        """See, unless this office's line is cut or what it looks at is dead."""
        cut = self._centre.line_cut(self._office)
        readings = [self._reading(group, shared, cut=cut) for group, shared in _NEAR]
        all_answer = all(each.answered for each in readings)
        await asyncio.sleep(CONTROL_ANSWER_S if all_answer else CONTROL_TIMEOUT_S)
        return judge_sight(readings, ignored=self._ignored)

    def _reading(self, group: ControlGroup, shared: str | None, *, cut: bool) -> ControlReading:
        return ControlReading(
            name=shared or group.value,
            group=group,
            shared=shared,
            answered=not cut and shared not in self._dead,
            detail="timeout",
        )


class OfficeLine:
    """Real near controls and a relay to the exchange, which live and die with one line."""

    def __init__(
        self,
        is_cut: Callable[[], bool],
        *,
        exchange: tuple[str, int] | None = None,
        trouble: Trouble = no_trouble,
    ) -> None:
        """``trouble``: of names, by their first label; see :mod:`agent.simulation.name_server`."""
        self._is_cut = is_cut
        self._trouble = trouble
        self._gateway = Door(_Greeter)
        self._networks = tuple(Door(_Greeter) for _ in range(OTHER_NETWORKS))
        self._relay = Relay(exchange) if exchange else None
        self._resolver: asyncio.DatagramTransport | None = None
        self._follower: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open everything and begin to follow the line."""
        for door in (self._gateway, *self._networks):
            await door.open()
        if self._relay:
            await self._relay.open()
        loop = asyncio.get_running_loop()
        self._resolver, _ = await loop.create_datagram_endpoint(
            lambda: NameServer(self._is_cut, self._trouble), local_addr=(HOST, 0)
        )
        self._follower = asyncio.create_task(self._follow(), name="office line")

    @property
    def gateway(self) -> tuple[str, int]:
        """TCP: host and port."""
        return self._gateway.address

    @property
    def networks(self) -> tuple[tuple[str, int], ...]:
        """TCP: hosts and ports of the other networks."""
        return tuple(door.address for door in self._networks)

    @property
    def resolver(self) -> tuple[str, int]:
        """UDP: host and port of the office's name server."""
        if self._resolver is None:
            raise RuntimeError("start the line before asking for its resolver")
        host, port = self._resolver.get_extra_info("sockname")
        return host, port

    @property
    def exchange(self) -> tuple[str, int]:
        """TCP: where this office finds the exchange."""
        if self._relay is None:
            raise RuntimeError("this line was made without an exchange")
        return self._relay.address

    async def stop(self) -> None:
        """Let go of everything; may be called twice."""
        if self._follower is not None:
            self._follower.cancel()
            with suppress(asyncio.CancelledError):
                await self._follower
            self._follower = None
        for door in (self._gateway, *self._networks):
            door.close()
        if self._relay:
            await self._relay.close()
        if self._resolver is not None:
            self._resolver.close()

    async def _follow(self) -> None:
        was_cut = False
        while True:
            if self._is_cut() is not was_cut:
                was_cut = not was_cut
                await (self._cut() if was_cut else self._mend())
            await asyncio.sleep(LOOK_EVERY_S)

    async def _cut(self) -> None:
        for door in (self._gateway, *self._networks):
            door.fall_silent()
        if self._relay:
            await self._relay.cut()

    async def _mend(self) -> None:
        for door in (self._gateway, *self._networks):
            await door.open()
        if self._relay:
            await self._relay.open()


class _Greeter(asyncio.Protocol):
    """Proves that somebody is there, and says no more."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
