"""``pantau demo``: the whole nation in small on this machine, with faults, in a few minutes."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from agent.app import log
from agent.commands import play_options, play_summary
from agent.ports import ConfigurationError
from agent.simulation.demo import Posting, demonstrate
from agent.simulation.play_settings import prepare

OK, CONFIGURATION, INTERRUPTED = 0, 2, 130
TOKEN = "PANTAU_SLACK_BOT_TOKEN"  # noqa: S105 - a name, no secret  # nosec B105
PICTURE_WIDTH = 100


def register(subparsers: Any) -> None:  # noqa: ANN401 - argparse does not name this type
    """Add the command to the program's."""
    parser = subparsers.add_parser(
        "demo",
        help="play a scenario on real parts on this machine, and watch",
        description="A simulated centre over real HTTP, a real nats-server, and a fleet of agents "
        "with the thresholds of production. Nothing leaves this machine unless --post-to-slack "
        "says so. Ctrl-C ends it and leaves nothing running.",
    )
    play_options.add(parser, branches=12, scenario="demo")
    parser.add_argument(
        "--port", type=int, default=0, metavar="P", help="port of the first page; default: any"
    )
    parser.add_argument(
        "--post-to-slack",
        metavar="CHANNEL",
        help=f"also post to this real channel, with the bot token in {TOKEN}; every message begins "
        "with [LATIHAN]",
    )
    parser.add_argument(
        "--picture",
        type=Path,
        metavar="FILE.svg",
        help="save what the terminal showed as a picture",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Play; returns the exit code, which says nothing about incidents."""
    log.configure("console", "info" if arguments.verbose else "error")
    console = _console(arguments)
    try:
        play = prepare(play_options.settings(arguments))
        done = asyncio.run(
            demonstrate(play, console, port=arguments.port, posting=_posting(arguments))
        )
    except ConfigurationError as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is its output
        return CONFIGURATION
    except KeyboardInterrupt:
        console.print("Ended; nothing is left running.")
        return INTERRUPTED
    console.print()
    play_summary.show(done.report, done.workspace, console, messages=False)
    if arguments.picture is not None:
        console.save_svg(str(arguments.picture), title="pantau demo")
    if arguments.json:
        print(json.dumps(done.report))  # noqa: T201 - this is its output
    return OK


def _console(arguments: argparse.Namespace) -> Console:
    """With ``--json`` standard output is for the object alone; a picture is of a terminal."""
    if arguments.picture is None:
        return Console(stderr=arguments.json)
    return Console(stderr=arguments.json, record=True, force_terminal=True, width=PICTURE_WIDTH)


def _posting(arguments: argparse.Namespace) -> Posting | None:
    if arguments.post_to_slack is None:
        return None
    token = os.environ.get(TOKEN)
    if not token:
        raise ConfigurationError([f"--post-to-slack needs a bot token in {TOKEN}"])
    return Posting(channel=arguments.post_to_slack, token=token)
