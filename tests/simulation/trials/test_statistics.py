"""Medians, and exact intervals against printed tables."""

from math import inf, isnan

import pytest

from agent.simulation.trials.statistics import (
    binomial_interval,
    delay_or_miss,
    median,
    p95,
    poisson_interval,
)


def test_a_miss_counts_as_for_ever():
    assert median([3.0, 1.0, inf, 2.0]) == 2.0
    assert median([delay_or_miss(None), delay_or_miss(4.0), inf]) == inf


def test_ninety_five_in_a_hundred_are_no_larger():
    assert p95([float(n) for n in range(1, 101)]) == 95.0
    assert p95([1.0]) == 1.0
    assert isnan(median([]))


@pytest.mark.parametrize(
    ("events", "low", "high"),
    [
        (0, 0.0, 3.689),
        (1, 0.0253, 5.572),
        (4, 1.090, 10.242),
        (10, 4.795, 18.390),
        (100, 81.36, 121.63),
    ],
)
def test_the_interval_of_a_count_is_garwoods(events: int, low: float, high: float):
    interval = poisson_interval(events)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.006)


def test_a_rate_is_per_unit_of_exposure():
    whole, per_year = poisson_interval(4), poisson_interval(4, 40.0)
    assert per_year.high == pytest.approx(whole.high / 40.0)
    assert per_year.low == pytest.approx(whole.low / 40.0)


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        (0, 200, 0.0, 0.01828),
        (5, 100, 0.01643, 0.11284),
        (10, 10, 0.69150, 1.0),
        (50, 100, 0.39832, 0.60168),
    ],
)
def test_the_interval_of_a_share_is_cloppers_and_pearsons(
    hits: int, trials: int, low: float, high: float
):
    interval = binomial_interval(hits, trials)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=1e-4)
