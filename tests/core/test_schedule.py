"""Slots spread evenly and never drift; no bucket ever gives more than its share of the ceiling."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core import schedule
from agent.core.model import Trigger
from agent.core.schedule import Bucket, Pace, Plan

PLAN = Plan(period_s=72.5, anchor_s=3.0)
FOCUS = Plan(period_s=16.0, anchor_s=4.0)
PACE = Pace(roster_size=144, least_s=16.0, reprobe_s=18.0, reprobe_limit=8)


@pytest.mark.parametrize(
    ("roster", "base", "period", "why"),
    [
        (145, 2.0, 72.5, "the nation in two runs a second"),
        (12, 2.0, 6.0, "a small nation comes round sooner"),
        (3, 2.0, 5.0, "and a pilot no oftener than every five seconds"),
    ],
)
def test_the_period_is_the_roster_over_the_base_rate(roster, base, period, why):
    assert schedule.period_s(roster, base) == period, why


@given(roster=st.integers(1, 400), period=st.floats(5.0, 600.0))
def test_the_slots_of_a_nation_are_evenly_spread_over_the_period(roster, period):
    offsets = sorted(
        period * schedule.share(rank=rank, roster_size=roster) for rank in range(roster)
    )
    gaps = [after - before for before, after in pairwise(offsets)]
    assert all(gap == pytest.approx(period / roster) for gap in gaps)
    assert 0.0 <= offsets[0] <= offsets[-1] < period


def test_the_journeys_of_one_office_are_spread_too():
    offsets = [
        60.0 * schedule.share(rank=7, roster_size=10, journey=n, journeys=4) for n in range(4)
    ]
    assert sorted(offsets) == pytest.approx([12.0, 27.0, 42.0, 57.0])


@given(
    rank=st.integers(0, 144),
    roster=st.integers(145, 400),
    turns=st.lists(st.integers(1, 4), min_size=2, max_size=9),
)
def test_journeys_of_several_periods_never_meet_at_an_office(rank, roster, turns):
    """Whole numbers of the shortest period, here 60 s: in 720 s they have met if ever."""
    starts = sorted(
        time_s
        for journey, times in enumerate(turns)
        for time_s in slots(rank, roster, journey=journey, journeys=len(turns), turns=times)
    )
    apart = 60.0 / len(turns)
    assert all(after - before >= apart - 1e-6 for before, after in pairwise(starts))


@given(roster=st.integers(2, 400), turns=st.integers(2, 4))
def test_the_nation_stays_evenly_spread_when_the_period_is_longer_than_another(roster, turns):
    shares = [schedule.share(rank=n, roster_size=roster, turns=turns) for n in range(roster)]
    offsets = sorted(shares)
    gaps = [after - before for before, after in pairwise([*offsets, offsets[0] + 1.0])]
    assert sum(gaps) == pytest.approx(1.0)
    assert max(gaps) <= 2.0 / roster + 1e-9 or roster < turns


@pytest.mark.parametrize(
    ("period_s", "times", "why"),
    [(72.5, 1, "the shortest"), (145.0, 2, "twice that"), (100.0, 1, "does not fit whole")],
)
def test_a_period_counts_in_turns_of_the_shortest(period_s, times, why):
    assert schedule.turns(period_s, 72.5) == times, why


def slots(rank: int, roster: int, *, journey: int, journeys: int, turns: int) -> list[float]:
    """The starts of a journey in twelve of the shortest periods."""
    place = schedule.share(
        rank=rank, roster_size=roster, journey=journey, journeys=journeys, turns=turns
    )
    return [60.0 * turns * (number + place) for number in range(12 // turns)]


def test_ranks_do_not_depend_on_the_order_of_the_roster():
    names = [f"office-{n}" for n in range(20)]
    assert schedule.ranks(names) == schedule.ranks(reversed(names))
    assert sorted(schedule.ranks(names).values()) == list(range(20))


@given(period=st.floats(5.0, 600.0), anchor=st.floats(-1e6, 1e6), after=st.floats(0.0, 3e6))
def test_a_slot_is_the_first_one_later_than_now(period, anchor, after):
    slot = Plan(period_s=period, anchor_s=anchor).next_slot(after)
    assert after < slot + 1e-6
    assert slot - after <= period * (1 + 1e-6)


def test_slots_do_not_drift_in_a_year():
    slot = PLAN.anchor_s
    for _ in range(100_000):
        slot = PLAN.next_slot(slot)
    assert slot == pytest.approx(PLAN.anchor_s + 100_000 * PLAN.period_s, abs=1e-5)


@pytest.mark.parametrize(
    ("after_s", "until_s", "slots", "why"),
    [
        (3.0, 75.4, 0, "the slot that one stands on is behind"),
        (3.0, 75.5, 1, "the one that is reached counts"),
        (2.9, 75.5, 2, "both ends of a whole period"),
        (10.0, 10.0 + 725.0, 10, "one to a period"),
        (80.0, 10.0, 0, "none when no time has passed"),
    ],
)
def test_the_slots_between_two_moments(after_s, until_s, slots, why):
    assert PLAN.slots_between(after_s, until_s) == slots, why


def test_offices_that_start_at_different_moments_keep_their_places_in_the_period():
    """One wall clock, two boot clocks: half a period between the slots."""
    first = Plan.seated(share=0.0, period_s=60.0, now_s=5.0, wall_s=1_000_005.0)
    second = Plan.seated(share=0.5, period_s=60.0, now_s=900.0, wall_s=1_000_017.0)
    wall = [p.anchor_s + ahead for p, ahead in ((first, 1_000_000.0), (second, 999_117.0))]
    assert (wall[1] - wall[0]) % 60.0 == pytest.approx(30.0)


@pytest.mark.parametrize(
    ("ceiling", "roster", "interval", "why"),
    [
        (8.0, 145, 18.125, "the office's share of the ceiling"),
        (8.0, 12, 15.0, "but never sooner than fifteen seconds"),
    ],
)
def test_local_reprobes_keep_their_distance(ceiling, roster, interval, why):
    assert Pace.within(ceiling, roster, 15.0, 8).reprobe_s == interval, why


@pytest.mark.parametrize(
    ("changes", "at_s", "trigger", "why"),
    [
        ({}, 28.0, Trigger.REPROBE, "suspicion calls 18 s after the last start"),
        ({"suspicious": False}, 75.5, Trigger.PLAN, "without suspicion only the plan's slot"),
        (
            {"stood_down": True},
            75.5,
            Trigger.PLAN,
            "nothing is left to find out in a national incident",
        ),
        ({"reprobes_in_a_row": 7}, 28.0, Trigger.REPROBE, "the eighth in a row is the last"),
        ({"reprobes_in_a_row": 8}, 75.5, Trigger.PLAN, "a ninth is not made"),
        (
            {"last_start_s": None},
            75.5,
            Trigger.PLAN,
            "an office that never ran has nothing to hurry after",
        ),
        ({"last_start_s": 58.0}, 75.5, Trigger.PLAN, "a slot that is sooner wins"),
        ({"last_start_s": 57.5}, 75.5, Trigger.PLAN, "and one that is as soon"),
        ({"focus": PLAN, "suspicious": False}, 75.5, Trigger.PLAN, "also as soon as an order's"),
        ({"now_s": 50.0}, 50.0, Trigger.REPROBE, "what is overdue runs now"),
        ({"focus": FOCUS}, 26.0, Trigger.FOCUS, "an order's slot, once the ceiling allows another"),
        ({"focus": FOCUS, "last_start_s": 3.0}, 20.0, Trigger.FOCUS, "or as soon as it comes"),
        (
            {"last_start_s": 70.0, "suspicious": False},
            86.0,
            Trigger.PLAN,
            "a slot too soon after a hurried run is later, not lost",
        ),
    ],
)
def test_when_a_journey_runs_next(changes, at_s, trigger, why):
    asked = {
        "now_s": 11.0,
        "last_start_s": 10.0,
        "suspicious": True,
        "reprobes_in_a_row": 0,
        "stood_down": False,
    } | changes
    due = schedule.next_run(PLAN, PACE, **asked)
    assert (due.at_s, due.trigger) == (at_s, trigger), why


@pytest.mark.parametrize(
    ("roster", "rate", "times", "why"),
    [
        (145, 8.0, 4, "eight a second are four times two"),
        (145, 20.0, 4, "the ceiling binds whatever is ordered"),
        (145, 5.0, 2, "slots stay evenly spread: a rate between is rounded down"),
        (145, 0.5, 1, "and no order makes the nation probe less"),
        (12, 8.0, 1, "a small nation comes round soon enough"),
    ],
)
def test_an_order_divides_the_period_evenly(roster, rate, times, why):
    plan = Plan(period_s=schedule.period_s(roster, 2.0), anchor_s=7.0)
    focus = Pace.within(8.0, roster, 15.0, 8).follow(plan, rate)
    assert focus.period_s == pytest.approx(plan.period_s / times), why
    assert focus.anchor_s == plan.anchor_s


def test_an_order_keeps_the_nation_evenly_spread_at_eight_a_second():
    starts = sorted(
        Pace.within(8.0, 145, 15.0, 8)
        .follow(Plan.seated(share=share, period_s=72.5, now_s=0.0, wall_s=1e9), 8.0)
        .next_slot(100.0)
        for share in (schedule.share(rank=rank, roster_size=145) for rank in range(145))
    )
    gaps = [after - before for before, after in pairwise(starts)]
    assert gaps == pytest.approx([0.125] * 144, abs=1e-6)


def test_a_bucket_starts_empty():
    assert Bucket(capacity=1.0, refill_per_s=0.1).take(1.0, 9.0) is None
    assert Bucket(capacity=1.0, refill_per_s=0.1).take(1.0, 10.0) is not None


@given(
    steps=st.lists(st.tuples(st.floats(0.0, 30.0), st.booleans()), min_size=1, max_size=200),
    refill=st.floats(0.01, 2.0),
)
def test_no_window_of_a_bucket_sees_more_than_the_ceiling_and_one_run(steps, refill):
    bucket, now_s, taken = Bucket(capacity=1.0, refill_per_s=refill), 0.0, []
    for wait_s, returns in steps:
        now_s += wait_s
        after = bucket.take(1.0, now_s)
        if after is None:
            continue
        bucket = after.give_back(1.0, now_s) if returns else after
        if not returns:
            taken.append(now_s)
    for first, began_s in enumerate(taken):
        for number, ended_s in enumerate(taken[first:], start=1):
            assert number <= 1.0 + refill * (ended_s - began_s) + 1e-6


def test_a_clock_read_out_of_order_fills_no_bucket_twice():
    bucket = Bucket(capacity=10.0, refill_per_s=1.0).at(5.0).at(1.0).at(5.0)
    assert bucket.level == 5.0


def test_a_returned_token_never_overfills():
    assert Bucket(capacity=1.0, refill_per_s=1.0, level=1.0).give_back(1.0, 0.0).level == 1.0


def test_a_run_takes_from_all_its_buckets_or_from_none():
    buckets = {
        "journey": Bucket(capacity=1.0, refill_per_s=0.0, level=1.0),
        "target": Bucket(capacity=4.0, refill_per_s=0.0, level=3.0),
    }
    assert schedule.take_all(buckets, {"journey": 1.0, "target": 4.0}, 0.0) is None
    after = schedule.take_all(buckets, {"journey": 1.0, "target": 3.0}, 0.0)
    assert after is not None
    assert [bucket.level for bucket in after.values()] == [0.0, 0.0]
