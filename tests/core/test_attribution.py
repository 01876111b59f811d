"""Which service is the root, what it drags along, and when that is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from agent.core import groups
from agent.core.attribution import Ground, attribute
from agent.core.graph import Graph
from agent.core.model import (
    NATION,
    Alarm,
    AlarmPhase,
    Assessment,
    Attendance,
    Channel,
    Evidence,
    Scope,
    Service,
    Severity,
    Situation,
    Trouble,
)
from agent.core.nation import Outlook
from agent.core.places import Place
from tests.support.verdicts import ids, scattered

NEEDS = {
    "billing": "",
    "payment": "billing",
    "allocation": "payment",
    "print": "allocation",
    "identity": "",
    "application": "identity",
    "login": "",
    "tracking": "",
}
GRAPH = Graph(
    Service(
        id=name, name_id=name, name_en=name, needs=tuple(needs.split()), sign_in=name == "login"
    )
    for name, needs in NEEDS.items()
)
BRANCHES = {branch.id: branch for branch in scattered(20)}
OFFICES = tuple(ids(list(BRANCHES.values())))
NATIONAL: Place = (Scope.NATIONAL, NATION)
PAPUA: Place = (Scope.REGIONAL, "island:island-0")
"""Four offices, of four provinces."""
BIAK: Place = (Scope.REGIONAL, "province:province-0")
"""One of them."""
PILOT: Place = (Scope.REGIONAL, groups.ROSTER)
JAVA: Place = (Scope.REGIONAL, "island:island-1")
DECLARED, RECOVERING, CLOSED = AlarmPhase


def alarm(
    service: str,
    phase: AlarmPhase = DECLARED,
    *,
    place: Place = NATIONAL,
    channel: Channel = Channel.FAIL,
    declared_s: float = 100.0,
    failing: int = 10,
) -> Alarm:
    return Alarm(
        service=service,
        channel=channel,
        scope=place[0],
        group=place[1],
        phase=phase,
        since_s=declared_s - 20.0,
        declared_s=declared_s,
        ended_s=None if phase is DECLARED else 180.0,
        evidence=Evidence(failing=OFFICES[:failing], reporting=20),
    )


def look(
    *alarms: Alarm,
    suspected: str = "",
    gathering: Mapping[str, Place] | None = None,
    behind: Mapping[str, tuple[str, int]] | None = None,
    roots: Mapping[Place, str] | None = None,
    dragged: str = "",
    at_s: float = 100.0,
    working: str = "",
) -> tuple[Situation, ...]:
    """``gathering``: service -> where there is evidence against it; ``behind``: service -> (the
    root it stands behind, at how many of twenty offices); ``dragged``: services that every open
    incident has taken in.
    """
    behind, gathering = behind or {}, gathering or {}
    assessments = {}
    for name in NEEDS:
        blocked: dict[str, frozenset[str]] = {}
        if name in behind:
            root, offices = behind[name]
            blocked = {root: frozenset(OFFICES[:offices])}
        assessments[name] = Assessment(
            service=name,
            suspected=name in suspected.split(),
            gathering=frozenset({gathering[name][1]} if name in gathering else ()),
            alarms=tuple(each for each in alarms if each.service == name),
            blocked_by=blocked,
            reporting=20,
            working=name in working.split(),
        )
    ground = Ground(
        graph=GRAPH,
        branches=BRANCHES,
        members=groups.of(BRANCHES.values()).members,
        present=lambda _: OFFICES,
        hold_s=30.0,
    )
    open_roots = {
        place: dict.fromkeys(names.split(), dragged.split())
        for place, names in (roots or {}).items()
    }
    outlook = Outlook(
        at_s=at_s, assessments=assessments, attendance=Attendance(roster=20, reporting=OFFICES)
    )
    return attribute(outlook, open_roots, ground)


def roots(situations: Iterable[Situation]) -> list[tuple[str, AlarmPhase]]:
    return sorted((each.root, each.phase) for each in situations)


def test_what_nobody_complains_of_is_no_trouble():
    assert look() == ()


def test_one_alarm_is_one_trouble_and_what_needs_it_is_affected():
    (only,) = look(alarm("billing"), working="tracking billing print")
    assert (only.root, only.phase, only.channels) == ("billing", DECLARED, (Channel.FAIL,))
    assert only.affected == ("payment", "allocation", "print")
    assert only.working == ("tracking",)
    assert only.severity is Severity.DEGRADED
    assert (only.since_s, only.declared_s) == (80.0, 100.0)
    assert only.spread.zones == {"WIB": (10, 20)}


def test_two_that_share_nothing_are_two():
    assert roots(look(alarm("billing"), alarm("identity"))) == [
        ("billing", DECLARED),
        ("identity", DECLARED),
    ]


def test_the_most_upstream_is_the_root_whatever_came_first():
    (only,) = look(
        alarm("print", declared_s=80.0),
        alarm("payment", declared_s=90.0),
        alarm("billing", declared_s=100.0),
    )
    assert only.root == "billing"


def test_failing_and_slow_are_one_trouble():
    (only,) = look(alarm("billing", channel=Channel.SLOW), alarm("billing", failing=5))
    assert only.channels == (Channel.FAIL, Channel.SLOW)
    assert len(only.evidence.failing) == 5


def test_a_slow_service_is_slow_and_no_more():
    (only,) = look(alarm("login", channel=Channel.SLOW))
    assert only.severity is Severity.SLOW


# --- waiting for what is upstream


@pytest.mark.parametrize(
    ("at_s", "suspected", "found", "why"),
    [
        (100.0, "billing", [], "its dependency is suspected: wait"),
        (129.9, "billing", [], "half a minute"),
        (130.0, "billing", [("payment", DECLARED)], "and no longer"),
        (100.0, "", [("payment", DECLARED)], "once that is cleared it speaks for itself"),
        (100.0, "print tracking", [("payment", DECLARED)], "what is downstream holds nothing"),
    ],
)
def test_a_service_waits_while_its_dependency_is_suspected(at_s, suspected, found, why):
    assert roots(look(alarm("payment"), suspected=suspected, at_s=at_s)) == found, why


def test_the_half_minute_counts_from_the_first_of_its_alarms():
    late = alarm("payment", channel=Channel.SLOW, declared_s=120.0)
    found = look(alarm("payment"), late, suspected="billing", at_s=130.0)
    assert roots(found) == [("payment", DECLARED)]


def test_the_root_itself_waits_for_what_is_above_it_and_all_behind_it_wait_too():
    assert look(alarm("payment"), alarm("print"), suspected="billing") == ()
    (only,) = look(alarm("payment"), alarm("print"), alarm("billing"))
    assert only.root == "billing"


@pytest.mark.parametrize(
    ("place", "against", "gathers_in", "at_s", "found", "why"),
    [
        (PAPUA, "billing", PAPUA, 100.0, [], "its dependency is voted against in this very group"),
        (PAPUA, "billing", PAPUA, 129.9, [], "half a minute"),
        (PAPUA, "billing", PAPUA, 130.0, ["payment"], "and no longer"),
        (PAPUA, "billing", JAVA, 100.0, ["payment"], "what gathers elsewhere is another story"),
        (PAPUA, "billing", BIAK, 100.0, ["payment"], "or is too small to explain all of it"),
        (PAPUA, "print", PAPUA, 100.0, ["payment"], "what is downstream holds nothing"),
        (NATIONAL, "billing", PAPUA, 100.0, ["payment"], "a region does not explain the nation"),
    ],
)
def test_below_the_nation_a_service_waits_while_evidence_gathers_against_its_dependency(
    place, against, gathers_in, at_s, found, why
):
    told = look(alarm("payment", place=place), gathering={against: gathers_in}, at_s=at_s)
    assert [each.root for each in told] == found, why


def test_a_regional_service_waits_for_a_dependency_declared_in_a_wider_place_to_be_told():
    for wider in (NATIONAL, PAPUA):
        found = look(alarm("payment", place=BIAK), alarm("billing", place=wider))
        assert [(each.root, each.group) for each in found] == [("billing", wider[1])]


def test_what_is_open_does_not_wait_again():
    found = look(alarm("payment"), suspected="billing", roots={NATIONAL: "payment"})
    assert roots(found) == [("payment", DECLARED)]


# --- behind a broken step


@pytest.mark.parametrize(
    ("offices", "root", "why"),
    [
        (10, "login", "half of the offices stand behind the sign-in: it is the root"),
        (9, "tracking", "fewer do not show it"),
    ],
)
def test_what_stands_behind_another_service_at_half_of_the_offices_is_its(offices, root, why):
    found = look(alarm("tracking"), alarm("login"), behind={"tracking": ("login", offices)})
    assert root in [each.root for each in found], why
    assert (len(found) == 1) is (root == "login"), why


def test_what_stands_behind_the_root_is_affected_though_the_graph_does_not_say_so():
    (only,) = look(alarm("login"), behind={"tracking": ("login", 10)})
    assert only.affected == ("tracking",)
    (only,) = look(alarm("login"), behind={"tracking": ("login", 9)})
    assert only.affected == ()


def test_a_service_waits_for_a_suspected_one_that_it_stands_behind():
    assert look(alarm("tracking"), suspected="login", behind={"tracking": ("login", 10)}) == ()


# --- joining and ending


def test_a_dependant_that_breaks_late_joins_the_open_incident():
    (only,) = look(alarm("billing"), alarm("print", declared_s=900.0), roots={NATIONAL: "billing"})
    assert only.root == "billing"
    assert "print" in only.affected


def test_an_upstream_that_breaks_late_is_told_and_then_takes_in_what_needs_it():
    found = look(alarm("payment"), alarm("billing"), roots={NATIONAL: "payment"})
    assert roots(found) == [("billing", DECLARED), ("payment", DECLARED)]
    payment, billing = sorted(
        look(alarm("payment"), alarm("billing"), roots={NATIONAL: "payment billing"}),
        key=lambda each: each.root != "payment",
    )
    assert (payment.phase, payment.absorbed_by) == (
        CLOSED,
        Trouble(group=NATION, root="billing"),
    )
    assert (billing.phase, billing.absorbed_by) == (DECLARED, None)
    assert "payment" in billing.affected


def test_what_an_upstream_took_in_stays_with_it_to_the_end():
    (only,) = look(alarm("payment"), alarm("billing"), roots={NATIONAL: "billing"})
    assert (only.root, only.phase) == ("billing", DECLARED)
    (only,) = look(alarm("payment"), roots={NATIONAL: "billing"})
    assert (only.root, only.phase) == ("billing", RECOVERING)


def test_of_a_chain_the_most_upstream_takes_in_all():
    found = look(
        alarm("billing"),
        alarm("payment"),
        alarm("print"),
        roots={NATIONAL: "billing payment print"},
    )
    assert {each.root: each.absorbed_by for each in found} == {
        "billing": None,
        "payment": Trouble(group=NATION, root="billing"),
        "print": Trouble(group=NATION, root="billing"),
    }


def test_what_fails_is_not_taken_in_by_what_is_only_slow():
    slow = alarm("billing", channel=Channel.SLOW)
    both = {NATIONAL: "payment billing"}
    assert [each.absorbed_by for each in look(alarm("payment"), slow, roots=both)] == [None, None]
    found = look(alarm("payment", channel=Channel.SLOW), slow, roots=both)
    assert [each.root for each in found if each.absorbed_by] == ["payment"]


def test_an_open_incident_is_not_taken_in_by_what_it_stands_behind_without_needing_it():
    found = look(
        alarm("tracking"),
        alarm("login"),
        behind={"tracking": ("login", 20)},
        roots={NATIONAL: "tracking login"},
    )
    assert [each.absorbed_by for each in found] == [None, None]


def test_a_closed_root_waits_for_what_it_dragged_along():
    open_now = {NATIONAL: "billing"}
    (only,) = look(alarm("billing", RECOVERING), alarm("print"), roots=open_now)
    assert only.phase is RECOVERING
    (only,) = look(alarm("print"), roots=open_now)
    assert (only.root, only.phase) == ("billing", RECOVERING)
    (only,) = look(alarm("print", CLOSED), roots=open_now)
    assert only.phase is CLOSED
    (only,) = look(roots=open_now)
    assert only.phase is CLOSED


def test_an_alarm_that_closes_ends_its_incident_at_its_back_dated_end():
    (only,) = look(alarm("billing", CLOSED), roots={NATIONAL: "billing"})
    assert (only.phase, only.ended_s, only.absorbed_by) == (CLOSED, 180.0, None)


def test_an_alarm_that_closed_before_anything_was_opened_is_nothing():
    assert look(alarm("billing", CLOSED)) == ()


# --- regions


def test_a_region_beside_the_nation_is_a_trouble_of_its_own():
    found = look(alarm("billing"), alarm("identity", place=PAPUA))
    assert {(each.scope, each.root) for each in found} == {
        (Scope.NATIONAL, "billing"),
        (Scope.REGIONAL, "identity"),
    }


def test_a_regional_dependant_of_a_national_root_is_told_with_the_nation():
    found = look(alarm("billing"), alarm("print", place=PAPUA), roots={NATIONAL: "billing"})
    assert [(each.scope, each.root) for each in found] == [(Scope.NATIONAL, "billing")]


def test_a_regional_failure_is_told_though_what_it_needs_is_slow_in_the_whole_nation():
    found = look(
        alarm("billing", channel=Channel.SLOW),
        alarm("print", place=PAPUA),
        roots={NATIONAL: "billing"},
        at_s=130.0,
    )
    assert [(each.scope, each.root) for each in found] == [
        (Scope.NATIONAL, "billing"),
        (Scope.REGIONAL, "print"),
    ]


def test_it_is_told_by_itself_though_what_it_needs_is_slow_here_too_and_told_with_the_nation():
    found = look(
        alarm("billing", channel=Channel.SLOW),
        alarm("billing", place=PAPUA, channel=Channel.SLOW),
        alarm("payment", place=PAPUA),
        roots={NATIONAL: "billing"},
        at_s=130.0,
    )
    assert [(each.scope, each.root) for each in found] == [
        (Scope.NATIONAL, "billing"),
        (Scope.REGIONAL, "payment"),
    ]


def parts(situations: Iterable[Situation]) -> list[tuple[str, str, Trouble | None]]:
    """Group and root of each, and what it is a part of."""
    assert all(each.phase is CLOSED for each in situations if each.absorbed_by)
    return [(each.group, each.root, each.absorbed_by) for each in situations]


NATION_BILLING = Trouble(group=NATION, root="billing")
PAPUA_BILLING = Trouble(group=PAPUA[1], root="billing")


def test_a_region_that_the_nation_absorbs_says_so():
    found = look(
        alarm("billing"),
        alarm("billing", CLOSED, place=PAPUA),
        roots={PAPUA: "billing"},
    )
    assert parts(found) == [(NATION, "billing", None), (PAPUA[1], "billing", NATION_BILLING)]


def test_a_region_is_absorbed_with_all_that_it_dragged_along():
    found = look(
        alarm("billing"),
        alarm("billing", CLOSED, place=PAPUA),
        alarm("print", place=PAPUA),
        roots={PAPUA: "billing"},
    )
    assert parts(found)[1] == (PAPUA[1], "billing", NATION_BILLING)


def test_a_region_whose_absorption_could_not_be_stored_at_once_still_says_so():
    found = look(alarm("billing"), roots={NATIONAL: "billing", PAPUA: "billing"})
    assert parts(found) == [(NATION, "billing", None), (PAPUA[1], "billing", NATION_BILLING)]


def test_a_region_that_ends_while_the_nation_recovers_from_something_else_just_ends():
    found = look(
        alarm("identity"),
        alarm("billing", CLOSED, place=PAPUA),
        roots={NATIONAL: "identity", PAPUA: "billing"},
    )
    assert parts(found) == [(NATION, "identity", None), (PAPUA[1], "billing", None)]


@pytest.mark.parametrize(
    ("alarms", "open_roots", "why"),
    [
        (
            [alarm("billing", CLOSED, place=BIAK), alarm("billing", place=PAPUA)],
            {BIAK: "billing"},
            "it has outgrown its group",
        ),
        (
            [alarm("billing", place=PAPUA)],
            {BIAK: "billing", PAPUA: "billing"},
            "and says so later, if that could not be stored at once",
        ),
        (
            [alarm("billing", place=BIAK), alarm("billing", place=PAPUA)],
            {BIAK: "billing", PAPUA: "billing"},
            "or if a new leader finds both",
        ),
    ],
)
def test_a_region_that_a_wider_one_holds_is_a_part_of_it(alarms, open_roots, why):
    found = look(*alarms, roots=open_roots)
    assert parts(found) == [
        (PAPUA[1], "billing", None),
        (BIAK[1], "billing", PAPUA_BILLING),
    ], why


def test_regions_that_hold_other_offices_are_apart():
    found = look(
        alarm("billing", CLOSED, place=BIAK),
        alarm("billing", place=JAVA),
        roots={BIAK: "billing", JAVA: "billing"},
    )
    assert parts(found) == [(JAVA[1], "billing", None), (BIAK[1], "billing", None)]


def test_of_several_wider_places_the_widest_speaks():
    found = look(
        alarm("billing"),
        alarm("billing", CLOSED, place=PAPUA),
        alarm("billing", CLOSED, place=BIAK),
        roots={PAPUA: "billing", BIAK: "billing"},
    )
    assert [part for _, _, part in parts(found)] == [None, NATION_BILLING, NATION_BILLING]


@pytest.mark.parametrize(("wider", "whole"), [(NATIONAL, NATION_BILLING), (PAPUA, PAPUA_BILLING)])
def test_an_open_regional_incident_becomes_a_part_of_its_root_in_a_wider_place(wider, whole):
    """And while that is open nothing of it is told by itself again."""
    alarms = [alarm("billing", place=wider), alarm("payment", place=BIAK)]
    found = look(*alarms, roots={wider: "billing", BIAK: "payment"})
    assert parts(found) == [(wider[1], "billing", None), (BIAK[1], "payment", whole)]
    assert parts(look(*alarms, roots={wider: "billing"})) == [(wider[1], "billing", None)]


def test_a_region_that_breaks_anew_while_a_wider_incident_is_open_belongs_to_it():
    alarms = [alarm("billing", place=PAPUA), alarm("billing", place=BIAK)]
    assert parts(look(*alarms, roots={PAPUA: "billing"})) == [(PAPUA[1], "billing", None)]


# --- severity


@pytest.mark.parametrize(
    ("alarms", "severity", "why"),
    [
        ([alarm("tracking")], Severity.PARTIAL, "one service of eight, nothing behind it"),
        ([alarm("login", failing=16)], Severity.DEGRADED, "the sign-in at four of five offices"),
        ([alarm("login", failing=17)], Severity.DOWN, "the only sign-in at more than that"),
        (
            [alarm("login", failing=17, channel=Channel.SLOW)],
            Severity.SLOW,
            "slowness is never down",
        ),
    ],
)
def test_how_bad_an_incident_is(alarms, severity, why):
    (only,) = look(*alarms)
    assert only.severity is severity, why


# --- in a region, several services at the same offices


def test_services_that_fail_at_the_same_offices_of_a_region_are_one_trouble():
    """The cable is cut, and not three services of the centre broken at once."""
    found = look(*(alarm(name, place=PAPUA, failing=4) for name in ("login", "tracking")))
    assert [(each.root, each.affected) for each in found] == [("login", ("tracking",))]


def test_what_needs_them_is_affected_too():
    (found,) = look(*(alarm(name, place=PAPUA, failing=4) for name in ("login", "billing")))
    assert (found.root, found.affected) == ("billing", ("payment", "allocation", "print", "login"))


def test_a_service_found_later_at_the_same_offices_joins_the_open_incident():
    found = look(
        *(alarm(name, place=PAPUA, failing=4) for name in ("billing", "login")),
        roots={PAPUA: "login"},
    )
    assert roots(found) == [("login", DECLARED)]


def test_what_was_dragged_along_stays_a_part_until_that_incident_is_over():
    found = look(
        alarm("login", CLOSED, place=PAPUA),
        alarm("tracking", place=PAPUA, failing=4),
        roots={PAPUA: "login"},
        dragged="tracking",
    )
    assert roots(found) == [("login", RECOVERING)]


@pytest.mark.parametrize(
    ("alarms", "why"),
    [
        (
            [alarm("login", place=PAPUA, failing=4), alarm("tracking", place=PAPUA, failing=2)],
            "half of the offices fail at the other",
        ),
        (
            [alarm("login", place=PAPUA, failing=4), alarm("tracking", place=JAVA, failing=4)],
            "another region",
        ),
        ([alarm("login"), alarm("tracking")], "the nation has no line of its own"),
        (
            [alarm("login", place=PILOT), alarm("tracking", place=PILOT)],
            "a small roster is the nation in small",
        ),
    ],
)
def test_two_roots_stay_two_troubles(alarms, why):
    assert [each.root for each in look(*alarms)] == ["login", "tracking"], why


def test_two_incidents_that_are_told_already_stay_two():
    both = [alarm(name, place=PAPUA, failing=4) for name in ("login", "tracking")]
    found = look(*both, roots={PAPUA: "login tracking"})
    assert roots(found) == [("login", DECLARED), ("tracking", DECLARED)]
