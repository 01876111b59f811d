"""Planned work: judged, shown and not told; what outlasts it is told once. In virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from agent.core import codec, groups
from agent.core.maintenance import Mode, Span, Window
from agent.core.maintenance_calendar import Calendar
from agent.core.model import ServiceState
from agent.simulation.workspace import WorkspaceMessage
from tests.support.country import MAIN, Country
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

MINUTE_S = 60.0


@pytest.fixture
async def country() -> AsyncIterator[Country]:
    """Not led yet: what planned work there is must be known before."""
    country = Country(("x", "y"), needs={"y": "x"})
    await country.open()
    yield country
    await country.close()


def plan(country: Country, **changes: object) -> Window:
    """The nation's file has a window from a minute ago to ten minutes from now."""
    now_s = country.clock.wall_s()
    window = Window(
        id="night",
        services=("x",),
        span=Span(from_s=now_s - MINUTE_S, until_s=now_s + 10 * MINUTE_S),
    )
    window = replace(window, **changes)  # type: ignore[arg-type]  # a field each
    country.mandate = replace(
        country.mandate,
        calendar=Calendar(
            windows=(window,),
            groups=groups.of(country.mandate.branches.values()),
            branches=country.mandate.branches,
            graph=country.mandate.graph,
        ),
    )
    return window


async def add(country: Country, window: Window) -> None:
    """As a person does: a record in the store."""
    exchange = country.hubs["medan"].exchange
    before = await exchange.read(window.record)
    await exchange.compare_and_set(window.record, codec.to_bytes(window), before.revision)


def roots(country: Country) -> list[WorkspaceMessage]:
    return country.workspace.roots(MAIN)


def replies(country: Country) -> list[str]:
    (root,) = roots(country)
    return [each.text for each in country.workspace.replies(MAIN, root.ts)]


async def test_an_outage_inside_a_window_is_judged_and_shown_and_not_told(country: Country):
    plan(country)
    await country.hub("medan")
    country.broken.add("x")
    await asyncio.sleep(5 * MINUTE_S)
    bulletin = country.bulletin()
    assert bulletin.services["x"] is ServiceState.NATIONAL
    assert [(each.id, each.services) for each in bulletin.planned] == [("night", ("x",))]
    assert country.incidents() == {}
    assert roots(country) == []


async def test_what_outlasts_its_window_is_told_once_and_says_since_when(country: Country):
    plan(country)
    await country.hub("medan")
    await asyncio.sleep(20)
    country.broken.add("x")
    await asyncio.sleep(15 * MINUTE_S)
    (root,) = roots(country)
    assert "pemeliharaan melewati jadwal (seharusnya selesai" in root.text.splitlines()[0]
    assert country.bulletin().planned == ()
    incident = country.incidents()["x"]
    assert incident.overran_s is not None
    assert incident.since_s < incident.overran_s <= incident.opened_s


async def test_what_is_well_when_its_window_ends_is_never_told(country: Country):
    plan(country)
    await country.hub("medan")
    country.broken.add("x")
    await asyncio.sleep(5 * MINUTE_S)
    country.broken.clear()
    await asyncio.sleep(10 * MINUTE_S)
    assert roots(country) == []


async def test_another_service_is_told_meanwhile(country: Country):
    plan(country, services=("y",))
    await country.hub("medan")
    country.broken.add("x")
    await asyncio.sleep(3 * MINUTE_S)
    assert len(roots(country)) == 1


async def test_a_window_that_a_person_adds_to_an_open_incident_is_told_in_its_thread(
    country: Country,
):
    await country.hub("medan")
    await asyncio.sleep(20)
    country.broken.add("x")
    await asyncio.sleep(2 * MINUTE_S)
    await add(country, Window(id="w1", services=("x",), for_s=5 * MINUTE_S, author="sari"))
    await asyncio.sleep(MINUTE_S)
    assert "pemeliharaan terjadwal dimulai" in replies(country)[-1]
    assert "pemeliharaan sampai" in roots(country)[0].text.splitlines()[0]
    await asyncio.sleep(6 * MINUTE_S)
    assert "pemeliharaan melewati jadwal" in replies(country)[-1]
    assert len(replies(country)) == 2


