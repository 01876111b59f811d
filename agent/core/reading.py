"""From one branch's newest status back to the single results behind it.

A status is absolute: counts since the branch was born, and a ring of its last results. What is new
since the status before follows from the counts. Every result is placed on the stream's time line,
at the status's own stream time less the result's age: no office clock is in it.
"""

from __future__ import annotations

from dataclasses import dataclass

from agent.core.model import COUNTED, Outcome, ServiceStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One result as the leader reads it; ``started_s`` is stream time."""

    started_s: float
    outcome: Outcome
    step: str
    code: str | None
    blocked_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a status adds to the one before."""

    unseen_good: int
    """Results that fell out of the ring unseen; they are read as good, voids apart."""
    results: tuple[Observed, ...]
    """Oldest first."""


NOTHING = News(unseen_good=0, results=())
OLDEST_S = 86_400.0
"""Whatever a branch claims, none of its results is older."""
_VOID = COUNTED.index(Outcome.VOID)


def news(before: ServiceStatus | None, after: ServiceStatus, sent_s: float) -> News:
    """What ``after``, stored at stream time ``sent_s``, adds to ``before``.

    Without a status before, or with counts that went backwards, nothing is new: the levels of the
    status itself are all there is to go by.
    """
    if before is None:
        return NOTHING
    added = tuple(new - old for new, old in zip(after.counts, before.counts, strict=True))
    total = sum(added)
    if total <= 0 or min(added) < 0:
        return NOTHING
    ring = after.ring[-total:]
    voids_in_ring = sum(entry.outcome is Outcome.VOID for entry in ring)
    unseen = total - len(ring) - max(0, added[_VOID] - voids_in_ring)
    return News(
        unseen_good=max(0, unseen),
        results=tuple(
            Observed(
                started_s=started_s(entry.age_s, sent_s),
                outcome=entry.outcome,
                step=entry.step,
                code=entry.code,
                blocked_by=entry.blocked_by,
            )
            for entry in ring
        ),
    )


def started_s(age_s: float, sent_s: float) -> float:
    """When a result of that age began, in a status that was stored at ``sent_s``."""
    return sent_s - min(max(0.0, age_s), OLDEST_S)
