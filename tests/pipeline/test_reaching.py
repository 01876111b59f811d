"""A leader that is not heard leaves the lead to another hub, once. In virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from agent.pipeline.reaching import NOT_AGAIN_S, UNREACHABLE_S, Reach, another
from agent.ports import NotifierHealth
from tests.support.country import Country, Hub
from tests.support.virtual_time import virtual_time

ANSWERS = NotifierHealth(ok=True, last_ok_age_s=0.0)
SILENT = NotifierHealth(ok=False, detail="no answer in time")


def test_a_receiver_is_lost_when_it_has_not_answered_for_half_a_minute():
    reach = Reach()
    assert not reach.lost(SILENT, 100.0)
    assert not reach.lost(SILENT, 100.0 + UNREACHABLE_S - 0.1)
    assert reach.lost(SILENT, 100.0 + UNREACHABLE_S)


def test_one_answer_begins_the_half_minute_anew():
    reach = Reach()
    reach.lost(SILENT, 0.0)
    reach.lost(ANSWERS, 20.0)
    assert not reach.lost(SILENT, 40.0)


def test_who_gave_up_does_so_again_only_after_an_answer_or_a_long_time():
    reach = Reach()
    reach.give_up(0.0)
    assert not reach.may_give_up(NOT_AGAIN_S - 1)
    assert reach.may_give_up(NOT_AGAIN_S)
    reach.lost(ANSWERS, 10.0)
    assert reach.may_give_up(10.0)


def test_another_hub_counts_only_while_it_is_not_silent():
    assert another("office-000", ["office-000", "office-001"], [])
    assert not another("office-000", ["office-000", "office-001"], ["office-001"])
    assert not another("office-000", ["office-000"], [])


@pytest.fixture
async def country():
    country = Country()
    branches = {
        name: replace(branch, hub=name in ("office-000", "office-001"))
        for name, branch in country.mandate.branches.items()
    }
    country.mandate = replace(country.mandate, branches=branches)
    yield country
    await country.close()


async def leading(hub: Hub) -> None:
    async with asyncio.timeout(60):
        while hub.leader.term is None:  # noqa: ASYNC110 - a leader sets no event for tests
            await asyncio.sleep(0.1)


def unheard(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub.leader._notifier, "health", lambda: SILENT)


@pytest.mark.anyio
@virtual_time
async def test_a_leader_that_is_not_heard_resigns_and_another_hub_leads(
    country: Country, monkeypatch: pytest.MonkeyPatch
):
    await country.open()
    deaf, heard = await country.hub("office-000"), None
    await leading(deaf)
    unheard(deaf, monkeypatch)
    began_s = country.clock.now_s()
    heard = await country.hub("office-001")
    await leading(heard)
    assert UNREACHABLE_S <= country.clock.now_s() - began_s <= UNREACHABLE_S + 5
    assert deaf.leader.term is None
    await asyncio.sleep(120)
    assert heard.term.number == 2


@pytest.mark.anyio
@virtual_time
async def test_with_no_other_hub_there_it_goes_on_leading(
    country: Country, monkeypatch: pytest.MonkeyPatch
):
    await country.open(*(name for name in country.offices if name != "office-001"))
    deaf = await country.hub("office-000")
    await leading(deaf)
    await asyncio.sleep(90)  # Until the other hub is known to be silent.
    unheard(deaf, monkeypatch)
    await asyncio.sleep(120)
    assert deaf.term.number == 1


@pytest.mark.anyio
@virtual_time
async def test_where_no_hub_is_heard_the_lead_does_not_wander(
    country: Country, monkeypatch: pytest.MonkeyPatch
):
    await country.open()
    hubs = [await country.hub("office-000"), await country.hub("office-001")]
    for hub in hubs:
        unheard(hub, monkeypatch)
    await asyncio.sleep(NOT_AGAIN_S - 100)
    lease = country.lease()
    assert lease is not None
    assert lease.term <= 3
