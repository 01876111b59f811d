"""``python -m agent.simulation.trials``: proves the national detector, or shows where it fails."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from agent.simulation.trials import bench, picture, tables

PICTURED = ("f=1, p1=1", "f=0.1, p1=1")
OK, BROKEN = 0, 1


def main() -> int:
    """Play, show, and say by the exit code whether every promise holds."""
    arguments = _parser().parse_args()
    errors = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=errors,
        disable=not errors.is_terminal,
    ) as progress:
        task = progress.add_task("trials", total=None)
        results = bench.run(
            quick=arguments.quick,
            only=arguments.only,
            on_trial=lambda done, of: progress.update(task, completed=done, total=of),
        )
    if arguments.picture and results.standings:
        arguments.picture.write_text(picture.draw(results.standings, PICTURED), encoding="utf-8")
    if arguments.json:
        print(json.dumps(tables.as_json(results)))  # noqa: T201 - this is its output
    else:
        console = Console()
        tables.show(results, console if console.is_terminal else Console(width=200))
    return OK if results.hold else BROKEN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench-detection", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few trials of each, under 50 s")
    parser.add_argument("--json", action="store_true", help="one object as the last line")
    parser.add_argument("--only", default="", metavar="TEXT", help="cases with TEXT in their name")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="write the contest as SVG")
    return parser


if __name__ == "__main__":
    sys.exit(main())
