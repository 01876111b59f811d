"""A pilot of three offices, which is useful and never says that it speaks for the nation."""

from __future__ import annotations

import pytest

from agent.core.model import ServiceState
from agent.core.tuning import STATUS_S
from agent.simulation.fleet import Fleet
from tests.support.whole_fleet import Look, Played, broken, play

PILOT = ("banda-aceh", "bandung", "manado")
SILENT_LINE = "kind: timeout"
GUARD_S = 12.0
LONG = broken("simkim.login", 2 * STATUS_S, 2 * STATUS_S + 1, fault="kind: latency, ms: 0")
"""Nothing happens, so late that the play goes on for long."""


def pilot(*phases: str, seconds: float, on_look: Look | None = None) -> Played:
    return play("".join(phases), offices=PILOT, seconds=seconds, on_look=on_look)


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


def test_one_that_is_cut_off_in_the_middle_neither_ends_it_nor_hinders_its_end(
    all_three_fail: Played,
):
    """One that does not lead: with the leader cut off, its successor's beginning comes on top."""
    (_, leader), *_ = all_three_fail.led
    cut = next(each for each in PILOT if each != leader)
    played = pilot(
        broken("simponi.billing", 10, 130),
        broken("all", 50, 250, [cut], where="line", fault=SILENT_LINE),
        seconds=250,
    )
    (incident,) = played.incidents
    assert (incident["group"], incident["root_messages"]) == ("roster", 1)
    assert 130 + 60 < incident["resolved_after_s"] < 240
    assert played.report["silent"] == [cut]


def test_a_quiet_pilot_is_called_normal_all_the_time():
    """Its offices probe every five seconds, and have nothing to tell for five minutes."""
    told: set[ServiceState] = set()

    def look(offset_s: float, fleet: Fleet) -> None:
        for agent in fleet.agents.values():
            bulletin = agent.office.bulletin
            assert bulletin is not None or offset_s < 30
            told.update(bulletin.services.values() if bulletin is not None else ())

    pilot(LONG, seconds=2 * STATUS_S + 60, on_look=look)
    assert told == {ServiceState.NORMAL}


def test_an_office_whose_prober_stopped_counts_no_more_though_its_beats_go_on(
    monkeypatch: pytest.MonkeyPatch,
):
    counted: list[tuple[float, int]] = []

    def look(offset_s: float, fleet: Fleet) -> None:
        if offset_s >= 10:
            monkeypatch.setattr(fleet.agents["manado"].prober, "_judge", lambda _run: None)
        for agent in fleet.agents.values():
            term = agent.leader.term if agent.leader is not None else None
            if term is not None and term.outlook is not None:
                assert "manado" in term.outlook.attendance.reporting
                reporting = term.outlook.assessments["simponi.billing"].reporting
                counted.append((offset_s, reporting))

    pilot(LONG, seconds=STATUS_S + 60, on_look=look)
    last_s = max(at_s for at_s, reporting in counted if reporting == len(PILOT))
    assert 10 < last_s <= 10 + STATUS_S + 2.5 * 5
    assert {reporting for at_s, reporting in counted if at_s > last_s} == {len(PILOT) - 1}
