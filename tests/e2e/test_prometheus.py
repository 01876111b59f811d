"""A real Prometheus with our rules over a small real fleet: the nation's trouble fires there too.

Nine offices of nine provinces as in the demonstration: a real nats-server, a centre over HTTP, real
doors. One office is cut off and blind; at the others billing codes fail. The expositions of a
leader, a follower and the office that is cut off are those of the catalogue, and nothing in them
displeases promtool.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from agent.adapters.metric_catalogue import read_catalogue
from agent.clock import BootClock
from agent.simulation.centre import Centre
from agent.simulation.embedded_world import EmbeddedWorld
from agent.simulation.fleet import Fleet
from agent.simulation.play_settings import PlaySettings, prepare
from agent.simulation.simulate import channels
from agent.simulation.workspace import Workspace, WorkspaceNotifier
from tests.support import prometheus
from tests.support.prometheus import Prometheus
from tests.support.real_parts import command_of

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.real("nats-server", "prometheus", "promtool"),
    pytest.mark.timeout(150),
]

SEEING = ("jember", "medan", "makassar", "ambon", "semarang", "denpasar", "banda-aceh", "manado")
CUT_OFF = "mimika"
SERVICE = "simponi.billing"
SCENARIO = f"""\
id: scraped
name: kode-billing-macet
start: "2019-06-25T08:10 WIB"
compress: 1
phases:
- at: 0s
  until: 600s
  service: [{SERVICE}]
  scope: "offices:[{",".join(SEEING)}]"
  kind: http
  code: 503
- {{at: 0s, until: 600s, where: line, service: all, scope: "offices:[{CUT_OFF}]", kind: timeout}}
"""
WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Scraped:
    """The fleet, and who watches it."""

    fleet: Fleet
    doors: dict[str, str]
    """Host and port of each office's operations door."""
    watcher: Prometheus

    def leader(self) -> str:
        return next(o for o, agent in self.fleet.agents.items() if agent.census() is not None)

    async def metrics(self, office: str) -> str:
        async with httpx.AsyncClient(trust_env=False, timeout=5.0) as client:
            return (await client.get(f"http://{self.doors[office]}/metrics")).text


@asynccontextmanager
async def scraped(folder: Path) -> AsyncIterator[Scraped]:
    (folder / "scenario.yaml").write_text(SCENARIO)
    play = prepare(
        PlaySettings(scenario="scraped", scenarios_file=folder / "scenario.yaml", branches=9)
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
        opening = prometheus.running(folder, doors)
        watcher = await asyncio.to_thread(opening.__enter__)
        try:
            yield Scraped(fleet, doors, watcher)
        finally:
            await asyncio.to_thread(opening.__exit__, None, None, None)
    finally:
        playing.cancel()
        with suppress(asyncio.CancelledError):
            await playing


async def until(what: str, holds: Callable[[], object], within_s: float = WITHIN_S) -> None:
    try:
        async with asyncio.timeout(within_s):
            while not await asyncio.to_thread(holds):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.3)  # How often to ask, within the deadline above.
    except TimeoutError:
        pytest.fail(f"not within {within_s:g} s: {what}")


async def test_prometheus_tells_of_the_nations_trouble_when_nobody_else_does(tmp_path: Path):
    async with scraped(tmp_path) as nation:
        watcher = nation.watcher
        await until("alerts arrive", lambda: "PantauWatchdog" in watcher.firing(), 20)
        assert "PantauNationalDegradation" not in await asyncio.to_thread(watcher.firing)
        await until(
            "the nation's trouble fires", lambda: "PantauNationalDegradation" in watcher.firing()
        )
        firing = await asyncio.to_thread(watcher.firing)
        assert set(firing) == {"PantauWatchdog", "PantauNationalDegradation"}
        alert = firing["PantauNationalDegradation"]
        assert alert["labels"]["service"] == SERVICE
        assert alert["annotations"]["runbook_url"] == (
            "https://pantau.example.invalid/runbooks/PantauNationalDegradation.md"
        )
        await until("the office that is cut off sees nothing", lambda: _blind(watcher))
        await _says_each_office(nation)
        rules = await asyncio.to_thread(watcher.rules)
        assert [rule["name"] for rule in rules if rule["health"] != "ok"] == []
        leader = nation.leader()
        follower = next(office for office in SEEING if office != leader)
        for office in (leader, follower, CUT_OFF):
            _like_the_catalogue(await nation.metrics(office))


def _blind(watcher: Prometheus) -> bool:
    return [each["instance"] for each, _ in watcher.query("pantau_office_sees == 0")] == [CUT_OFF]


async def _says_each_office(nation: Scraped) -> None:
    """From the leader alone one reads which offices fail."""
    failing = f'pantau_office_service_state{{service="{SERVICE}"}} == 2'
    found = await asyncio.to_thread(nation.watcher.query, failing)
    assert {each["instance"] for each, _ in found} == {nation.leader()}
    assert {each["office"] for each, _ in found} <= set(SEEING)
    assert len(found) > len(SEEING) / 2


def _like_the_catalogue(text: str) -> None:
    live = {family.name: family.type for family in text_string_to_metric_families(text)}
    assert live == {f"pantau_{name}": entry["type"] for name, entry in read_catalogue().items()}
    checked = subprocess.run(
        [*command_of("promtool"), "check", "metrics"],
        input=text.encode(),
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
