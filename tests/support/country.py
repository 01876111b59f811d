"""Offices that report to a store, and hubs that lead them over it. In virtual time.

The offices are as the exchange knows them: they probe, publish each result and beat. The hubs are
the program's own leaders, elected over the same store.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from agent.adapters.memory_exchange import MemoryExchange, MemoryStore
from agent.core import codec, election, wire
from agent.core.election import Lease
from agent.core.graph import Graph
from agent.core.incident import Incident
from agent.core.model import Branch, Bulletin, Outcome, Routes, Service, Sight
from agent.core.tuning import Tuning
from agent.core.wording import Wording
from agent.pipeline.incident_book import PREFIX
from agent.pipeline.leadership import Leadership
from agent.pipeline.leading import Leader
from agent.pipeline.mandate import Mandate
from agent.pipeline.term import Term
from agent.ports import ExchangeError, Receiver, Synced, WatchEvent
from agent.simulation.virtual_time import VirtualClock
from agent.simulation.workspace import Workspace, WorkspaceMessage, WorkspaceNotifier
from tests.support.tally import Tally
from tests.support.verdicts import REVISION, Agent, scattered

MAIN = "pantau-nasional"
PERIOD_S = 20.0
BEAT_S = 10.0


class Country:
    """Twelve offices of twelve provinces, and whoever leads them."""

    def __init__(
        self,
        services: Sequence[str] = ("x",),
        offices: int = 12,
        *,
        needs: Mapping[str, str] | None = None,
    ) -> None:
        """``needs``: service -> the one that it needs."""
        self.clock = VirtualClock(asyncio.get_running_loop())
        self.store = MemoryStore(self.clock)
        self.workspace = Workspace([MAIN], self.clock)
        self.services = services
        self.broken: set[str] = set()
        """Services that fail at every office."""
        self.untouched: set[str] = set()
        """But at these offices nothing fails."""
        self.talkative = True
        """Every result is published; else only beats are."""
        self.restless = False
        """Offices see and do not see by turns, so that there is always something new to tell."""
        self.offices = {
            branch.id: Office(self, branch, spread_s=PERIOD_S * rank / offices)
            for rank, branch in enumerate(scattered(offices))
        }
        self.hubs: dict[str, Hub] = {}
        self.receivers: Callable[[str], Sequence[Receiver]] = lambda _hub: ()
        """Makes the receivers beside Slack of a hub's next term."""
        self.mandate = Mandate(
            branches={branch.id: branch for branch in scattered(offices)},
            graph=_graph(services, needs or {}),
            tuning=Tuning(),
            periods_s=dict.fromkeys(services, PERIOD_S),
            revision=REVISION,
            routes=Routes(main=MAIN),
            wording=Wording(),
        )

    async def open(self, *offices: str) -> None:
        """Open offices, all unless some are named; each reports at once."""
        for office in offices or self.offices:
            self.offices[office].open()
        await asyncio.sleep(0.1)  # Virtual: until the first reports are stored.

    async def hub(self, name: str, *, wall_ahead_s: float = 0.0) -> Hub:
        """One more hub, which stands for election from now on."""
        hub = self.hubs[name] = Hub(self, name, wall_ahead_s)
        await hub.exchange.start()
        hub.task = asyncio.create_task(hub.leader.run())
        return hub

    def lease(self) -> Lease | None:
        """What the store says of who leads."""
        record = self.store.coordination.get(election.LEASE_NAME)
        return Lease.decode(record.value) if record else None

    def incidents(self) -> dict[str, Incident]:
        """The incidents on record, by root service."""
        records = [r for n, r in self.store.coordination.items() if n.startswith(PREFIX)]
        found = [codec.from_bytes(Incident, record.value) for record in records]
        return {each.root: each for each in found}

    def bulletin(self) -> Bulletin:
        """The bulletin that stands."""
        return codec.from_bytes(Bulletin, self.store.public["bulletin"].value)

    async def outage(self) -> Hub:
        """Its service ``x`` fails everywhere, and the hub of Medan has opened the incident."""
        await self.open()
        hub = await self.hub("medan")
        await asyncio.sleep(30)
        self.broken.add("x")
        await asyncio.sleep(60)
        if not self.incident.open:
            raise AssertionError(f"the outage was not seen: {self.incident}")
        return hub

    @property
    def incident(self) -> Incident:
        """The incident of service ``x``."""
        return self.incidents()["x"]

    @property
    def root(self) -> WorkspaceMessage:
        """The only root message of the main channel."""
        (only,) = self.workspace.roots(MAIN)
        return only

    def thread(self) -> list[WorkspaceMessage]:
        """The replies to it."""
        return self.workspace.replies(MAIN, self.root.ts)

    async def close(self) -> None:
        tasks = [o.task for o in self.offices.values()] + [h.task for h in self.hubs.values()]
        for task in tasks:
            await _end(task)


