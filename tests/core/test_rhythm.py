"""What is usual is what the weeks before say of this hour, and it can be dragged nowhere."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core import ledger, rhythm
from agent.core.ledger import HOURS, Day
from agent.core.model import StepName
from agent.core.rhythm import Rhythm, Usual
from agent.core.standing import State
from agent.core.tuning import Tuning
from tests.support.office_weeks import alike, told_day

SIGN_IN = StepName(id="sign in", service="simkim.login", slow_after_s=1.5)
TUESDAY = "20260303"
WEEKS = rhythm.weeks_before(TUESDAY)
WIB, WIT = 7, 9
OK, SLOW, FAILING, UNKNOWN, MAINTENANCE = State


def learned(
    *weeks: Day, step: StepName = SIGN_IN, tuning: Tuning | None = None, ahead: int = WIB
) -> Rhythm:
    journeys = {"issuance": [step]}
    return rhythm.learn(TUESDAY, ahead, weeks, journeys, tuning or Tuning())


def usual(*weeks: Day, hour: int = 9, step: StepName = SIGN_IN) -> Usual | None:
    """What is usual in the middle of an hour."""
    at_s = wall_s(TUESDAY, f"{hour:02}:30:00.0")
    return learned(*weeks, step=step).usual("issuance", at_s).get(step.id)


def at_nine(*durations_s: float, **more: float) -> list[Day]:
    """One week for each, in which the step took about so long at nine o'clock."""
    return [
        told_day(name, {9: alike(each, **more)})  # type: ignore[arg-type]
        for name, each in zip(WEEKS, durations_s, strict=False)
    ]


def wall_s(day: str, clock: str, ahead: int = WIB) -> float:
    there = datetime.strptime(f"{day} {clock}", "%Y%m%d %H:%M:%S.%f").replace(tzinfo=UTC)
    return there.timestamp() - 3600 * ahead


# --- which days


def test_the_same_day_of_the_four_weeks_before_is_asked():
    assert WEEKS == ("20260224", "20260217", "20260210", "20260203")
    assert rhythm.weeks_before("20240305") == ("20240227", "20240220", "20240213", "20240206")
    assert rhythm.weeks_before("20260101")[0] == "20251225"


# --- what is usual


def test_of_three_weeks_the_one_in_the_middle_speaks():
    found = usual(*at_nine(0.9, 0.3, 0.6))
    assert found is not None
    assert found.duration_s == pytest.approx(0.6, rel=0.01)


def test_of_four_weeks_the_slower_of_the_two_in_the_middle():
    found = usual(*at_nine(0.2, 0.6, 0.5, 0.9))
    assert found is not None
    assert found.duration_s == pytest.approx(0.6, rel=0.01)


def test_two_weeks_of_holidays_do_not_teach_that_the_nation_is_idle():
    found = usual(*at_nine(0.2, 0.2, 0.6, 0.6))
    assert found is not None
    assert found.duration_s == pytest.approx(0.6, rel=0.01)


def test_two_weeks_are_enough_and_one_is_not():
    assert usual(*at_nine(0.6, 0.6)) is not None
    assert usual(*at_nine(0.6)) is None
    assert usual() is None


def test_ten_results_of_an_hour_are_enough_and_nine_are_not():
    assert usual(*at_nine(0.6, 0.6, count=10)) is not None
    assert usual(*at_nine(0.6, 0.6, count=9)) is None


def test_of_a_rare_step_the_hours_before_and_after_are_taken_in():
    weeks = [told_day(name, {h: alike(0.6, 4) for h in (8, 9, 10)}) for name in WEEKS[:2]]
    assert usual(*weeks, hour=9) is not None
    assert usual(*weeks, hour=8) is None, "eight results by the hours 8 and 9 alone"
    assert usual(*weeks, hour=11) is None


def test_the_first_and_the_last_hour_have_neighbours_of_their_own_day_alone():
    weeks = [told_day(name, {h: alike(0.6, 6) for h in (0, 1, 22, 23)}) for name in WEEKS]
    assert [hour for hour in range(HOURS) if usual(*weeks, hour=hour)] == [0, 1, 22, 23]


def test_ledgers_of_another_zone_are_those_of_other_hours():
    moved = [replace(each, hours_ahead=WIT) for each in at_nine(0.6, 0.6, 0.6)]
    assert usual(*moved) is None
    assert usual(*moved[:1], *at_nine(0.6, 0.6)) is not None


