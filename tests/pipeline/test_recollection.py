"""An office that lived for weeks measures a step by its own usual, and never waits to. In virtual
time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from agent.adapters.memory_exchange import MemoryExchange, MemoryStore
from agent.core import ledger, rhythm
from agent.core.ledger import Day
from agent.core.model import Outcome, Trigger
from agent.core.rhythm import Rhythm
from agent.core.tuning import Tuning
from agent.pipeline.ledger_keeping import LedgerKeeper
from agent.pipeline.recollection import LOOK_S, Recollection
from agent.ports import Drop, Record, Unavailable
from agent.probe import Journey, step
from tests.support.office_weeks import alike, every_hour, told_day
from tests.support.probed_office import ProbedOffice, SleepyClock
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

TUESDAY = "20260303"
HOUR_S, DAY_S, WEEK_S = 3600.0, 86_400.0, 604_800.0
BILLING = "simponi.billing"
LONG_USUAL = every_hour(lambda _: alike(0.4))


class Billing(Journey):
    name = "billing"

    @step("inquiry", service=BILLING, role="simponi", slow_after_s=1.5)
    async def inquire(self) -> None:
        (await self.get("/billing")).json()


def week(name: str, hours: Mapping[int, Sequence[float]] = LONG_USUAL) -> Day:
    return told_day(name, hours, journey="billing", step="inquiry", service=BILLING)


class CountedExchange(MemoryExchange):
    """Keeps which days were asked for."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store, "jember")
        self.asked: list[str] = []

    async def own_ledger(self, day: str) -> Record:
        self.asked.append(day)
        return await super().own_ledger(day)


class Life:
    """An office that probes once a minute, keeps its ledger, and recalls what is usual."""

    def __init__(
        self,
        began: str = "20260303 09:00",
        *,
        before: Life | None = None,
        boot: str = "b1",
        tuning: Tuning | None = None,
    ) -> None:
        there = datetime.strptime(began, "%Y%m%d %H:%M").replace(tzinfo=UTC)
        loop = asyncio.get_running_loop()
        self.clock: SleepyClock = before.clock if before else SleepyClock(loop)
        if before is None:
            self.clock.wall_start_s = there.timestamp() - 7 * HOUR_S - self.clock.now_s()
        self.store: MemoryStore = before.store if before else MemoryStore(self.clock)
        self.place = ProbedOffice(Billing, boot_id=boot, clock=self.clock)
        self.office, self.meters = self.place.office, self.place.meters
        if tuning is not None:
            self.office.tuning = tuning
        self.exchange = CountedExchange(self.store)
        self.keeper = LedgerKeeper(
            office=self.office,
            exchange=self.exchange,
            clock=self.clock,
            meters=self.meters,
            lasts_s={BILLING: 150.0},
            confirm=self._confirm,
        )
        self.recollection = Recollection(
            office=self.office,
            exchange=self.exchange,
            clock=self.clock,
            meters=self.meters,
            journeys={"billing": Billing.steps},
        )

    async def _confirm(self) -> None:
        """No other process of this branch lives."""

    async def lived(self, *weeks: Day) -> Life:
        with suppress(Unavailable):
            await self.exchange.start()
        for each in weeks:
            await self.exchange.write_ledger(each.name, ledger.encode(each))
        return self

    async def run(self, seconds: float) -> list[Outcome]:
        """Live on for a while; what its runs of that time came to."""
        with suppress(Unavailable):
            await self.exchange.start()
        since = len(self.meters.verdicts)
        loop = asyncio.get_running_loop()
        ends_s = loop.time() + seconds
        with suppress(TimeoutError):
            async with asyncio.timeout_at(ends_s), asyncio.TaskGroup() as tasks:
                tasks.create_task(self.keeper.run())
                tasks.create_task(self.recollection.run())
                tasks.create_task(self.place.probe_until(ends_s + 1.0))
        return [verdict.outcome for verdict in self.meters.verdicts[since:]]

    def sleep(self, seconds: float) -> None:
        """The machine sleeps; its timers do not notice."""
        self.clock.slept_s += seconds
        self.clock.wall_start_s += seconds

    async def end(self) -> None:
        await self.place.stop()
        await self.keeper.say_goodbye()

    def usual_s(self) -> float | None:
        return self.meters.usuals[("billing", "inquiry")]

    def numbers(self, day: str) -> dict[int, int]:
        """Results that taught, by hour, as the exchange has them."""
        stored = ledger.decode("jember", day, self.store.ledger[f"jember.{day}"].value)
        hours = stored.lessons["billing"]["inquiry"]
        return {hour: each.number for hour, each in enumerate(hours) if each.number}


