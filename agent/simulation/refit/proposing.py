"""The present thresholds, and better ones if a short search finds any.

The present ones are played for the years asked for. Then every point of the grid shows how soon it
tells the two reference outages, and from the soonest on each is played as long, until one keeps to
the goal. What is no stricter than one that failed is passed over, and a point is given up with the
first false national that breaks the goal. The search ends after ``SEARCHED`` times those years,
whatever it has found, so how long it takes at most is known beforehand.

Few years prove little: to show at most 0.1 a year takes 37 without a single false national. With
fewer, what is proposed kept to the goal in what was played, and its interval says how far that
goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Protocol

from agent.core.tuning import Tuning
from agent.simulation.refit.expecting import (
    OUTAGES,
    REFERENCES,
    Delay,
    Expected,
    Stage,
    plays,
)
from agent.simulation.refit.thresholds import Thresholds, proposals

SEARCHED = 3.0
_NONE_AT_MOST = 3.689
"""Garwood's upper limit of no event at all."""


class Plays(Protocol):
    """What plays: :class:`agent.simulation.refit.expecting.Players`."""

    def delays(self, tuning: Tuning) -> tuple[Delay, ...]:
        """How soon the reference outages are told."""
        ...

    def years(self, tuning: Tuning, years: float, *, most: float | None = None) -> Expected:
        """False nationals of so many years; with ``most`` not many more than that."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Thresholds, and what they lead to."""

    tuning: Tuning
    expected: Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What to do about the thresholds."""

    present: Judged
    proposed: Judged | None
    """None: nothing on the grid that was tried is better."""
    goal: float
    """False nationals a year."""
    tried: int
    """Points of the grid that were played for years."""
    ended: bool
    """The search came to its end; False: the years that it may take were over before."""

    @property
    def keeps(self) -> bool:
        """The present thresholds keep to the goal, in what was played."""
        return _keeps(self.present.expected, self.goal)


def years_needed(goal: float) -> int:
    """How many years without any false national show that a goal is kept."""
    return ceil(_NONE_AT_MOST / goal)


def grid(stage: Stage, tuning: Tuning) -> list[Tuning]:
    """Everything that may be proposed."""
    blip_s = stage.setting.world.blip_longest_s
    return list(proposals(tuning, stage.channel, stage.setting.size, blip_s))


def most_plays(stage: Stage, tuning: Tuning, years: float) -> int:
    """How many plays :func:`propose` takes at most."""
    outages = (len(grid(stage, tuning)) + 1) * OUTAGES * len(REFERENCES)
    return outages + plays(years) + plays(SEARCHED * years)


def propose(players: Plays, stage: Stage, tuning: Tuning, *, years: float, goal: float) -> Proposal:
    """Judge the present thresholds, and look for better ones."""
    delays = players.delays(tuning)
    present = Judged(tuning=tuning, expected=replace(players.years(tuning, years), delays=delays))
    ranked = sorted(
        (
            Judged(tuning=each, expected=Expected(false=0, years=0.0, delays=players.delays(each)))
            for each in grid(stage, tuning)
        ),
        key=lambda judged: judged.expected.slowness_s,
    )
    search = _Search(players, stage, present, years=years, goal=goal)
    return search.over(ranked)


class _Search:
    def __init__(
        self, players: Plays, stage: Stage, present: Judged, *, years: float, goal: float
    ) -> None:
        self._players = players
        self._stage = stage
        self._present = present
        self._years = years
        self._goal = goal
        self._left = SEARCHED * years
        self._failed: list[Thresholds] = []
        self._tried = 0

    def over(self, ranked: Sequence[Judged]) -> Proposal:
        """Until the first that keeps to the goal."""
        if not _keeps(self._present.expected, self._goal):
            self._failed.append(self._thresholds(self._present))
        for each in self._worth_trying(ranked):
            if self._left < self._years:
                return self._end(None, ended=False)
            judged = self._try(each)
            if _keeps(judged.expected, self._goal):
                return self._end(judged, ended=True)
            self._failed.append(self._thresholds(judged))
        return self._end(None, ended=True)

    def _worth_trying(self, ranked: Sequence[Judged]) -> Iterator[Judged]:
        """Not what is no sooner than thresholds that are good already, nor what must fail."""
        good = _keeps(self._present.expected, self._goal)
        for each in ranked:
            if good and each.expected.slowness_s >= self._present.expected.slowness_s:
                return
            mine = self._thresholds(each)
            if not any(mine.no_stricter_than(failed) for failed in self._failed):
                yield each

    def _try(self, each: Judged) -> Judged:
        most = self._goal * self._years
        played = self._players.years(each.tuning, self._years, most=most)
        self._left -= played.years
        self._tried += 1
        return replace(each, expected=replace(played, delays=each.expected.delays))

    def _thresholds(self, judged: Judged) -> Thresholds:
        return Thresholds.of(judged.tuning, self._stage.channel, self._stage.setting.size)

    def _end(self, proposed: Judged | None, *, ended: bool) -> Proposal:
        return Proposal(
            present=self._present,
            proposed=proposed,
            goal=self._goal,
            tried=self._tried,
            ended=ended,
        )


def _keeps(expected: Expected, goal: float) -> bool:
    return expected.false <= goal * expected.years