def test_another_step_or_journey_teaches_nothing_of_this_one():
    assert usual(*at_nine(0.6, 0.6), step=replace(SIGN_IN, id="printing")) is None
    other = [told_day(name, {9: alike(0.6)}, journey="application") for name in WEEKS]
    assert usual(*other) is None


# --- trouble


@pytest.mark.parametrize("state", [SLOW, FAILING, MAINTENANCE])
def test_an_hour_in_trouble_teaches_nothing(state: State):
    def weeks(seconds: float) -> list[Day]:
        return [told_day(n, {9: alike(0.6)}, trouble={9: (state, seconds)}) for n in WEEKS]

    assert usual(*weeks(180.0)) is not None, "a twentieth is nothing"
    assert usual(*weeks(181.0)) is None


def test_not_knowing_is_no_trouble():
    weeks = [told_day(n, {9: alike(0.6)}, trouble={9: (UNKNOWN, 2000.0)}) for n in WEEKS]
    assert usual(*weeks) is not None


def test_a_rush_that_is_in_trouble_each_week_is_not_measured_by_its_quiet_neighbours():
    hours = {8: alike(0.3), 9: alike(1.2), 10: alike(0.3)}
    weeks = [told_day(n, hours, trouble={9: (SLOW, 900.0)}) for n in WEEKS]
    assert usual(*weeks, hour=9) is None
    assert usual(*weeks, hour=8) is not None


def test_a_neighbour_in_trouble_is_not_taken_in():
    hours = {8: alike(1.4, 9), 9: alike(0.3, 9), 10: alike(0.3, 9)}
    weeks = [told_day(n, hours, trouble={8: (SLOW, 900.0)}) for n in WEEKS]
    found = usual(*weeks, hour=9)
    assert found is not None
    assert found.duration_s == pytest.approx(0.3, rel=0.02)


# --- what is slow


@pytest.mark.parametrize(
    ("took_s", "spread", "limit_s", "why"),
    [
        (0.6, 0.05, 1.2, "twice the usual, where every good result is alike"),
        (0.6, 0.4, 0.6 * 1.4**3, "three spreads, where good results differ much"),
        (0.1, 0.05, 0.3, "a fifth of a second more, where it is fast"),
        (0.01, 0.05, 0.25, "and never less than the floor of the usual and that"),
    ],
)
def test_slow_is_beyond_the_largest_of_three_limits(took_s, spread, limit_s, why):
    found = usual(*at_nine(took_s, took_s, took_s, spread=spread))
    assert found is not None
    assert found.limit_s == pytest.approx(limit_s, rel=0.03), why


def test_where_weeks_differ_more_is_borne():
    steady, unsteady = usual(*at_nine(0.6, 0.6, 0.6)), usual(*at_nine(0.4, 0.6, 0.9))
    assert steady is not None
    assert unsteady is not None
    assert steady.duration_s == pytest.approx(unsteady.duration_s, rel=0.01)
    assert steady.limit_s == pytest.approx(1.2, rel=0.01)
    assert unsteady.limit_s == pytest.approx(0.6 * exp(3 * log(1.5)), rel=0.05)


def test_the_factor_spreads_and_margin_are_those_of_the_tuning():
    tuning = Tuning(usual_factor=3.0, usual_spreads=1.0, usual_margin_s=5.0)
    weeks, at_s = at_nine(0.6, 0.6), wall_s(TUESDAY, "09:30:00.0")
    found = learned(*weeks, tuning=tuning).usual("issuance", at_s)
    assert found["sign in"].limit_s == pytest.approx(5.6, rel=0.01)
    near = replace(tuning, usual_margin_s=0.1)
    found = learned(*weeks, tuning=near).usual("issuance", at_s)
    assert found["sign in"].limit_s == pytest.approx(1.8, rel=0.01)


def test_the_usual_is_never_above_the_steps_own_threshold_nor_below_its_floor():
    high, low = usual(*at_nine(4.0, 4.0)), usual(*at_nine(0.002, 0.002))
    free = usual(*at_nine(13.0, 13.0), step=replace(SIGN_IN, slow_after_s=None))
    assert high is not None
    assert low is not None
    assert free is not None
    assert (high.duration_s, low.duration_s, free.duration_s) == (1.5, 0.05, 10.0)


