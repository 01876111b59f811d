"""Whatever a target does, a request ends in facts, by the deadline, in bounded memory."""

from __future__ import annotations

import asyncio
import functools
import gc
import gzip
import socket
import ssl
import threading
import tracemalloc
import warnings
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from agent.adapters.dns_resolver import LookupFailed, Resolver
from agent.adapters.http_prober import HttpProber, Target, user_agent
from agent.adapters.tls_contexts import TlsContexts, Trust
from agent.clock import BootClock
from agent.core.model import FailureKind
from agent.ports import ConfigurationError, SessionFactory
from agent.probe import Reply, Request, RequestFailed, RequestRefused, StepBroken
from tests.adapters.hostile_server import (
    Behaviour,
    answers,
    answers_and_closes,
    hostile_server,
    http,
    repeats,
)

pytestmark = pytest.mark.anyio

CERTIFICATES = Path(__file__).parent / "certificates"
AUTHORITY = str(CERTIFICATES / "authority.pem")
OFFICER = str(CERTIFICATES / "officer.pem")
DEADLINE_S = 0.3
"""Long enough for loopback, short enough to wait for; real servers need real time."""


def loopback(host: str, port: int) -> list[str]:
    """Every name is this machine."""
    return ["127.0.0.1"]


def prober(
    *targets: Target, resolver: Resolver | None = None, timeout_s: float = 5.0
) -> HttpProber:
    return HttpProber(
        targets=targets,
        contexts=TlsContexts(),
        resolver=resolver or Resolver(),
        clock=BootClock(),
        agent_name=user_agent("9.9", "duty@example.invalid"),
        timeout_s=timeout_s,
    )


def request(path: str = "/v1/nik", **rest: object) -> Request:
    words: dict[str, object] = {"role": "centre", "service": "dukcapil.nik", "method": "GET"}
    return Request(path=path, **{**words, **rest})  # type: ignore[arg-type]


async def ask(client: HttpProber, *requests: Request) -> Reply:
    """The reply to the last of the requests, all sent in one session."""
    await client.prepare()
    session = client.open()
    try:
        for each in requests[:-1]:
            await session.send(each)
        return await session.send(requests[-1] if requests else request())
    finally:
        await session.close()


async def failure_of(client: HttpProber, asked: Request | None = None) -> RequestFailed:
    with pytest.raises(RequestFailed) as caught:
        await ask(client, asked or request())
    return caught.value


# --- what is asked ------------------------------------------------------------------------------


