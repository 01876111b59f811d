"""The first broken step is the cause; behind it nothing is held against anybody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.core.model import Failure, FailureKind, Outcome, Run, Sight, StepFacts, StepName
from agent.core.rhythm import Usual
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


# --- what is usual


def usual(limit_s: float = 0.8, duration_s: float = 0.4) -> dict[str, Usual]:
    return {"a": Usual(duration_s=duration_s, limit_s=limit_s, weekday=1, hour=9)}


@pytest.mark.parametrize(
    ("took_s", "outcome", "reason"),
    [
        (0.8, Outcome.OK, ""),
        (0.81, Outcome.SLOW, "took 0.81 s; usually 0.40 s on Tuesdays at 9"),
        (1.9, Outcome.SLOW, "took 1.90 s, slow after 1 s; usually 0.40 s on Tuesdays at 9"),
    ],
)
def test_much_longer_than_usual_is_slow_under_the_threshold_too(took_s, outcome, reason):
    (opinion,) = judge(run("a@x", did("a", "x", took_s=took_s)), SEES, usual())
    assert (opinion.outcome, opinion.reason) == (outcome, reason)
    assert (opinion.took_s, opinion.usual_s) == (took_s, 0.4)


def test_the_threshold_stands_however_slow_is_usual():
    (opinion,) = judge(run("a@x", did("a", "x", took_s=1.1)), SEES, usual(limit_s=3.0))
    assert opinion.outcome is Outcome.SLOW


def test_a_step_without_a_threshold_is_judged_by_the_usual_alone():
    facts = replace(did("a", "x", took_s=0.9), slow_after_s=None)
    (opinion,) = judge(run("a@x", facts), SEES, usual())
    assert opinion.reason == "took 0.90 s; usually 0.40 s on Tuesdays at 9"


def test_each_step_is_measured_by_its_own_usual():
    first, second = judge(
        run("a@x b@y", did("a", "x", took_s=0.9), did("b", "y", took_s=0.9)), SEES, usual()
    )
    assert (first.outcome, second.outcome) == (Outcome.SLOW, Outcome.OK)
    assert (second.took_s, second.usual_s) == (0.9, None)


def test_a_step_that_broke_is_broken_however_long_it_took():
    (opinion,) = judge(run("a@x", did("a", "x", failure=FAILED, took_s=0.9)), SEES, usual())
    assert (opinion.outcome, opinion.reason) == (Outcome.FAIL, "HTTP 503")
