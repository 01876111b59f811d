"""``pantau calibrate``: the nuisance of a month, the false alarms to expect, and what to change."""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from agent.adapters.recording_reader import RecordingReader
from agent.app.plan import NationPlan
from agent.commands import calibrate_report
from agent.commands.replay import read_plan
from agent.core import groups
from agent.core.model import Channel
from agent.core.vocabulary import hours_ahead
from agent.ports import ConfigurationError
from agent.simulation.play_settings import PROBES
from agent.simulation.refit import fitting, proposing
from agent.simulation.refit.cuts import Cut
from agent.simulation.refit.expecting import Stage, players
from agent.simulation.refit.fitting import Question
from agent.simulation.refit.proposing import Proposal
from agent.simulation.refit.recordings import Month, budget_of, read
from agent.simulation.trials.world import Setting

OK, CONFIGURATION, UNKNOWN, INTERRUPTED = 0, 2, 3, 130
ZONE = "Asia/Jakarta"
YEARS, GOAL = 5.0, 0.1
LEAST_DAYS = 0.9
"""After a shorter recording no years are played: a few events in an hour are no rate."""
LEAST_YEARS, LEAST_GOAL, MOST = 0.1, 0.001, 1000.0
NAMED = "named with --outage"


def register(subparsers: Any) -> None:  # noqa: ANN401 - argparse does not name this type
    """Add the command to the program's."""
    parser = subparsers.add_parser(
        "calibrate",
        help="read a month of recordings: the nuisance found, the false alarms to expect",
        description="Reads recordings of a leader (branch.yaml: recording; give FILE.1 as well), "
        "estimates how often which nuisance comes, with exact intervals, plays years of it with "
        "the present thresholds and with others, and prints both, and what to write into "
        "nation.yaml. National outages that this configuration tells, or that are named, are left "
        "out and listed. A month of 145 offices is read in ten minutes or so; a year of them takes "
        "a core two minutes to play. Nothing is sent to anybody. Exit code 0: estimated; 2: a file "
        "cannot be read; 3: nothing readable was recorded, or too little to say anything.",
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    parser.add_argument("--config", type=Path, required=True, metavar="NATION.YAML")
    parser.add_argument(
        "--probes",
        type=Path,
        action="append",
        metavar="PATH",
        help="where the journeys of the configuration are; default: those shipped",
    )
    parser.add_argument(
        "--service", help="which service; default: the one with the most bad results"
    )
    parser.add_argument("--channel", choices=[each.value for each in Channel], default="fail")
    parser.add_argument(
        "--outage",
        type=_outage,
        action="append",
        default=[],
        metavar="FROM..TO",
        help="a real national outage, to be left out: 2026-01-31T09:00..2026-01-31T10:30, WIB "
        "unless it says otherwise; may be given again",
    )
    parser.add_argument(
        "--nuisance",
        type=_outage,
        action="append",
        default=[],
        metavar="FROM..TO",
        help="when something was told as national that was no outage: it is counted, not left out",
    )
    parser.add_argument(
        "--years",
        type=_years,
        default=YEARS,
        help=f"of nuisance to be played with each thresholds, default {YEARS:g}; 0: none",
    )
    parser.add_argument(
        "--goal",
        type=_goal,
        default=GOAL,
        help=f"false nationals a year that are bearable, default {GOAL:g}; to show it takes "
        f"{proposing.years_needed(GOAL)} --years",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Calibrate; returns the exit code."""
    try:
        plan = read_plan(arguments.config, arguments.probes or [PROBES])
        _check_service(arguments.service, plan)
        readers = [RecordingReader(file) for file in arguments.files]
        month = _read(plan, readers)
        return _calibrate(plan, month, readers, arguments)
    except ConfigurationError as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is its output
        return CONFIGURATION
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)  # noqa: T201 - the same
        return CONFIGURATION
    except KeyboardInterrupt:
        return INTERRUPTED


def _calibrate(
    plan: NationPlan,
    month: Month,
    readers: Sequence[RecordingReader],
    arguments: argparse.Namespace,
) -> int:
    channel = Channel(arguments.channel)
    service = arguments.service or month.noisiest(channel)
    budget = budget_of(plan, service)
    question = Question(
        service=service,
        channel=channel,
        groups=groups.of(tuple(plan.branches.values())),
        period_s=budget.period_s,
    )
    real = [cut for cut in month.told(service) if not cut.meets(arguments.nuisance)]
    fit = fitting.fit(month.history, question, [*real, *arguments.outage])
    stage = Stage(
        setting=Setting(
            name="fitted",
            branches=tuple(plan.branches.values()),
            world=fit.world,
            base_runs_per_s=budget.base_runs_per_s,
            ceiling_runs_per_s=budget.ceiling_runs_per_s,
        ),
        channel=channel,
    )
    told = any(each.interval is not None for each in fit.estimates)
    long = fit.exposure.days >= LEAST_DAYS
    proposal = _propose(plan, stage, arguments) if long and told and arguments.years else None
    found = calibrate_report.report(
        plan, month, fit, proposal, stage=stage, service=service, readers=readers
    )
    if arguments.json:
        print(json.dumps(found))  # noqa: T201 - this is its output
    elif month.replayed.records:
        calibrate_report.show(found, Console())
    else:
        for line in ("nothing that can be read was recorded here", *found["first_wrong_lines"]):
            print(line, file=sys.stderr)  # noqa: T201 - this is its output
    return OK if told else UNKNOWN


def _check_service(service: str | None, plan: NationPlan) -> None:
    if service is not None and service not in plan.services:
        known = ", ".join(plan.services)
        raise ConfigurationError(
            [f'--service "{service}" is exercised by no journey; there are: {known}']
        )


# --- what takes long


def _read(plan: NationPlan, readers: Sequence[RecordingReader]) -> Month:
    total = sum(each.size_bytes for each in readers)
    with _bar("reading", total, DownloadColumn(binary_units=True)) as progress:

        def look() -> None:
            progress.update(task, completed=sum(each.read_bytes for each in readers))

        task = progress.task_ids[0]
        return asyncio.run(read(plan, readers, look))


def _propose(plan: NationPlan, stage: Stage, arguments: argparse.Namespace) -> Proposal:
    """Play, and say beforehand how much at most."""
    years, goal = arguments.years, arguments.goal
    most = proposing.most_plays(stage, plan.tuning, years)
    print(  # noqa: T201 - for whoever waits
        f"playing {years:g} years with the present thresholds, then "
        f"{len(proposing.grid(stage, plan.tuning))} others, for at most "
        f"{proposing.SEARCHED * years:g} years together",
        file=sys.stderr,
    )
    with _bar("playing", most, MofNCompleteColumn()) as progress:
        task = progress.task_ids[0]
        with players(stage, lambda: progress.advance(task)) as playing:
            return proposing.propose(playing, stage, plan.tuning, years=years, goal=goal)


@contextmanager
def _bar(what: str, total: float, column: ProgressColumn) -> Iterator[Progress]:
    """A progress bar, on a terminal."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        column,
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    ) as progress:
        progress.add_task(what, total=total)
        yield progress


# --- words of the command line


def _outage(text: str) -> Cut:
    begins, dots, ends = text.partition("..")
    try:
        from_s, until_s = _moment_s(begins), _moment_s(ends)
    except ValueError:
        from_s = until_s = 0.0
    if not dots or until_s <= from_s:
        raise argparse.ArgumentTypeError(
            f'"{text}" is not a time, two dots and a later time, such as '
            "2026-01-31T09:00..2026-01-31T10:30"
        )
    return Cut(from_s=from_s, until_s=until_s, why=NAMED)


def _moment_s(text: str) -> float:
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone(timedelta(hours=hours_ahead(ZONE))))
    return moment.timestamp()


def _years(text: str) -> float:
    years = _number(text, 0.0)
    if 0.0 < years < LEAST_YEARS:
        raise argparse.ArgumentTypeError(f"must be 0, or {LEAST_YEARS:g} and more")
    return years


def _goal(text: str) -> float:
    return _number(text, LEAST_GOAL)


def _number(text: str, least: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= MOST:
        raise argparse.ArgumentTypeError(f"must be a number between {least:g} and {MOST:g}")
    return value
