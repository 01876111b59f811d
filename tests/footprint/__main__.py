"""``python -m tests.footprint``: how much memory and CPU time an office and a leading hub take.

Two real agents by the example nation's intervals, with every journey, a month of ledgers and a real
exchange; all other offices speak as real ones do. First all is well, then the service that most
others need is out everywhere. Memory is the agents' own; CPU time is that of this machine, and an
upper bound while others use it too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from rich.console import Console
from rich.table import Table

from tests.footprint import measuring
from tests.footprint.fleet import Measured, fleet
from tests.footprint.measuring import Footprint
from tests.support import real_parts
from tests.support.watched_slack import roots

OK, UNTOLD, MISSING = 0, 1, 3
PARTS = ("nats-server", "slack-emulator")
SCRAPE_EVERY_S = 15.0
"""As the chart's PodMonitor."""
COLUMNS = ("agent", "phase", "MiB", "peak MiB", "cores", "busiest", "scrape", "slowest scrape")


class UntoldError(Exception):
    """The leader did not do the work that was to be measured."""


def main() -> int:
    """Measure and show; returns the exit code."""
    arguments = _parser().parse_args()
    found = [real_parts.find(part) for part in PARTS]
    lacking = [each.why for each in found if isinstance(each, real_parts.Missing)]
    if lacking:
        Console(stderr=True).print(*lacking, sep="\n")
        return MISSING
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        rows = asyncio.run(_measured(arguments.offices, arguments.quiet, arguments.outage))
    except UntoldError as error:
        Console(stderr=True).print(error)
        return UNTOLD
    if arguments.json:
        print(json.dumps([asdict(row) for row in rows]))  # noqa: T201 - this is its output
    else:
        _show(rows, arguments.offices)
    return OK


async def _measured(offices: int, quiet_s: float, outage_s: float) -> list[Footprint]:
    with TemporaryDirectory(prefix="pantau-footprint-") as folder:
        async with fleet(Path(folder), offices) as nation:
            quiet = await _phase(nation, "all is well", quiet_s)
            nation.break_centre()
            out = await _phase(nation, "an outage", outage_s)
            if not await roots(nation.slack):
                raise UntoldError(f"the outage was not told within {outage_s:g} s")
            return quiet + out


async def _phase(nation: Measured, phase: str, seconds: float) -> list[Footprint]:
    every_s = min(SCRAPE_EVERY_S, seconds / 4)
    async with asyncio.TaskGroup() as watching:
        watched = [
            (name, agent, watching.create_task(measuring.watch(agent, seconds, every_s)))
            for name, agent in nation.agents.items()
        ]
    return [
        measuring.footprint(name, phase, scrapes.result(), agent.peak_memory_mib())
        for name, agent, scrapes in watched
    ]


def _show(rows: list[Footprint], offices: int) -> None:
    table = Table(*COLUMNS, title=f"a nation of {offices} offices")
    for row in rows:
        table.add_row(
            row.agent,
            f"{row.phase}, {row.seconds:.0f} s",
            f"{row.begin_mib:.0f} to {row.end_mib:.0f}",
            f"{row.peak_mib:.0f}",
            f"{row.cores:.3f}",
            f"{row.busiest_cores:.3f}",
            f"{row.scrape_kib:.0f} KiB",
            f"{1000 * row.slowest_scrape_s:.0f} ms",
        )
    console = Console()
    console = console if console.is_terminal else Console(width=120)
    console.print(table)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench-footprint", description=__doc__)
    parser.add_argument("--offices", type=int, default=145, help="on the roster")
    parser.add_argument("--quiet", type=float, default=180, metavar="SECONDS", help="while well")
    parser.add_argument("--outage", type=float, default=120, metavar="SECONDS", help="while out")
    parser.add_argument("--json", action="store_true", help="an array of objects")
    return parser


if __name__ == "__main__":
    sys.exit(main())
