"""Three real agents, a real exchange, the centre over HTTP, and Slack behind the proxy."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from agent.adapters.nats_server import NatsServer
from agent.clock import BootClock
from agent.simulation.centre import Centre
from agent.simulation.centre_http import HttpCentre
from agent.simulation.line import OfficeLine
from agent.simulation.scenario import Kind
from tests.chaos.proxy import ChaosProxy
from tests.support import real_parts, slack_emulator
from tests.support.agent_process import AgentProcess
from tests.support.centre import faults, phase
from tests.support.nation import NATION
from tests.support.office_files import write_branch, write_nation
from tests.support.slack_emulator import TOKEN, Emulator

OFFICES = (NATION[0], NATION[8], NATION[13])
RUNS_PER_S = 0.6
"""Three offices, one run every five seconds each: the least period there is."""
BROKEN_SERVICE = "simponi.billing"
NOT_BILLED = phase(Kind.HTTP, until_s=3600, services=(BROKEN_SERVICE,), code=503.0, body="-")
SHORTER_RECOVERY = {"recovery_score": 3.0, "show_recovery_s": 1.0, "close_s": 3.0}
ASK_EVERY_S = 0.2
READY_S = 40.0


@dataclass(slots=True)
class Fleet:
    """Everything that chaos may be done to. Only what is started here is ever signalled."""

    agents: list[AgentProcess]
    server: NatsServer
    store: Path
    centre: Centre
    slack: Emulator
    proxy: ChaosProxy

    def break_centre(self) -> None:
        self.centre.begin(BootClock().now_s())

    async def leader(self, *, but: AgentProcess | None = None) -> AgentProcess | None:
        for agent in self.agents:
            if agent is not but and await _leads(agent):
                return agent
        return None

    async def some_leader(
        self, within_s: float, *, but: AgentProcess | None = None
    ) -> AgentProcess:
        """Raises TimeoutError when nobody leads in time."""
        async with asyncio.timeout(within_s):
            while (found := await self.leader(but=but)) is None:  # noqa: ASYNC110
                await asyncio.sleep(ASK_EVERY_S)
        return found

    def signal_exchange(self, number: signal.Signals) -> None:
        assert self.server.pid is not None
        os.kill(self.server.pid, number)

    async def kill_exchange(self) -> None:
        """SIGKILL; the store stays."""
        self.signal_exchange(signal.SIGKILL)
        await self.server.wait()
        await self.server.stop()

    async def wipe_exchange(self) -> None:
        await self.kill_exchange()
        await asyncio.to_thread(shutil.rmtree, self.store)


async def _leads(agent: AgentProcess) -> bool:
    try:
        async with asyncio.timeout(1):
            return bool((await agent.status())["leads"])
    except (TimeoutError, httpx.TransportError):
        return False  # It is dead, paused or being started.


@asynccontextmanager
async def fleet(folder: Path, starting: asyncio.Lock | None = None) -> AsyncIterator[Fleet]:
    """A pilot of three, all ready and led. Nothing is left running.

    ``starting``: held while it starts, which is the most that a fleet asks of the machine.
    """
    async with AsyncExitStack() as opened:
        starts = await opened.enter_async_context(AsyncExitStack())
        if starting is not None:
            await starts.enter_async_context(starting)
        slack = opened.enter_context(slack_emulator.running())
        proxy = await opened.enter_async_context(ChaosProxy(slack.base_url))
        (binary,) = real_parts.command_of("nats-server")
        store = folder / "store"
        server = await opened.enter_async_context(NatsServer(store, binary=binary))
        centre = Centre(faults(NOT_BILLED), now_s=BootClock().now_s)
        http = HttpCentre(centre, [office.id for office in OFFICES])
        opened.push_async_callback(http.stop)
        await http.start()
        write_nation(
            folder / "nation.yaml", OFFICES, base_runs_per_s=RUNS_PER_S, tuning=SHORTER_RECOVERY
        )
        agents = [
            await _agent(opened, folder, office.id, http, server, proxy) for office in OFFICES
        ]
        built = Fleet(agents, server, store, centre, slack, proxy)
        async with asyncio.TaskGroup() as begun:
            for agent in agents:
                begun.create_task(agent.start())
        await _ready(built)
        await starts.aclose()
        yield built


async def _agent(
    opened: AsyncExitStack,
    folder: Path,
    office: str,
    http: HttpCentre,
    server: NatsServer,
    proxy: ChaosProxy,
) -> AgentProcess:
    line = OfficeLine(lambda: False)
    opened.push_async_callback(line.stop)
    await line.start()
    slack = {
        "bot_token": TOKEN,
        "message_key_file": "message-key",
        "base_url": proxy.base_url,
    }
    config = write_branch(
        folder / office,
        office,
        urls=http.urls(office),
        line=line,
        exchange={"servers": [server.url]},
        slack=slack,
    )
    agent = AgentProcess(config)
    opened.push_async_callback(agent.end)
    return agent


async def _ready(built: Fleet) -> None:
    async with asyncio.timeout(READY_S):
        while not all([await agent.ready() for agent in built.agents]):  # noqa: ASYNC110
            await asyncio.sleep(ASK_EVERY_S)  # Other processes set no event here.
    await built.some_leader(READY_S)