def test_it_is_said_as_a_person_says_it():
    found = usual(*at_nine(0.6, 0.6))
    assert str(found) == "0.60 s on Tuesdays at 9"


# --- when


@pytest.mark.parametrize("ahead", [WIB, WIT])
def test_hours_and_days_begin_where_the_offices_own_clock_says(ahead: int):
    weeks = [told_day(name, {0: alike(0.3), 9: alike(0.9), 23: alike(0.6)}) for name in WEEKS]
    today = learned(*(replace(each, hours_ahead=ahead) for each in weeks), ahead=ahead)

    def at(day: str, clock: str) -> tuple[float, int] | None:
        found = today.usual("issuance", wall_s(day, clock, ahead)).get("sign in")
        return (round(found.duration_s, 1), found.hour) if found else None

    assert at("20260302", "23:59:59.999") is None
    assert at(TUESDAY, "00:00:00.000") == (0.3, 0)
    assert at(TUESDAY, "00:59:59.999") == (0.3, 0)
    assert at(TUESDAY, "08:59:59.999") == (0.9, 8), "by its neighbour"
    assert at(TUESDAY, "09:00:00.000") == (0.9, 9)
    assert at(TUESDAY, "10:59:59.999") == (0.9, 10)
    assert at(TUESDAY, "11:00:00.000") is None
    assert at(TUESDAY, "23:59:59.999") == (0.6, 23)
    assert at("20260304", "00:00:00.000") is None


def test_between_the_middles_of_two_hours_the_usual_moves_evenly():
    hours = {8: alike(0.2, spread=0.1), 9: alike(0.8, spread=0.3)}
    today = learned(*(told_day(name, hours) for name in WEEKS))
    usuals = {
        clock: today.usual("issuance", wall_s(TUESDAY, f"{clock}:00.0"))["sign in"]
        for clock in ("08:00", "08:29", "08:30", "08:45", "08:59", "09:00", "09:15", "09:30")
    }
    moved = [round(each.duration_s, 2) for each in usuals.values()]
    assert moved == [0.2, 0.2, 0.2, 0.28, 0.39, 0.4, 0.57, 0.8]
    varies = usuals["08:45"].limit_s / usuals["08:45"].duration_s
    assert varies == pytest.approx(1.3**3, rel=0.03), "as much as in the hour that varies more"


@given(st.floats(0, 86_399.999), st.floats(0.06, 1.4), st.floats(0.06, 1.4))
def test_the_usual_is_never_outside_what_the_hours_around_it_say(
    after_midnight_s: float, even_s: float, odd_s: float
):
    hours = {hour: alike(even_s if hour % 2 == 0 else odd_s, 10) for hour in range(HOURS)}
    today = learned(*(told_day(name, hours) for name in WEEKS[:2]))
    usuals = today.usual("issuance", wall_s(TUESDAY, "00:00:00.0") + after_midnight_s)
    found = usuals["sign in"].duration_s
    assert min(even_s, odd_s) * 0.998 < found < max(even_s, odd_s) * 1.002


def test_before_anything_was_read_nothing_is_usual():
    assert Rhythm().usual("issuance", 0.0) == {}
    assert learned(*at_nine(0.6, 0.6)).usual("payment", wall_s(TUESDAY, "09:30:00.0")) == {}


# --- through the weeks


class Life:
    """One office that lives on from day to day, and learns by its own ledgers alone.

    One step, fifty runs an hour; a service stands slow for half a minute after a slow run.
    """

    def __init__(self, seed: int, began: date = date(2026, 3, 2)) -> None:
        self.seed = seed
        self.chance = random.Random(seed)
        self.day = began
        self.books: dict[str, Day] = {}

    def live(self, usual_s: Mapping[int, float], noise: float = 0.25) -> Mapping[int, float]:
        """Live one day, a step taking so long by hour; the share of runs called slow, by hour."""
        name = self.day.strftime(ledger.DAY_FORMAT)
        before = [self.books[w] for w in rhythm.weeks_before(name) if w in self.books]
        today = rhythm.learn(name, WIB, before, {"issuance": [SIGN_IN]}, Tuning())
        good: dict[int, list[float]] = {}
        slow: dict[int, float] = {}
        for hour, middle_s in usual_s.items():
            found = today.usual("issuance", wall_s(name, f"{hour:02}:30:00.0")).get(SIGN_IN.id)
            limit_s = min(found.limit_s if found else 99.0, SIGN_IN.slow_after_s or 99.0)
            took = [middle_s * exp(self.chance.gauss(0.0, noise)) for _ in range(50)]
            good[hour] = [each for each in took if each <= limit_s]
            slow[hour] = 1.0 - len(good[hour]) / 50
        trouble = {hour: (SLOW, 1500.0 * share) for hour, share in slow.items()}
        self._keep(told_day(name, good, trouble=trouble))
        return slow

    def _keep(self, day: Day) -> None:
        self.books[day.name] = ledger.decode(day.branch, day.name, ledger.encode(day))
        self.day += timedelta(days=1)

    def weeks(self, count: int, usual_s: Mapping[int, float]) -> Sequence[float]:
        """Live so many weeks; the share of slow runs of each."""
        shares = []
        for _ in range(count):
            daily = [self.live(usual_s) for _ in range(7)]
            shares.append(sum(sum(day.values()) / len(day) for day in daily) / 7)
        return shares


