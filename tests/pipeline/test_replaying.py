"""A replay tells what was told: the same incidents and messages, at the same times."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from agent.core import codec, wire
from agent.core.graph import Graph
from agent.core.incident import Change, Incident, Phase
from agent.core.maintenance import Window
from agent.core.model import NATION, Attendance, Branch, Routes, Scope, Severity
from agent.core.order import Order, OrderKind
from agent.core.reminding import Reminders
from agent.core.tuning import Tuning
from agent.core.wording import Wording
from agent.pipeline.mandate import Mandate
from agent.pipeline.replaying import Replay, Replayed
from agent.ports import (
    BeatPut,
    MaintenancePut,
    OrderPut,
    OwnStatus,
    Record,
    Recorded,
    RecordedEvent,
    Silent,
    Stale,
    StatusPut,
    Synced,
    TermBegan,
)
from tests.support import recorded_play
from tests.support.recorded_play import RecordedPlay
from tests.support.tally import Tally
from tests.support.verdicts import REVISION, Agent, scattered

TICK_S = 0.5


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> RecordedPlay:
    return recorded_play.play(tmp_path_factory.mktemp("play"))


@pytest.fixture(scope="module")
def recorded(played: RecordedPlay) -> list[Recorded]:
    return played.recorded()


def replayed(mandate: Mandate, recorded: Iterable[Recorded], *, idle_s: float = 5.0) -> Replayed:
    async def run() -> Replayed:
        replay = Replay(mandate, Tally(), idle_s=idle_s)
        for each in recorded:
            await replay.feed(each)
        return await replay.finish()

    return asyncio.run(run())


def only(found: Replayed) -> Incident:
    (incident,) = found.incidents.values()
    return incident


def outcome(found: Replayed) -> object:
    told = [
        (i.name, i.severity, i.opened_s, i.closed_s, i.peak, [m.change for m in i.messages])
        for i in found.incidents.values()
    ]
    return told, found.roots, found.replies, found.orders, found.blips


def assert_told_once(found: Replayed, played: RecordedPlay) -> None:
    assert (found.roots.total(), found.replies.total()) == (played.roots, played.replies)
    assert (only(found).scope, only(found).group) == (Scope.NATIONAL, NATION)
    assert only(found).root == "simponi.billing"


# --- the same again


def test_the_same_configuration_tells_the_same_at_the_same_time(
    played: RecordedPlay, recorded: list[Recorded]
):
    assert len(played.leaders()) == 2
    found = replayed(played.mandate, recorded)
    assert_told_once(found, played)
    was, now = played.incident, only(found)
    assert now.opened_s == pytest.approx(was.opened_s, abs=1.1 * TICK_S)
    assert was.closed_s is not None
    assert now.closed_s == pytest.approx(was.closed_s, abs=2.2 * TICK_S)  # It begins to hold, too.
    assert (now.severity, now.peak, now.peak_of) == (was.severity, was.peak, was.peak_of)
    assert [m.change for m in now.messages] == [m.change for m in was.messages]
    assert not found.gaps
    assert found.nations.keys() == {played.mandate.revision}
    assert (found.unreadable, found.strangers, found.unwatched) == (0, set(), set())


def test_how_seldom_a_quiet_nation_is_assessed_changes_nothing(
    played: RecordedPlay, recorded: list[Recorded]
):
    always = outcome(replayed(played.mandate, recorded, idle_s=TICK_S))
    assert outcome(replayed(played.mandate, recorded)) == always
    assert outcome(replayed(played.mandate, recorded, idle_s=30.0)) == always


def test_an_open_incident_is_advanced_although_nothing_is_recorded_for_a_while(
    played: RecordedPlay, recorded: list[Recorded]
):
    recovering_s = played.incident.recovering_s
    assert recovering_s is not None
    sparse = without(recorded, recovering_s + 20, recovering_s + 46)
    found = replayed(played.mandate, sparse, idle_s=30.0)
    assert not found.gaps
    assert only(found).closed_s == pytest.approx(played.incident.closed_s, abs=2.2 * TICK_S)


def test_a_higher_threshold_opens_nothing(played: RecordedPlay, recorded: list[Recorded]):
    was = played.mandate.tuning
    higher = {
        name: replace(getattr(was, name), a1_floor=12.0) for name in ("fail", "slow", "patient")
    }
    tuning = replace(was, **higher)
    found = replayed(replace(played.mandate, tuning=tuning), recorded)
    assert found.incidents == {}
    assert found.roots.total() == found.replies.total() == 0


def test_a_longer_guard_opens_later(played: RecordedPlay, recorded: list[Recorded]):
    guard = replace(played.mandate.tuning, guard_s=30.0)
    found = replayed(replace(played.mandate, tuning=guard), recorded)
    assert only(found).opened_s > played.incident.opened_s + 10.0


def test_of_the_first_leaders_recording_the_incident_stays_open(played: RecordedPlay):
    found = replayed(played.mandate, played.leads(played.leaders()[0]))
    assert (only(found).phase, found.roots.total()) == (Phase.OPEN, 1)


def test_without_a_leaders_recording_the_offices_own_words_tell_the_same(
    played: RecordedPlay, recorded: list[Recorded]
):
    own = [each for each in recorded if isinstance(each.event, OwnStatus)]
    found = replayed(played.mandate, own)
    assert_told_once(found, played)
    assert only(found).opened_s == pytest.approx(played.incident.opened_s, abs=2.0)


def decided(kind: OrderKind, at_s: float, **changes: Any) -> Recorded:  # noqa: ANN401 - an order's
    """What a person decided, under an id that no replay ever gives."""
    order = Order(
        incident="incident.national.all.simponi.billing@999999",
        kind=kind,
        author="budi",
        reason="-",
        at_s=0.0,
        **changes,
    )
    record = Record(name=order.record, value=codec.to_bytes(order), revision=7, stored_s=at_s)
    return Recorded(at_s=at_s, source="", event=OrderPut(record=record))


def with_order(recorded: list[Recorded], order: Recorded) -> list[Recorded]:
    """In its place, and of the recording that is followed there."""
    before = [each for each in recorded if each.at_s <= order.at_s]
    after = [each for each in recorded if each.at_s > order.at_s]
    leader = next(each for each in reversed(before) if isinstance(each.event, TermBegan))
    return [*before, replace(order, source=leader.source), *after]


def test_what_a_person_decided_is_obeyed_as_it_was(played: RecordedPlay, recorded: list[Recorded]):
    at_s = played.incident.opened_s + 40.0
    order = decided(OrderKind.FALSE_ALARM, at_s)
    found = replayed(played.mandate, with_order(recorded, order))
    assert only(found).by_hand is OrderKind.FALSE_ALARM
    assert only(found).closed_s == pytest.approx(at_s, abs=TICK_S)
    assert only(found).messages[-1].change is Change.ORDERED
    assert found.roots.total() == 1


def test_a_mute_in_a_recording_lasts_from_when_it_was_stored(
    played: RecordedPlay, recorded: list[Recorded]
):
    at_s = played.incident.opened_s + 40.0
    order = decided(OrderKind.MUTE, at_s, until_s=1.0, for_s=600.0)
    found = replayed(played.mandate, with_order(recorded, order))
    assert only(found).muted_until_s == at_s + 600.0
    assert found.replies.total() < played.replies + 1  # The recovery is told to nobody.


def test_planned_work_that_a_person_added_is_obeyed_as_it_was(
    played: RecordedPlay, recorded: list[Recorded]
):
    """The outage begins in the window and outlasts it: it would have been told at its end."""
    at_s = played.incident.since_s - 5.0
    lasts_s = played.incident.opened_s + 8.0 - at_s
    window = Window(id="w1", services=("simponi.billing",), for_s=lasts_s, author="sari")
    record = Record(name=window.record, value=codec.to_bytes(window), revision=7, stored_s=at_s)
    put = Recorded(at_s=at_s, source="", event=MaintenancePut(record=record))
    found = replayed(played.mandate, with_order(recorded, put))
    assert only(found).opened_s == pytest.approx(at_s + lasts_s, abs=1.1 * TICK_S)
    assert only(found).overran_s == pytest.approx(at_s + lasts_s)
    assert found.roots.total() == 1


def test_an_order_before_the_incident_or_of_odd_bytes_says_nothing(
    played: RecordedPlay, recorded: list[Recorded]
):
    early = decided(OrderKind.CLOSE, played.incident.opened_s - 15.0)
    odd = replace(early, event=OrderPut(record=Record(name="order.ack.x", value=b"{")))
    for order in (early, odd):
        found = replayed(played.mandate, with_order(recorded, order))
        assert_told_once(found, played)
        assert only(found).orders == ()


def test_reminders_are_counted_as_they_would_have_been_told(
    played: RecordedPlay, recorded: list[Recorded]
):
    eager = Reminders(after_s=20.0, every_s=20.0, most=3, least=Severity.SLOW)
    found = replayed(replace(played.mandate, reminders=eager), recorded)
    assert found.replies.total() == played.replies + 3


# --- beginnings, gaps, and who is followed


def without(recorded: Iterable[Recorded], from_s: float, until_s: float) -> list[Recorded]:
    return [each for each in recorded if not from_s < each.at_s <= until_s]


def test_a_gap_is_told_and_what_was_open_is_neither_closed_nor_told_again(
    played: RecordedPlay, recorded: list[Recorded]
):
    opened_s = played.incident.opened_s
    found = replayed(played.mandate, without(recorded, opened_s + 5, opened_s + 80))
    (gap,) = found.gaps
    assert gap.until_s - gap.from_s >= 75
    assert_told_once(found, replace_replies(played, found))
    assert only(found).closed_s is not None


def replace_replies(played: RecordedPlay, found: Replayed) -> RecordedPlay:
    """Growing and shrinking that nobody recorded is not told."""
    return replace(played, replies=found.replies.total())


def test_silence_for_an_hour_in_the_middle_of_an_outage_is_no_failure_and_no_recovery(
    played: RecordedPlay, recorded: list[Recorded]
):
    middle_s = played.incident.opened_s + 20
    found = replayed(
        played.mandate,
        [r if r.at_s <= middle_s else later(r, 3_600.0) for r in recorded],
    )
    (gap,) = found.gaps
    assert gap.until_s - gap.from_s == pytest.approx(3_600, abs=5)
    assert_told_once(found, replace_replies(played, found))
    closed_s = only(found).closed_s
    assert closed_s is not None
    assert closed_s > gap.until_s + played.mandate.tuning.close_s


def later(recorded: Recorded, seconds: float) -> Recorded:
    """The same, so much later by the exchange's clock."""
    event = recorded.event
    if isinstance(event, StatusPut | BeatPut | OwnStatus):
        record = replace(event.record, stored_s=event.record.stored_s + seconds)
        event = replace(event, record=record)
    return replace(recorded, at_s=recorded.at_s + seconds, event=event)


