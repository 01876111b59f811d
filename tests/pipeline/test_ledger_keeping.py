"""How an office keeps its ledger, through restarts, midnights and outages. In virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from math import exp

import pytest
from structlog.testing import capture_logs

from agent.adapters.memory_exchange import MemoryExchange, MemoryStore
from agent.core import ledger, lesson
from agent.core.ledger import HOURS
from agent.core.lesson import Lesson
from agent.core.maintenance import Span, Window
from agent.core.maintenance_calendar import Calendar
from agent.core.model import (
    Branch,
    Bulletin,
    Failure,
    FailureKind,
    Names,
    Outcome,
    PlannedNotice,
    Run,
    Sight,
    StepFacts,
    StepName,
)
from agent.core.standing import State
from agent.core.tuning import Tuning
from agent.pipeline.ledger_keeping import MOST_DAYS, RETRY_S, STORE_S, TALLY_S, LedgerKeeper
from agent.pipeline.office import Identity, Office
from agent.pipeline.sharing import Sharer, Superseded
from agent.ports import Denied, Drop, Invalid, Record, SendFailure, Unavailable
from agent.simulation.virtual_time import VirtualClock
from tests.support.tally import Tally
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

JEMBER = Branch(
    id="jember", name="Jember", province="Jawa Timur", island="Jawa", zone="Asia/Jakarta"
)
BILLING = "simponi.billing"
LASTS_S = 180.0
BEGAN_S = datetime(2026, 1, 31, 1, 0, tzinfo=UTC).timestamp()
"""08.00 in Jember."""
HOUR_S, DAY_S = 3600.0, 86_400.0
TODAY, TOMORROW = "20260131", "20260201"


class SleepyClock(VirtualClock):
    """The machine may sleep, and its wall clock may be set."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop, BEGAN_S)
        self._slept_s = 0.0

    def sleep(self, seconds: float) -> None:
        self._slept_s += seconds

    def now_s(self) -> float:
        return super().now_s() + self._slept_s

    def wall_s(self) -> float:
        return super().wall_s() + self._slept_s


class ChoosyExchange(MemoryExchange):
    """Refuses the ledger of the days that ``refused`` names, and takes its time for the others."""

    refused: frozenset[str] = frozenset()
    reading_s = writing_s = 0.0

    async def write_ledger(self, day: str, value: bytes) -> int:
        if day in self.refused:
            raise Denied("not this day")
        await asyncio.sleep(self.writing_s)
        return await super().write_ledger(day, value)

    async def own_ledger(self, day: str) -> Record:
        await asyncio.sleep(self.reading_s)
        return await super().own_ledger(day)


