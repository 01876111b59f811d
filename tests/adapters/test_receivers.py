"""The contract of receivers beside Slack, held to the fake and to every one there is."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import pytest
from structlog.testing import capture_logs

from agent.adapters.alertmanager_receiver import AlertmanagerReceiver
from agent.adapters.receiver_connection import Destination, ReceiverConnection, judge_status
from agent.clock import BootClock
from agent.config.receivers import Kind
from agent.core.wording import Wording
from agent.ports import Effect, NotifyError, Receiver
from tests.adapters.hostile_server import (
    Behaviour,
    answers,
    answers_and_closes,
    hostile_server,
    repeats,
)
from tests.adapters.receiver_contract import NOW_S, ReceiverContract, an_incident, running, until
from tests.support.certificates import Authority
from tests.support.fake_receiver import FakeReceiver
from tests.support.http_sink import Answer, HttpSink, drip, hang, http_sink, reset, status
from tests.support.tally import Tally

CANARY = "kenari-alamat-8c1e"
FAST = (0.02,)


def destination(url: str, meters: Tally, **changes: Any) -> Destination:  # noqa: ANN401 - as it is
    made = Destination(
        name="sink",
        url=lambda: url,
        secret=lambda: CANARY,
        wording=Wording(),
        clock=BootClock(),
        meters=meters,
        every_s=0.05,
        timeout_s=0.2,
        backoff_s=FAST,
    )
    return replace(made, **changes)


# --- the fake


@dataclass
class FakeStage:
    receiver: FakeReceiver
    meters: Tally

    def arrived(self) -> int:
        return self.meters.received.total()

    def refuse(self) -> None:
        self.receiver.effect = Effect.UNKNOWN

    def accept(self) -> None:
        self.receiver.effect = None


class TestFake(ReceiverContract):
    @pytest.fixture
    def stage(self) -> FakeStage:
        meters = Tally()
        return FakeStage(FakeReceiver(meters), meters)


# --- the real ones


@dataclass
class SinkStage:
    receiver: Receiver
    meters: Tally
    sink: HttpSink

    def arrived(self) -> int:
        return len(self.sink.came)

    def refuse(self) -> None:
        self.sink.answer = status(503)

    def accept(self) -> None:
        self.sink.answer = status(204)


@pytest.fixture
async def sink():
    async with http_sink() as sink:
        yield sink


@pytest.mark.parametrize("kind", get_args(Kind))
class TestReal(ReceiverContract):
    """Every kind that a configuration may name: one that is added is held to this at once."""

    @pytest.fixture
    async def stage(self, sink: HttpSink, kind: str):
        meters = Tally()
        module = import_module(f"agent.adapters.{kind}_receiver")
        made: Receiver = module.receiver(destination(sink.url, meters))
        return SinkStage(made, meters, sink)


# --- the connection


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("answer", "effect"),
    [
        (status(200), None),
        (status(204), None),
        (drip, None),
        (status(301, Location="http://127.0.0.1:1/"), Effect.NOT_SENT),
        (status(400), Effect.REFUSED),
        (status(401), Effect.CREDENTIAL),
        (status(404), Effect.NOT_SENT),
        (status(408), Effect.UNKNOWN),
        (status(429, Retry_After="7"), Effect.NOT_SENT),
        (status(500), Effect.UNKNOWN),
        (reset, Effect.UNKNOWN),
        (hang, Effect.UNKNOWN),
    ],
)
async def test_each_answer_means_one_thing_and_is_counted(
    sink: HttpSink, answer: Answer, effect: Effect | None
):
    sink.answer = answer
    meters = Tally()
    connection = ReceiverConnection(destination(sink.url, meters))
    said: Effect | None = None
    try:
        async with asyncio.timeout(1):
            await connection.send("POST", "/x", b"{}")
    except NotifyError as error:
        said = error.effect
    await connection.close()
    assert said is effect
    assert meters.received == {("sink", effect): 1}
    assert len(sink.came) == 1


@pytest.mark.anyio
async def test_a_redirect_is_not_followed(sink: HttpSink):
    async with http_sink() as elsewhere:
        sink.answer = status(307, Location=elsewhere.url)
        connection = ReceiverConnection(destination(sink.url, Tally()))
        with pytest.raises(NotifyError, match="redirected"):
            await connection.send("POST", body=b"{}")
        await connection.close()
        assert elsewhere.came == []


@pytest.mark.anyio
@pytest.mark.parametrize(
    "url",
    [
        f"http://127.0.0.1:9/{CANARY}",
        f"http://{CANARY}.invalid/{CANARY}",
        f"http://u:{CANARY}@127.0.0.1:9/",
        f"file:///{CANARY}",
        f"http://[{CANARY}/",
        f"http://127.0.0.1:{CANARY}/",
        "",
    ],
)
async def test_an_address_that_leads_nowhere_is_told_without_it(url: str):
    connection = ReceiverConnection(destination(url, Tally(), timeout_s=1.0))
    with capture_logs() as logs, pytest.raises(NotifyError) as caught:
        await connection.send("GET")
    await connection.close()
    assert caught.value.effect in (Effect.NOT_SENT, Effect.CREDENTIAL, Effect.UNKNOWN)
    assert caught.value.__context__ is None
    assert CANARY not in str(logs) + repr(caught.value) + repr(caught.getrepr())


@pytest.mark.anyio
async def test_a_token_is_sent_read_anew_and_shown_nowhere(sink: HttpSink):
    tokens = iter(["satu", "dua", "tiga\r\nX: y"])
    to = destination(sink.url, Tally(), token=lambda: next(tokens))
    connection = ReceiverConnection(to)
    await connection.send("GET")
    await connection.send("GET")
    with pytest.raises(NotifyError, match="plain characters"):
        await connection.send("GET")
    await connection.close()
    assert [each.headers["Authorization"] for each in sink.came] == ["Bearer satu", "Bearer dua"]
    assert CANARY not in repr(to)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "behaviour",
    [
        repeats(b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"x" * 60_000 + b"\r\n"),
        repeats(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 1_000),
        repeats(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.001),
        repeats(b"", b"x" * 60_000),
        answers(b"HTTP/1.1 200"),
        answers(b"HTTP/1.1 999 \xff\r\n\r\n"),
        answers_and_closes(b"\x00\x16\x03"),
    ],
)
async def test_a_hostile_answer_ends_in_time_as_nothing_that_is_known(behaviour: Behaviour):
    async with hostile_server(behaviour) as server:
        connection = ReceiverConnection(destination(server.url, Tally()))
        with pytest.raises(NotifyError) as caught:
            async with asyncio.timeout(2):
                await connection.send("POST", body=b"{}")
        await connection.close()
    assert caught.value.effect is Effect.UNKNOWN


@pytest.mark.anyio
async def test_only_the_authorities_that_are_named_are_trusted(tmp_path: Path):
    ours, others = Authority(tmp_path), Authority(tmp_path, "others")
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(*ours.sign("receiver"))
    async with http_sink(served) as sink:
        for authority, effect in ((ours, None), (others, Effect.NOT_SENT), (None, Effect.NOT_SENT)):
            tls = ssl.create_default_context(cafile=authority.file) if authority else None
            meters = Tally()
            connection = ReceiverConnection(destination(sink.url, meters, tls=tls, timeout_s=2.0))
            with contextlib.suppress(NotifyError):
                await connection.send("GET")
            await connection.close()
            assert meters.received == {("sink", effect): 1}
        assert len(sink.came) == 1


def test_how_long_to_wait_is_taken_from_who_asks_for_it_within_bounds():
    to = destination("http://x.invalid", Tally(), backoff_s=(1.0, 5.0))
    plain = NotifyError(Effect.UNKNOWN, "HTTP 503")
    assert [to.pause_s(failures, plain) for failures in (1, 2, 3)] == [1.0, 5.0, 5.0]
    for asked, waited in (("7", 7.0), ("0", 1.0), ("86400", 300.0), ("nan", 1.0), ("soon", 1.0)):
        error = judge_status(429, asked)
        assert error is not None
        assert to.pause_s(1, error) == waited


@pytest.mark.anyio
async def test_a_receiver_that_hangs_is_left_in_time(sink: HttpSink):
    sink.answer = hang
    meters = Tally()
    receiver = AlertmanagerReceiver(destination(sink.url, meters))
    async with running(receiver):
        receiver.take([an_incident()], NOW_S)
        await until(lambda: meters.received["sink", Effect.UNKNOWN] >= 2)
