"""A target's own way of signing: keys, passwords, and tokens that are used again until they end."""

from __future__ import annotations

import asyncio
import base64
import json
import math
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from agent.adapters.dns_resolver import Resolver
from agent.adapters.http_prober import HttpProber, Target
from agent.adapters.target_auth import ApiKey, Basic, OAuth2, TokenSignature
from agent.adapters.tls_contexts import TlsContexts, Trust
from agent.clock import BootClock
from agent.core.model import FailureKind
from agent.probe import Reply, Request, RequestFailed
from tests.adapters.hostile_server import hostile_server, http
from tests.support.certificates import Authority

pytestmark = pytest.mark.anyio

REQUEST = Request(role="centre", service="cetak", method="GET", path="/cetak")


@dataclass
class Sso:
    """A centre with an endpoint for tokens, and everything that it was asked."""

    url: str = ""
    life_s: object = 3600
    status: str = "200 OK"
    body: bytes | None = None
    forms: list[dict[str, list[str]]] = field(default_factory=list)
    asked_with: list[str] = field(default_factory=list)
    signed: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    accepts: set[str] = field(default_factory=set)
    accepts_none: bool = False
    ends_after_s: float = math.inf
    """The true life of a token, whatever it says of itself."""
    ahead_s: float = 0.0
    given_s: float = 0.0
    refusing_takes_s: float = 0.0

    def good(self, signed: str) -> bool:
        ended = self.ahead_s - self.given_s > self.ends_after_s
        return not (self.accepts_none or ended) and (not self.accepts or signed in self.accepts)

    def token(self) -> bytes:
        name = f"t-{len(self.forms)}"
        self.accepts = {f"Bearer {name}"}
        self.given_s = self.ahead_s
        return json.dumps({"access_token": name, "expires_in": self.life_s}).encode()


@asynccontextmanager
async def sso() -> AsyncIterator[Sso]:
    centre = Sso()

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = server.heads[-1].decode()
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        fields = {name.lower(): value for name, value in fields.items()}
        signed = fields.get("authorization", fields.get("x-api-key", ""))
        if head.startswith("POST /token"):
            form = await reader.readexactly(int(fields["content-length"]))
            centre.forms.append(parse_qs(form.decode()))
            centre.asked_with.append(signed)
            body = centre.token() if centre.body is None else centre.body
            writer.write(http(body, status=centre.status))
        else:
            centre.signed.append(signed)
            if "content-length" in fields:
                centre.bodies.append(await reader.readexactly(int(fields["content-length"])))
            good = centre.good(signed)
            if not good:
                await asyncio.sleep(centre.refusing_takes_s)
            writer.write(http(b"{}", status="200 OK" if good else "401 Unauthorized"))

    async with hostile_server(behave) as server:
        centre.url = server.url
        yield centre


