"""``pantau validate``: every mistake in the configuration at once, or what it means in numbers."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.commands.load_report import APPLICATIONS_PER_S, LoadReport, report
from agent.config.loading import load
from agent.core.groups import ROSTER
from agent.ports import ConfigurationError

OK, CONFIGURATION = 0, 2
_NAMES_SHOWN = 12

Rows = Sequence[Sequence[str]]


def register(subparsers: Any) -> None:  # noqa: ANN401 - argparse does not name this type
    """Add the command to the program's."""
    parser = subparsers.add_parser(
        "validate",
        help="check branch.yaml, nation.yaml and the journeys, and say what they mean",
        description="Checks branch.yaml, the nation's file that it names, and the journeys. Prints "
        "every mistake with file and line (exit code 2), or the load on the centre and how many "
        "offices must fail before anybody is told (exit code 0). Secrets are never printed.",
    )
    parser.add_argument("--config", type=Path, required=True, metavar="BRANCH.YAML")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check ``arguments.config``; returns the exit code."""
    try:
        found = report(load(arguments.config))
    except ConfigurationError as error:
        _refuse(error.mistakes, as_json=arguments.json)
        return CONFIGURATION
    if arguments.json:
        print(json.dumps({"ok": True, **asdict(found)}))  # noqa: T201 - this is its output
    else:
        _show(found, Console())
    return OK


def _refuse(mistakes: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"ok": False, "mistakes": list(mistakes)}))  # noqa: T201
        return
    for mistake in mistakes:
        print(mistake, file=sys.stderr)  # noqa: T201
    count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    print(f"{count}; nothing was started", file=sys.stderr)  # noqa: T201


def _show(found: LoadReport, console: Console) -> None:
    show = _table if console.is_terminal else _lines
    for sentence in _identity(found):
        _say(console, sentence)
    show(
        console,
        ("journey", "each office every", "quiet", "at most", "requests a run"),
        [
            (
                each.name,
                f"{each.period_s:.1f} s",
                f"{each.quiet_runs_per_s:.2f} runs/s",
                f"{each.most_runs_per_s:.2f} runs/s",
                str(each.requests_per_run),
            )
            for each in found.journeys
        ],
    )
    show(
        console,
        ("target", "quiet", "at most", "ceiling", "per real application"),
        [
            (
                each.role,
                f"{each.quiet_requests_per_s:.1f} requests/s",
                f"{each.most_requests_per_s:.1f} requests/s",
                f"{each.ceiling_requests_per_s:.1f} requests/s",
                f"{each.quiet_per_application:.1f} quiet, {each.most_per_application:.1f} at most",
            )
            for each in found.targets
        ],
    )
    for sentence in (*_load_words(found), *coverage_words(found)):
        _say(console, sentence)


def _table(console: Console, header: Sequence[str], rows: Rows) -> None:
    table = Table(*header)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def _lines(console: Console, header: Sequence[str], rows: Rows) -> None:
    for first, *rest in rows:
        named = (f"{name} {cell}" for name, cell in zip(header[1:], rest, strict=True))
        _say(console, f"{header[0]} {first}: {', '.join(named)}")


def _say(console: Console, sentence: str) -> None:
    console.print(Text(sentence), soft_wrap=not console.is_terminal)


def _identity(found: LoadReport) -> Iterator[str]:
    hubs = "1 hub" if found.hubs == 1 else f"{found.hubs} hubs"
    yield (
        f"{found.branch}: one of {found.offices} offices in {found.provinces} provinces, {hubs}; "
        f"nation {found.nation}"
    )
    if found.hub and not found.tells_slack:
        yield (
            f"{found.branch} is a hub without Slack's secrets, and never leads: name them, or let "
            "it be no hub"
        )
    for receiver in found.receivers:
        yield f"While it leads it tells, beside Slack: {receiver}"


def _load_words(found: LoadReport) -> Iterator[str]:
    yield (
        "The load is the whole nation's, and the same however many offices are alive. For scale: "
        f"about {APPLICATIONS_PER_S} real applications a second are taken in the country in "
        "service hours (an estimate), each of which asks these targets many times."
    )
    yield (
        f"This office's own probes cost its line roughly {found.probes_mb_per_hour:.1f} MB an hour "
        "in quiet times (an assumption of size, not measured); the exchange comes on top."
    )
    if found.unwatched:
        yield f"No journey exercises: {', '.join(found.unwatched)}"
    for each in found.left_out:
        yield f"Not probed here: {each}"


def coverage_words(found: LoadReport) -> Iterator[str]:
    """How many offices must fail before anybody is told."""
    told = found.coverage
    if told.national is None:
        yield "Nothing is called national: the roster is too small, or too much of it shares a fate"
    else:
        yield (
            f"National: {len(told.national)} offices at the least, when no two of them share a "
            f"province, carrier or egress; more when they do. For example {_named(told.national)}"
        )
    if told.regional is None:
        yield "Regional: never; no group holds enough offices"
    elif told.group == ROSTER:
        yield f"Regional: only when all {len(told.regional)} offices of the roster fail"
    else:
        yield (
            f"Regional: {len(told.regional)} offices at the least, in a group such as "
            f"{told.group}: {_named(told.regional)}"
        )
    count = len(told.untold)
    yield (
        f"Neither: up to {count} offices can fail together and nobody is told, if they are spread "
        f"unluckily: {_named(told.untold)}. Each still shows it on its own page and metrics"
    )


def _named(branches: Sequence[str]) -> str:
    shown = ", ".join(branches[:_NAMES_SHOWN])
    rest = len(branches) - _NAMES_SHOWN
    return f"{shown} and {rest} more" if rest > 0 else shown
