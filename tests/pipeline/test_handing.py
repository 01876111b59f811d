"""Receivers beside Slack are told how things stand, hold up nobody, and go on where they were."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from agent.core import incident as incidents
from agent.core.incident import Phase
from agent.pipeline import handing
from agent.pipeline.handing import Handing
from agent.ports import Effect, Unavailable
from tests.support.country import MAIN, Country, Hub
from tests.support.fake_receiver import FakeReceiver
from tests.support.newsroom import Newsroom, open_incident, say
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

FAILOVER_S = 17.0


@pytest.fixture
async def country():
    country = Country()
    yield country
    await country.close()


@pytest.fixture
async def room():
    room = Newsroom()
    yield room
    await room.close()


def receivers_of(country: Country) -> dict[str, FakeReceiver]:
    """The newest receiver of every hub that led, made as its term begins."""
    made: dict[str, FakeReceiver] = {}

    def make(hub: str) -> list[FakeReceiver]:
        made[hub] = FakeReceiver(country.hubs[hub].meters)
        return [made[hub]]

    country.receivers = make
    return made


async def outage(country: Country) -> Hub:
    """A hub leads, and has just found that the nation's one service is broken."""
    await country.open()
    hub = await country.hub("medan")
    await asyncio.sleep(20)
    country.broken.add("x")
    await asyncio.sleep(60)
    return hub


async def test_the_leader_tells_after_every_assessment_how_all_stands(country: Country):
    made = receivers_of(country)
    hub = await outage(country)
    (receiver,) = made.values()
    assert hub.term.outlook is not None
    assert receiver.at_s == hub.term.outlook.at_s
    assert [(each.root, each.phase) for each in receiver.seen] == [("x", Phase.OPEN)]
    country.broken.clear()
    await asyncio.sleep(240)
    assert [(each.root, each.phase) for each in receiver.seen] == [("x", Phase.CLOSED)]
    assert receiver.had == [f"{receiver.seen[0].id}/{n}" for n in range(len(receiver.had))]
    assert len(receiver.had) >= 3, "opened, recovering, closed"


async def test_a_hub_that_only_follows_tells_nobody(country: Country):
    made = receivers_of(country)
    await outage(country)
    await country.hub("sorong")
    await asyncio.sleep(60)
    assert list(made) == ["medan"]


async def test_the_next_leader_goes_on_where_the_last_one_was(country: Country):
    made = receivers_of(country)
    first = await outage(country)
    before = list(made["medan"].had)
    assert before
    await first.die()
    await country.hub("sorong")
    await asyncio.sleep(FAILOVER_S)
    country.broken.clear()
    await asyncio.sleep(240)
    after = made["sorong"].had
    assert after, "what came later"
    assert not set(after) & set(before)
    assert len(before + after) == 1 + max(int(each.rpartition("/")[2]) for each in after)


async def test_what_the_last_leader_could_not_pass_on_the_next_one_does(country: Country):
    made = receivers_of(country)
    await country.open()
    first = await country.hub("medan")
    await asyncio.sleep(20)
    made["medan"].effect = Effect.UNKNOWN
    country.broken.add("x")
    await asyncio.sleep(60)
    assert made["medan"].had == []
    await first.die()
    await country.hub("sorong")
    await asyncio.sleep(FAILOVER_S)
    assert made["sorong"].had[0].endswith("/0")


async def test_one_that_breaks_stops_neither_slack_nor_the_others_and_is_started_again(
    country: Country,
):
    sound, broken = [], []

    def make(hub: str) -> list[FakeReceiver]:
        meters = country.hubs[hub].meters
        sound.append(FakeReceiver(meters, "sound"))
        broken.append(FakeReceiver(meters, "broken"))
        broken[-1].breaks = RuntimeError("a bug")
        return [broken[-1], sound[-1]]

    country.receivers = make
    with capture_logs() as logs:
        await outage(country)
    assert len(country.workspace.roots(MAIN)) == 1
    assert len(sound) == len(broken) == 1, "the term went on"
    assert sound[0].had
    assert broken[0].runs > 2
    assert {each["receiver"] for each in logs if each["event"] == "receiver_broke"} == {"broken"}


async def test_how_far_a_receiver_is_stands_in_the_record_and_edits_no_message(room: Newsroom):
    leader = await room.leader()
    incident = await open_incident(leader)
    receiver = FakeReceiver(leader.meters)
    hands = Handing([receiver], leader.book)
    work = asyncio.create_task(hands.run())
    await say(leader, incident, "tumbuh", "menyusut")
    hands.give(1.0)
    await asyncio.sleep(10 * handing.MARK_EVERY_S)  # Slack has been told and swept too.
    (record,) = room.standing()
    assert incidents.handed_to(record, "fake") == 2
    told = record.revision
    writes = leader.fate.calls
    hands.give(2.0)
    await asyncio.sleep(10)
    assert leader.fate.calls == writes, "a mark that stands is not written again"
    assert room.standing()[0].revision == told
    work.cancel()
    await asyncio.wait([work])


async def test_a_mark_that_cannot_be_written_is_written_later_and_told_once(room: Newsroom):
    leader = await room.leader()
    await open_incident(leader)
    await asyncio.sleep(5)
    receiver = FakeReceiver(leader.meters)
    hands = Handing([receiver], leader.book)

    async def down(name: str) -> None:
        if name == "write":
            raise Unavailable("the engine is gone")

    leader.fate.on_call = down
    with capture_logs() as logs:
        work = asyncio.create_task(hands.run())
        hands.give(1.0)
        await asyncio.sleep(10)
        assert incidents.handed_to(room.standing()[0], "fake") is None
        leader.fate.on_call = None
        await asyncio.sleep(3)
    assert incidents.handed_to(room.standing()[0], "fake") == 0
    assert [e["event"] for e in logs].count("receiver_marks_not_stored") == 1
    work.cancel()
    await asyncio.wait([work])


async def test_a_mark_of_an_earlier_incident_is_not_put_on_a_later_one_of_its_name(room: Newsroom):
    leader = await room.leader()
    incident = await open_incident(leader)
    receiver = FakeReceiver(leader.meters)
    receiver._handed[f"{incident.name}@999"] = 7
    await Handing([receiver], leader.book).mark()
    assert room.standing()[0].handed == ()


async def test_marks_only_grow(room: Newsroom):
    incident = await open_incident(await room.leader())
    once = incidents.with_handed(incident, "a", 0)
    assert incidents.handed_to(once, "a") == 0
    assert incidents.with_handed(once, "a", 0) is once
    both = incidents.with_handed(incidents.with_handed(once, "b", 3), "a", 2)
    assert (incidents.handed_to(both, "a"), incidents.handed_to(both, "b")) == (2, 3)
    assert incidents.with_handed(both, "b", 1) is both
    assert incidents.handed_to(both, "c") is None
