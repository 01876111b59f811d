"""Three servers, and the one that leads a stream is killed: what was acknowledged stays."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from agent.adapters.nats_doctor import Patient, connection, examine
from agent.adapters.nats_findings import Finding, Level
from agent.adapters.nats_keeper import make_streams, stream_answer
from agent.adapters.nats_link import NatsSettings
from agent.adapters.nats_server import NatsServer, _free_port
from agent.adapters.nats_session import Session
from agent.adapters.nats_streams import COORDINATION
from agent.clock import BootClock
from agent.ports import ExchangeError
from tests.support import real_parts

REFUSED_AT_MOST_S = 15.0
"""About 6 s were measured; the machine may be busy."""


@pytest.mark.anyio
@pytest.mark.real("nats-server")
async def test_with_the_leader_killed_no_acknowledged_write_is_lost(tmp_path: Path):
    clock = BootClock()
    async with AsyncExitStack() as stack:
        servers = await _cluster(tmp_path, stack)
        settings = NatsSettings(servers=tuple(each.url for each in servers), replicas=3)
        leader = await _made(settings, clock)
        await asyncio.sleep(1.0)  # The followers take in what the streams begin with.
        (killed,) = (each for each in servers if f"pantau-{each.port}" == leader)
        others = tuple(each.url for each in servers if each is not killed)
        async with connection(NatsSettings(servers=others), "jember", clock) as session:
            kept = {await _written(session, n): n for n in range(50)}
            assert killed.pid is not None
            os.kill(killed.pid, signal.SIGKILL)
            killed_s = clock.now_s()
            kept[await _until_written(session, 50)] = 50
            assert clock.now_s() - killed_s < REFUSED_AT_MOST_S
            answer = await stream_answer(session, COORDINATION, subjects=True)
            subjects = answer["state"]["subjects"]
            assert {COORDINATION.subject(f"incident.{n}") for n in kept.values()} <= set(subjects)
            assert sorted(kept) == list(kept)


@pytest.mark.anyio
@pytest.mark.real("nats-server")
async def test_the_doctor_says_on_how_many_servers_the_streams_are_and_which_is_not_in_step(
    tmp_path: Path,
):
    clock = BootClock()
    async with AsyncExitStack() as stack:
        servers = await _cluster(tmp_path, stack)
        settings = NatsSettings(servers=tuple(each.url for each in servers))
        await _made(settings, clock)
        streams = "KV_status, KV_beat, KV_coord, KV_public, KV_ledger"
        few = (Level.WRONG, f"on fewer than three servers of a cluster: {streams}")
        assert await _of_the_servers(settings) == [few]

        settings = replace(settings, replicas=3)
        leader = await _made(settings, clock)
        async with asyncio.timeout(30.0):
            while await _of_the_servers(settings) != [_WELL]:  # noqa: ASYNC110
                await asyncio.sleep(0.3)  # The two that are new take in what there is.

        killed, *_ = (each for each in servers if f"pantau-{each.port}" != leader)
        assert killed.pid is not None
        os.kill(killed.pid, signal.SIGKILL)
        await _made(settings, clock)  # The streams that it led have another leader.
        async with connection(settings, "jember", clock) as session:
            await _until_written(session, 0)
        ((level, what),) = await _of_the_servers(settings)
        assert level is Level.WRONG
        assert what.startswith(f"server pantau-{killed.port} is not in step: ")
        assert "KV_coord" in what


async def _of_the_servers(settings: NatsSettings) -> list[tuple[Level, str]]:
    patient = Patient(branch="jember", hub=True, nation="r12:0123abcd")
    findings: list[Finding] = await examine(settings, patient, BootClock())
    return [(each.level, each.what) for each in findings if " server" in f" {each.what}"]


_WELL = (Level.OK, "each stream is as new on all its servers")


async def _cluster(folder: Path, stack: AsyncExitStack) -> list[NatsServer]:
    (binary,) = real_parts.command_of("nats-server")
    ports = [_free_port() for _ in range(3)]
    routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in ports)
    servers = [
        NatsServer(
            folder / str(port),
            binary=binary,
            extra=f'cluster {{ name: "c", listen: "127.0.0.1:{port}", routes: [{routes}] }}',
        )
        for port in ports
    ]
    async with asyncio.TaskGroup() as group:
        for server in servers:
            group.create_task(stack.enter_async_context(server))
    return servers


async def _made(settings: NatsSettings, clock: BootClock) -> str:
    """Make the streams, as soon as the cluster has agreed; the name of the one that leads."""
    async with asyncio.timeout(30.0):
        while True:
            try:
                async with connection(settings, "keeper", clock) as session:
                    _, failed = await make_streams(session, settings.replicas)
                    cluster = (await stream_answer(session, COORDINATION))["cluster"]
                    if not failed and cluster.get("leader"):
                        return str(cluster["leader"])
            except ExchangeError:
                pass
            await asyncio.sleep(0.3)  # A real cluster takes seconds to agree.


async def _written(session: Session, number: int) -> int:
    subject = COORDINATION.subject(f"incident.{number}")
    answer = await session.request(subject, b"x", timeout_s=2.0)
    return int(answer["seq"])


async def _until_written(session: Session, number: int) -> int:
    async with asyncio.timeout(REFUSED_AT_MOST_S):
        while True:
            try:
                return await _written(session, number)
            except ExchangeError:
                await asyncio.sleep(0.1)  # Until the two that are left have chosen.
