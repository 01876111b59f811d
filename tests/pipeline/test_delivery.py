"""Messages are told once, whatever the receiver, the exchange or the leaders do meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from random import Random

import pytest

from agent.core.incident import Claim, Delivery, Incident, Phase
from agent.ports import Drop, Effect, ExchangeError, NotifyError
from agent.simulation.workspace import BOT, Fault, WorkspaceMessage, scripted
from tests.support.newsroom import (
    FALLBACK,
    MAIN,
    SERVICE,
    Fate,
    Hub,
    Killed,
    Newsroom,
    all_told,
    open_incident,
    say,
    touch,
)
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]


@pytest.fixture
async def room():
    room = Newsroom()
    yield room
    await room.close()


def only_for(method: str, *faults: Fault | None):
    """Weather that meets the calls of one method alone."""
    ahead = iter(faults)
    return lambda called, _sender: next(ahead, None) if called == method else None


# --- one leader, and what may become of a post


async def test_a_message_is_claimed_before_it_is_posted(room: Newsroom):
    leader = await room.leader()
    seen: list[Delivery] = []

    async def look(call: str) -> None:
        if call == "post":
            seen.extend(i.root_message.delivery for i in room.standing())

    leader.fate.on_call = look
    await open_incident(leader)
    await asyncio.sleep(2)
    assert seen == [Delivery.CLAIMED]
    assert len(room.roots()) == 1
    assert all_told(room.standing())


@pytest.mark.parametrize(
    ("fault", "attempts"),
    [
        (Fault.LOST_BEFORE, {Effect.NOT_SENT: 1, None: 1}),
        (Fault.RATE_LIMITED, {Effect.NOT_SENT: 1, None: 1}),
        (Fault.REVOKED, {Effect.CREDENTIAL: 1, None: 1}),
        (Fault.SERVER_ERROR, {Effect.UNKNOWN: 1, None: 1}),
        (Fault.HANG, {Effect.UNKNOWN: 1, None: 1}),
        (Fault.LOST_AFTER, {Effect.UNKNOWN: 1}),
        (Fault.LATE, {Effect.UNKNOWN: 1}),
    ],
)
async def test_whatever_becomes_of_the_first_post_one_message_stands(
    room: Newsroom, fault: Fault, attempts: dict[Effect | None, int]
):
    room.workspace.weather = only_for("post", fault)
    leader = await room.leader()
    await open_incident(leader)
    await asyncio.sleep(10)
    assert [root.channel for root in room.roots()] == [MAIN]
    assert all_told(room.standing())
    told = Counter({k: n for k, n in leader.meters.attempts.items() if k is not None or n})
    edits = room.roots()[0].edits
    assert told[None] - edits == attempts.get(None, 0)
    assert {k: n for k, n in told.items() if k is not None} == {
        k: n for k, n in attempts.items() if k is not None
    }


async def test_a_refused_channel_is_left_for_the_fallback_and_its_thread_follows(room: Newsroom):
    leader = await room.leader()
    room.workspace._channels.pop(MAIN)
    incident = await open_incident(leader)
    await say(leader, incident, "tumbuh")
    await asyncio.sleep(5)
    assert [root.channel for root in room.roots()] == [FALLBACK]
    assert room.thread() == ["tumbuh"]


async def test_what_every_channel_refuses_is_given_up_counted_and_never_tried_again(
    room: Newsroom,
):
    leader = await room.leader()
    room.workspace._channels.clear()
    incident = await open_incident(leader)
    await say(leader, incident, "tumbuh")
    await asyncio.sleep(30)
    (record,) = room.standing()
    assert {each.delivery for each in record.messages} == {Delivery.DROPPED}
    assert leader.meters.drops[Drop.MESSAGE] == 1
    assert leader.meters.attempts[Effect.REFUSED] == 2
    assert leader.meters.waiting == 0


async def test_a_dead_credential_keeps_the_outbox_until_it_lives_again(room: Newsroom):
    leader = await room.leader()
    room.workspace.weather = lambda _method, _sender: Fault.REVOKED
    await open_incident(leader)
    await asyncio.sleep(60)
    assert room.roots() == []
    assert leader.meters.waiting == 1
    room.workspace.weather = lambda _method, _sender: None
    await asyncio.sleep(6)
    assert len(room.roots()) == 1


async def test_a_root_that_a_person_deleted_is_posted_anew_once(room: Newsroom):
    leader = await room.leader()
    incident = await open_incident(leader)
    await asyncio.sleep(3)
    (first,) = room.roots()
    room.workspace.delete(MAIN, first.ts)
    await touch(leader, incident)
    await asyncio.sleep(8)
    (second,) = room.roots()
    assert second.ts != first.ts
    room.workspace.delete(MAIN, second.ts)
    await touch(leader, incident)
    await asyncio.sleep(30)
    assert room.roots() == []
    assert room.standing()[0].root_message.delivery is Delivery.DROPPED


async def test_a_reply_to_a_deleted_root_waits_until_the_root_stands_again(room: Newsroom):
    leader = await room.leader()
    incident = await open_incident(leader)
    await asyncio.sleep(3)
    (first,) = room.roots()
    room.workspace.delete(MAIN, first.ts)

    async def refuse(call: str) -> None:
        if call == "post" and not room.roots():
            leader.fate.on_call = None
            raise NotifyError(Effect.GONE, "thread_not_found")

    leader.fate.on_call = refuse
    await say(leader, incident, "tumbuh")
    await asyncio.sleep(10)
    assert room.thread() == ["tumbuh"]


async def test_replies_stand_in_order_and_under_the_root_whatever_happens_to_them(room: Newsroom):
    room.workspace.weather = scripted(
        Fault.LOST_BEFORE, Fault.LOST_AFTER, Fault.HANG, None, Fault.SERVER_ERROR, Fault.LATE
    )
    leader = await room.leader()
    incident = await open_incident(leader)
    await say(leader, incident, "satu", "dua", "tiga")
    await asyncio.sleep(90)
    assert room.thread() == ["satu", "dua", "tiga"]
    assert room.workspace.duplicates() == {}


async def test_quick_changes_are_one_edit(room: Newsroom):
    leader = await room.leader()
    incident = await open_incident(leader)
    await asyncio.sleep(10)
    for _ in range(20):
        await touch(leader, incident)
        await asyncio.sleep(0.2)
    await asyncio.sleep(6)
    (root,) = room.roots()
    assert root.edits == 2
    assert root.revision == room.standing()[0].revision


async def test_members_of_a_storm_tell_nothing_themselves(room: Newsroom):
    leader = await room.leader()
    first = await open_incident(leader)
    await open_incident(leader, "dukcapil.nik", storm=first.name)
    await asyncio.sleep(20)
    assert len(room.roots()) == 1
    assert leader.meters.waiting == 0


async def test_an_incident_whose_post_hangs_does_not_hold_up_the_others(room: Newsroom):
    room.workspace.weather = only_for("post", Fault.HANG)
    leader = await room.leader()
    for service in ("simponi.billing", "dukcapil.nik", "adjudikasi"):
        await open_incident(leader, service)
    await asyncio.sleep(1.5)
    assert len(room.roots()) == 2
    await asyncio.sleep(8)
    assert len(room.roots()) == 3


async def test_an_incident_that_cannot_be_put_into_words_does_not_stop_the_others(room: Newsroom):
    leader = await room.leader()
    broken = await open_incident(leader)
    await leader.book.change(broken.name, lambda i: replace(i, since_s=1e300) if i else None)
    await open_incident(leader, "dukcapil.nik")
    await asyncio.sleep(5)
    assert len(room.roots()) == 1
    assert leader.work is not None
    assert not leader.work.done()


async def test_a_lease_too_short_for_a_post_posts_and_claims_nothing(room: Newsroom):
    leader = await room.leader(seconds=3.9)
    await open_incident(leader)
    await asyncio.sleep(10)
    assert room.roots() == []
    assert [i.root_message.delivery for i in room.standing()] == [Delivery.PENDING]


async def test_after_a_long_trouble_the_message_stands_within_ten_seconds(room: Newsroom):
    room.workspace.weather = lambda _method, _sender: Fault.HANG
    leader = await room.leader()
    await open_incident(leader)
    await asyncio.sleep(600)
    room.workspace.weather = lambda _method, _sender: None
    await asyncio.sleep(10)
    assert len(room.roots()) == 1


# --- answers of the exchange that are lost


async def test_records_whose_answers_are_lost_cost_no_message_and_make_no_second_one(
    room: Newsroom,
):
    leader = await room.leader()
    incident = await open_incident(leader)
    await say(leader, incident, "satu", "dua")
    for _ in range(6):
        room.store.lose_answers(leader.exchange._branch)
        await asyncio.sleep(2.6)
        room.store.restore(leader.exchange._branch)
        await asyncio.sleep(1.7)
    await asyncio.sleep(60)
    assert room.thread() == ["satu", "dua"]
    assert room.workspace.duplicates() == {}
    assert all_told(room.standing())


# --- two copies


async def test_a_sweep_leaves_the_oldest_copy_and_records_it(room: Newsroom):
    leader = await room.leader()
    await open_incident(leader)
    await asyncio.sleep(1)
    (root,) = room.roots()
    copy = room.workspace.post(root)
    await asyncio.sleep(4)
    assert [each.ts for each in room.roots()] == [root.ts]
    room.workspace.delete(MAIN, root.ts)
    for _ in range(2):
        copy = room.workspace.post(root)
    await asyncio.sleep(301)
    (left,) = room.roots()
    assert left.ts < copy.ts
    assert room.standing()[0].root_message.ts == left.ts


async def test_what_was_told_before_the_exchange_lost_its_memory_goes_on_in_one_message(
    room: Newsroom,
):
    await _told_before_the_store_was_wiped(room)
    (told,) = room.roots()

    leader = await room.leader()
    again = await open_incident(leader)
    await asyncio.sleep(10)

    (root,) = room.roots()
    assert (root.ts, root.key) == (told.ts, f"{again.id}/0")
    assert room.standing(again.name)[0].root_message.ts == told.ts


async def test_of_messages_that_ended_before_the_memory_was_lost_none_is_touched(room: Newsroom):
    first = await _told_before_the_store_was_wiped(room, ended=True)

    leader = await room.leader()
    again = await open_incident(leader)
    await asyncio.sleep(10)

    assert [each.key for each in room.roots()] == [f"{first.id}/0", f"{again.id}/0"]


async def test_an_identity_that_comes_again_after_the_memory_was_lost_is_told_anew(room: Newsroom):
    leader = await room.leader()
    first = await open_incident(leader)
    await asyncio.sleep(5)
    await leader.book.change(
        first.name, lambda i: replace(i, phase=Phase.CLOSED, revision=9) if i else None
    )
    await asyncio.sleep(10)
    await leader.stop()
    room.store.wipe()
    await asyncio.sleep(20)

    leader = await room.leader()
    again = await open_incident(leader)
    await asyncio.sleep(10)

    assert again.id == first.id
    assert len(room.roots()) == 2


async def test_a_message_of_another_trouble_is_left_when_the_memory_is_lost(room: Newsroom):
    await _told_before_the_store_was_wiped(room)

    leader = await room.leader()
    await open_incident(leader, "cetak")
    await asyncio.sleep(10)

    assert len(room.roots()) == 2


async def _told_before_the_store_was_wiped(room: Newsroom, *, ended: bool = False) -> Incident:
    leader = await room.leader()
    # Revisions begin again after it, and identities of incidents must differ.
    await open_incident(leader, "mpn.status")
    told = await open_incident(leader)
    await asyncio.sleep(5)
    if ended:
        await leader.book.change(
            told.name, lambda i: replace(i, phase=Phase.CLOSED, revision=9) if i else None
        )
        await asyncio.sleep(10)
    await leader.stop()
    for root in room.roots():
        if SERVICE not in root.key:
            room.workspace.delete(MAIN, root.ts)
    room.store.wipe()
    await asyncio.sleep(20)
    return told


async def test_copies_of_replies_are_swept_as_well(room: Newsroom):
    leader = await room.leader()
    incident = await open_incident(leader)
    await say(leader, incident, "satu", "dua")
    await asyncio.sleep(1.5)
    (root,) = room.roots()
    for reply in room.workspace.replies(MAIN, root.ts):
        room.workspace.post(reply)
    await asyncio.sleep(5)
    assert room.thread() == ["satu", "dua"]


async def test_a_post_that_arrives_after_it_was_given_up_leaves_one_message(room: Newsroom):
    leader = await room.leader()
    loop = asyncio.get_running_loop()

    async def detour(call: str) -> None:
        if call == "post":
            leader.fate.on_call = None
            key = f"{room.standing()[0].id}/0"
            late = WorkspaceMessage(channel=MAIN, ts="", author=BOT, text="terlambat", key=key)
            loop.call_later(4.5, room.workspace.post, late)
            raise NotifyError(Effect.UNKNOWN, "no answer in time")

    leader.fate.on_call = detour
    await open_incident(leader)
    await asyncio.sleep(5.5)
    assert len(room.roots()) == 2
    await asyncio.sleep(8)
    assert len(room.roots()) == 1


# --- leaders that come and go


async def succeed(room: Newsroom, old: Hub, *, after_s: float = 0.0) -> Hub:
    old.lease.end()
    await asyncio.sleep(after_s)
    return await room.leader()


async def test_a_claim_of_another_is_left_alone_until_its_post_must_have_ended(room: Newsroom):
    leader = await room.leader()
    incident = await open_incident(leader)
    await leader.stop()
    claim = Claim(by="sorong", term=9, at_s=room.store.stream_s())
    await leader.book.change(
        incident.name,
        lambda i: (
            replace(i, messages=(replace(i.messages[0], delivery=Delivery.CLAIMED, claim=claim),))
            if i
            else None
        ),
    )
    await succeed(room, leader)
    await asyncio.sleep(3.8)
    assert room.roots() == []
    await asyncio.sleep(1.5)
    assert len(room.roots()) == 1


async def play_with(fate: Fate, *, cancelled_at: int | None = None) -> tuple[Newsroom, int]:
    """Open an incident, say two things; the first leader meets its fate, a successor finishes."""
    room = Newsroom(scripted(Fault.LOST_AFTER, None, None, Fault.HANG))
    planning = await room.leader()
    incident = await open_incident(planning)
    await say(planning, incident, "satu", "dua")
    await planning.stop()
    await touch(planning, incident)
    planning.lease.end()

    mortal = room.hub(fate=fate)

    async def cancel(_call: str) -> None:
        if mortal.fate.calls + 1 == cancelled_at and mortal.work is not None:
            mortal.work.cancel()

    mortal.fate.on_call = cancel
    with suppress(Killed):
        await mortal.lead()
        assert mortal.work is not None
        await asyncio.wait([mortal.work], timeout=60)
    await mortal.stop()
    mortal.lease.end()
    await room.leader()
    await asyncio.sleep(60)
    await room.close()
    return room, mortal.fate.calls


def assert_told_once(room: Newsroom) -> None:
    assert len(room.roots()) == 1
    assert room.thread() == ["satu", "dua"]
    assert room.workspace.duplicates() == {}
    assert all_told(room.standing())
    assert room.roots()[0].revision == room.standing()[0].revision


@pytest.mark.parametrize("applied", [False, True], ids=["before the call", "after it"])
async def test_a_leader_that_dies_at_any_of_its_calls_costs_no_message_and_makes_no_second_one(
    applied: bool,  # noqa: FBT001 - a column of a table
):
    _, calls = await play_with(Fate())
    assert calls >= 12
    for at in range(1, calls + 1):
        room, _ = await play_with(Fate(at, applied=applied))
        assert_told_once(room)


async def test_a_term_that_ends_at_any_of_its_calls_costs_no_message_and_makes_no_second_one():
    _, calls = await play_with(Fate())
    for at in range(1, calls + 1):
        room, _ = await play_with(Fate(), cancelled_at=at)
        assert_told_once(room)


async def sleeper(room: Newsroom, call: str, sleep_s: float) -> Hub:
    """A leader that is put to sleep at its first call of this name, through its whole lease."""
    leader = await room.leader(seconds=10)

    async def sleep(name: str) -> None:
        if name == call and not slept:
            slept.append(name)
            await asyncio.sleep(sleep_s)

    slept: list[str] = []
    leader.fate.on_call = sleep
    return leader


@pytest.mark.parametrize("call", ["write", "post", "find", "update"])
@pytest.mark.parametrize("sleep_s", [12.0, 40.0])
async def test_a_leader_that_sleeps_through_its_lease_leaves_one_message(
    room: Newsroom, call: str, sleep_s: float
):
    """The promise: at most one visible message ten seconds after it woke."""
    room.workspace.weather = (
        only_for("post", Fault.LOST_AFTER) if call == "find" else room.workspace.weather
    )
    old = await sleeper(room, call, sleep_s)
    opening = asyncio.create_task(open_incident(old))
    await asyncio.sleep(1)
    if call == "update":
        await touch(old, room.standing()[0])
    await asyncio.sleep(14)
    new = await room.leader()
    if not room.standing():
        await open_incident(new)
    await asyncio.wait([opening], timeout=sleep_s)
    if not opening.cancelled():
        opening.exception()
    await asyncio.sleep(sleep_s + 10)
    assert len(room.roots()) == 1
    assert all_told(room.standing())
    assert [i.term for i in room.standing()] == [new.lease.term]


async def test_two_leaders_at_once_claim_each_message_once(room: Newsroom):
    """No lease is wrong for long; but even while one is, the record decides who posts."""
    one = await room.leader()
    incident = await open_incident(one)
    await say(one, incident, "satu")
    two = await room.leader()
    await asyncio.sleep(30)
    assert one.lease.may_act()
    assert two.lease.may_act()
    assert set(room.workspace.posted.values()) == {1}
    assert room.thread() == ["satu"]


async def test_a_term_that_ends_while_it_posts_records_the_post_first(room: Newsroom):
    leader = await room.leader()

    async def end(call: str) -> None:
        if call == "post" and leader.work is not None:
            leader.work.cancel()
            await asyncio.sleep(2)

    leader.fate.on_call = end
    await open_incident(leader)
    await asyncio.sleep(1)
    await leader.stop()
    assert len(room.roots()) == 1
    assert all_told(room.standing())


async def test_a_woken_leader_does_not_write_its_old_view_over_its_successor(room: Newsroom):
    old = await room.leader(seconds=10)
    incident = await open_incident(old)
    await asyncio.sleep(11)
    new = await room.leader()
    await touch(new, incident)
    before = room.standing()
    with pytest.raises(Exception, match="lease is over"):
        await touch(old, incident)
    assert room.standing() == before


@pytest.mark.parametrize("seed", range(6))
async def test_sixty_incidents_under_bad_weather_and_dying_leaders_are_told_once_each(seed: int):
    random = Random(seed)
    troubles = (None, None, None, Fault.LOST_BEFORE, Fault.LOST_AFTER, Fault.LATE, Fault.HANG)
    room = Newsroom(lambda _method, _sender: random.choice(troubles))
    ahead = [f"layanan.{n}" for n in range(60)]
    while ahead:
        leader = room.hub(seconds=random.uniform(20, 60), fate=Fate(random.randint(90, 250)))
        with suppress(Killed, ExchangeError):
            await leader.lead()
            while ahead:
                if leader.book.get(f"incident.national.all.{ahead[0]}") is None:
                    await open_incident(leader, ahead[0])
                ahead.pop(0)
                await asyncio.sleep(random.uniform(0, 4))
        leader.lease.end()
        await leader.stop()
        await asyncio.sleep(3)
    room.workspace.weather = lambda _method, _sender: None
    await room.leader()
    await asyncio.sleep(60)
    await room.close()
    assert len(room.roots()) == len(room.standing()) == 60
    assert all_told(room.standing())
    assert room.workspace.duplicates() == {}
