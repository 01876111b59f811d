"""Single offices in trouble: where an episode begins and ends, and what remains as background.

An episode is a stretch of one office's results in which bad ones come too close for its own
background. It is looked for with the sum of the log likelihood ratio (Page 1954), bad at ``P1``
against bad at the office's rate: it begins where the sum last left zero, ends with the bad result
that made it largest, and counts if it reached ``ln(results of a year)``, so that background alone
makes at most one a year at an office. At an ordinary office that takes three bad results in a row,
at one with a bad line five; one or two bad results in passing, and episodes that are over by then,
are background, and make it a little larger than it is. So is a trouble that hits one result in six
or fewer.

Nobody sees the beginning: the result before was good and the first one bad. An episode that hits
every result began half a distance before; one that hits a share p began, in the mean,
``1/p - 1/2`` distances before, and ends as long after its last bad result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

from agent.simulation.refit.history import Bad
from agent.simulation.refit.lasting import Lasted
from agent.simulation.trials.statistics import Interval
from agent.simulation.trials.world import YEAR_S

P1 = 0.3
"""Half of the results of the mildest trouble worth finding would be 0.1 here, and drift down."""
STRAY = 2.0
"""Nats by which a bad result at an edge must outweigh the good ones between, else it is a stray; or
half of what it weighs, if that is less."""
_STEPS = 40
_SOLID_BAD = 0.995
_STRAYS = 0.025
_STRAY_GAP = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A trouble of one office."""

    start_s: float
    end_s: float
    bad: int
    good: int
    """Good results between the first bad one and the last."""
    edges: tuple[int, int]
    """Of these, how many come after the first bad one and before the last."""
    begun: bool
    """False: it was going on already when the office was first heard, or heard again."""
    ended: bool
    """False: it was still going on when the recording broke off."""

    @property
    def lasted(self) -> Lasted:
        """How long, as far as it was seen."""
        return Lasted(seconds=max(1.0, self.end_s - self.start_s), whole=self.begun and self.ended)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An office's bad results, each laid to an episode or to its background."""

    episodes: tuple[Found, ...]
    background: tuple[Bad, ...]
    inside: int
    """Results inside of episodes, bad and good."""


def threshold(period_s: float) -> float:
    """How much evidence makes an episode, nats."""
    return log(YEAR_S / period_s)


def tell(bads: Sequence[Bad], *, p0: float, period_s: float) -> Told:
    """Tell an office's episodes from its background, of which ``p0`` is the rate."""
    found = list(_excursions(bads, p0, threshold(period_s)))
    inside = {place for first, last in found for place in range(first, last + 1)}
    return Told(
        episodes=tuple(_episode(bads, first, last, period_s) for first, last in found),
        background=tuple(bad for place, bad in enumerate(bads) if place not in inside),
        inside=len(inside)
        + sum(bads[at].good_before for first, last in found for at in range(first + 1, last + 1)),
    )


def _excursions(bads: Sequence[Bad], p0: float, enough: float) -> Iterator[tuple[int, int]]:
    """The first and the last bad result of every episode."""
    up, down = log(P1 / min(p0, P1 / 2.0)), log((1.0 - min(p0, P1 / 2.0)) / (1.0 - P1))
    stray = min(STRAY, up / 2.0)
    at = 0
    while at < len(bads):
        first = last = at
        level = best = up
        at += 1
        while at < len(bads) and not bads[at].after_hole:
            level -= bads[at].good_before * down
            if level <= max(0.0, best - enough):
                break
            level += up
            if level >= best + stray:
                last, best = at, level
            at += 1
        if best >= enough:
            while first < last and bads[first + 1].good_before * down > up - stray:
                first += 1
            yield first, last
            at = last + 1


def _episode(bads: Sequence[Bad], first: int, last: int, period_s: float) -> Found:
    begin, end = bads[first], bads[last]
    gaps = [bad.good_before for bad in bads[first + 1 : last + 1]]
    count, good = last - first + 1, sum(gaps)
    distances = (count - 1 + good) / max(1, count - 1) - 0.5
    follows = bads[last + 1] if last + 1 < len(bads) else None
    broken_off = end.after_s is None and (follows is None or follows.after_hole)
    before_s = min(period_s, begin.at_s - begin.before_s) if begin.before_s is not None else 0.0
    after_s = min(period_s, end.after_s - end.at_s) if end.after_s is not None else 0.0
    return Found(
        start_s=begin.at_s - before_s * distances,
        end_s=end.at_s + after_s * distances,
        bad=count,
        good=good,
        edges=(gaps[0], gaps[-1]) if gaps else (0, 0),
        begun=not begin.after_hole,
        ended=not broken_off,
    )


# --- how many of them hit every result


def solid_share(episodes: Sequence[Found], p_least: float, p_most: float) -> tuple[float, Interval]:
    """The likeliest share of episodes in which every result is bad, and its profile interval.

    In the others p is uniform, as in the world: of those some look solid, too.
    """
    weights = [(_if_solid(each), _if_partial(each, p_least, p_most)) for each in episodes]
    table: Mapping[float, float] = {
        place / 200.0: sum(
            log(max(1e-300, place / 200.0 * solid + (1.0 - place / 200.0) * partial))
            for solid, partial in weights
        )
        for place in range(201)
    }
    best = max(table, key=lambda each: table[each])
    near = [each for each, value in table.items() if value >= table[best] - 1.92]
    return best, Interval(low=min(near), high=max(near))


def _if_solid(found: Found) -> float:
    """A stray bad result of the background may stand at an edge, some good ones apart."""
    bad = _SOLID_BAD ** max(0, found.bad - 2)
    pure = (1.0 - 2.0 * _STRAYS) * (1.0 - _SOLID_BAD) ** found.good
    stray = sum(_STRAYS / _STRAY_GAP for edge in found.edges if 0 < found.good == edge)
    return bad * (pure + stray)


def _if_partial(found: Found, p_least: float, p_most: float) -> float:
    free = max(0, found.bad - 2)
    steps = (p_least + (p_most - p_least) * (step + 0.5) / _STEPS for step in range(_STEPS))
    return sum(exp(free * log(p) + found.good * log(1.0 - p)) for p in steps) / _STEPS
