"""How likely a result is bad, when several things are wrong at once."""

import pytest

from agent.simulation.trials.episodes import Episode, Kind, blip
from agent.simulation.trials.failure_rate import FailureRate, failure_rates


def burst(start_s: float, end_s: float, p: float) -> Episode:
    return Episode(kind=Kind.BURST, start_s=start_s, end_s=end_s, offices=(0,), p=p)


def weather(start_s: float, end_s: float) -> Episode:
    return Episode(kind=Kind.WEATHER, start_s=start_s, end_s=end_s, p0_factor=3.0)


def test_without_trouble_it_is_the_background():
    assert list(FailureRate(0.01, []).stretches(9.0)) == [(0.0, 9.0, 0.01)]


def test_the_worst_of_several_troubles_shows():
    rate = FailureRate(0.01, [burst(10.0, 50.0, 0.4), burst(20.0, 30.0, 1.0)])
    assert list(rate.stretches(60.0)) == [
        (0.0, 10.0, 0.01),
        (10.0, 20.0, 0.4),
        (20.0, 30.0, 1.0),
        (30.0, 50.0, 0.4),
        (50.0, 60.0, 0.01),
    ]


def test_weather_multiplies_the_background_alone():
    rate = FailureRate(0.01, [weather(0.0, 100.0), burst(10.0, 20.0, 0.4)])
    assert [rate.at(at_s) for at_s in (5.0, 15.0, 25.0, 100.0)] == pytest.approx(
        [0.03, 0.4, 0.03, 0.01]
    )


def test_troubles_that_touch_leave_no_gap():
    rate = FailureRate(0.01, [burst(10.0, 20.0, 1.0), burst(20.0, 30.0, 1.0)])
    assert list(rate.stretches(40.0)) == [
        (0.0, 10.0, 0.01),
        (10.0, 30.0, 1.0),
        (30.0, 40.0, 0.01),
    ]


def test_what_began_before_the_stretch_counts_from_its_beginning():
    assert list(FailureRate(0.01, [burst(-50.0, 3.0, 1.0)]).stretches(9.0)) == [
        (0.0, 3.0, 1.0),
        (3.0, 9.0, 0.01),
    ]


def test_a_burst_is_one_offices_and_a_blip_is_everybodys():
    ours, theirs = failure_rates([0.01, 0.02], [burst(0.0, 10.0, 0.5), blip(20.0, 5.0)])
    assert (ours.at(5.0), theirs.at(5.0)) == (0.5, 0.02)
    assert (ours.at(22.0), theirs.at(22.0)) == (1.0, 1.0)
