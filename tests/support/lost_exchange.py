"""Offices that lose their exchange, some of them their internet too, and three that may tell."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from random import Random

from agent.adapters.memory_exchange import MemoryExchange, MemoryStore
from agent.core.model import Branch
from agent.core.tuning import Tuning
from agent.core.wording import Wording
from agent.pipeline.alerting import Alerter, Turn
from agent.pipeline.office import Identity, Office
from agent.pipeline.sharing import Sharer
from agent.simulation.virtual_time import VirtualClock
from agent.simulation.workspace import (
    Fault,
    Weather,
    Workspace,
    WorkspaceMessage,
    WorkspaceNotifier,
)
from tests.support.tally import Tally

MAIN = "pantau-nasional"
JITTER_S = 30.0


class LonelyOffice:
    """An office's part in the exchange, and its alerter if it has one."""

    def __init__(self, nation: LonelyNation, branch: Branch, jitter_s: float) -> None:
        clock = nation.clock
        self.branch = branch
        self.meters = Tally()
        self.exchange = MemoryExchange(nation.store, branch.id, latency_s=0.05)
        identity = Identity(branch=branch, program="0", nation="r1:0", boot_id=f"b-{branch.id}")
        self.office = Office(identity, ("cetak",), Tuning(), clock.now_s())
        self.sharer = Sharer(
            office=self.office,
            exchange=self.exchange,
            clock=clock,
            meters=self.meters,
            jitter_s=jitter_s,
        )
        self.alerter: Alerter | None = None
        if branch.id in nation.alerters:
            self.alerter = Alerter(
                office=self.office,
                health=self.exchange,
                notifier=WorkspaceNotifier(nation.workspace, branch.id, clock),
                clock=clock,
                meters=self.meters,
                turn=Turn(
                    rank=nation.alerters.index(branch.id),
                    jitter_s=jitter_s,
                    channel=MAIN,
                    wording=Wording(),
                    names={each.id: each.name for each in nation.branches},
                ),
            )

    async def run(self, after_s: float = 0.0) -> None:
        """Begin some time after the others, as real offices do; until cancelled."""
        await asyncio.sleep(after_s)
        with suppress(Exception):
            await self.exchange.start()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.sharer.run())
            if self.alerter is not None:
                tasks.create_task(self.alerter.run())


class LonelyNation:
    """All of them, an exchange to lose and a channel to tell it in."""

    def __init__(
        self, branches: Sequence[Branch], alerters: Sequence[str], dice: Random | None = None
    ) -> None:
        self.clock = VirtualClock(asyncio.get_running_loop())
        self.store = MemoryStore(self.clock)
        self.branches = branches
        self.alerters = tuple(alerters)
        self.offline: frozenset[str] = frozenset()
        """Offices without internet: they reach neither the exchange nor the channel."""
        self.weather: Weather = lambda _method, _sender: None
        self.workspace = Workspace([MAIN], self.clock, self._weather)
        self._dice = dice or Random(0)
        self.offices = {
            each.id: LonelyOffice(self, each, self._dice.uniform(0.0, JITTER_S))
            for each in branches
        }
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Start all, spread over a heartbeat, and wait until they take part."""
        for name, office in self.offices.items():
            self._tasks[name] = asyncio.create_task(office.run(self._dice.uniform(0.0, 10.0)))
        await asyncio.sleep(25.0)

    def restart(self, name: str) -> LonelyOffice:
        """Kill one office's agent and start another in its place."""
        self._tasks[name].cancel()
        office = self.offices[name].branch
        self.offices[name] = LonelyOffice(self, office, self._dice.uniform(0.0, JITTER_S))
        self._tasks[name] = asyncio.create_task(self.offices[name].run())
        return self.offices[name]

    def lose_exchange(self, *, offline: Collection[str] = ()) -> None:
        self.offline = frozenset(offline)
        self.store.cut()

    def restore_exchange(self) -> None:
        self.store.restore()
        self.offline = frozenset()

    async def stop(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.wait(self._tasks.values())

    def roots(self) -> list[WorkspaceMessage]:
        return self.workspace.roots(MAIN)

    def thread(self) -> list[str]:
        """What is said under the only root."""
        (root,) = self.roots()
        return [each.text for each in self.workspace.replies(MAIN, root.ts)]

    def _weather(self, method: str, sender: str) -> Fault | None:
        return Fault.LOST_BEFORE if sender in self.offline else self.weather(method, sender)
