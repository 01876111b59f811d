"""Real sockets on the real loop: short waits are real, and kept short."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from agent.adapters.dns_resolver import Resolver
from agent.adapters.http_prober import HttpProber, Target
from agent.adapters.tls_contexts import TlsContexts
from agent.clock import BootClock
from agent.pipeline.running import run_journey
from agent.ports import ConfigurationError, SessionFactory
from agent.probe import Journey, step
from agent.simulation import centre_http
from agent.simulation.centre import Centre, CentreSessionFactory
from agent.simulation.centre_http import HttpCentre, make_room
from agent.simulation.scenario import SERVICES, Kind, Phase, Where
from tests.support.centre import APPLICANT, at_offices, faults, phase, until

pytestmark = pytest.mark.anyio

OFFICES = ("jember", "medan")
SLOTS = "mpaspor.kuota"


@asynccontextmanager
async def playing(*phases: Phase) -> AsyncIterator[tuple[Centre, HttpCentre]]:
    now_s = BootClock().now_s
    centre = Centre(faults(*phases), now_s=now_s)
    http = HttpCentre(centre, OFFICES)
    await http.start()
    try:
        yield centre, http
    finally:
        await http.stop()


async def get(url: str, timeout_s: float = 5.0) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=timeout_s) as client:
        return await client.get(f"{url}/kuota")


async def refused(url: str) -> bool:
    try:
        await get(url)
    except httpx.ConnectError:
        return True
    except httpx.ReadError:
        pass  # The listener had not closed yet; the request was reset instead.
    return False


async def test_every_office_has_its_own_listener_for_every_service():
    async with playing() as (_, http):
        addresses = [http.urls(office)[service] for office in OFFICES for service in SERVICES]
        assert len(set(addresses)) == len(OFFICES) * len(SERVICES)
        reply = await get(http.urls("jember")[SLOTS])
        assert reply.status_code == 200
        assert reply.headers["x-pantau-simulation"] == "invented API"
        assert reply.json()["status"] in ("tersedia", "kuota penuh")


async def test_an_office_is_known_by_where_it_connects():
    trouble = phase(Kind.HTTP, scope=at_offices("medan"), code=503.0, body="pemeliharaan")
    async with playing(trouble) as (centre, http):
        centre.begin(BootClock().now_s())
        replies = [await get(http.urls(office)[SLOTS]) for office in OFFICES]
        assert [reply.status_code for reply in replies] == [200, 503]


async def test_a_request_is_read_whole_with_its_json():
    async with playing() as (_, http), httpx.AsyncClient(trust_env=False) as client:
        urls = http.urls("jember")
        signed_in = await client.post(
            f"{urls['simkim.login']}/sso/token", json={"username": "a", "password": "b"}
        )
        token = signed_in.json()["access_token"]
        queue = await client.get(
            f"{urls['cetak']}/cetak/aliran", headers={"Authorization": f"Bearer {token}"}
        )
        assert queue.json()["oldest_waiting_s"] < 900
        nonsense = await client.post(f"{urls['simkim.login']}/sso/token", content=b"[" * 5000)
        assert nonsense.status_code == 401


async def test_refusing_closes_that_listener_and_opens_it_at_the_same_port_again():
    async with playing(phase(Kind.REFUSE, services=(SLOTS,), until_s=0.6)) as (centre, http):
        url = http.urls("jember")[SLOTS]
        assert not await refused(url)
        centre.begin(BootClock().now_s())
        await until(lambda: refused(url))
        assert (await get(http.urls("jember")["status.lacak"])).status_code == 404

        async def answers() -> bool:
            return not await refused(url)

        await until(answers)
        assert (await get(url)).status_code == 200


async def test_a_reset_comes_after_the_request_was_read():
    async with playing(phase(Kind.RESET)) as (centre, http):
        centre.begin(BootClock().now_s())
        port = int(http.urls("jember")[SLOTS].rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /kuota HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(5):
            with pytest.raises(ConnectionResetError):
                await reader.read()
        writer.close()


@pytest.mark.parametrize("where", [Where.CENTRE, Where.LINE])
async def test_a_timeout_or_a_cut_line_never_answers_and_stopping_is_fast_all_the_same(
    where: Where,
):
    loop = asyncio.get_running_loop()
    async with playing(phase(Kind.TIMEOUT, where=where)) as (centre, http):
        centre.begin(BootClock().now_s())
        with pytest.raises(httpx.ReadTimeout):
            await get(http.urls("jember")[SLOTS], timeout_s=0.4)
        waiting = asyncio.create_task(get(http.urls("jember")[SLOTS], timeout_s=20))
        await asyncio.sleep(0.2)  # The request must have arrived before the centre stops.
        began_s = loop.time()
    assert loop.time() - began_s < 1
    with pytest.raises(httpx.HTTPError):
        await waiting


async def test_stopping_leaves_nothing_behind():
    before = asyncio.all_tasks()
    async with playing() as (_, http):
        url = http.urls("jember")[SLOTS]
        await get(url)
    assert asyncio.all_tasks() == before
    assert await refused(url)
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", int(url.rpartition(":")[2])))


class AskForSlots(Journey):
    name = "ask-for-slots"

    @step("slots", service=SLOTS, role="mpaspor")
    async def slots(self) -> None:
        (await self.get("/kuota")).document().require("sisa", int)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (Kind.RESET, "reset"),
        (Kind.REFUSE, "refused"),
        (Kind.TIMEOUT, "timeout"),
        (Kind.HTTP, "http_503"),
        (Kind.AUTH_FAIL, "auth"),
        (Kind.SCHEMA_DRIFT, "contract"),
    ],
)
async def test_a_fault_looks_the_same_over_real_http_as_in_process(kind: Kind, code: str):
    async with playing(phase(kind, code=503.0)) as (centre, http):
        centre.begin(BootClock().now_s())
        url = http.urls("jember")[SLOTS]
        if kind is Kind.REFUSE:
            await until(lambda: refused(url))
        prober = HttpProber(
            targets=[Target(role="mpaspor", url=url)],
            contexts=TlsContexts(),
            resolver=Resolver(),
            clock=BootClock(),
            agent_name="pantau-test",
        )
        factories: tuple[SessionFactory, ...] = (prober, CentreSessionFactory(centre, "jember"))
        for factory in factories:
            told = await run_journey(
                AskForSlots,
                session=factory.open(),
                applicant=APPLICANT,
                credentials={},
                now_s=BootClock().now_s,
                step_timeout_s=0.5,
            )
            (facts,) = told.executed
            assert facts.failure is not None
            assert facts.failure.code == code


def test_a_machine_that_is_too_small_is_told_how_many_offices_fit(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(centre_http, "raise_descriptor_limit", lambda _wanted: 4096)
    make_room(60)
    with pytest.raises(ConfigurationError, match="64 offices fit"):
        make_room(145)
