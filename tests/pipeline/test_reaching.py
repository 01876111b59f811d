"""A leader that is not heard leaves the lead to another hub, once. In virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from agent.core.unheard import MOST
from agent.pipeline.reaching import (
    ASK_EVERY_S,
    NOT_AGAIN_S,
    SURELY_ASKED_S,
    UNREACHABLE_S,
    Reach,
    another,
)
from agent.ports import Effect, NotifierHealth
from agent.simulation.workspace import Fault, fair, scripted
from tests.support.country import MAIN, Country, Hub
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


def test_the_half_minute_counts_from_the_last_answer_as_far_as_it_was_surely_asked():
    lately, long_ago = (replace(SILENT, last_ok_age_s=age_s) for age_s in (12.0, 600.0))
    reach = Reach()
    assert not reach.lost(lately, 100.0)
    assert not reach.lost(lately, 117.9)
    assert reach.lost(lately, 118.0)
    reach = Reach()
    assert not reach.lost(long_ago, 100.0)
    assert not reach.lost(long_ago, 100.0 + UNREACHABLE_S - SURELY_ASKED_S - 0.1)
    assert reach.lost(long_ago, 100.0 + UNREACHABLE_S - SURELY_ASKED_S)


def test_a_term_does_not_begin_with_what_failed_in_an_earlier_one():
    reach = Reach()
    assert not reach.lost(SILENT, 100.0)
    reach.begin()
    assert not reach.lost(SILENT, 400.0)
    assert not reach.lost(SILENT, 414.0)


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


def with_hubs(*hubs: str) -> Country:
    country = Country()
    branches = {
        name: replace(branch, hub=name in hubs) for name, branch in country.mandate.branches.items()
    }
    country.mandate = replace(country.mandate, branches=branches)
    return country


@pytest.fixture
async def country():
    country = with_hubs("office-000", "office-001")
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
@pytest.mark.parametrize("fault", [Fault.LOST_BEFORE, Fault.HANG, Fault.REVOKED])
@pytest.mark.parametrize("quiet_s", [301.0, 305.0, 309.0])
async def test_a_leader_whose_receiver_goes_away_in_quiet_times_resigns_within_half_a_minute(
    country: Country, fault: Fault, quiet_s: float
):
    await country.open()
    deaf = await country.hub("office-000")
    await leading(deaf)
    await asyncio.sleep(quiet_s)
    assert deaf.meters.checks.keys() == {None}
    country.workspace.weather = lambda _, sender: fault if sender == "office-000" else None
    heard = await country.hub("office-001")
    began_s = country.clock.now_s()
    async with asyncio.timeout(UNREACHABLE_S + 1):
        while deaf.leader.term is not None:  # noqa: ASYNC110 - a leader sets no event for tests
            await asyncio.sleep(0.1)
    assert country.clock.now_s() - began_s >= UNREACHABLE_S / 2
    await leading(heard)
    await asyncio.sleep(60)
    assert heard.term.number == 2


@pytest.mark.anyio
@virtual_time
async def test_one_failed_question_costs_nobody_the_lead(country: Country):
    await country.open()
    hubs = [await country.hub("office-000"), await country.hub("office-001")]
    await leading(hubs[0])
    await asyncio.sleep(60)
    country.workspace.weather = scripted(Fault.HANG)
    await asyncio.sleep(120)
    assert hubs[0].term.number == 1
    assert hubs[0].meters.checks[Effect.UNKNOWN] == 1


@pytest.mark.anyio
@virtual_time
async def test_the_receiver_is_asked_only_while_nothing_else_is_and_by_the_leader_alone(
    country: Country,
):
    await country.open()
    leader, other = await country.hub("office-000"), await country.hub("office-001")
    await leading(leader)
    before = leader.meters.checks.total()
    await asyncio.sleep(300)
    assert 300 / (ASK_EVERY_S + 1) - 1 <= leader.meters.checks.total() - before <= 31
    assert other.meters.checks.total() == 0
    before = leader.meters.checks.total()
    for _ in range(60):
        await leader.leader._notifier.find(MAIN)
        await asyncio.sleep(5)
    assert leader.meters.checks.total() == before


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
async def test_where_no_hub_is_heard_a_few_give_up_and_the_next_stays():
    country = with_hubs(*(f"office-00{number}" for number in range(6)))
    await country.open()
    for hub in range(6):
        await country.hub(f"office-00{hub}")
    await leading(country.hubs["office-000"])
    await asyncio.sleep(120)
    assert terms(country) == 1
    country.workspace.weather = lambda _method, _sender: Fault.LOST_BEFORE
    await asyncio.sleep(NOT_AGAIN_S - 120)
    assert terms(country) == 1 + MOST
    await asyncio.sleep(3 * NOT_AGAIN_S)
    assert terms(country) <= 1 + 5 * MOST
    country.workspace.weather = fair
    stays = terms(country)
    await asyncio.sleep(300)
    assert terms(country) == stays
    await country.close()


@pytest.mark.anyio
@virtual_time
async def test_of_two_hubs_that_are_not_heard_the_second_stays(country: Country):
    await country.open()
    hubs = [await country.hub("office-000"), await country.hub("office-001")]
    country.workspace.weather = lambda _method, _sender: Fault.HANG
    await leading(hubs[0])
    await asyncio.sleep(NOT_AGAIN_S - 100)
    assert terms(country) == 2


@pytest.mark.anyio
@virtual_time
async def test_an_exchange_that_does_not_take_the_record_keeps_nobody(country: Country):
    await country.open()
    deaf = await country.hub("office-000")
    await leading(deaf)
    await asyncio.sleep(60)
    heard = await country.hub("office-001")
    deaf.exchange.hangs = lambda name: name == "unheard"
    country.workspace.weather = lambda _, sender: Fault.HANG if sender == "office-000" else None
    await asyncio.sleep(UNREACHABLE_S + 5)
    assert heard.term.number == 2


def terms(country: Country) -> int:
    lease = country.lease()
    assert lease is not None
    return lease.term
