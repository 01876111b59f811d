"""What the centre has to bear in an outage: the hottest seconds, and the minutes after."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from agent.core.model import Scope
from agent.simulation.trials import planted, world
from agent.simulation.trials.case import Row, Trial, column, moment
from agent.simulation.trials.ours import Ours
from agent.simulation.trials.traces import Trace

HOTTEST_S = 5.0
SETTLED_S = 20.0
"""Seconds after a declaration in which the last orders run out."""
AFTER_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Runs a second of one service, in the hottest seconds of an outage and once it is declared."""

    name: str
    share: float
    hottest_per_s: float
    after_per_s: float
    trials: int = 60

    def play(self, seed: int) -> Trial:
        """One outage, until some minutes after its declaration."""
        setting, draw = world.setting("145"), random.Random(seed)
        start_s = moment(draw, setting)
        end_s = start_s + 900.0
        outage = planted.scattered(
            setting, draw, share=self.share, p1=1.0, start_s=start_s, end_s=end_s
        )
        trace = Trace(setting, seed, until_s=end_s, planted=outage.episodes)
        played = Ours(trace, learned=True, note_starts=True).play()
        delay_s = played.delay_s(Scope.NATIONAL, start_s)
        if delay_s is None:
            return Trial(measures={"hottest_per_s": inf, "after_per_s": inf})
        calm_s = start_s + delay_s + SETTLED_S
        after = sum(calm_s <= at_s < calm_s + AFTER_S for at_s in played.starts_s)
        return Trial(
            measures={
                "hottest_per_s": played.most_per_s(HOTTEST_S, start_s, end_s),
                "after_per_s": after / AFTER_S,
            }
        )

    def judge(self, trials: Sequence[Trial]) -> Row:
        """The worst of all trials."""
        hottest, after = (max(column(trials, name)) for name in ("hottest_per_s", "after_per_s"))
        return Row(
            case=self.name,
            measured=f"{hottest:.1f}/s in {HOTTEST_S:g} s, {after:.2f}/s after the declaration",
            limit=f"{self.hottest_per_s:g}/s, {self.after_per_s:g}/s",
            holds=hottest <= self.hottest_per_s and after <= self.after_per_s,
            numbers={"hottest_per_s": hottest, "after_per_s": after},
        )
