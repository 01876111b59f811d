"""A whole agent in virtual time: what its parts do together."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from agent.app.agent import Agent
from agent.core import ledger, rhythm
from agent.core.ledger import HOURS, Day
from agent.core.standing import State
from agent.pipeline.office import Identity
from agent.simulation.centre import Centre
from agent.simulation.memory_world import MemoryWorld
from agent.simulation.play_settings import PlaySettings, prepare
from agent.simulation.virtual_time import VirtualClock
from agent.simulation.workspace import Workspace
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]


class OneOffice:
    """One of twelve offices, whose centre never breaks."""

    def __init__(self) -> None:
        play = prepare(PlaySettings(scenario="demo", branches=12))
        clock = VirtualClock(asyncio.get_running_loop())
        centre = Centre(play.faults, now_s=clock.now_s, seed=7)
        self.world = MemoryWorld(
            centre=centre, workspace=Workspace(set(), clock), clock=clock, seed=7
        )
        self.plan = play.plan
        self.branch = next(iter(play.plan.branches.values()))
        self._boots = 0

    async def run(self, seconds: float) -> Agent:
        self._boots += 1
        identity = Identity(
            branch=self.branch, program="0", nation="r1:0", boot_id=f"b{self._boots}"
        )
        agent = Agent(self.plan, identity, self.world.parts(self.branch))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await agent.run()
        return agent

    def day(self) -> Day:
        (record,) = self.world.store.ledger.values()
        name = record.name.rpartition(".")[2]
        return ledger.decode(self.branch.id, name, record.value)


def spent(day: Day, service: str) -> dict[State, float]:
    return {state: sum(day.seconds(service, h, state) for h in range(HOURS)) for state in State}


async def test_an_agent_leaves_a_ledger_of_all_its_time_and_a_restarted_one_goes_on():
    office = OneOffice()
    await office.run(400)
    await asyncio.sleep(100)
    await office.run(400)
    day = office.day()
    assert set(day.services) == set(office.plan.services)
    for service in office.plan.services:
        seconds = spent(day, service)
        assert sum(seconds.values()) == pytest.approx(800, abs=2)
        assert seconds[State.OK] + seconds[State.SLOW] > 600
        assert seconds[State.UNKNOWN] > 0, "before the first result"


async def test_an_agent_teaches_itself_and_measures_by_what_it_once_learned():
    office = OneOffice()
    await office.run(400)
    taught = office.day()
    steps = {journey.name: {step.id for step in journey.steps} for journey in office.plan.journeys}
    assert {journey: set(of) for journey, of in taught.lessons.items()} == steps
    for week in rhythm.weeks_before(taught.name):
        before = replace(taught, name=week, services={})
        store = office.world.store
        store.replace(store.ledger, f"{office.branch.id}.{week}", ledger.encode(before))
    agent = await office.run(400)
    assert agent.office.rhythm.day == taught.name
    known = {journey for hour in agent.office.rhythm.hours for journey in hour}
    assert known == set(steps)


async def test_an_agent_that_is_cut_off_from_the_exchange_lives_and_ends_as_ever():
    office = OneOffice()
    office.world.set_cut(office.branch.id, cut=True)
    await office.run(2000)
    assert office.world.store.ledger == {}
