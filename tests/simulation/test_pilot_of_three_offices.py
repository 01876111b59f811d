"""A pilot of three offices, which is useful and never says that it speaks for the nation."""

from __future__ import annotations

import pytest

from tests.support.whole_fleet import Played, broken, play

PILOT = ("banda-aceh", "bandung", "manado")
SILENT_LINE = "kind: timeout"
GUARD_S = 12.0


def pilot(*phases: str, seconds: float) -> Played:
    return play("".join(phases), offices=PILOT, seconds=seconds)


@pytest.fixture(scope="module")
def all_three_fail() -> Played:
    return pilot(broken("simponi.billing", 10, 90), seconds=200)


def test_all_three_failing_beyond_the_guard_is_told_as_the_roster(all_three_fail: Played):
    (incident,) = all_three_fail.incidents
    assert (incident["scope"], incident["group"]) == ("regional", "roster")
    assert (incident["offices_failing"], incident["offices_reporting"]) == (3, 3)
    assert incident["root_messages"] == all_three_fail.report["slack"]["root_messages"] == 1
    assert 10 + GUARD_S < incident["opened_after_s"] < 40
    (root,) = all_three_fail.roots("pantau-wilayah")
    assert "WILAYAH semua kantor peserta" in root.text


def test_its_recovery_closes_it(all_three_fail: Played):
    (incident,) = all_three_fail.incidents
    assert 90 + 60 < incident["resolved_after_s"] < 190
    (root,) = all_three_fail.roots()
    assert "KEMBALI NORMAL" in root.text
    assert "kembali normal" in all_three_fail.thread(root)[-1]


def test_two_failing_are_not_told():
    played = pilot(broken("simponi.billing", 10, 130, PILOT[:2]), seconds=160)
    assert played.incidents == []
    assert played.posted(roots=True) == []


def test_all_three_failing_within_the_guard_are_not_told():
    played = pilot(broken("simponi.billing", 10, 20), seconds=90)
    assert played.incidents == []
    assert played.posted(roots=True) == []


@pytest.mark.parametrize("office", PILOT)
def test_one_that_is_cut_off_makes_nobody_tell_not_even_beside_two_that_fail(office: str):
    """The leader too: who takes over knows that two offices are not the roster."""
    others = [each for each in PILOT if each != office]
    played = pilot(
        broken("all", 10, 150, [office], where="line", fault=SILENT_LINE),
        broken("simponi.billing", 40, 150, others),
        seconds=170,
    )
    assert played.incidents == []
    assert played.posted(roots=True) == []
    assert played.report["abstained"] == played.report["silent"] == [office]


def test_one_that_is_cut_off_in_the_middle_neither_ends_it_nor_hinders_its_end():
    played = pilot(
        broken("simponi.billing", 10, 130),
        broken("all", 50, 250, PILOT[2:], where="line", fault=SILENT_LINE),
        seconds=250,
    )
    (incident,) = played.incidents
    assert (incident["group"], incident["root_messages"]) == ("roster", 1)
    assert 130 + 60 < incident["resolved_after_s"] < 240
    assert played.report["silent"] == list(PILOT[2:])