async def test_a_request_names_the_monitor_and_asks_for_no_encoding():
    async with hostile_server(answers(http(b'{"ok":1}'))) as server:
        target = Target(role="centre", url=server.url + "/api/", headers={"X-Key": "k"})
        reply = await ask(prober(target), request(params={"q": "a b"}))
    assert reply.status == 200
    assert reply.json() == {"ok": 1}
    head = server.heads[0].decode()
    assert head.startswith("GET /api/v1/nik?q=a+b HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{server.port}\r\n" in head
    assert "User-Agent: Pantau/9.9 (monitoring; contact duty@example.invalid)\r\n" in head
    assert "Accept-Encoding: identity\r\n" in head
    assert "X-Key: k\r\n" in head


async def test_a_service_may_have_an_url_of_its_own():
    async with (
        hostile_server(answers(http(b"role"))) as role,
        hostile_server(answers(http(b"service"))) as service,
    ):
        target = Target(role="centre", url=role.url, services={"mpn.status": service.url})
        assert (await ask(prober(target))).body == b"role"
        assert (await ask(prober(target), request(service="mpn.status"))).body == b"service"


async def test_a_body_is_sent_as_json_or_as_a_form():
    bodies: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bodies.append(await reader.readexactly(7))
        await answers(http(b""))(reader, writer)

    async with hostile_server(take) as server:
        target = Target(role="centre", url=server.url)
        await ask(
            prober(target),
            request(method="POST", json={"a": 1}),
            request(method="POST", form={"a": "1 2", "b": ""}),
        )
    assert bodies == [b'{"a":1}', b"a=1+2&b"]


@pytest.mark.parametrize(
    "path", ["http://evil.test/", "//evil.test/", "v1", "@evil.test/", "/a\r\nX: 1", "\\\\evil", ""]
)
async def test_a_path_that_could_leave_the_target_is_refused(path: str):
    with pytest.raises(ValueError, match="below its target"):
        await ask(prober(Target(role="centre", url="http://127.0.0.1:1")), request(path))


@pytest.mark.parametrize(
    "asked",
    [
        {"path": "/nik/3509214507900001"},
        {"params": {"q": "3509214507900001"}},
        {"headers": {"X-Subject": "3509214507900001"}},
        {"method": "POST", "json": {"nik": "3509214507900001"}},
        {"method": "POST", "form": {"nama": "Budi"}},
    ],
)
async def test_what_may_name_a_real_person_is_never_sent_nor_repeated(asked: dict[str, Any]):
    heard = 0

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        heard += 1

    async with hostile_server(hear) as server:
        client = prober(Target(role="centre", url=server.url))
        with pytest.raises(ValueError, match=r"not sent: .*real person") as caught:
            await ask(client, request(**asked))
    assert heard == 0
    assert "3509" not in str(caught.value)


@pytest.mark.parametrize("name", ["User-Agent", "host"])
async def test_a_probe_cannot_hide_who_asks_or_whom(name: str):
    with pytest.raises(ValueError, match="neither Host nor User-Agent"):
        await ask(
            prober(Target(role="centre", url="http://127.0.0.1:1")), request(headers={name: "x"})
        )


async def test_what_writes_goes_to_a_sandbox_and_nowhere_else():
    async with hostile_server(answers(http(b"{}"))) as server:
        live = prober(Target(role="centre", url=server.url))
        with pytest.raises(RequestRefused, match="no sandbox"):
            await ask(live, request(method="POST", json={}, sandbox_only=True))

        sandbox = prober(Target(role="centre", url=server.url, sandbox=True))
        reply = await ask(sandbox, request(method="POST", json={}, sandbox_only=True))
    assert reply.status == 200


async def test_a_role_that_is_not_configured_is_a_mistake_of_ours():
    with pytest.raises(LookupError, match='"elsewhere"'):
        await ask(prober(), request(role="elsewhere"))


async def test_a_header_that_http_forbids_is_a_mistake_of_ours_and_not_quoted():
    async with hostile_server(answers(http(b""))) as server:
        client = prober(Target(role="centre", url=server.url, headers={"X-Key": "canary\r\nA: b"}))
        with pytest.raises(ValueError, match="header") as caught:
            await ask(client)
    assert "canary" not in str(caught.value)
    assert "canary" not in repr(client.targets)


async def test_a_redirect_is_an_answer_and_is_not_followed():
    where = "Location: http://169.254.169.254/latest"
    async with hostile_server(answers(http(b"", where, status="302 Found"))) as server:
        reply = await ask(prober(Target(role="centre", url=server.url)))
    assert reply.status == 302
    assert reply.headers["location"] == "http://169.254.169.254/latest"
    assert server.connections == 1


# --- phases -------------------------------------------------------------------------------------


async def test_steps_of_one_run_share_a_connection_and_runs_do_not():
    async with hostile_server(answers(http(b"x"))) as server:
        client = prober(Target(role="centre", url=server.url))
        second = await ask(client, request(), request())
        assert server.connections == 1
        assert second.phases.connect_s == 0.0
        first = await ask(client)
        assert server.connections == 2
        assert first.phases.connect_s > 0.0


async def test_each_phase_is_charged_with_its_own_delay():
    async def slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.06)  # The delay that the server's thinking is to be charged with.
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n1")
        await asyncio.sleep(0.03)  # The delay that the transfer is to be charged with.
        writer.write(b"2")

    async with hostile_server(slowly) as server:
        target = Target(role="centre", url=f"http://centre.test:{server.port}")
        reply = await ask(prober(target, resolver=Resolver(lookup=loopback)))
    phases = reply.phases
    assert phases.processing_s > 0.05
    assert phases.transfer_s > 0.02
    assert phases.resolve_s > 0.0
    assert phases.connect_s > 0.0
    assert phases.tls_s == 0.0
    assert f"Host: centre.test:{server.port}".encode() in server.heads[0]


async def test_a_second_address_is_tried_when_the_first_refuses():
    def two(host: str, port: int) -> list[str]:
        return ["127.0.0.9", "127.0.0.1"]

    async with hostile_server(answers(http(b"x"))) as server:
        target = Target(role="centre", url=f"http://centre.test:{server.port}")
        reply = await ask(prober(target, resolver=Resolver(lookup=two)), request(), request())
    assert reply.status == 200
    assert server.connections == 1


# --- hostile answers ----------------------------------------------------------------------------

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n"


@functools.cache
def bomb() -> bytes:
    """200 kB that unfold to 200 MB; made when first needed, for it takes a second."""
    return gzip.compress(bytes(200_000_000), 9, mtime=0)