class Keeping:
    """One office that keeps its ledger, and probes once a minute."""

    def __init__(self, before: Keeping | None = None, boot: str = "b1") -> None:
        loop = asyncio.get_running_loop()
        self.clock: SleepyClock = before.clock if before else SleepyClock(loop)
        self.store: MemoryStore = before.store if before else MemoryStore(self.clock)
        self.meters = Tally()
        self.outcome = Outcome.OK
        identity = Identity(branch=JEMBER, program="0", nation="r1:0", boot_id=boot)
        self.office = Office(identity, [BILLING], Tuning(), self.clock.now_s())
        self.exchange = ChoosyExchange(self.store, "jember")
        self.sharer = Sharer(
            office=self.office, exchange=self.exchange, clock=self.clock, meters=self.meters
        )
        self.keeper = LedgerKeeper(
            office=self.office,
            exchange=self.exchange,
            clock=self.clock,
            meters=self.meters,
            lasts_s={BILLING: LASTS_S},
            confirm=self.sharer.confirm,
        )

    async def run(self, seconds: float, *, probing: bool = True) -> None:
        """Live on for a while; a crash may follow, for no goodbye is said."""
        with suppress(Unavailable):
            await self.exchange.start()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as tasks:
                tasks.create_task(self.sharer.run())
                tasks.create_task(self.keeper.run())
                if probing:
                    tasks.create_task(self._probe_for_ever())

    async def _probe_for_ever(self) -> None:
        while True:
            self.judge()
            await asyncio.sleep(60.0)

    def judge(self) -> None:
        """A run ended now."""
        now_s = self.clock.now_s()
        failure = None
        if self.outcome is Outcome.FAIL:
            failure = Failure(kind=FailureKind.HTTP, detail="HTTP 503", status=503)
        facts = StepFacts(
            step="inquiry",
            service=BILLING,
            started_s=now_s,
            duration_s=2.0 if self.outcome is Outcome.SLOW else 0.2,
            slow_after_s=1.5,
            failure=failure,
        )
        run = Run(
            journey="payment",
            started_s=now_s,
            duration_s=facts.duration_s,
            executed=(facts,),
            declared=(StepName(id="inquiry", service=BILLING),),
        )
        self.office.take_run(run, now_s)

    def hour(self, hour: int, day: str = TODAY) -> list[float]:
        """Seconds ok, slow, failing, unknown, maintenance, as the exchange has them."""
        stored = ledger.decode("jember", day, self.store.ledger[f"jember.{day}"].value)
        return [stored.seconds(BILLING, hour, state) for state in State]

    def lesson(self, hour: int, day: str = TODAY) -> Lesson:
        """What the exchange has of the pace of the one step."""
        stored = ledger.decode("jember", day, self.store.ledger[f"jember.{day}"].value)
        return lesson.hours_of(stored.lessons, "payment", "inquiry")[hour]

    def whole(self, day: str = TODAY) -> list[float]:
        hours = [self.hour(hour, day) for hour in range(HOURS)]
        return [sum(each) for each in zip(*hours, strict=True)]

    def revision(self, day: str = TODAY) -> int:
        return self.store.ledger.get(f"jember.{day}", Record(name=day)).revision

    def leader_says(self, *, maintenance: Sequence[str]) -> None:
        bulletin = Bulletin(
            term=1,
            leader="medan",
            nation="r1:0",
            at_s=0.0,
            maintenance=Names(count=len(maintenance), first=tuple(maintenance)),
        )
        self.office.take_bulletin(bulletin, self.clock.now_s(), live=True)


# --- counting


async def test_the_hour_is_spent_as_the_results_say_from_the_moment_they_come():
    keeping = Keeping()
    await keeping.run(300, probing=False)
    for outcome in (Outcome.OK, Outcome.SLOW, Outcome.FAIL):
        keeping.outcome = outcome
        await keeping.run(600)
    await keeping.keeper.say_goodbye()
    assert keeping.hour(8) == [600, 600, 600, 300, 0]


async def test_a_service_that_is_not_probed_any_more_is_unknown_once_its_result_is_too_old():
    keeping = Keeping()
    keeping.judge()
    await keeping.run(1000, probing=False)
    await keeping.keeper.say_goodbye()
    assert keeping.hour(8) == [LASTS_S, 0, 0, 1000 - LASTS_S, 0]


async def test_an_office_that_cannot_see_knows_nothing_until_it_sees_again():
    keeping = Keeping()
    keeping.judge()
    await keeping.run(95, probing=False)
    keeping.office.take_sight(Sight(sees=False, why_not="gateway and resolver do not answer"))
    await keeping.run(45, probing=False)
    await keeping.keeper.say_goodbye()
    assert keeping.hour(8) == [95, 0, 0, 45, 0]
    keeping.office.take_sight(Sight())
    await keeping.run(20, probing=False)
    await keeping.keeper.say_goodbye()
    assert keeping.hour(8) == [115, 0, 0, 45, 0]