@pytest.mark.parametrize("skipped", [0.3, 0.5])
def test_a_recording_may_begin_anywhere(
    played: RecordedPlay, recorded: list[Recorded], skipped: float
):
    began_s, opened_s = recorded[0].at_s, played.incident.opened_s
    from_s = began_s + skipped * (opened_s - began_s)
    found = replayed(played.mandate, [each for each in recorded if each.at_s >= from_s])
    assert found.roots.total() == 1
    assert only(found).opened_s == pytest.approx(opened_s, abs=15.0)


def test_a_clock_that_was_set_back_begins_anew_and_loses_nothing(
    played: RecordedPlay, recorded: list[Recorded]
):
    middle_s = played.incident.opened_s + 20
    found = replayed(
        played.mandate,
        [later(r, 7_200.0) if r.at_s <= middle_s else r for r in recorded],
    )
    assert found.gaps == []
    assert_told_once(found, replace_replies(played, found))
    assert only(found).closed_s == pytest.approx(played.incident.closed_s, abs=60.0)


def test_what_a_former_leader_still_sees_is_not_followed(
    played: RecordedPlay, recorded: list[Recorded]
):
    first = next(r for r in recorded if isinstance(r.event, TermBegan))
    second = [r for r in recorded if isinstance(r.event, TermBegan)][-1]
    said: list[RecordedEvent] = [Stale(why=""), *map(silent, played.mandate.branches)]
    blind = [
        Recorded(at_s=second.at_s + n, source=first.source, event=event)
        for n, event in enumerate(said)
    ]
    mixed = sorted([*recorded, *blind], key=lambda each: each.at_s)
    was, found = replayed(played.mandate, recorded), replayed(played.mandate, mixed)
    assert outcome(found) == outcome(was)
    assert found.records == was.records


