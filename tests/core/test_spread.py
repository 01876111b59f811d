"""How wide: offices failing of offices reporting, by zone, province and carrier."""

from __future__ import annotations

from dataclasses import replace

from agent.core import spread
from tests.support.verdicts import office

BRANCHES = {
    branch.id: branch
    for branch in (
        replace(office("jayapura", "Papua", carrier="B"), zone="Asia/Jayapura"),
        office("jember", "Jawa Timur", carrier="A"),
        office("malang", "Jawa Timur", carrier="A"),
        office("medan", "Sumatera Utara"),
    )
}


def test_zones_are_told_from_west_to_east_also_those_that_are_well():
    told = spread.of(["jayapura"], BRANCHES, BRANCHES)
    assert list(told.zones.items()) == [("WIB", (0, 3)), ("WIT", (1, 1))]


def test_of_provinces_and_carriers_only_those_hit_are_told():
    told = spread.of(["jember", "medan"], BRANCHES, BRANCHES)
    assert told.provinces == {"Jawa Timur": (1, 2), "Sumatera Utara": (1, 1)}
    assert told.carriers == {"A": (1, 2)}, "an office without a known carrier counts in none"


def test_only_those_that_take_part_count():
    told = spread.of(["jember", "malang"], ["jember", "medan"], BRANCHES)
    assert told.provinces == {"Jawa Timur": (1, 1)}
