"""``python -m agent.simulation.trials``: proves the national detector, or shows where it fails."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from agent.simulation.trials import bench, picture, tables

PICTURED = ("f=1, p1=1", "f=0.1, p1=1")
OK, BROKEN = 0, 1


def main() -> int:
    """Play, show, and say by the exit code whether every promise holds."""
    arguments = _parser().parse_args()
    with _progress(Console(stderr=True)) as on_trial:
        results = bench.run(quick=arguments.quick, only=arguments.only, on_trial=on_trial)
    if arguments.picture and results.standings:
        arguments.picture.write_text(picture.draw(results.standings, PICTURED), encoding="utf-8")
    if arguments.json:
        print(json.dumps(tables.as_json(results)))  # noqa: T201 - this is its output
    else:
        console = Console()
        tables.show(results, console if console.is_terminal else Console(width=200))
    return OK if results.hold else BROKEN


@contextmanager
def _progress(errors: Console) -> Iterator[Callable[[int, int], None]]:
    """How far it is: a bar on a terminal, elsewhere a line for each twentieth part."""
    if not errors.is_terminal:
        yield partial(_say_twentieths, errors)
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, TimeElapsedColumn(), console=errors) as bar:
        task = bar.add_task("trials", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def _say_twentieths(errors: Console, done: int, of: int) -> None:
    if done * 20 // of > (done - 1) * 20 // of:
        errors.print(f"{done} of {of} trials", highlight=False)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench-detection", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few trials of each, under 50 s")
    parser.add_argument("--json", action="store_true", help="one object as the last line")
    parser.add_argument("--only", default="", metavar="TEXT", help="cases with TEXT in their name")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="write the contest as SVG")
    return parser


if __name__ == "__main__":
    sys.exit(main())
