"""Weather: stretches in which every office's background rises together.

Background results of all offices are counted in bins of ten minutes and held against the nation's
rate with the sum of the log likelihood ratio, ``FACTOR`` times as many against as many as usual. A
stretch counts if the sum reached ``ENOUGH``, which chance does about once in some years. Weather of
less than half an hour is not seen, nor a rise of less than half; the ordinary rise of busy hours,
if it is larger, is seen as weather, which is what it is to a detector.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log

from agent.simulation.refit import estimate, troubles
from agent.simulation.refit.estimate import Estimate
from agent.simulation.refit.history import BIN_S
from agent.simulation.refit.lasting import Lasted
from agent.simulation.trials.spells import Spell
from agent.simulation.trials.world import World

FACTOR = 2.0
ENOUGH = 12.0
SEEN_S = 1800.0
_ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """One stretch."""

    start_s: float
    end_s: float
    bad: int
    due: float
    """As many would have been bad at the usual rate."""
    whole: bool
    """It began and ended while the nation was watched."""

    @property
    def spell(self) -> Spell:
        """The time alone."""
        return (self.start_s, self.end_s)

    @property
    def lasted(self) -> Lasted:
        """How long."""
        return Lasted(seconds=self.end_s - self.start_s, whole=self.whole)


def find(bad_s: Iterable[float], results: Mapping[int, int]) -> list[Weather]:
    """All of it, from the moments of bad results and the number of results in each bin."""
    bad = Counter(int(at_s // BIN_S) for at_s in bad_s)
    found: list[Weather] = []
    for _ in range(_ROUNDS):
        # What is weather raises the rate that it is held against: look again without it.
        calm = [number for number in results if not _inside(number, found)]
        total = sum(results[number] for number in calm)
        if not total:
            return found
        usual = max(0.5, sum(bad[number] for number in calm)) / total
        found = list(_stretches(bad, results, usual))
    return found


def _inside(number: int, found: Iterable[Weather]) -> bool:
    at_s = (number + 0.5) * BIN_S
    return any(each.start_s <= at_s < each.end_s for each in found)


def _stretches(
    bad: Mapping[int, int], results: Mapping[int, int], usual: float
) -> Iterator[Weather]:
    bins = sorted(results)
    at = 0
    while at < len(bins):
        first = last = at
        level = best = 0.0
        while at < len(bins) and (at == first or bins[at] == bins[at - 1] + 1):
            level += bad.get(bins[at], 0) * log(FACTOR) - results[bins[at]] * usual * (FACTOR - 1.0)
            if level <= max(0.0, best - ENOUGH):
                break
            if level > best:
                last, best = at, level
            at += 1
        if best < ENOUGH:
            at = max(at, first + 1)
            continue
        inside = bins[first : last + 1]
        yield Weather(
            start_s=inside[0] * BIN_S,
            end_s=(inside[-1] + 1) * BIN_S,
            bad=sum(bad.get(each, 0) for each in inside),
            due=usual * sum(results[each] for each in inside),
            whole=bins[0] < inside[0] and inside[-1] < bins[-1],
        )
        at = last + 1


def estimates(found: Sequence[Weather], years: float, assumed: World) -> Iterator[Estimate]:
    """How often it comes, how long it stays, and how much worse it makes everything."""
    lasted = [each.lasted for each in found if each.lasted.seconds >= SEEN_S]
    durations = troubles.durations("weather", lasted, SEEN_S, assumed)
    yield estimate.rate(
        "weathers",
        len(lasted),
        years,
        assumed=assumed.weathers,
        seen=durations.lasting.seen(SEEN_S),
    )
    yield from durations.estimates
    if len(found) < estimate.FEWEST:
        why = estimate.few(estimate.FEWEST)
        yield estimate.kept("weather_factor", assumed.weather_factor, len(found), why)
        return
    due, bad = sum(each.due for each in found), sum(each.bad for each in found)
    yield Estimate(
        name="weather_factor",
        value=bad / due,
        assumed=assumed.weather_factor,
        events=len(found),
        interval=estimate.count_interval(bad, due),
    )