async def four_weeks(began: str = "20260303 09:00") -> Life:
    return await Life(began).lived(*(week(name) for name in rhythm.weeks_before(TUESDAY)))


# --- judging by the usual


async def test_three_times_its_usual_is_slow_though_it_is_well_under_its_threshold():
    life = await four_weeks()
    life.place.centre.answer_s = 0.4
    assert set(await life.run(300)) == {Outcome.OK}
    life.place.centre.answer_s = 1.2
    assert set(await life.run(120)) == {Outcome.SLOW}
    newest = life.office.newest(BILLING)
    assert newest is not None
    assert newest.reason == "took 1.20 s; usually 0.40 s on Tuesdays at 9"
    (shown,) = life.office.view(now_s=0, wall_s=0, leads=False).services
    assert (shown.took_s, shown.usual_s) == pytest.approx((1.2, 0.4), rel=0.01)


async def test_an_office_in_its_first_weeks_has_its_threshold_alone():
    life = await Life().lived(week("20260224"))
    life.place.centre.answer_s = 1.2
    assert set(await life.run(300)) == {Outcome.OK}
    assert life.usual_s() is None


async def test_the_switch_is_a_factor_of_nought_and_the_lessons_go_on_meanwhile():
    life = await Life(tuning=Tuning(usual_factor=0)).lived(
        *(week(name) for name in rhythm.weeks_before(TUESDAY))
    )
    life.place.centre.answer_s = 1.2
    assert set(await life.run(410)) == {Outcome.OK}
    await life.end()
    assert TUESDAY in life.exchange.asked, "to count on from"
    assert set(life.exchange.asked) == {TUESDAY}
    assert life.numbers(TUESDAY) == {9: 7}


async def test_a_restarted_office_measures_as_before_and_teaches_on():
    life = await four_weeks()
    life.place.centre.answer_s = 0.4
    await life.run(600)
    await life.end()
    again = Life(before=life, boot="b2")
    again.place.centre.answer_s = 0.4
    await again.run(600)
    again.place.centre.answer_s = 1.2
    assert set(await again.run(120)) == {Outcome.SLOW}
    await again.end()
    assert again.numbers(TUESDAY) == {9: 20}


async def test_three_mondays_lived_and_not_told():
    """Nothing is written from outside: the keeper's own ledgers teach the fourth Monday."""
    life = Life("20260302 09:00")
    for _ in range(3):
        life.place.centre.answer_s = 0.4
        assert set(await life.run(1200)) == {Outcome.OK}
        life.sleep(WEEK_S - 1200.0)
    await life.run(100)
    assert life.usual_s() == pytest.approx(0.4, rel=0.01)
    life.place.centre.answer_s = 1.0
    assert set(await life.run(120)) == {Outcome.SLOW}


# --- what teaches


async def test_only_the_plans_runs_teach_that_were_well_and_unsuspected():
    life = await four_weeks()
    life.place.centre.answer_s = 0.4
    await life.run(600)
    life.place.centre.answer_s = 1.2
    await life.run(300)
    life.place.centre.answer_s = 0.4
    await life.run(600)
    suspected = life.office.memory(BILLING).suspicious
    await life.end()
    good = [run for run in life.meters.runs if run.duration_s < 1.0]
    planned = [run for run in good if run.trigger is Trigger.PLAN]
    assert any(run.trigger is Trigger.REPROBE for run in good)
    assert not suspected
    assert 10 < life.numbers(TUESDAY)[9] < len(planned)


# --- days and hours


async def test_each_hour_is_measured_by_its_own_usual():
    hours = {8: alike(0.4), 9: alike(0.4), 10: alike(0.9), 11: alike(0.9)}
    life = await Life("20260303 09:20").lived(
        *(week(name, hours) for name in rhythm.weeks_before(TUESDAY))
    )
    life.place.centre.answer_s = 1.2
    assert set(await life.run(300)) == {Outcome.SLOW}
    assert life.usual_s() == pytest.approx(0.4, rel=0.01)
    await life.run(HOUR_S + 600)
    assert set(await life.run(60)) == {Outcome.OK}
    assert life.usual_s() == pytest.approx(0.9, rel=0.01)


