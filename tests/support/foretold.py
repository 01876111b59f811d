"""Plays nothing, and foretells what would come of thresholds: for tests of their search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from agent.core.model import Channel
from agent.core.tuning import Tuning
from agent.simulation.refit.expecting import Delay, Expected
from agent.simulation.refit.thresholds import Thresholds

SIZE = 145


def thresholds(tuning: Tuning) -> Thresholds:
    """Those of the fail channel."""
    return Thresholds.of(tuning, Channel.FAIL, SIZE)


@dataclass(slots=True)
class Foretold:
    """More offices and a longer guard take longer; how often it is false is given."""

    false_per_year: Callable[[Thresholds], float]
    gives_up: bool = True
    played: list[Thresholds] = field(default_factory=list)

    def delays(self, tuning: Tuning) -> tuple[Delay, ...]:
        known = thresholds(tuning)
        slow_s = known.a1 + known.guard_s
        return tuple(
            Delay(share=share, p1=p1, median_s=slow_s, p95_s=slow_s)
            for share, p1 in ((0.3, 1.0), (1.0, 0.5))
        )

    def years(self, tuning: Tuning, years: float, *, most: float | None = None) -> Expected:
        self.played.append(thresholds(tuning))
        rate = self.false_per_year(thresholds(tuning))
        if self.gives_up and most is not None and rate * years > most:
            return Expected(false=1, years=min(years, 1.0))
        return Expected(false=round(rate * years), years=years)
