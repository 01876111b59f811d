"""Incidents to tell, a workspace to tell them in, and hubs that may die at any of their calls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from agent.adapters.memory_exchange import MemoryExchange, MemoryStore
from agent.core import codec, incident_life
from agent.core.incident import Change, Delivery, Incident, Message
from agent.core.model import NATION, AlarmPhase, Channel, Evidence, Scope, Severity, Situation
from agent.core.wording import Wording
from agent.pipeline.delivery import Deliverer
from agent.pipeline.incident_book import PREFIX, IncidentBook
from agent.pipeline.telling import Desk
from agent.ports import NotifierHealth, Outgoing, Posted, Reaction, Record
from agent.simulation.virtual_time import VirtualClock
from agent.simulation.workspace import Weather, Workspace, WorkspaceMessage, WorkspaceNotifier, fair
from tests.support.tally import Tally

MAIN, FALLBACK = "pantau-nasional", "pantau-cadangan"
SERVICE = "simponi.billing"

T = TypeVar("T")


class Killed(BaseException):
    """The process is gone: nothing that it does has any effect, nor does it clean up."""


class Fate:
    """Decides at which of a hub's calls to the outside it dies, or is only cancelled or slept."""

    def __init__(self, at: int | None = None, *, applied: bool = False) -> None:
        """``at``: the number of the call, from 1; ``applied``: the call still has its effect."""
        self.calls = 0
        self.dead = False
        self.on_call: Callable[[str], Awaitable[None]] | None = None
        """Awaited before each call with its name, if given."""
        self._at = at
        self._applied = applied

    async def meet(self, name: str, call: Callable[[], Awaitable[T]]) -> T:
        if self.dead:
            raise Killed(name)
        if self.on_call is not None:
            await self.on_call(name)
        self.calls += 1
        if self.calls != self._at:
            return await call()
        self.dead = True
        if self._applied:
            await call()
        raise Killed(name)


class MortalExchange(MemoryExchange):
    """The calls of telling, through fate."""

    def __init__(self, store: MemoryStore, branch: str, fate: Fate) -> None:
        super().__init__(store, branch, latency_s=0.05)
        self._fate = fate

    async def read(self, name: str) -> Record:
        return await self._fate.meet("read", partial(super().read, name))

    async def compare_and_set(self, name: str, value: bytes, expect: int) -> int:
        write = partial(super().compare_and_set, name, value, expect)
        return await self._fate.meet("write", write)


class MortalNotifier:
    """Implements :class:`agent.ports.Notifier`: a workspace's, through fate."""

    def __init__(self, inner: WorkspaceNotifier, fate: Fate) -> None:
        self.post_timeout_s = inner.post_timeout_s
        self._inner = inner
        self._fate = fate

    async def post(self, message: Outgoing) -> Posted:
        return await self._fate.meet("post", lambda: self._inner.post(message))

    async def update(self, posted: Posted, message: Outgoing) -> None:
        await self._fate.meet("update", lambda: self._inner.update(posted, message))

    async def find(self, channel: str, thread: str | None = None) -> Sequence[Posted]:
        return await self._fate.meet("find", lambda: self._inner.find(channel, thread))

    async def delete(self, posted: Posted) -> None:
        await self._fate.meet("delete", lambda: self._inner.delete(posted))

    async def reactions(self, posted: Posted) -> Sequence[Reaction]:
        return await self._fate.meet("reactions", lambda: self._inner.reactions(posted))

    async def check(self) -> None:
        await self._fate.meet("check", self._inner.check)

    def health(self) -> NotifierHealth:
        return self._inner.health()

    async def close(self) -> None:
        await self._inner.close()


class Lease:
    """An election's word for one hub, as a test wants it."""

    def __init__(self, clock: VirtualClock, term: int, seconds: float = float("inf")) -> None:
        self.term = term
        self._clock = clock
        self._until_s = clock.now_s() + seconds

    def remaining_s(self) -> float:
        return max(0.0, self._until_s - self._clock.now_s())

    def may_act(self) -> bool:
        return self.remaining_s() > 0

    def end(self, in_s: float = 0.0) -> None:
        self._until_s = self._clock.now_s() + in_s


