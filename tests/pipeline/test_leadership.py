from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import pytest

from agent.adapters.memory_exchange import MemoryExchange, MemoryStore
from agent.pipeline.leadership import Leadership
from agent.simulation.virtual_time import VirtualClock
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

NAMES = ("jember", "sorong", "medan")


class Hub:
    """A hub whose leadership is stepped once a second, unless it is frozen."""

    def __init__(self, store: MemoryStore, clock: VirtualClock, name: str) -> None:
        self.name = name
        self.frozen = False
        self.exchange = MemoryExchange(store, name, latency_s=0.01)
        self.leadership = Leadership(self.exchange, name, clock, boot=name)

    async def live(self) -> None:
        await self.exchange.start()
        while True:
            if not self.frozen:
                await self.leadership.step()
            await asyncio.sleep(1.0)


class Election:
    """Three hubs over one store, and whoever watches that never two may act."""

    def __init__(self) -> None:
        self.clock = VirtualClock(asyncio.get_running_loop())
        self.store = MemoryStore(self.clock)
        self.hubs = [Hub(self.store, self.clock, name) for name in NAMES]
        self.fences: list[tuple[float, int]] = []

    def leaders(self) -> Sequence[Hub]:
        return [hub for hub in self.hubs if hub.leadership.may_act()]

    async def run(self, seconds: float) -> None:
        for _ in range(int(seconds * 10)):
            leaders = self.leaders()
            assert len(leaders) <= 1
            if leaders and leaders[0].leadership.fence not in self.fences:
                self.fences.append(leaders[0].leadership.fence)
            await asyncio.sleep(0.1)


@pytest.fixture
async def election():
    election = Election()
    tasks = [asyncio.create_task(hub.live()) for hub in election.hubs]
    yield election
    for task in tasks:
        assert not task.done(), task.exception()
        task.cancel()


async def test_one_leads_and_goes_on_leading(election: Election):
    await election.run(120.0)
    assert len(election.leaders()) == 1
    assert [term for _, term in election.fences] == [1]


async def test_a_frozen_leader_is_followed_by_one_with_the_next_term(election: Election):
    await election.run(10.0)
    (leader,) = election.leaders()
    leader.frozen = True
    await election.run(25.0)
    (successor,) = election.leaders()
    assert successor is not leader
    leader.frozen = False
    await election.run(30.0)
    assert election.leaders() == [successor]
    assert leader.leadership.term == 0
    assert [term for _, term in election.fences] == [1, 2]


async def test_a_leader_cut_off_stops_before_another_begins(election: Election):
    await election.run(10.0)
    (leader,) = election.leaders()
    election.store.cut(leader.name)
    await election.run(30.0)
    (successor,) = election.leaders()
    assert successor is not leader


async def test_lost_answers_neither_make_two_leaders_nor_end_the_term(election: Election):
    await election.run(10.0)
    (leader,) = election.leaders()
    election.store.lose_answers(leader.name)
    await election.run(8.0)
    election.store.restore(leader.name)
    await election.run(30.0)
    assert [term for _, term in election.fences] == [1]


async def test_who_resigns_while_a_renewal_is_under_way_leads_no_longer(election: Election):
    await election.run(10.0)
    (leader,) = election.leaders()
    leader.frozen = True
    await asyncio.sleep(6.0)  # A renewal is due.
    renewal = asyncio.create_task(leader.leadership.step())
    await asyncio.sleep(0.005)
    await leader.leadership.resign()
    await renewal
    assert not leader.leadership.may_act()


async def test_who_resigns_is_followed_within_two_seconds(election: Election):
    await election.run(10.0)
    (leader,) = election.leaders()
    await leader.leadership.resign()
    assert election.leaders() == []
    await election.run(2.0)
    (successor,) = election.leaders()
    assert successor is not leader
    assert successor.leadership.term == 2


async def test_a_wiped_store_begins_another_generation_of_terms(election: Election):
    await election.run(10.0)
    election.store.wipe()
    await election.run(40.0)
    (leader,) = election.leaders()
    assert leader.leadership.term == 1
    assert election.fences == sorted(election.fences)
    assert election.fences[0][0] < election.fences[-1][0]


async def test_one_who_leads_on_after_a_wipe_bears_the_fence_of_the_store_that_elected_it(
    election: Election,
):
    await election.run(10.0)
    (leader,) = election.leaders()
    elected = leader.leadership.fence
    election.store.wipe()
    await leader.exchange.beat(b"")
    election.store.lose_answers(leader.name)
    await election.run(2.0)
    assert leader.exchange.health().generation != elected[0]
    assert leader.leadership.may_act()
    assert leader.leadership.fence == elected


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_happens_never_two_may_act(election: Election, seed: int):
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails
    chance = random.Random(seed)
    led = 0
    await election.run(5.0)
    for _ in range(40):
        hub = chance.choice((*election.leaders(), *election.leaders(), *election.hubs))
        fault = chance.choice((election.store.cut, election.store.lose_answers, _nothing))
        fault(hub.name)
        hub.frozen = chance.random() < 0.3
        if chance.random() < 0.1:
            election.store.freeze()
        await election.run(chance.uniform(1.0, 30.0))
        election.store.restore()
        election.store.restore(hub.name)
        hub.frozen = False
        await election.run(chance.uniform(1.0, 20.0))
        led += bool(election.leaders())
    assert led > 20
    terms = [term for _, term in election.fences]
    assert terms == sorted(terms)
    assert len(terms) > 3


def _nothing(_name: str) -> None:
    """No fault this time."""