async def partly_planned(country: Country) -> None:
    """An outage at seven of twelve offices, at which work is planned for the hour to come."""
    plan(country, services=("y",))
    places = tuple(country.offices)[:7]
    country.untouched = set(country.offices) - set(places)
    await country.hub("medan")
    await asyncio.sleep(20)
    country.broken.add("x")
    await asyncio.sleep(2 * MINUTE_S)
    await add(country, Window(id="w1", services=("x",), where=places, for_s=60 * MINUTE_S))
    await asyncio.sleep(2 * MINUTE_S)
    assert "pemeliharaan terjadwal dimulai" in replies(country)[-1]


async def test_what_grows_beyond_the_places_of_its_window_is_told(country: Country):
    await partly_planned(country)

    country.untouched.clear()
    await asyncio.sleep(2 * MINUTE_S)

    assert "/12 kantor terganggu, juga di luar" in replies(country)[-1]
    assert len(replies(country)) == 2
    assert "pemeliharaan" not in roots(country)[0].text.splitlines()[0]


async def test_one_office_more_than_planned_does_not_end_the_quiet(country: Country):
    await partly_planned(country)
    country.untouched.pop()
    await asyncio.sleep(5 * MINUTE_S)
    assert len(replies(country)) == 1


async def test_a_window_that_people_end_is_over_at_once(country: Country):
    await country.hub("medan")
    await asyncio.sleep(20)
    window = Window(id="w1", for_s=60 * MINUTE_S, author="sari")
    await add(country, window)
    await asyncio.sleep(10)
    country.broken.add("x")
    await asyncio.sleep(3 * MINUTE_S)
    assert roots(country) == []
    stored = country.store.coordination[window.record]
    await add(country, replace(window.dated(stored.stored_s), ended=True))
    await asyncio.sleep(30)
    assert len(roots(country)) == 1


async def test_the_next_leader_knows_of_it_before_it_says_anything(country: Country):
    first = await country.hub("medan")
    await asyncio.sleep(20)
    await add(country, Window(id="w1", services=("x",), for_s=60 * MINUTE_S))
    country.broken.add("x")
    await asyncio.sleep(2 * MINUTE_S)
    await first.die()
    await country.hub("sorong")
    await asyncio.sleep(3 * MINUTE_S)
    assert country.bulletin().leader == "sorong"
    assert roots(country) == []


async def test_offices_in_maintenance_themselves_neither_count_nor_blind_the_nation(
    country: Country,
):
    places = tuple(list(country.mandate.branches)[:7])
    plan(country, services=(), where=places, mode=Mode.SKIP)
    await country.hub("medan")
    await asyncio.sleep(30)
    for office in places:
        await country.offices[office].fall_silent()
    await asyncio.sleep(4 * MINUTE_S)
    bulletin = country.bulletin()
    assert (bulletin.maintenance.count, bulletin.reporting, bulletin.blind) == (7, 5, False)
    assert roots(country) == []


@pytest.mark.parametrize("value", [b"", b"{}", b'{"id":"w2","for_s":60.0}', b'{"id":"w1"}'])
async def test_a_record_that_nobody_may_obey_changes_nothing(country: Country, value: bytes):
    hub = await country.hub("medan")
    await asyncio.sleep(20)
    await hub.exchange.compare_and_set("maintenance.w1", value, 0)
    country.broken.add("x")
    await asyncio.sleep(2 * MINUTE_S)
    assert len(roots(country)) == 1


async def test_several_that_outlast_their_window_together_are_one_message_that_names_them():
    country = Country(("x", "y", "z"))
    await country.open()
    plan(country, services=())
    await country.hub("medan")
    await asyncio.sleep(20)
    country.broken.update(country.services)
    await asyncio.sleep(12 * MINUTE_S)
    (root,) = roots(country)
    assert "Pemeliharaan melewati jadwal: x, y, z." in root.text
    await country.close()
