"""What thresholds lead to in a fitted world: false nationals a year, and how soon outages are told.

Years are played in stretches of a tenth, each with offices of its own that know their rates, as
after some weeks. Every set of thresholds gets the same stretches and the same outages. Two outages
are the reference: three in ten offices that fail always, and all offices that fail half the time.
Nothing depends on how many processors there are.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from agent.core.model import Channel, Scope
from agent.core.tuning import Tuning
from agent.simulation.trials import planted
from agent.simulation.trials.case import moment, or_never
from agent.simulation.trials.ours import Ours
from agent.simulation.trials.statistics import Interval, median, p95, poisson_interval
from agent.simulation.trials.traces import Trace
from agent.simulation.trials.world import YEAR_S, Setting

FIRST_SEED = 9_700_000
STRETCHES = 10
"""In a year."""
OUTAGES = 60
"""Of each reference."""
HORIZON_S = 1800.0
REFERENCES = ((0.3, 1.0), (1.0, 0.5))
"""Shares of the offices, and of their results that fail."""

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The world that everything is played in."""

    setting: Setting
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """How soon one of the references was told, seconds; ``inf`` where it was not."""

    share: float
    p1: float
    median_s: float
    p95_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What comes of some thresholds."""

    false: int
    years: float
    delays: tuple[Delay, ...] = ()

    @property
    def per_year(self) -> Interval:
        """False nationals a year: Garwood's interval."""
        return poisson_interval(self.false, self.years)

    @property
    def slowness_s(self) -> float:
        """One number for the delays: the medians together."""
        return sum(each.median_s for each in self.delays)


class Players:
    """Plays on all processors."""

    def __init__(self, pool: Executor, stage: Stage, on_play: Callable[[], None]) -> None:
        """``on_play`` is called after every play."""
        self._pool = pool
        self._stage = stage
        self._on_play = on_play

    def delays(self, tuning: Tuning, outages: int = OUTAGES) -> tuple[Delay, ...]:
        """How soon both references are told."""
        found = []
        for share, p1 in REFERENCES:
            jobs = [(self._stage, tuning, share, p1, FIRST_SEED + n) for n in range(outages)]
            played = list(self._played(delay_s, jobs))
            found.append(Delay(share=share, p1=p1, median_s=median(played), p95_s=p95(played)))
        return tuple(found)

    def years(self, tuning: Tuning, years: float, *, most: float | None = None) -> Expected:
        """False nationals of so many years; with ``most`` no year is begun once there are more."""
        seeds = [FIRST_SEED + number for number in range(plays(years))]
        at_once = len(seeds) if most is None else STRETCHES
        false = done = 0
        while done < len(seeds) and (most is None or false <= most):
            jobs = [(self._stage, tuning, seed) for seed in seeds[done : done + at_once]]
            false += sum(self._played(nationals, jobs))
            done += len(jobs)
        return Expected(false=false, years=done / STRETCHES)

    def _played(
        self, play: Callable[..., _Result], jobs: Sequence[tuple[Any, ...]]
    ) -> Iterator[_Result]:
        for result in self._pool.map(play, *zip(*jobs, strict=True)):
            self._on_play()
            yield result


@contextmanager
def players(stage: Stage, on_play: Callable[[], None]) -> Iterator[Players]:
    """Processes for as long as they are needed; when something fails the plays to come are off."""
    pool = ProcessPoolExecutor(max_workers=os.cpu_count(), initializer=_leave_it_to_the_parent)
    try:
        yield Players(pool, stage, on_play)
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_it_to_the_parent() -> None:
    """An interrupt from the terminal reaches every process; one of them tells of it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def nationals(stage: Stage, tuning: Tuning, seed: int) -> int:
    """National alarms in one stretch of nothing but nuisance."""
    trace = Trace(stage.setting, seed, until_s=YEAR_S / STRETCHES, channel=stage.channel)
    played = Ours(trace, tuning=tuning, learned=True).play()
    return len(played.declared(Scope.NATIONAL))


def delay_s(stage: Stage, tuning: Tuning, share: float, p1: float, seed: int) -> float:
    """Seconds from the beginning of one outage to its declaration."""
    draw = random.Random(seed)
    start_s = moment(draw, stage.setting)
    until_s = start_s + HORIZON_S
    outage = planted.scattered(
        stage.setting, draw, share=share, p1=p1, start_s=start_s, end_s=until_s
    )
    trace = Trace(
        stage.setting, seed, until_s=until_s, channel=stage.channel, planted=outage.episodes
    )
    played = Ours(trace, tuning=tuning, learned=True).play(until_national=True)
    return or_never(played.delay_s(Scope.NATIONAL, start_s))


def plays(years: float) -> int:
    """How many plays so many years are."""
    return round(years * STRETCHES)
