"""What an assessment does to the records: one trouble is one open incident. In virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from agent.core.incident import Incident, Phase
from agent.core.model import NATION, Trouble
from tests.support.country import MAIN, Country
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

BILLING, PAYMENT, IDENTITY = "simponi.billing", "mpn.status", "dukcapil.nik"
PART = Trouble(group=NATION, root=BILLING)


@pytest.fixture
async def country() -> AsyncIterator[Country]:
    """Led, and well; a payment needs its billing code."""
    country = Country((BILLING, PAYMENT, IDENTITY), needs={PAYMENT: BILLING})
    await country.open()
    await country.hub("medan")
    await asyncio.sleep(20)
    yield country
    await country.close()


async def breaks(country: Country, *services: str) -> dict[str, Incident]:
    """The records a minute after these break."""
    country.broken.update(services)
    await asyncio.sleep(60)
    return country.incidents()


def title(country: Country, words: str) -> str:
    """The first line of the only root message with these words."""
    (found,) = (r for r in country.workspace.roots(MAIN) if words in r.text.splitlines()[0])
    return found.text.splitlines()[0]


async def test_an_incident_told_before_its_root_broke_becomes_a_part_of_it(country: Country):
    assert (await breaks(country, PAYMENT))[PAYMENT].open
    found = await breaks(country, BILLING)
    assert (found[BILLING].phase, found[BILLING].affected) == (Phase.OPEN, (PAYMENT,))
    assert (found[PAYMENT].phase, found[PAYMENT].absorbed_by) == (Phase.CLOSED, PART)
    assert "kini bagian dari gangguan Kode billing (SIMPONI)" in title(country, "MPN")


async def test_a_leader_that_died_before_it_could_say_so_leaves_that_to_the_next(country: Country):
    await breaks(country, PAYMENT)
    first = country.hubs["medan"]
    first.exchange.hangs = lambda name: name.endswith(PAYMENT)
    await breaks(country, BILLING)
    assert country.incidents()[PAYMENT].open
    await first.die()
    await country.hub("sorong")
    found = await breaks(country)
    assert (found[PAYMENT].phase, found[PAYMENT].absorbed_by) == (Phase.CLOSED, PART)
    assert found[BILLING].phase is Phase.OPEN
    assert len(country.workspace.roots(MAIN)) == 2


async def test_it_ends_with_its_root_and_is_told_again_only_if_it_breaks_by_itself(
    country: Country,
):
    await breaks(country, PAYMENT)
    await breaks(country, BILLING)
    country.broken.clear()
    await asyncio.sleep(150)
    assert [i.phase for i in country.incidents().values()] == [Phase.CLOSED, Phase.CLOSED]
    assert "DIGABUNG" in title(country, "MPN")
    found = await breaks(country, PAYMENT)
    assert (found[PAYMENT].phase, found[PAYMENT].absorbed_by) == (Phase.OPEN, None)
    assert found[BILLING].phase is Phase.CLOSED


async def test_what_becomes_a_part_of_its_root_is_no_third_trouble_of_a_storm(country: Country):
    await breaks(country, PAYMENT, IDENTITY)
    found = await breaks(country, BILLING)
    assert {each.root: each.storm for each in found.values()} == {
        BILLING: None,
        PAYMENT: None,
        IDENTITY: None,
    }
    assert title(country, "Kode billing (SIMPONI): 12/12")
