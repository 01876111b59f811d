"""What people decide about an incident is obeyed once and told in its thread. In virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from agent.core import codec
from agent.core.incident import Phase
from agent.core.order import Order, OrderKind
from agent.ports import OrderPut, RecordedEvent
from tests.support.country import MAIN, Country, Hub
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

OBEYED_S = 10.0
"""A look each 3 s, a pace of one message a second, and room."""


@pytest.fixture
async def country():
    country = Country()
    yield country
    await country.close()


async def decide(
    country: Country, hub: Hub, kind: OrderKind, *, about: str = "", reason: str = "sudah"
) -> None:
    now_s = country.store.stream_s()
    order = Order(
        incident=about or country.incident.id,
        kind=kind,
        author="budi",
        reason=reason,
        at_s=now_s,
        until_s=now_s + 3600 if kind is OrderKind.MUTE else None,
    )
    await hub.exchange.compare_and_set(order.record, codec.to_bytes(order), 0)
    await asyncio.sleep(OBEYED_S)


def thread(country: Country) -> list[str]:
    return [each.text for each in country.thread()]


async def test_an_acknowledgement_is_told_once_whoever_leads(country: Country):
    hub = await country.outage()
    await decide(country, hub, OrderKind.ACK)
    assert [each for each in thread(country) if "Ditangani oleh budi: `sudah`" in each]
    await hub.die()
    await country.hub("sorong")
    await asyncio.sleep(60)
    assert len([each for each in thread(country) if "Ditangani" in each]) == 1
    assert [each.kind for each in country.incident.orders] == [OrderKind.ACK]


async def test_an_order_for_an_earlier_incident_says_nothing_to_this_one(country: Country):
    hub = await country.outage()
    await decide(country, hub, OrderKind.CLOSE, about=f"{country.incident.name}@1")
    assert country.incident.open
    assert country.incident.orders == ()


async def test_a_closed_incident_stays_closed_under_the_same_alarm_and_a_new_leader(
    country: Country,
):
    hub = await country.outage()
    await decide(country, hub, OrderKind.FALSE_ALARM)
    await asyncio.sleep(60)
    assert country.incident.phase is Phase.CLOSED
    (root,) = country.workspace.roots(MAIN)
    assert "dinyatakan alarm palsu oleh petugas" in root.text
    assert "kembali normal" not in root.text
    await hub.die()
    await country.hub("sorong")
    await asyncio.sleep(60)
    assert country.incident.phase is Phase.CLOSED
    assert len(country.workspace.roots(MAIN)) == 1


async def test_what_was_closed_by_hand_opens_again_after_the_alarm_was_over(country: Country):
    hub = await country.outage()
    await decide(country, hub, OrderKind.CLOSE)
    country.broken.clear()
    await asyncio.sleep(600)
    assert not country.incident.held
    country.broken.add("x")
    await asyncio.sleep(60)
    assert country.incident.open


async def test_a_muted_incident_tells_no_recovery_in_its_thread_but_its_end(country: Country):
    hub = await country.outage()
    await decide(country, hub, OrderKind.MUTE)
    country.broken.clear()
    await asyncio.sleep(300)
    told = thread(country)
    assert not [each for each in told if "berangsur pulih" in each]
    assert "kembali normal" in told[-1]


async def test_a_mute_lasts_from_when_the_exchange_stored_it_whatever_the_givers_clock_says(
    country: Country,
):
    hub = await country.outage()
    given_s = country.store.stream_s() - 10 * 86_400  # a clock ten days slow
    order = Order(
        incident=country.incident.id,
        kind=OrderKind.MUTE,
        author="budi",
        reason="sudah",
        at_s=given_s,
        until_s=given_s + 3600,
        for_s=3600.0,
    )
    await hub.exchange.compare_and_set(order.record, codec.to_bytes(order), 0)
    await asyncio.sleep(OBEYED_S)
    now_s = country.store.stream_s()
    assert country.incident.muted(now_s + 3580)
    assert not country.incident.muted(now_s + 3601)


async def test_an_order_of_a_later_version_is_left_to_leaders_who_know_it(country: Country):
    hub = await country.outage()
    order = Order(
        incident=country.incident.id,
        kind=OrderKind("hand-over"),
        author="budi",
        reason="sudah",
        at_s=country.store.stream_s(),
    )
    await hub.exchange.compare_and_set(order.record, codec.to_bytes(order), 0)
    await asyncio.sleep(OBEYED_S)
    assert country.incident.orders == ()


@pytest.mark.parametrize(
    "poison",
    [
        {"kind": OrderKind.MUTE, "for_s": 1e300},
        {"kind": OrderKind.MUTE, "until_s": 1e300},
        {"kind": OrderKind.MUTE, "for_s": -1.0},
        {"kind": OrderKind.CLOSE, "at_s": -1e300},
        {"kind": OrderKind.CLOSE, "reason": "x" * 15_000},
        {"kind": OrderKind.CLOSE, "author": "x" * 15_000},
    ],
    ids=["no end", "an end beyond time", "less than no time", "no moment", "a book", "a long name"],
)
async def test_an_order_that_nobody_could_have_given_is_not_obeyed_and_keeps_back_no_other(
    country: Country, poison: dict[str, Any]
):
    hub = await country.outage()
    sound = Order(
        incident=country.incident.id,
        kind=OrderKind.CLOSE,
        author="budi",
        reason="sudah",
        at_s=country.store.stream_s(),
    )
    order = replace(sound, **poison)
    await hub.exchange.compare_and_set(order.record, codec.to_bytes(order), 0)
    term = hub.leader.term
    await decide(country, hub, OrderKind.ACK)
    assert hub.leader.term is term
    assert [each.kind for each in country.incident.orders] == [OrderKind.ACK]


async def test_the_bulletin_says_who_looks_after_it_and_until_when_it_is_muted(country: Country):
    hub = await country.outage()
    await decide(country, hub, OrderKind.ACK)
    await decide(country, hub, OrderKind.MUTE)
    (shown,) = country.bulletin().incidents
    assert shown.acknowledged_by == "budi"
    assert shown.muted_until_s == pytest.approx(country.store.stream_s() + 3600, abs=30)


async def test_what_was_obeyed_stands_in_the_leaders_recording_once(country: Country):
    seen: list[RecordedEvent] = []
    await country.open()
    hub = await country.hub("medan")
    hub.leader._recorder = Notes(seen)
    await asyncio.sleep(30)
    country.broken.add("x")
    await asyncio.sleep(60)
    await decide(country, hub, OrderKind.ACK)
    await asyncio.sleep(60)
    (noted,) = [each for each in seen if isinstance(each, OrderPut)]
    assert codec.from_bytes(Order, noted.record.value).kind is OrderKind.ACK
    assert noted.record.stored_s > 0


class Notes:
    """Implements :class:`agent.ports.Recorder`."""

    def __init__(self, seen: list[RecordedEvent]) -> None:
        self._seen = seen

    def record(self, event: RecordedEvent, at_s: float) -> None:
        del at_s
        self._seen.append(event)


async def test_a_reason_that_would_call_everybody_calls_nobody(country: Country):
    hub = await country.outage()
    await decide(country, hub, OrderKind.ACK, reason="<!channel> `x")
    assert not [each for each in thread(country) if "<!channel>" in each]
