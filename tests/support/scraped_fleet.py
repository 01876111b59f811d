"""A small real fleet that a real Prometheus scrapes, with the rules that we deliver.

Nine offices of nine provinces as in the demonstration: a real nats-server, a centre over HTTP, real
doors. What goes wrong is the scenario's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from agent.clock import BootClock
from agent.simulation.centre import Centre
from agent.simulation.embedded_world import EmbeddedWorld
from agent.simulation.fleet import Fleet
from agent.simulation.play_settings import PlaySettings, prepare
from agent.simulation.simulate import channels
from agent.simulation.workspace import Workspace, WorkspaceNotifier
from tests.support import prometheus
from tests.support.prometheus import Prometheus

WITHIN_S = 60.0
SEEING = ("jember", "medan", "makassar", "ambon", "semarang", "denpasar", "banda-aceh", "manado")
"""Eight of the nine, of eight provinces: what is broken for all of these is the nation's."""
NINTH = "mimika"
_SCENARIO = """\
id: scraped
name: scraped
start: "2019-06-25T08:10 WIB"
compress: 1
phases:
"""


def outage(service: str, offices: Collection[str] = SEEING, until_s: int = 600) -> str:
    """A phase: the service refuses these offices, from the start on."""
    where = f"offices:[{','.join(offices)}]"
    return (
        f'- {{at: 0s, until: {until_s}s, service: [{service}], scope: "{where}",'
        " kind: http, code: 503}\n"
    )


def cut(part: str, office: str, until_s: int = 600) -> str:
    """A phase: nothing comes through to or from an office's ``line`` or its whole ``agent``."""
    return (
        f'- {{at: 0s, until: {until_s}s, where: {part}, service: all, scope: "offices:[{office}]",'
        " kind: timeout}\n"
    )


@dataclass(frozen=True, slots=True)
class Scraped:
    """The fleet, and who watches it."""

    fleet: Fleet
    world: EmbeddedWorld
    doors: dict[str, str]
    """Host and port of each office's operations door."""
    watcher: Prometheus

    def leader(self) -> str:
        """The office that leads now."""
        return next(o for o, agent in self.fleet.agents.items() if agent.census() is not None)

    async def metrics(self, office: str) -> str:
        """What the office's door exposes now."""
        async with httpx.AsyncClient(trust_env=False, timeout=5.0) as client:
            return (await client.get(f"http://{self.doors[office]}/metrics")).text


Watching = Callable[[Path, Mapping[str, str]], AbstractContextManager[Prometheus]]
"""Opens a Prometheus in a folder, for the offices' doors."""


@asynccontextmanager
async def scraped(
    folder: Path, phases: str, watching: Watching = prometheus.running, branches: int = 9
) -> AsyncIterator[Scraped]:
    """``phases`` are those of a scenario that begins at once."""
    (folder / "scenario.yaml").write_text(_SCENARIO + phases)
    play = prepare(
        PlaySettings(scenario="scraped", scenarios_file=folder / "scenario.yaml", branches=branches)
    )
    clock = BootClock()
    workspace = Workspace(channels(play), clock)
    centre = Centre(play.faults, now_s=clock.now_s)
    world = EmbeddedWorld(
        plan=play.plan,
        centre=centre,
        workspace=workspace,
        notifier=lambda office: WorkspaceNotifier(workspace, office, clock),
        clock=clock,
        agent=lambda office: fleet.agents[office],
    )
    fleet = Fleet(
        plan=play.plan,
        scenario=play.scenario,
        centre=centre,
        world=world,
        clock=clock,
        ending=play.ending,
    )
    started = asyncio.Event()
    fleet.on_started = started.set
    playing = asyncio.create_task(fleet.play())
    try:
        async with asyncio.timeout(30):
            await started.wait()
        doors = {
            office: httpx.URL(world.addresses(office)[1]).netloc.decode() for office in fleet.agents
        }
        opening = watching(folder, doors)
        watcher = await asyncio.to_thread(opening.__enter__)
        try:
            yield Scraped(fleet, world, doors, watcher)
        finally:
            await asyncio.to_thread(opening.__exit__, None, None, None)
    finally:
        playing.cancel()
        with suppress(asyncio.CancelledError):
            await playing


async def until(what: str, holds: Callable[[], object], within_s: float = WITHIN_S) -> None:
    """Waits for what another process answers; ``holds`` may block."""
    try:
        async with asyncio.timeout(within_s):
            while not await asyncio.to_thread(holds):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.3)  # How often to ask, within the deadline above.
    except TimeoutError:
        pytest.fail(f"not within {within_s:g} s: {what}")
