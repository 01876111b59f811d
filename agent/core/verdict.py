"""Facts to opinions: what one run says of each service that it exercises.

The first broken step is the cause; the steps behind it are void and name it. A bug of the probe, or
an office that cannot see, says nothing at all: void, with the reason.
"""

from __future__ import annotations

from agent.core.model import (
    FailureKind,
    Outcome,
    Run,
    Sight,
    StepFacts,
    Verdict,
)


def judge(run: Run, sight: Sight) -> tuple[Verdict, ...]:
    """One verdict per service of the journey, in the order of its first step.

    ``sight`` must have been looked at after the run's first failure began, when there is one.
    """
    if not sight.sees:
        return _void(run, f"this office cannot see: {sight.why_not}")
    broken = next((facts for facts in run.executed if facts.failure is not None), None)
    if broken is not None and broken.failure and broken.failure.kind is FailureKind.BUG:
        return _void(run, f"the probe itself failed: {broken.failure.detail}")
    executed = {facts.step: facts for facts in run.executed}
    verdicts: dict[str, Verdict] = {}
    for declared in run.declared:
        facts = executed.get(declared.id)
        if facts is None:
            opinion = Verdict(
                service=declared.service,
                outcome=Outcome.VOID,
                step=declared.id,
                started_s=run.started_s,
                reason=f'not reached: "{broken.step}" is broken' if broken else "not reached",
                blocked_by=broken.service if broken else None,
            )
        else:
            opinion = _opinion(facts)
        held = verdicts.get(declared.service)
        if held is None or _weight(opinion) > _weight(held):
            verdicts[declared.service] = opinion
    return tuple(verdicts.values())


def _opinion(facts: StepFacts) -> Verdict:
    outcome, reason, code = Outcome.OK, "", None
    if facts.failure is not None:
        drifted = facts.failure.kind is FailureKind.CONTRACT
        outcome = Outcome.DRIFT if drifted else Outcome.FAIL
        reason, code = facts.failure.detail, facts.failure.code
    elif facts.slow_after_s is not None and facts.duration_s > facts.slow_after_s:
        outcome = Outcome.SLOW
        reason = f"took {facts.duration_s:.2f} s, slow after {facts.slow_after_s:g} s"
    return Verdict(
        service=facts.service,
        outcome=outcome,
        step=facts.step,
        started_s=facts.started_s,
        reason=reason,
        code=code,
    )


def _weight(verdict: Verdict) -> int:
    """Of several steps on one service the worst speaks; a step not reached only if all are."""
    if verdict.outcome.broken:
        return 3
    return {Outcome.SLOW: 2, Outcome.OK: 1}.get(verdict.outcome, 0)


def _void(run: Run, reason: str) -> tuple[Verdict, ...]:
    first_steps: dict[str, str] = {}
    for declared in run.declared:
        first_steps.setdefault(declared.service, declared.id)
    return tuple(
        Verdict(
            service=service,
            outcome=Outcome.VOID,
            step=step,
            started_s=run.started_s,
            reason=reason,
        )
        for service, step in first_steps.items()
    )
