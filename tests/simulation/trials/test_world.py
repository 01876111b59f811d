"""The settings that trials are run in."""

from collections import Counter

import pytest

from agent.core import groups
from agent.simulation.trials.world import Setting, invented, setting


@pytest.mark.parametrize(
    ("name", "size", "provinces", "period_s"),
    [("145", 145, 14, 72.5), ("real", 145, 37, 72.5), ("20", 20, 5, 10.0), ("1000", 1000, 60, 500)],
)
def test_a_name_stands_for_a_roster(name: str, size: int, provinces: int, period_s: float):
    chosen = setting(name)
    assert chosen.size == size
    assert groups.of(chosen.branches).provinces == provinces
    assert chosen.period_s == period_s


def test_the_budget_decides_the_period():
    assert setting("145", base_runs_per_s=4.0).period_s == 36.25


def test_offices_are_dealt_evenly_to_provinces_and_carriers():
    branches = setting("145").branches
    for of in (Counter(b.province for b in branches), Counter(b.carrier for b in branches)):
        assert max(of.values()) - min(of.values()) == 1


def test_a_carrier_does_not_follow_the_provinces():
    branches = invented(145, 14, 12)
    pairs = Counter((b.province, b.carrier) for b in branches)
    assert max(pairs.values()) > 1
    assert branches == invented(145, 14, 12)


def test_regional_outages_grow_with_the_roster():
    def per_office(chosen: Setting) -> float:
        return chosen.world.regionals / chosen.size

    assert per_office(setting("1000")) == pytest.approx(per_office(setting("145")), rel=0.01)
