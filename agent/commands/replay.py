"""``pantau replay``: what recorded statuses would have opened under another configuration."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from agent.adapters.recording_reader import RecordingReader, merged
from agent.app.plan import NationPlan, plan_nation
from agent.commands import replay_report
from agent.config.journeys import load_journeys
from agent.config.loading import load_nation
from agent.config.mistakes import refuse
from agent.config.nation import nation_hash
from agent.pipeline.mandate import Mandate
from agent.pipeline.replaying import Replay, Replayed
from agent.ports import ConfigurationError
from agent.simulation.play_settings import PROBES
from agent.simulation.quiet_meters import QuietMeters

OK, CONFIGURATION, UNKNOWN, INTERRUPTED = 0, 2, 3, 130
LOOK_EVERY = 200
"""Records between two looks at how far we are."""


def register(subparsers: Any) -> None:  # noqa: ANN401 - argparse does not name this type
    """Add the command to the program's."""
    parser = subparsers.add_parser(
        "replay",
        help="tell what recorded statuses would have opened under another nation.yaml",
        description="Feeds recordings (branch.yaml: recording) through the detector of a "
        "configuration, in the order of their own time, and tells which incidents would have "
        "opened, when, and how many messages. Several files are read as one; give FILE.1 as well. "
        "Nothing is sent to anybody. Exit code 0: replayed, whatever was found; 2: a file cannot "
        "be read; 3: nothing could be said, because nothing readable was recorded or too few "
        "offices were heard all the time.",
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
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Replay; returns the exit code, which says nothing about incidents."""
    try:
        mandate = read_plan(arguments.config, arguments.probes or [PROBES]).mandate
        readers = [RecordingReader(file) for file in arguments.files]
        replayed = _watched(mandate, readers)
    except ConfigurationError as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is its output
        return CONFIGURATION
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)  # noqa: T201 - the same
        return CONFIGURATION
    except KeyboardInterrupt:
        return INTERRUPTED
    return _tell(replay_report.report(replayed, mandate.revision, readers), replayed, arguments)


def read_plan(file: Path, probes: Sequence[Path]) -> NationPlan:
    """The nation as a configuration plans it. Raises :class:`agent.ports.ConfigurationError`."""
    nation, journeys = load_nation(file), load_journeys(probes)
    missing = (
        nation.lines.mistake(
            ("journeys", place, "name"),
            f'"{budget.name}" is in no probe path; name its folder with --probes',
        )
        for place, budget in enumerate(nation.journeys)
        if budget.name not in journeys.by_name
    )
    refuse((*journeys.mistakes, *missing))
    return plan_nation(nation, nation_hash(nation), journeys.by_name)


def _watched(mandate: Mandate, readers: Sequence[RecordingReader]) -> Replayed:
    """Replay behind a progress bar, on a terminal."""
    with Progress(
        TextColumn("replaying"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    ) as progress:
        task = progress.add_task("replaying", total=sum(each.size_bytes for each in readers))

        def look() -> None:
            progress.update(task, completed=sum(each.read_bytes for each in readers))

        return asyncio.run(_replayed(mandate, readers, look))


async def _replayed(
    mandate: Mandate, readers: Sequence[RecordingReader], look: Callable[[], None]
) -> Replayed:
    replay = Replay(mandate, QuietMeters())
    for number, recorded in enumerate(merged(readers)):
        await replay.feed(recorded)
        if number % LOOK_EVERY == 0:
            look()
    return await replay.finish()


def _tell(found: replay_report.Report, replayed: Replayed, arguments: argparse.Namespace) -> int:
    if arguments.json:
        print(json.dumps(found))  # noqa: T201 - this is its output
    elif replayed.records:
        replay_report.show(found, Console())
    else:
        for line in ("nothing that can be replayed was recorded here", *found["first_wrong_lines"]):
            print(line, file=sys.stderr)  # noqa: T201 - the same
    return UNKNOWN if replayed.blind_s >= replayed.assessed_s else OK
