"""``python -m tests.chaos``: outages on real parts that break on purpose. Told once, always?"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

from rich.console import Console

from tests.chaos import table, verdict
from tests.chaos.faults import FAULTS
from tests.chaos.trial import QUICK, QUICK_QUIET_S, QUIET_S, Outcome, play
from tests.support import real_parts

OK, BROKEN, MISSING = 0, 1, 3
PARTS = ("nats-server", "slack-emulator")


def main() -> int:
    """Play, show, and say by the exit code whether every bound holds."""
    arguments = _parser().parse_args()
    errors = Console(stderr=True)
    lacking = [
        part_found.why
        for part in PARTS
        if isinstance(part_found := real_parts.find(part), real_parts.Missing)
    ]
    if lacking:
        errors.print(*lacking, sep="\n")
        return MISSING
    found = verdict.rows(asyncio.run(_play_all(arguments, errors)))
    if arguments.json:
        print(json.dumps(table.as_json(found)))  # noqa: T201 - this is its output
    else:
        console = Console()
        table.show(found, console if console.is_terminal else Console(width=160))
    return BROKEN if any(row.broken for row in found) else OK


async def _play_all(arguments: argparse.Namespace, errors: Console) -> list[Outcome]:
    """All faults and seeds, a few fleets at a time; a line of progress for each that ended."""
    faults = [QUICK] if arguments.quick else [each for each in FAULTS if arguments.only in each]
    seeds = (
        [arguments.seed]
        if arguments.quick
        else range(arguments.seed, arguments.seed + arguments.seeds)
    )
    plays = [(fault, seed) for seed in seeds for fault in faults]
    outcomes: list[Outcome] = []
    room, starting = asyncio.Semaphore(arguments.together), asyncio.Lock()
    quiet_s = QUICK_QUIET_S if arguments.quick else QUIET_S

    async def one(fault: str, seed: int) -> None:
        async with room:
            ended = await play(fault, seed, quiet_s=quiet_s, starting=starting)
        outcomes.append(ended)
        words = "; ".join(row for each in verdict.rows([ended]) for row in each.broken) or "held"
        errors.print(
            f"{len(outcomes)} of {len(plays)}: {fault}, seed {seed}: {words}", highlight=False
        )

    async with asyncio.TaskGroup() as playing:
        for fault, seed in plays:
            playing.create_task(one(fault, seed))
    return sorted(outcomes, key=lambda each: (faults.index(each.fault), each.seed))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one fault, one seed, under 50 s")
    parser.add_argument("--json", action="store_true", help="one object as the last line")
    parser.add_argument("--only", default="", metavar="TEXT", help="faults with TEXT in their name")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=2, help="how many")
    parser.add_argument("--together", type=int, default=4, help="fleets at a time")
    return parser


if __name__ == "__main__":
    sys.exit(main())
