"""Which of the groups in trouble is told, and what keeps one from it. The rest: the detector."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core import groups
from agent.core.regional import Lack, Regions, Seen, smallest_that_tell
from agent.core.tuning import Tuning
from tests.support.verdicts import ids, province_of, scattered

T = 30.0
LARGE, SMALL = province_of(15, "Jawa", "Jawa"), province_of(5, "Papua", "Papua")
ROSTER = [*LARGE, *SMALL, *scattered(20)]
NATION = groups.of(ROSTER)
REGIONS = Regions(NATION, Tuning(), a1=3.0, period_s=T)


def seen(
    votes: dict[str, float],
    first_bad_s: dict[str, float] | None = None,
    last_bad_s: dict[str, float] | None = None,
) -> Seen:
    """Offices that vote; unless said, since 0 s and until 30 s."""
    return Seen(
        votes=votes,
        first_bad_s=dict.fromkeys(votes, 0.0) | (first_bad_s or {}),
        last_bad_s=dict.fromkeys(votes, 30.0) | (last_bad_s or {}),
        takes_part=lambda _: True,
    )


def all_vote(branches, vote: float = 1.0) -> dict[str, float]:
    return dict.fromkeys(ids(branches), vote)


@pytest.mark.parametrize(
    ("qualifying", "told", "why"),
    [
        ({"province": "abc", "island": "abc"}, ["province"], "the smaller of two that hold all"),
        ({"province": "abcd", "island": "abcde"}, ["province"], "80 % are enough"),
        ({"province": "abc", "island": "abcde"}, ["island"], "60 % are not"),
        ({"province": "ab", "carrier": "cd"}, ["carrier", "province"], "two that share nothing"),
        ({}, [], "nothing of nothing"),
    ],
)
def test_which_of_overlapping_groups_is_told(qualifying, told, why):
    members = {"province": "abcd", "island": "abcdefgh", "carrier": "cdx"}
    found = smallest_that_tell(
        {group: frozenset(failing) for group, failing in qualifying.items()},
        {group: tuple(inside) for group, inside in members.items()},
    )
    assert sorted(found) == told, why


@pytest.mark.parametrize(
    ("group", "what", "lack", "why"),
    [
        ("province:papua", seen(all_vote(SMALL[:1])), Lack.OFFICES, "one office is no region"),
        (
            "province:papua",
            seen(all_vote(ROSTER)),
            Lack.CONTRAST,
            "everywhere else as many fail",
        ),
        ("province:papua", seen(all_vote(SMALL[:4], 0.5)), Lack.WEIGHT, "no vote is whole"),
        ("province:jawa", seen(all_vote(LARGE[:2])), Lack.WEIGHT, "2 of 15 weigh too little"),
        (
            "province:papua",
            seen(all_vote(SMALL), last_bad_s=dict.fromkeys(ids(SMALL), 12.0)),
            Lack.GUARD,
            "12 s may be a blip",
        ),
        (
            "province:jawa",
            seen(all_vote(LARGE), last_bad_s=dict.fromkeys(ids(LARGE), 12.0)),
            Lack.GUARD,
            "for large groups too",
        ),
        (
            "province:papua",
            seen(all_vote([*SMALL, *ROSTER[20:24]])),
            Lack.REST,
            "two fail beyond the two worst elsewhere: is it the nation?",
        ),
        ("province:papua", seen(all_vote(SMALL[:2])), None, "two whole votes of five"),
        ("province:jawa", seen(all_vote(LARGE[:3])), None, "three whole votes of fifteen"),
    ],
)
def test_what_a_group_lacks_to_be_in_trouble(group, what, lack, why):
    assert REGIONS.lacks(group, what) is lack, why


times = st.dictionaries(st.sampled_from(NATION.roster), st.floats(0.0, 100.0))


@given(
    st.dictionaries(st.sampled_from(NATION.roster[:24]), st.sampled_from([0.3, 0.7, 1.0])),
    times,
    times,
)
def test_a_group_lacks_nothing_exactly_when_it_is_in_trouble(votes, first_bad_s, last_bad_s):
    what = seen(votes, first_bad_s, last_bad_s)
    lacking_nothing = {g for g in NATION.members if REGIONS.lacks(g, what) is None}
    told = {region.group for region in REGIONS.in_trouble(what, known=())}
    assert told <= lacking_nothing
    assert bool(told) == bool(lacking_nothing)
