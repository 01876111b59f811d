"""``pantau centre``: the simulated centre alone, for a journey or an agent to be tried against."""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import signal
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from agent.ports import ConfigurationError
from agent.simulation.centre_alone import Opening, Urls, serve, targets

OK, CONFIGURATION = 0, 2
LEAST_SPEED = 0.001


def register(subparsers: Any) -> None:  # noqa: ANN401 - argparse does not name this type
    """Add the command to the program's."""
    parser = subparsers.add_parser(
        "centre",
        help="serve the simulated centre on this machine, until Ctrl-C",
        description="Serves the invented centre over plain HTTP. Each office has a port of its own "
        "for each service, and is known by it. A scenario's offset 0 is the start. Exit code 0: "
        "it was asked to stop; 2: it could not be served so.",
    )
    parser.add_argument("--offices", required=True, metavar="A,B,...", help="ids, by commas")
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="where it listens")
    parser.add_argument("--named", metavar="HOST", help="how offices reach it; default: --host")
    parser.add_argument(
        "--port", type=int, default=8100, metavar="P", help="of the first; 0: any; default 8100"
    )
    parser.add_argument("--scenario", metavar="ID", help="what goes wrong; default: nothing")
    parser.add_argument(
        "--scenarios", type=Path, metavar="FILE", help="another file of scenarios than our own"
    )
    parser.add_argument("--speed", type=float, metavar="X", help="divides the scenario's offsets")
    parser.add_argument(
        "--targets",
        type=Path,
        metavar="FOLDER",
        help="write OFFICE.yaml there for each office: the targets of its branch.yaml",
    )
    parser.add_argument("--json", action="store_true", help="print the addresses as one object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal asks to stop; returns the exit code."""
    try:
        opening = _opening(arguments)
        asyncio.run(_serve(opening, arguments))
    except ConfigurationError as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is its output
        return CONFIGURATION
    return OK


def _opening(arguments: argparse.Namespace) -> Opening:
    speed = arguments.speed
    if speed is not None and not (math.isfinite(speed) and speed >= LEAST_SPEED):
        raise ConfigurationError([f"--speed must be {LEAST_SPEED} or more, not {speed}"])
    if arguments.scenario is None and (speed is not None or arguments.scenarios is not None):
        raise ConfigurationError(["--speed and --scenarios say nothing without --scenario"])
    return Opening(
        offices=tuple(each.strip() for each in arguments.offices.split(",")),
        host=arguments.host,
        port=arguments.port,
        named=arguments.named,
        scenario=arguments.scenario,
        scenarios_file=arguments.scenarios,
        speed=speed,
    )


async def _serve(opening: Opening, arguments: argparse.Namespace) -> None:
    stopping = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stopping.set)

    def opened(urls: Urls) -> None:
        if arguments.targets is not None:
            _write(arguments.targets, urls)
        _show(urls, as_json=arguments.json)

    await serve(opening, stopping, opened)


def _write(folder: Path, urls: Urls) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for office, services in urls.items():
            (folder / f"{office}.yaml").write_text(targets(services), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError([f"{error.filename}: {error.strerror}"]) from None


def _show(urls: Urls, *, as_json: bool) -> None:
    console = Console()
    if as_json:
        print(json.dumps(urls), flush=True)  # noqa: T201 - this is its output
    elif console.is_terminal:
        _table(urls, console)
    else:
        for office, services in urls.items():
            for service, url in services.items():
                print(office, service, url, flush=True)  # noqa: T201


def _table(urls: Urls, console: Console) -> None:
    table = Table("service", *urls)
    for service in next(iter(urls.values())):
        table.add_row(service, *(urls[office][service] for office in urls))
    console.print(table)
    console.print("The centre is open; every path and answer of it is invented. Ctrl-C ends it.")
