"""What each number of the world is called, for people, and how it is written."""

from __future__ import annotations

from collections.abc import Callable

_MINUTE_S = 60.0
_LONG_S = 120.0
_LARGE = 1000.0
_Written = Callable[[float], str]


def share(value: float) -> str:
    """``0.35 %``."""
    return f"{100.0 * value:.3g} %"


def number(value: float) -> str:
    """Three digits, and no exponent."""
    return f"{value:,.0f}" if value >= _LARGE else f"{value:.3g}"


def count(value: float) -> str:
    """A whole number."""
    return f"{value:.0f}"


def per_year(value: float) -> str:
    """``40 a year``."""
    return f"{number(value)} a year"


def seconds(value: float) -> str:
    """``8.5 s``, ``15 min``."""
    if value < _LONG_S:
        return f"{value:.3g} s"
    return f"{value / _MINUTE_S:.0f} min"


NAMES: dict[str, tuple[str, _Written]] = {
    "p0_median": ("background, failing: the middle office", share),
    "p0_least": ("  the best office", share),
    "p0_most": ("  the worst office", share),
    "p0_sigma": ("  spread over offices, sigma", number),
    "slow_p0_median": ("background, slow: the middle office", share),
    "slow_p0_least": ("  the best office", share),
    "slow_p0_most": ("  the worst office", share),
    "bursts_per_office": ("bursts of one office", per_year),
    "burst_median_s": ("  half of them last", seconds),
    "burst_sigma": ("  spread of durations, sigma", number),
    "burst_longest_s": ("  none lasts longer than", seconds),
    "burst_solid_share": ("  every result is bad in", share),
    "regionals": ("regional outages", per_year),
    "regional_median_s": ("  half of them last", seconds),
    "regional_sigma": ("  spread of durations, sigma", number),
    "regional_longest_s": ("  none lasts longer than", seconds),
    "regional_solid_share": ("  every result is bad in", share),
    "regional_fewest": ("  fewest offices", count),
    "regional_most": ("  most offices", count),
    "regional_by_province": ("  follow a province", share),
    "blips": ("blips of the nation", per_year),
    "blip_shortest_s": ("  the shortest", seconds),
    "blip_longest_s": ("  the longest", seconds),
    "blip_double_share": ("  come twice", share),
    "blip_pause_least_s": ("  after at least", seconds),
    "blip_pause_most_s": ("  and at most", seconds),
    "weathers": ("weather", per_year),
    "weather_median_s": ("  half of it lasts", seconds),
    "weather_sigma": ("  spread of durations, sigma", number),
    "weather_longest_s": ("  none lasts longer than", seconds),
    "weather_factor": ("  multiplies the background by", number),
    "lost_share": ("results that never come", share),
    "lag_least_s": ("a result reaches the leader after", seconds),
    "lag_mean_s": ("  and in the mean so much more", seconds),
    "laggard_share": ("offices that are always late", share),
    "laggard_least_s": ("  by at least", seconds),
    "laggard_most_s": ("  and at most", seconds),
}
"""Field of the world -> words, and how its value is written. In the order in which it is shown."""
