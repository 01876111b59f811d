"""What one check found, as values: for the terminal, for a pipe and as one JSON object.

Expected and come are words of ours and of the probe: no bodies, no credentials.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from agent.core import blame
from agent.core.blame import Blamed
from agent.core.model import FailureKind, Outcome, Phases, Run, Sight, StepFacts, StepName, Verdict
from agent.core.self_doubt import doubting
from agent.core.sight import ControlReading
from agent.core.verdict import judge

OK, FAILING, UNKNOWN = 0, 1, 3
_LONGEST_REASON = 300
_SHORTEST_SECRET = 4
"""Shorter ones would blot out ordinary words, and protect nothing."""
_EXPECTED = "expected: "


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """One declared step: what was expected of it, and what came."""

    step: str
    service: str
    expected: str
    came: str
    executed: bool = False
    broken: bool = False
    begins_s: float = 0.0
    """From the start of the run."""
    duration_s: float = 0.0
    phases: Phases = field(default_factory=Phases)
    status: int | None = None
    code: str | None = None
    """Of what broke it, as in :attr:`agent.core.model.Failure.code`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """Everything that one check found."""

    journey: str
    branch: str
    seconds: float
    verdicts: tuple[Verdict, ...]
    steps: tuple[StepLine, ...]
    sight: Sight
    controls: tuple[ControlReading, ...]
    blamed: Blamed | None = None
    """Where the fault most likely lies, as one office sees it; None: there is none."""
    doubt: str | None = None
    """Why the agent doubts itself; None: it does not."""

    @property
    def refused(self) -> bool:
        """A credential was refused: trying it again and again may lock its account."""
        return any(line.code == FailureKind.AUTH for line in self.steps)

    @property
    def exit_code(self) -> int:
        """1 when anything is broken or slow, 3 when anything else is not known, else 0."""
        outcomes = {verdict.outcome for verdict in self.verdicts}
        if any(outcome.broken or outcome is Outcome.SLOW for outcome in outcomes):
            return FAILING
        return UNKNOWN if Outcome.VOID in outcomes else OK

    def as_json(self) -> dict[str, Any]:
        """The one object that ``--json`` prints."""
        return {
            "ok": self.exit_code == OK,
            "exit_code": self.exit_code,
            "journey": self.journey,
            "branch": self.branch,
            "seconds": round(self.seconds, 3),
            "verdicts": [_verdict(verdict) for verdict in self.verdicts],
            "steps": [asdict(line) for line in self.steps],
            "sight": asdict(self.sight),
            "controls": [asdict(reading) for reading in self.controls],
            "doubt": self.doubt,
            "blame": self.blame_as_json(),
        }

    def blame_as_json(self) -> dict[str, str] | None:
        """The word and the reason, in both languages."""
        if self.blamed is None:
            return None
        why = self.blamed.why
        return {"blame": self.blamed.blame.value, "why": why.en, "sebab": why.id}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "service": verdict.service,
        "outcome": verdict.outcome.value,
        "step": verdict.step,
        "code": verdict.code,
        "reason": verdict.reason,
        "blocked_by": verdict.blocked_by,
    }


def report(
    run: Run,
    *,
    branch: str,
    sight: Sight,
    controls: Sequence[ControlReading],
    credentials: Mapping[str, Mapping[str, str]],
    doubt: str | None = None,
) -> CheckReport:
    """What ``run`` and the look at the controls after it come to, without ``credentials``.

    ``doubt`` is why the agent may not believe what it measured.
    """
    sight = doubting(sight, doubt)
    hidden = _secrets(credentials)
    shown = replace(run, executed=tuple(_redacted(facts, hidden) for facts in run.executed))
    executed = {facts.step: facts for facts in shown.executed}
    verdicts = judge(shown, sight)
    return CheckReport(
        journey=run.journey,
        branch=branch,
        seconds=run.duration_s,
        verdicts=verdicts,
        steps=tuple(_line(step, executed.get(step.id), run.started_s) for step in run.declared),
        sight=sight,
        controls=tuple(controls),
        blamed=blame.of_run(shown, verdicts, sight, doubt=doubt),
        doubt=doubt,
    )


def _line(step: StepName, facts: StepFacts | None, run_started_s: float) -> StepLine:
    good = "a good answer"
    if step.slow_after_s is not None:
        good += f" within {step.slow_after_s:g} s"
    if facts is None:
        return StepLine(step=step.id, service=step.service, expected=good, came="not reached")
    detail = facts.failure.detail if facts.failure else ""
    words, _, wanted = detail.partition(_EXPECTED)
    words = words.strip(" ;") or ("with other content" if wanted else "")
    status = f"HTTP {facts.status}" if facts.status is not None else ""
    came = dict.fromkeys(each for each in (status, words) if each)
    return StepLine(
        step=step.id,
        service=step.service,
        expected=wanted or good,
        came=", ".join(came) or "no request",
        executed=True,
        broken=facts.failure is not None,
        begins_s=facts.started_s - run_started_s,
        duration_s=facts.duration_s,
        phases=facts.phases,
        status=facts.status,
        code=facts.failure.code if facts.failure else None,
    )


def _secrets(credentials: Mapping[str, Mapping[str, str]]) -> list[str]:
    """What must not be shown, the longest first, so that no rest of one remains."""
    values = {
        value
        for keys in credentials.values()
        for key, value in keys.items()
        if key != "credential_id" and len(value) >= _SHORTEST_SECRET
    }
    return sorted(values, key=len, reverse=True)


def _redacted(facts: StepFacts, hidden: Sequence[str]) -> StepFacts:
    """The facts with a detail that a careless ``expect`` cannot make dangerous."""
    if facts.failure is None:
        return facts
    detail = facts.failure.detail
    for secret in hidden:
        detail = detail.replace(secret, "***")
    detail = "".join(each if each.isprintable() else " " for each in detail)[:_LONGEST_REASON]
    return replace(facts, failure=replace(facts.failure, detail=detail))
