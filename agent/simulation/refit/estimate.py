"""What is known of one number of the world: its value, how sure it is, or why it is only assumed.

A rate rests on a count of events. With fewer than ``FEWEST`` of them, and as few due under the
assumption, the recording is too short to tell, and the assumption stays. With none where some were
due, half an event is put down: a world without any such trouble would promise too much.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

from agent.simulation.trials.statistics import (
    Interval,
    binomial_interval,
    percentile,
    poisson_interval,
)

FEWEST = 3
"""Events from which a rate is read; so few are less than one in twenty likely where six are due."""
FEWEST_OF_A_KIND = 8
"""Events from which a median, a spread or a share is read."""
EXACT = 5_000
"""Of more events than this the interval is the normal one, which no longer differs."""
_NORMAL = 1.96
_OF_A_SPREAD = 0.96
"""Standard error of a sigma read from two percentiles, in sigmas over the root of the count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One field of :class:`agent.simulation.trials.world.World`."""

    name: str
    value: float
    """For the fitted world."""
    assumed: float
    events: int
    interval: Interval | None = None
    """Of 95 % confidence; None of an extreme and of what is assumed."""
    kept: str = ""
    """Why the assumption stays; empty when it does not."""


def kept(name: str, assumed: float, events: int, why: str) -> Estimate:
    """The assumption stays."""
    return Estimate(name=name, value=assumed, assumed=assumed, events=events, kept=why)


def rate(name: str, events: int, exposure: float, *, assumed: float, seen: float = 1.0) -> Estimate:
    """Events per unit of exposure, of which only the share ``seen`` can be found."""
    due = assumed * exposure * seen
    if events < FEWEST and due < FEWEST:
        return kept(name, assumed, events, f"{events} seen, {due:.1f} due")
    return Estimate(
        name=name,
        value=max(events, 0.5) / (exposure * seen),
        assumed=assumed,
        events=events,
        interval=count_interval(events, exposure * seen),
    )


def share(name: str, hits: int, of: int, *, assumed: float) -> Estimate:
    """A share of events."""
    if of < FEWEST_OF_A_KIND:
        return kept(name, assumed, of, few(FEWEST_OF_A_KIND))
    if max(hits, assumed * of) < FEWEST:
        return kept(name, assumed, of, f"{hits} seen, {assumed * of:.1f} due")
    return Estimate(
        name=name,
        value=max(hits, 0.5) / of,
        assumed=assumed,
        events=of,
        interval=share_interval(hits, of),
    )


def extreme(name: str, value: float, events: int, *, assumed: float) -> Estimate:
    """The least or the most that was seen; nobody knows what was not."""
    if events < FEWEST_OF_A_KIND:
        return kept(name, assumed, events, few(FEWEST_OF_A_KIND))
    return Estimate(name=name, value=value, assumed=assumed, events=events)


def ends(
    names: tuple[str, str], values: Sequence[float], *, assumed: tuple[float, float]
) -> Iterator[Estimate]:
    """Both ends of a uniform distribution: a little beyond what was seen, as its size demands."""
    beyond = (max(values) - min(values)) / (len(values) - 1) if len(values) > 1 else 0.0
    seen = (max(0.0, min(values) - beyond), max(values) + beyond) if values else assumed
    for name, value, each in zip(names, seen, assumed, strict=True):
        yield extreme(name, value, len(values), assumed=each)


def few(needed: int) -> str:
    """Why a number is not read."""
    return f"at least {needed} are needed"


def count_interval(events: int, exposure: float = 1.0) -> Interval:
    """Of a rate: Garwood's."""
    if events <= EXACT:
        return poisson_interval(events, exposure)
    off = _NORMAL * sqrt(events)
    return Interval(low=(events - off) / exposure, high=(events + off) / exposure)


def share_interval(hits: int, of: int) -> Interval:
    """Of a share: Clopper's and Pearson's."""
    if min(hits, of - hits) <= EXACT:
        rare = binomial_interval(min(hits, of - hits), of)
        if 2 * hits <= of:
            return rare
        return Interval(low=1.0 - rare.high, high=1.0 - rare.low)
    off = _NORMAL * sqrt(hits * (of - hits) / of)
    return Interval(low=(hits - off) / of, high=(hits + off) / of)


def median_interval(values: Sequence[float]) -> Interval:
    """Of a median, whatever the distribution: two of the values themselves."""
    ranked, size = sorted(values), len(values)
    place = round(size / 2 - _NORMAL * sqrt(size) / 2)
    return Interval(low=ranked[max(0, place - 1)], high=ranked[min(size - 1, size - max(1, place))])


def spread(logs: Sequence[float], noise: float = 0.0) -> float:
    """Sigma of logarithms, by the values one sigma off the median: a few wild ones do not matter.

    ``noise`` is the variance that counting adds.
    """
    sigma = (percentile(logs, 0.841) - percentile(logs, 0.159)) / 2.0
    return sqrt(max(0.01, sigma * sigma - noise))


def spread_interval(sigma: float, size: int) -> Interval:
    """Of such a sigma: nearly, and better the more values there are."""
    off = _OF_A_SPREAD * _NORMAL / sqrt(size)
    return Interval(low=sigma / (1.0 + off), high=sigma * (1.0 + off))
