"""Two doors: the public one shows the counter's screen only, and hostile clients block neither."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest

from agent.adapters import web_listeners
from agent.adapters.prometheus_exporter import Exposition
from agent.adapters.web_listeners import WebListener, operations_listener, public_listener
from agent.core.view import OfficeView
from agent.core.wording import Wording
from agent.ports import ConfigurationError
from tests.adapters import office_views as offices

pytestmark = pytest.mark.anyio

METRICS = Exposition(body=b"pantau_leader 0\n", content_type="text/plain; version=0.0.4")


@contextlib.asynccontextmanager
async def listening(listener: WebListener) -> AsyncIterator[httpx.AsyncClient]:
    await listener.start()
    client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{listener.port}", trust_env=False)
    try:
        async with client:
            yield client
    finally:
        await listener.close()


def public(view: OfficeView = offices.NATIONAL) -> WebListener:
    return public_listener(lambda: view, host="127.0.0.1", port=0)


def operations(
    *, ready: bool = True, asked: list[str] | None = None, view: OfficeView = offices.NATIONAL
) -> WebListener:
    def exposition(accept: str) -> Exposition:
        if asked is not None:
            asked.append(accept)
        return METRICS

    return operations_listener(
        lambda: view,
        explain=lambda service: offices.explain(view, service),
        wording=Wording(),
        exposition=exposition,
        ready=lambda: ready,
        host="127.0.0.1",
        port=0,
    )


@pytest.mark.parametrize("path", ["/", "/lobi"])
async def test_the_public_door_shows_the_counters_screen(path: str):
    async with listening(public()) as client:
        page = await client.get(path)
        style = await client.get("/pages.css")
    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "belum dapat dilayani" in page.text
    assert style.headers["Content-Type"].startswith("text/css")


@pytest.mark.parametrize(
    "path",
    [
        "/nasional",
        "/api/v1/status",
        "/api/v1/explain/simponi.billing",
        "/metrics",
        "/-/healthy",
        "/healthz",
        "/-/ready",
        "/x",
    ],
)
async def test_the_public_door_shows_nothing_else(path: str):
    async with listening(public()) as client:
        assert (await client.get(path)).status_code == 404


async def test_every_answer_forbids_scripts_and_says_little_of_itself():
    async with listening(public()) as client:
        for path in ("/", "/pages.css", "/absent"):
            headers = (await client.get(path)).headers
            assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src")
            assert "unsafe" not in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Server"] == "Pantau"


@pytest.mark.parametrize("path", ["/", "/lobi"])
async def test_pages_are_read_and_never_written(path: str):
    async with listening(public()) as client:
        assert (await client.post(path)).status_code == 405
        assert (await client.head(path)).status_code == 200


async def test_the_operations_door_shows_the_nation_and_the_metrics():
    asked: list[str] = []
    async with listening(operations(asked=asked)) as client:
        assert "118 dari 140 kantor" in (await client.get("/nasional")).text
        document = (await client.get("/api/v1/status")).json()
        scrape = await client.get("/metrics", headers={"Accept": "application/openmetrics-text"})
    assert document["bulletin"]["term"] == 7
    assert (scrape.content, scrape.headers["Content-Type"]) == (METRICS.body, METRICS.content_type)
    assert asked == ["application/openmetrics-text"]


async def test_the_operations_door_says_why_a_service_is_an_incident():
    async with listening(operations()) as client:
        answer = await client.get("/api/v1/explain/simponi.billing")
        page = (await client.get("/nasional")).text
    document = answer.json()
    assert answer.status_code == 200
    assert (document["state"], document["leads"], document["leader"]) == (
        "national",
        False,
        "semarang",
    )
    assert document["sentences"]["id"][0] == "Kode billing (SIMPONI): gangguan nasional."
    assert document["sentences"]["en"][0] == "Billing code (SIMPONI): a national incident."
    assert "<details open><summary>Kode billing (SIMPONI)</summary>" in page
    assert "tanyakan di sana" in page


@pytest.mark.parametrize(
    "service", ["simponi", "%2e%2e%2fetc", "a%00b", "<img%20src=x>", "x" * 4000]
)
async def test_a_service_that_is_not_watched_is_answered_with_the_names_that_exist(service: str):
    async with listening(operations()) as client:
        answer = await client.get(f"/api/v1/explain/{service}")
    assert answer.status_code == 404
    assert answer.json()["services"] == [each.service for each in offices.NATIONAL.services]
    assert answer.headers["Content-Type"].startswith("application/json")
    assert len(answer.text) < 2_000


async def test_an_explanation_is_read_and_never_written():
    async with listening(operations()) as client:
        assert (await client.post("/api/v1/explain/simponi.billing")).status_code == 405


@pytest.mark.parametrize("path", ["/-/ready", "/readyz"])
async def test_ready_follows_the_agent_and_healthy_does_not(path: str):
    async with listening(operations(ready=False)) as client:
        assert (await client.get(path)).status_code == 503
        assert (await client.get("/-/healthy")).status_code == 200
        assert (await client.get("/healthz")).status_code == 200
    async with listening(operations(ready=True)) as client:
        assert (await client.get(path)).status_code == 200


async def test_a_page_that_breaks_is_one_bad_answer_that_shows_nothing():
    def broken() -> OfficeView:
        raise RuntimeError("canary")

    async with listening(public_listener(broken, host="127.0.0.1", port=0)) as client:
        answer = await client.get("/")
        assert (await client.get("/pages.css")).status_code == 200
    assert answer.status_code == 500
    assert "canary" not in answer.text


async def test_a_port_that_is_taken_is_a_mistake_with_its_address():
    listener = public()
    async with listening(listener):
        second = public_listener(lambda: offices.CALM, host="127.0.0.1", port=listener.port)
        with pytest.raises(ConfigurationError, match=rf"127\.0\.0\.1:{listener.port}"):
            await second.start()


async def test_a_listener_may_be_closed_twice_and_unstarted():
    listener = public()
    await listener.close()
    await listener.start()
    await listener.close()
    await listener.close()


# --- hostile clients ----------------------------------------------------------------------------


async def connect(client: httpx.AsyncClient, said: bytes) -> asyncio.StreamReader:
    reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
    writer.write(said)
    OPEN.append(writer)
    return reader


OPEN: list[asyncio.StreamWriter] = []


@pytest.fixture(autouse=True)
async def _hang_up() -> AsyncIterator[None]:
    yield
    for writer in OPEN:
        writer.transport.abort()
    OPEN.clear()


async def test_thirty_half_open_sockets_do_not_stop_a_scrape():
    async with listening(operations()) as client:
        for _ in range(30):
            await connect(client, b"GET /metrics HTTP/1.1\r\nHost: x\r\n")
        async with asyncio.timeout(2):
            assert (await client.get("/metrics")).status_code == 200


async def test_a_connection_lives_for_a_bounded_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(web_listeners, "CONNECTION_LIFE_S", 0.1)
    async with listening(operations()) as client:
        reader = await connect(client, b"GET /metrics HTTP/1.1\r\nHost: x\r\n")
        async with asyncio.timeout(2):
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""


async def test_there_are_never_more_connections_than_the_bound(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(web_listeners, "MAX_CONNECTIONS", 3)
    async with listening(operations()) as client:
        for _ in range(3):
            await connect(client, b"GET")
        reader = await connect(client, b"")
        async with asyncio.timeout(2):
            assert await reader.read() == b""


@pytest.mark.parametrize(
    "said",
    [
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: " + b"b" * 200_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
    ],
    ids=["long line", "long header", "many headers", "not HTTP"],
)
async def test_a_request_that_breaks_the_bounds_is_refused(
    said: bytes, caplog: pytest.LogCaptureFixture
):
    async with listening(public()) as client:
        reader = await connect(client, said)
        async with asyncio.timeout(2):
            with contextlib.suppress(ConnectionResetError):
                assert (await reader.read(65_536)).startswith(b"HTTP/1.0 400")
        assert (await client.get("/")).status_code == 200
    assert not [each for each in caplog.records if each.name != "asyncio"], "clients fill no log"
