"""Looking past the worst groups: what remains when one or two of them are disregarded."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core import groups
from agent.core.groups import Groups
from tests.support.verdicts import office, scattered

ROSTER = [
    office(f"office-{n:02d}", f"Province {n % 8}", carrier=f"Carrier {n // 8}") for n in range(40)
]
NATION = groups.of(ROSTER)
SHARED = groups.of(
    replace(each, egress=f"Egress {place % 3}" if place % 4 else None)
    for place, each in enumerate(ROSTER)
)
"""The same offices, most of which are behind one of three addresses too."""
votes_of_nation = st.dictionaries(st.sampled_from(NATION.roster), st.floats(0.01, 1.0))


def test_group_names_are_slugs_of_their_kind_and_name():
    assert groups.group_id("island", "Bali-Nusa Tenggara") == "island:bali-nusa-tenggara"
    assert groups.group_id("province", "D.I. Yogyakarta") == "province:d-i-yogyakarta"


@pytest.mark.parametrize(("provinces", "drops"), [(3, 1), (7, 1), (8, 2), (38, 2)])
def test_a_nation_of_few_provinces_looks_past_one_group_only(provinces, drops):
    assert groups.of(scattered(provinces)).drops == drops


def test_islands_name_a_region_and_are_never_dropped():
    nation = groups.of(scattered(10))
    assert set(nation.dropped_with["office-000"]) == {"province:province-0"}
    assert len(nation.members["island:island-0"]) == 2


def test_nobody_failing_leaves_nothing():
    assert NATION.beyond_worst({}) == 0.0


@given(st.sampled_from(NATION.roster), st.sampled_from(NATION.roster))
def test_two_lone_branches_weigh_nothing(one, other):
    assert NATION.beyond_worst({one: 1.0, other: 1.0}) == 0.0


dropped = st.sampled_from([g for g in NATION.members if not g.startswith("island:")])


@given(dropped, dropped, votes_of_nation)
def test_any_two_groups_weigh_nothing_whatever_their_offices_have_in_common(one, other, votes):
    inside = {*NATION.members[one], *NATION.members[other]}
    assert NATION.beyond_worst({b: u for b, u in votes.items() if b in inside}) == 0.0


@given(votes_of_nation, st.data())
def test_less_failing_never_weighs_more(votes, data):
    fewer = {b: u * data.draw(st.floats(0.0, 1.0)) for b, u in votes.items()}
    fewer = {b: u for b, u in fewer.items() if u > 0}
    assert NATION.beyond_worst(fewer) <= NATION.beyond_worst(votes) + 1e-9


def test_a_province_that_two_failing_carriers_share_hides_neither_of_them():
    """The largest single group is Jakarta, but the two carriers together explain everything."""
    jakarta = [office(f"jakarta-{c}{n}", "Jakarta", carrier=c) for c in "ab" for n in range(4)]
    others = [office(f"{c}-{n}", f"Province {c}{n}", carrier=c) for c in "ab" for n in range(3)]
    nation = groups.of([*jakarta, *others, *scattered(8)])
    votes = {branch.id: 1.0 for branch in (*jakarta, *others)}
    assert nation.beyond_worst(votes) == 0.0


def by_trying_all(nation: Groups, votes: dict[str, float]) -> float:
    fates = {g for each in nation.dropped_with.values() for g in each}
    return min(
        sum(
            u
            for b, u in votes.items()
            if b not in nation.members[one] and b not in nation.members[other]
        )
        for one in fates
        for other in fates
    )


@given(st.sampled_from([NATION, SHARED]), votes_of_nation)
def test_the_worst_two_are_the_two_that_hold_the_most_together(nation, votes):
    assert nation.beyond_worst(votes) == pytest.approx(by_trying_all(nation, votes), abs=1e-9)


def test_of_groups_that_hold_as_much_the_first_by_id_are_looked_past():
    votes = {"office-00": 1.0, "office-09": 1.0, "office-18": 1.0}
    assert NATION.worst(votes) == ["carrier:carrier-0", "carrier:carrier-1"]


def test_offices_without_a_carrier_are_dropped_with_their_province_alone():
    nation = groups.of(scattered(10))
    votes = dict.fromkeys(nation.roster[:7], 1.0)
    assert nation.beyond_worst(votes) == 5.0
