"""What befalls the offices in a stretch of time, by seed: bursts, regional outages, blips, weather.

Offices are places in the roster, 0 to N-1. Times are seconds since the beginning of the stretch;
what began before it and is still there is part of it, so that a short stretch is as troubled as any
minute of a year. The troubles of one kind do not depend on the others.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from agent.core.model import Branch, Channel
from agent.simulation.trials.world import YEAR_S, Setting, World


class Kind(StrEnum):
    """What an episode is."""

    BURST = "burst"
    REGIONAL = "regional"
    BLIP = "blip"
    WEATHER = "weather"
    PLANTED = "planted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A trouble of some offices."""

    kind: Kind
    start_s: float
    end_s: float
    offices: tuple[int, ...] | None = None
    """None: all of them."""
    p: float = 0.0
    """Probability that a result is bad, unless something else makes it higher."""
    p0_factor: float = 1.0
    """What multiplies an office's own background meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What sets one office apart in good times."""

    p0: float
    slow_p0: float
    bursts_per_year: float
    lag_least_s: float

    def background(self, channel: Channel) -> float:
        """Its own rate of bad results in a channel."""
        return self.p0 if channel is Channel.FAIL else self.slow_p0


def offices(setting: Setting, seed: int) -> tuple[Office, ...]:
    """The offices of a roster, drawn anew for each seed."""
    world, draw = setting.world, random.Random(f"{seed}/offices")
    return tuple(_office(world, draw) for _ in setting.branches)


def _office(world: World, draw: random.Random) -> Office:
    # One factor for both channels: an office with a bad line is bad in both.
    own = draw.lognormvariate(0.0, world.p0_sigma)
    laggard = draw.random() < world.laggard_share
    late_s = draw.uniform(world.laggard_least_s, world.laggard_most_s)
    return Office(
        p0=min(world.p0_most, max(world.p0_least, world.p0_median * own)),
        slow_p0=min(world.slow_p0_most, max(world.slow_p0_least, world.slow_p0_median * own)),
        bursts_per_year=world.bursts_per_office
        * draw.gammavariate(world.burst_shape, 1.0 / world.burst_shape),
        lag_least_s=late_s if laggard else world.lag_least_s,
    )


def nuisance(setting: Setting, seed: int, until_s: float) -> list[Episode]:
    """Everything that befalls a roster from 0 to ``until_s``, nothing of it a national outage."""
    world = setting.world
    episodes = [
        *_bursts(setting, seed, until_s),
        *_regionals(setting, seed, until_s),
        *_blips(world, random.Random(f"{seed}/blips"), until_s),
        *_weathers(world, random.Random(f"{seed}/weathers"), until_s),
    ]
    return [episode for episode in episodes if episode.end_s > 0.0]


def _moments(draw: random.Random, per_year: float, since_s: float, until_s: float) -> list[float]:
    """The moments of a Poisson process, in order."""
    moments: list[float] = []
    if per_year <= 0.0:
        return moments
    at_s = since_s + draw.expovariate(per_year / YEAR_S)
    while at_s < until_s:
        moments.append(at_s)
        at_s += draw.expovariate(per_year / YEAR_S)
    return moments


def _lasting(draw: random.Random, median_s: float, sigma: float, longest_s: float) -> float:
    return min(longest_s, draw.lognormvariate(math.log(median_s), sigma))


def _solid_or_not(draw: random.Random, solid_share: float, least: float, most: float) -> float:
    p = draw.uniform(least, most)
    return 1.0 if draw.random() < solid_share else p


def _bursts(setting: Setting, seed: int, until_s: float) -> Iterator[Episode]:
    world, draw = setting.world, random.Random(f"{seed}/bursts")
    for place, office in enumerate(offices(setting, seed)):
        for start_s in _moments(draw, office.bursts_per_year, -world.burst_longest_s, until_s):
            lasting_s = _lasting(
                draw, world.burst_median_s, world.burst_sigma, world.burst_longest_s
            )
            yield Episode(
                kind=Kind.BURST,
                start_s=start_s,
                end_s=start_s + lasting_s,
                offices=(place,),
                p=_solid_or_not(
                    draw, world.burst_solid_share, world.burst_p_least, world.burst_p_most
                ),
            )


def _regionals(setting: Setting, seed: int, until_s: float) -> Iterator[Episode]:
    world, draw = setting.world, random.Random(f"{seed}/regionals")
    for start_s in _moments(draw, world.regionals, -world.regional_longest_s, until_s):
        lasting_s = _lasting(
            draw, world.regional_median_s, world.regional_sigma, world.regional_longest_s
        )
        yield Episode(
            kind=Kind.REGIONAL,
            start_s=start_s,
            end_s=start_s + lasting_s,
            offices=regional_offices(setting, draw),
            p=_solid_or_not(
                draw, world.regional_solid_share, world.regional_p_least, world.regional_p_most
            ),
        )


def regional_offices(setting: Setting, draw: random.Random) -> tuple[int, ...]:
    """Some offices of one province or one carrier, all of a group that is too small.

    Of groups that are large enough a larger one is as likely as it is large: it is an office's
    neighbourhood that fails.
    """
    world = setting.world
    by_province = draw.random() < world.regional_by_province
    groups = _groups(setting.branches, _province if by_province else _carrier)
    wanted = draw.randint(world.regional_fewest, world.regional_most)
    large = [group for group in groups if len(group) >= world.regional_fewest] or groups
    group = draw.choices(large, weights=[len(each) for each in large])[0]
    return tuple(sorted(draw.sample(group, min(wanted, len(group)))))


def _province(branch: Branch) -> str:
    return branch.province


def _carrier(branch: Branch) -> str:
    return branch.carrier or branch.province


def _groups(branches: Sequence[Branch], name: Callable[[Branch], str]) -> list[list[int]]:
    groups: dict[str, list[int]] = {}
    for place, branch in enumerate(branches):
        groups.setdefault(name(branch), []).append(place)
    return list(groups.values())


def _blips(world: World, draw: random.Random, until_s: float) -> Iterator[Episode]:
    first_s = -(2 * world.blip_longest_s + world.blip_pause_most_s)
    for start_s in _moments(draw, world.blips, first_s, until_s):
        lasting_s = draw.uniform(world.blip_shortest_s, world.blip_longest_s)
        pause_s = draw.uniform(world.blip_pause_least_s, world.blip_pause_most_s)
        yield blip(start_s, lasting_s)
        if draw.random() < world.blip_double_share:
            yield blip(start_s + lasting_s + pause_s, lasting_s)


def blip(start_s: float, lasting_s: float) -> Episode:
    """The whole nation fails, for some seconds."""
    return Episode(kind=Kind.BLIP, start_s=start_s, end_s=start_s + lasting_s, p=1.0)


def _weathers(world: World, draw: random.Random, until_s: float) -> Iterator[Episode]:
    for start_s in _moments(draw, world.weathers, -world.weather_longest_s, until_s):
        lasting_s = _lasting(
            draw, world.weather_median_s, world.weather_sigma, world.weather_longest_s
        )
        yield Episode(
            kind=Kind.WEATHER,
            start_s=start_s,
            end_s=start_s + lasting_s,
            p0_factor=world.weather_factor,
        )
