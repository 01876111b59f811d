"""A world that is known is recorded, and the recording gives it back."""

from __future__ import annotations

from dataclasses import replace
from statistics import mean

import pytest

from agent.core import groups
from agent.core.model import Channel
from agent.simulation.refit import fitting
from agent.simulation.refit.cuts import Cut
from agent.simulation.refit.fitting import Fit, Question
from agent.simulation.refit.history import History
from agent.simulation.trials import planted
from agent.simulation.trials.episodes import Kind
from agent.simulation.trials.traces import Trace
from agent.simulation.trials.world import Setting, World, setting
from tests.support.recorded_world import BEGAN_S, SERVICE, history_of

DAY_S = 86_400.0
TRUTH = World(
    p0_sigma=0.5,
    bursts_per_office=400.0,
    regionals=1200.0,
    regional_fewest=3,
    regional_most=6,
    blips=1200.0,
    blip_double_share=0.2,
    weathers=150.0,
    lost_share=0.03,
)
"""As much in days as otherwise in months."""
ELSEWHERE = {"slow_p0_median"}
"""Nothing is slow in these traces."""


def offices(world: World) -> Setting:
    return replace(setting("20"), world=world)


def asked(of: Setting) -> Question:
    return Question(
        service=SERVICE,
        channel=Channel.FAIL,
        groups=groups.of(of.branches),
        period_s=of.period_s,
    )


def fitted(trace: Trace, *cuts: Cut) -> Fit:
    return fitting.fit(history_of(trace), asked(trace.setting), cuts)


@pytest.fixture(scope="module")
def trace() -> Trace:
    return Trace(offices(TRUTH), 2, until_s=4 * DAY_S)


@pytest.fixture(scope="module")
def fit(trace: Trace) -> Fit:
    return fitted(trace)


def test_every_interval_contains_the_truth_of_the_recorded_world(trace: Trace, fit: Fit):
    told = {each.name: each.interval for each in fit.estimates if each.interval is not None}
    truth = {name: getattr(TRUTH, name) for name in told}
    truth["bursts_per_office"] = mean(each.bursts_per_year for each in trace.offices)
    outside = {
        name: (interval.low, truth[name], interval.high)
        for name, interval in told.items()
        if not interval.low <= truth[name] <= interval.high and name not in ELSEWHERE
    }
    # Of so many intervals of 95 % one or the other misses; none by much.
    assert len(outside) <= 1
    assert all(0.6 * low <= value <= 1.7 * high for low, value, high in outside.values())
    assert {
        "p0_median",
        "p0_sigma",
        "bursts_per_office",
        "burst_median_s",
        "burst_sigma",
        "burst_solid_share",
        "regionals",
        "regional_median_s",
        "blips",
        "blip_double_share",
        "weathers",
        "weather_factor",
        "lost_share",
        "lag_least_s",
        "lag_mean_s",
    } <= told.keys()


def test_every_trouble_is_found_once_and_hardly_any_is_made_up(trace: Trace, fit: Fit):
    there = {
        kind: sum(each.kind is kind and each.start_s > 0.0 for each in trace.episodes)
        for kind in Kind
    }
    assert len(fit.seen.blips) == pytest.approx(there[Kind.BLIP], abs=1)
    assert len(fit.seen.weather) == pytest.approx(there[Kind.WEATHER], abs=1)
    assert len(fit.seen.sorted.regions) == pytest.approx(there[Kind.REGIONAL], abs=3)
    assert len(fit.seen.sorted.bursts) == pytest.approx(there[Kind.BURST], abs=15)


def test_what_nothing_shows_stays_as_it_is_assumed(fit: Fit):
    kept = {each.name: each for each in fit.estimates if each.kept}
    assumed = World()
    assert "at least 8 are needed" in kept["blip_pause_most_s"].kept
    assert fit.world.blip_pause_most_s == assumed.blip_pause_most_s
    assert fit.world.burst_shape == assumed.burst_shape
    for name, each in kept.items():
        assert getattr(fit.world, name) == each.value == getattr(assumed, name)


def test_the_fitted_world_can_be_played(fit: Fit):
    assert Trace(offices(fit.world), 1, until_s=DAY_S).bad


def test_exposure_is_what_was_watched(trace: Trace, fit: Fit):
    assert fit.exposure.offices == 20
    year_s = 365.25 * DAY_S
    assert fit.exposure.nation_years * year_s == pytest.approx(trace.until_s, rel=0.01)
    assert fit.exposure.office_years == pytest.approx(20 * fit.exposure.nation_years, rel=0.01)
    assert fit.unplaced == 0


def test_an_hour_is_too_short_and_every_assumption_is_kept_with_what_was_seen():
    fit = fitted(Trace(offices(World()), 1, until_s=3600.0))
    kept = {each.name: each.kept for each in fit.estimates if each.kept}
    assert kept["bursts_per_office"] == "0 seen, 0.1 due"
    assert kept["blips"] == "0 seen, 0.0 due"
    assert kept["burst_median_s"] == "at least 8 are needed"
    assert "10 bad results an office" in kept["p0_sigma"]
    rest = {each.name for each in fit.estimates} - kept.keys()
    assert rest <= {"p0_median", "slow_p0_median", "lost_share", "lag_least_s", "lag_mean_s"}


def test_nothing_recorded_is_everything_assumed():
    of = offices(World())
    history = History(frozenset(b.id for b in of.branches), frozenset([SERVICE]))
    fit = fitting.fit(history, asked(of))
    assert all(each.kept for each in fit.estimates)
    assert fit.world == World()
    assert fit.late_share is None


# --- national outages are no nuisance, whoever says that they happened


@pytest.fixture
def outage() -> Trace:
    """Everything fails for ten minutes of a quiet afternoon."""
    of = offices(World(bursts_per_office=0.0, regionals=0.0, blips=0.0, weathers=0.0))
    everywhere = planted.among(range(20), p1=1.0, start_s=7200.0, end_s=7800.0)
    return Trace(of, 3, until_s=6 * 3600.0, planted=everywhere.episodes)


def test_one_that_is_named_leaves_nothing_behind(outage: Trace):
    named = Cut(from_s=BEGAN_S + 7100.0, until_s=BEGAN_S + 7900.0, why="named")
    fit = fitted(outage, named)
    assert fit.cuts == (named,)
    assert fit.seen.blips == ()
    assert fit.seen.sorted.bursts == []
    assert fit.seen.sorted.regions == []
    years = (6 * 3600.0 - 800.0) / (365.25 * DAY_S)
    assert fit.exposure.nation_years == pytest.approx(years, rel=0.02)
    background = fit.seen.background[Channel.FAIL]
    assert background.bad / background.results < 0.01


def test_one_that_nobody_told_is_found_cut_out_and_listed(outage: Trace):
    (cut,) = fitted(outage).cuts
    assert cut.why == fitting.WIDE
    assert cut.from_s - BEGAN_S == pytest.approx(7200.0, abs=15.0)
    assert cut.until_s - BEGAN_S == pytest.approx(7800.0, abs=15.0)