async def test_planned_work_on_a_service_is_maintenance_of_it_by_the_file_and_by_the_leader():
    keeping = Keeping()
    now_s = keeping.clock.wall_s()
    window = Window(id="n", services=(BILLING,), span=Span(from_s=now_s + 100, until_s=now_s + 400))
    keeping.office.calendar = Calendar(windows=(window,))
    await keeping.run(700)
    await keeping.keeper.say_goodbye()
    assert keeping.hour(8) == pytest.approx([400, 0, 0, 0, 300], abs=TALLY_S)
    notice = PlannedNotice(id="w1", until_s=1e9, services=(BILLING,))
    bulletin = Bulletin(term=1, leader="medan", nation="r1:0", at_s=0.0, planned=(notice,))
    for _ in range(30):
        keeping.office.take_bulletin(bulletin, keeping.clock.now_s(), live=True)
        await keeping.run(10)
    await keeping.keeper.say_goodbye()
    assert keeping.hour(8) == pytest.approx([400, 0, 0, 0, 600], abs=2 * TALLY_S)


async def test_maintenance_is_what_the_leader_says_as_long_as_it_is_heard():
    keeping = Keeping()
    await keeping.run(100)
    keeping.leader_says(maintenance=["jember", "sorong"])
    await keeping.run(300)
    await keeping.keeper.say_goodbye()
    assert keeping.hour(8) == pytest.approx([370, 0, 0, 0, 30], abs=TALLY_S)
    for _ in range(30):
        keeping.leader_says(maintenance=["jember"])
        await keeping.run(10)
    keeping.leader_says(maintenance=["sorong"])
    await keeping.run(300)
    await keeping.keeper.say_goodbye()
    assert keeping.hour(8) == pytest.approx([670, 0, 0, 0, 330], abs=2 * TALLY_S)


# --- lessons


async def test_good_runs_teach_how_long_they_took_and_slow_or_broken_ones_do_not():
    keeping = Keeping()
    for outcome in (Outcome.OK, Outcome.SLOW, Outcome.FAIL):
        keeping.outcome = outcome
        await keeping.run(600)
    await keeping.keeper.say_goodbye()
    taught = keeping.lesson(8)
    assert taught.number == 10
    assert exp(taught.mean) == pytest.approx(0.2, rel=0.002)


async def test_nothing_teaches_while_there_is_evidence_against_the_service():
    keeping = Keeping()
    keeping.outcome = Outcome.FAIL
    keeping.judge()
    keeping.outcome = Outcome.OK
    await keeping.run(HOUR_S)
    await keeping.keeper.say_goodbye()
    good_until_clean = 8
    assert not keeping.office.memory(BILLING).suspicious
    assert keeping.lesson(8).number == pytest.approx(60 - good_until_clean, abs=3)


async def test_lessons_are_counted_on_through_a_restart():
    before = Keeping()
    await before.run(600)
    await before.keeper.say_goodbye()
    after = Keeping(before, boot="b2")
    await after.run(600)
    await after.keeper.say_goodbye()
    await after.keeper.say_goodbye()
    assert after.lesson(8).number == 20


async def test_lessons_of_either_side_of_midnight_are_of_their_own_day():
    await asyncio.sleep(15 * HOUR_S + 1800)
    keeping = Keeping()
    await keeping.run(HOUR_S)
    await keeping.keeper.say_goodbye()
    assert [keeping.lesson(23).number, keeping.lesson(0, TOMORROW).number] == [30, 30]


async def test_lessons_that_do_not_fit_are_left_out_and_counted_once_and_the_seconds_stay(
    monkeypatch: pytest.MonkeyPatch,
):
    keeping = Keeping()
    monkeypatch.setattr(ledger, "MAX_LEDGER_BYTES", 120)
    with capture_logs() as logs:
        await keeping.run(HOUR_S)
    await keeping.keeper.say_goodbye()
    assert keeping.hour(8) == [3600, 0, 0, 0, 0]
    assert keeping.lesson(8).number == 0
    assert keeping.meters.drops[Drop.LESSON] == 1
    assert [log["event"] for log in logs if log["log_level"] == "warning"] == ["lessons_left_out"]


# --- clocks


