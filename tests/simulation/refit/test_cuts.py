"""What is left out leaves a hole, and nothing else behind."""

from __future__ import annotations

from agent.simulation.refit.cuts import Cut, cut, seconds, unmarked, without
from agent.simulation.refit.history import Series


def a_cut(from_s: float, until_s: float) -> Cut:
    return Cut(from_s=from_s, until_s=until_s, why="real")


def series(*moments_s: float, good_between: int = 3) -> Series:
    found = Series()
    for at_s in moments_s:
        found.add_good(good_between, at_s - 1.0)
        found.add_bad(at_s)
    return found


def test_bad_results_in_a_cut_are_gone_and_the_next_one_stands_behind_a_hole():
    left = cut({"o": series(10.0, 100.0, 110.0, 200.0)}, [a_cut(90.0, 150.0)])["o"]
    assert [bad.at_s for bad in left.bads] == [10.0, 200.0]
    assert [bad.after_hole for bad in left.bads] == [True, True]
    assert left.results == 16 - 2 - 3
    assert left.bads[1].good_before == 3


def test_without_cuts_everything_stays():
    known = series(10.0, 100.0)
    left = cut({"o": known}, [])["o"]
    assert (list(left.bads), left.results) == (known.bads, known.results)


def test_time_in_a_cut_is_gone():
    spells = [(0.0, 100.0), (200.0, 300.0)]
    rest = without(spells, [a_cut(50.0, 60.0), a_cut(90.0, 250.0), a_cut(400.0, 500.0)])
    assert rest == [(0.0, 50.0), (60.0, 90.0), (250.0, 300.0)]
    assert seconds(rest) == 130.0
    assert without(spells, [a_cut(-1.0, 301.0)]) == []


def test_results_put_aside_are_as_if_nothing_had_been_asked():
    known = series(10.0, 20.0, 30.0).bads
    left = unmarked(known, [1])
    assert [(bad.at_s, bad.good_before) for bad in left] == [(10.0, 3), (30.0, 6)]
    (last,) = unmarked(known, [0, 1])
    assert last.after_hole
    assert last.good_before == 9


def test_a_cut_meets_what_it_overlaps():
    assert a_cut(10.0, 20.0).meets([a_cut(0.0, 5.0), a_cut(19.0, 30.0)])
    assert not a_cut(10.0, 20.0).meets([a_cut(20.0, 30.0)])
