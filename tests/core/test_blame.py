"""Where the fault of a run lies: every row of the table, and which of two that fit speaks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.core import blame
from agent.core.blame import Blame, Clues
from agent.core.model import (
    Branch,
    Failure,
    FailureKind,
    IncidentSummary,
    Outcome,
    Phases,
    Run,
    Scope,
    Severity,
    Sight,
    StepFacts,
    StepName,
    Verdict,
)

SEES = Sight()
CUT = Sight(sees=False, why_not="gateway and resolver do not answer")
EDGE_ANSWERS = Sight(front="answers")
EDGE_SILENT = Sight(front="does not answer: no answer in time")


def did(failure: Failure | None = None, phases: Phases | None = None) -> StepFacts:
    return StepFacts(
        step="billing",
        service="simponi.billing",
        started_s=101.0,
        duration_s=3.0,
        slow_after_s=1.0,
        phases=phases or Phases(),
        failure=failure,
    )


def broke(kind: str, status: int | None = None) -> StepFacts:
    return did(Failure(kind=FailureKind(kind), detail="what was seen", status=status))


SLOW = did(phases=Phases(connect_s=0.1, processing_s=2.8, transfer_s=0.1))
SLOW_TO_CONNECT = did(phases=Phases(resolve_s=1.0, connect_s=1.5, processing_s=0.4))
NATIONAL, REGIONAL = Scope.NATIONAL, Scope.REGIONAL


@pytest.mark.parametrize(
    ("clues", "expected"),
    [
        (Clues(sight=SEES, facts=SLOW, doubts=True), Blame.AGENT),
        (Clues(sight=CUT, facts=broke("timeout")), Blame.LINE),
        (Clues(sight=CUT), Blame.LINE),
        (Clues(sight=SEES, facts=broke("bug")), Blame.AGENT),
        (Clues(sight=SEES, facts=broke("auth", 401), told=NATIONAL), Blame.CREDENTIALS),
        (Clues(sight=SEES, facts=broke("auth", 403)), Blame.CREDENTIALS),
        (Clues(sight=SEES, facts=broke("timeout"), told=NATIONAL), Blame.CENTRE),
        (Clues(sight=SEES, facts=broke("timeout"), told=REGIONAL), Blame.REGION),
        (Clues(sight=SEES, facts=broke("http", 422)), Blame.CREDENTIALS),
        (Clues(sight=SEES, facts=broke("resolve")), Blame.PATH),
        (Clues(sight=EDGE_SILENT, facts=broke("timeout")), Blame.PATH),
        (Clues(sight=EDGE_ANSWERS, facts=broke("refused")), Blame.CENTRE),
        (Clues(sight=SEES, facts=broke("http", 503)), Blame.CENTRE),
        (Clues(sight=SEES, facts=SLOW_TO_CONNECT), Blame.PATH),
        (Clues(sight=SEES, facts=SLOW), Blame.CENTRE),
        (Clues(sight=SEES, facts=broke("timeout")), Blame.INCONCLUSIVE),
    ],
)
def test_every_row_speaks_for_what_it_is_of(clues, expected):
    found = blame.decide(clues)
    assert found.blame is expected
    assert found.why.id, "the reason is in both languages"
    assert found.why.en


def test_no_row_of_the_table_is_out_of_reach():
    kinds = [broke(kind) for kind in FailureKind]
    rows_tested = {
        blame.decide(clues).why
        for clues in (
            Clues(sight=sight, facts=facts, doubts=doubts, told=told)
            for sight in (SEES, CUT, EDGE_ANSWERS, EDGE_SILENT)
            for facts in (SLOW, SLOW_TO_CONNECT, did(), *kinds, broke("http", 404))
            for doubts in (False, True)
            for told in (None, NATIONAL, REGIONAL)
        )
    }
    assert rows_tested == {row.why for row in blame.TABLE}


@pytest.mark.parametrize(
    ("clues", "expected", "why"),
    [
        (Clues(sight=CUT, facts=SLOW, doubts=True), Blame.AGENT, "its controls are late as well"),
        (Clues(sight=CUT, facts=broke("bug")), Blame.LINE, "a bug cannot cut a gateway off"),
        (
            Clues(sight=CUT, facts=broke("timeout"), told=NATIONAL),
            Blame.LINE,
            "an office that cannot see does not confirm the nation",
        ),
        (
            Clues(sight=SEES, facts=broke("auth", 401), told=REGIONAL),
            Blame.CREDENTIALS,
            "a refusal is one wherever it is",
        ),
        (
            Clues(sight=EDGE_SILENT, facts=broke("timeout"), told=NATIONAL),
            Blame.CENTRE,
            "offices on every path have it",
        ),
        (
            Clues(sight=EDGE_ANSWERS, facts=broke("http", 404), told=NATIONAL),
            Blame.CENTRE,
            "not the test data, when all are refused",
        ),
        (Clues(sight=EDGE_SILENT, facts=broke("http", 503)), Blame.CENTRE, "it did answer"),
    ],
)
def test_of_two_rows_that_fit_the_upper_speaks(clues, expected, why):
    assert blame.decide(clues).blame is expected, why


@pytest.mark.parametrize(
    ("role", "expected", "why"),
    [
        ("simponi", Blame.PATH, "its own edge is silent"),
        ("simkim", Blame.CENTRE, "its own edge answers"),
        ("status", Blame.INCONCLUSIVE, "nobody looks at its edge"),
        (None, Blame.INCONCLUSIVE, "who knows what it asked"),
    ],
)
def test_each_target_goes_by_its_own_edge(role, expected, why):
    both = Sight(front="answers", edges=(("simkim", True), ("simponi", False)))
    clues = Clues(sight=both, facts=broke("timeout"), role=role)
    assert blame.decide(clues).blame is expected, why


# --- of a run


def a_run(*executed: StepFacts) -> Run:
    return Run(
        journey="payment",
        started_s=100.0,
        duration_s=4.0,
        executed=executed,
        declared=(StepName(id="billing", service="simponi.billing", role="simponi"),),
    )


def verdict(outcome: Outcome) -> Verdict:
    return Verdict(service="simponi.billing", outcome=outcome, step="billing", started_s=101.0)


def incident(scope: Scope, group: str, root: str, *affected: str) -> IncidentSummary:
    return IncidentSummary(
        id="i",
        scope=scope,
        group=group,
        root=root,
        severity=Severity.DEGRADED,
        phase="open",
        since_s=0.0,
        failing=9,
        reporting=10,
        affected=affected,
    )


def test_a_good_run_that_may_be_believed_blames_nobody():
    assert blame.of_run(a_run(did()), [verdict(Outcome.OK)], SEES) is None


def test_a_good_run_of_an_agent_that_doubts_itself_is_blamed_on_it_all_the_same():
    found = blame.of_run(a_run(did()), [verdict(Outcome.VOID)], SEES, doubt="its loop was late")
    assert found is not None
    assert found.blame is Blame.AGENT


def test_a_run_is_held_against_the_edge_of_the_target_that_its_step_asked():
    sight = Sight(front="answers", edges=(("simkim", True), ("simponi", False)))
    found = blame.of_run(a_run(broke("timeout")), [verdict(Outcome.FAIL)], sight)
    assert found is not None
    assert found.blame is Blame.PATH


def test_a_slow_step_is_blamed_by_where_its_time_went():
    found = blame.of_run(a_run(SLOW_TO_CONNECT), [verdict(Outcome.SLOW)], SEES)
    assert found is not None
    assert found.blame is Blame.PATH


JEMBER = Branch(
    id="jember",
    name="Jember",
    province="Jawa Timur",
    island="Jawa",
    zone="Asia/Jakarta",
    carrier="Telkom",
)


@pytest.mark.parametrize(
    ("incidents", "expected", "why"),
    [
        ([], Blame.INCONCLUSIVE, "nobody says anything"),
        ([incident(NATIONAL, "all", "simponi.billing")], Blame.CENTRE, "its own"),
        ([incident(NATIONAL, "all", "mpn.status", "simponi.billing")], Blame.CENTRE, "affected"),
        ([incident(NATIONAL, "all", "mpn.status")], Blame.INCONCLUSIVE, "of another service"),
        ([incident(REGIONAL, "carrier:telkom", "simponi.billing")], Blame.REGION, "our carrier"),
        ([incident(REGIONAL, "roster", "simponi.billing")], Blame.REGION, "a small nation"),
        (
            [incident(REGIONAL, "province:papua", "simponi.billing")],
            Blame.INCONCLUSIVE,
            "of a region that is not ours",
        ),
        (
            [
                incident(REGIONAL, "island:jawa", "simponi.billing"),
                incident(NATIONAL, "all", "simponi.billing"),
            ],
            Blame.CENTRE,
            "the widest speaks",
        ),
    ],
)
def test_the_leaders_word_tells_region_from_centre(incidents, expected, why):
    found = blame.of_run(
        a_run(broke("timeout")),
        [verdict(Outcome.FAIL)],
        SEES,
        incidents=incidents,
        groups=blame.groups_of(JEMBER),
    )
    assert found is not None
    assert found.blame is expected, why


def test_an_office_without_carrier_is_in_no_carriers_group():
    groups = blame.groups_of(replace(JEMBER, carrier=None))
    assert groups == {"roster", "province:jawa-timur", "island:jawa"}


def test_every_blame_has_its_words():
    assert len({each.words.id for each in Blame}) == len({each.words.en for each in Blame}) == 7