async def test_a_machine_that_slept_knows_nothing_of_what_it_slept_through():
    keeping = Keeping()
    await keeping.run(HOUR_S)
    keeping.clock.sleep(3 * HOUR_S)
    await keeping.run(HOUR_S)
    await keeping.keeper.say_goodbye()
    believed_s = keeping.hour(9)[0]
    assert 0 < believed_s <= LASTS_S
    assert [keeping.hour(hour) for hour in (8, 9, 10, 11, 12)] == [
        [3600, 0, 0, 0, 0],
        [believed_s, 0, 0, 3600 - believed_s, 0],
        [0, 0, 0, 3600, 0],
        [0, 0, 0, 3600, 0],
        [3600, 0, 0, 0, 0],
    ]


async def test_a_wall_clock_set_forward_leaves_a_gap_and_adds_nothing():
    keeping = Keeping()
    await keeping.run(1800)
    keeping.clock.wall_start_s += 2 * HOUR_S
    await keeping.run(1800)
    await keeping.keeper.say_goodbye()
    spent_s = [keeping.hour(hour)[0] for hour in (8, 9, 10)]
    assert spent_s == pytest.approx([1800, 0, 1800], abs=TALLY_S)
    assert sum(spent_s) == HOUR_S


async def test_a_wall_clock_set_back_counts_no_hour_twice():
    keeping = Keeping()
    await keeping.run(5400)
    keeping.clock.wall_start_s -= HOUR_S
    await keeping.run(HOUR_S)
    await keeping.keeper.say_goodbye()
    spent_s = [sum(keeping.hour(hour)) for hour in (8, 9, 10)]
    assert spent_s == pytest.approx([3600, 3600, 0], abs=TALLY_S)
    assert max(spent_s) == HOUR_S


# --- storing


async def test_a_day_is_stored_every_quarter_of_an_hour():
    keeping = Keeping()
    await keeping.run(STORE_S - 1)
    assert keeping.meters.ledgers == 0
    await keeping.run(1 + TALLY_S)
    assert keeping.meters.ledgers == 1
    await keeping.run(4 * HOUR_S)
    assert 15 <= keeping.meters.ledgers <= 17
    assert not keeping.meters.ledger_failures


async def test_a_day_that_is_over_is_stored_whole_and_let_go():
    keeping = Keeping()
    await keeping.run(16 * HOUR_S + 2 * TALLY_S)
    assert keeping.whole() == [16 * HOUR_S, 0, 0, 0, 0]
    over = keeping.revision()
    await keeping.run(HOUR_S)
    assert keeping.revision() == over
    assert keeping.whole(TOMORROW)[0] == pytest.approx(HOUR_S, abs=STORE_S)


async def test_midnight_is_that_of_the_offices_own_clock_and_waits_for_no_quarter_of_an_hour():
    await asyncio.sleep(200)
    keeping = Keeping()
    await keeping.run(16 * HOUR_S - 201)
    assert list(keeping.store.ledger) == [f"jember.{TODAY}"]
    await keeping.run(TALLY_S + 2)
    assert list(keeping.store.ledger) == [f"jember.{TODAY}", f"jember.{TOMORROW}"]
    assert keeping.whole()[0] == 16 * HOUR_S - 200


async def test_a_wall_clock_set_back_over_midnight_loses_nothing_of_the_day_that_was_over():
    keeping = Keeping()
    await keeping.run(16 * HOUR_S + 600)
    keeping.clock.wall_start_s -= 1800
    await keeping.run(STORE_S + TALLY_S)
    assert keeping.whole()[0] == 16 * HOUR_S
    assert sum(keeping.hour(0, TOMORROW)) == pytest.approx(600, abs=TALLY_S)


async def test_what_a_day_gains_while_it_is_stored_over_midnight_is_stored_after_it():
    await asyncio.sleep(15 * HOUR_S + 2700 - 7)
    keeping = Keeping()
    keeping.exchange.writing_s = 9.0
    asyncio.get_running_loop().call_later(STORE_S + 8, keeping.judge)
    await keeping.run(STORE_S + 3 * TALLY_S)
    assert keeping.whole()[0] == 907


