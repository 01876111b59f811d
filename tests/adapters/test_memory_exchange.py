from __future__ import annotations

import asyncio

import pytest

from agent.adapters.memory_exchange import MemoryExchange, MemoryStore
from agent.ports import Silent, Stale, StatusPut, Unavailable
from agent.simulation.virtual_time import VirtualClock
from tests.adapters.exchange_conformance import ExchangeConformance, watching
from tests.support.virtual_time import virtual_time


class MemoryWorld:
    def __init__(self) -> None:
        self.clock = VirtualClock(asyncio.get_running_loop())
        self.store = MemoryStore(self.clock)

    def exchange(self, branch: str, *, hub: bool = True) -> MemoryExchange:
        return MemoryExchange(self.store, branch, can_coordinate=hub)

    def stranger(self, branch: str) -> MemoryExchange:
        self.store.refuse(branch)
        return self.exchange(branch)

    async def stop(self) -> None:
        self.store.cut()

    async def freeze(self) -> None:
        self.store.freeze()

    async def resume(self) -> None:
        self.store.restore()

    async def wipe(self) -> None:
        self.store.wipe()

    def set_wall_back(self, seconds: float) -> None:
        self.clock.wall_start_s -= seconds


@pytest.fixture
async def world():
    return MemoryWorld()


@virtual_time
class TestMemoryExchange(ExchangeConformance):
    async def test_one_branch_cut_off_leaves_the_others_alone(self, world: MemoryWorld):
        jember, sorong = world.exchange("jember"), world.exchange("sorong")
        await jember.start()
        await sorong.start()
        world.store.cut("sorong")

        with pytest.raises(Unavailable):
            await sorong.publish(b"x")
        assert not sorong.health().connected
        assert await jember.publish(b"x") > 0

        world.store.restore("sorong")
        assert await sorong.publish(b"x") > 0

    async def test_a_lost_answer_is_no_lost_write(self, world: MemoryWorld):
        jember = world.exchange("jember")
        await jember.start()
        world.store.lose_answers("jember")

        with pytest.raises(Unavailable):
            await jember.compare_and_set("lease", b"x", 0)

        world.store.restore("jember")
        assert (await jember.read("lease")).value == b"x"

    async def test_what_left_for_a_frozen_engine_is_applied_when_it_thaws(self, world: MemoryWorld):
        jember = world.exchange("jember")
        await jember.start()
        world.store.freeze()

        for value in (b"first", b"second"):
            with pytest.raises(Unavailable):
                await jember.publish(value)

        world.store.restore()
        assert (await jember.own_status()).value == b"first"

    async def test_a_short_freeze_is_not_told_and_nobody_is_judged_by_it(self, world: MemoryWorld):
        jember, sorong = world.exchange("jember"), world.exchange("sorong")
        await jember.start()
        await sorong.start()
        async with watching(jember, silent_after_s=10.0) as watch:
            await sorong.beat(b"1")
            world.store.freeze("jember")
            await asyncio.sleep(9.0)  # Virtual: frozen for less than is told, and is silent after.
            await sorong.publish(b"2")
            world.store.restore("jember")
            await watch.synced(2)
            await asyncio.sleep(9.0)  # Virtual: a second before a silence counted from here.
            assert watch.count(Silent) == 0
            await asyncio.sleep(2.0)  # Virtual: a second after it.
            assert watch.count(Silent) == 1
            assert watch.count(Stale) == 0
            assert watch.count(StatusPut) == 1
