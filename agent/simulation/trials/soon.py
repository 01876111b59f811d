"""Cases of delay: from the beginning of an outage to its declaration."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

from agent.core.model import Channel, Scope
from agent.core.tuning import Tuning
from agent.simulation.trials import planted, world
from agent.simulation.trials.case import (
    NO_FOCUS,
    Row,
    Trial,
    column,
    in_seconds,
    moment,
    or_never,
)
from agent.simulation.trials.episodes import Episode
from agent.simulation.trials.ours import Ours
from agent.simulation.trials.planted import Planted
from agent.simulation.trials.statistics import median, p95
from agent.simulation.trials.traces import Trace
from agent.simulation.trials.world import Setting

REGION = 12
"""Offices of the regional outage beside which a national one is to be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Soon:
    """Seconds from the beginning of an outage to its declaration, at the leader."""

    name: str
    p1: float
    share: float = 1.0
    limit_s: float | None = None
    """None: reported only."""
    trials: int = 200
    setting: str = "145"
    base_runs_per_s: float = 2.0
    channel: Channel = Channel.FAIL
    horizon_s: float = 1800.0
    focus: bool = True
    lost_share: float | None = None
    beside_region: bool = False
    """A regional outage began five minutes before and goes on."""
    lasting_s: float = inf
    scope: Scope = Scope.NATIONAL
    least_share: float = 0.95
    """Of the trials in which it must be declared at all."""

    def play(self, seed: int) -> Trial:
        """One outage, until it is declared."""
        trace, outage = self.trace(seed)
        ours = Ours(trace, tuning=Tuning() if self.focus else NO_FOCUS, learned=True)
        played = ours.play(until_national=self.scope is Scope.NATIONAL)
        return Trial(
            measures={
                "delay_s": or_never(played.delay_s(self.scope, outage.start_s)),
                "national": float(played.delay_s(Scope.NATIONAL, outage.start_s) is not None),
            }
        )

    def trace(self, seed: int) -> tuple[Trace, Planted]:
        """The results of one trial, and the truth behind them."""
        setting, draw = self._setting(), random.Random(seed)
        start_s = moment(draw, setting)
        until_s = start_s + self.horizon_s
        outage = self._outage(setting, draw, start_s, min(start_s + self.lasting_s, until_s))
        troubles = [*outage.episodes, *self._beside(setting, draw, start_s, until_s)]
        trace = Trace(setting, seed, until_s=until_s, channel=self.channel, planted=troubles)
        return trace, outage

    def _setting(self) -> Setting:
        setting = world.setting(self.setting, base_runs_per_s=self.base_runs_per_s)
        if self.lost_share is None:
            return setting
        return replace(setting, world=replace(setting.world, lost_share=self.lost_share))

    def _outage(
        self, setting: Setting, draw: random.Random, start_s: float, end_s: float
    ) -> Planted:
        if self.scope is Scope.REGIONAL:
            return planted.regional(setting, draw, p1=self.p1, start_s=start_s, end_s=end_s)
        return planted.scattered(
            setting, draw, share=self.share, p1=self.p1, start_s=start_s, end_s=end_s
        )

    def _beside(
        self, setting: Setting, draw: random.Random, start_s: float, end_s: float
    ) -> Sequence[Episode]:
        if not self.beside_region:
            return ()
        sized = replace(setting.world, regional_fewest=REGION, regional_most=REGION)
        larger = replace(setting, world=sized)
        began_s = start_s - 300.0
        return planted.regional(larger, draw, p1=1.0, start_s=began_s, end_s=end_s).episodes

    def judge(self, trials: Sequence[Trial]) -> Row:
        """Median, 95th percentile and misses against the limit."""
        delays = column(trials, "delay_s")
        misses = sum(delay == inf for delay in delays)
        nationals = int(sum(column(trials, "national")))
        regional = self.scope is Scope.REGIONAL
        said = [f"{in_seconds(median(delays))} / {in_seconds(p95(delays))}"]
        said += [f"{misses} missed"] if misses else []
        said += [f"{nationals} national"] if regional else []
        limits = ["reported" if self.limit_s is None else f"p95 {self.limit_s:g} s"]
        limits += [f"{self.least_share:.0%} seen, 0 national"] if regional else []
        seen = misses <= (1.0 - self.least_share) * len(delays)
        quiet = not (regional and nationals)
        return Row(
            case=self.name,
            measured=", ".join(said),
            limit=", ".join(limits),
            holds=None if self.limit_s is None else p95(delays) <= self.limit_s and seen and quiet,
            numbers={"median_s": median(delays), "p95_s": p95(delays), "missed": misses},
        )
