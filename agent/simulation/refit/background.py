"""The background: how many of an office's results are bad in good times.

Outside of episodes, blips and weather, and counting local re-probes like any other result: an
office asks again because a result was bad, but what it then hears is bad no more often for that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, log, sqrt

from agent.core.model import Channel
from agent.simulation.refit import estimate
from agent.simulation.refit.bursts import Told
from agent.simulation.refit.cuts import Results, seconds
from agent.simulation.refit.estimate import Estimate
from agent.simulation.refit.weather import Weather
from agent.simulation.trials.spells import Spell, both, merged
from agent.simulation.trials.statistics import Interval, median
from agent.simulation.trials.world import World

LEAST_OWN = 10
"""Bad results an office, in the mean, from which offices are told apart."""
LEAST_OFFICES = 8
_FEW = f"at least {LEAST_OWN} bad results an office and {LEAST_OFFICES} offices are needed"
_NORMAL = 1.96
_PREFIX = {Channel.FAIL: "p0", Channel.SLOW: "slow_p0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One office's."""

    bad: int
    results: float

    @property
    def p0(self) -> float:
        """Its own rate; half a result is put down where none was bad."""
        return max(0.5, self.bad) / self.results


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """Of all offices that had any results."""

    rates: tuple[Rate, ...]

    @staticmethod
    def of(
        results: Mapping[str, Results],
        told: Mapping[str, Told],
        watched: Mapping[str, Sequence[Spell]],
        storms: Sequence[Weather],
    ) -> Background:
        """Results in weather are not told one by one: their share is that of the time."""
        spells = merged(each.spell for each in storms)
        rates = []
        for office, each in results.items():
            bad = sum(
                not any(start_s <= one.at_s < end_s for start_s, end_s in spells)
                for one in told[office].background
            )
            heard = merged(watched.get(office, ()))
            share = seconds(both(heard, spells)) / max(1.0, seconds(heard))
            outside = (each.results - told[office].inside) * (1.0 - share)
            if outside >= 1.0:
                rates.append(Rate(bad=bad, results=outside))
        return Background(rates=tuple(rates))

    @property
    def bad(self) -> int:
        """Bad results of all offices."""
        return sum(each.bad for each in self.rates)

    @property
    def results(self) -> float:
        """All results of all offices."""
        return sum(each.results for each in self.rates)

    @property
    def tells_offices(self) -> bool:
        """There is enough to tell offices apart."""
        enough = len(self.rates) >= LEAST_OFFICES
        return enough and self.bad >= LEAST_OWN * len(self.rates)


def estimates(
    found: Mapping[Channel, Background], channel: Channel, assumed: World
) -> Iterator[Estimate]:
    """Median, least and most in both channels; the spread in the one that is fitted."""
    sigma = _sigma(found[channel], assumed.p0_sigma)
    yield sigma
    for each, background in found.items():
        prefix = _PREFIX[each]
        yield _median(f"{prefix}_median", background, sigma.value, assumed)
        yield from _extremes(prefix, background, assumed)


def _sigma(found: Background, assumed: float) -> Estimate:
    name = "p0_sigma"
    if not found.tells_offices:
        return estimate.kept(name, assumed, found.bad, _FEW)
    noise = sum(1.0 / max(1, each.bad) for each in found.rates) / len(found.rates)
    sigma = estimate.spread([log(each.p0) for each in found.rates], noise)
    interval = estimate.spread_interval(sigma, len(found.rates))
    return Estimate(name=name, value=sigma, assumed=assumed, events=found.bad, interval=interval)


def _median(name: str, found: Background, sigma: float, world: World) -> Estimate:
    """Of the offices; of too few results to tell them apart, from the mean of all."""
    assumed = getattr(world, name)
    if not found.tells_offices:
        return _of_all(name, found, sigma, assumed)
    rates = [each.p0 for each in found.rates]
    return Estimate(
        name=name,
        value=median(rates),
        assumed=assumed,
        events=found.bad,
        interval=estimate.median_interval(rates),
    )


def _of_all(name: str, found: Background, sigma: float, assumed: float) -> Estimate:
    """The median that goes with the mean; how far chance of the offices may move that is added."""
    mean, variance = exp(sigma * sigma / 2.0), exp(sigma * sigma) - 1.0
    known = estimate.rate(name, found.bad, found.results * mean, assumed=assumed)
    if known.interval is None:
        return known
    off = exp(_NORMAL * sqrt(variance / len(found.rates)))
    around = Interval(low=known.interval.low / off, high=known.interval.high * off)
    return replace(known, interval=around)


def _extremes(prefix: str, found: Background, world: World) -> Iterator[Estimate]:
    for end, value in (("least", min), ("most", max)):
        name = f"{prefix}_{end}"
        assumed = getattr(world, name)
        if found.tells_offices:
            seen = value(each.p0 for each in found.rates)
            yield Estimate(name=name, value=seen, assumed=assumed, events=found.bad)
        else:
            yield estimate.kept(name, assumed, found.bad, _FEW)