async def test_at_midnight_the_ledgers_of_the_new_day_are_read_once():
    days = (*rhythm.weeks_before("20260302"), *rhythm.weeks_before(TUESDAY))
    life = await Life("20260302 23:30").lived(*(week(name) for name in days))
    await life.run(1799)
    assert life.exchange.asked.count("20260224") == 0
    assert life.office.rhythm.day == "20260302"
    await life.run(2 + LOOK_S)
    assert life.office.rhythm.day == TUESDAY
    await life.run(HOUR_S)
    assert [life.exchange.asked.count(day) for day in days] == [1] * 8


async def test_between_midnight_and_the_reading_only_the_threshold_counts():
    life = await four_weeks("20260302 23:59")
    life.store.cut()
    life.place.centre.answer_s = 1.2
    assert set(await life.run(300)) == {Outcome.OK}
    life.store.restore()
    await life.run(LOOK_S)
    assert set(await life.run(60)) == {Outcome.SLOW}


async def test_a_wall_clock_that_is_set_to_another_day_brings_that_days_usual():
    life = await four_weeks()
    await life.run(60)
    life.clock.wall_start_s += DAY_S
    await life.run(LOOK_S + 1)
    assert life.office.rhythm.day == "20260304"
    assert life.usual_s() is None
    life.clock.wall_start_s -= DAY_S
    await life.run(LOOK_S + 1)
    assert life.usual_s() == pytest.approx(0.4, rel=0.01)


# --- an exchange that does not answer


async def test_what_cannot_be_read_is_asked_for_each_minute_and_told_once():
    life = await four_weeks()
    life.store.cut()
    with capture_logs() as logs:
        await life.run(10 * LOOK_S)
        assert life.office.rhythm == Rhythm()
        life.store.restore()
        await life.run(LOOK_S + 1)
    assert life.usual_s() == pytest.approx(0.4, rel=0.01)
    told = [log["event"] for log in logs if str(log["event"]).startswith("usual_")]
    assert told == ["usual_not_recalled", "usual_recalled"]


async def test_an_exchange_that_hangs_delays_no_run():
    life = await four_weeks()
    life.store.freeze()
    await life.run(600)
    assert len(life.meters.runs) == 10


def never_answer(life: Life, late: str, *, times: int) -> None:
    """The exchange does not answer in time for this day, so often."""
    answer = life.exchange.own_ledger

    async def choosy(day: str) -> Record:
        if day == late and life.exchange.asked.count(late) < times:
            life.exchange.asked.append(late)
            raise Unavailable("no answer in time")
        return await answer(day)

    life.exchange.own_ledger = choosy  # type: ignore[method-assign]


async def test_what_has_answered_is_not_asked_for_again():
    life = await four_weeks()
    never_answer(life, rhythm.weeks_before(TUESDAY)[-1], times=2)
    await life.run(4 * LOOK_S)
    assert life.office.rhythm.day == TUESDAY
    asked = [life.exchange.asked.count(day) for day in rhythm.weeks_before(TUESDAY)]
    assert asked == [1, 1, 1, 3]


async def test_what_answered_for_the_day_that_is_over_teaches_nothing_of_the_new_one():
    mondays, slow = rhythm.weeks_before("20260302"), every_hour(lambda _: alike(0.9))
    tuesdays = [week(name) for name in rhythm.weeks_before(TUESDAY)[:2]]
    life = await Life("20260302 23:50").lived(*(week(n, slow) for n in mondays), *tuesdays)
    never_answer(life, mondays[-1], times=1000)
    await life.run(600 + 2 * LOOK_S)
    assert life.usual_s() == pytest.approx(0.4, rel=0.01)


async def test_a_ledger_that_cannot_be_read_is_counted_and_the_others_teach():
    life = await four_weeks()
    await life.exchange.write_ledger("20260224", b"{")
    await life.run(60)
    assert life.meters.drops[Drop.LEDGER] == 1
    assert life.usual_s() == pytest.approx(0.4, rel=0.01)
