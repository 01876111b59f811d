"""Both ends show a certificate, and one that is renewed counts without a restart."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.adapters.nats_exchange import NatsExchange
from agent.adapters.nats_link import NatsSettings
from agent.adapters.nats_server import NatsServer
from agent.adapters.tls_contexts import RotatingContext, Trust
from agent.clock import BootClock
from agent.ports import ConfigurationError, ExchangeError, Unavailable
from tests.support import real_parts
from tests.support.certificates import Authority

pytestmark = pytest.mark.anyio
real = pytest.mark.real("nats-server")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
async def server(tmp_path: Path, authority: Authority) -> AsyncIterator[NatsServer]:
    certificate, key = authority.sign("server")
    tls = {
        "cert_file": str(certificate),
        "key_file": str(key),
        "ca_file": str(authority.file),
        "verify": True,
    }
    (binary,) = real_parts.command_of("nats-server")
    extra = f"tls {json.dumps(tls)}"
    async with NatsServer(tmp_path / "store", binary=binary, extra=extra) as started:
        yield started


def over(server: NatsServer, trust: Trust) -> NatsExchange:
    settings = NatsSettings(servers=(server.url,), tls=trust)
    return NatsExchange(settings, "jember", BootClock())


def trust_of(authority: Authority, name: str) -> Trust:
    certificate, key = authority.sign(name)
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
