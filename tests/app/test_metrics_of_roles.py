"""What whole agents expose: that one leads, that it follows, is cut off, or is blind.

Twelve offices in virtual time with the real exporter. All four expose the whole catalogue and
nothing else, promtool finds nothing to say, and each tells what it is.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Collection
from dataclasses import dataclass, replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from agent.adapters.metric_catalogue import exposed_families
from agent.adapters.prometheus_exporter import PrometheusExporter
from agent.app.agent import Agent
from agent.core.model import Branch, Sight
from agent.pipeline.office import Identity
from agent.simulation.centre import Centre
from agent.simulation.memory_world import MemoryWorld
from agent.simulation.play_settings import Play, PlaySettings, prepare
from agent.simulation.virtual_time import VirtualClock
from agent.simulation.workspace import Workspace
from tests.support.real_parts import command_of
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

SECONDS = 180.0
"""Long enough to elect, to miss who is silent, and for an office to call itself alone."""
STATE = "pantau_office_service_state{"
JOINED, ALONE = 'pantau_exchange_state{state="joined"}', 'pantau_exchange_state{state="standalone"}'


class NoSight:
    """``agent.ports.Controls`` of an office whose line is dead, though its exchange answers."""

    def ignore(self, names: Collection[str]) -> None:
        """They all fail."""

    async def look(self) -> Sight:
        return Sight(sees=False, why_not="gateway and resolver do not answer")


@dataclass(frozen=True, slots=True)
class Exposed:
    """The expositions after a while, by role."""

    leader: str
    follower: str
    cut_off: str
    blind: str


class Nation:
    """Twelve agents with real exporters; the last office is blind, the one before it cut off."""

    def __init__(self) -> None:
        self.play: Play = prepare(PlaySettings(scenario="demo", branches=12))
        self.clock = VirtualClock(asyncio.get_running_loop())
        centre = Centre(self.play.faults, now_s=self.clock.now_s, seed=7)
        workspace = Workspace(set(self.play.plan.mandate.routes.channels), self.clock)
        self.world = MemoryWorld(centre=centre, workspace=workspace, clock=self.clock, seed=7)
        self.meters = {b.id: self._exporter(b) for b in self.play.plan.branches.values()}
        self.agents: dict[str, Agent] = {}
        *_, self.cut_off, self.blind = (
            branch.id for branch in self.play.plan.branches.values() if not branch.hub
        )

    async def live(self) -> Exposed:
        tasks = [
            asyncio.create_task(self._agent(b).run()) for b in self.play.plan.branches.values()
        ]
        self.world.store.cut(self.cut_off)
        await asyncio.wait(tasks, timeout=SECONDS)
        leader = next(o for o, agent in self.agents.items() if agent.leadership.may_act())
        others = {leader, self.cut_off, self.blind}
        follower = next(office for office in self.agents if office not in others)
        shown = Exposed(*map(self._exposed, (leader, follower, self.cut_off, self.blind)))
        for task in tasks:
            assert not task.done(), task
            task.cancel()
        await asyncio.wait(tasks)
        return shown

    def _agent(self, branch: Branch) -> Agent:
        parts = replace(self.world.parts(branch), meters=self.meters[branch.id])
        if branch.id == self.blind:
            parts = replace(parts, controls=NoSight())
        identity = Identity(
            branch=branch, program="0", nation=self.play.plan.mandate.revision, boot_id="b1"
        )
        agent = self.agents[branch.id] = Agent(self.play.plan, identity, parts)
        self.meters[branch.id].show_offices(agent.census)
        return agent

    def _exporter(self, branch: Branch) -> PrometheusExporter:
        plan = self.play.plan
        return PrometheusExporter(
            branch=branch,
            roster=plan.branches.values(),
            services=plan.services,
            journeys={journey.name: journey.steps for journey in plan.journeys},
            version="0",
            nation=plan.mandate.revision,
            clock=self.clock,
        )

    def _exposed(self, office: str) -> str:
        return self.meters[office].exposition().body.decode()


def value(text: str, series: str) -> float | None:
    """Of a series as it stands in the text; None: there is no such series."""
    lines = (line for line in text.splitlines() if line.startswith(f"{series} "))
    return next((float(line.rpartition(" ")[2]) for line in lines), None)


async def test_each_role_exposes_the_catalogue_and_says_what_it_is():
    nation = Nation()
    shown = await nation.live()
    for text in (shown.leader, shown.follower, shown.cut_off, shown.blind):
        live = {f.name: f.type for f in text_string_to_metric_families(text)}
        assert live == exposed_families()
        assert value(text, 'pantau_dropped_total{what="measurement"}') == 0

    assert [value(text, "pantau_leader") for text in (shown.leader, shown.follower)] == [1, 0]
    assert [value(text, JOINED) for text in (shown.leader, shown.cut_off)] == [1, 0]
    assert [value(text, ALONE) for text in (shown.follower, shown.cut_off)] == [0, 1]
    assert value(shown.cut_off, "pantau_bulletins_total") == 0
    assert [value(t, "pantau_office_sees") for t in (shown.cut_off, shown.blind)] == [1, 0]
    assert value(shown.blind, JOINED) == 1


async def test_the_leader_alone_shows_every_office():
    nation = Nation()
    shown = await nation.live()
    series = 'pantau_office_attendance{{attendance="{}",office="{}"}}'
    parts = {
        office: [
            part
            for part in ("reporting", "abstaining", "silent", "unheard")
            if value(shown.leader, series.format(part, office)) == 1
        ]
        for office in nation.agents
    }
    expected = {office: ["reporting"] for office in nation.agents}
    assert parts == expected | {nation.cut_off: ["silent"], nation.blind: ["abstaining"]}
    states = [line for line in shown.leader.splitlines() if line.startswith(STATE)]
    assert len(states) == len(nation.agents) * len(nation.play.plan.services)
    for text in (shown.follower, shown.cut_off, shown.blind):
        assert STATE not in text


@pytest.mark.real("promtool")
async def test_promtool_finds_nothing_to_say_of_any_role():
    shown = await Nation().live()
    for text in (shown.leader, shown.follower, shown.cut_off, shown.blind):
        checked = subprocess.run(  # noqa: ASYNC221 - virtual time waits for nobody
            [*command_of("promtool"), "check", "metrics"],
            input=text.encode(),
            capture_output=True,
            timeout=20,
            check=False,
        )
        assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
