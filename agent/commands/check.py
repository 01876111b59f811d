"""``pantau check``: a run of one journey, now, and what it says. A probe author's daily tool.

It asks the configured targets as the agent would, looks at the controls afterwards, and judges by
the same rules. Nothing is shared with other offices, and nobody is told.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from agent.app import real_parts
from agent.clock import BootClock
from agent.commands import check_pace, check_picture, check_record, check_repeat
from agent.commands.check_record import Record
from agent.commands.check_repeat import Repeated
from agent.commands.check_report import CheckReport
from agent.commands.check_running import Checker
from agent.config.branch import BranchSettings
from agent.config.journeys import journey_called
from agent.config.loading import load_branch
from agent.ports import ConfigurationError
from agent.probe import Journey

USAGE = 2


def register(subparsers: Any) -> None:  # noqa: ANN401 - argparse does not name this type
    """Add the command to the program's."""
    parser = subparsers.add_parser(
        "check",
        help="run one journey once against the configured targets, and say what it shows",
        description="Exit code 0: all its services are ok; 1: one fails or is slow; 2: usage or "
        "configuration, or too soon after the last check of a live target; 3: unknown: this "
        "office cannot see, or the probe itself has a bug.",
    )
    parser.add_argument(
        "journey", metavar="JOURNEY", help="a name in the probe paths, or a file with one journey"
    )
    parser.add_argument("--config", type=Path, required=True, metavar="BRANCH.YAML")
    parser.add_argument(
        "--explain", action="store_true", help="show every step, its phases and the controls"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--repeat",
        type=_times,
        default=1,
        metavar="N",
        help=f"run it N times, at most {check_repeat.MOST}, and sum up; a live target is asked "
        f"once in {check_pace.LEAST_INTERVAL_S:.0f} s",
    )
    parser.add_argument(
        "--record",
        type=Path,
        metavar="FILE",
        help="write what was found to a new JSON file for a bug report: without bodies, headers, "
        "credentials and whatever names a person",
    )
    parser.set_defaults(run=run)


def _times(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= check_repeat.MOST:
        raise argparse.ArgumentTypeError(f"write a number from 1 to {check_repeat.MOST}")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Check ``arguments.journey``; returns the exit code."""
    try:
        settings = load_branch(arguments.config)
        journey = _allowed(journey_called(arguments.journey, settings.probe_paths), settings)
        _refuse_unknown_targets(journey, settings)
        record = check_record.begun(arguments.record, journey, settings)
        found = asyncio.run(_checked(journey, settings, arguments.repeat, record))
    except ConfigurationError as error:
        return _refuse(error.mistakes, as_json=arguments.json)
    except check_pace.TooSoon as refused:
        return _refuse([str(refused)], as_json=arguments.json)
    _show(found, arguments)
    return found.exit_code


async def _checked(
    journey: type[Journey], settings: BranchSettings, times: int, record: Record | None
) -> Repeated:
    """All runs, and the record of them where one is wanted."""
    async with Checker(journey, settings) as checker:
        found = await check_repeat.repeat(
            times,
            checker.once,
            take_turn=lambda: _take_turn(journey, settings),
            tell=lambda words: print(words, file=sys.stderr),  # noqa: T201 - it goes on for long
        )
        if record is not None:
            record.write(found, checker.hearsay)
    return found


async def check(journey: type[Journey], settings: BranchSettings) -> CheckReport:
    """One run of ``journey``, and a look at the controls that began after it.

    Raises :class:`ConfigurationError` for certificates that cannot be used.
    """
    async with Checker(journey, settings) as checker:
        return await checker.once()


def _show(found: Repeated, arguments: argparse.Namespace) -> None:
    if arguments.json:
        one = found.reports[0].as_json() if arguments.repeat == 1 else found.as_json()
        print(json.dumps(one))  # noqa: T201 - this is its output
        return
    console = Console()
    check_picture.show(found.reports[-1], console, explain=arguments.explain)
    if arguments.repeat > 1:
        check_picture.show_all(found, console)


def _allowed(journey: type[Journey], settings: BranchSettings) -> type[Journey]:
    """What of a journey may run here. Raises :class:`ConfigurationError` when nothing may."""
    allowed = journey.within(settings.sandboxes, settings.consents)
    if allowed is not None:
        return allowed
    roles = sorted({step.role for step in journey.steps if step.sandbox_only and step.role})
    consents = sorted({step.consent for step in journey.steps if step.consent})
    mend = [f"it writes, and {role} is no sandbox (sandbox: true)" for role in roles]
    mend += [f'it needs the written consent "{name}" (consents)' for name in consents]
    raise ConfigurationError(
        [f"{settings.lines.file}: {journey.name} may not run here: {each}" for each in mend]
    )


def _refuse_unknown_targets(journey: type[Journey], settings: BranchSettings) -> None:
    mistakes = [
        f'{settings.lines.file}: step "{step.id}" of {journey.name} needs the target '
        f'"{step.role}"; add it below targets'
        for step in journey.steps
        if step.role is not None and step.role not in settings.targets
    ]
    if mistakes:
        raise ConfigurationError(mistakes)


def _take_turn(journey: type[Journey], settings: BranchSettings) -> None:
    """Raises :class:`check_pace.TooSoon` when a live target was checked a moment ago."""
    roles = {step.role for step in journey.steps}
    asked = [target for target in real_parts.targets(settings, BootClock()) if target.role in roles]
    if check_pace.live_roles(settings, asked):
        check_pace.take_turn(check_pace.stamp_file(), BootClock().wall_s())


def _refuse(mistakes: Sequence[str], *, as_json: bool) -> int:
    if as_json:
        refused = {"ok": False, "exit_code": USAGE, "mistakes": list(mistakes)}
        print(json.dumps(refused))  # noqa: T201 - this is its output
    else:
        for mistake in mistakes:
            print(mistake, file=sys.stderr)  # noqa: T201 - the same
    return USAGE
