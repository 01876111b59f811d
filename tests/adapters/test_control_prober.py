"""Controls are tried at once and end in facts; the sight that follows is the core's."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from agent.adapters.control_prober import Control, ControlKind, ControlProber
from agent.adapters.dns_resolver import Resolver
from agent.adapters.tls_contexts import TlsContexts
from agent.core.sight import ControlGroup
from agent.ports import Controls
from tests.adapters.hostile_server import answers, hostile_server, repeats

pytestmark = pytest.mark.anyio

GATEWAY, RESOLVER, NETWORK, FRONT = ControlGroup
TCP, TLS, HTTP, HTTPS, DNS = ControlKind


def control(kind: ControlKind, port: int, group: ControlGroup = GATEWAY) -> Control:
    name = f"{group}-{kind}"
    return Control(
        name=name, group=group, kind=kind, host="127.0.0.1", port=port, query="a.test", shared=name
    )


def prober(*controls: Control, timeout_s: float = 2.0) -> ControlProber:
    return ControlProber(
        controls=controls, contexts=TlsContexts(), resolver=Resolver(), timeout_s=timeout_s
    )


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


async def reading_of(one: Control, timeout_s: float = 2.0) -> tuple[bool, str]:
    looking = prober(one, timeout_s=timeout_s)
    await looking.prepare()
    await looking.look()
    (reading,) = looking.readings
    return reading.answered, reading.detail


class Nameserver(asyncio.DatagramProtocol):
    """Answers every question with one code, after an answer to a question nobody asked."""

    def __init__(self, code: int) -> None:
        self.code = code
        self.asked: list[bytes] = []

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        self.asked.append(data)
        wrong = bytes((data[0] ^ 1, data[1]))
        for number in (b"", wrong, data[:2]):
            self.transport.sendto(number + bytes((0x81, 0x80 | self.code)) + data[4:], addr)


@contextlib.asynccontextmanager
async def nameserver(code: int) -> AsyncIterator[tuple[int, Nameserver]]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        lambda: Nameserver(code), local_addr=("127.0.0.1", 0)
    )
    yield transport.get_extra_info("sockname")[1], protocol
    transport.close()


async def test_a_port_that_takes_a_connection_answers_and_a_closed_one_does_not():
    async with hostile_server(answers(b"")) as server:
        assert await reading_of(control(TCP, server.port)) == (True, "")
    assert await reading_of(control(TCP, closed_port())) == (False, "refused")


async def test_any_http_status_is_an_answer():
    async with hostile_server(answers(b"HTTP/1.1 503 Busy\r\n\r\n")) as server:
        assert await reading_of(control(HTTP, server.port)) == (True, "")
    assert server.heads[0].startswith(b"HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\n")


async def test_something_else_than_http_is_no_answer():
    async with hostile_server(answers(b"SSH-2.0-x\r\n")) as server:
        assert await reading_of(control(HTTP, server.port)) == (False, "the answer is not HTTP")


async def test_a_control_that_never_answers_costs_its_deadline():
    async with hostile_server(repeats(b"", b"", 0.05)) as server:
        reading = await reading_of(control(HTTP, server.port), timeout_s=0.1)
    assert reading == (False, "no answer in time")


async def test_a_server_without_tls_is_no_answer_over_tls():
    async with hostile_server(answers(b""), greeting=b"SSH-2.0-x\r\n") as server:
        for kind in (TLS, HTTPS):
            assert await reading_of(control(kind, server.port)) == (False, "no TLS agreement")


@pytest.mark.parametrize(
    ("code", "detail"),
    [(0, ""), (3, ""), (2, "answers with code 2"), (5, "answers with code 5")],
)
async def test_a_resolver_answers_when_it_knows_or_knows_that_there_is_no_such_name(
    code: int, detail: str
):
    async with nameserver(code) as (port, served):
        reading = await reading_of(control(DNS, port, RESOLVER))
    assert reading == (not detail, detail)
    assert served.asked[0][2:] == (
        b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x04test\x00\x00\x01\x00\x01"
    )


async def test_a_resolver_that_is_not_there_is_no_answer():
    answered, detail = await reading_of(control(DNS, closed_port(), RESOLVER))
    assert not answered
    assert detail in ("refused", "no answer in time")


async def test_an_office_whose_line_is_cut_abstains_within_one_deadline():
    looking = prober(
        control(TCP, closed_port(), GATEWAY),
        control(DNS, closed_port(), RESOLVER),
        control(HTTP, closed_port(), NETWORK),
        control(TCP, closed_port(), FRONT),
        timeout_s=0.2,
    )
    async with asyncio.timeout(1):
        sight = await looking.look()
    assert not sight.sees
    assert sight.why_not == "gateway, resolver and other networks do not answer"
    assert sight.front == "does not answer: refused"


async def test_controls_that_are_broken_everywhere_count_no_more():
    looking = prober(
        control(TCP, closed_port(), GATEWAY),
        control(DNS, closed_port(), RESOLVER),
    )
    assert not (await looking.look()).sees
    looking.ignore({"resolver-dns"})
    assert (await looking.look()).sees


async def test_what_is_this_offices_own_always_counts_and_is_named_nowhere():
    own = [
        replace(control(TCP, closed_port(), GATEWAY), shared=None),
        replace(control(DNS, closed_port(), RESOLVER), shared=None),
    ]
    looking = prober(*own, timeout_s=0.2)
    looking.ignore({each.name for each in own})
    sight = await looking.look()
    assert (sight.sees, sight.controls, sight.ignored) == (False, (), ())


async def test_a_control_that_returns_counts_again():
    looking = prober(control(TCP, closed_port(), GATEWAY), control(DNS, closed_port(), RESOLVER))
    looking.ignore({"resolver-dns"})
    assert (await looking.look()).ignored == ("resolver-dns",)
    looking.ignore(())
    assert not (await looking.look()).sees


async def test_an_office_without_controls_sees():
    controls: Controls = prober()
    assert (await controls.look()).sees
