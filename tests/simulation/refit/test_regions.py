"""Which episodes of offices are one trouble of a region."""

from __future__ import annotations

from agent.core import groups
from agent.simulation.refit import regions
from agent.simulation.refit.bursts import Found
from agent.simulation.refit.regions import Sorted
from tests.support.verdicts import office

PERIOD_S = 60.0
OFFICES = [office(f"o{n:02d}", f"Province {n % 8}", carrier=f"Carrier {n % 5}") for n in range(40)]
"""Offices 3, 11, 19, 27 and 35 are a province, 0, 5, 10 ... 35 a carrier."""


def episode(start_s: float, lasting_s: float = 1200.0) -> Found:
    return Found(
        start_s=start_s,
        end_s=start_s + lasting_s,
        bad=20,
        good=0,
        edges=(0, 0),
        begun=True,
        ended=True,
    )


def sort(starts_s: dict[int, float | list[float]]) -> Sorted:
    return regions.sort(
        {
            f"o{n:02d}": [episode(s) for s in (at if isinstance(at, list) else [at])]
            for n, at in starts_s.items()
        },
        groups.of(OFFICES),
        PERIOD_S,
    )


def test_three_offices_of_a_province_that_begin_together_are_a_region():
    found = sort({3: 100.0, 11: 130.0, 19: 160.0, 4: 140.0})
    (region,) = found.regions
    assert region.group == "province:province-3"
    assert region.offices == ("o03", "o11", "o19")
    assert (region.whole.start_s, region.lasted.seconds) == (130.0, 1200.0)
    assert region.by_province
    assert len(found.bursts) == 1


def test_two_offices_are_two_bursts():
    found = sort({3: 100.0, 11: 130.0})
    assert (len(found.regions), len(found.bursts)) == (0, 2)


def test_three_that_begin_far_apart_are_three_bursts():
    found = sort({3: 100.0, 11: 700.0, 19: 1300.0})
    assert (len(found.regions), len(found.bursts)) == (0, 3)


def test_a_region_may_follow_a_carrier():
    (region,) = sort({0: 100.0, 5: 110.0, 10: 120.0, 15: 90.0}).regions
    assert region.group == "carrier:carrier-0"
    assert not region.by_province


def test_what_its_offices_show_until_it_is_over_belongs_to_it():
    found = sort({3: [100.0, 900.0], 11: 130.0, 19: [160.0, 5000.0]})
    assert len(found.regions) == 1
    assert [each.start_s for each in found.bursts] == [5000.0]


def test_two_regions_at_different_times_are_two():
    found = sort({3: [100.0, 9000.0], 11: [130.0, 9010.0], 19: [160.0, 9020.0]})
    assert [each.whole.start_s for each in found.regions] == [130.0, 9010.0]
