"""Medians, and exact intervals for counts of rare events: what trials may claim."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, exp, inf, lgamma, log, log1p

_STEPS = 80
"""Halvings of an interval: more than a float can tell apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An interval of confidence."""

    low: float
    high: float


def median(values: Sequence[float]) -> float:
    """The middle value; a miss counts as infinity."""
    return percentile(values, 0.5)


def p95(values: Sequence[float]) -> float:
    """The value that 95 in 100 do not exceed; a miss counts as infinity."""
    return percentile(values, 0.95)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that a share of them does not exceed. Nan of none."""
    if not values:
        return float("nan")
    return sorted(values)[max(0, ceil(share * len(values) - 1e-9) - 1)]


def poisson_interval(events: int, exposure: float = 1.0, confidence: float = 0.95) -> Interval:
    """Garwood's exact interval for a rate, per unit of exposure (1936)."""
    tail = (1.0 - confidence) / 2.0
    most = 2.0 * events + 50.0
    low = _solve(lambda mean: _poisson_at_most(events - 1, mean), 1.0 - tail, most)
    high = _solve(lambda mean: _poisson_at_most(events, mean), tail, most)
    return Interval(low=(low if events else 0.0) / exposure, high=high / exposure)


def binomial_interval(hits: int, trials: int, confidence: float = 0.95) -> Interval:
    """Clopper's and Pearson's exact interval for a share (1934)."""
    tail = (1.0 - confidence) / 2.0
    low = _solve(lambda p: _binomial_at_most(hits - 1, trials, p), 1.0 - tail, 1.0)
    high = _solve(lambda p: _binomial_at_most(hits, trials, p), tail, 1.0)
    return Interval(low=low if hits else 0.0, high=high if hits < trials else 1.0)


def _solve(falling: Callable[[float], float], value: float, most: float) -> float:
    """Where between 0 and ``most`` a falling function takes a value."""
    low, high = 0.0, most
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        if falling(middle) > value:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def _poisson_at_most(count: int, mean: float) -> float:
    """Probability of at most so many events."""
    if mean <= 0.0:
        return 1.0
    return sum(exp(k * log(mean) - mean - lgamma(k + 1.0)) for k in range(count + 1))


def _binomial_at_most(count: int, trials: int, p: float) -> float:
    """Probability of at most so many hits."""
    if count >= trials or p <= 0.0:
        return 1.0
    if p >= 1.0:
        return 0.0
    whole = lgamma(trials + 1.0)
    logs = (log(p), log1p(-p))
    return sum(
        exp(
            whole
            - lgamma(k + 1.0)
            - lgamma(trials - k + 1.0)
            + k * logs[0]
            + (trials - k) * logs[1]
        )
        for k in range(count + 1)
    )


def delay_or_miss(delay_s: float | None) -> float:
    """A delay as the medians want it: what never came took for ever."""
    return inf if delay_s is None else delay_s