def silent(branch: str) -> Silent:
    return Silent(branch=branch)


def test_while_the_watch_is_blind_nothing_is_assessed(
    played: RecordedPlay, recorded: list[Recorded]
):
    opened_s = played.incident.opened_s
    source = next(r for r in recorded if isinstance(r.event, TermBegan)).source
    stale = Recorded(at_s=opened_s - 3.0, source=source, event=Stale(why=""))
    synced = Recorded(at_s=opened_s + 4.0, source=source, event=Synced(generation=0.0))
    unseen = [each for each in recorded if not stale.at_s < each.at_s < synced.at_s]
    held = [each for each in recorded if stale.at_s < each.at_s < synced.at_s]
    snapshot = [
        replace(each, at_s=synced.at_s, event=replace(each.event, live=False))
        for each in held
        if isinstance(each.event, StatusPut)
    ]
    mixed = sorted([*unseen, stale, *snapshot, synced], key=lambda each: each.at_s)
    found = replayed(played.mandate, mixed)
    assert only(found).opened_s >= synced.at_s
    assert found.roots.total() == 1


# --- who is there

BEGAN_S = 1_760_000_000.0
OFFICES = scattered(10)


class Watch:
    """A replay of ten offices, fed by hand from one recording."""

    def __init__(self) -> None:
        self.mandate = Mandate(
            branches={each.id: each for each in OFFICES},
            graph=Graph([]),
            tuning=Tuning(),
            periods_s={"x": 10.0},
            revision=REVISION,
            routes=Routes(main="m"),
            wording=Wording(),
        )
        self.replay = Replay(self.mandate, Tally())

    def feed(self, at_s: float, *events: RecordedEvent) -> Watch:
        for event in events:
            recorded = Recorded(at_s=BEGAN_S + at_s, source="hub", event=event)
            asyncio.run(self.replay.feed(recorded))
        return self

    @property
    def attendance(self) -> Attendance:
        return self.replay._nation.attendance()


