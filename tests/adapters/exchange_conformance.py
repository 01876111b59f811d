"""What every exchange must do; the fake and the real one are held to the same sentences.

A subclass gives a ``world``: the engine, the faults it can have, and exchanges over it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

import pytest

from agent.adapters.watch_feed import NewestQueue
from agent.clock import Clock
from agent.pipeline.leadership import Leadership
from agent.ports import (
    MAX_VALUE_BYTES,
    Announced,
    BeatPut,
    Conflict,
    Denied,
    Exchange,
    Invalid,
    Silent,
    Stale,
    StatusPut,
    Synced,
    Unavailable,
    WatchEvent,
)

CALL_LIMIT_S = 2.5
SILENT_AFTER_S = 1.0
READ_LATE_S = 0.4
"""A busy test learns of a moment so much after the watch; a broken rule would be 1 s early."""
PATIENCE_S = 20.0


class World(Protocol):
    """An engine and the faults it can have."""

    clock: Clock

    def exchange(self, branch: str, *, hub: bool = True) -> Exchange: ...
    def stranger(self, branch: str) -> Exchange:
        """An exchange whose credentials are refused."""
        ...

    async def stop(self) -> None: ...
    async def freeze(self) -> None: ...
    async def resume(self) -> None:
        """End the stop or the freeze."""
        ...

    async def wipe(self) -> None:
        """Lose every record; the engine is up again afterwards."""
        ...

    def set_wall_back(self, seconds: float) -> None: ...


class Watching:
    """A watch that is read in the background, and everything it said."""

    def __init__(self) -> None:
        self.events: list[WatchEvent] = []
        self._changed = asyncio.Event()

    async def read(self, events: AsyncIterator[WatchEvent]) -> None:
        async for event in events:
            self.note(event)

    def note(self, event: WatchEvent) -> None:
        self.events.append(event)
        self._changed.set()

    async def until(
        self, wanted: Callable[[list[WatchEvent]], bool], patience_s: float = PATIENCE_S
    ) -> None:
        async with asyncio.timeout(patience_s):
            while not wanted(self.events):
                self._changed.clear()
                await self._changed.wait()

    def count(self, kind: type[WatchEvent]) -> int:
        return sum(isinstance(event, kind) for event in self.events)

    async def synced(self, times: int = 1) -> None:
        await self.until(lambda _: self.count(Synced) >= times)


@asynccontextmanager
async def watching(
    exchange: Exchange, silent_after_s: float = SILENT_AFTER_S
) -> AsyncIterator[Watching]:
    watch = Watching()
    task = asyncio.create_task(watch.read(exchange.watch(silent_after_s)))
    try:
        yield watch
    finally:
        task.cancel()
        await asyncio.wait([task])


@asynccontextmanager
async def announcing(exchange: Exchange) -> AsyncIterator[NewestQueue[Announced]]:
    queue: NewestQueue[Announced] = NewestQueue()

    async def read() -> None:
        async for announced in exchange.announcements():
            queue.put(announced.record.revision, announced)

    task = asyncio.create_task(read())
    try:
        yield queue
    finally:
        task.cancel()
        await asyncio.wait([task])


async def next_of(queue: NewestQueue[Announced]) -> Announced:
    async with asyncio.timeout(PATIENCE_S):
        while (announced := queue.pop()) is None:
            await queue.wait(None)
    return announced


async def until_it_answers(exchange: Exchange) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await exchange.read("lease")
            except Unavailable:
                await asyncio.sleep(0.05)  # A real engine takes its time to come back.
            else:
                return


async def assert_unavailable(world: World, exchange: Exchange) -> None:
    """Every call, one after the other."""
    calls = (
        lambda: exchange.publish(b"lost"),
        lambda: exchange.beat(b"lost"),
        lambda: exchange.compare_and_set("lost", b"lost", 0),
        lambda: exchange.announce("lost", b"lost"),
        lambda: exchange.write_ledger("20260101", b"lost"),
        lambda: exchange.own_ledger("20260101"),
        lambda: exchange.read("kept"),
        lambda: exchange.records(""),
        exchange.own_status,
    )
    for call in calls:
        began_s = world.clock.now_s()
        with pytest.raises(Unavailable):
            await call()
        assert world.clock.now_s() - began_s < CALL_LIMIT_S


@pytest.mark.anyio
class ExchangeConformance:
    # --- records ----------------------------------------------------------------------------------

    async def test_revisions_grow(self, world: World):
        jember = world.exchange("jember")
        await jember.start()

        revisions = [await jember.publish(b"one"), await jember.publish(b"two")]
        lease = await jember.compare_and_set("lease", b"a", 0)

        assert 0 < revisions[0] < revisions[1]
        assert await jember.compare_and_set("lease", b"b", lease) > lease

    async def test_a_record_is_made_changed_and_never_overwritten_blindly(self, world: World):
        jember, sorong = world.exchange("jember"), world.exchange("sorong")
        await jember.start()
        await sorong.start()

        assert (await jember.read("lease")).revision == 0
        first = await jember.compare_and_set("lease", b"first", 0)
        second = await sorong.compare_and_set("lease", b"second", first)
        with pytest.raises(Conflict):
            await jember.compare_and_set("lease", b"late", first)
        with pytest.raises(Conflict):
            await jember.compare_and_set("lease", b"new", 0)

        found = await jember.read("lease")
        assert (found.name, found.value, found.revision) == ("lease", b"second", second)
        assert found.stored_s == pytest.approx(world.clock.wall_s(), abs=5.0)

    async def test_of_thirty_racers_for_an_absent_record_one_wins(self, world: World):
        hubs = [world.exchange(f"hub-{number}") for number in range(3)]
        for hub in hubs:
            await hub.start()
        won: list[int] = []

        async def race(number: int) -> None:
            try:
                await hubs[number % 3].compare_and_set("lease", str(number).encode(), 0)
            except Conflict:
                return
            won.append(number)

        async with asyncio.TaskGroup() as group:
            for number in range(30):
                group.create_task(race(number))

        assert len(won) == 1
        assert (await hubs[0].read("lease")).value == str(won[0]).encode()

    async def test_records_are_listed_by_prefix_in_name_order(self, world: World):
        jember = world.exchange("jember")
        await jember.start()
        for name in ("incident.b", "lease", "incident.a"):
            await jember.compare_and_set(name, name.encode(), 0)

        found = await jember.records("incident.")

        assert [record.name for record in found] == ["incident.a", "incident.b"]
        assert [record.value for record in found] == [b"incident.a", b"incident.b"]
        assert await jember.records("nothing") == []

    async def test_a_branch_finds_its_own_status_again(self, world: World):
        jember = world.exchange("jember")
        await jember.start()
        assert (await jember.own_status()).revision == 0

        revision = await jember.publish(b"status")

        again = world.exchange("jember")
        await again.start()
        assert (await again.own_status()).value == b"status"
        assert (await again.own_status()).revision == revision

    async def test_a_branch_finds_its_own_ledger_of_a_day_again(self, world: World):
        jember, sorong = world.exchange("jember"), world.exchange("sorong", hub=False)
        await jember.start()
        await sorong.start()
        assert (await jember.own_ledger("20260101")).revision == 0

        await jember.write_ledger("20260101", b"an hour")
        newest = await jember.write_ledger("20260101", b"two hours")
        await jember.write_ledger("20260102", b"the next day")

        again = world.exchange("jember", hub=False)
        await again.start()
        found = await again.own_ledger("20260101")
        assert (found.value, found.revision) == (b"two hours", newest)
        assert (await again.own_ledger("20260102")).value == b"the next day"
        assert (await again.own_ledger("20260103")).revision == 0
        assert (await sorong.own_ledger("20260101")).revision == 0

    async def test_what_is_too_large_or_badly_named_is_never_sent(self, world: World):
        jember = world.exchange("jember")
        await jember.start()
        await jember.publish(b"good")
        too_large = bytes(MAX_VALUE_BYTES + 1)

        for name in ("", "Up", "a b", "a..b", "a.", "*", ">", "x\r\nPUB a 0", "a\n", "n" * 129):
            with pytest.raises(Invalid):
                await jember.compare_and_set(name, b"", 0)
            with pytest.raises(Invalid):
                await jember.announce(name, b"")
            with pytest.raises(Invalid):
                await jember.read(name)
        for day in ("2026-1-1", "", "20260101.x", "20260101\n", "*"):
            with pytest.raises(Invalid):
                await jember.write_ledger(day, b"")
            with pytest.raises(Invalid):
                await jember.own_ledger(day)
        with pytest.raises(Invalid):
            await jember.write_ledger("20260101", too_large)
        with pytest.raises(Invalid):
            await jember.publish(too_large)
        with pytest.raises(Invalid):
            await jember.compare_and_set("lease", too_large, 0)

        assert (await jember.own_status()).value == b"good"
        assert (await jember.read("lease")).revision == 0
        assert await jember.publish(bytes(MAX_VALUE_BYTES)) > 0

    # --- who may ----------------------------------------------------------------------------------

    async def test_refused_credentials_are_told_at_the_start(self, world: World):
        stranger = world.stranger("jember")
        with pytest.raises(Denied):
            await stranger.start()
        with pytest.raises(Denied):
            await stranger.publish(b"x")

    async def test_who_is_no_hub_may_report_and_not_coordinate(self, world: World):
        hub, office = world.exchange("jember"), world.exchange("sorong", hub=False)
        await hub.start()
        await office.start()

        with pytest.raises(Denied):
            await office.compare_and_set("lease", b"mine", 0)
        with pytest.raises(Denied):
            await office.announce("bulletin", b"mine")

        assert await office.publish(b"mine") > 0
        assert await office.beat(b"mine") > 0
        assert await office.write_ledger("20260131", b"mine") > 0
        assert (await hub.read("lease")).revision == 0

    # --- watching ---------------------------------------------------------------------------------

    async def test_a_watch_gives_what_stands_then_synced_then_what_comes(self, world: World):
        jember, sorong = world.exchange("jember"), world.exchange("sorong", hub=False)
        await jember.start()
        await sorong.start()
        await sorong.publish(b"old")
        await sorong.publish(b"standing")
        await sorong.beat(b"beat")

        async with watching(jember, silent_after_s=60.0) as watch:
            await watch.synced()
            sent_s = world.clock.now_s()
            await sorong.publish(b"live")
            await watch.until(lambda events: isinstance(events[-1], StatusPut))
            took_s = world.clock.now_s() - sent_s

        snapshot, live = watch.events[:2], watch.events[3:]
        assert {type(event) for event in snapshot} == {StatusPut, BeatPut}
        assert isinstance(watch.events[2], Synced)
        assert watch.events[2].generation == jember.health().generation
        puts = [each for each in (*snapshot, *live) if isinstance(each, StatusPut | BeatPut)]
        assert [(each.record.name, each.live) for each in puts] == [
            ("sorong", False),
            ("sorong", False),
            ("sorong", True),
        ]
        assert {each.record.value for each in puts} == {b"standing", b"beat", b"live"}
        assert took_s < 1.0

    async def test_a_silence_is_told_once_and_again_after_a_sign_of_life(self, world: World):
        jember, sorong = world.exchange("jember"), world.exchange("sorong", hub=False)
        await jember.start()
        await sorong.start()

        async with watching(jember) as watch:
            await watch.synced()
            synced_s = world.clock.now_s()
            assert watch.count(Silent) == 0
            await sorong.beat(b"1")
            await watch.until(lambda events: Silent(branch="sorong") in events)
            assert world.clock.now_s() - synced_s >= SILENT_AFTER_S
            await asyncio.sleep(3 * SILENT_AFTER_S)  # Long enough to tell it twice.
            assert watch.count(Silent) == 1
            await sorong.beat(b"2")
            await watch.until(lambda _: watch.count(Silent) == 2)

    async def test_what_stood_long_before_is_silent_only_after_the_warm_up(self, world: World):
        jember, sorong = world.exchange("jember"), world.exchange("sorong", hub=False)
        await jember.start()
        await sorong.start()
        await sorong.publish(b"old")
        await asyncio.sleep(1.5 * SILENT_AFTER_S)  # The record grows old on the engine.

        async with watching(jember) as watch:
            await watch.synced()
            synced_s = world.clock.now_s()
            await watch.until(lambda events: Silent(branch="sorong") in events)
            assert world.clock.now_s() - synced_s >= SILENT_AFTER_S - READ_LATE_S

    async def test_a_burst_keeps_its_order_and_its_newest(self, world: World):
        jember = world.exchange("jember")
        offices = [world.exchange(f"office-{number}", hub=False) for number in range(4)]
        await jember.start()
        for office in offices:
            await office.start()

        async def burst(office: Exchange) -> None:
            for number in range(100):
                await office.publish(str(number).encode())

        async with watching(jember, silent_after_s=60.0) as watch:
            await watch.synced()
            async with asyncio.TaskGroup() as group:
                for office in offices:
                    group.create_task(burst(office))
            newest = {f"office-{number}": b"99" for number in range(4)}
            await watch.until(lambda _: _newest_statuses(watch) == newest)

        revisions = [each.record.revision for each in watch.events if isinstance(each, StatusPut)]
        assert revisions == sorted(revisions)

    async def test_a_slow_reader_misses_no_newest_value(self, world: World):
        jember, sorong = world.exchange("jember"), world.exchange("sorong", hub=False)
        await jember.start()
        await sorong.start()
        watch, go_on = Watching(), asyncio.Event()

        async def read_slowly() -> None:
            async for event in jember.watch(60.0):
                watch.note(event)
                await go_on.wait()

        def newest(events: list[WatchEvent]) -> set[type]:
            return {type(event) for event in events if _value(event) == b"49"}

        task = asyncio.create_task(read_slowly())
        await watch.synced()
        for number in range(50):
            await sorong.publish(str(number).encode())
            await sorong.beat(str(number).encode())
        go_on.set()
        await watch.until(lambda events: newest(events) == {StatusPut, BeatPut})
        task.cancel()
        await asyncio.wait([task])

    async def test_bytes_that_nobody_understands_end_no_watch(self, world: World):
        jember, sorong = world.exchange("jember"), world.exchange("sorong", hub=False)
        await jember.start()
        await sorong.start()

        async with watching(jember, silent_after_s=60.0) as watch:
            await watch.synced()
            for value in (b"", b"\xff\x00{", b"[" * 10_000, b"\r\n+OK\r\n"):
                await sorong.publish(value)
            await watch.until(lambda _: _newest_statuses(watch) == {"sorong": b"\r\n+OK\r\n"})

    async def test_everyone_hears_what_stands_announced_and_what_is_announced(self, world: World):
        jember, sorong = world.exchange("jember"), world.exchange("sorong", hub=False)
        await jember.start()
        await sorong.start()
        await jember.announce("bulletin", b"standing")

        async with announcing(sorong) as heard:
            standing = await next_of(heard)
            assert (standing.record.value, standing.live) == (b"standing", False)
            revision = await jember.announce("beat", b"1")
            record = (live := await next_of(heard)).record
            assert (record.name, record.value, record.revision) == ("beat", b"1", revision)
            assert live.live

    # --- faults -----------------------------------------------------------------------------------

    async def test_an_outage_refuses_every_call_and_loses_nothing(self, world: World):
        jember, sorong = world.exchange("jember"), world.exchange("sorong", hub=False)
        await jember.start()
        await sorong.start()
        kept = await jember.compare_and_set("kept", b"kept", 0)
        await sorong.publish(b"before")
        await jember.announce("bulletin", b"before")

        async with watching(jember) as watch, announcing(sorong) as heard:
            await watch.synced()
            await next_of(heard)
            await world.stop()
            await watch.until(lambda _: watch.count(Stale) == 1, 15.0)
            await assert_unavailable(world, jember)
            await asyncio.sleep(2 * SILENT_AFTER_S)  # A blind reader would call sorong silent.
            assert watch.count(Silent) == 0
            await world.resume()
            await watch.synced(2)
            synced_s = world.clock.now_s()
            await watch.until(lambda events: isinstance(events[-1], Silent))
            assert world.clock.now_s() - synced_s >= SILENT_AFTER_S - READ_LATE_S
            again = await next_of(heard)
            assert (again.record.value, again.live) == (b"before", False)

        assert watch.count(Stale) == 1
        await until_it_answers(jember)
        found = await jember.read("kept")
        assert (found.value, found.revision) == (b"kept", kept)
        assert (await jember.read("lost")).revision == 0
        assert (await jember.own_status()).revision == 0
        assert b"lost" not in {_value(event) for event in watch.events}

    async def test_an_engine_that_freezes_is_noticed_in_time(self, world: World):
        jember = world.exchange("jember")
        await jember.start()
        await jember.publish(b"before")

        async with watching(jember) as watch:
            await watch.synced()
            await watch.until(lambda _: watch.count(Silent) == 1)
            await world.freeze()
            async with asyncio.TaskGroup() as group:
                group.create_task(watch.until(lambda _: watch.count(Stale) == 1, 15.0))
                group.create_task(assert_unavailable(world, jember))
            await world.resume()
            await watch.synced(2)
        await until_it_answers(jember)
        # Of all that was tried only the first call had left before the silence was noticed.
        assert (await jember.read("lost")).revision == 0

    async def test_a_store_that_lost_everything_is_another_generation(self, world: World):
        jember = world.exchange("jember")
        await jember.start()
        await jember.compare_and_set("lease", b"x", 0)
        before = jember.health().generation

        async with watching(jember) as watch:
            await watch.synced()
            await world.wipe()
            await watch.synced(2)
        await until_it_answers(jember)

        after = jember.health().generation
        assert before is not None
        assert after is not None
        assert after > before
        generations = [each.generation for each in watch.events if isinstance(each, Synced)]
        assert generations == [before, after]
        assert (await jember.read("lease")).revision == 0

    async def test_health_tells_the_age_of_the_last_acknowledgement(self, world: World):
        jember = world.exchange("jember")
        assert jember.health().acknowledged_age_s is None
        await jember.start()
        await jember.beat(b"1")
        assert jember.health().connected
        await asyncio.sleep(0.3)  # So that there is an age to tell.
        assert jember.health().acknowledged_age_s == pytest.approx(0.3, abs=0.15)

    async def test_closing_twice_is_once_and_ends_every_watch(self, world: World):
        jember = world.exchange("jember")
        await jember.start()
        async with watching(jember) as watch:
            await watch.synced()
            await jember.close()
            await jember.close()
        with pytest.raises(Unavailable):
            await jember.publish(b"x")

    async def test_a_wall_clock_set_back_changes_nothing(self, world: World):
        jember, sorong = world.exchange("jember"), world.exchange("sorong", hub=False)
        await jember.start()
        await sorong.start()
        async with watching(jember) as watch:
            await watch.synced()
            first = await sorong.publish(b"1")
            world.set_wall_back(3600.0)
            assert await sorong.publish(b"2") > first
            await watch.until(lambda _: _newest_statuses(watch) == {"sorong": b"2"})
            assert watch.count(Silent) == 0
            await watch.until(lambda _: watch.count(Silent) == 1)
            assert watch.count(Stale) == 0

    # --- leading ----------------------------------------------------------------------------------

    async def test_a_frozen_leader_has_one_successor_and_learns_of_it(self, world: World):
        names = ("jember", "sorong", "medan")
        hubs = [world.exchange(name) for name in names]
        for hub in hubs:
            await hub.start()
        leaders = [
            Leadership(hub, name, world.clock, lease_s=1.5, renew_s=0.5)
            for hub, name in zip(hubs, names, strict=True)
        ]
        await leaders[0].step()
        assert leaders[0].may_act()
        incident = await hubs[0].compare_and_set("incident.x", b"old", 0)

        frozen_s = world.clock.now_s()
        while not any(leader.may_act() for leader in leaders[1:]):
            for leader in leaders[1:]:
                await leader.step()
                assert sum(each.may_act() for each in leaders) <= 1
            await asyncio.sleep(0.05)  # The lease runs out in real time on the real engine.
        assert world.clock.now_s() - frozen_s < 3.0

        successor = next(leader for leader in leaders if leader.may_act())
        assert successor.term == 2
        await hubs[1].compare_and_set("incident.x", b"taken over", incident)
        with pytest.raises(Conflict):
            await hubs[0].compare_and_set("incident.x", b"late", incident)
        await leaders[0].step()
        assert not leaders[0].may_act()
        await leaders[0].step()
        assert leaders[0].term == 0

        await successor.resign()
        assert not successor.may_act()
        await leaders[0].step()
        assert (leaders[0].may_act(), leaders[0].term) == (True, 3)


def _newest_statuses(watch: Watching) -> dict[str, bytes]:
    puts = (event.record for event in watch.events if isinstance(event, StatusPut))
    return {record.name: record.value for record in puts}


def _value(event: WatchEvent) -> bytes | None:
    return event.record.value if isinstance(event, StatusPut | BeatPut) else None
