"""What may be said of a number, and when the assumption stays."""

from __future__ import annotations

import random
from math import log

import pytest

from agent.simulation.refit import estimate


def test_a_rate_has_garwoods_interval():
    found = estimate.rate("blips", 10, 0.1, assumed=100.0)
    assert found.value == pytest.approx(100.0)
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == pytest.approx((47.95, 183.9), abs=0.1)
    assert found.kept == ""


def test_with_few_seen_and_few_due_the_assumption_stays():
    found = estimate.rate("blips", 2, 0.02, assumed=100.0)
    assert (found.value, found.interval, found.kept) == (100.0, None, "2 seen, 2.0 due")
    assert found.events == 2


def test_none_where_some_were_due_is_half_of_one():
    found = estimate.rate("blips", 0, 0.1, assumed=100.0)
    assert found.value == 5.0
    assert found.interval is not None
    assert found.interval.low == 0.0


def test_more_than_due_is_told_even_in_a_short_time():
    assert estimate.rate("blips", 3, 0.001, assumed=100.0).value == pytest.approx(3000.0)


def test_what_cannot_be_found_is_added():
    assert estimate.rate("x", 30, 1.0, assumed=40.0, seen=0.75).value == pytest.approx(40.0)


@pytest.mark.parametrize(
    ("hits", "of", "kept"),
    [(1, 5, "at least 8 are needed"), (0, 10, "0 seen, 1.0 due"), (0, 40, ""), (3, 8, "")],
)
def test_a_share_needs_enough_events_and_enough_of_the_kind(hits: int, of: int, kept: str):
    assert estimate.share("x", hits, of, assumed=0.1).kept == kept


def test_a_share_beyond_a_half_has_an_exact_interval_too():
    one, other = estimate.share_interval(3, 40), estimate.share_interval(37, 40)
    assert (1.0 - other.high, 1.0 - other.low) == pytest.approx((one.low, one.high))


def test_of_very_many_events_the_interval_joins_the_exact_one():
    exact, normal = estimate.count_interval(5000), estimate.count_interval(5001)
    assert normal.low == pytest.approx(exact.low, rel=0.002)
    assert normal.high == pytest.approx(exact.high, rel=0.002)


def test_the_ends_of_a_uniform_distribution_lie_a_little_beyond():
    draw = random.Random(2)
    values = [draw.uniform(2.0, 10.0) for _ in range(30)]
    least, most = estimate.ends(("a", "b"), values, assumed=(1.0, 2.0))
    assert (least.value, most.value) == pytest.approx((2.0, 10.0), abs=0.6)
    assert [each.value for each in estimate.ends(("a", "b"), [3.0], assumed=(1.0, 2.0))] == [1, 2]


def test_a_median_lies_between_two_of_the_values():
    interval = estimate.median_interval([float(n) for n in range(1, 101)])
    assert (interval.low, interval.high) == (40.0, 61.0)


def test_a_spread_does_not_mind_a_few_wild_values():
    draw = random.Random(3)
    logs = [log(draw.lognormvariate(0.0, 0.8)) for _ in range(400)]
    sigma = estimate.spread([*logs, 9.0, 9.0, -9.0])
    interval = estimate.spread_interval(sigma, 400)
    assert interval.low <= 0.8 <= interval.high
    assert estimate.spread(logs, noise=0.2) < sigma
