"""Since when too few offices report, as a leader knows it from the beginning of its term."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from agent.core import blindness
from agent.core.blindness import LASTS_S, LOOKED_AWAY_S, Spell
from agent.core.model import AlarmPhase, Attendance, Severity, Situation
from agent.core.nation import Outlook
from tests.support.verdicts import ids, scattered

BRANCHES = {branch.id: branch for branch in scattered(12)}
OFFICES = ids(scattered(12))
BLIND, SEES = OFFICES[:5], OFFICES[:6]
"""Five of twelve are below half."""


class Watch:
    """A leader that looks twice a second."""

    def __init__(self, at_s: float = 1000.0) -> None:
        self.at_s = at_s
        self.spell = Spell(BRANCHES)

    def look(self, reporting: Sequence[str]) -> Situation | None:
        attendance = Attendance(roster=12, reporting=tuple(reporting))
        return self.spell.look(Outlook(at_s=self.at_s, assessments={}, attendance=attendance))

    def looks(self, reporting: Sequence[str], seconds: float) -> Situation | None:
        """So long, and what is said at the end of it."""
        until_s, said = self.at_s + seconds, self.look(reporting)
        while self.at_s < until_s:
            self.at_s += 0.5
            said = self.look(reporting)
        return said

    def said(self, reporting: Sequence[str], seconds: float) -> AlarmPhase | None:
        found = self.looks(reporting, seconds)
        return None if found is None else found.phase


def test_a_minute_of_blindness_is_told_and_not_a_moment_less():
    watch = Watch()
    assert watch.said(SEES, 100.0) is AlarmPhase.CLOSED
    watch.at_s += 0.5
    assert watch.said(BLIND, LASTS_S - 0.5) is None
    assert watch.said(BLIND, 0.5) is AlarmPhase.DECLARED


def test_it_says_since_when_who_is_missing_and_where():
    watch = Watch()
    found = watch.looks(BLIND, LASTS_S)
    assert found is not None
    assert (found.since_s, found.ended_s) == (1000.0, None)
    assert found.evidence.failing == tuple(OFFICES[5:])
    assert found.evidence.reporting == 12, "of the roster"
    assert found.spread.zones == {"WIB": (7, 12)}
    assert found.spread.provinces == {f"Province {n}": (1, 1) for n in range(5, 12)}
    assert found.severity is Severity.PARTIAL, "nobody is called"


def test_it_is_over_when_seen_for_a_minute_and_ended_when_that_began():
    watch = Watch()
    watch.looks(BLIND, 300.0)
    watch.at_s += 0.5
    seen_s = watch.at_s
    assert watch.said(SEES, LASTS_S - 0.5) is None
    found = watch.looks(SEES, 0.5)
    assert found is not None
    assert (found.phase, found.ended_s) == (AlarmPhase.CLOSED, seen_s)


@pytest.mark.parametrize("seconds", [1.0, 30.0, 59.0])
def test_offices_that_come_and_go_are_neither_blindness_nor_its_end(seconds):
    watch = Watch()
    for reporting in [BLIND, SEES] * 10:
        watch.at_s += 0.5
        assert watch.said(reporting, seconds) is None


def test_a_term_that_begins_with_nobody_heard_does_not_cry_blind_before_its_first_minute():
    watch = Watch()
    assert watch.said([], LASTS_S - 0.5) is None
    watch.at_s += 0.5
    assert watch.said(SEES, 10.0) is None


@pytest.mark.parametrize(
    ("away_s", "said", "why"),
    [
        (LOOKED_AWAY_S, AlarmPhase.DECLARED, "a look that comes late is a look"),
        (LOOKED_AWAY_S + 0.5, None, "what was not looked at is not counted"),
    ],
)
def test_a_leader_whose_own_watch_was_stale_begins_anew(away_s, said, why):
    watch = Watch()
    watch.looks(BLIND, LASTS_S - 0.5)
    watch.at_s += away_s
    assert watch.said(BLIND, 0.0) is said, why
    assert watch.said(BLIND, LASTS_S) is AlarmPhase.DECLARED


def test_the_record_has_a_name_of_its_own():
    assert blindness.NAME == "incident.national.all.pantau.blind"