async def test_at_the_end_of_the_process_all_is_stored():
    keeping = Keeping()
    await keeping.run(123)
    await keeping.keeper.say_goodbye()
    assert keeping.hour(8) == [123, 0, 0, 0, 0]


# --- restarts


async def test_a_restarted_agent_counts_on_and_the_time_between_is_missing():
    before = Keeping()
    await before.run(1200)
    await before.keeper.say_goodbye()
    await asyncio.sleep(600)
    after = Keeping(before, boot="b2")
    after.outcome = Outcome.FAIL
    await after.run(900)
    await after.keeper.say_goodbye()
    assert after.hour(8) == [1200, 0, 900, 0, 0]


async def test_what_a_crash_loses_is_a_quarter_of_an_hour_at_most():
    before = Keeping()
    await before.run(HOUR_S - 1)
    after = Keeping(before, boot="b2")
    await after.run(HOUR_S)
    await after.keeper.say_goodbye()
    assert 3600 - STORE_S - TALLY_S <= after.hour(8)[0] < 3600


async def test_what_stood_is_joined_once_however_often_it_is_stored():
    before = Keeping()
    await before.run(600)
    await before.keeper.say_goodbye()
    after = Keeping(before, boot="b2")
    await after.run(2400)
    await after.keeper.say_goodbye()
    await after.keeper.say_goodbye()
    assert after.meters.ledgers > 3
    assert after.hour(8) == [3000, 0, 0, 0, 0]


async def test_an_agent_that_starts_without_the_exchange_does_not_lose_what_stood_there():
    before = Keeping()
    await before.run(600)
    await before.keeper.say_goodbye()
    before.store.cut()
    after = Keeping(before, boot="b2")
    await after.run(1800)
    after.store.restore()
    await after.run(600)
    assert after.hour(8)[0] == pytest.approx(600 + 1800 + RETRY_S, abs=RETRY_S)


async def test_a_record_of_its_own_that_it_cannot_read_is_counted_and_replaced():
    keeping = Keeping()
    await keeping.exchange.start()
    await keeping.exchange.write_ledger(TODAY, b"{")
    await keeping.run(STORE_S + TALLY_S)
    assert keeping.meters.drops[Drop.LEDGER] == 1
    assert keeping.hour(8)[0] == STORE_S


async def test_a_store_that_lost_everything_gets_the_whole_day_again():
    keeping = Keeping()
    await keeping.run(HOUR_S)
    keeping.store.wipe()
    await keeping.run(HOUR_S)
    await keeping.keeper.say_goodbye()
    assert [keeping.hour(hour)[0] for hour in (8, 9)] == [3600, 3600]


# --- an exchange that does not answer


def told_of_the_ledger(logs: Sequence[Mapping[str, object]]) -> list[object]:
    return [log["event"] for log in logs if str(log["event"]).startswith("ledger_")]


async def test_an_outage_over_midnight_loses_nothing_and_is_logged_once_at_each_end():
    keeping = Keeping()
    with capture_logs() as logs:
        await keeping.run(15 * HOUR_S)
        keeping.store.cut()
        await keeping.run(2 * HOUR_S)
        assert keeping.whole()[0] < 15 * HOUR_S + 1
        keeping.store.restore()
        await keeping.run(RETRY_S + TALLY_S)
    assert keeping.whole() == [16 * HOUR_S, 0, 0, 0, 0]
    assert keeping.whole(TOMORROW)[0] == pytest.approx(HOUR_S, abs=RETRY_S + TALLY_S)
    assert told_of_the_ledger(logs) == ["ledger_failing", "ledger_back"]
    assert set(keeping.meters.ledger_failures) == {SendFailure.UNAVAILABLE}
    attempts = keeping.meters.ledger_failures[SendFailure.UNAVAILABLE]
    assert attempts == pytest.approx(2 * HOUR_S / RETRY_S, rel=0.2)


