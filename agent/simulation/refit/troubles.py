"""From bursts and regional outages to the fields of the world: how often, how long, how bad."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from agent.simulation.refit import bursts, estimate, lasting
from agent.simulation.refit.bursts import Found
from agent.simulation.refit.estimate import FEWEST_OF_A_KIND, Estimate
from agent.simulation.refit.findable import Trouble, findable
from agent.simulation.refit.lasting import Lasted, Lasting
from agent.simulation.refit.regions import Region
from agent.simulation.trials.statistics import Interval
from agent.simulation.trials.world import World

_SIGMA_FROM = 20
"""Durations from which their spread is read; with fewer, the median alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """How long troubles of a kind last, and what is said of it."""

    lasting: Lasting
    longest_s: float
    estimates: tuple[Estimate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """With what eyes troubles of offices were looked for."""

    period_s: float
    seen_s: float
    """They are counted from this length on."""
    rates: Sequence[float]
    """The offices' backgrounds."""


def of_offices(
    found: Sequence[Found], office_years: float, search: Search, assumed: World
) -> Iterator[Estimate]:
    """Bursts. Those that cannot be found are added by their share."""
    long = [each for each in found if each.lasted.seconds >= search.seen_s]
    lasts = durations("burst", [each.lasted for each in long], search.seen_s, assumed)
    played = findable(
        Trouble(
            median_s=lasts.lasting.median_s,
            sigma=lasts.lasting.sigma,
            longest_s=lasts.longest_s,
            p_least=assumed.burst_p_least,
            p_most=assumed.burst_p_most,
        ),
        rates=search.rates,
        period_s=search.period_s,
        seen_s=search.seen_s,
    )
    solid = _solid("burst", long, assumed, played.among_all)
    yield estimate.rate(
        "bursts_per_office",
        sum(each.begun for each in long),
        office_years,
        assumed=assumed.bursts_per_office,
        seen=played.share(solid.value),
    )
    yield from lasts.estimates
    yield solid


def of_regions(
    found: Sequence[Region], years: float, seen_s: float, assumed: World
) -> Iterator[Estimate]:
    """Regional outages. Those that are too short are added by their share."""
    long = [each for each in found if each.lasted.seconds >= seen_s]
    lasts = durations("regional", [each.lasted for each in long], seen_s, assumed)
    yield estimate.rate(
        "regionals",
        sum(each.whole.begun for each in long),
        years,
        assumed=assumed.regionals,
        seen=lasts.lasting.seen(seen_s),
    )
    yield from lasts.estimates
    yield _solid("regional", [each.whole for each in long], assumed)
    sizes = [len(each.offices) for each in long] or [0]
    for end, size in (("fewest", min(sizes)), ("most", max(sizes))):
        name = f"regional_{end}"
        yield estimate.extreme(name, size, len(long), assumed=getattr(assumed, name))
    yield estimate.share(
        "regional_by_province",
        sum(each.by_province for each in long),
        len(long),
        assumed=assumed.regional_by_province,
    )


def _solid(
    kind: str,
    found: Sequence[Found],
    world: World,
    of_all: Callable[[float], float] = float,
) -> Estimate:
    """``of_all`` makes of a share of those that were found that of all."""
    name, count = f"{kind}_solid_share", len(found)
    assumed = getattr(world, name)
    if count < FEWEST_OF_A_KIND:
        return estimate.kept(name, assumed, count, estimate.few(FEWEST_OF_A_KIND))
    least, most = (getattr(world, f"{kind}_p_{end}") for end in ("least", "most"))
    value, interval = bursts.solid_share(found, least, most)
    return Estimate(
        name=name,
        value=of_all(value),
        assumed=assumed,
        events=count,
        interval=Interval(low=of_all(interval.low), high=of_all(interval.high)),
    )


# --- how long


def durations(kind: str, lasted: Sequence[Lasted], seen_s: float, world: World) -> Durations:
    """The lognormal that fits troubles of ``seen_s`` and more, or the assumed one."""
    assumed_s, sigma, longest_s = (
        getattr(world, f"{kind}_{name}") for name in ("median_s", "sigma", "longest_s")
    )
    count = len(lasted)
    longest = _longest(kind, lasted, longest_s)
    if count < FEWEST_OF_A_KIND:
        why, known = estimate.few(FEWEST_OF_A_KIND), Interval(low=0.0, high=0.0)
        return Durations(
            lasting=Lasting(median_s=assumed_s, median=known, sigma=sigma, spread=known),
            longest_s=longest.value,
            estimates=(
                estimate.kept(f"{kind}_median_s", assumed_s, count, why),
                estimate.kept(f"{kind}_sigma", sigma, count, why),
                longest,
            ),
        )
    given = None if count >= _SIGMA_FROM else sigma
    fitted = lasting.fit(lasted, seen_s=seen_s, longest_s=longest.value, sigma=given)
    middle = Estimate(
        name=f"{kind}_median_s",
        value=fitted.median_s,
        assumed=assumed_s,
        events=count,
        interval=fitted.median,
    )
    return Durations(
        lasting=fitted,
        longest_s=longest.value,
        estimates=(middle, _sigma(f"{kind}_sigma", fitted, count, sigma), longest),
    )


def _sigma(name: str, fitted: Lasting, count: int, assumed: float) -> Estimate:
    if count < _SIGMA_FROM:
        return estimate.kept(name, assumed, count, estimate.few(_SIGMA_FROM))
    return Estimate(
        name=name, value=fitted.sigma, assumed=assumed, events=count, interval=fitted.spread
    )


def _longest(kind: str, lasted: Sequence[Lasted], assumed_s: float) -> Estimate:
    name, count = f"{kind}_longest_s", len(lasted)
    most_s = max((each.seconds for each in lasted), default=0.0)
    if most_s <= assumed_s:
        return estimate.kept(name, assumed_s, count, "none was longer")
    return Estimate(name=name, value=most_s, assumed=assumed_s, events=count)
