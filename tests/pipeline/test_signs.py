"""A sign that a person puts on the root message acknowledges the incident. In virtual time."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from structlog.testing import capture_logs

from agent.core import codec
from agent.core.order import PREFIX, Order, OrderKind
from agent.pipeline.signs import LOOK_EVERY_S, SignReader
from agent.ports import Effect, NotifyError, Reaction
from agent.simulation.workspace import BOT, WorkspaceNotifier
from tests.support.country import MAIN, Country
from tests.support.newsroom import Hub as NewsroomHub
from tests.support.newsroom import Newsroom, open_incident
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

PERSON = "U0PIKET01"
SEEN_S = LOOK_EVERY_S + 10.0
"""A look, the leader's next look at the orders, a pace of one message a second, and room."""


@pytest.fixture
async def country():
    country = Country()
    yield country
    await country.close()


def put(country: Country, emoji: str, by: str = PERSON) -> None:
    country.workspace.react(MAIN, country.root.ts, Reaction(emoji=emoji, by=by))


def acknowledged(country: Country) -> list[str]:
    """What the thread tells of it."""
    return [each.text for each in country.thread() if "Ditangani" in each.text]


async def test_eyes_on_the_root_message_acknowledge_and_are_told_once_whoever_leads(
    country: Country,
):
    hub = await country.outage()
    put(country, "eyes")
    await asyncio.sleep(SEEN_S)
    told = acknowledged(country)
    assert told == [f"Ditangani oleh <@{PERSON}> (tanda `:eyes:` pada pesan utama)."]
    await hub.die()
    await country.hub("sorong")
    await asyncio.sleep(120)
    assert acknowledged(country) == told
    assert [(each.kind, each.author) for each in country.incident.orders] == [
        (OrderKind.ACK, PERSON)
    ]


async def test_a_leader_that_dies_before_it_looked_leaves_the_sign_to_the_next(country: Country):
    hub = await country.outage()
    put(country, "white_check_mark")
    await hub.die()
    assert acknowledged(country) == []
    await country.hub("sorong")
    await asyncio.sleep(60 + SEEN_S)
    assert len(acknowledged(country)) == 1


@pytest.mark.parametrize(("emoji", "by"), [("tada", PERSON), ("eyes", BOT)])
async def test_another_sign_or_one_of_our_own_says_nothing(country: Country, emoji: str, by: str):
    await country.outage()
    put(country, emoji, by)
    await asyncio.sleep(2 * SEEN_S)
    assert country.incident.acknowledgement is None


async def test_the_second_person_who_puts_a_sign_is_not_told_again(country: Country):
    await country.outage()
    put(country, "eyes")
    await asyncio.sleep(SEEN_S)
    put(country, "eyes", "U0PIKET02")
    await asyncio.sleep(2 * SEEN_S)
    assert len(acknowledged(country)) == 1


async def test_once_acknowledged_or_closed_nobody_looks_any_more(country: Country):
    hub = await country.outage()
    put(country, "eyes")
    await asyncio.sleep(SEEN_S)
    before = hub.meters.sign_looks.total()
    await asyncio.sleep(300)
    assert hub.meters.sign_looks.total() == before


async def test_root_messages_are_looked_at_in_turn_and_within_the_receivers_limit():
    country = Country(("x", "y"))
    hub = await country.outage()
    country.broken.add("y")
    await asyncio.sleep(60)
    assert len(country.workspace.roots(MAIN)) == 2
    asked = watched(country)
    await asyncio.sleep(20 * LOOK_EVERY_S)
    assert 2 * 15 <= asked.total() <= 2 * 21
    assert hub.meters.sign_looks[None] == hub.meters.sign_looks.total()
    await country.close()


def watched(country: Country) -> Counter[str]:
    """Counts the looks from now on."""
    asked: Counter[str] = Counter()

    def count(method: str, sender: str) -> None:
        asked[sender] += method == "reactions"

    country.workspace.weather = count
    return asked


async def test_a_receiver_that_shows_no_signs_is_told_once_and_the_incident_goes_on(
    country: Country, monkeypatch: pytest.MonkeyPatch
):
    async def refuse(*_: object) -> None:
        raise NotifyError(Effect.REFUSED, "missing_scope: reactions:read")

    hub = await country.outage()
    with capture_logs() as logs:
        monkeypatch.setattr(hub.leader._notifier, "reactions", refuse)
        await asyncio.sleep(900)
        country.broken.clear()
        await asyncio.sleep(300)
    said = [each for each in logs if each["event"] == "signs_not_seen"]
    assert [each["reason"] for each in said] == ["missing_scope: reactions:read"]
    assert 1 < hub.meters.sign_looks[Effect.REFUSED] <= 5
    assert not country.incident.open


@pytest.fixture
async def newsroom():
    room = Newsroom()
    yield room
    await room.close()


async def a_reader(room: Newsroom) -> tuple[SignReader, NewsroomHub]:
    """Of a leader that has told one incident, with eyes on its message."""
    hub = await room.leader()
    await open_incident(hub)
    await asyncio.sleep(5)
    (root,) = room.roots()
    room.workspace.react(root.channel, root.ts, Reaction(emoji="eyes", by=PERSON))
    reader = SignReader(
        exchange=hub.exchange,
        book=hub.book,
        notifier=WorkspaceNotifier(room.workspace, "hub", room.clock),
        signs=["eyes"],
        authority=hub.lease,
        clock=room.clock,
        stream_now_s=room.store.stream_s,
        meters=hub.meters,
    )
    return reader, hub


def orders(room: Newsroom) -> list[Order]:
    found = room.store.coordination.items()
    return [codec.from_bytes(Order, r.value) for n, r in found if n.startswith(PREFIX)]


async def look_for(reader: SignReader, seconds: float) -> None:
    looking = asyncio.create_task(reader.run())
    await asyncio.sleep(seconds)
    looking.cancel()
    await asyncio.wait([looking])


async def test_what_a_person_has_just_written_is_not_overwritten_by_a_sign(newsroom: Newsroom):
    reader, hub = await a_reader(newsroom)
    (standing,) = hub.book.incidents()
    order = Order(incident=standing.id, kind=OrderKind.ACK, author="budi", reason="sudah", at_s=0.0)
    await hub.exchange.compare_and_set(order.record, codec.to_bytes(order), 0)
    await look_for(reader, 60)
    assert [each.author for each in orders(newsroom)] == ["budi"]


async def test_an_order_for_an_earlier_incident_or_of_odd_bytes_makes_room(newsroom: Newsroom):
    reader, hub = await a_reader(newsroom)
    (standing,) = hub.book.incidents()
    await hub.exchange.compare_and_set(f"order.ack.{standing.name}", b"{", 0)
    await look_for(reader, 60)
    assert [(each.author, each.incident) for each in orders(newsroom)] == [(PERSON, standing.id)]


async def test_a_leader_whose_lease_is_over_writes_nothing(newsroom: Newsroom):
    reader, hub = await a_reader(newsroom)
    hub.lease.end()
    await look_for(reader, 60)
    assert orders(newsroom) == []
