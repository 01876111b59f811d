"""A real agent that stands still for some seconds says so of itself, and nothing of the centre.

The process is stopped in the middle of a run, as an overloaded machine does it. What the run then
measured is the agent's own standstill: it must not become a verdict, and the office abstains until
it has looked again.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from agent.clock import BootClock
from agent.probe import Request
from agent.simulation.centre import Centre, Decision
from agent.simulation.centre_http import HttpCentre
from agent.simulation.line import OfficeLine
from agent.simulation.scenario import Kind
from tests.support.agent_process import AgentProcess
from tests.support.centre import faults, phase
from tests.support.nation import NATION
from tests.support.office_files import write_branch, write_nation

pytestmark = pytest.mark.anyio

OFFICE = NATION[0]
SLUGGISH = phase(Kind.LATENCY, until_s=3600, ms=1000.0)
"""Whoever asked waits a second for an answer, and may be stopped meanwhile."""
STOPPED_S = 2.5


class AskedCentre(Centre):
    """A centre that tells when it is asked."""

    asked: asyncio.Event

    def decide(
        self, office: str, service: str, request: Request, *, through: Collection[Kind] = ()
    ) -> Decision:
        self.asked.set()
        return super().decide(office, service, request, through=through)


@asynccontextmanager
async def lone_office(folder: Path, asked: asyncio.Event) -> AsyncIterator[AgentProcess]:
    async with AsyncExitStack() as opened:
        centre = AskedCentre(faults(SLUGGISH), now_s=BootClock().now_s)
        centre.asked = asked
        http, line = HttpCentre(centre, [OFFICE.id]), OfficeLine(lambda: False)
        for part in (http, line):
            opened.push_async_callback(part.stop)
            await part.start()
        centre.begin(BootClock().now_s())
        write_nation(folder / "nation.yaml", [OFFICE], base_runs_per_s=1.0, tuning={})
        urls = http.urls(OFFICE.id)
        agent = AgentProcess(write_branch(folder / OFFICE.id, OFFICE.id, urls=urls, line=line))
        opened.push_async_callback(agent.end)
        await agent.start()
        yield agent


def told(agent: AgentProcess, event: str) -> list[dict[str, Any]]:
    """The lines of one kind in the agent's log."""
    whole, _, _ = agent.log.read_text().rpartition("\n")
    lines = [json.loads(line) for line in whole.splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == event]


async def until(holds: Callable[[], Awaitable[object]], within_s: float = 40.0) -> None:
    async with asyncio.timeout(within_s):
        while not await holds():  # noqa: ASYNC110 - another process sets no event here
            await asyncio.sleep(0.05)  # How often to ask, within the deadline above.


async def test_an_agent_that_stood_still_blames_itself_abstains_and_sees_again(tmp_path: Path):
    asked = asyncio.Event()
    async with lone_office(tmp_path, asked) as agent:
        await until(agent.ready)
        assert told(agent, "sight_changed") == []

        asked.clear()
        async with asyncio.timeout(20):
            await asked.wait()
        os.kill(agent.pid, signal.SIGSTOP)
        await asyncio.sleep(STOPPED_S)  # As long as the machine gives the agent no time.
        os.kill(agent.pid, signal.SIGCONT)

        async def sees_again() -> bool:
            return [line["sees"] for line in told(agent, "sight_changed")] == [False, True]

        await until(sees_again)
        lost, _ = told(agent, "sight_changed")
        assert lost["why_not"].startswith("this agent doubts itself: its event loop woke 2.")
        doubted = [line for line in told(agent, "run") if line["blame"] == "agent"]
        assert [set(line["outcomes"].values()) for line in doubted] == [{"void"}]
        assert 'runs_blamed_total{blame="agent",journey="officer-application"} 1.0' in (
            await agent.metrics()
        )
        status = await agent.status()
        assert (status["sees"], status["doubt"]) == (True, None)
