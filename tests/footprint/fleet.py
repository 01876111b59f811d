"""Two real agents as processes of their own, and round them a nation that only speaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from agent.adapters.nats_exchange import NatsExchange
from agent.adapters.nats_link import NatsSettings
from agent.adapters.nats_server import NatsServer
from agent.app.plan import NationPlan
from agent.clock import BootClock
from agent.config.loading import load
from agent.simulation.centre import Centre
from agent.simulation.centre_http import HttpCentre
from agent.simulation.line import OfficeLine
from agent.simulation.loopback import raise_descriptor_limit
from agent.simulation.scenario import Kind
from tests.footprint.light_office import LightOffice
from tests.footprint.nation import (
    HUB,
    OFFICE,
    plan_of,
    remember_a_month,
    write_nation,
    write_office,
)
from tests.support import real_parts, slack_emulator
from tests.support.agent_process import AgentProcess
from tests.support.centre import faults, phase
from tests.support.slack_emulator import Emulator

BROKEN_SERVICE = "simkim.login"
"""What most other services need, so that its outage is the most that there is to tell."""
OUT = phase(Kind.HTTP, until_s=3600, services=(BROKEN_SERVICE,), code=503.0, body="-")
CONNECTING_AT_ONCE = 16
SPARE_DESCRIPTORS = 512
LED_WITHIN_S = 60.0
ASK_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class Measured:
    """The two agents that are measured, and the centre that can be broken under them."""

    agents: Mapping[str, AgentProcess]
    """The office's and the leading hub's, by what they are."""
    centre: Centre
    slack: Emulator

    def break_centre(self) -> None:
        self.centre.begin(BootClock().now_s())


@asynccontextmanager
async def fleet(folder: Path, offices: int) -> AsyncIterator[Measured]:
    """A nation of ``offices`` that are all heard, and led. Nothing is left running."""
    raise_descriptor_limit(offices + SPARE_DESCRIPTORS)
    async with AsyncExitStack() as opened:
        slack = opened.enter_context(slack_emulator.running())
        (binary,) = real_parts.command_of("nats-server")
        server = await opened.enter_async_context(NatsServer(folder / "store", binary=binary))
        centre = Centre(faults(OUT), now_s=BootClock().now_s)
        http = HttpCentre(centre, (OFFICE, HUB))
        opened.push_async_callback(http.stop)
        await http.start()
        write_nation(folder / "nation.yaml", offices)
        files = [
            await _written(opened, folder, office, http, server, slack) for office in (OFFICE, HUB)
        ]
        plan = plan_of(load(files[0]))
        await _speaking(opened, plan, centre, server.url)
        office, hub = [AgentProcess(file) for file in files]
        for agent in (office, hub):
            opened.push_async_callback(agent.end)
            await agent.start()
        await _led(hub)
        yield Measured({"an office": office, "the leader": hub}, centre, slack)


async def _written(
    opened: AsyncExitStack,
    folder: Path,
    office: str,
    http: HttpCentre,
    server: NatsServer,
    slack: Emulator,
) -> Path:
    line = OfficeLine(lambda: False)
    opened.push_async_callback(line.stop)
    await line.start()
    urls = http.urls(office)
    return write_office(
        folder / office, office, urls=urls, line=line, exchange=server.url, slack=slack
    )


async def _speaking(opened: AsyncExitStack, plan: NationPlan, centre: Centre, url: str) -> None:
    """Every other office speaks, and the two that are real have a month behind them."""
    exchanges = await _connected(opened, plan.branches, url)
    for real in (OFFICE, HUB):
        await remember_a_month(exchanges.pop(real), plan, real)
    speaking = [
        asyncio.create_task(
            LightOffice(
                office,
                plan=plan,
                exchange=exchange,
                is_out=lambda service: service == BROKEN_SERVICE and centre.offset_s is not None,
            ).run()
        )
        for office, exchange in exchanges.items()
    ]
    opened.push_async_callback(_end, speaking)


async def _connected(
    opened: AsyncExitStack, offices: Iterable[str], url: str
) -> dict[str, NatsExchange]:
    """The exchange of each office; the first one makes the streams."""
    settings = NatsSettings(servers=(url,))
    exchanges = {office: NatsExchange(settings, office, BootClock()) for office in offices}
    places = asyncio.Semaphore(CONNECTING_AT_ONCE)

    async def start(exchange: NatsExchange) -> None:
        opened.push_async_callback(exchange.close)
        async with places:
            await exchange.start()

    first, *others = exchanges.values()
    await start(first)
    async with asyncio.TaskGroup() as starting:
        for each in others:
            starting.create_task(start(each))
    return exchanges


async def _end(speaking: list[asyncio.Task[None]]) -> None:
    for each in speaking:
        each.cancel()
    for each in speaking:
        with suppress(asyncio.CancelledError):
            await each


async def _led(hub: AgentProcess) -> None:
    async with asyncio.timeout(LED_WITHIN_S):
        while not await _leads(hub):  # noqa: ASYNC110 - another process sets no event here
            await asyncio.sleep(ASK_EVERY_S)


async def _leads(hub: AgentProcess) -> bool:
    with suppress(httpx.TransportError):
        return bool((await hub.status())["leads"])
    return False
