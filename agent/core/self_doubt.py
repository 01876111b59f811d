"""Whether an agent may believe its own stopwatch.

An agent that the kernel holds back, whose event loop is blocked, or whose wall clock jumps,
measures itself and calls it the centre. So every run is measured from the other side too, and an
office that was itself too slow during a run abstains: it says so, and nothing of any service.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from agent.core.model import Sight

LOOP_LAG_S = 1.0
"""A step is slow after a second or two: what woke this late proves nothing of that size."""
THROTTLED_SHARE = 0.2
"""Of the time of a run; below, a step of half a second is wrong by a tenth of one."""
THROTTLED_LEAST_S = 0.1
"""Shorter than anything that a verdict looks at, however short the run."""
STEP_S = 2.0
"""More than a daemon slews in a day of runs: certificates and tokens are judged by wall time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfMeasure:
    """What the agent saw of itself while a run was going."""

    seconds: float
    """How long was measured; at least the run."""
    loop_lag_s: float = 0.0
    """The latest that the event loop woke anything."""
    throttled_s: float = 0.0
    """For how long the kernel kept the agent from running; 0 where it does not say."""
    stepped_s: float = 0.0
    """By how much the wall clock moved against the boot-time clock."""


def doubt(measured: SelfMeasure) -> str | None:
    """Why what was measured meanwhile says nothing, in a few words; None: it may be believed."""
    if measured.loop_lag_s > LOOP_LAG_S:
        return f"its event loop woke {measured.loop_lag_s:.1f} s late"
    least_s = max(THROTTLED_LEAST_S, THROTTLED_SHARE * measured.seconds)
    if measured.throttled_s > least_s:
        return f"its CPU was throttled for {measured.throttled_s:.1f} s"
    if abs(measured.stepped_s) > STEP_S:
        return f"its wall clock stepped by {measured.stepped_s:+.1f} s"
    return None


def doubting(sight: Sight, doubt: str | None) -> Sight:
    """What an office sees that may doubt itself: then nothing, whatever its controls showed."""
    if doubt is None:
        return sight
    return replace(sight, sees=False, why_not=f"this agent doubts itself: {doubt}")