def _graph(services: Sequence[str], needs: Mapping[str, str]) -> Graph:
    needed = {each: (needs[each],) if each in needs else () for each in services}
    return Graph(
        [Service(id=each, name_id=each, name_en=each, needs=needed[each]) for each in services]
    )


class Office:
    """One office that reports."""

    def __init__(self, country: Country, branch: Branch, *, spread_s: float) -> None:
        """``spread_s`` is between its first probe, at its opening, and its first slot."""
        self.exchange = MemoryExchange(country.store, branch.id, can_coordinate=False)
        self.task: asyncio.Task[None] | None = None
        self._name = branch.id
        self._country = country
        self._spread_s = spread_s
        self._agent = Agent(branch.id, country.services, Tuning())

    def open(self) -> None:
        self.task = asyncio.create_task(self._live())

    async def fall_silent(self) -> None:
        await _end(self.task)

    async def _live(self) -> None:
        await self.exchange.start()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._beat())
            tasks.create_task(self._probe())

    async def _beat(self) -> None:
        await self.exchange.beat(b"{}")
        await asyncio.sleep(self._spread_s * BEAT_S / PERIOD_S)
        while True:
            await self.exchange.beat(b"{}")
            await asyncio.sleep(BEAT_S)

    async def _probe(self) -> None:
        await self._ask_once()
        await asyncio.sleep(self._spread_s)
        while True:
            await self._ask_once()
            await asyncio.sleep(PERIOD_S)

    async def _ask_once(self) -> None:
        country, now_s = self._country, self._country.clock.now_s()
        broken = set() if self._name in country.untouched else country.broken
        for service in country.services:
            outcome = Outcome.FAIL if service in broken else Outcome.OK
            self._agent.run(service, outcome, now_s)
        if country.restless:
            self._agent.sight = Sight(sees=not self._agent.sight.sees)
        if country.talkative:
            await self.exchange.publish(wire.encode_status(self._agent.status(now_s)))


class HubExchange(MemoryExchange):
    """Keeps when what was written, refuses what it is told to, and may be blind."""

    def __init__(self, store: MemoryStore, branch: str) -> None:
        super().__init__(store, branch, latency_s=0.05)
        self.writes: list[tuple[float, str]] = []
        """(seconds, name) of every write that the store took."""
        self.refuses: Callable[[str], ExchangeError | None] = lambda _: None
        self.hangs: Callable[[str], bool] = lambda _: False
        self.blind = False
        """No picture of the offices is ever whole."""

    async def compare_and_set(self, name: str, value: bytes, expect: int) -> int:
        await self._meet(name)
        revision = await super().compare_and_set(name, value, expect)
        self.writes.append((self._store.clock.now_s(), name))
        return revision

    async def announce(self, name: str, value: bytes) -> int:
        await self._meet(name)
        revision = await super().announce(name, value)
        self.writes.append((self._store.clock.now_s(), name))
        return revision

    async def watch(self, silent_after_s: float) -> AsyncIterator[WatchEvent]:
        async for event in super().watch(silent_after_s):
            if not (self.blind and isinstance(event, Synced)):
                yield event

    async def _meet(self, name: str) -> None:
        if self.hangs(name):
            await asyncio.Event().wait()
        error = self.refuses(name)
        if error is not None:
            raise error


class Hub:
    """A hub that leads when it is elected."""

    def __init__(self, country: Country, name: str, wall_ahead_s: float) -> None:
        self.task: asyncio.Task[None] | None = None
        self.exchange = HubExchange(country.store, name)
        self.meters = Tally()
        clock = VirtualClock(
            asyncio.get_running_loop(), wall_start_s=country.clock.wall_start_s + wall_ahead_s
        )
        self.leadership = Leadership(self.exchange, name, clock, boot=name)
        self.leader = Leader(
            branch=name,
            exchange=self.exchange,
            leadership=self.leadership,
            notifier=WorkspaceNotifier(country.workspace, name, clock),
            mandate=country.mandate,
            clock=clock,
            meters=self.meters,
            receivers=lambda: country.receivers(name),
        )

    @property
    def term(self) -> Term:
        """The term that this hub leads; there must be one."""
        assert self.leader.term is not None
        return self.leader.term

    async def die(self) -> None:
        """The process is gone; its lease runs out by itself."""
        await _end(self.task)


async def _end(task: asyncio.Task[None] | None) -> None:
    """Cancel a task that should still be running."""
    if task is not None and not task.cancelled():
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled(), task.exception()
