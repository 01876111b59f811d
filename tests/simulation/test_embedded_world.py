"""The world of real parts: what an office that loses its power still shows."""

from __future__ import annotations

import httpx
import pytest

from agent.clock import BootClock
from agent.simulation.centre import Centre
from agent.simulation.embedded_world import EmbeddedWorld
from agent.simulation.play_settings import PlaySettings, prepare
from agent.simulation.simulate import channels
from agent.simulation.workspace import Workspace, WorkspaceNotifier

pytestmark = [pytest.mark.anyio, pytest.mark.real("nats-server")]


async def health(page: str) -> int:
    async with httpx.AsyncClient(trust_env=False, timeout=5.0) as client:
        return (await client.get(str(httpx.URL(page).join("/-/healthy")))).status_code


async def test_an_office_without_power_answers_nobody_and_with_it_again_where_it_did():
    play = prepare(PlaySettings(scenario="demo", branches=1))
    clock = BootClock()
    workspace = Workspace(channels(play), clock)
    world = EmbeddedWorld(
        plan=play.plan,
        centre=Centre(play.faults, now_s=clock.now_s),
        workspace=workspace,
        notifier=lambda office: WorkspaceNotifier(workspace, office, clock),
        clock=clock,
        agent=lambda office: pytest.fail(f"nobody asked for the agent of {office}"),
    )
    (office,) = play.plan.branches.values()
    await world.start([office], lambda _office: False)
    try:
        _, operations = world.addresses(office.id)
        assert await health(operations) == 200
        await world.set_power(office.id, on=False)
        with pytest.raises(httpx.ConnectError):
            await health(operations)
        await world.set_power(office.id, on=True)
        assert world.addresses(office.id)[1] == operations
        assert await health(operations) == 200
    finally:
        await world.stop()