class Clock(BootClock):
    """Real, but for hours that pass at once."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now_s(self) -> float:
        return super().now_s() + self.ahead_s


@dataclass
class Runs:
    """Runs of one office against a target that wants signatures."""

    prober: HttpProber
    clock: Clock

    async def run(self, times: int = 1) -> Reply:
        session = self.prober.open()
        try:
            for _ in range(times - 1):
                await session.send(REQUEST)
            return await session.send(REQUEST)
        finally:
            await session.close()


def runs(centre: Sso, **asked: object) -> Runs:
    clock = Clock()
    whole: dict[str, object] = {
        "token_url": f"{centre.url}/token",
        "grant": "client_credentials",
        "client_id": "pantau",
        "client_secret": lambda: "rahasia",
    }
    signature = TokenSignature(OAuth2(**{**whole, **asked}), clock.now_s)  # type: ignore[arg-type]
    return Runs(prober_of(Target(role="centre", url=centre.url, signature=signature), clock), clock)


def prober_of(target: Target, clock: BootClock) -> HttpProber:
    return HttpProber(
        targets=[target],
        contexts=TlsContexts(),
        resolver=Resolver(),
        clock=clock,
        agent_name="Pantau/9.9",
        timeout_s=5.0,
    )


def basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


async def test_one_token_serves_many_runs():
    async with sso() as centre:
        office = runs(centre)
        for _ in range(3):
            assert (await office.run(times=2)).status == 200
    assert centre.signed == ["Bearer t-1"] * 6
    assert centre.asked_with == [basic("pantau", "rahasia")]
    assert centre.forms == [{"grant_type": ["client_credentials"]}]


async def test_a_token_is_renewed_before_it_ends():
    async with sso() as centre:
        office = runs(centre)
        await office.run()
        office.clock.ahead_s = 2800.0
        await office.run()
        office.clock.ahead_s = 2900.0
        await office.run()
    assert centre.signed == ["Bearer t-1", "Bearer t-1", "Bearer t-2"]


@pytest.mark.parametrize("life_s", [None, "soon", -5, 1e300, "nan", "3600"])
async def test_a_strange_life_of_a_token_is_no_reason_to_fail(life_s: object):
    async with sso() as centre:
        centre.life_s = life_s
        assert (await runs(centre).run()).status == 200


async def test_an_old_token_that_is_refused_is_replaced_once_and_the_step_is_well():
    async with sso() as centre:
        office = runs(centre)
        await office.run()
        centre.accepts = {"Bearer another"}
        assert (await office.run(times=2)).status == 200
    assert centre.signed == ["Bearer t-1", "Bearer t-1", "Bearer t-2", "Bearer t-2"]
    assert len(centre.forms) == 2


async def test_a_new_token_that_is_refused_is_asked_for_again_by_the_next_run_alone():
    async with sso() as centre:
        office = runs(centre)
        centre.accepts_none = True
        assert (await office.run(times=3)).status == 401
        assert len(centre.forms) == 1
        assert (await office.run(times=3)).status == 401
        assert len(centre.forms) == 2
        centre.accepts_none = False
        assert (await office.run()).status == 200
    assert len(centre.forms) == 3


async def test_an_old_token_and_its_replacement_refused_are_one_request_for_a_token():
    async with sso() as centre:
        office = runs(centre)
        await office.run()
        centre.accepts_none = True
        assert (await office.run(times=3)).status == 401
    assert len(centre.forms) == 2
    assert centre.signed[1:] == ["Bearer t-1", "Bearer t-2", "Bearer t-2", "Bearer t-2"]


@pytest.mark.parametrize("life_s", [0, -5, 0.001])
async def test_a_run_asks_for_one_token_however_short_its_life(life_s: float):
    async with sso() as centre:
        centre.life_s = life_s
        office = runs(centre)
        for _ in range(2):
            assert (await office.run(times=3)).status == 200
    assert len(centre.forms) == 2


async def test_a_token_that_ends_early_at_the_centre_is_replaced():
    async with sso() as centre:
        office = runs(centre)
        centre.ends_after_s = 600.0
        await office.run()
        office.clock.ahead_s = centre.ahead_s = 700.0
        assert (await office.run()).status == 200
    assert len(centre.forms) == 2


async def test_a_token_that_was_not_had_is_not_asked_for_twice_in_a_run():
    async with sso() as centre:
        centre.status = "503 Unavailable"
        session = runs(centre).prober.open()
        for _ in range(2):
            with pytest.raises(RequestFailed, match="HTTP 503"):
                await session.send(REQUEST)
        await session.close()
    assert len(centre.forms) == 1


async def test_two_runs_whose_token_is_refused_at_once_need_one_new_one():
    async with sso() as centre:
        office = runs(centre)
        await office.run()
        centre.accepts = {"Bearer another"}
        centre.refusing_takes_s = 0.05  # Both are refused before either has asked.
        async with asyncio.TaskGroup() as both:
            each = [both.create_task(office.run()) for _ in range(2)]
    assert [task.result().status for task in each] == [200, 200]
    assert len(centre.forms) == 2


async def test_what_is_sent_again_is_whole():
    async with sso() as centre:
        office = runs(centre)
        await office.run()
        centre.accepts = {"Bearer another"}
        session = office.prober.open()
        asked = replace(REQUEST, method="POST", json={"halaman": 1})
        assert (await session.send(asked)).status == 200
        await session.close()
    assert centre.bodies == [b'{"halaman":1}'] * 2


async def test_a_key_that_is_refused_is_sent_once():
    async with sso() as centre:
        centre.accepts_none = True
        for signature in (
            ApiKey(header="X-API-Key", key=lambda: "kunci"),
            Basic(username="pantau", password=lambda: "sandi"),
        ):
            target = Target(role="centre", url=centre.url, signature=signature)
            assert (await Runs(prober_of(target, BootClock()), Clock()).run()).status == 401
    assert len(centre.signed) == 2


async def test_a_token_may_come_over_tls_to_a_target_that_is_plain(tmp_path: Path):
    authority = Authority(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*authority.sign("sso"))

    async def give(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(http(b'{"access_token": "t-1"}'))

    async with hostile_server(give, tls=tls) as server, sso() as centre:
        office = runs(centre, token_url=server.url.replace("http:", "https:"))
        target = office.prober.targets["centre"]
        trusting = replace(target, trust=Trust(ca_file=str(authority.file)))
        office.prober.targets["centre"] = trusting
        await office.prober.prepare()
        assert (await office.run()).status == 200
    assert centre.signed == ["Bearer t-1"]


async def test_two_runs_at_once_need_one_token():
    async with sso() as centre:
        office = runs(centre)
        async with asyncio.TaskGroup() as both:
            both.create_task(office.run())
            both.create_task(office.run())
    assert len(centre.forms) == 1


async def test_the_password_grant_sends_name_and_password_and_a_scope():
    async with sso() as centre:
        office = runs(
            centre,
            grant="password",
            client_secret=None,
            username="pantau.jember",
            password=lambda: "sandi",
            scope="baca",
        )
        await office.run()
    assert centre.asked_with == [""]
    assert centre.forms == [
        {
            "grant_type": ["password"],
            "username": ["pantau.jember"],
            "password": ["sandi"],
            "client_id": ["pantau"],
            "scope": ["baca"],
        }
    ]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        ("401 Unauthorized", b"{}", FailureKind.AUTH),
        ("400 Bad Request", b'{"error": "invalid_grant"}', FailureKind.AUTH),
        ("503 Unavailable", b"{}", FailureKind.HTTP),
        ("200 OK", b"pemeliharaan", FailureKind.CONTRACT),
        ("200 OK", b"{}", FailureKind.CONTRACT),
    ],
)
async def test_a_token_that_is_not_had_breaks_the_step_and_says_so(
    status: str, body: bytes, kind: FailureKind
):
    async with sso() as centre:
        centre.status, centre.body = status, body
        with pytest.raises(RequestFailed) as caught:
            await runs(centre).run()
    assert caught.value.failure.kind is kind
    assert "no token" in caught.value.failure.detail
    assert centre.signed == []


async def test_a_key_and_a_password_sign_every_request():
    async with sso() as centre:
        for signature, sent in (
            (ApiKey(header="X-API-Key", key=lambda: "kunci"), "kunci"),
            (Basic(username="pantau", password=lambda: "sandi"), basic("pantau", "sandi")),
        ):
            target = Target(role="centre", url=centre.url, signature=signature)
            assert "kunci" not in repr(target)
            await Runs(prober_of(target, BootClock()), Clock()).run()
            assert centre.signed[-1] == sent


async def test_a_proxy_is_told_the_name_and_nobody_looks_it_up():
    async with hostile_server(answer_all) as proxy:
        target = Target(role="centre", url="http://pusat.invalid", proxy=proxy.url)
        reply = await Runs(prober_of(target, BootClock()), Clock()).run()
    assert reply.status == 200
    assert proxy.heads[0].startswith(b"GET http://pusat.invalid/cetak HTTP/1.1")


async def answer_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(http(b"{}"))