def busy_curve(day: date, peak: float, quiet_s: float) -> dict[int, float]:
    """Quiet nights and weekends, a peak at ten, and on Mondays a rush on top of it."""
    height = 0.2 if day.weekday() >= 5 else 1.0
    curve = {h: 1.0 + height * (peak - 1.0) * exp(-(((h - 10) / 3) ** 2)) for h in range(HOURS)}
    rush = 1.4 if day.weekday() == 0 else 1.0
    return {h: quiet_s * each * (rush if 8 <= h <= 10 else 1.0) for h, each in curve.items()}


@pytest.mark.parametrize(
    ("quiet_s", "peak", "noise", "busier"),
    [(0.3, 2.5, 0.15, 0.1), (0.3, 2.5, 0.25, 0.1), (0.3, 2.0, 0.4, 0.1), (0.02, 4.0, 0.5, 0.15)],
)
def test_in_quiet_weeks_under_one_good_run_in_a_hundred_is_called_slow(
    quiet_s: float, peak: float, noise: float, busier: float
):
    """``busier``: spread of the whole day's load around the week's; every office has the same."""
    life = Life(seed=3)
    shares: list[float] = []
    for number in range(49):
        factor = exp(life.chance.gauss(0.0, busier))
        curve = {h: s * factor for h, s in busy_curve(life.day, peak, quiet_s).items()}
        beyond_s = SIGN_IN.slow_after_s or 0.0
        slow = life.live({h: min(s, 0.4 * beyond_s) for h, s in curve.items()}, noise)
        shares += slow.values() if number >= 14 else ()
    assert sum(shares) / len(shares) < Tuning().slow.p0_floor, life.seed
    assert max(shares) <= 0.15, "in no hour enough to add up to a suspicion"


def test_what_is_three_times_as_slow_as_usual_is_called_slow_though_it_is_under_the_threshold():
    life = Life(seed=3)
    life.weeks(4, {9: 0.3, 21: 0.15})
    (share,) = life.weeks(1, {9: 0.9, 21: 0.45})
    assert share > 0.75


def test_a_change_for_good_is_slow_for_three_weeks_then_unknown_then_usual():
    life = Life(seed=3)
    life.weeks(4, {9: 0.3})
    told = life.weeks(9, {9: 0.9})
    assert min(told[:3]) > 0.8
    assert max(told[3:]) < 0.05
    assert life.weeks(1, {9: 0.3}) == [0.0]
    weeks = [life.books[week] for week in rhythm.weeks_before("20260601")]
    today = rhythm.learn("20260601", WIB, weeks, {"issuance": [SIGN_IN]}, Tuning())
    assert today.hours[9]["issuance"]["sign in"].duration_s == pytest.approx(0.9, rel=0.1)


def test_a_creep_from_week_to_week_is_left_to_the_threshold_and_never_becomes_usual_beyond_it():
    life = Life(seed=3)
    said = {}
    for week in range(52):
        middle_s = 0.3 * 1.05**week
        (said[middle_s],) = life.weeks(1, {9: middle_s})
    early = [share for middle_s, share in said.items() if middle_s < 0.7]
    late = [share for middle_s, share in said.items() if middle_s > 1.8]
    assert max(early) < 0.03, "a creep of a twentieth a week is not seen"
    assert min(late) > 0.6, "the threshold sees it, a year of it notwithstanding"
