"""Three or more troubles at once are one message."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.core import incident as incidents
from agent.core import incident_circumstances, incident_life, storm
from agent.core.incident import Change, Delivery, Incident
from agent.core.model import NATION, AlarmPhase, Channel, Scope, Severity, Situation


def situation(root: str, declared_s: float = 100.0) -> Situation:
    return Situation(
        scope=Scope.NATIONAL,
        group=NATION,
        root=root,
        severity=Severity.PARTIAL,
        phase=AlarmPhase.DECLARED,
        channels=(Channel.FAIL,),
        since_s=declared_s - 20,
        declared_s=declared_s,
    )


def name(root: str) -> str:
    return incidents.record_name(Scope.NATIONAL, NATION, root)


def opened(root: str, at_s: float = 90.0, *, storm: str | None = None) -> Incident:
    return incident_life.begin(
        situation(root, at_s), channel="c", term=1, now_s=at_s, storm=name(storm) if storm else None
    )


def told(new: str, standing: tuple[Incident, ...] = (), suspected: str = "", now_s: float = 100.0):
    """(service, whose message tells it) of what opens now."""
    found = storm.openings(
        [situation(root) for root in new.split()], standing, suspected.split(), now_s
    )
    return [(each.situation.root, each.storm) for each in found]


def test_one_or_two_troubles_are_told_at_once_and_each_for_itself():
    assert told("a") == [("a", None)]
    assert told("a b") == [("a", None), ("b", None)]


def test_three_at_once_are_one_message():
    assert told("a b c d") == [("a", None), *((each, name("a")) for each in "bcd")]


def test_what_may_become_a_storm_is_gathered_for_ten_seconds():
    assert told("a", suspected="b c", now_s=109.9) == []
    assert told("a", suspected="b c", now_s=110.0) == [("a", None)]
    assert told("a", suspected="b", now_s=100.0) == [("a", None)]


def test_the_third_joins_the_first_of_two_that_stand():
    standing = (opened("b", 95.0), opened("a", 90.0))
    assert told("c", standing) == [("c", name("a"))]


def test_a_fourth_joins_the_storm_and_not_the_oldest():
    leader = incident_circumstances.covers(opened("b", 95.0), name("c"), 96.0)
    standing = (opened("a", 90.0), leader, opened("c", 96.0, storm="b"))
    assert told("d", standing) == [("d", name("b"))]


@pytest.mark.parametrize(
    ("standing", "why"),
    [
        ((opened("a", -300.0), opened("b", -300.0)), "those before are an old story"),
        (
            (replace(opened("a"), phase=incidents.Phase.RECOVERING), opened("b")),
            "what recovers is no news any more",
        ),
    ],
)
def test_what_is_not_at_once_is_no_storm(standing, why):
    assert told("c", standing) == [("c", None)], why


def test_the_first_of_a_storm_says_so_once_when_its_message_stands_already():
    leader = opened("a")
    root = replace(leader.root_message, delivery=Delivery.POSTED, ts="1")
    leader = incidents.with_message(leader, root)
    once = incident_circumstances.covers(leader, name("b"), 101.0)
    twice = incident_circumstances.covers(once, name("c"), 102.0)
    assert [m.change for m in twice.messages] == [Change.OPENED, Change.STORM]
    assert twice.members == (name("b"), name("c"))
    assert twice.revision == leader.revision + 2
    assert incident_circumstances.covers(twice, name("c"), 103.0) is twice


def test_a_message_that_is_not_out_yet_simply_tells_of_all():
    leader = incident_circumstances.covers(opened("a"), name("b"), 100.0)
    assert [m.change for m in leader.messages] == [Change.OPENED]


def test_who_joins_later_is_said_anew_and_who_joins_meanwhile_in_the_same_words():
    leader = opened("a")
    leader = incidents.with_message(
        leader, replace(leader.root_message, delivery=Delivery.POSTED, ts="1")
    )
    first = incident_circumstances.covers(leader, name("b"), 101.0)
    worded = incidents.with_message(first, replace(first.messages[-1], text="Now a and b."))

    meanwhile = incident_circumstances.covers(worded, name("c"), 101.0)
    assert [(m.change, m.text) for m in meanwhile.messages[1:]] == [(Change.STORM, "")]

    told = incidents.with_message(
        worded, replace(worded.messages[-1], delivery=Delivery.POSTED, text="")
    )
    later = incident_circumstances.covers(told, name("c"), 140.0)
    assert [m.change for m in later.messages[1:]] == [Change.STORM, Change.STORM]


def test_a_message_on_its_way_out_does_not_tell_of_who_joins_so_a_reply_does():
    leader = opened("a")
    leader = incidents.with_message(leader, replace(leader.root_message, delivery=Delivery.CLAIMED))
    joined = incident_circumstances.covers(leader, name("b"), 101.0)
    assert [m.change for m in joined.messages] == [Change.OPENED, Change.STORM]


def test_what_nobody_tells_any_more_gets_a_message_of_its_own():
    alone = incident_circumstances.uncovered(opened("b", storm="a"))
    assert alone.storm is None
    assert alone.root_message.delivery is Delivery.PENDING
    assert alone.untold


def test_what_is_national_is_never_told_in_a_regions_message():
    papua = replace(situation("a", 90.0), scope=Scope.REGIONAL, group="island:papua")
    region = incident_life.begin(papua, channel="r", term=1, now_s=90.0)
    storming = incident_circumstances.covers(region, "incident.regional.island-papua.b", 91.0)
    another = replace(papua, root="c")
    found = storm.openings([another, situation("d"), situation("e")], [storming], [], 100.0)
    assert [(each.situation.root, each.storm) for each in found] == [
        ("d", None),
        ("e", name("d")),
        ("c", storming.name),
    ]


def test_what_a_storm_tells_has_no_messages_of_its_own():
    covered = opened("b", storm="a")
    assert covered.root_message.delivery is Delivery.COVERED
    assert not covered.untold
