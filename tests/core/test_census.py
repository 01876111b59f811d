"""How each office takes part and what it says, as the leader's metrics show it."""

from __future__ import annotations

from agent.core import census
from agent.core.census import Part
from agent.core.model import Attendance, Outcome
from agent.core.nation import Nation
from agent.core.tuning import Tuning
from tests.support.verdicts import REVISION, Agent, scattered

BRANCHES = scattered(4)
FIRST, SECOND, THIRD, FOURTH = (branch.id for branch in BRANCHES)
T = 60.0


def nation() -> Nation:
    return Nation(branches=BRANCHES, periods_s={"x": T}, tuning=Tuning(), revision=REVISION)


def heard(of: Nation, office: str, outcome: Outcome, at_s: float) -> None:
    agent = Agent(office, ("x",), Tuning())
    agent.run("x", outcome, at_s)
    of.hear(office, agent.status(at_s), at_s, at_s)


def test_each_office_says_what_its_newest_result_says():
    of = nation()
    heard(of, FIRST, Outcome.OK, 1000.0)
    heard(of, SECOND, Outcome.FAIL, 1000.0)
    seen = of.census(1001.0)
    assert seen.parts == {
        FIRST: Part.REPORTING,
        SECOND: Part.REPORTING,
        THIRD: Part.UNHEARD,
        FOURTH: Part.UNHEARD,
    }
    assert [seen.word(office, "x") for office in (FIRST, SECOND, THIRD)] == [
        Outcome.OK,
        Outcome.FAIL,
        Outcome.VOID,
    ]


def test_an_office_that_fell_silent_says_nothing_more():
    of = nation()
    heard(of, FIRST, Outcome.FAIL, 1000.0)
    of.fall_silent(FIRST)
    seen = of.census(1001.0)
    assert (seen.parts[FIRST], seen.word(FIRST, "x")) == (Part.SILENT, Outcome.VOID)


def test_a_result_that_is_too_old_says_nothing_more():
    of = nation()
    heard(of, FIRST, Outcome.FAIL, 1000.0)
    long_after_s = 1000.0 + T * Tuning().result_expiry_periods + 1.0
    assert of.census(long_after_s).word(FIRST, "x") is Outcome.VOID


def test_planned_work_comes_before_silence_and_a_service_that_nobody_watches_is_void():
    attendance = Attendance(roster=2, silent=(FIRST, SECOND), maintenance=(FIRST,))
    seen = census.of((FIRST, SECOND), attendance, {})
    assert (seen.parts[FIRST], seen.parts[SECOND]) == (Part.MAINTENANCE, Part.SILENT)
    assert seen.word(FIRST, "unwatched") is Outcome.VOID
