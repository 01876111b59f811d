"""What an office shares, and when. In virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

import pytest
from structlog.testing import capture_logs

from agent.adapters.memory_exchange import MemoryExchange, MemoryStore
from agent.core import wire
from agent.core.model import Branch
from agent.core.tuning import Tuning
from agent.core.view import ExchangeState
from agent.pipeline.office import Identity, Office
from agent.pipeline.sharing import STATUS_S, Sharer, Superseded
from agent.ports import Denied, Record, Unavailable
from agent.simulation.quiet_meters import QuietMeters
from agent.simulation.virtual_time import VirtualClock
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

JEMBER = Branch(
    id="jember", name="Jember", province="Jawa Timur", island="Jawa", zone="Asia/Jakarta"
)


class ChoosyExchange(MemoryExchange):
    """Takes heartbeats, and refuses what ``refused`` names."""

    refused: frozenset[str] = frozenset()
    published = 0

    async def publish(self, value: bytes) -> int:
        if "status" in self.refused:
            raise Denied("not this subject")
        self.published += 1
        return await super().publish(value)

    async def own_status(self) -> Record:
        if "own status" in self.refused:
            raise Denied("not this subject")
        return await super().own_status()


class Sharing:
    """One office and the engine that it shares through."""

    def __init__(self, store: MemoryStore | None = None, boot: str = "b1") -> None:
        self.clock = VirtualClock(asyncio.get_running_loop())
        self.store = store or MemoryStore(self.clock)
        identity = Identity(branch=JEMBER, program="0", nation="r1:0", boot_id=boot)
        self.office = Office(identity, ["simponi.billing"], Tuning(), self.clock.now_s())
        self.exchange = ChoosyExchange(self.store, "jember")
        self.sharer = Sharer(
            office=self.office, exchange=self.exchange, clock=self.clock, meters=QuietMeters()
        )

    def state(self) -> ExchangeState:
        return self.office.exchange

    async def run(self, seconds: float) -> None:
        with suppress(Unavailable):
            await self.exchange.start()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.sharer.run()


async def test_a_heartbeat_is_small_and_comes_every_ten_seconds():
    sharing = Sharing()
    await sharing.run(95)
    beat = sharing.store.beats["jember"]
    assert len(beat.value) < 200
    assert beat.stored_s == pytest.approx(sharing.store.stream_s() - 5, abs=0.1)


async def test_in_quiet_times_a_status_comes_at_the_start_and_every_five_minutes():
    sharing = Sharing()
    await sharing.run(10)
    first = sharing.store.status["jember"].revision
    assert wire.decode_status("jember", sharing.store.status["jember"].value).boot_counter == 1
    await sharing.run(280)
    assert sharing.store.status["jember"].revision == first
    await sharing.run(30)
    assert sharing.store.status["jember"].revision > first


async def test_without_an_answer_it_is_degraded_after_twenty_seconds_and_alone_after_a_minute():
    sharing = Sharing()
    await sharing.run(15)
    assert sharing.state() is ExchangeState.JOINED
    sharing.store.cut()
    await sharing.run(35)
    assert sharing.state() is ExchangeState.DEGRADED
    await sharing.run(45)
    assert sharing.state() is ExchangeState.STANDALONE
    sharing.store.restore()
    await sharing.run(15)
    assert sharing.state() is ExchangeState.JOINED


async def test_a_store_that_lost_everything_is_told_anew_with_the_next_heartbeat():
    sharing = Sharing()
    await sharing.run(35)
    sharing.store.wipe()
    await sharing.run(11)
    assert "jember" in sharing.store.status
    published = sharing.exchange.published
    await sharing.run(60)
    assert sharing.exchange.published == published


async def test_a_restarted_office_takes_its_memory_back_and_counts_its_boots():
    before = Sharing()
    await before.run(5)
    after = Sharing(before.store, boot="b2")
    await after.run(5)
    assert after.office.boot_counter == 2


async def test_an_older_start_ends_when_a_newer_one_of_its_branch_publishes():
    older = Sharing()
    await older.run(5)
    newer = Sharing(older.store, boot="b2")
    await newer.run(5)
    with pytest.raises(ExceptionGroup) as ended:
        await older.run(700)
    assert ended.group_contains(Superseded)
    await older.sharer.say_goodbye()
    assert wire.decode_status("jember", older.store.status["jember"].value).boot_id == "b2"


@pytest.mark.parametrize("first", ["b1", "b2"])
async def test_of_two_starts_that_count_alike_exactly_one_ends(first):
    """Both read the same record before either had published."""
    before = Sharing(boot="b0")
    await before.run(5)
    one = Sharing(before.store, boot=first)
    other = Sharing(before.store, boot={"b1": "b2", "b2": "b1"}[first])
    await one.exchange.start()
    await other.exchange.start()
    tasks = {
        each.office.identity.boot_id: asyncio.create_task(each.sharer.run())
        for each in (one, other)
    }
    await asyncio.sleep(1)
    assert one.office.boot_counter == other.office.boot_counter == 2
    await asyncio.sleep(2 * STATUS_S)
    assert [boot for boot, task in tasks.items() if task.done()] == ["b1"]
    assert isinstance(tasks["b1"].exception(), ExceptionGroup)
    stored = wire.decode_status("jember", before.store.status["jember"].value)
    assert stored.boot_id == "b2"
    await asyncio.sleep(10 * STATUS_S)
    assert not tasks["b2"].done()


async def test_a_start_that_is_asked_to_stop_and_finds_that_it_was_replaced_stops_in_order():
    older = Sharing()
    await older.run(5)
    await Sharing(older.store, boot="b2").run(5)
    await asyncio.sleep(100)
    await older.sharer.say_goodbye()
    assert wire.decode_status("jember", older.store.status["jember"].value).boot_id == "b2"


async def test_a_start_can_be_asked_at_any_time_whether_it_is_still_the_newest():
    older = Sharing()
    await older.run(5)
    await older.sharer.confirm()
    await Sharing(older.store, boot="b2").run(5)
    with pytest.raises(Superseded):
        await older.sharer.confirm()
    older.store.cut()
    with pytest.raises(Unavailable):
        await older.sharer.confirm()


def told_of_the_exchange(logs: Sequence[Mapping[str, object]]) -> list[object]:
    return [log["event"] for log in logs if str(log["event"]).startswith("exchange_")]


async def test_an_outage_is_logged_once_when_it_begins_and_once_when_it_ends():
    sharing = Sharing()
    with capture_logs() as logs:
        await sharing.run(15)
        sharing.store.cut()
        await sharing.run(600)
        assert told_of_the_exchange(logs) == ["exchange_failing"]
        sharing.store.restore()
        await sharing.run(60)
    assert told_of_the_exchange(logs) == ["exchange_failing", "exchange_back"]


@pytest.mark.parametrize("refused", ["status", "own status"])
async def test_a_refusal_while_heartbeats_are_taken_is_logged_once_as_well(refused):
    sharing = Sharing()
    await sharing.run(15)
    with capture_logs() as logs:
        sharing.exchange.refused = frozenset({refused})
        sharing.sharer.tell()
        await sharing.run(600)
        assert told_of_the_exchange(logs) == ["exchange_failing"]
        sharing.exchange.refused = frozenset()
        await sharing.run(600)
    assert told_of_the_exchange(logs) == ["exchange_failing", "exchange_back"]


async def test_a_refused_status_is_tried_again_with_every_heartbeat():
    sharing = Sharing()
    sharing.exchange.refused = frozenset({"status"})
    await sharing.run(25)
    sharing.exchange.refused = frozenset()
    await sharing.run(10)
    assert "jember" in sharing.store.status


async def test_not_reading_its_own_record_makes_an_office_no_more_talkative():
    sharing = Sharing()
    await sharing.run(15)
    sharing.exchange.refused = frozenset({"own status"})
    sharing.sharer.tell()
    before = sharing.exchange.published
    await sharing.run(STATUS_S + 20)
    assert sharing.exchange.published - before == 2
