"""The traces are those of the world, although nearly all of their results are never drawn."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from math import exp, sqrt
from statistics import fmean

import pytest

from agent.core.model import Channel
from agent.simulation.trials.planted import among
from agent.simulation.trials.traces import Trace
from agent.simulation.trials.world import World, setting

DAY_S = 86_400.0
SETTING = setting("145")
SMALL = setting("20")
SURE = replace(SMALL, world=replace(SMALL.world, lost_share=0.0))


def expected_bad(trace: Trace) -> tuple[float, float]:
    """Bad results that the rates promise, and their variance."""
    mean = variance = 0.0
    for rate in trace.rates:
        for start_s, end_s, p in rate.stretches(trace.until_s):
            heard_bad = p * (1.0 - trace.setting.world.lost_share)
            probes = (end_s - start_s) / trace.setting.period_s
            mean += probes * heard_bad
            variance += probes * heard_bad * (1.0 - heard_bad)
    return mean, variance


@pytest.mark.parametrize("channel", list(Channel))
def test_as_many_results_are_bad_as_the_rates_promise(channel: Channel):
    trace = Trace(SETTING, 5, until_s=60 * DAY_S, channel=channel)
    mean, variance = expected_bad(trace)
    assert mean > 20_000
    # A stretch's number of slots is rounded, which adds a little to the spread.
    assert abs(len(trace.bad) - mean) < 3 * sqrt(variance + 0.1 * len(trace.episodes))


def test_half_a_percent_of_the_results_are_bad_in_good_times():
    trace = Trace(SETTING, 5, until_s=30 * DAY_S, nuisance=False)
    rate = len(trace.bad) / (30 * DAY_S * 2.0)
    assert rate == pytest.approx(0.99 * fmean(o.p0 for o in trace.offices), rel=0.03)


def test_skipping_good_results_is_as_drawing_them_one_by_one():
    """Gaps between bad results, counted in classes, against those of single draws."""
    p = 0.2
    world = replace(
        World(), p0_median=p, p0_most=p, p0_least=p, lost_share=0.0, bursts_per_office=0.0
    )
    trace = Trace(replace(SMALL, world=world), 3, until_s=DAY_S / 2, nuisance=False)
    skipped: Counter[int] = Counter()
    stepped: Counter[int] = Counter()
    for place in range(20):
        own = [slot // 20 for slot in trace.bad if trace.office_of(slot) == place]
        skipped.update(min(12, after - before) for before, after in pairwise(own))
        drawn = [k for k in range(4_000) if trace.probe(place, 1000.0 * k)]
        stepped.update(min(12, after - before) for before, after in pairwise(drawn))
    total, other = skipped.total(), stepped.total()
    for gap in range(1, 13):
        share = (1 - p) ** (gap - 1) * (p if gap < 12 else 1.0)
        assert abs(skipped[gap] / total - share) < 4 * sqrt(share / total)
        assert abs(stepped[gap] / other - share) < 4 * sqrt(share / other)


def test_a_solid_outage_makes_every_slot_of_its_offices_bad_and_no_other():
    outage = among([4, 7], p1=1.0, start_s=100.0, end_s=200.0)
    trace = Trace(SURE, 1, until_s=300.0, planted=outage.episodes, nuisance=False)
    bad = [slot for slot in trace.bad if trace.office_of(slot) in (4, 7)]
    inside = [slot for slot in bad if 100.0 <= trace.start_of(slot) < 200.0]
    assert len(inside) == 20
    assert {after - before for before, after in pairwise(inside[::2])} == {20}


def test_one_result_in_a_hundred_is_lost():
    outage = among(range(145), p1=1.0, start_s=0.0, end_s=DAY_S)
    trace = Trace(SETTING, 1, until_s=DAY_S, planted=outage.episodes, nuisance=False)
    lost = 1.0 - len(trace.bad) / (2 * DAY_S)
    assert lost == pytest.approx(0.01, abs=3 * sqrt(0.01 / (2 * DAY_S)))


def test_every_half_second_another_office_is_asked_and_each_once_a_period():
    trace = Trace(SETTING, 1, until_s=1.0)
    assert trace.start_of(11) - trace.start_of(10) == pytest.approx(0.5)
    assert len({trace.office_of(slot) for slot in range(1000, 1145)}) == 145
    assert trace.office_of(3) == trace.office_of(148)


@pytest.mark.parametrize("place", [0, 17, 144])
def test_an_offices_next_slot_is_its_own_and_not_long_away(place: int):
    trace = Trace(SETTING, 1, until_s=1.0)
    for after_s in (0.0, 1.0, 123.4, 9_999.9):
        slot = trace.next_slot(place, after_s)
        assert trace.office_of(slot) == place
        assert 0.0 <= trace.start_of(slot) - after_s < 72.5
        assert trace.next_slot(place, trace.start_of(slot)) == slot


def test_the_result_of_any_other_probe_depends_on_its_office_and_moment_alone():
    outage = among([4], p1=0.5, start_s=0.0, end_s=DAY_S)
    one, other = (
        Trace(SETTING, 9, until_s=DAY_S, planted=outage.episodes, nuisance=False) for _ in range(2)
    )
    moments = [18.1 * k for k in range(4_000)]
    first = [one.probe(4, at_s) for at_s in moments]
    assert first[::-1] == [other.probe(4, at_s) for at_s in moments[::-1]]
    heard = [bad for bad in first if bad is not None]
    assert fmean(heard) == pytest.approx(0.5, abs=3 * sqrt(0.25 / 4_000))
    assert 1.0 - len(heard) / 4_000 == pytest.approx(0.01, abs=3 * sqrt(0.01 / 4_000))


def test_results_are_heard_of_a_second_later_and_those_of_laggards_much_later():
    trace = Trace(SETTING, 2, until_s=1.0)
    slow = next(p for p, office in enumerate(trace.offices) if office.lag_least_s > 1.0)
    swift = next(p for p, office in enumerate(trace.offices) if office.lag_least_s < 1.0)
    lags_s = [trace.lag_s(swift, float(at_s)) for at_s in range(4_000)]
    assert min(lags_s) >= 0.3
    assert fmean(lags_s) == pytest.approx(1.0, abs=3 * 0.7 / sqrt(4_000))
    assert sum(lag_s > 1.0 for lag_s in lags_s) / 4_000 == pytest.approx(exp(-1.0), abs=0.025)
    assert trace.lag_s(slow, 5.0) >= trace.offices[slow].lag_least_s >= 10.0


def test_the_same_seed_is_the_same_trace_and_another_is_not():
    assert Trace(SMALL, 1, until_s=DAY_S).bad == Trace(SMALL, 1, until_s=DAY_S).bad
    assert Trace(SMALL, 1, until_s=DAY_S).bad != Trace(SMALL, 2, until_s=DAY_S).bad