def bombs(size: int | None = None) -> Behaviour:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answers(http(bomb()[:size], "Content-Encoding: gzip"))(reader, writer)

    return behave


MANY_HEADERS = b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(20_000))


@pytest.mark.parametrize(
    ("behave", "kind", "words"),
    [
        (repeats(b"HTTP/1.1 200 OK\r\n\r\n", bytes(65_536)), "protocol", "larger than 256 KiB"),
        (repeats(HEAD, b"x", 0.01), "timeout", "in transfer"),
        (repeats(b"HTTP/1.1 200 OK\r\n", b"a", 0.01), "timeout", "in processing"),
        (repeats(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "timeout", "in processing"),
        (repeats(b"", b"", 0.05), "timeout", "in processing"),
        (bombs(), "protocol", "larger than 256 KiB"),
        (answers(http(b"nope", "Content-Encoding: gzip")), "protocol", "cannot be decoded"),
        (answers(http(b"nope", "Content-Encoding: br")), "protocol", "not asked for"),
        (answers(http(b"x", "Content-Encoding: gzip, gzip")), "protocol", "not asked for"),
        (bombs(100), "protocol", "cut off"),
        (answers(MANY_HEADERS + b"\r\n"), "protocol", ""),
        (repeats(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n" * 999), "protocol", ""),
        (answers(http(b"", *(f"X-{n}: y" for n in range(200)))), "protocol", "128 headers"),
        (answers(b"HELLO 200 OK\r\n\r\n"), "protocol", "not HTTP"),
        (answers(b"\x16\x03\x01\x02\x00\x01\x00" * 99 + b"\r\n\r\n"), "protocol", "not HTTP"),
        (answers_and_closes(b""), "reset", "before the answer"),
        (answers_and_closes(HEAD + b"half"), "reset", "before the answer"),
    ],
)
async def test_a_hostile_answer_ends_by_a_bound_and_in_bounded_memory(
    behave: Behaviour, kind: str, words: str
):
    async with hostile_server(behave) as server:
        timeout_s = DEADLINE_S if kind == "timeout" else 5.0
        client = prober(Target(role="centre", url=server.url), timeout_s=timeout_s)
        await client.prepare()
        bomb()
        tracemalloc.start()
        try:
            failed = await failure_of(client)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert failed.failure.kind == kind
    assert words in failed.failure.detail
    assert peak < 4_000_000
    assert failed.phases.connect_s > 0.0


@pytest.mark.parametrize("encode", [gzip.compress, zlib.compress])
async def test_a_modest_encoded_body_is_read(encode: Callable[[bytes], bytes]):
    name = "gzip" if encode is gzip.compress else "deflate"
    raw = http(encode(b'{"ok":1}'), f"Content-Encoding: {name}")
    async with hostile_server(answers(raw)) as server:
        reply = await ask(prober(Target(role="centre", url=server.url)))
    assert reply.json() == {"ok": 1}


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b'{"a":NaN}', b"1" * 100_000, b'{"a":"\xff"}', b"<html>"],
    ids=["deep", "NaN", "digits", "utf-8", "html"],
)
async def test_a_body_that_is_no_sound_json_is_a_change_of_contract(body: bytes):
    async with hostile_server(answers(http(body))) as server:
        reply = await ask(prober(Target(role="centre", url=server.url)))
    with pytest.raises(StepBroken) as caught:
        reply.json()
    assert caught.value.failure.kind is FailureKind.CONTRACT


async def test_a_closed_port_refuses():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    failed = await failure_of(prober(Target(role="centre", url=f"http://127.0.0.1:{port}")))
    assert failed.failure.kind is FailureKind.REFUSED


# --- names --------------------------------------------------------------------------------------


async def test_a_name_that_does_not_exist_fails_to_resolve():
    def missing(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "nope")

    target = Target(role="centre", url="http://centre.test")
    failed = await failure_of(prober(target, resolver=Resolver(lookup=missing)))
    assert failed.failure.kind is FailureKind.RESOLVE
    assert failed.failure.detail == "the name does not exist"


async def test_a_hung_resolver_costs_the_deadline_and_its_queue_is_bounded():
    hang = threading.Event()

    def hung(host: str, port: int) -> list[str]:
        hang.wait(5)
        return ["127.0.0.1"]

    resolver = Resolver(limit=1, lookup=hung)
    target = Target(role="centre", url="http://centre.test")
    client = prober(target, resolver=resolver, timeout_s=DEADLINE_S)
    failed = await failure_of(client)
    assert failed.failure.kind is FailureKind.TIMEOUT
    assert "in resolve" in failed.failure.detail
    with pytest.raises(LookupFailed, match="1 look-ups are still without an answer"):
        await resolver.addresses("centre.test", 80)
    hang.set()


async def test_a_look_up_that_ended_makes_room_for_the_next():
    resolver = Resolver(limit=1, lookup=loopback)
    assert await resolver.addresses("centre.test", 80) == ["127.0.0.1"]
    assert await resolver.addresses("centre.test", 80) == ["127.0.0.1"]


# --- TLS ----------------------------------------------------------------------------------------


def serving(certificate: str, *, ask_officer: bool = False) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=AUTHORITY)
    context.load_cert_chain(CERTIFICATES / f"{certificate}.pem")
    if ask_officer:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def over_tls(port: int, host: str = "centre.test", **trust: str | None) -> HttpProber:
    settings: Mapping[str, str | None] = {"ca_file": AUTHORITY, **trust}
    return prober(
        Target(role="centre", url=f"https://{host}:{port}", trust=Trust(**settings)),
        resolver=Resolver(lookup=loopback),
    )