async def test_a_lost_answer_is_stored_again_and_counted_once():
    keeping = Keeping()
    keeping.store.lose_answers("jember")
    await keeping.run(STORE_S + 2 * RETRY_S)
    keeping.store.restore("jember")
    await keeping.run(1000)
    await keeping.keeper.say_goodbye()
    waited_s = 2.0  # For the answer to the start itself.
    assert keeping.hour(8) == [STORE_S + 2 * RETRY_S + 1000, 0, 0, waited_s, 0]


async def test_a_day_that_is_refused_holds_up_no_other_and_is_tried_again():
    keeping = Keeping()
    await keeping.run(HOUR_S)
    keeping.exchange.refused = frozenset([TODAY])
    before = keeping.revision()
    await keeping.run(16 * HOUR_S)
    assert keeping.revision() == before
    assert keeping.whole(TOMORROW)[0] == pytest.approx(HOUR_S, abs=2 * RETRY_S)
    assert set(keeping.meters.ledger_failures) == {SendFailure.DENIED}
    keeping.exchange.refused = frozenset()
    await keeping.run(RETRY_S + TALLY_S)
    assert keeping.whole() == [16 * HOUR_S, 0, 0, 0, 0]


async def test_of_days_that_nobody_takes_the_oldest_are_dropped_and_counted():
    keeping = Keeping()
    keeping.store.cut()
    for _ in range(MOST_DAYS + 2):
        await keeping.run(2 * TALLY_S)
        keeping.clock.sleep(DAY_S)
    await keeping.run(2 * TALLY_S)
    assert keeping.meters.drops[Drop.LEDGER] == 3
    keeping.store.restore()
    await keeping.run(RETRY_S + TALLY_S)
    assert len(keeping.store.ledger) == MOST_DAYS
    assert keeping.revision(TODAY) == 0


async def test_a_day_that_is_dropped_while_it_is_being_stored_ends_no_agent():
    keeping = Keeping()
    keeping.store.cut()
    for _ in range(MOST_DAYS - 1):
        await keeping.run(2 * TALLY_S)
        keeping.clock.sleep(DAY_S)
    await keeping.run(RETRY_S)
    keeping.store.restore()
    keeping.exchange.reading_s = 5.0

    def sleep_a_day() -> None:
        keeping.clock.sleep(DAY_S)
        keeping.judge()

    asyncio.get_running_loop().call_later(TALLY_S + 1, sleep_a_day)
    await keeping.run(3 * RETRY_S)
    assert keeping.meters.drops[Drop.LEDGER] == 1
    assert keeping.revision(TODAY) == 0
    assert len(keeping.store.ledger) == MOST_DAYS - 1


async def test_a_day_that_does_not_fit_ends_no_agent(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ledger, "MAX_LEDGER_BYTES", 50)
    keeping = Keeping()
    await keeping.run(2 * HOUR_S)
    assert keeping.meters.ledgers == 0
    assert set(keeping.meters.ledger_failures) == {SendFailure.of(Invalid(""))}


# --- two processes of one branch


async def test_a_replaced_agent_writes_nothing_more_and_ends():
    older = Keeping()
    await older.run(STORE_S - TALLY_S)
    newer = Keeping(older, boot="b2")
    newer.outcome = Outcome.FAIL
    await newer.run(5)
    with pytest.raises(Superseded):
        await older.keeper.run()
    await older.keeper.say_goodbye()
    assert older.meters.ledgers == 0
    assert older.store.ledger == {}


async def test_an_agent_that_learns_at_its_end_that_it_was_replaced_leaves_the_ledger_alone():
    older = Keeping()
    await older.run(200)
    newer = Keeping(older, boot="b2")
    newer.outcome = Outcome.FAIL
    await newer.run(100)
    await newer.keeper.say_goodbye()
    await older.keeper.say_goodbye()
    assert older.hour(8) == [0, 0, 100, 0, 0]
    assert older.meters.ledgers == 0
