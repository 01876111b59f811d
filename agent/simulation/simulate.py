"""``pantau simulate``: a fleet plays a scenario in virtual time, on one core, without sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.clock import Clock
from agent.simulation import virtual_time
from agent.simulation.centre import Centre
from agent.simulation.fleet import Fleet
from agent.simulation.memory_world import MemoryWorld
from agent.simulation.play_report import report
from agent.simulation.play_settings import Play
from agent.simulation.virtual_time import VirtualClock
from agent.simulation.workspace import Workspace

_DEFAULT_START_S = 1_760_000_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """A finished play."""

    report: dict[str, Any]
    workspace: Workspace


def simulate(
    play: Play,
    seed: int,
    on_look: Callable[[float, Fleet], None] | None = None,
    *,
    recordings: Path | None = None,
) -> Simulated:
    """Play to the end and report. ``on_look`` hears the offset about twice a virtual second.

    Every office leaves its recording in the folder ``recordings``, if one is given.
    """
    return virtual_time.run(_play(play, seed, on_look, recordings))


async def _play(
    play: Play,
    seed: int,
    on_look: Callable[[float, Fleet], None] | None,
    recordings: Path | None,
) -> Simulated:
    start = play.scenario.start
    wall_s = _DEFAULT_START_S if start is None else start.timestamp()
    clock = VirtualClock(asyncio.get_running_loop(), wall_s - _warm_up_s(play))
    centre = Centre(play.faults, now_s=clock.now_s, seed=seed)
    workspace = Workspace(channels(play), clock)
    fleet = Fleet(
        plan=play.plan,
        scenario=play.scenario,
        centre=centre,
        world=MemoryWorld(
            centre=centre, workspace=workspace, clock=clock, seed=seed, recordings=recordings
        ),
        clock=clock,
        ending=play.ending,
    )
    if on_look is not None:
        narrate = on_look
        fleet.on_look = lambda offset_s: narrate(offset_s, fleet)
    return await finish(fleet, play, workspace, seed=seed, clock=clock)


async def finish(
    fleet: Fleet, play: Play, workspace: Workspace, *, seed: int | None, clock: Clock
) -> Simulated:
    """Play a staged fleet and put what it came to into a report."""
    witness = await fleet.play()
    began_s = witness.began_s if witness.began_s is not None else clock.wall_s()
    return Simulated(
        report=report(
            scenario=play.scenario.id,
            branches=len(play.plan.branches),
            seed=seed,
            seconds=clock.wall_s() - began_s,
            first_fault_s=play.faults.first_fault_start_s,
            witness=witness,
            workspace=workspace,
        ),
        workspace=workspace,
    )


def _warm_up_s(play: Play) -> float:
    return 1.1 * max(play.plan.mandate.periods_s.values())


def channels(play: Play) -> set[str]:
    """The channels that the messages of a play may go to."""
    return set(play.plan.mandate.routes.channels)
