"""A grave incident that nobody looks after is told again, whoever leads. In virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from agent.core import codec
from agent.core.order import Order, OrderKind
from agent.core.reminding import Escalation, Reminders
from agent.ports import Reaction
from agent.simulation.workspace import Fault, WorkspaceMessage, fair
from tests.support.country import MAIN, Country
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

MINUTE_S = 60.0
ON_CALL, SECOND = "<!subteam^S0PIKET000>", "<!subteam^S0LAPIS2>"


@pytest.fixture
async def country():
    country = Country()
    wording = replace(
        country.mandate.wording, mention=ON_CALL, escalation=Escalation(mention=SECOND)
    )
    reminders = Reminders(after_s=3 * MINUTE_S, every_s=10 * MINUTE_S)
    country.mandate = replace(country.mandate, wording=wording, reminders=reminders)
    yield country
    await country.close()


def reminders(country: Country) -> list[WorkspaceMessage]:
    return [each for each in country.thread() if "belum ada yang menangani" in each.text]


async def test_nobody_answers_so_people_are_called_again_and_then_others_with_them(
    country: Country,
):
    hub = await country.outage()
    await asyncio.sleep(MINUTE_S)
    assert reminders(country) == []
    await asyncio.sleep(2 * MINUTE_S)
    (first,) = reminders(country)
    assert first.broadcast
    assert first.text.startswith(f"{ON_CALL} x: sudah 3 menit belum ada yang menangani, 12/12")
    await asyncio.sleep(10 * MINUTE_S)
    _, second = reminders(country)
    assert second.text.startswith(f"{ON_CALL} {SECOND} x: sudah 13 menit")
    assert hub.meters.reminders == 2


async def test_a_new_leader_neither_repeats_a_reminder_nor_forgets_the_next(country: Country):
    hub = await country.outage()
    await asyncio.sleep(3 * MINUTE_S)
    await hub.die()
    await country.hub("sorong")
    await asyncio.sleep(5 * MINUTE_S)
    assert len(reminders(country)) == 1
    await asyncio.sleep(5 * MINUTE_S)
    assert len(reminders(country)) == 2
    assert country.incident.reminded == 2


async def test_after_a_sign_on_the_root_message_nobody_is_reminded(country: Country):
    await country.outage()
    (root,) = country.workspace.roots(MAIN)
    country.workspace.react(MAIN, root.ts, Reaction(emoji="eyes", by="U0PIKET01"))
    await asyncio.sleep(20 * MINUTE_S)
    assert reminders(country) == []


async def test_a_receiver_that_was_away_for_long_hears_one_reminder_and_not_many(
    country: Country,
):
    await country.outage()
    country.workspace.weather = lambda _method, _sender: Fault.LOST_BEFORE
    await asyncio.sleep(30 * MINUTE_S)
    country.workspace.weather = fair
    await asyncio.sleep(9 * MINUTE_S)
    assert len(reminders(country)) == 1
    await asyncio.sleep(2 * MINUTE_S)
    assert len(reminders(country)) == 2


async def test_nobody_is_called_late_for_what_is_over_by_then(country: Country):
    await country.outage()
    country.workspace.weather = lambda _method, _sender: Fault.LOST_BEFORE
    await asyncio.sleep(5 * MINUTE_S)
    assert country.incident.reminded == 1
    country.broken.clear()
    await asyncio.sleep(5 * MINUTE_S)
    assert not country.incident.open
    country.workspace.weather = fair
    await asyncio.sleep(MINUTE_S)
    assert reminders(country) == []
    assert "kembali normal" in country.thread()[-1].text


async def test_nobody_is_called_late_for_what_somebody_looks_after_by_then(country: Country):
    hub = await country.outage()
    country.workspace.weather = lambda _method, _sender: Fault.LOST_BEFORE
    await asyncio.sleep(5 * MINUTE_S)
    assert country.incident.reminded == 1
    order = Order(
        incident=country.incident.id,
        kind=OrderKind.ACK,
        author="budi",
        reason="sudah",
        at_s=country.store.stream_s(),
    )
    await hub.exchange.compare_and_set(order.record, codec.to_bytes(order), 0)
    await asyncio.sleep(MINUTE_S)
    country.workspace.weather = fair
    await asyncio.sleep(MINUTE_S)
    assert reminders(country) == []
