"""When an alarm may be called over."""

from __future__ import annotations

import pytest

from agent.core.recovery import Recovery

MEMBERS = frozenset({"a", "b"})


def recovery(rate: float = 1.0, members: frozenset[str] = MEMBERS) -> Recovery:
    return Recovery(members, rate, 0.0)


def feed(it: Recovery, results: str, branch: str = "a", began_s: float = 0.0) -> Recovery:
    """``.`` for a good result and ``x`` for a bad one, one a second."""
    for second, letter in enumerate(results):
        it.observe(branch, bad=letter == "x", started_s=began_s + second)
    return it


@pytest.mark.parametrize(
    ("rate", "good", "why"),
    [
        (1.0, 14, "from a total outage fourteen good results are enough"),
        (0.5, 34, "where half still worked it takes more"),
        (0.2, 94, "and the more, the less was broken"),
    ],
)
def test_how_many_good_results_a_recovery_takes(rate, good, why):
    assert feed(recovery(rate), "." * (good - 1)).v < 8.0, why
    assert feed(recovery(rate), "." * good).v >= 8.0, why


@pytest.mark.parametrize("rate", [1.0, 0.5, 0.2])
def test_what_fails_as_before_is_never_taken_for_a_recovery(rate):
    every = round(1 / rate)
    it = feed(recovery(rate), ("." * (every - 1) + "x") * 200)
    assert it.v < 8.0


def test_the_end_is_the_start_of_the_first_good_result_of_the_run_of_them():
    it = feed(recovery(), "xx.xx.....")
    assert it.well_since_s == 5.0


def test_one_bad_result_soon_after_the_end_does_not_move_it():
    it = feed(recovery(0.5), "xx.xx......x......")
    assert it.v > 0.0
    assert it.well_since_s == 5.0


def test_a_result_that_is_heard_late_does_not_date_the_end_back_before_what_was_bad():
    it = feed(recovery(0.5), "x" * 40)
    it.observe("b", bad=False, started_s=2.0)
    feed(it, "." * 20, began_s=40.0)
    assert it.well_since_s == 39.0


@pytest.mark.parametrize(("rate", "good"), [(1.0, 4), (0.5, 11), (0.2, 38)])
def test_a_change_for_the_better_shows_long_before_a_recovery_is_proven(rate, good):
    it = feed(recovery(rate), "." * good)
    assert it.d >= 7.0
    assert it.v <= 4.0


def test_a_relapse_is_noticed_at_once_however_long_the_recovery_lasted():
    it = feed(recovery(), "." * 1000)
    assert (it.v, it.d) == (24.0, 24.0)
    feed(it, "x" * 15)
    assert (it.v, it.d) == (0.0, 0.0)


def test_when_the_nation_leaves_no_doubt_one_good_result_is_enough():
    """The second one of an office is sometimes lost, or late for half a minute."""
    it = Recovery(frozenset("abcdefghijklmnopqrstuvwxyz1234"), 1.0, 0.0)
    for second, branch in enumerate("abcdefghijklmnopqrstuvwxyz1"):
        it.observe(branch, bad=False, started_s=float(second))
    assert it.v < 16.0
    assert len(it.unwell()) == 30
    it.observe("2", bad=False, started_s=27.0)
    assert it.unwell().keys() == {"3", "4"}


def test_a_member_is_well_after_two_good_results_in_a_row():
    it = recovery()
    assert it.unwell() == {"a": 1.0, "b": 1.0}
    feed(it, "..")
    assert it.unwell() == {"b": 1.0}
    feed(it, "x.")
    assert it.unwell() == {"a": 1.0, "b": 1.0}


def test_the_rate_is_frozen_while_it_may_be_a_recovery_and_learned_when_it_was_none():
    it = feed(recovery(), "...")
    assert it.rate == 1.0
    feed(it, "xx")
    assert it.v == 0.0
    assert it.rate < 1.0


def test_a_member_that_is_good_for_six_minutes_is_let_go():
    it = feed(recovery(), "..")
    it.release(359.0, 360.0)
    assert it.members == MEMBERS
    it.release(360.0, 360.0)
    assert it.members == {"b"}


def test_the_six_minutes_begin_anew_with_every_bad_result():
    it = feed(recovery(), "..x..")
    it.release(360.0, 360.0)
    assert it.members == MEMBERS
    it.release(363.0, 360.0)
    assert it.members == {"b"}


def test_one_good_result_is_not_enough_to_be_let_go():
    it = feed(recovery(), ".")
    it.release(1000.0, 360.0)
    assert it.members == MEMBERS


def test_results_of_others_say_nothing_until_they_are_admitted():
    it = feed(recovery(), "....", branch="c")
    assert it.v == 0.0
    it.admit("c")
    assert "c" in it.unwell()


def test_a_recovery_taken_over_stands_until_a_bad_result():
    it = recovery()
    it.trust(8.0, 0.0)
    assert (it.v, it.unwell()) == (8.0, {})
    feed(it, "x")
    assert it.v < 8.0
    assert it.unwell() == {"a": 1.0}
