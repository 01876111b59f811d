"""Cases of what must not be told, or told once: blips, and an outage that comes and goes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from agent.core.model import Scope
from agent.simulation.trials import planted, world
from agent.simulation.trials.case import Row, Trial, column, moment
from agent.simulation.trials.ours import Ours
from agent.simulation.trials.traces import Trace

PAUSE_S = (20.0, 60.0)
"""Least and most between the two halves of a double blip: a rolling restart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blip:
    """The whole nation fails for a moment, once or twice: how often is it called national?"""

    name: str
    lasting_s: float
    least_share: float = 0.0
    most_share: float = 1.0
    """Of the trials that may be called national."""
    double: bool = False
    trials: int = 200

    def play(self, seed: int) -> Trial:
        """One of them, and ten minutes after it began."""
        setting, draw = world.setting("145"), random.Random(seed)
        start_s = moment(draw, setting)
        pause_s = draw.uniform(*PAUSE_S) if self.double else 0.0
        trouble = planted.blips(setting, start_s=start_s, lasting_s=self.lasting_s, pause_s=pause_s)
        trace = Trace(setting, seed, until_s=start_s + 600.0, planted=trouble.episodes)
        played = Ours(trace, learned=True).play(until_national=True)
        return Trial(
            measures={"national": float(played.delay_s(Scope.NATIONAL, start_s) is not None)}
        )

    def judge(self, trials: Sequence[Trial]) -> Row:
        """How many were called national."""
        told = int(sum(column(trials, "national")))
        least, most = self.least_share * len(trials), self.most_share * len(trials)
        limit = f"at most {self.most_share:.0%}"
        if self.least_share > 0.0:
            limit = f"at least {self.least_share:.0%}"
        return Row(
            case=self.name,
            measured=f"{told} of {len(trials)} national",
            limit=limit,
            holds=least <= told <= most,
            numbers={"national": told, "trials": len(trials)},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Flap:
    """An outage that comes and goes for twenty minutes: how many incidents is it?"""

    name: str
    on_s: float
    off_s: float
    trials: int = 100

    def play(self, seed: int) -> Trial:
        """All of it, and ten minutes after."""
        setting, draw = world.setting("145"), random.Random(seed)
        start_s = moment(draw, setting)
        whole = planted.scattered(
            setting, draw, share=1.0, p1=1.0, start_s=start_s, end_s=start_s + 1200.0
        )
        trouble = whole.flapping(self.on_s, self.off_s)
        trace = Trace(setting, seed, until_s=trouble.end_s + 600.0, planted=trouble.episodes)
        played = Ours(trace, learned=True).play()
        return Trial(measures={"told": float(len(played.declared(Scope.NATIONAL, start_s)))})

    def judge(self, trials: Sequence[Trial]) -> Row:
        """Exactly one, always."""
        once = sum(told == 1 for told in column(trials, "told"))
        return Row(
            case=self.name,
            measured=f"exactly one in {once} of {len(trials)}",
            limit="exactly one in all",
            holds=once == len(trials),
            numbers={"once": once, "trials": len(trials)},
        )
