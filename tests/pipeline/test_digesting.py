"""One digest a day, whoever leads and whatever dies at that moment. In virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from agent.core import codec
from agent.core.absences import PREFIX
from agent.core.digest import DigestPlan
from agent.core.incident import Incident
from agent.simulation.workspace import Fault, WorkspaceMessage
from tests.support.country import MAIN, Country, Hub
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

SIXTEEN_S = 400.0
"""The virtual day begins at 15.53.20 in Jakarta: so long before four in the afternoon."""
TOLD_S = 10.0
SILENT, DEAF = "office-003", "office-004"


@pytest.fixture
async def country():
    country = Country()
    at_four(country)
    yield country
    await country.close()


def at_four(country: Country, **changes: object) -> None:
    plan = replace(DigestPlan(channel=MAIN, hour=16, minute=0), **changes)  # type: ignore[arg-type]
    country.mandate = replace(country.mandate, digest=plan)


def digests(country: Country) -> list[WorkspaceMessage]:
    return [each for each in country.workspace.roots(MAIN) if "RINGKASAN HARIAN" in each.text]


def records(country: Country) -> list[Incident]:
    found = {n: r for n, r in country.store.coordination.items() if n.startswith(PREFIX)}
    return [codec.from_bytes(Incident, each.value) for each in found.values()]


async def leading(country: Country) -> Hub:
    """From the start of the day, with one office silent since then, and everybody else well."""
    await country.open(*(name for name in country.offices if name != SILENT))
    return await country.hub("office-000")


async def sleep_until(country: Country, offset_s: float) -> None:
    await asyncio.sleep(offset_s - country.clock.now_s())


async def written(country: Country) -> None:
    """Until the digest's record stands."""
    async with asyncio.timeout(2 * SIXTEEN_S):
        while not records(country):  # noqa: ASYNC110 - a store sets no event for tests
            await asyncio.sleep(0.01)


async def test_at_its_time_who_is_missing_is_told_once_with_since_when(country: Country):
    hub = await leading(country)
    await sleep_until(country, 200.0)
    await country.offices[DEAF].fall_silent()
    await sleep_until(country, SIXTEEN_S - 5)
    assert digests(country) == []
    await sleep_until(country, SIXTEEN_S + TOLD_S)
    (told,) = digests(country)
    assert told.text.splitlines()[0].endswith(
        "10/12 kantor melapor pada Kamis, 9 Oktober 2025, 16.00 WIB"
    )
    said = told.text.splitlines()[1]
    assert said.startswith(f"Diam (2): {name(country, SILENT)} sejak sebelum 15.54 WIB; ")
    assert said.endswith(f"{name(country, DEAF)} sejak 15.57 WIB.")
    assert hub.meters.digests == 1
    await country.offices["office-005"].fall_silent()
    await sleep_until(country, 2_000.0)
    assert digests(country) == [told]


def name(country: Country, branch: str) -> str:
    return country.mandate.branches[branch].name


async def test_a_leader_that_dies_once_it_is_written_leaves_its_telling_to_the_next(
    country: Country,
):
    first = await leading(country)
    await written(country)
    await first.die()
    assert digests(country) == []
    second = await country.hub("office-001")
    await sleep_until(country, 2 * SIXTEEN_S)
    assert len(digests(country)) == 1
    assert len(records(country)) == 1
    assert second.meters.digests == 0


async def test_what_a_dying_leader_posted_without_knowing_is_adopted_and_not_told_again(
    country: Country,
):
    first = await leading(country)
    country.workspace.weather = lambda method, _: Fault.LATE if method == "post" else None
    await written(country)
    await asyncio.sleep(1)
    assert len(digests(country)) == 1
    await first.die()
    await country.hub("office-001")
    await sleep_until(country, 3 * SIXTEEN_S)
    assert len(digests(country)) == 1
    assert not records(country)[0].untold


async def test_a_leader_elected_at_that_time_waits_until_it_knows_who_is_there(country: Country):
    await country.open(*(name for name in country.offices if name != SILENT))
    await sleep_until(country, SIXTEEN_S)
    await country.hub("office-000")
    await asyncio.sleep(30)
    assert records(country) == []
    await asyncio.sleep(90)
    (told,) = digests(country)
    assert "Diam (1)" in told.text


async def test_a_day_on_which_all_is_well_says_nothing_all_day(country: Country):
    await country.open()
    await country.hub("office-000")
    await sleep_until(country, SIXTEEN_S + TOLD_S)
    await country.offices[SILENT].fall_silent()
    await sleep_until(country, 2 * SIXTEEN_S)
    assert digests(country) == []
    assert len(records(country)) == 1


async def test_where_it_is_wanted_a_good_day_is_told_too(country: Country):
    at_four(country, quiet_days=True)
    await country.open()
    await country.hub("office-000")
    await sleep_until(country, SIXTEEN_S + TOLD_S)
    (told,) = digests(country)
    assert "Semua kantor ikut menilai." in told.text


async def test_without_a_channel_there_is_none(country: Country):
    at_four(country, channel=None)
    await leading(country)
    await sleep_until(country, SIXTEEN_S + TOLD_S)
    assert (digests(country), records(country)) == ([], [])


async def test_a_digest_is_no_incident_to_anybody(country: Country):
    hub = await leading(country)
    await sleep_until(country, SIXTEEN_S + TOLD_S)
    assert len(digests(country)) == 1
    assert list(hub.term.book.incidents()) == []
    assert country.bulletin().incidents == ()
