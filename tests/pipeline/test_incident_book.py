"""Records of incidents change by compare-and-set, whatever becomes of the answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from agent.adapters.memory_exchange import MemoryExchange, MemoryStore
from agent.core import codec, incident_life
from agent.core.incident import Incident
from agent.pipeline.incident_book import IncidentBook, LeaseOver
from agent.ports import Unavailable
from agent.simulation.virtual_time import VirtualClock
from tests.support.newsroom import MAIN, situation
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

BEGUN = incident_life.begin(situation(), channel=MAIN, term=1, now_s=1_760_000_020.0)


class Shelf:
    """Two hubs' books over one store."""

    def __init__(self) -> None:
        self.store = MemoryStore(VirtualClock(asyncio.get_running_loop()))
        self.may_write = True
        self.exchanges = [MemoryExchange(self.store, name) for name in ("jember", "sorong")]
        self.books = [IncidentBook(each, lambda: self.may_write) for each in self.exchanges]


@pytest.fixture
async def shelf():
    shelf = Shelf()
    for exchange in shelf.exchanges:
        await exchange.start()
    return shelf


def grown(incident: Incident | None) -> Incident | None:
    return None if incident is None else replace(incident, peak=incident.peak + 1)


async def test_an_incident_is_named_by_the_revision_that_opened_it_for_ever(shelf: Shelf):
    one, two = shelf.books
    opened = await one.change(BEGUN.name, lambda _: BEGUN)
    assert opened is not None
    assert opened.opening > 0
    await one.change(BEGUN.name, grown)
    await two.load()
    (read,) = two.incidents()
    assert read.id == opened.id


async def test_a_change_is_applied_again_to_what_another_wrote_first(shelf: Shelf):
    one, two = shelf.books
    await one.change(BEGUN.name, lambda _: BEGUN)
    await two.load()
    await one.change(BEGUN.name, grown)
    after = await two.change(BEGUN.name, grown)
    assert after is not None
    assert after.peak == BEGUN.peak + 2


async def test_a_write_whose_answer_was_lost_is_seen_before_anything_else_is_decided(shelf: Shelf):
    one, _ = shelf.books
    await one.change(BEGUN.name, lambda _: BEGUN)
    shelf.store.lose_answers("jember")
    with pytest.raises(Unavailable):
        await one.change(BEGUN.name, grown)
    shelf.store.restore("jember")
    seen: list[int] = []

    def look(incident: Incident | None) -> Incident | None:
        seen.append(incident.peak if incident else -1)
        return incident

    await one.change(BEGUN.name, look)
    assert seen == [BEGUN.peak + 1]


async def test_without_a_lease_nothing_is_written_and_looking_is_allowed(shelf: Shelf):
    one, _ = shelf.books
    await one.change(BEGUN.name, lambda _: BEGUN)
    shelf.may_write = False
    with pytest.raises(LeaseOver):
        await one.change(BEGUN.name, grown)
    assert await one.change(BEGUN.name, lambda incident: incident) is not None
    assert await one.read(BEGUN.name) is not None


@pytest.mark.parametrize(
    "value",
    [
        b"\xff not an incident",
        codec.to_bytes(replace(BEGUN, messages=())),
        codec.to_bytes(replace(BEGUN, messages=(replace(BEGUN.root_message, sequence=3),))),
        codec.to_bytes(replace(BEGUN, name="incident.national.all.y")),
    ],
    ids=["no JSON", "no message", "no root message", "another's name"],
)
async def test_a_record_that_cannot_be_read_makes_room_for_a_new_incident(
    shelf: Shelf, value: bytes
):
    one, two = shelf.books
    await shelf.exchanges[0].compare_and_set(BEGUN.name, value, 0)
    await two.load()
    assert two.get(BEGUN.name) is None
    assert await two.change(BEGUN.name, lambda before: before or BEGUN) is not None
    await one.load()
    assert one.get(BEGUN.name) is not None
