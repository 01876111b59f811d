"""What the national detector promises, as cases that can be played: each with its limit.

A case is a number of trials of one kind, by seed. Trials are played in processes of their own, so
cases and what a trial returns are plain values. The seeds begin where no tuning ever looked.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Protocol

from agent.core.tuning import FocusTuning, Tuning
from agent.simulation.trials.world import Setting

FIRST_SEED = 9_300_000
QUIET_S = 900.0
"""What is played before the trouble of a trial begins, so that nothing begins at zero."""
NO_FOCUS = Tuning(focus=FocusTuning(hourly_s=0.0))

Measures = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What one trial showed."""

    measures: Measures
    """By name; ``inf`` for what never came."""
    notes: tuple[str, ...] = ()
    """What deserves an explanation, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A case in the table of results."""

    case: str
    measured: str
    limit: str
    holds: bool | None
    """None: reported, and promised nothing."""
    numbers: Measures
    notes: tuple[str, ...] = ()


class Case(Protocol):
    """Something promised, or at least reported."""

    @property
    def name(self) -> str:
        """How it stands in the table."""
        ...

    @property
    def trials(self) -> int:
        """How many trials it takes."""
        ...

    def play(self, seed: int) -> Trial:
        """One trial."""
        ...

    def judge(self, trials: Sequence[Trial]) -> Row:
        """What all trials together say."""
        ...


def moment(draw: random.Random, setting: Setting) -> float:
    """When a trial's trouble begins: at no special moment of a period."""
    return QUIET_S + draw.uniform(0.0, setting.period_s)


def or_never(delay_s: float | None) -> float:
    """A delay as percentiles want it."""
    return inf if delay_s is None else delay_s


def column(trials: Sequence[Trial], name: str) -> list[float]:
    """One measure of all trials."""
    return [trial.measures[name] for trial in trials]


def in_seconds(seconds: float) -> str:
    """For the table."""
    return "never" if seconds == inf else f"{seconds:.0f} s"
