from __future__ import annotations

import asyncio
import os
import signal
import sys
import textwrap
from pathlib import Path

import pytest

from agent.adapters.nats_server import NatsServer, find_binary
from agent.ports import ConfigurationError, Unavailable
from tests.support import real_parts

pytestmark = pytest.mark.anyio
real = pytest.mark.real("nats-server")


def a_server(store: Path) -> NatsServer:
    (binary,) = real_parts.command_of("nats-server")
    return NatsServer(store, binary=binary)


def is_alive(pid: int) -> bool:
    """Whether it runs; a dead child that its parent has not buried yet does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


@real
async def test_it_serves_from_start_to_stop(tmp_path: Path):
    server = a_server(tmp_path)
    await server.start()
    pid = server.pid
    assert pid is not None
    await server.stop()
    await server.stop()
    assert not is_alive(pid)
    assert server.pid is None


@real
async def test_a_second_server_on_the_same_store_is_refused(tmp_path: Path):
    async with a_server(tmp_path):
        with pytest.raises(ConfigurationError, match="in use"):
            await a_server(tmp_path).start()
    async with a_server(tmp_path) as server:
        assert server.pid is not None


@real
async def test_it_dies_with_its_parent(tmp_path: Path):
    program = f"""
        import asyncio, pathlib, sys
        from agent.adapters.nats_server import NatsServer

        async def main():
            server = NatsServer(pathlib.Path({str(tmp_path)!r}))
            await server.start()
            print(server.pid, flush=True)
            await asyncio.sleep(60)  # The parent lives until it is killed.

        asyncio.run(main())
    """
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(program), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    assert is_alive(pid)

    os.kill(parent.pid, signal.SIGKILL)
    await parent.wait()

    async with asyncio.timeout(5.0):
        while is_alive(pid):  # noqa: ASYNC110 - another process's end cannot be awaited
            await asyncio.sleep(0.02)  # How often to look, within the deadline above.


@real
async def test_a_mistake_in_its_configuration_is_told_in_its_own_words(tmp_path: Path):
    (binary,) = real_parts.command_of("nats-server")
    server = NatsServer(tmp_path, binary=binary, extra="nonsense {")
    with pytest.raises(Unavailable, match="ended at once"):
        await server.start()


def test_a_program_that_is_not_there_is_a_mistake_of_the_configuration(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="no-such-program"):
        find_binary(str(tmp_path / "no-such-program"))
