"""A storm is several records: whatever breaks between two writes, each is told somewhere."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from agent.adapters.memory_exchange import MemoryExchange, MemoryStore
from agent.core import incident as incidents
from agent.core import incident_life
from agent.core.incident import Change, Delivery, Incident, Phase
from agent.core.model import NATION, Scope, Severity
from agent.core.wording import Wording
from agent.pipeline.incident_book import IncidentBook
from agent.pipeline.scribe import Scribe
from agent.pipeline.storms import Storms
from agent.ports import Unavailable
from agent.simulation.virtual_time import VirtualClock
from tests.support.newsroom import MAIN, situation
from tests.support.tally import Tally
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

NOW_S = 1_760_000_020.0
FIRST, SECOND, THIRD = "simponi.billing", "dukcapil.nik", "adjudikasi"
WORDING = Wording(mention="<!here>")


def name(service: str) -> str:
    return incidents.record_name(Scope.NATIONAL, NATION, service)


class Leader:
    """One leader's book and storms, over a store that others may have written to."""

    def __init__(self, store: MemoryStore) -> None:
        self.exchange = MemoryExchange(store, "hub")
        self.book = IncidentBook(self.exchange, lambda: True)
        self.storms = Storms(self.book, Scribe(self.book, WORDING, Tally()), WORDING)

    async def begin(self) -> Leader:
        await self.exchange.start()
        await self.book.load()
        self.storms.take_over(NOW_S)
        return self

    async def opens(self, service: str, *, storm: str | None = None) -> Incident:
        """Open an incident; the message of one that is not covered is out."""
        begun = incident_life.begin(
            situation(service),
            channel=MAIN,
            term=1,
            now_s=NOW_S,
            storm=name(storm) if storm else None,
        )
        root = replace(begun.root_message, delivery=Delivery.POSTED, ts="1")
        return await self.puts(service, begun if storm else incidents.with_message(begun, root))

    async def puts(self, service: str, to: Incident) -> Incident:
        changed = await self.book.change(name(service), lambda _: to)
        assert changed is not None
        return changed

    async def tends(self) -> list[str]:
        due = self.storms.due()
        for each in due:
            await self.storms.tend(each, NOW_S + 1)
        return [each.removeprefix("incident.national.all.") for each in due]

    def of(self, service: str) -> Incident:
        found = self.book.get(name(service))
        assert found is not None
        return found

    def said(self, service: str) -> list[str]:
        return [m.text for m in self.of(service).messages[1:]]


@pytest.fixture
async def store() -> MemoryStore:
    return MemoryStore(VirtualClock(asyncio.get_running_loop()))


@pytest.fixture
async def leader(store: MemoryStore) -> Leader:
    return await Leader(store).begin()


async def test_all_that_join_at_once_are_one_reply_that_names_them_all(leader: Leader):
    await leader.opens(FIRST)
    await leader.opens(SECOND, storm=FIRST)
    await leader.opens(THIRD, storm=FIRST)

    assert await leader.tends() == [FIRST]
    (told,) = leader.said(FIRST)
    assert "3 services" in told or "3 layanan" in told
    assert all(WORDING.service(each) in told for each in (FIRST, SECOND, THIRD))
    assert await leader.tends() == []


async def test_a_leader_that_died_between_two_writes_leaves_nobody_out(
    store: MemoryStore, leader: Leader
):
    await leader.opens(FIRST)
    await leader.opens(SECOND, storm=FIRST)

    successor = await Leader(store).begin()
    assert await successor.tends() == [FIRST]
    assert successor.of(FIRST).members == (name(SECOND),)


async def test_a_first_that_cannot_be_written_now_shows_the_change_later(
    store: MemoryStore, leader: Leader
):
    await leader.opens(FIRST)
    await leader.opens(SECOND, storm=FIRST)
    await leader.tends()
    shown = leader.of(FIRST).revision
    over = replace(leader.of(SECOND), phase=Phase.CLOSED, closed_s=NOW_S)
    leader.storms.stir(await leader.puts(SECOND, over), leader.of(SECOND))

    store.cut()
    with pytest.raises(Unavailable):
        await leader.tends()
    store.restore()
    await leader.tends()
    assert leader.of(FIRST).revision > shown


