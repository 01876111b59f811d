"""``pantau simulate``: a scenario in virtual time, with the same agents as in production."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from agent.app import log
from agent.commands import play_options, play_summary
from agent.ports import ConfigurationError
from agent.simulation.fleet import Fleet
from agent.simulation.play_settings import prepare
from agent.simulation.simulate import simulate

OK, CONFIGURATION = 0, 2


def register(subparsers: Any) -> None:  # noqa: ANN401 - argparse does not name this type
    """Add the command to the program's."""
    parser = subparsers.add_parser(
        "simulate",
        help="play a scenario with a fleet of agents in virtual time, without sockets",
        description="Plays a scenario in virtual time: an hour of 145 offices takes minutes. The "
        "same seed gives the same course of events.",
    )
    play_options.add(parser, branches=145, scenario="demo")
    parser.add_argument("--seed", type=int, default=1, help="default 1")
    parser.add_argument(
        "--record",
        type=Path,
        metavar="FOLDER",
        help="let every office leave its recording there, for `pantau replay`",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Play; returns the exit code, which says nothing about incidents."""
    log.configure("console", "debug" if arguments.verbose else "error")
    try:
        play = prepare(play_options.settings(arguments))
    except ConfigurationError as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is its output
        return CONFIGURATION
    console = Console(stderr=arguments.json)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f} of {task.total:.0f} agent seconds"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    ) as progress:
        task = progress.add_task(play.scenario.name, total=play.ending.after_s)

        def look(offset_s: float, _fleet: Fleet) -> None:
            progress.update(task, completed=offset_s)

        done = simulate(play, arguments.seed, look, recordings=arguments.record)
    if arguments.json:
        print(json.dumps(done.report))  # noqa: T201 - this is its output
    else:
        play_summary.show(done.report, done.workspace, console)
    return OK
