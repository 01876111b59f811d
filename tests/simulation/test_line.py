"""Real sockets on the real loop: short waits are real, and kept short."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from agent.adapters.control_prober import Control, ControlKind, ControlProber
from agent.adapters.dns_resolver import Resolver
from agent.adapters.tls_contexts import TlsContexts
from agent.core.sight import ControlGroup
from agent.simulation.line import OfficeLine
from agent.simulation.name_server import dns_answer
from tests.support.centre import until

pytestmark = pytest.mark.anyio

QUERY = struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0) + b"\x09imigrasi\x02go\x02id\x00"
QUERY = QUERY.replace(b"\x09imigrasi", b"\x08imigrasi") + struct.pack("!HH", 1, 1)


class Cable:
    """A line that a test cuts."""

    def __init__(self) -> None:
        self.cut = False

    def is_cut(self) -> bool:
        return self.cut


@asynccontextmanager
async def echo_server() -> AsyncIterator[tuple[str, int]]:
    """Stands for the exchange: sends everything back."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(100):
            writer.write(chunk)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()
    finally:
        server.close()


@asynccontextmanager
async def office_line(exchange: tuple[str, int]) -> AsyncIterator[tuple[OfficeLine, Cable]]:
    cable = Cable()
    line = OfficeLine(cable.is_cut, exchange=exchange)
    await line.start()
    try:
        yield line, cable
    finally:
        await line.stop()


async def connects(address: tuple[str, int]) -> bool:
    try:
        async with asyncio.timeout(0.15):
            _, writer = await asyncio.open_connection(*address)
    except OSError:
        return False
    writer.close()
    return True


async def resolves(address: tuple[str, int]) -> bool:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.setblocking(False)  # noqa: FBT003 - the socket's own spelling
        await loop.sock_sendto(asking, QUERY, address)
        try:
            async with asyncio.timeout(0.15):
                answer = await loop.sock_recv(asking, 512)
        except TimeoutError:
            return False
    return answer.endswith(socket.inet_aton("127.0.0.1"))


def controls_of(line: OfficeLine) -> ControlProber:
    def control(
        group: ControlGroup, address: tuple[str, int], kind: ControlKind = ControlKind.TCP
    ) -> Control:
        host, port = address
        return Control(name=f"{group}-{port}", group=group, kind=kind, host=host, port=port)

    near = [
        control(ControlGroup.GATEWAY, line.gateway),
        control(ControlGroup.RESOLVER, line.resolver, ControlKind.DNS),
        *(control(ControlGroup.NETWORK, network) for network in line.networks),
    ]
    return ControlProber(controls=near, contexts=TlsContexts(), resolver=Resolver(), timeout_s=0.2)


async def test_everything_near_answers_until_the_line_is_cut_and_again_once_it_is_mended():
    async with echo_server() as exchange, office_line(exchange) as (line, cable):
        near = (line.gateway, *line.networks, line.exchange)

        async def seen() -> set[bool]:
            return {*[await connects(each) for each in near], await resolves(line.resolver)}

        async def all_answer() -> bool:
            return await seen() == {True}

        async def none_answers() -> bool:
            return await seen() == {False}

        assert len(line.networks) == 3
        assert await all_answer()
        cable.cut = True
        await until(none_answers)
        cable.cut = False
        await until(all_answer)


async def test_an_offices_own_controls_see_the_cut_and_the_mending():
    async with echo_server() as exchange, office_line(exchange) as (line, cable):
        prober = controls_of(line)

        async def sees() -> bool:
            return (await prober.look()).sees

        async def sees_nothing() -> bool:
            return not await sees()

        assert await sees()
        cable.cut = True
        await until(sees_nothing)
        cable.cut = False
        await until(sees)


async def test_the_relay_carries_bytes_both_ways_and_a_cut_aborts_what_stands():
    async with echo_server() as exchange, office_line(exchange) as (line, cable):
        reader, writer = await asyncio.open_connection(*line.exchange)
        writer.write(b"PING\r\n")
        async with asyncio.timeout(5):
            assert await reader.readline() == b"PING\r\n"
            cable.cut = True
            assert await reader.read() == b""
        writer.close()


async def test_one_side_hanging_up_ends_the_other():
    async with echo_server() as exchange, office_line(exchange) as (line, _):
        reader, writer = await asyncio.open_connection(*line.exchange)
        writer.write_eof()
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()


async def test_an_exchange_that_is_down_hangs_up_at_once():
    async with echo_server() as exchange:
        pass
    async with office_line(exchange) as (line, _):
        reader, writer = await asyncio.open_connection(*line.exchange)
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()


async def test_stopping_leaves_nothing_behind():
    async with echo_server() as exchange:
        async with office_line(exchange) as (line, _):
            await connects(line.exchange)
        left = {task.get_name() for task in asyncio.all_tasks()}
        assert not left & {"relay", "office line"}
        assert not await connects(line.gateway)


@pytest.mark.parametrize("junk", [b"", b"\0" * 12, b"x" * 600, QUERY[:-1], QUERY[:20]])
async def test_what_is_no_question_gets_no_answer(junk: bytes):
    assert dns_answer(junk) is None


async def test_a_question_for_anything_but_an_address_gets_an_empty_answer():
    answer = dns_answer(QUERY[:-4] + struct.pack("!HH", 28, 1))
    assert answer is not None
    assert struct.unpack("!6H", answer[:12])[3] == 0
