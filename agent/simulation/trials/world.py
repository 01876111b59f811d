"""The world of the trials: a roster, its budget, and how often which trouble comes.

Assumptions, not field data. Every rate is a field of its own, so that it can be fitted to what a
real nation shows. Rates are per year of 365.25 days, durations in seconds; those said to have a
median and a sigma are lognormal, sigma being that of the logarithm.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from agent.config import translate
from agent.config.loading import load_nation
from agent.core import schedule
from agent.core.model import Branch
from agent.simulation.play_settings import NATION_FILE

YEAR_S = 365.25 * 86_400.0
ISLANDS = 5
"""Islands of an invented roster: neighbouring provinces share one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """How often which trouble comes, how long it stays and how bad it is."""

    # Background: every office has its own rate of bad results in good times.
    p0_median: float = 0.0035
    p0_least: float = 0.001
    p0_most: float = 0.05
    slow_p0_median: float = 0.009
    """The same for the slow channel, in which a slow result is bad too."""
    slow_p0_least: float = 0.0025
    slow_p0_most: float = 0.1
    p0_sigma: float = 0.8

    # Bursts: one office in trouble of its own, which its near controls do not see.
    bursts_per_office: float = 40.0
    burst_shape: float = 2.0
    """Offices differ: each one's rate of bursts is gamma distributed with this shape."""
    burst_median_s: float = 900.0
    burst_sigma: float = 1.2
    burst_longest_s: float = 6 * 3600.0
    burst_solid_share: float = 0.5
    """Share of bursts in which every result is bad; in the others p is uniform between these."""
    burst_p_least: float = 0.2
    burst_p_most: float = 0.95

    # Regional outages: some offices of one province or carrier.
    regionals: float = 46.0
    regional_fewest: int = 5
    regional_most: int = 12
    regional_by_province: float = 0.7
    """Share of regional outages that follow a province; the others follow a carrier."""
    regional_median_s: float = 1200.0
    regional_sigma: float = 1.0
    regional_longest_s: float = 6 * 3600.0
    regional_solid_share: float = 0.5
    regional_p_least: float = 0.4
    regional_p_most: float = 0.95

    # Blips: the whole nation for some seconds, which nobody wants to hear of.
    blips: float = 100.0
    blip_shortest_s: float = 2.0
    blip_longest_s: float = 10.0
    blip_double_share: float = 0.1
    """Share of blips that come twice, as a rolling restart does, with a pause between these."""
    blip_pause_least_s: float = 20.0
    blip_pause_most_s: float = 60.0

    # Weather: every office's background rises together.
    weathers: float = 20.0
    weather_median_s: float = 7200.0
    weather_sigma: float = 0.7
    weather_longest_s: float = 12 * 3600.0
    weather_factor: float = 3.0

    # Reports.
    lost_share: float = 0.01
    """Share of probes of which no result ever comes."""
    lag_least_s: float = 0.3
    lag_mean_s: float = 0.7
    """Beyond the least; exponential."""
    laggard_share: float = 0.03
    """Share of offices whose least lag is uniform between the next two."""
    laggard_least_s: float = 10.0
    laggard_most_s: float = 40.0

    @property
    def longest_s(self) -> float:
        """No trouble lasts longer, so nothing that began earlier than this is still there."""
        return max(self.burst_longest_s, self.regional_longest_s, self.weather_longest_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Who probes, how hard, and in what world."""

    name: str
    branches: tuple[Branch, ...]
    world: World = field(default_factory=World)
    base_runs_per_s: float = 2.0
    ceiling_runs_per_s: float = 8.0

    @property
    def size(self) -> int:
        """Offices of the roster, N."""
        return len(self.branches)

    @property
    def period_s(self) -> float:
        """Seconds between two base probes of one office, T."""
        return schedule.period_s(self.size, self.base_runs_per_s)


def setting(name: str, *, base_runs_per_s: float = 2.0, ceiling_runs_per_s: float = 8.0) -> Setting:
    """The setting of a name: ``145``, ``real``, ``20`` or ``1000``.

    ``real`` has the offices and provinces of the nation's example file and, since carriers are not
    known, 12 invented ones. Troubles of single offices and of the nation come as often everywhere;
    regional outages grow with the roster.
    """
    base = Setting(name=name, branches=_ROSTERS[name](), world=_WORLDS[name])
    return replace(base, base_runs_per_s=base_runs_per_s, ceiling_runs_per_s=ceiling_runs_per_s)


def invented(size: int, provinces: int, carriers: int) -> tuple[Branch, ...]:
    """A roster of offices dealt evenly to provinces and, independently, to carriers."""
    branches = [
        Branch(
            id=f"office-{place:04d}",
            name=f"Office {place}",
            province=f"Province {place % provinces}",
            island=f"Island {place % provinces * ISLANDS // provinces}",
            zone="Asia/Jakarta",
        )
        for place in range(size)
    ]
    return with_carriers(branches, carriers)


def with_carriers(branches: Sequence[Branch], carriers: int) -> tuple[Branch, ...]:
    """The same offices, dealt evenly to so many carriers: in the same way every time."""
    dealt = [place % carriers for place in range(len(branches))]
    random.Random("carriers").shuffle(dealt)
    return tuple(
        replace(branch, carrier=f"Carrier {carrier}")
        for branch, carrier in zip(branches, dealt, strict=True)
    )


def real() -> tuple[Branch, ...]:
    """The offices of the nation's example file, with invented carriers."""
    return with_carriers(translate.branches(load_nation(NATION_FILE)), 12)


_ROSTERS: Mapping[str, Callable[[], tuple[Branch, ...]]] = {
    "145": lambda: invented(145, 14, 12),
    "real": real,
    "20": lambda: invented(20, 5, 4),
    "1000": lambda: invented(1000, 60, 40),
}
_WORLDS = {
    "145": World(),
    "real": World(),
    "20": World(regionals=15.0, regional_fewest=3, regional_most=6),
    "1000": World(regionals=317.0),
}
