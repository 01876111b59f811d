"""How long troubles last: a lognormal, from durations of which the short ones were never seen.

What is shorter than ``seen_s`` cannot be told from background, so all that is counted is known to
be longer; what still went on when the recording broke off is known to be longer than it was seen;
and the world cuts everything at ``longest_s``. The likelihood knows of all three. It is computed
over a grid of medians and sigmas; the intervals are those of its profile, 95 % in large samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import erfc, exp, inf, log, sqrt

from agent.simulation.trials.statistics import Interval

_MEDIANS = 240
_SIGMAS = tuple(0.05 * step for step in range(4, 61))
_WITHIN = 1.92
"""Log likelihood below its top at which an interval of 95 % ends."""
_AT_THE_END = 0.95
_LEAST = 1e-300


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasted:
    """One duration."""

    seconds: float
    whole: bool = True
    """False: it was still going on, or had been before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting:
    """The lognormal that fits."""

    median_s: float
    median: Interval
    sigma: float
    spread: Interval

    def seen(self, seen_s: float) -> float:
        """The share of all troubles that lasts as long as can be seen."""
        return beyond((log(seen_s) - log(self.median_s)) / self.sigma)


def beyond(z: float) -> float:
    """The share of a normal distribution above."""
    return 0.5 * erfc(z / sqrt(2.0))


def fit(
    durations: Iterable[Lasted], *, seen_s: float, longest_s: float, sigma: float | None = None
) -> Lasting:
    """The likeliest median and sigma of some durations of ``seen_s`` and more.

    With ``sigma`` the spread is given, and the median alone is looked for.
    """
    known = list(durations)
    whole = [log(each.seconds) for each in known if _is_whole(each, longest_s)]
    cut = [log(each.seconds) for each in known if not _is_whole(each, longest_s)]
    sums = (len(whole), sum(whole), sum(each * each for each in whole))
    first = log(seen_s) - log(10.0)
    step = (log(longest_s) - first) / _MEDIANS
    sigmas = _SIGMAS if sigma is None else (sigma,)
    table = {
        (first + step * place, each): _likelihood(
            first + step * place, each, sums, cut, log(seen_s)
        )
        for place in range(_MEDIANS + 1)
        for each in sigmas
    }
    best = max(table, key=lambda point: table[point])
    near = [point for point, value in table.items() if value >= table[best] - _WITHIN]
    return Lasting(
        median_s=exp(best[0]),
        median=Interval(low=exp(min(near)[0] - step), high=exp(max(near)[0] + step)),
        sigma=best[1],
        spread=Interval(low=min(s for _, s in near), high=max(s for _, s in near)),
    )


def _is_whole(each: Lasted, longest_s: float) -> bool:
    return each.whole and each.seconds < _AT_THE_END * longest_s


def _likelihood(
    mu: float, sigma: float, sums: tuple[int, float, float], cut: Sequence[float], seen: float
) -> float:
    count, total, squares = sums
    off = (squares - 2.0 * mu * total + count * mu * mu) / (2.0 * sigma * sigma)
    alive = beyond((seen - mu) / sigma)
    if alive <= _LEAST:
        return -inf
    later = sum(log(max(_LEAST, beyond((each - mu) / sigma))) for each in cut)
    return later - off - count * log(sigma) - (count + len(cut)) * log(alive)
