"""Which share of troubles of one office is found at all: played, and looked for in the same way.

Short troubles, and mild ones that do not last, stay below what makes an episode, or seem shorter
than what is counted. How many, follows from what was found: troubles like those are drawn, an
office with the background of one of the recorded ones probes through them as offices do (at its
slots, and soon again after a bad result), and the very same search looks for them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from agent.core.tuning import Tuning
from agent.simulation.refit import bursts
from agent.simulation.refit.history import Bad

DRAWN = 400
"""Of each kind; enough for a share that is known to two in a hundred."""
_LEAST_SHARE = 0.05
_AFTERWARDS = 60
"""Results after its end, in which the search finds that it is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What is drawn: as in the world."""

    median_s: float
    sigma: float
    longest_s: float
    p_least: float
    p_most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Findable:
    """Shares of those that are found."""

    solid: float
    partial: float

    def share(self, solid_share: float) -> float:
        """Of all, where that share of all is solid."""
        return solid_share * self.solid + (1.0 - solid_share) * self.partial

    def among_all(self, solid_share: float) -> float:
        """The share of solid ones among all, from that among those that are found."""
        solid, partial = solid_share / self.solid, (1.0 - solid_share) / self.partial
        return solid / (solid + partial)


def findable(
    trouble: Trouble, *, rates: Sequence[float], period_s: float, seen_s: float
) -> Findable:
    """How many of such troubles are found and seem to last ``seen_s`` or more.

    ``rates`` are the offices' backgrounds, of which one is drawn for each trouble.
    """

    def share(*, solid: bool) -> float:
        """The same numbers are drawn for both kinds."""
        found = 0
        for number in range(DRAWN):
            draw = random.Random(number)
            p0, p = draw.choice(rates), draw.uniform(trouble.p_least, trouble.p_most)
            lasting_s = draw.lognormvariate(log(trouble.median_s), trouble.sigma)
            bads = _results(
                draw, min(trouble.longest_s, lasting_s), 1.0 if solid else p, p0, period_s
            )
            told = bursts.tell(bads, p0=p0, period_s=period_s)
            found += any(each.lasted.seconds >= seen_s for each in told.episodes)
        return max(_LEAST_SHARE, found / DRAWN)

    return Findable(solid=share(solid=True), partial=share(solid=False))


def _results(
    draw: random.Random, lasting_s: float, p: float, p0: float, period_s: float
) -> list[Bad]:
    """The bad results of an office through one trouble, which begins at 0."""
    pace = Tuning()
    slot_s = at_s = draw.uniform(0.0, period_s)
    bads: list[Bad] = []
    good, hurried, afterwards = 0, 0, 0
    good_s: float | None = at_s - period_s
    while afterwards < _AFTERWARDS:
        rate = p if at_s < lasting_s else p0
        if draw.random() < rate:
            bads.append(Bad(at_s=at_s, good_before=good, before_s=good_s))
            good, good_s = 0, None
        else:
            if bads and not good:
                bads[-1].after_s = at_s
            good, good_s = good + 1, at_s
        afterwards += at_s >= lasting_s
        if at_s >= slot_s:
            slot_s, hurried = slot_s + period_s, 0
        # Evidence lasts about as long as an office may hurry.
        hurries = bool(bads) and good < 2 * pace.reprobe_limit and hurried < pace.reprobe_limit
        next_s = min(slot_s, at_s + pace.reprobe_s) if hurries else slot_s
        hurried += hurries and next_s < slot_s
        at_s = next_s
    return bads
