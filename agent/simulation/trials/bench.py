"""Plays the cases and the contest on all cores, and puts the results into one value."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import Protocol

from agent.core.model import Scope
from agent.simulation.trials import acceptance, contest
from agent.simulation.trials.case import FIRST_SEED, Case, Row, Trial
from agent.simulation.trials.contest import Cell, Nuisance, Region, Standing
from agent.simulation.trials.soon import Soon
from agent.simulation.trials.years import Years

CONTEST_CELLS = ((1.0, 1.0), (1.0, 0.2), (0.5, 1.0), (0.3, 0.5), (0.1, 1.0), (0.1, 0.2))
CONTEST_TRIALS = 60
QUICK_SHARE = 0.03
QUICK_YEARS = 0.02


class Question(Protocol):
    """What is asked in trials: a case or a part of the contest."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def trials(self) -> int:
        """How many."""
        ...

    def play(self, seed: int) -> Trial:
        """One of them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Everything that was played."""

    rows: Sequence[Row]
    standings: Sequence[Standing]

    @property
    def hold(self) -> bool:
        """Every promise holds."""
        return all(row.holds is not False for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contest:
    """What is asked of everybody."""

    cells: Sequence[Cell]
    region: Region
    nuisance: Nuisance

    @property
    def parts(self) -> list[Question]:
        return [*self.cells, self.region, self.nuisance]


def run(*, quick: bool, only: str = "", on_trial: Callable[[int, int], None]) -> Results:
    """Play everything, or with ``only`` the cases that have it in their names.

    ``quick`` plays a few trials of each, in well under a minute: enough to see that all of it runs,
    too few to prove a rate. ``on_trial`` is told how many trials of how many are done.
    """
    cases = [each for each in acceptance.everything() if only in each.name]
    cases = [_fewer(each) for each in cases] if quick else cases
    asked = None if only else _contest(quick=quick)
    played = _play([*cases, *(asked.parts if asked else ())], on_trial)
    rows = [case.judge(trials) for case, trials in zip(cases, played, strict=False)]
    found = _standings(rows, asked, played[len(cases) :]) if asked else []
    return Results(rows=rows, standings=found)


def _fewer(case: Case) -> Case:
    if isinstance(case, Years):
        return _short(case)
    return replace(case, trials=max(3, round(case.trials * QUICK_SHARE)))  # type: ignore[type-var]


def _short(case: Years) -> Years:
    return replace(case, trials=1, years=QUICK_YEARS)


def _contest(*, quick: bool) -> _Contest:
    """The years are those that ours are played in as a case of their own."""
    trials = max(3, round(CONTEST_TRIALS * QUICK_SHARE)) if quick else CONTEST_TRIALS
    years = _short(acceptance.QUIET_YEARS) if quick else acceptance.QUIET_YEARS
    region = Soon(name="", p1=1.0, scope=Scope.REGIONAL, horizon_s=2400.0)
    return _Contest(
        cells=[
            Cell(soon=Soon(name="", share=share, p1=p1), trials=trials)
            for share, p1 in CONTEST_CELLS
        ],
        region=Region(soon=region, trials=trials),
        nuisance=Nuisance(years=years, trials=years.trials),
    )


def _standings(
    rows: Sequence[Row], asked: _Contest, played: Sequence[Sequence[Trial]]
) -> list[Standing]:
    *cells, regions, nuisance = played
    ours = next(row for row in rows if row.case == asked.nuisance.years.name)
    return contest.standings(
        {cell.name: trials for cell, trials in zip(asked.cells, cells, strict=True)},
        regions,
        nuisance,
        ours.numbers["years"],
        int(ours.numbers["false"]),
    )


def _play(questions: Sequence[Question], on_trial: Callable[[int, int], None]) -> list[list[Trial]]:
    """Every trial of every question, the longest first; in order of seed."""
    jobs = [(at, seed) for at, each in enumerate(questions) for seed in range(each.trials)]
    jobs.sort(key=lambda job: not isinstance(questions[job[0]], Years))
    found: dict[tuple[int, int], Trial] = {}
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        running: Mapping[Future[Trial], tuple[int, int]] = {
            pool.submit(questions[at].play, FIRST_SEED + seed): (at, seed) for at, seed in jobs
        }
        for done in as_completed(running):
            found[running[done]] = done.result()
            on_trial(len(found), len(jobs))
    return [[found[at, seed] for seed in range(each.trials)] for at, each in enumerate(questions)]
