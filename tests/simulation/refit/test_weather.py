"""When every office's background rises together."""

from __future__ import annotations

import random

import pytest

from agent.simulation.refit import weather
from agent.simulation.refit.history import BIN_S
from agent.simulation.trials.world import World

BINS = 600
RESULTS = dict.fromkeys(range(BINS), 1200)


def bad_s(rates: dict[int, float], seed: int = 1) -> list[float]:
    """Moments of bad results: one in 200, or another rate in some bins."""
    draw = random.Random(seed)
    return [
        (number + draw.random()) * BIN_S
        for number in range(BINS)
        for _ in range(1200)
        if draw.random() < rates.get(number, 0.005)
    ]


def test_quiet_days_have_no_weather():
    assert weather.find(bad_s({}), RESULTS) == []


def test_two_hours_of_three_times_the_background_are_found():
    (found,) = weather.find(bad_s(dict.fromkeys(range(100, 112), 0.015)), RESULTS)
    assert found.start_s == pytest.approx(100 * BIN_S, abs=BIN_S)
    assert found.end_s == pytest.approx(112 * BIN_S, abs=BIN_S)
    assert found.bad / found.due == pytest.approx(3.0, rel=0.2)
    assert found.lasted.whole


def test_much_weather_does_not_hide_itself():
    rates = {n: 0.015 for day in range(4) for n in range(day * 144 + 9, day * 144 + 29)}
    found = weather.find(bad_s(rates), RESULTS)
    assert len(found) == 4
    estimates = {each.name: each for each in weather.estimates(found, 0.01, World())}
    interval = estimates["weather_factor"].interval
    assert interval is not None
    assert interval.low <= 3.0 <= interval.high


def test_what_goes_on_when_the_recording_ends_is_known_to_last_longer():
    (found,) = weather.find(bad_s(dict.fromkeys(range(590, 600), 0.02)), RESULTS)
    assert not found.lasted.whole


def test_bins_without_results_part_it():
    rates = dict.fromkeys([*range(100, 110), *range(120, 130)], 0.02)
    known = {n: 1200 for n in RESULTS if not 110 <= n < 120}
    assert len(weather.find(bad_s(rates), known)) == 2


def test_nothing_recorded_is_no_weather():
    assert weather.find([], {}) == []
