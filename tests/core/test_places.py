"""Which places hold which, and that what became a part of another stays one."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core import groups, places
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
)
from agent.core.nation import Outlook
from agent.core.places import Place
from tests.support.verdicts import office

NEEDS = {"billing": (), "payment": ("billing",), "print": ("payment",), "login": ()}
GRAPH = Graph(Service(id=each, name_id=each, name_en=each, needs=NEEDS[each]) for each in NEEDS)
BRANCHES = [
    office("ternate", "North Maluku", island="Maluku", carrier="Telkomsel"),
    office("tobelo", "North Maluku", island="Maluku", carrier="Indosat"),
    office("ambon", "Maluku", island="Maluku", carrier="Telkomsel"),
    office("denpasar", "Bali", island="Bali", carrier="Indosat"),
]
MEMBERS = groups.of(BRANCHES).members
NATIONAL: Place = (Scope.NATIONAL, NATION)


def region(group: str) -> Place:
    return (Scope.REGIONAL, group)


EVERYWHERE = [NATIONAL, *map(region, MEMBERS), region("roster")]


def alarm(service: str, place: Place, channel: Channel = Channel.FAIL) -> Alarm:
    return Alarm(
        service=service,
        channel=channel,
        scope=place[0],
        group=place[1],
        phase=AlarmPhase.DECLARED,
        since_s=0.0,
        declared_s=0.0,
        evidence=Evidence(failing=("ternate",), reporting=4),
    )


@pytest.mark.parametrize(
    ("group", "wider", "why"),
    [
        ("province:north-maluku", [NATION, "island:maluku"], "its island holds it and more"),
        ("island:maluku", [NATION], "no carrier holds all of it"),
        ("province:bali", [NATION, "carrier:indosat"], "its island holds the same and no more"),
        ("roster", [NATION], "a group that has no list of offices is in no other"),
        ("province:elsewhere", [NATION], "nor one of a roster of before"),
    ],
)
def test_the_places_that_hold_another_and_more_are_told_the_widest_first(group, wider, why):
    known = places.sites((), {place: {} for place in (*EVERYWHERE, region(group))})
    (site,) = (each for each in known if each.place == region(group))
    assert [each.place[1] for each in places.wider(site, known, MEMBERS)] == wider, why


def test_nothing_is_wider_than_the_nation():
    nation, *others = places.sites((), {place: {} for place in EVERYWHERE})
    assert nation.place == NATIONAL
    assert places.wider(nation, [nation, *others], MEMBERS) == []


def opened(
    alarms: Sequence[Alarm], before: frozenset[tuple[Place, str]]
) -> frozenset[tuple[Place, str]]:
    """What is open after one look, of what was before."""
    outlook = Outlook(
        at_s=100.0,
        assessments={
            name: Assessment(
                service=name, alarms=tuple(each for each in alarms if each.service == name)
            )
            for name in NEEDS
        },
        attendance=Attendance(roster=4),
    )
    ground = Ground(
        graph=GRAPH,
        branches={branch.id: branch for branch in BRANCHES},
        members=MEMBERS,
        present=lambda _: (),
        hold_s=30.0,
    )
    roots = {place: {root: () for at, root in before if at == place} for place, _ in before}
    return frozenset(
        ((each.scope, each.group), each.root)
        for each in attribute(outlook, roots, ground)
        if each.phase is not AlarmPhase.CLOSED
    )


SERVICES = st.sampled_from(sorted(NEEDS))
ALARMS = st.builds(alarm, SERVICES, st.sampled_from(EVERYWHERE), st.sampled_from(Channel))


@given(st.lists(ALARMS, max_size=10), st.randoms())
def test_while_the_alarms_stay_no_incident_comes_and_goes(alarms: list[Alarm], random: Random):
    """Whatever was open before, with or without a leader in between."""
    known = sorted({((each.scope, each.group), each.service) for each in alarms})
    now = frozenset(random.sample(known, random.randint(0, len(known))))
    ended: set[tuple[Place, str]] = set()
    for _ in range(6):
        after = opened(alarms, now)
        ended |= now - after
        assert not after & ended
        now = after
    assert opened(alarms, now) == now
