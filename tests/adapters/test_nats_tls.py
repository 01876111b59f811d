"""Both ends show a certificate, and one that is renewed counts without a restart."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.adapters.nats_doctor import Patient, examine
from agent.adapters.nats_exchange import NatsExchange
from agent.adapters.nats_findings import Level
from agent.adapters.nats_link import NatsSettings
from agent.adapters.nats_server import NatsServer
from agent.adapters.tls_contexts import RotatingContext, Trust
from agent.clock import BootClock
from agent.ports import ConfigurationError, ExchangeError, Unavailable
from tests.support import real_parts
from tests.support.certificates import END, Authority

pytestmark = pytest.mark.anyio
real = pytest.mark.real("nats-server")

JEMBER = Patient(branch="jember", hub=True, nation="r12:0123abcd")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@asynccontextmanager
async def serving(folder: Path, authority: Authority) -> AsyncIterator[NatsServer]:
    """With the certificate that lies in the files for ``server``."""
    certificate, key = folder / "server.crt", folder / "server.key"
    tls = {
        "cert_file": str(certificate),
        "key_file": str(key),
        "ca_file": str(authority.file),
        "verify": True,
    }
    (binary,) = real_parts.command_of("nats-server")
    extra = f"tls {json.dumps(tls)}"
    async with NatsServer(folder / "store", binary=binary, extra=extra) as started:
        yield started


@pytest.fixture
async def server(tmp_path: Path, authority: Authority) -> AsyncIterator[NatsServer]:
    authority.sign("server")
    async with serving(tmp_path, authority) as started:
        yield started


def over(server: NatsServer, trust: Trust) -> NatsExchange:
    settings = NatsSettings(servers=(server.url,), tls=trust)
    return NatsExchange(settings, "jember", BootClock())


def trust_of(authority: Authority, name: str, end: datetime = END) -> Trust:
    certificate, key = authority.sign(name, end=end)
    return Trust(
        ca_file=str(authority.file), client_certificate=str(certificate), client_key=str(key)
    )


@real
async def test_who_shows_a_certificate_of_the_authority_is_let_in(server, authority):
    exchange = over(server, trust_of(authority, "jember"))
    await exchange.start()
    assert await exchange.publish(b"x") > 0
    await exchange.close()


@real
async def test_who_shows_none_or_anothers_is_not(server, authority, tmp_path: Path):
    stranger = Authority(tmp_path, "stranger")
    certificate, key = stranger.sign("jember")
    for trust in (
        Trust(ca_file=str(authority.file)),
        Trust(
            ca_file=str(authority.file), client_certificate=str(certificate), client_key=str(key)
        ),
    ):
        exchange = over(server, trust)
        with pytest.raises(ExchangeError):
            await exchange.start()
        await exchange.close()


@real
async def test_a_server_of_another_authority_is_not_believed(server, authority, tmp_path: Path):
    stranger = Authority(tmp_path, "stranger")
    exchange = over(server, Trust(ca_file=str(stranger.file)))
    with pytest.raises(Unavailable, match="certificate"):
        await exchange.start()
    await exchange.close()


@real
async def test_a_certificate_that_is_renewed_lets_us_in_without_a_restart(
    server, authority, tmp_path: Path
):
    stranger = Authority(tmp_path, "stranger")
    certificate, key = stranger.sign("jember")
    trust = Trust(
        ca_file=str(authority.file), client_certificate=str(certificate), client_key=str(key)
    )
    exchange = over(server, trust)
    with pytest.raises(ExchangeError):
        await exchange.start()

    trust_of(authority, "jember")  # In the same files.

    await exchange._link.next_session()
    assert await exchange.publish(b"x") > 0
    await exchange.close()


async def test_files_are_read_again_only_when_they_were_replaced(authority, tmp_path: Path):
    context = RotatingContext(trust_of(authority, "jember"))
    first = await context.current()
    assert await context.current() is first

    trust_of(authority, "jember")
    assert await context.current() is not first

    (tmp_path / "jember.key").unlink()
    with pytest.raises(ConfigurationError, match="client certificate"):
        await context.current()


# --- what the doctor says of them -----------------------------------------------------------------


def in_days(days: int) -> datetime:
    return datetime.fromtimestamp(int(BootClock().wall_s()), UTC) + timedelta(days=days)


async def told(server: NatsServer, trust: Trust) -> list[tuple[Level, str]]:
    settings = NatsSettings(servers=(server.url,), tls=trust)
    findings = await examine(settings, JEMBER, BootClock())
    assert all(each.mend for each in findings if each.level is Level.WRONG)
    return [(each.level, each.what) for each in findings if "certificate" in each.what]


@real
async def test_certificates_that_are_good_for_long_are_told_with_their_end(
    server, authority, tmp_path: Path
):
    assert await told(server, trust_of(authority, "jember", in_days(31))) == [
        (Level.OK, f"our certificate is good until {in_days(31):%Y-%m-%d}"),
        (Level.OK, f"the certificate of {server.url[7:]} is good until 2120-01-01"),
    ]


@real
async def test_certificates_that_end_within_a_month_are_told_before(authority, tmp_path: Path):
    authority.sign("server", end=in_days(29))
    async with serving(tmp_path, authority) as server:
        assert await told(server, trust_of(authority, "jember", in_days(3))) == [
            (Level.WRONG, f"our certificate ends soon, on {in_days(3):%Y-%m-%d}"),
            (
                Level.WRONG,
                f"the certificate of {server.url[7:]} ends soon, on {in_days(29):%Y-%m-%d}",
            ),
        ]


@real
async def test_our_certificate_that_has_ended_is_why_nobody_lets_us_in(server, authority):
    first, *_ = await told(server, trust_of(authority, "jember", in_days(-1)))
    assert first == (Level.WRONG, f"our certificate has ended, on {in_days(-1):%Y-%m-%d}")


@real
async def test_a_servers_certificate_that_has_ended_is_told(authority, tmp_path: Path):
    authority.sign("server", end=in_days(-1))
    async with serving(tmp_path, authority) as server:
        _, (level, what) = await told(server, trust_of(authority, "jember"))
    assert level is Level.WRONG
    assert what.endswith("has shown a certificate that has ended")