def puts(at_s: float, count: int = 10, *, live: bool = True) -> list[StatusPut]:
    return [StatusPut(record=said(branch, at_s), live=live) for branch in OFFICES[:count]]


def said(branch: Branch, at_s: float) -> Record:
    value = wire.encode_status(Agent(branch.id, ["x"], Tuning()).status(at_s))
    return Record(name=branch.id, value=value, stored_s=BEGAN_S + at_s)


def beats(at_s: float) -> list[BeatPut]:
    return [
        BeatPut(record=Record(name=each.id, stored_s=BEGAN_S + at_s), live=True) for each in OFFICES
    ]


def test_after_a_gap_a_beat_is_enough_of_an_office_that_was_heard_before():
    watch = Watch().feed(0.0, *puts(0.0)).feed(120.0, *puts(120.0, 1))
    assert len(watch.attendance.reporting) == 1
    watch.feed(121.0, *beats(121.0))
    assert len(watch.attendance.reporting) == 10


def test_a_new_leader_knows_nobody_until_its_watch_shows_them():
    watch = Watch().feed(0.0, *puts(0.0)).feed(5.0, TermBegan(branch="b", term=2, nation=""))
    assert len(watch.attendance.unheard) == 10
    watch.feed(5.0, *puts(0.0, live=False))
    assert len(watch.attendance.reporting) == 10


def test_who_fell_silent_is_silent_until_heard_again():
    watch = Watch().feed(0.0, *puts(0.0)).feed(30.0, silent("office-003"))
    assert watch.attendance.silent == ("office-003",)
    assert watch.feed(31.0, *beats(31.0)).attendance.silent == ()


def test_an_office_that_recorded_nothing_of_itself_for_six_minutes_is_silent():
    own = [OwnStatus(record=said(branch, 0.0)) for branch in OFFICES]
    watch = Watch().feed(0.0, *own)
    for at_s in (200.0, 355.0):
        watch.feed(at_s, *(OwnStatus(record=said(branch, at_s)) for branch in OFFICES[:9]))
    assert not watch.attendance.silent
    watch.feed(370.0, OwnStatus(record=said(OFFICES[0], 370.0)))
    assert watch.attendance.silent == ("office-009",)


def test_a_watch_that_became_blind_assesses_nothing_until_it_is_whole_again():
    watch = Watch().feed(0.0, *puts(0.0)).feed(10.0, Stale(why=""))
    watch.feed(50.0, *puts(50.0, live=False))
    assessed_s = watch.replay.replayed.assessed_s
    assert assessed_s <= 10.0
    watch.feed(50.0, Synced(generation=1.0)).feed(80.0, silent("office-003"))
    assert watch.replay.replayed.assessed_s >= 25.0


# --- what does not fit


def test_statuses_of_others_and_of_nobody_are_counted_and_left(
    played: RecordedPlay, recorded: list[Recorded]
):
    source, at_s = recorded[0].source, recorded[-1].at_s
    elsewhere = next(r.event for r in recorded if isinstance(r.event, StatusPut)).record
    value = elsewhere.value.replace(elsewhere.name.encode(), b"atlantis")
    hostile = [
        Recorded(at_s=at_s, source=source, event=StatusPut(record=record, live=True))
        for record in (
            Record(name="jember", value=b"\xff{"),
            Record(name="jember", value=elsewhere.value),
            Record(name="atlantis", value=value, stored_s=at_s),
        )
    ]
    found = replayed(played.mandate, [*only_watch(hostile, recorded), *hostile])
    assert found.unreadable == 2
    assert found.strangers == {"atlantis"}


def only_watch(hostile: list[Recorded], recorded: list[Recorded]) -> list[Recorded]:
    """The recording of one source, so that it is followed to its end."""
    return [replace(each, source=hostile[0].source) for each in recorded]


def test_services_that_no_journey_exercises_and_other_nations_are_named(
    played: RecordedPlay, recorded: list[Recorded]
):
    periods_s = dict(played.mandate.periods_s)
    del periods_s["cetak"]
    other = replace(played.mandate, periods_s=periods_s, revision="r9:ffffffff")
    found = replayed(other, recorded)
    assert found.unwatched == {"cetak"}
    assert found.nations.keys() == {played.mandate.revision}


def test_nothing_recorded_is_nothing_replayed(played: RecordedPlay):
    found = replayed(played.mandate, [])
    assert (found.records, found.began_s, found.incidents) == (0, None, {})
