"""Facts to opinions: what one run says of each service that it exercises.

The first broken step is the cause; the steps behind it are void and name it. A bug of the probe, or
an office that cannot see, says nothing at all: void, with the reason. A good step is slow when it
took longer than its own threshold, or much longer than it usually does at this office in this hour
of the week (:mod:`agent.core.rhythm`).
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
from agent.core.rhythm import NOTHING_KNOWN, Usual, Usuals


def judge(run: Run, sight: Sight, usuals: Usuals = NOTHING_KNOWN) -> tuple[Verdict, ...]:
    """One verdict per service of the journey, in the order of its first step.

    ``sight`` must have been looked at after the run's first failure began, when there is one.
    ``usuals`` is what is usual for this journey at the hour of the run.
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
            opinion = _opinion(facts, usuals.get(facts.step))
        held = verdicts.get(declared.service)
        if held is None or _weight(opinion) > _weight(held):
            verdicts[declared.service] = opinion
    return tuple(verdicts.values())


def _opinion(facts: StepFacts, usual: Usual | None) -> Verdict:
    outcome, reason, code = Outcome.OK, "", None
    if facts.failure is not None:
        drifted = facts.failure.kind is FailureKind.CONTRACT
        outcome = Outcome.DRIFT if drifted else Outcome.FAIL
        reason, code = facts.failure.detail, facts.failure.code
    elif _is_slow(facts, usual):
        outcome, reason = Outcome.SLOW, _how_slow(facts, usual)
    return Verdict(
        service=facts.service,
        outcome=outcome,
        step=facts.step,
        started_s=facts.started_s,
        reason=reason,
        code=code,
        took_s=facts.duration_s,
        usual_s=None if usual is None else usual.duration_s,
    )


def _is_slow(facts: StepFacts, usual: Usual | None) -> bool:
    return _is_beyond_threshold(facts) or (usual is not None and facts.duration_s > usual.limit_s)


def _is_beyond_threshold(facts: StepFacts) -> bool:
    return facts.slow_after_s is not None and facts.duration_s > facts.slow_after_s


def _how_slow(facts: StepFacts, usual: Usual | None) -> str:
    """``took 1.90 s, slow after 1.5 s; usually 0.60 s on Tuesdays at 9``, as far as it applies."""
    reason = f"took {facts.duration_s:.2f} s"
    if _is_beyond_threshold(facts):
        reason += f", slow after {facts.slow_after_s:g} s"
    return f"{reason}; usually {usual}" if usual is not None else reason


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
