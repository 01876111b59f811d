"""The best that anybody could do, near the bound of theory."""

from statistics import median

import pytest

from agent.simulation.trials import oracle
from agent.simulation.trials.planted import Planted, among
from agent.simulation.trials.traces import Trace
from agent.simulation.trials.world import setting

SETTING = setting("145")


def trial(seed: int, offices: int, p1: float) -> tuple[Trace, Planted]:
    start_s = 600.0 + 7.3 * seed
    outage = among(range(offices), p1=p1, start_s=start_s, end_s=start_s + 900.0)
    planted = outage.episodes
    return Trace(SETTING, seed, until_s=outage.end_s, planted=planted, nuisance=False), outage


@pytest.mark.parametrize(("offices", "p1"), [(145, 0.5), (145, 0.2), (44, 1.0), (44, 0.5)])
def test_the_iid_oracle_is_about_as_fast_as_the_bound(offices: int, p1: float):
    trials = [trial(seed, offices, p1) for seed in range(60)]
    delays_s = [oracle.iid_delay_s(*each) or 900.0 for each in trials]
    bounds_s = [oracle.bound_s(*each) for each in trials]
    assert median(delays_s) == pytest.approx(median(bounds_s), rel=0.25)


def test_the_bound_is_that_of_the_design():
    """N = 126 at 15 s: 0.4, 1.1 and 3.6 s; at 72.5 s and 145 offices 4.2 times as much."""
    for p1, bound_s in ((1.0, 1.6), (0.5, 4.3), (0.2, 14.0)):
        bounds_s = [oracle.bound_s(*trial(seed, 145, p1)) for seed in range(20)]
        assert median(bounds_s) == pytest.approx(bound_s, rel=0.1)


def test_who_must_reject_blips_waits_for_ten_seconds():
    for seed in range(10):
        trace, outage = trial(seed, 145, 1.0)
        iid, aware = oracle.iid_delay_s(trace, outage), oracle.blip_aware_delay_s(trace, outage)
        assert iid is not None
        assert aware is not None
        assert iid < 4.0
        assert 10.0 < aware < 13.0


def test_a_blip_is_told_by_the_iid_oracle_alone():
    blip = among(range(145), p1=0.5, start_s=600.0, end_s=609.0)
    for seed in range(20):
        trace = Trace(SETTING, seed, until_s=900.0, planted=blip.episodes, nuisance=False)
        looked_for = among(range(145), p1=0.5, start_s=600.0, end_s=900.0)
        assert oracle.blip_aware_delay_s(trace, looked_for) is None


def test_without_an_outage_neither_says_anything():
    trace = Trace(SETTING, 1, until_s=3000.0, nuisance=False)
    looked_for = among(range(145), p1=0.5, start_s=600.0, end_s=3000.0)
    assert oracle.iid_delay_s(trace, looked_for) is None
    assert oracle.blip_aware_delay_s(trace, looked_for) is None
