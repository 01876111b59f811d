"""Opinions: what a branch makes of the facts, and whether it could see."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What one run says of one service."""

    OK = "ok"
    SLOW = "slow"
    FAIL = "fail"
    DRIFT = "drift"
    """The contract changed: answered well, in another shape."""
    VOID = "void"
    """Says nothing: behind a broken step, or seen by an office that could not see."""

    @property
    def broken(self) -> bool:
        """An officer could not have gone on."""
        return self in (Outcome.FAIL, Outcome.DRIFT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The opinion on one service from one run, and why."""

    service: str
    outcome: Outcome
    step: str
    started_s: float
    code: str | None = None
    """Failure code as in :attr:`Failure.code`; None unless broken."""
    reason: str = ""
    blocked_by: str | None = None
    """The service of the first broken step, on verdicts behind it."""
    took_s: float | None = None
    """How long the step took; None when it was not reached, or says nothing."""
    usual_s: float | None = None
    """How long it usually takes at this office in this hour of the week, if that is known."""


class Channel(StrEnum):
    """The two independent questions asked of every service."""

    FAIL = "fail"
    SLOW = "slow"

    def is_bad(self, outcome: Outcome) -> bool:
        """In the slow channel a failure is bad too: it certainly was not fast."""
        return outcome.broken or (self is Channel.SLOW and outcome is Outcome.SLOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Whether this office can see, by its near controls."""

    sees: bool = True
    why_not: str | None = None
    front: str | None = None
    """What the front control of the centre said; it classifies and never decides."""
    edges: tuple[tuple[str, bool], ...] = ()
    """Of each target role with a front control of its own: whether it answers. Not told others."""
    controls: tuple[str, ...] = ()
    """The near controls that other offices have too, by their shared names."""
    failing: tuple[str, ...] = ()
    """Those of ``controls`` that gave no answer."""
    ignored: tuple[str, ...] = ()
    """Those of ``controls`` that did not count: they are broken themselves, says the leader."""
