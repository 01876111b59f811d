"""What an office shares, and when. In virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

import pytest
from structlog.testing import capture_logs

from agent.adapters.memory_exchange import MemoryExchange, MemoryStore
from agent.core import wire
from agent.core.model import Failure, FailureKind, Run, Status, StepFacts, StepName
from agent.core.tuning import STATUS_S, Tuning
from agent.core.view import ExchangeState
from agent.pipeline.office import Identity, Office
from agent.pipeline.sharing import Sharer, Superseded
from agent.ports import Denied, Record, SendFailure, Unavailable
from tests.support.probed_office import JEMBER, SleepyClock
from tests.support.tally import Tally
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

BILLING = "simponi.billing"


class ChoosyExchange(MemoryExchange):
    """Takes heartbeats, and refuses what ``refused`` names."""

    refused: frozenset[str] = frozenset()
    published = 0
    own_status_read = 0

    async def publish(self, value: bytes) -> int:
        if "status" in self.refused:
            raise Denied("not this subject")
        self.published += 1
        return await super().publish(value)

    async def own_status(self) -> Record:
        if "own status" in self.refused:
            raise Denied("not this subject")
        self.own_status_read += 1
        return await super().own_status()


class Sharing:
    """One office and the engine that it shares through."""

    def __init__(
        self,
        store: MemoryStore | None = None,
        boot: str = "b1",
        *,
        services: Sequence[str] = (BILLING,),
        jitter_s: float = 0.0,
        latency_s: float = 0.0,
    ) -> None:
        self.clock = SleepyClock(asyncio.get_running_loop())
        self.store = store or MemoryStore(self.clock)
        self.meters = Tally()
        identity = Identity(branch=JEMBER, program="0", nation="r1:0", boot_id=boot)
        self.office = Office(identity, services, Tuning(), self.clock.now_s())
        self.exchange = ChoosyExchange(self.store, "jember", latency_s=latency_s)
        self.sharer = Sharer(
            office=self.office,
            exchange=self.exchange,
            clock=self.clock,
            meters=self.meters,
            jitter_s=jitter_s,
        )

    def state(self) -> ExchangeState:
        return self.office.exchange

    def fails(self) -> None:
        """A probe of this office saw billing fail."""
        step = StepName(id="billing", service=BILLING)
        now_s = self.clock.now_s()
        broken = StepFacts(
            step=step.id,
            service=BILLING,
            started_s=now_s,
            duration_s=0.2,
            slow_after_s=None,
            failure=Failure(kind=FailureKind.REFUSED, detail="refused"),
        )
        run = Run(
            journey="billing", started_s=now_s, duration_s=0.2, executed=(broken,), declared=(step,)
        )
        _, news = self.office.take_run(run, now_s)
        assert news

    def stored(self) -> Status:
        """What the exchange has of this office."""
        return wire.decode_status("jember", self.store.status["jember"].value)

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


async def test_a_slow_exchange_makes_heartbeats_late_and_not_fewer():
    sharing = Sharing(latency_s=1.5)
    await sharing.run(99)
    assert sharing.meters.beats == 10
    assert sharing.office.loop_lag_s == 0.0


async def test_how_late_the_loop_wakes_is_measured_by_the_heartbeat():
    sharing = Sharing()
    asyncio.get_running_loop().call_at(15.0, setattr, sharing.clock, "slept_s", 4.0)
    await sharing.run(25)
    assert sharing.office.loop_lag_s == 4.0


async def test_heartbeats_and_statuses_are_counted_and_their_failures_by_reason():
    sharing = Sharing()
    await sharing.run(35)
    assert (sharing.meters.beats, sharing.meters.published) == (4, 1)
    sharing.exchange.refused = frozenset({"status"})
    sharing.sharer.tell()
    await sharing.run(1)
    assert set(sharing.meters.status_failures) == {SendFailure.DENIED}
    sharing.store.cut()
    await sharing.run(15)
    assert sharing.meters.beat_failures == {SendFailure.UNAVAILABLE: 2}


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


async def test_being_alone_is_logged_once_when_it_begins_and_once_when_it_ends():
    sharing = Sharing()
    await sharing.run(15)
    with capture_logs() as logs:
        sharing.store.cut()
        await sharing.run(300)
        sharing.store.restore()
        await sharing.run(60)
    said = [log["event"] for log in logs]
    assert said == ["exchange_failing", "standing_alone", "joined_again", "exchange_back"]


async def test_an_exchange_that_never_answered_is_given_the_same_time():
    sharing = Sharing()
    sharing.store.cut()
    await sharing.run(15)
    assert sharing.state() is ExchangeState.DEGRADED
    await sharing.run(60)
    assert sharing.state() is ExchangeState.STANDALONE


async def test_offices_do_not_all_call_themselves_alone_at_the_same_moment():
    sharing = Sharing(jitter_s=25.0)
    await sharing.run(5)
    sharing.store.cut()
    await sharing.run(78)
    assert sharing.state() is ExchangeState.DEGRADED
    await sharing.run(12)
    assert sharing.state() is ExchangeState.STANDALONE


async def test_bad_news_travels_at_once():
    sharing = Sharing()
    asyncio.get_running_loop().call_at(32.0, sharing.fails)
    asyncio.get_running_loop().call_at(32.0, sharing.sharer.tell)
    await sharing.run(33)
    assert sharing.stored().uptime_s == 32.0
    assert sharing.stored().services[BILLING].counts == (0, 0, 1, 0, 0)
    memory = sharing.office.memory(BILLING)
    assert memory.published_votes == memory.votes(Tuning())


async def test_what_could_not_be_told_is_told_with_the_first_heartbeat_that_gets_through():
    sharing = Sharing()
    await sharing.run(5)
    sharing.store.cut()
    sharing.fails()
    sharing.sharer.tell()
    await sharing.run(100)
    sharing.store.restore()
    await sharing.run(11)
    assert sharing.stored().services[BILLING].counts == (0, 0, 1, 0, 0)


async def test_a_status_that_does_not_fit_is_counted_and_ends_nothing():
    sharing = Sharing(services=[f"{n:02d}" + "x" * 126 for n in range(120)])
    await sharing.run(350)
    assert sharing.meters.status_failures == {SendFailure.INVALID: 2}
    assert sharing.meters.beats == 35


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


async def test_what_is_taken_back_is_what_had_been_told():
    before = Sharing()
    before.fails()
    await before.run(5)
    after = Sharing(before.store, boot="b2")
    await after.run(5)
    assert after.office.memory(BILLING).counts == (0, 0, 1, 0, 0)
    assert after.office.memory(BILLING).fail.w == pytest.approx(
        before.office.memory(BILLING).fail.w, abs=1e-4
    )
    assert after.stored().boot_counter == 2
    assert after.stored().services[BILLING].counts == (0, 0, 1, 0, 0)


async def test_an_office_that_cannot_read_its_record_yet_does_not_write_over_it():
    before = Sharing()
    before.fails()
    await before.run(5)
    after = Sharing(before.store, boot="b2")
    after.exchange.refused = frozenset({"own status"})
    await after.run(60)
    assert after.stored().boot_id == "b1"
    after.exchange.refused = frozenset()
    await after.run(15)
    assert after.stored().boot_counter == 2


async def test_a_first_start_has_nothing_to_take_back_and_complains_of_nothing():
    sharing = Sharing()
    with capture_logs() as logs:
        await sharing.run(5)
    assert logs == []
    assert sharing.stored().boot_counter == 1


async def test_a_record_of_its_own_that_cannot_be_read_is_replaced():
    sharing = Sharing()
    sharing.store.replace(sharing.store.status, "jember", b"not a status")
    with capture_logs() as logs:
        await sharing.run(5)
    assert [log["event"] for log in logs] == ["own_status_unreadable"]
    assert sharing.stored().boot_counter == 1


async def test_its_record_is_read_once_a_minute_at_most_however_much_there_is_to_tell():
    sharing = Sharing()
    for second in range(100):
        asyncio.get_running_loop().call_at(0.5 + second, sharing.sharer.tell)
    await sharing.run(102)
    assert sharing.exchange.published == 101
    assert sharing.exchange.own_status_read == 2


async def test_a_goodbye_tells_what_was_learned_last():
    sharing = Sharing()
    await sharing.run(5)
    sharing.fails()
    await sharing.sharer.say_goodbye()
    assert sharing.stored().services[BILLING].counts == (0, 0, 1, 0, 0)


async def test_a_power_cut_says_no_goodbye():
    """The last word of an office that lost its power is what it had said before."""
    sharing = Sharing()
    await sharing.run(5)
    sharing.fails()
    sharing.store.cut("jember")
    await sharing.sharer.say_goodbye()
    sharing.store.restore("jember")
    await asyncio.sleep(60)
    assert sharing.stored().services[BILLING].counts == (0, 0, 0, 0, 0)


async def test_a_newer_start_does_not_end_when_the_older_one_speaks_once_more():
    older = Sharing(boot="b9")
    await older.run(5)
    newer = Sharing(older.store, boot="b2")
    await newer.run(5)
    older.sharer.tell()
    await older.run(5)
    assert older.stored().boot_id == "b9"
    await newer.run(400)
    assert newer.stored().boot_id == "b2"


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
