"""Long stretches of nuisance without any national outage: how often is one told all the same?"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from agent.core.model import Channel, Scope
from agent.simulation.trials import planted, world
from agent.simulation.trials.case import Row, Trial, column
from agent.simulation.trials.episodes import Episode, Kind
from agent.simulation.trials.our_leader import Declaration
from agent.simulation.trials.ours import Ours
from agent.simulation.trials.statistics import poisson_interval
from agent.simulation.trials.traces import Trace

BESIDE_S = 90.0
"""So soon after a blip began, a national is laid to that blip."""
RUNS_PER_S = 2.2
FOCUS_SHARE = 0.015


@dataclass(frozen=True, slots=True, kw_only=True)
class Years:
    """Nuisance for so long: false nationals, and what the centre had to bear meanwhile."""

    name: str
    trials: int
    most_per_year: float | None = None
    years: float = 1.0
    """Of each trial."""
    setting: str = "145"
    channel: Channel = Channel.FAIL
    light: bool = False
    """What the centre has to bear is promised too."""
    liars: int = 0
    """Offices that say all the time that everything fails."""

    def play(self, seed: int) -> Trial:
        """One stretch."""
        trace = self.trace(seed)
        played = Ours(trace).play()
        told = played.declared(Scope.NATIONAL)
        return Trial(
            measures={
                "false": float(len(told)),
                "runs_per_s": sum(played.runs.values()) / played.seconds,
                "focus_share": played.focus_s / played.seconds,
            },
            notes=tuple(f"seed {seed}: {_explained(trace, each)}" for each in told),
        )

    def trace(self, seed: int) -> Trace:
        """The results of one stretch."""
        setting, until_s = world.setting(self.setting), self.years * world.YEAR_S
        episodes: Sequence[Episode] = ()
        if self.liars:
            draw = random.Random(seed)
            episodes = planted.liars(setting, draw, count=self.liars, end_s=until_s).episodes
        return Trace(setting, seed, until_s=until_s, channel=self.channel, planted=episodes)

    def judge(self, trials: Sequence[Trial]) -> Row:
        """All years together."""
        false, years = int(sum(column(trials, "false"))), self.years * len(trials)
        exact = poisson_interval(false, years)
        runs_per_s, focus_share = (
            sum(column(trials, name)) / len(trials) for name in ("runs_per_s", "focus_share")
        )
        holds, limit = None, "reported"
        if self.most_per_year is not None:
            # In fewer years than one false national is due, one is no proof of more.
            holds = false <= max(1.0, self.most_per_year * years)
            limit = f"{self.most_per_year:g} a year"
        if self.light:
            holds = holds and runs_per_s <= RUNS_PER_S and focus_share <= FOCUS_SHARE
            limit += f", {RUNS_PER_S:g}/s, {FOCUS_SHARE:.1%}"
        return Row(
            case=self.name,
            measured=(
                f"{false} in {years:g} years ({exact.low:.2f} to {exact.high:.2f} a year), "
                f"{runs_per_s:.2f}/s, focus {focus_share:.2%}"
            ),
            limit=limit,
            holds=holds,
            numbers={
                "false": false,
                "years": years,
                "low_per_year": exact.low,
                "high_per_year": exact.high,
                "runs_per_s": runs_per_s,
                "focus_share": focus_share,
            },
            notes=tuple(note for trial in trials for note in trial.notes),
        )


def _explained(trace: Trace, told: Declaration) -> str:
    """What befell the offices when a national was declared that was none."""
    there = Counter(
        each.kind.value
        for each in trace.episodes
        if each.start_s <= told.declared_s and each.end_s >= told.since_s - BESIDE_S
    )
    days = told.declared_s / 86_400.0
    beside = f"beside {there[Kind.BLIP.value]} blips" if there[Kind.BLIP.value] else "no blip"
    others = ", ".join(f"{n} {kind}" for kind, n in sorted(there.items()) if kind != Kind.BLIP)
    return (
        f"day {days:.2f}, {told.declared_s - told.since_s:.0f} s after it began; {beside}; {others}"
    )
