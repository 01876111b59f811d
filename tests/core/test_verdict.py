"""The first broken step is the cause; behind it nothing is held against anybody."""

from __future__ import annotations

import pytest

from agent.core.model import Failure, FailureKind, Outcome, Run, Sight, StepFacts, StepName
from agent.core.verdict import judge

SEES = Sight()
FAILED = Failure(kind=FailureKind.HTTP, detail="HTTP 503", status=503)


def run(declared: str, *executed: StepFacts) -> Run:
    """``declared``: steps as ``id@service``, in order."""
    names = (text.split("@") for text in declared.split())
    return Run(
        journey="j",
        started_s=100.0,
        duration_s=1.0,
        executed=executed,
        declared=tuple(StepName(id=step, service=service) for step, service in names),
    )


def did(
    step: str, service: str, *, failure: Failure | None = None, took_s: float = 0.1
) -> StepFacts:
    return StepFacts(
        step=step,
        service=service,
        started_s=101.0,
        duration_s=took_s,
        slow_after_s=1.0,
        failure=failure,
    )


def failure(kind: FailureKind) -> Failure:
    return Failure(kind=kind, detail="what was seen")


@pytest.mark.parametrize(
    ("facts", "outcome", "code", "why"),
    [
        (did("a", "x"), Outcome.OK, None, "a good quick step is well"),
        (did("a", "x", took_s=1.0), Outcome.OK, None, "at the limit is not beyond it"),
        (did("a", "x", took_s=1.01), Outcome.SLOW, None, "beyond its limit it is slow"),
        (did("a", "x", failure=FAILED), Outcome.FAIL, "http_503", "a failure carries its code"),
        (did("a", "x", failure=FAILED, took_s=9.0), Outcome.FAIL, "http_503", "broken, not slow"),
        (
            did("a", "x", failure=failure(FailureKind.CONTRACT)),
            Outcome.DRIFT,
            "contract",
            "another shape than agreed is drift",
        ),
        (
            did("a", "x", failure=failure(FailureKind.BUG)),
            Outcome.VOID,
            None,
            "a bug of the probe is never held against the centre",
        ),
    ],
)
def test_the_opinion_on_one_step(facts, outcome, code, why):
    (opinion,) = judge(run("a@x", facts), SEES)
    assert (opinion.outcome, opinion.code) == (outcome, code), why


def test_steps_behind_the_broken_one_are_void_and_name_its_service():
    first, second, third = judge(
        run("a@x b@y c@z", did("a", "x"), did("b", "y", failure=FAILED)), SEES
    )
    assert (first.outcome, second.outcome, third.outcome) == (
        Outcome.OK,
        Outcome.FAIL,
        Outcome.VOID,
    )
    assert (second.blocked_by, third.blocked_by) == (None, "y")
    assert third.code is None


@pytest.mark.parametrize(
    ("executed", "outcome", "why"),
    [
        ([did("a", "x"), did("b", "y", failure=FAILED)], Outcome.OK, "one step reached is enough"),
        ([did("a", "x", took_s=2.0), did("b", "y"), did("c", "x")], Outcome.SLOW, "the slower"),
        ([did("a", "x"), did("b", "y"), did("c", "x", failure=FAILED)], Outcome.FAIL, "the worst"),
    ],
)
def test_of_several_steps_on_one_service_the_worst_speaks(executed, outcome, why):
    opinions = {each.service: each for each in judge(run("a@x b@y c@x", *executed), SEES)}
    assert opinions["x"].outcome is outcome, why


def test_an_office_that_cannot_see_says_nothing_of_any_service():
    blind = Sight(sees=False, why_not="no gateway")
    opinions = judge(run("a@x b@y", did("a", "x", failure=FAILED)), blind)
    assert [(each.outcome, each.blocked_by) for each in opinions] == [(Outcome.VOID, None)] * 2
    assert "no gateway" in opinions[0].reason


@pytest.mark.parametrize("sight", [SEES, Sight(sees=False)], ids=["sees", "cannot see"])
def test_verdicts_come_in_the_order_of_each_services_first_step(sight):
    opinions = judge(run("a@x b@y c@x", did("a", "x"), did("b", "y"), did("c", "x")), sight)
    assert [each.service for each in opinions] == ["x", "y"]
    assert [each.step for each in opinions] == ["a", "b"]


def test_age_counts_from_the_start_of_the_step():
    (opinion,) = judge(run("a@x", did("a", "x")), SEES)
    assert opinion.started_s == 101.0
