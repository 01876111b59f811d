"""What one result adds to what a branch remembers, and what of it travels."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core import evidence
from agent.core.evidence import Learning, Memory
from agent.core.model import ChannelState, Outcome, ServiceStatus
from agent.core.tuning import FAIL, Tuning
from tests.support.verdicts import verdict

TUNING = Tuning()
OUTCOMES = dict(zip("osfdv", Outcome, strict=True))


def after(letters: str, memory: Memory | None = None, *, learn: bool = True) -> Memory:
    """A memory after results, one letter each: ok, slow, fail, drift, void."""
    memory = memory or evidence.fresh(TUNING)
    for second, letter in enumerate(letters):
        memory = memory.observe(verdict("x", OUTCOMES[letter], second), TUNING, learn=learn)
    return memory


@pytest.mark.parametrize(
    ("results", "fail_vote", "slow_vote", "why"),
    [
        ("", 0, 0, "nothing seen, nothing said"),
        ("f", 1 / 3, 1 / 3, "one failure of a clean office is a third of a vote, in both channels"),
        ("ff", 1, 1, "two are a whole one"),
        ("fffff", 1, 1, "and more add nothing: an office counts at most once"),
        ("dd", 1, 1, "drift is broken too"),
        ("ss", 0, 1, "slowness is a matter of the slow channel alone"),
        ("fv", 1 / 3, 1 / 3, "a void result changes nothing"),
        ("fooooooo", 0, 0, "seven good ones forget one failure"),
    ],
)
def test_votes_after_results(results, fail_vote, slow_vote, why):
    assert after(results).votes(TUNING) == pytest.approx((fail_vote, slow_vote)), why


@given(st.text("osfdv", max_size=60))
def test_evidence_stays_between_nothing_and_its_cap(results):
    memory = after(results)
    assert 0.0 <= memory.fail.w <= TUNING.fail.cap
    assert 0.0 <= memory.slow.w <= TUNING.slow.cap
    assert sum(memory.counts) == len(results)
    assert len(memory.ring) == min(len(results), 8)


@given(p0=st.floats(0, 1), w=st.floats(0, FAIL.cap), bad=st.booleans())
def test_whatever_rate_a_branch_claims_one_result_moves_it_only_so_far(p0, w, bad):
    moved = evidence.weigh(w, bad=bad, p0=p0, tuning=FAIL) - w
    assert abs(moved) <= evidence.step_up(0.0, FAIL) + 1e-9
    assert (moved >= 0) is bad or moved == 0


def learned(results: str, *, learn: bool = True) -> float:
    return after(results, learn=learn).fail.p0


def test_an_office_that_is_often_bad_learns_it_and_needs_more_to_be_believed():
    chronic = learned(("o" * 15 + "f") * 400)
    assert 0.03 < chronic < 0.0625
    assert evidence.step_up(chronic, FAIL) < evidence.step_up(FAIL.p0_floor, FAIL) / 1.7


@pytest.mark.parametrize(
    ("results", "learn", "why"),
    [
        ("o" * 127, True, "not before a whole block"),
        (("o" * 15 + "f") * 8, False, "nor from local re-probes, which oversample bad minutes"),
        ("f" * 300, True, "nor while the service is in trouble here"),
        ("o" * 128, True, "a clean block leaves a clean office at its floor"),
    ],
)
def test_when_nothing_is_learned(results, learn, why):
    assert learned(results, learn=learn) == FAIL.p0_floor, why


@given(
    before=st.text("of", max_size=40),
    count=st.integers(0, 700),
    learn=st.booleans(),
    block=st.integers(0, 127),
)
def test_a_good_stretch_at_once_equals_its_single_results(before, count, learn, block):
    start = replace(evidence.fresh(TUNING).fail, block=block)
    for letter in before:
        start = start.observe(bad=letter == "f", learn=True, tuning=FAIL)
    single = start
    for _ in range(count):
        single = single.observe(bad=False, learn=learn, tuning=FAIL)
    at_once = start.observe_ok(count, learn=learn, tuning=FAIL)
    assert (at_once.block, at_once.block_bad) == (single.block, single.block_bad)
    assert (at_once.w, at_once.p0) == pytest.approx((single.w, single.p0), abs=1e-9)


def test_learning_is_bounded():
    learning = Learning(p0=FAIL.p0_ceiling)
    for _ in range(10):
        learning = replace(learning, w=0.0, block=127, block_bad=127)
        learning = learning.observe(bad=True, learn=True, tuning=FAIL)
    assert learning.p0 == FAIL.p0_ceiling


@pytest.mark.parametrize(
    ("before", "result", "watched", "told", "why"),
    [
        ("", "o", False, False, "a good result in quiet times is no news"),
        ("", "f", False, True, "every failure is"),
        ("", "s", False, True, "every slow one"),
        ("f", "o", False, True, "everything while there is evidence"),
        ("foooooo", "o", False, True, "its return to zero"),
        ("", "v", False, False, "a void one in quiet times is not"),
        ("", "o", True, True, "everything that the nation is watching"),
    ],
)
def test_what_of_it_travels(before, result, watched, told, why):
    earlier = after(before)
    later = after(result, earlier)
    assert evidence.worth_telling(earlier, later, TUNING, watched=watched) is told, why


def test_a_vote_that_nobody_was_told_to_be_gone_is_told_again():
    earlier = replace(after("o"), published_votes=(1.0, 1.0))
    assert evidence.worth_telling(earlier, after("o", earlier), TUNING, watched=False)


def test_a_status_counts_ages_back_from_its_sending():
    status = after("of").status(10.0)
    assert [(entry.age_s, entry.outcome) for entry in status.ring] == [
        (10.0, Outcome.OK),
        (9.0, Outcome.FAIL),
    ]


@pytest.mark.parametrize(
    ("results", "hot_s", "why"),
    [
        ("o", None, "nothing to tell"),
        ("of", 1.0, "one failure of a clean office is half the cap"),
        ("off", 2.0, "counted from the first"),
        ("offo", 3.0, "a good result takes little of two failures"),
        ("foo", None, "and half the cap of one"),
        ("foof", 1.0, "which a second reaches anew"),
    ],
)
def test_a_status_says_for_how_long_the_evidence_has_been_high(results, hot_s, why):
    assert after(results).status(float(len(results))).fail.hot_s == hot_s, why


def test_a_restarted_office_takes_its_levels_back_and_no_old_result():
    memory = evidence.resume(after("off").status(10.0), TUNING)
    assert memory.counts == (1, 0, 2, 0, 0)
    assert memory.ring == ()
    assert memory.votes(TUNING) == pytest.approx((1, 1))


def test_a_record_that_claims_too_much_is_bounded_when_taken_back():
    wild = ServiceStatus(fail=ChannelState(w=1e9, p0=0.9), slow=ChannelState(w=1e9, p0=0.0))
    memory = evidence.resume(wild, TUNING)
    assert (memory.fail.w, memory.fail.p0) == (TUNING.fail.cap, TUNING.fail.p0_ceiling)
    assert (memory.slow.w, memory.slow.p0) == (TUNING.slow.cap, TUNING.slow.p0_floor)


# --- two journeys that reach one service


@pytest.mark.parametrize(
    ("before", "after_s", "stands", "why"),
    [
        (Outcome.OK, 60.0, True, "another journey has just reached it"),
        (Outcome.FAIL, 60.0, True, "and found it broken by itself"),
        (Outcome.OK, 61.0, False, "that was too long ago"),
        (Outcome.VOID, 1.0, False, "the other one did not get there either"),
    ],
)
def test_what_one_journey_found_outlives_that_another_did_not_get_through(
    before, after_s, stands, why
):
    direct = replace(verdict("slots", before, 0.0), step="slots")
    behind = replace(verdict("slots", Outcome.VOID, after_s, "login"), step="quota")
    assert evidence.outlives(direct, behind, 60.0) is stands, why


def test_the_same_step_behind_a_broken_one_is_what_is_known():
    """Nobody else reaches the service: it is affected at once."""
    reached = verdict("print", Outcome.OK, 0.0)
    assert not evidence.outlives(reached, verdict("print", Outcome.VOID, 1.0, "login"), 60.0)


def test_every_result_of_its_own_is_newer_than_one_before():
    first = replace(verdict("slots", Outcome.OK, 0.0), step="slots")
    second = replace(verdict("slots", Outcome.FAIL, 1.0), step="quota")
    assert not evidence.outlives(first, second, 60.0)