async def test_a_new_leader_shows_a_live_storm_anew_and_an_old_one_not(
    store: MemoryStore, leader: Leader
):
    await leader.opens(FIRST)
    await leader.opens(SECOND, storm=FIRST)
    await leader.tends()
    assert await (await Leader(store).begin()).tends() == [FIRST]

    for service in (FIRST, SECOND):
        over = replace(leader.of(service), phase=Phase.CLOSED, closed_s=NOW_S - 301.0)
        await leader.puts(service, over)
    assert await (await Leader(store).begin()).tends() == []


async def test_what_breaks_again_is_shown_although_it_is_a_member_already(leader: Leader):
    await leader.opens(FIRST)
    await leader.opens(SECOND, storm=FIRST)
    await leader.tends()
    over = replace(leader.of(SECOND), phase=Phase.CLOSED, closed_s=NOW_S)
    grave = replace(situation(SECOND), severity=Severity.DOWN)
    again = incident_life.advance(over, grave, term=1, now_s=NOW_S + 9)
    leader.storms.stir(await leader.puts(SECOND, again), over)
    assert await leader.tends() == [FIRST]
    assert leader.said(FIRST)[-1].startswith("<!here> ")


@pytest.mark.parametrize("why", ["never written", "refused for good", "told elsewhere itself"])
async def test_one_that_lost_its_teller_is_told_by_itself(leader: Leader, why: str):
    if why == "refused for good":
        first = await leader.opens(FIRST)
        refused = replace(first.root_message, delivery=Delivery.DROPPED)
        await leader.puts(FIRST, incidents.with_message(first, refused))
    elif why == "told elsewhere itself":
        await leader.opens(FIRST, storm=THIRD)
        await leader.opens(THIRD)
    await leader.opens(SECOND, storm=FIRST)

    assert SECOND in await leader.tends()
    assert leader.of(SECOND).storm is None
    assert leader.of(SECOND).root_message.delivery is Delivery.PENDING


async def test_a_covered_trouble_that_becomes_grave_calls_in_the_thread_of_its_storm(
    leader: Leader,
):
    await leader.opens(FIRST)
    await leader.opens(SECOND, storm=FIRST)
    await leader.tends()
    before = leader.of(SECOND)
    worse = incident_life.advance(
        before, replace(situation(SECOND), severity=Severity.DOWN), term=1, now_s=NOW_S + 9
    )
    leader.storms.stir(await leader.puts(SECOND, worse), before)
    await leader.tends()

    told = leader.of(FIRST).messages[-1]
    assert told.change is Change.WORSE
    assert told.text.startswith("<!here> ")
    assert WORDING.service(SECOND) in told.text


async def test_a_later_incident_of_a_members_name_is_no_member(leader: Leader):
    await leader.opens(FIRST)
    await leader.opens(SECOND, storm=FIRST)
    await leader.tends()
    assert leader.book.members(leader.of(FIRST)) == [leader.of(SECOND)]
    await leader.opens(SECOND)
    assert leader.book.members(leader.of(FIRST)) == []


async def test_a_storm_goes_on_while_one_of_its_incidents_is_open(leader: Leader):
    later_s = NOW_S + 1000.0
    for service in (FIRST, SECOND, THIRD):
        await leader.opens(service, storm=None if service == FIRST else FIRST)
    await leader.tends()
    for service in (FIRST, SECOND):
        over = replace(leader.of(service), phase=Phase.CLOSED, closed_s=NOW_S)
        await leader.puts(service, replace(over, messages=(over.root_message,)))

    assert leader.storms.goes_on(leader.of(FIRST), later_s)
    assert leader.storms.goes_on(leader.of(SECOND), NOW_S + 100.0)
    assert not leader.storms.goes_on(leader.of(SECOND), later_s)

    await leader.puts(THIRD, replace(leader.of(THIRD), phase=Phase.CLOSED, closed_s=NOW_S))
    assert not leader.storms.goes_on(leader.of(FIRST), later_s)
    assert leader.storms.goes_on(leader.of(FIRST), NOW_S + 100.0)
    assert not leader.storms.goes_on(leader.of(SECOND), NOW_S + 100.0)
