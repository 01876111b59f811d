"""Cases of an incident's end, and of an outage that has hardly a beginning."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from agent.core.model import Scope
from agent.simulation.trials import planted, world
from agent.simulation.trials.case import Row, Trial, column, in_seconds, moment, or_never
from agent.simulation.trials.ours import Ours
from agent.simulation.trials.statistics import median, p95
from agent.simulation.trials.traces import Trace

LIMITS: Mapping[str, float] = {"recovering_s": 90.0, "closed_s": 150.0, "written_s": 15.0}
"""Seconds at the 95th percentile: shown as recovering and closed after the true end; and how far
the end that is written may be from the true one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """An incident of half an hour: when is its end seen, told, and written?"""

    name: str
    share: float
    p1: float
    trials: int = 50

    def play(self, seed: int) -> Trial:
        """One incident, and twenty minutes after it."""
        setting, draw = world.setting("145"), random.Random(seed)
        start_s = moment(draw, setting)
        end_s = start_s + 1800.0
        outage = planted.scattered(
            setting, draw, share=self.share, p1=self.p1, start_s=start_s, end_s=end_s
        )
        trace = Trace(setting, seed, until_s=end_s + 1200.0, planted=outage.episodes)
        told = Ours(trace, learned=True).play().declared(Scope.NATIONAL, start_s)
        if not told or told[0].closed_s is None:
            return Trial(measures={"early": 0.0, **dict.fromkeys(LIMITS, inf)})
        first = told[0]
        return Trial(
            measures={
                "early": float(told[0].closed_s < end_s),
                "recovering_s": or_never(first.recovering_s) - end_s,
                "closed_s": told[0].closed_s - end_s,
                "written_s": abs(or_never(first.ended_s) - end_s),
            }
        )

    def judge(self, trials: Sequence[Trial]) -> Row:
        """All three against their limits, and no early end."""
        late = {name: p95(column(trials, name)) for name in LIMITS}
        early = int(sum(column(trials, "early")))
        recovering_s, closed_s, written_s = (in_seconds(late[name]) for name in LIMITS)
        return Row(
            case=self.name,
            measured=(
                f"recovering {recovering_s}, closed {closed_s}, "
                f"written within {written_s}, {early} early"
            ),
            limit=", ".join(f"{limit:g}" for limit in LIMITS.values()) + " s, 0 early",
            holds=not early and all(late[name] <= limit for name, limit in LIMITS.items()),
            numbers={**late, "early": early},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Creep:
    """One more office fails for good every so often: how many are down when it is declared?"""

    name: str
    most_share: float
    every_s: float = 900.0
    reach: float = 0.25
    """The share of the offices that are hit in the end."""
    trials: int = 20

    def play(self, seed: int) -> Trial:
        """One by one, until it is declared."""
        setting, draw = world.setting("145"), random.Random(seed)
        start_s = moment(draw, setting)
        end_s = start_s + self.every_s * self.reach * setting.size
        whole = planted.scattered(
            setting, draw, share=self.reach, p1=1.0, start_s=start_s, end_s=end_s
        )
        trouble = whole.creeping(self.every_s)
        trace = Trace(setting, seed, until_s=end_s, planted=trouble.episodes)
        played = Ours(trace, learned=True).play(until_national=True)
        down = 1.0 + or_never(played.delay_s(Scope.NATIONAL, start_s)) // self.every_s
        return Trial(measures={"share": down / setting.size})

    def judge(self, trials: Sequence[Trial]) -> Row:
        """The largest share of offices that were down when it was declared."""
        shares = column(trials, "share")
        return Row(
            case=self.name,
            measured=f"at {median(shares):.1%} down, at worst {max(shares):.1%}",
            limit=f"before {self.most_share:.0%} are down",
            holds=max(shares) < self.most_share,
            numbers={"median_share": median(shares), "worst_share": max(shares)},
        )
