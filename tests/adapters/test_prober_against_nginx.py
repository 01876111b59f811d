"""The prober against nginx, and through tinyproxy: servers that nobody here wrote."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.adapters.dns_resolver import Resolver
from agent.adapters.http_prober import HttpProber, Target
from agent.adapters.target_auth import Basic
from agent.adapters.tls_contexts import TlsContexts, Trust
from agent.clock import BootClock
from agent.core.model import FailureKind
from agent.probe import Reply, Request, RequestFailed
from tests.support.nginx_centre import PASSWORD, NginxCentre, nginx_centre
from tests.support.web_server import tinyproxy

pytestmark = [pytest.mark.anyio, pytest.mark.real("nginx")]


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NginxCentre]:
    with nginx_centre(tmp_path_factory.mktemp("nginx")) as running:
        yield running


class Office:
    """Asks one target, each time in a run of its own."""

    def __init__(self, url: str, *, timeout_s: float = 5.0, **target: object) -> None:
        self._prober = HttpProber(
            targets=[Target(role="centre", url=url, **target)],  # type: ignore[arg-type]
            contexts=TlsContexts(),
            resolver=Resolver(),
            clock=BootClock(),
            agent_name="Pantau/9.9",
            timeout_s=timeout_s,
        )

    async def asks(self, path: str, *, times: int = 1, every_s: float = 0.0) -> Reply:
        """The last reply of a run that asks several times."""
        await self._prober.prepare()
        session = self._prober.open()
        asked = Request(role="centre", service="cetak", method="GET", path=path)
        try:
            for _ in range(times - 1):
                await session.send(asked)
                await asyncio.sleep(every_s)
            return await session.send(asked)
        finally:
            await session.close()

    async def fails(self, path: str = "/sehat") -> tuple[FailureKind, str]:
        with pytest.raises(RequestFailed) as caught:
            await self.asks(path)
        return caught.value.failure.kind, caught.value.failure.detail


def trusting(centre: NginxCentre, identity: tuple[Path, Path] | None = None) -> Trust:
    certificate, key = map(str, identity) if identity else (None, None)
    return Trust(ca_file=str(centre.authority.file), client_certificate=certificate, client_key=key)


# --- plain


async def test_a_run_keeps_its_connection(centre: NginxCentre):
    reply = await Office(centre.plain).asks("/sehat", times=2)
    assert reply.json()["status"] == "sehat"
    assert reply.phases.connect_s == 0.0


@pytest.mark.parametrize("path", ["/tutup", "/sebentar"])
async def test_a_connection_that_the_server_closed_between_two_steps_is_made_anew(
    centre: NginxCentre, path: str
):
    reply = await Office(centre.plain).asks(path, times=2, every_s=0.25)
    assert reply.status == 200
    assert reply.phases.connect_s > 0.0


async def test_a_body_that_comes_encoded_all_the_same_is_read_and_a_bomb_is_not(
    centre: NginxCentre,
):
    office = Office(centre.plain)
    assert (await office.asks("/berkas/sehat.json")).json() == {"status": "sehat"}
    assert await office.fails("/berkas/bom.json") == (
        FailureKind.PROTOCOL,
        "the body is larger than 256 KiB",
    )


async def test_a_throttled_body_ends_at_the_deadline(centre: NginxCentre):
    kind, detail = await Office(centre.plain, timeout_s=0.4).fails("/lambat")
    assert kind is FailureKind.TIMEOUT
    assert detail.startswith("no answer within 0.4 s")


async def test_a_redirect_to_another_host_is_told_and_not_followed(centre: NginxCentre):
    reply = await Office(centre.plain).asks("/pindah")
    assert (reply.status, reply.headers["location"]) == (302, "http://169.254.169.254/latest")


async def test_a_dead_server_behind_it_is_a_bad_gateway(centre: NginxCentre):
    assert (await Office(centre.plain).asks("/mati")).status == 502


async def test_name_and_password_open_what_is_closed_without(centre: NginxCentre):
    knows = Basic(username="pantau", password=lambda: PASSWORD)
    guesses = Basic(username="pantau", password=lambda: "tebakan")
    assert (await Office(centre.plain, signature=knows).asks("/masuk")).status == 200
    assert (await Office(centre.plain, signature=guesses).asks("/masuk")).status == 401
    assert (await Office(centre.plain).asks("/masuk")).status == 401


# --- TLS


async def test_the_authority_that_an_office_names_is_trusted_and_no_other(centre: NginxCentre):
    reply = await Office(centre.tls, trust=trusting(centre)).asks("/sehat")
    assert reply.phases.tls_s > 0.0
    assert await Office(centre.tls).fails() == (
        FailureKind.TLS,
        "the certificate's authority is unknown",
    )


@pytest.mark.parametrize(
    ("door", "words"),
    [
        ("expired", "the certificate has expired"),
        ("elsewhere", "the certificate is for another host"),
        ("plain", "the TLS handshake failed: wrong version number"),
    ],
)
async def test_each_bad_door_is_told_apart(centre: NginxCentre, door: str, words: str):
    url = getattr(centre, door).replace("http:", "https:")
    assert await Office(url, trust=trusting(centre)).fails() == (FailureKind.TLS, words)


async def test_officers_come_with_a_certificate_and_nobody_else(centre: NginxCentre):
    officer = trusting(centre, centre.authority.sign("petugas"))
    assert (
        "CN=petugas" in (await Office(centre.officers, trust=officer).asks("/sehat")).body.decode()
    )
    assert (await Office(centre.officers, trust=trusting(centre)).asks("/sehat")).status == 400


async def test_a_certificate_that_was_replaced_is_shown_by_the_next_run(
    centre: NginxCentre, tmp_path: Path
):
    files = tmp_path / "officer.crt", tmp_path / "officer.key"
    put(files, centre.authority.sign("lama"))
    office = Office(centre.officers, trust=trusting(centre, files))
    assert "CN=lama" in (await office.asks("/sehat")).body.decode()
    put(files, centre.authority.sign("baru"))
    assert "CN=baru" in (await office.asks("/sehat")).body.decode()


async def test_half_a_replacement_is_not_used_until_it_is_whole(
    centre: NginxCentre, tmp_path: Path
):
    files = tmp_path / "officer.crt", tmp_path / "officer.key"
    put(files, centre.authority.sign("lama"))
    office = Office(centre.officers, trust=trusting(centre, files))
    await office.asks("/sehat")
    new = centre.authority.sign("baru")
    put(files[:1], new[:1])
    assert "CN=lama" in (await office.asks("/sehat")).body.decode()
    put(files[1:], new[1:])
    assert "CN=baru" in (await office.asks("/sehat")).body.decode()


def put(files: tuple[Path, ...], new: tuple[Path, ...]) -> None:
    """Replace files as a renewal does: by a rename."""
    for file, source in zip(files, new, strict=True):
        beside = file.with_suffix(".new")
        shutil.copy(source, beside)
        beside.replace(file)


# --- a proxy on the way


@pytest.mark.real("tinyproxy")
async def test_tls_goes_through_a_proxy_and_is_timed_there(centre: NginxCentre, tmp_path: Path):
    with tinyproxy(tmp_path) as proxy:
        office = Office(centre.tls, trust=trusting(centre), proxy=proxy)
        reply = await office.asks("/sehat")
        again = await office.asks("/sehat", times=2)
    assert reply.json()["status"] == "sehat"
    assert reply.phases.tls_s > 0.0
    assert again.phases.connect_s == again.phases.tls_s == 0.0
    host = centre.tls.removeprefix("https://")
    assert f"CONNECT {host} HTTP/1.1" in (tmp_path / "proxy.log").read_text()


@pytest.mark.real("tinyproxy")
async def test_a_bad_certificate_behind_a_proxy_is_told_apart_too(
    centre: NginxCentre, tmp_path: Path
):
    with tinyproxy(tmp_path) as proxy:
        office = Office(centre.expired, trust=trusting(centre), proxy=proxy)
        assert await office.fails() == (FailureKind.TLS, "the certificate has expired")


@pytest.mark.real("tinyproxy")
@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("ConnectPort 1", "the proxy refuses the way there: HTTP 403"),
        ("BasicAuth pantau sandi", "the proxy refuses the way there: HTTP 407"),
    ],
)
async def test_a_proxy_that_lets_nobody_through_is_named(
    centre: NginxCentre, tmp_path: Path, setting: str, words: str
):
    with tinyproxy(tmp_path, setting) as proxy:
        office = Office(centre.tls, trust=trusting(centre), proxy=proxy)
        assert await office.fails() == (FailureKind.REFUSED, words)


@pytest.mark.real("tinyproxy")
async def test_a_proxy_that_is_gone_refuses(centre: NginxCentre, tmp_path: Path):
    with tinyproxy(tmp_path) as proxy:
        pass
    office = Office(centre.tls, trust=trusting(centre), proxy=proxy)
    assert await office.fails() == (FailureKind.REFUSED, "the connection was refused")
