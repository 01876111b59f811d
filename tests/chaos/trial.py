"""One fault, one seed, one outage: played on a fleet of its own, watched to a quiet end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from agent.clock import BootClock
from tests.chaos.faults import FAULTS, Stage
from tests.chaos.fleet import fleet
from tests.chaos.sight import Sight

PATIENCE_S = 120.0
"""Waited for longer than is allowed, so that a miss has a number."""
QUIET_S = 75.0
"""After the fault is healed and the message is there: a new leader without memory, as after a wiped
exchange, must have had the time to detect and tell the same outage again."""

QUICK = "Slack resets after"
"""The fault of the short form: the one that a client of Slack answers with a second message."""
QUICK_QUIET_S = 6.0
"""More than the sweep takes after an unknown answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one outage came to. Durations in seconds."""

    fault: str
    seed: int
    told: bool
    duplicated: bool
    longest_duplicate_s: float
    told_after_healing_s: float
    """0 when it was told before."""
    failover_s: float | None
    reached: dict[str, int] = field(default_factory=dict)
    unreached: str = ""
    """Why the fault did not come about; empty: it did."""


async def play(
    fault: str, seed: int, *, quiet_s: float = QUIET_S, starting: asyncio.Lock | None = None
) -> Outcome:
    """Start everything, do it, look, end everything; what shares ``starting`` starts in turn."""
    with TemporaryDirectory(prefix="pantau-chaos-") as folder:
        async with fleet(Path(folder), starting) as nation:
            sight = Sight()
            stage = Stage(nation, sight, Random(f"{fault} {seed}"), seed)
            watching = asyncio.create_task(sight.watch(nation))
            try:
                unreached = await _strike(fault, stage)
                return await _outcome(fault, stage, unreached, quiet_s)
            finally:
                watching.cancel()
                with suppress(asyncio.CancelledError):
                    await watching


async def _strike(fault: str, stage: Stage) -> str:
    try:
        await FAULTS[fault](stage)
    except TimeoutError:
        stage.healed_s = BootClock().now_s()
        return "the dangerous state was not reached, or nobody led"
    return ""


async def _outcome(fault: str, stage: Stage, unreached: str, quiet_s: float) -> Outcome:
    sight = stage.sight
    wait_s = max(0.0, stage.healed_s - BootClock().now_s()) + PATIENCE_S
    with suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            await sight.told.wait()
    await asyncio.sleep(quiet_s)
    told_s = sight.told_s
    return Outcome(
        fault=fault,
        seed=stage.seed,
        told=sight.roots > 0,
        duplicated=sight.roots > 1,
        longest_duplicate_s=sight.longest_duplicate_s,
        told_after_healing_s=wait_s if told_s is None else max(0.0, told_s - stage.healed_s),
        failover_s=stage.failover_s,
        reached=stage.reached,
        unreached=unreached,
    )
