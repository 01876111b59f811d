"""``pantau run``: this office's agent, until it is asked to stop."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from agent.app import log
from agent.app.branch import run_for_life
from agent.app.reloading import Reloads
from agent.app.stopping import StopRequest
from agent.config.loading import Configuration, load
from agent.ports import ConfigurationError

CONFIGURATION = 2


def register(subparsers: Any) -> None:  # noqa: ANN401 - argparse does not name this type
    """Add the command to the program's."""
    parser = subparsers.add_parser(
        "run",
        help="run this office's agent",
        description="Probes the central services from this office, shares what it sees, and leads "
        "when it is elected. SIGTERM or SIGINT stops it in order (exit code 0), a second one at "
        "once; SIGHUP, or a change of its files, loads the configuration anew, and what is wrong "
        "leaves the old one running. Exit code 2: the configuration is wrong, and every mistake is "
        "told; 1: a newer start of this office took over.",
    )
    parser.add_argument("--config", type=Path, required=True, metavar="BRANCH.YAML")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the agent of ``arguments.config`` until ``arguments.stopping``; returns the exit code."""
    try:
        configuration = load(arguments.config)
        settings = configuration.branch.log
        log.configure(settings.format, settings.level)
        read = partial(load, arguments.config)
        return asyncio.run(_until_stopped(configuration, arguments.stopping, read))
    except ConfigurationError as error:
        for mistake in (*error.mistakes, "the agent was not started"):
            print(mistake, file=sys.stderr)  # noqa: T201 - this is its output
        return CONFIGURATION


async def _until_stopped(
    configuration: Configuration, stopping: StopRequest, read: Callable[[], Configuration]
) -> int:
    reloads = Reloads(read)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reloads.ask)
    return await run_for_life(configuration, stop=stopping.event(), reloads=reloads)
