"""What an office believes of the leader, as it hears bulletins and beats."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.core.hearing import LAPSES_S, Hearing
from agent.core.model import Bulletin, Fence, Focus, Names

STORE, WIPED = 1_760_000_000.0, 1_760_000_500.0
ORDER = Focus(order=3, service="x", kind="detect", rate_per_s=8.0, seconds_left=60.0)


def bulletin(term: int, generation: float = STORE) -> Bulletin:
    return Bulletin(term=term, generation=generation, leader="a", nation="r1:0", at_s=0.0)


SEVENTH = bulletin(7)


def heard(*live: Bulletin, at_s: float = 0.0) -> Hearing:
    hearing = Hearing()
    for each in live:
        hearing.take(each, at_s, live=True)
    return hearing


def test_nothing_is_believed_before_anything_was_heard():
    hearing = Hearing()
    assert (hearing.bulletin, hearing.age_s(0.0), hearing.heeded(0.0)) == (None, None, None)


def test_a_live_bulletin_is_believed_at_once_and_heeded_until_it_lapses():
    hearing = heard(SEVENTH)
    assert hearing.heeded(LAPSES_S) == SEVENTH
    assert hearing.heeded(LAPSES_S + 0.1) is None
    assert (hearing.bulletin, hearing.age_s(40.0)) == (SEVENTH, 40.0)


def test_a_beat_of_the_same_authority_says_that_it_still_stands():
    hearing = heard(SEVENTH)
    assert hearing.beat(SEVENTH.fence, 20.0)
    assert hearing.age_s(21.0) == 1.0
    assert hearing.bulletin is SEVENTH


@pytest.mark.parametrize(
    ("fence", "why"),
    [
        ((STORE, 8), "a newer term has its own bulletin, which we have not got"),
        ((STORE, 6), "an older term speaks late"),
        ((WIPED, 7), "another store's term is another term"),
    ],
)
def test_a_beat_of_another_authority_confirms_nothing(fence: Fence, why: str):
    hearing = heard(SEVENTH)
    assert not hearing.beat(fence, 20.0), why
    assert hearing.age_s(20.0) == 20.0


@pytest.mark.parametrize(
    ("later", "believed", "why"),
    [
        (replace(SEVENTH, roster=3), True, "the same leader says something new"),
        (bulletin(8), True, "a successor"),
        (bulletin(6), False, "a former leader, late"),
        (bulletin(1, WIPED), True, "terms begin again where the store was wiped"),
        (bulletin(9, STORE - 1.0), False, "the leader of the store that was"),
    ],
)
def test_of_two_authorities_the_higher_fence_is_believed(later, believed, why):
    hearing = heard(SEVENTH)
    assert hearing.take(later, 1.0, live=True) is believed, why
    assert hearing.bulletin is (later if believed else SEVENTH)


def test_a_former_leader_does_not_keep_the_beats_of_its_successor_from_counting():
    hearing = heard(SEVENTH, bulletin(6))
    assert hearing.beat(SEVENTH.fence, 9.0)
    assert (hearing.bulletin, hearing.age_s(9.0)) == (SEVENTH, 0.0)


def test_an_authority_that_lapsed_is_followed_by_any():
    hearing = heard(SEVENTH)
    assert not hearing.take(bulletin(1), LAPSES_S, live=True)
    assert hearing.take(bulletin(1), LAPSES_S + 0.1, live=True)


# --- what stood before we listened


def test_what_stood_before_is_believed_only_when_a_live_beat_confirms_it():
    hearing = Hearing()
    assert not hearing.take(SEVENTH, 0.0, live=False)
    assert (hearing.bulletin, hearing.age_s(0.0)) == (None, None)
    assert not hearing.beat(bulletin(8).fence, 5.0)
    assert hearing.beat(SEVENTH.fence, 9.0)
    assert (hearing.bulletin, hearing.age_s(10.0)) == (SEVENTH, 1.0)


def test_no_order_is_obeyed_that_stood_before():
    hearing = Hearing()
    hearing.take(replace(SEVENTH, focus=ORDER), 0.0, live=False)
    hearing.beat(SEVENTH.fence, 1.0)
    assert hearing.bulletin == SEVENTH


def test_given_again_after_a_cut_it_changes_nothing():
    ordering = replace(SEVENTH, focus=ORDER)
    hearing = heard(ordering)
    assert not hearing.take(ordering, 20.0, live=False)
    assert hearing.age_s(20.0) == 20.0
    assert hearing.beat(ordering.fence, 21.0)
    assert (hearing.bulletin, hearing.taken_s) == (ordering, 0.0)


def test_what_was_missed_in_a_cut_is_believed_with_the_next_beat():
    newer = replace(SEVENTH, silent=Names(count=1, first=("b",)))
    hearing = heard(SEVENTH)
    hearing.take(newer, 20.0, live=False)
    assert (hearing.bulletin, hearing.age_s(20.0)) == (SEVENTH, 20.0)
    hearing.beat(newer.fence, 24.0)
    assert (hearing.bulletin, hearing.age_s(24.0), hearing.taken_s) == (newer, 0.0, 24.0)


# --- what cannot be read


def test_a_bulletin_that_cannot_be_read_is_not_the_one_before_it():
    hearing = heard(SEVENTH)
    hearing.lose()
    assert not hearing.beat(SEVENTH.fence, 10.0)
    assert hearing.age_s(31.0) == 31.0
    assert hearing.take(SEVENTH, 40.0, live=True)
    assert hearing.beat(SEVENTH.fence, 50.0)
