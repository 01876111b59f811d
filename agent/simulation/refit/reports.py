"""How many results never came, and how long the others took to the leader.

What is lost is counted in quiet stretches, where the plan says how many results were due. How late
a result is shows in the bad ones, which are published at once: in what a leader recorded, not in
what offices kept of themselves. A bad result that waited for a timeout is as late as that, which is
how late a detector hears of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log

from agent.simulation.refit import estimate
from agent.simulation.refit.estimate import Estimate
from agent.simulation.refit.history import Lag, Quiet
from agent.simulation.trials.statistics import Interval, median
from agent.simulation.trials.world import World

LEAST_LAGS = 5
"""Results of an office from which its least lag is taken."""
LEAST_OFFICES = 8
LATE_S = 30.0
"""A result that took so long to the leader confirms nothing there."""
_FEW = f"at least {LEAST_OFFICES} offices are needed whose bad results a leader timed"
_MORE = 0.01
"""As many results more than the plan has may come of slots at the ends of stretches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lags:
    """Of one office."""

    count: int
    least_s: float
    sum_s: float
    late: int
    """How many took more than ``LATE_S``."""

    @staticmethod
    def of(lags: Sequence[Lag]) -> Lags:
        """All together; at least one."""
        seconds = [each.lag_s for each in lags]
        return Lags(
            count=len(seconds),
            least_s=min(seconds),
            sum_s=sum(seconds),
            late=sum(each > LATE_S for each in seconds),
        )


def lost(quiet: Mapping[str, Quiet], period_s: float, assumed: World) -> Estimate:
    """The share of results that never came."""
    name, value = "lost_share", assumed.lost_share
    due = round(sum(each.seconds for each in quiet.values()) / period_s)
    missing = due - sum(each.results for each in quiet.values())
    if due * value < estimate.FEWEST:
        return estimate.kept(name, value, due, "too few results were due")
    if missing < -_MORE * due:
        return estimate.kept(name, value, due, "more came than this nation.yaml plans")
    return estimate.share(name, max(0, missing), due, assumed=value)


def lags(found: Iterable[Lags], assumed: World) -> Iterator[Estimate]:
    """The least lag, the mean beyond it, and the offices that are always late."""
    known = [each for each in found if each.count >= LEAST_LAGS]
    late = [each for each in known if each.least_s >= assumed.laggard_least_s]
    prompt = [each for each in known if each.least_s < assumed.laggard_least_s]
    if len(prompt) < LEAST_OFFICES:
        for name in ("lag_least_s", "lag_mean_s"):
            yield estimate.kept(name, getattr(assumed, name), len(prompt), _FEW)
    else:
        yield _least(prompt, assumed.lag_least_s)
        yield _mean(known, assumed.lag_mean_s)
    yield estimate.share("laggard_share", len(late), len(known), assumed=assumed.laggard_share)
    yield from estimate.ends(
        ("laggard_least_s", "laggard_most_s"),
        [each.least_s for each in late],
        assumed=(assumed.laggard_least_s, assumed.laggard_most_s),
    )


def late_share(found: Sequence[Lags]) -> float | None:
    """The share of bad results that came too late to confirm anything; None: nobody timed any."""
    count = sum(each.count for each in found)
    return sum(each.late for each in found) / count if count else None


def _least(known: Sequence[Lags], assumed: float) -> Estimate:
    """The least of so many exponentials is above its bound by ln 2 means through their count."""
    least = [
        each.least_s - log(2.0) * (each.sum_s / each.count - each.least_s) / (each.count - 1)
        for each in known
    ]
    return Estimate(
        name="lag_least_s",
        value=max(0.0, median(least)),
        assumed=assumed,
        events=len(least),
        interval=estimate.median_interval(least),
    )


def _mean(known: Sequence[Lags], assumed: float) -> Estimate:
    """In so much time beyond the least, as many results came: a count and its exposure."""
    count = sum(each.count - 1 for each in known)
    beyond_s = max(1e-3, sum(each.sum_s - each.count * each.least_s for each in known))
    exact = estimate.count_interval(count, beyond_s)
    return Estimate(
        name="lag_mean_s",
        value=beyond_s / count,
        assumed=assumed,
        events=count,
        interval=Interval(low=1.0 / exact.high, high=1.0 / exact.low),
    )