async def test_a_certificate_of_the_configured_authority_is_accepted_and_tls_is_timed():
    async with hostile_server(answers(http(b"x")), tls=serving("centre")) as server:
        reply = await ask(over_tls(server.port))
    assert reply.status == 200
    assert reply.phases.tls_s > 0.0


@pytest.mark.parametrize(
    ("certificate", "host", "ca_file", "words"),
    [
        ("expired", "centre.test", AUTHORITY, "expired"),
        ("centre", "other.test", AUTHORITY, "another host"),
        ("centre", "centre.test", None, "unknown"),
    ],
)
async def test_a_wrong_certificate_is_told_apart(
    certificate: str, host: str, ca_file: str | None, words: str
):
    async with hostile_server(answers(http(b"x")), tls=serving(certificate)) as server:
        failed = await failure_of(over_tls(server.port, host, ca_file=ca_file))
    assert failed.failure.kind is FailureKind.TLS
    assert words in failed.failure.detail
    assert server.heads == []


async def test_a_server_that_speaks_no_tls_is_a_tls_failure():
    async with hostile_server(answers(b""), greeting=b"SSH-2.0-x\r\n") as server:
        failed = await failure_of(over_tls(server.port))
    assert failed.failure.kind is FailureKind.TLS


async def test_a_client_certificate_opens_the_door():
    tls = serving("centre", ask_officer=True)
    async with hostile_server(answers(http(b"x")), tls=tls) as server:
        assert (await ask(over_tls(server.port, client_certificate=OFFICER))).status == 200
        failed = await failure_of(over_tls(server.port))
    assert failed.failure.kind in (FailureKind.TLS, FailureKind.RESET)


async def test_an_unusable_certificate_file_is_a_mistake_with_its_path(tmp_path: Path):
    junk = tmp_path / "junk.pem"
    junk.write_text("nothing")
    for trust in (
        Trust(ca_file=str(junk)),
        Trust(ca_file=str(tmp_path / "absent.pem")),
        Trust(client_certificate=str(junk)),
    ):
        with pytest.raises(ConfigurationError) as caught:
            await TlsContexts().prepare([trust])
        assert str(tmp_path) in caught.value.mistakes[0]


async def test_contexts_are_built_once_for_each_trust_setting():
    contexts = TlsContexts()
    await contexts.prepare([Trust(ca_file=AUTHORITY)])
    first = contexts.of(Trust(ca_file=AUTHORITY))
    await contexts.prepare([Trust(ca_file=AUTHORITY)])
    assert contexts.of(Trust(ca_file=AUTHORITY)) is first


# --- nothing leaks ------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["connecting", "tls", "processing", "transfer"])
async def test_a_cancelled_run_leaves_no_connection_behind(moment: str):
    behave = repeats(HEAD if moment == "transfer" else b"", b"", 0.01)
    async with hostile_server(behave) as server:
        client = (
            over_tls(server.port)
            if moment == "tls"
            else prober(Target(role="centre", url=server.url))
        )
        await client.prepare()
        for _ in range(10):
            session = client.open()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0 if moment == "connecting" else 0.03):
                    await session.send(request())
            await session.close()
        async with asyncio.timeout(2):
            await server.all_closed.wait()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gc.collect()


async def test_a_session_may_be_closed_twice_and_unused():
    factory: SessionFactory = prober()
    session = factory.open()
    await session.close()
    await session.close()
