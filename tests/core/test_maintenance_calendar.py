"""Planned work: whom it means, and which trouble is expected or has gone on for longer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agent.core import groups
from agent.core.graph import Graph
from agent.core.maintenance import Mode, Span, Window
from agent.core.maintenance_calendar import GRACE_S, Calendar
from agent.core.model import Branch, Service

NIGHT = Span(from_s=1_000_000.0, until_s=1_007_200.0)
LATER_S = NIGHT.until_s + 1


def office(name: str, province: str, zone: str = "Asia/Jakarta") -> Branch:
    return Branch(id=name, name=name, province=province, island="x", zone=zone)


OFFICES = (
    office("medan", "Sumatera Utara"),
    office("jayapura", "Papua", "Asia/Jayapura"),
    office("merauke", "Papua", "Asia/Jayapura"),
)
EVERYONE = [each.id for each in OFFICES]


def calendar(*windows: Window) -> Calendar:
    services = [
        Service(id="nik", name_id="", name_en=""),
        Service(id="simkim", name_id="", name_en="", needs=("nik",)),
    ]
    return Calendar(
        windows=windows,
        groups=groups.of(OFFICES),
        branches={each.id: each for each in OFFICES},
        graph=Graph(services),
    )


def window(**changes: Any) -> Window:  # noqa: ANN401 - a field each
    return replace(Window(id="night", services=("nik",), span=NIGHT), **changes)


def test_a_trouble_of_a_named_service_is_planned_until_the_window_ends():
    plan = calendar(window())
    assert plan.until_s("nik", EVERYONE, NIGHT.from_s) == NIGHT.until_s
    assert plan.until_s("nik", EVERYONE, NIGHT.until_s) is None
    assert plan.until_s("simkim", EVERYONE, NIGHT.from_s) is None


def test_of_two_windows_the_later_end_counts():
    longer = window(id="longer", span=replace(NIGHT, until_s=NIGHT.until_s + 60))
    assert calendar(window(), longer).until_s("nik", (), NIGHT.from_s) == NIGHT.until_s + 60


def test_what_needs_a_service_that_nobody_probes_is_expected_to_fail_too():
    assert calendar(window(mode=Mode.SKIP)).until_s("simkim", EVERYONE, NIGHT.from_s)


@pytest.mark.parametrize("place", ["province:papua", "Asia/Jayapura"])
def test_a_trouble_that_reaches_beyond_the_places_of_a_window_is_not_the_planned_one(place: str):
    plan = calendar(window(where=(place,)))
    assert plan.until_s("nik", ["jayapura", "merauke"], NIGHT.from_s) == NIGHT.until_s
    assert plan.until_s("nik", ["jayapura", "medan"], NIGHT.from_s) is None
    assert plan.until_s("nik", [], NIGHT.from_s) is None


def test_an_office_is_in_maintenance_itself_when_all_its_services_are():
    whole = window(services=(), where=("merauke", "nowhere"))
    assert calendar(whole).offices(NIGHT.from_s) == {"merauke"}
    assert calendar(whole).offices(NIGHT.until_s) == frozenset()
    assert calendar(window(where=("merauke",))).offices(NIGHT.from_s) == frozenset()
    assert calendar(window(services=())).offices(NIGHT.from_s) == frozenset()


def test_an_office_knows_by_the_file_alone_what_is_in_maintenance_there():
    plan = calendar(window(where=("province:papua",)))
    services = ("nik", "simkim")
    assert plan.maintained(services, "merauke", NIGHT.from_s) == {"nik"}
    assert plan.maintained(services, "medan", NIGHT.from_s) == frozenset()
    assert plan.maintained(services, "merauke", NIGHT.until_s) == frozenset()
    whole = calendar(window(services=()))
    assert whole.maintained(services, "medan", NIGHT.from_s) == set(services)


# --- overrun


def test_a_trouble_that_began_in_a_window_and_outlasts_it_overran():
    plan = calendar(window())
    assert plan.overran_s("nik", EVERYONE, NIGHT.from_s + 60, LATER_S) == NIGHT.until_s
    assert plan.overran_s("nik", EVERYONE, NIGHT.from_s + 60, NIGHT.until_s - 1) is None
    assert plan.overran_s("simkim", EVERYONE, NIGHT.from_s + 60, LATER_S) is None


def test_a_trouble_that_begins_long_after_a_window_is_one_of_its_own():
    after_s = NIGHT.until_s + GRACE_S
    assert calendar(window()).overran_s("nik", EVERYONE, after_s - 1, after_s + 60)
    assert calendar(window()).overran_s("nik", EVERYONE, after_s, after_s + 60) is None
