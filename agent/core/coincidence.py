"""How likely chance alone is to look like this: an upper bound, and what it rests on.

Every office is bad now and then, for reasons of its own. So now and then several are bad at one
moment. How often in a year would as many be, outside the groups that are looked past?

    x       offices outside those groups whose newest result is bad
    n, m    how many offices are outside, and the mean of their rates
    P(x or more) <= exp(-n D),   D = (x/n) ln((x/n) / m) + (1 - x/n) ln((1 - x/n) / (1 - m))
    chance in a year <= P * places * looks in a year

The first line is Chernoff's bound in the form of Hoeffding (1963, theorem 1), which holds for rates
that differ; the second is the union bound: each result of the nation is a look, and a region could
have been any group. Dropping the worst groups costs nothing: outside any two groups that were fixed
beforehand there are never fewer bad offices than outside the worst two. For the same reason the
number may be read as the smallest of an incident's life.

It rests on this. Offices fail independently of each other, but for causes that a province, carrier
or egress shares; two such causes at once are looked past, and a wider one is what we call national.
So it speaks of chance, and does not tell the centre from another cause that all have in common.
Results of one office may hang together in any way: only its newest counts. An office is bad at most
``MARGIN`` times as often as it learned in good times, since a bad quarter of an hour of its own
teaches it nothing; one at the ceiling of what can be learned may be worse, and does not count.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, exp, floor, log, log10

from agent.core.groups import Groups
from agent.core.tuning import ChannelTuning

MARGIN = 2.0
"""How much more often than it learned an office is taken to be bad."""
RAREST = 1e-6
"""Nothing smaller is said: what is assumed is not certain to one in a million."""
YEAR_S = 365.25 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """An upper bound of the chance in a year, and the numbers that it was made of."""

    bound: float = 1.0
    """1 says nothing."""
    seen: int = 0
    """Offices counted: bad at this moment, outside the groups that are looked past."""
    of: int = 0
    """Offices outside those groups that report, and whose rate is known."""
    expected: float = 0.0
    """How many of them chance alone has bad at one moment."""
    places: int = 1
    looks: float = 0.0
    """In a year."""

    @property
    def told(self) -> float | None:
        """The bound as people and records get it: one figure, never too small; None: nothing."""
        if self.bound >= 1.0:
            return None
        if self.bound <= RAREST:
            return RAREST
        unit = 10.0 ** floor(log10(self.bound))
        rounded = ceil(self.bound / unit - 1e-9) * unit
        return float(f"{rounded:.1g}") if rounded < 1.0 else None


def rate(p0: float, numbers: ChannelTuning) -> float | None:
    """How often an office that learned ``p0`` is taken to be bad; None: perhaps more often."""
    if p0 >= numbers.p0_ceiling:
        return None
    return MARGIN * max(numbers.p0_floor, p0)


def looks_per_year(offices: int, period_s: float, fastest_per_s: float) -> float:
    """How many results a year brings: the plan's, or all year round those of a focus if more."""
    return YEAR_S * max(offices / period_s, fastest_per_s)


def tail(rates: Sequence[float], seen: int) -> float:
    """At most how likely ``seen`` or more of these offices are bad, each at its own rate."""
    expected = sum(rates)
    if seen <= expected or not rates:
        return 1.0
    if seen > len(rates) or expected <= 0.0:
        return 0.0
    share, mean = min(1.0, seen / len(rates)), expected / len(rates)
    good = (1.0 - share) * log((1.0 - share) / (1.0 - mean)) if share < 1.0 else 0.0
    return exp(-len(rates) * (share * log(share / mean) + good))


def national(
    bad: Collection[str], rates: Mapping[str, float], groups: Groups, looks: float
) -> Chance:
    """The chance that so many are bad at once outside the worst groups.

    ``rates``: of every office that reports, how often it is bad; ``bad``: those that are now.
    """
    counted = {branch: 1.0 for branch in bad if branch in rates}
    worst = set(groups.worst(counted))
    outside = {b for b in rates if worst.isdisjoint(groups.dropped_with[b])}
    return _chance(len(outside & counted.keys()), [rates[b] for b in outside], 1, looks)


def regional(bad: Collection[str], rates: Mapping[str, float], places: int, looks: float) -> Chance:
    """The chance that so many of one group are bad at once, in any of ``places`` groups.

    ``rates``: of the group's offices that report.
    """
    return _chance(sum(b in rates for b in bad), list(rates.values()), places, looks)


def _chance(seen: int, rates: Sequence[float], places: int, looks: float) -> Chance:
    return Chance(
        bound=min(1.0, tail(rates, seen) * places * looks),
        seen=seen,
        of=len(rates),
        expected=sum(rates),
        places=places,
        looks=looks,
    )
