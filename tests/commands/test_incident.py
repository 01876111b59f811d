"""`pantau incident` writes what a person decided, once, about an incident that is open."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from agent.adapters.memory_exchange import MemoryExchange, MemoryStore
from agent.clock import BootClock
from agent.commands import hub_exchange
from agent.commands import incident as command
from agent.core import codec, incident_circumstances, incident_life
from agent.core.model import NATION, AlarmPhase, Channel, Scope, Severity, Situation
from agent.core.order import Order, OrderKind

SITUATION = Situation(
    scope=Scope.NATIONAL,
    group=NATION,
    root="x",
    severity=Severity.PARTIAL,
    phase=AlarmPhase.DECLARED,
    channels=(Channel.FAIL,),
    since_s=80.0,
    declared_s=100.0,
)


def arguments(kind: OrderKind = OrderKind.ACK, **given: str | float) -> argparse.Namespace:
    said = {"id": "incident.national.nation.x@1", "reason": "sudah", "author": "budi"}
    return argparse.Namespace(**{"kind": kind, "minutes": 30.0, **said, **given})


async def an_exchange() -> MemoryExchange:
    exchange = MemoryExchange(MemoryStore(BootClock()), "medan", can_coordinate=True)
    await exchange.start()
    opened = incident_life.begin(SITUATION, channel="C1", term=1, now_s=100.0)
    await exchange.compare_and_set(opened.name, codec.to_bytes(opened), 0)
    return exchange


@pytest.mark.anyio
async def test_an_order_is_a_record_with_author_reason_and_expiry():
    exchange = await an_exchange()
    (opened,) = await command.open_incidents(exchange)
    order = command.order_of(arguments(OrderKind.MUTE, id=opened.id), BootClock())
    assert await command.give(exchange, order) == hub_exchange.OK
    stored = codec.from_bytes(Order, (await exchange.read(order.record)).value)
    assert (stored.author, stored.reason, stored.incident) == ("budi", "sudah", opened.id)
    assert stored.until_s == stored.at_s + 30 * 60


@pytest.mark.anyio
async def test_a_second_order_of_its_kind_takes_the_place_of_the_first():
    exchange = await an_exchange()
    (opened,) = await command.open_incidents(exchange)
    for reason in ("satu", "dua"):
        order = command.order_of(arguments(id=opened.id, reason=reason), BootClock())
        assert await command.give(exchange, order) == hub_exchange.OK
    (record,) = await exchange.records("order.")
    assert codec.from_bytes(Order, record.value).reason == "dua"


@pytest.mark.anyio
async def test_an_incident_that_is_not_open_takes_no_order(capsys: pytest.CaptureFixture[str]):
    exchange = await an_exchange()
    order = command.order_of(arguments(id="incident.national.nation.x@999"), BootClock())
    assert await command.give(exchange, order) == hub_exchange.REFUSED
    assert "no such incident is open" in capsys.readouterr().err
    assert list(await exchange.records("order.")) == []


@pytest.mark.anyio
async def test_what_others_wrote_is_listed_in_one_line_that_commands_no_terminal():
    (opened,) = await command.open_incidents(await an_exchange())
    order = command.order_of(arguments(id=opened.id, author="budi\x1b[2J\nincident.x"), BootClock())
    told = command.line(incident_circumstances.obeyed(opened, order, 200.0))
    assert told.endswith("(ack by budi[2J incident.x)")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"reason": "  "}, "--reason"),
        ({"reason": "x" * 201}, "--reason"),
        ({"author": "x" * 61}, "--author"),
        ({"id": "lease@1"}, "no id of an incident"),
        ({"kind": OrderKind.MUTE, "minutes": 0.0}, "--minutes"),
        ({"kind": OrderKind.MUTE, "minutes": float("nan")}, "--minutes"),
    ],
)
def test_what_makes_no_order_is_told(given: dict[str, Any], said: str):
    with pytest.raises(ValueError, match=said):
        command.order_of(arguments(**given), BootClock())