class Hub:
    """One leader's delivery."""

    def __init__(self, room: Newsroom, name: str, lease: Lease, fate: Fate) -> None:
        self.lease, self.fate, self.meters = lease, fate, Tally()
        self.exchange = MortalExchange(room.store, name, fate)
        self.book = IncidentBook(self.exchange, lease.may_act)
        desk = Desk(
            branch=name,
            notifier=MortalNotifier(WorkspaceNotifier(room.workspace, name, room.clock), fate),
            authority=lease,
            wording=Wording(),
            fallback=FALLBACK,
            clock=room.clock,
            stream_now_s=room.store.stream_s,
            store_made_s=room.store.generation,
            meters=self.meters,
        )
        self.deliverer = Deliverer(desk, self.book)
        self.work: asyncio.Task[None] | None = None

    async def lead(self) -> None:
        """Take over: read the book, rewrite what is open, and tell."""
        await self.exchange.start()
        await self.book.load()
        for standing in self.book.incidents():
            if standing.open or standing.untold:
                await self.book.change(
                    standing.name, lambda i: replace(i, term=self.lease.term) if i else None
                )
        self.work = asyncio.create_task(self.deliverer.run())

    async def stop(self) -> None:
        """As a cancelled term ends."""
        if self.work is not None:
            self.work.cancel()
            await asyncio.wait([self.work])
            if not self.work.cancelled():
                self.work.exception()


class Newsroom:
    """A store, a workspace, and whoever leads."""

    def __init__(self, weather: Weather = fair) -> None:
        self.clock = VirtualClock(asyncio.get_running_loop())
        self.store = MemoryStore(self.clock)
        self.workspace = Workspace([MAIN, FALLBACK], self.clock, weather)
        self.hubs: list[Hub] = []
        self.terms = 0

    def hub(self, *, seconds: float = float("inf"), fate: Fate | None = None) -> Hub:
        """One more hub, elected for so long."""
        self.terms += 1
        lease = Lease(self.clock, self.terms, seconds)
        hub = Hub(self, f"hub-{self.terms}", lease, fate or Fate())
        self.hubs.append(hub)
        return hub

    async def leader(self, *, seconds: float = float("inf"), fate: Fate | None = None) -> Hub:
        """A hub that has taken over."""
        hub = self.hub(seconds=seconds, fate=fate)
        await hub.lead()
        return hub

    def standing(self, name: str | None = None) -> list[Incident]:
        """The incidents as the exchange has them."""
        records = [r for n, r in self.store.coordination.items() if n.startswith(PREFIX)]
        found = [codec.from_bytes(Incident, record.value) for record in records]
        return [each for each in found if name in (None, each.name)]

    def roots(self) -> list[WorkspaceMessage]:
        return self.workspace.roots()

    def thread(self) -> list[str]:
        """The texts under the only root."""
        (root,) = self.roots()
        return [each.text for each in self.workspace.replies(root.channel, root.ts)]

    async def close(self) -> None:
        for hub in self.hubs:
            await hub.stop()


def situation(service: str = SERVICE, *, failing: int = 12) -> Situation:
    return Situation(
        scope=Scope.NATIONAL,
        group=NATION,
        root=service,
        severity=Severity.PARTIAL,
        phase=AlarmPhase.DECLARED,
        channels=(Channel.FAIL,),
        since_s=1_760_000_000.0,
        declared_s=1_760_000_020.0,
        evidence=Evidence(failing=tuple(f"office-{n}" for n in range(failing)), reporting=12),
    )


async def open_incident(hub: Hub, service: str = SERVICE, storm: str | None = None) -> Incident:
    """Decide that an incident is open; its root message is then to be told."""
    begun = incident_life.begin(
        situation(service), channel=MAIN, term=hub.lease.term, now_s=1_760_000_020.0, storm=storm
    )
    opened = await hub.book.change(begun.name, lambda _: begun)
    assert opened is not None
    return opened


async def say(hub: Hub, incident: Incident, *texts: str) -> None:
    """Decide to say something in the incident's thread."""

    def how(current: Incident | None) -> Incident | None:
        assert current is not None
        first = 1 + max(each.sequence for each in current.messages)
        replies = tuple(
            Message(sequence=first + n, change=Change.GROWN, at_s=0.0, channel=MAIN, text=text)
            for n, text in enumerate(texts)
        )
        return replace(
            current, messages=(*current.messages, *replies), revision=current.revision + 1
        )

    await hub.book.change(incident.name, how)


async def touch(hub: Hub, incident: Incident) -> None:
    """Change what the root message shows."""
    await hub.book.change(
        incident.name, lambda i: replace(i, revision=i.revision + 1) if i else None
    )


def all_told(incidents_: Sequence[Incident]) -> bool:
    return all(
        each.delivery is Delivery.POSTED for incident in incidents_ for each in incident.messages
    )
