"""What the outcomes of one fault come to, and which promises that breaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.chaos.trial import Outcome

DUPLICATE_LIMIT_S = 10.0
TOLD_LIMIT_S = 60.0
FAILOVER_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One fault over all its seeds. Durations are the longest, in seconds."""

    fault: str
    truths: int
    told: int
    lost: int
    duplicated: int
    longest_duplicate_s: float
    told_after_healing_s: float
    failover_s: float | None
    reached: dict[str, int]
    unreached: int

    @property
    def broken(self) -> list[str]:
        """Every bound that does not hold, in words."""
        failover_s = self.failover_s or 0.0
        found = {
            "it never came about": self.unreached or not self.reached,
            f"{self.lost} lost": self.lost,
            f"{self.duplicated} duplicated at the end": self.duplicated,
            f"a duplicate stood {self.longest_duplicate_s:.1f} s": self.longest_duplicate_s
            > DUPLICATE_LIMIT_S,
            f"told {self.told_after_healing_s:.0f} s after healing": self.told_after_healing_s
            > TOLD_LIMIT_S,
            f"failover took {failover_s:.1f} s": failover_s > FAILOVER_LIMIT_S,
        }
        return [words for words, holds in found.items() if holds]


def rows(outcomes: Iterable[Outcome]) -> list[Row]:
    """One row a fault, in the order in which they first came."""
    by_fault: dict[str, list[Outcome]] = {}
    for each in outcomes:
        by_fault.setdefault(each.fault, []).append(each)
    return [_row(fault, its) for fault, its in by_fault.items()]


def _row(fault: str, its: Sequence[Outcome]) -> Row:
    reached: Counter[str] = Counter()
    for each in its:
        reached.update(each.reached)
    return Row(
        fault=fault,
        truths=len(its),
        told=sum(each.told for each in its),
        lost=sum(not each.told for each in its),
        duplicated=sum(each.duplicated for each in its),
        longest_duplicate_s=max(each.longest_duplicate_s for each in its),
        told_after_healing_s=max(each.told_after_healing_s for each in its),
        failover_s=max((each.failover_s for each in its if each.failover_s), default=None),
        reached=dict(reached),
        unreached=sum(bool(each.unreached) for each in its),
    )
