"""What befalls the offices comes as often as the world says."""

from itertools import pairwise
from math import erf, exp, log, sqrt

import pytest

from agent.core.model import Channel
from agent.simulation.trials.episodes import Episode, Kind, nuisance, offices
from agent.simulation.trials.world import YEAR_S, setting

SETTING = setting("145")
WORLD = SETTING.world
YEAR = nuisance(SETTING, 7, YEAR_S)


def of(kind: Kind, episodes: list[Episode] = YEAR) -> list[Episode]:
    return [episode for episode in episodes if episode.kind is kind]


def normal(x: float) -> float:
    return 0.5 * (1.0 + erf(x / sqrt(2.0)))


def clipped_lognormal_mean(median: float, sigma: float, least: float, most: float) -> float:
    low, high = (log(least / median) / sigma, log(most / median) / sigma)
    inside = normal(high - sigma) - normal(low - sigma)
    return least * normal(low) + median * exp(sigma**2 / 2) * inside + most * (1.0 - normal(high))


def test_the_mean_background_is_half_a_percent():
    drawn = [office.p0 for seed in range(70) for office in offices(SETTING, seed)]
    mean = clipped_lognormal_mean(0.0035, 0.8, 0.001, 0.05)
    assert mean == pytest.approx(0.0049, abs=0.0001)
    deviation = sqrt(sum((p - mean) ** 2 for p in drawn)) / len(drawn)
    assert sum(drawn) / len(drawn) == pytest.approx(mean, abs=3 * deviation)


def test_an_office_is_slow_more_often_than_it_fails():
    for office in offices(SETTING, 3):
        assert office.background(Channel.SLOW) > office.background(Channel.FAIL)


def test_three_offices_in_a_hundred_report_late():
    drawn = [office.lag_least_s for seed in range(70) for office in offices(SETTING, seed)]
    late = [lag_s for lag_s in drawn if lag_s > WORLD.lag_least_s]
    assert len(late) / len(drawn) == pytest.approx(0.03, abs=3 * sqrt(0.03 / len(drawn)))
    assert 10.0 <= min(late) < max(late) <= 40.0


@pytest.mark.parametrize(
    ("kind", "per_year", "spread"),
    [
        # Offices differ in their bursts, which adds to the spread: N * 40^2 / shape.
        (Kind.BURST, 145 * 40, sqrt(145 * 40 + 145 * 40**2 / 2)),
        (Kind.REGIONAL, 46, sqrt(46)),
        (Kind.BLIP, 110, sqrt(90 + 10 * 4)),
        (Kind.WEATHER, 20, sqrt(20)),
    ],
)
def test_a_year_holds_as_many_episodes_as_the_world_says(
    kind: Kind, per_year: float, spread: float
):
    begun = [episode for episode in of(kind) if episode.start_s >= 0.0]
    assert abs(len(begun) - per_year) < 3 * spread


def test_a_burst_is_one_office_and_half_of_them_are_solid():
    bursts = of(Kind.BURST)
    assert all(episode.offices is not None and len(episode.offices) == 1 for episode in bursts)
    solid = sum(episode.p == 1.0 for episode in bursts) / len(bursts)
    assert solid == pytest.approx(0.5, abs=3 * sqrt(0.25 / len(bursts)))
    lasting = sorted(episode.end_s - episode.start_s for episode in bursts)
    assert lasting[len(lasting) // 2] == pytest.approx(900.0, rel=0.06)
    assert lasting[-1] == WORLD.burst_longest_s


def test_a_regional_outage_keeps_to_one_province_or_one_carrier():
    by_province = 0
    for episode in of(Kind.REGIONAL):
        assert episode.offices is not None
        assert 5 <= len(episode.offices) <= 12
        hit = [SETTING.branches[office] for office in episode.offices]
        provinces, carriers = {b.province for b in hit}, {b.carrier for b in hit}
        assert min(len(provinces), len(carriers)) == 1
        by_province += len(provinces) == 1
    assert 0.45 < by_province / len(of(Kind.REGIONAL)) < 0.95


def test_a_blip_is_over_in_ten_seconds_and_some_come_twice():
    blips = sorted(of(Kind.BLIP), key=lambda episode: episode.start_s)
    assert all(2.0 <= episode.end_s - episode.start_s <= 10.0 for episode in blips)
    pauses = [after.start_s - before.end_s for before, after in pairwise(blips)]
    doubles = [pause_s for pause_s in pauses if 20.0 <= pause_s <= 60.0]
    assert 1 <= len(doubles) <= 20


def test_what_began_before_the_stretch_is_still_there():
    """At any moment rate x duration bursts go on, at the first moment as well."""
    draws = [of(Kind.BURST, nuisance(SETTING, seed, 1.0)) for seed in range(300)]
    lasting = [episode.end_s - episode.start_s for episode in of(Kind.BURST)]
    expected = 145 * 40 / YEAR_S * sum(lasting) / len(lasting)
    mean = sum(len(bursts) for bursts in draws) / len(draws)
    assert mean == pytest.approx(expected, abs=4 * sqrt(expected / len(draws)))


def test_the_same_seed_is_the_same_year():
    assert nuisance(SETTING, 1, 1e6) == nuisance(SETTING, 1, 1e6)
    assert nuisance(SETTING, 1, 1e6) != nuisance(SETTING, 2, 1e6)
