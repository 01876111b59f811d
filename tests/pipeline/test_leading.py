"""Standing for election, and what a term may do and must not. In virtual time."""

from __future__ import annotations

import asyncio

import pytest

from agent.core.election import LEASE_NAME, NOBODY
from agent.core.hearing import Hearing
from agent.pipeline.leading import STEP_S, TICK_S
from agent.ports import Unavailable
from tests.support.country import Country, Hub
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

LEASE_S = 15.0
ACTS_S = 12.0
"""How long a leader acts after its last renewal."""
SYNC_S = 20.0
"""How long a leader may see nothing of the offices."""


@pytest.fixture
async def country():
    country = Country()
    yield country
    await country.close()


def no_renewals(name: str) -> Unavailable | None:
    return Unavailable("no answer in time") if name == LEASE_NAME else None


async def until_it_leads(hub: Hub) -> None:
    async with asyncio.timeout(60):
        while hub.leader.term is None:  # noqa: ASYNC110 - a leader sets no event for tests
            await asyncio.sleep(0.1)


async def busy_leader(country: Country) -> Hub:
    """A hub that leads, with an incident that gives it much to write."""
    await country.open()
    hub = await country.hub("medan")
    await until_it_leads(hub)
    country.broken.add("x")
    await asyncio.sleep(60)
    assert country.incidents()["x"].open
    return hub


async def test_who_is_elected_leads_and_says_so_to_its_meters(country: Country):
    await country.open()
    hub = await country.hub("medan")
    await until_it_leads(hub)
    await asyncio.sleep(STEP_S)
    assert hub.term.number == hub.leadership.term == 1
    assert hub.meters.leading == (True, 1)


async def test_of_two_hubs_one_leads_and_the_other_says_nothing(country: Country):
    await country.open()
    first, second = await country.hub("medan"), await country.hub("sorong")
    await asyncio.sleep(60)
    leading = [hub for hub in (first, second) if hub.leader.term is not None]
    (idle,) = {first, second} - {*leading}
    assert len(leading) == 1
    assert idle.exchange.writes == []
    assert idle.meters.leading == (False, 0)


async def test_a_term_ends_at_the_leases_deadline_and_writes_nothing_after_it(country: Country):
    hub = await busy_leader(country)
    hub.exchange.refuses = no_renewals
    renewed_s = max(at_s for at_s, name in hub.exchange.writes if name == LEASE_NAME)
    country.restless = True
    await asyncio.sleep(ACTS_S + 30)
    written_s = [at_s for at_s, _ in hub.exchange.writes]
    assert ACTS_S - 4 < max(written_s) - renewed_s <= ACTS_S
    assert hub.leader.term is None
    assert hub.meters.leading[0] is False


@pytest.mark.parametrize("stuck", ["bulletin", "incident."])
async def test_a_term_ends_at_its_deadline_whatever_its_tasks_wait_for(
    country: Country, stuck: str
):
    hub = await busy_leader(country)
    hub.exchange.refuses = no_renewals
    hub.exchange.hangs = lambda name: name.startswith(stuck)
    country.broken.clear()
    remaining_s = hub.leadership.remaining_s()
    await asyncio.sleep(remaining_s - 0.1)
    assert hub.leader.term is not None
    await asyncio.sleep(0.1 + TICK_S + 0.1)
    assert hub.leader.term is None


async def test_a_leader_that_sees_no_offices_gives_up_and_another_has_its_turn(country: Country):
    await country.open()
    blind = await country.hub("medan")
    blind.exchange.blind = True
    await until_it_leads(blind)
    began_s = country.clock.now_s()
    sighted = await country.hub("sorong")
    await until_it_leads(sighted)
    assert SYNC_S <= country.clock.now_s() - began_s <= SYNC_S + 5
    assert sighted.term.number == 2
    assert blind.leader.term is None
    await asyncio.sleep(120)
    assert sighted.term.number == 2


async def test_alone_it_tries_again_when_it_has_stood_aside_for_a_lease(country: Country):
    await country.open()
    hub = await country.hub("medan")
    hub.exchange.blind = True
    await until_it_leads(hub)
    await asyncio.sleep(SYNC_S + 1)
    lease = country.lease()
    assert lease is not None
    assert (lease.holder, lease.term) == (NOBODY, 1)
    hub.exchange.blind = False
    await asyncio.sleep(LEASE_S + 2)
    assert hub.term.number == 2
    assert country.bulletin().term == 2


async def test_a_leader_whose_picture_gets_stale_says_nothing_and_gives_up(country: Country):
    hub = await busy_leader(country)
    hub.exchange.blind = True
    for line in tuple(country.store._status_lines):
        line.stale("a hiccup")
    before = len(hub.exchange.writes)
    await asyncio.sleep(SYNC_S - 1)
    assert {name for _, name in hub.exchange.writes[before:]} == {LEASE_NAME}
    await asyncio.sleep(3)
    assert hub.leader.term is None


async def test_a_short_hiccup_of_its_picture_ends_no_term(country: Country):
    hub = await busy_leader(country)
    number = hub.term.number
    for line in tuple(country.store._status_lines):
        line.stale("a hiccup")
    await asyncio.sleep(SYNC_S - 5)
    for line in tuple(country.store._status_lines):
        line.resume()
    await asyncio.sleep(60)
    assert hub.term.number == number
    assert country.bulletin().reporting == 12


async def test_a_term_that_breaks_is_given_up_and_logged(
    country: Country, monkeypatch: pytest.MonkeyPatch
):
    hub = await busy_leader(country)

    def broken(now_s: float) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr(hub.term.nation, "assess", broken)
    other = await country.hub("sorong")
    await until_it_leads(other)
    assert hub.leader.term is None
    assert other.term.number == 2
    await asyncio.sleep(3)
    assert country.bulletin().term == country.incidents()["x"].term == 2


async def test_a_wiped_store_is_led_from_term_one_and_the_offices_believe_it(country: Country):
    hub = await busy_leader(country)
    await hub.leadership.resign()
    await asyncio.sleep(20)
    assert hub.term.number == 2
    office = Hearing()
    assert office.take(country.bulletin(), country.clock.now_s(), live=True)
    country.store.wipe()
    await asyncio.sleep(20)  # Nobody leads until what was not there has not moved for a lease.
    assert hub.term.number == country.bulletin().term == 1
    assert office.heeded(country.clock.now_s()) is not None
    assert office.take(country.bulletin(), country.clock.now_s(), live=True)
