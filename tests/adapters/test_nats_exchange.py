from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import nats
import pytest

from agent.adapters import nats_streams
from agent.adapters.nats_accounts import Member, accounts
from agent.adapters.nats_exchange import NatsExchange
from agent.adapters.nats_keeper import make_streams
from agent.adapters.nats_link import NatsLink, NatsSettings
from agent.adapters.nats_server import NatsServer
from agent.adapters.nats_session import Session
from agent.adapters.nats_streams import BRANCH_ACCOUNT_API
from agent.clock import BootClock
from agent.ports import (
    MAX_VALUE_BYTES,
    BeatPut,
    Denied,
    Silent,
    StatusPut,
    Synced,
    Unavailable,
)
from tests.adapters.exchange_conformance import ExchangeConformance, announcing, next_of, watching
from tests.support import real_parts
from tests.support.counting_relay import CountingRelay

HUBS = ("jember", "sorong", "medan", "hub-0", "hub-1", "hub-2")
BRANCHES = (*HUBS, "office-0", "office-1", "office-2", "office-3")
PASSWORD = "correct horse"
QUIET_BULLETIN_BYTES = 1_500
"""Twenty services and a few offices that are silent; measured, and rounded up."""


class SteppingClock(BootClock):
    def __init__(self) -> None:
        self.wall_offset_s = 0.0

    def wall_s(self) -> float:
        return super().wall_s() + self.wall_offset_s


class NatsWorld:
    """A real server with one account a branch, and each exchange over it."""

    def __init__(self, folder: Path) -> None:
        self.clock = SteppingClock()
        self.folder = folder
        (binary,) = real_parts.command_of("nats-server")
        self.server = NatsServer(folder / "store", binary=binary, extra=_accounts())
        self._frozen: int | None = None
        self.exchanges: list[NatsExchange] = []

    def exchange(self, branch: str, *, hub: bool = True) -> NatsExchange:
        return self._made(branch, _user(branch, hub=hub), PASSWORD)

    def stranger(self, branch: str) -> NatsExchange:
        return self._made(branch, branch, "wrong")

    def _made(self, branch: str, user: str, password: str) -> NatsExchange:
        settings = NatsSettings(
            servers=(self.server.url,), user=user, password=password, api=BRANCH_ACCOUNT_API
        )
        exchange = NatsExchange(settings, branch, self.clock)
        self.exchanges.append(exchange)
        return exchange

    async def stop(self) -> None:
        pid = self.server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await self.server.wait()

    async def freeze(self) -> None:
        self._frozen = self.server.pid
        assert self._frozen is not None
        os.kill(self._frozen, signal.SIGSTOP)

    async def resume(self) -> None:
        if self._frozen is None:
            await self.server.stop()
            await self.server.start()
        else:
            os.kill(self._frozen, signal.SIGCONT)
            self._frozen = None

    async def wipe(self) -> None:
        await self.server.stop()
        shutil.rmtree(self.folder / "store" / "jetstream")
        await self.server.start()
        await self.make_streams()

    async def make_streams(self) -> None:
        settings = NatsSettings(servers=(self.server.url,), user="operator", password=PASSWORD)

        async def prepare(session: Session) -> None:
            _, failed = await make_streams(session, 1)
            assert not failed

        link = NatsLink(settings, "_INBOX", self.clock, prepare)
        await link.start()
        await link.close()

    def set_wall_back(self, seconds: float) -> None:
        self.clock.wall_offset_s -= seconds


def _accounts() -> str:
    return accounts(
        [
            Member(branch=branch, hub=hub, user=_sign_in(_user(branch, hub=hub)))
            for branch in BRANCHES
            for hub in (True, False)
        ],
        _sign_in("operator"),
    )


def _user(branch: str, *, hub: bool) -> str:
    return f"{branch}-{'hub' if hub else 'office'}"


def _sign_in(user: str) -> dict[str, str]:
    return {"user": user, "password": PASSWORD}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[NatsWorld]:
    world = NatsWorld(tmp_path)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(world.server)
        await world.make_streams()
        yield world
        for exchange in world.exchanges:
            await exchange.close()


@pytest.mark.real("nats-server")
class TestNatsExchange(ExchangeConformance):
    async def test_another_branchs_keys_are_denied(self, world: NatsWorld):
        sorong = world._made("sorong", "jember-office", PASSWORD)
        with pytest.raises(Denied):
            await sorong.start()
        jember = world.exchange("jember", hub=False)
        hub = world.exchange("medan")
        await hub.start()
        await jember.start()
        jember._branch = "sorong"

        for call in (
            jember.publish(b"x"),
            jember.beat(b"x"),
            jember.write_ledger("20260101", b"x"),
        ):
            with pytest.raises(Denied):
                await call
        jember._branch = "jember"
        assert await jember.publish(b"x") > 0

    async def test_a_rollup_header_wipes_nothing(self, world: NatsWorld):
        jember, sorong = world.exchange("jember"), world.exchange("sorong", hub=False)
        await jember.start()
        await sorong.start()
        await jember.publish(b"kept")

        with pytest.raises(Unavailable):
            await sorong._write(nats_streams.STATUS, "sorong", b"x", {"Nats-Rollup": "all"})

        assert (await jember.own_status()).value == b"kept"

    async def test_names_that_are_no_names_end_no_watch(self, world: NatsWorld):
        jember = world.exchange("jember")
        await jember.start()
        operator = await nats.connect(world.server.url, user="operator", password=PASSWORD)

        async with watching(jember) as watch:
            await watch.synced()
            for name in ("UPPER", "a b".replace(" ", "~"), "é"):
                await operator.publish(f"$KV.status.{name}", b"x")
            await operator.flush()
            await jember.publish(b"good")
            await watch.until(lambda events: isinstance(events[-1], StatusPut))
        await operator.close()

        names = [each.record.name for each in watch.events if isinstance(each, StatusPut | BeatPut)]
        assert names == ["jember"]

    async def test_a_consumer_that_dies_in_silence_is_made_again(self, world: NatsWorld):
        jember = world.exchange("jember")
        await jember.start()
        operator = await nats.connect(world.server.url, user="operator", password=PASSWORD)

        async with watching(jember, silent_after_s=60.0) as watch:
            await watch.synced()
            for consumer in await operator.jetstream().consumers_info("KV_status"):
                await operator.jetstream().delete_consumer("KV_status", consumer.name)
            await jember.publish(b"unseen at first")
            await watch.synced(2)
            await watch.until(lambda events: isinstance(events[-1], Synced))
        await operator.close()
        puts = [each.record.value for each in watch.events if isinstance(each, StatusPut)]
        assert puts == [b"unseen at first"]

    async def test_a_store_made_by_a_stock_client_is_refused(self, world: NatsWorld):
        operator = await nats.connect(world.server.url, user="operator", password=PASSWORD)
        await operator.jetstream().delete_stream("KV_status")
        await operator.jetstream().create_key_value(bucket="status")
        await operator.close()

        jember = world.exchange("jember")
        with pytest.raises(Unavailable, match="allow_rollup_hdrs"):
            await jember.start()

    async def test_an_engine_that_is_not_there_is_found_when_it_comes(self, world: NatsWorld):
        await world.server.stop()
        jember = world.exchange("jember")
        began_s = world.clock.now_s()
        with pytest.raises(Unavailable):
            await jember.start()
        assert world.clock.now_s() - began_s < 5.5

        async with announcing(jember) as heard:
            await world.server.start()
            await jember._link.next_session()
            await jember.announce("bulletin", b"x")
            assert (await next_of(heard)).record.value == b"x"

    async def test_a_short_outage_makes_nobody_silent(self, world: NatsWorld):
        jember, sorong = world.exchange("jember"), world.exchange("sorong", hub=False)
        await jember.start()
        await sorong.start()
        async with watching(jember, silent_after_s=4.0) as watch:
            await watch.synced()
            await sorong.beat(b"1")
            await world.stop()
            await asyncio.sleep(2.0)  # An outage of a real server.
            await world.resume()
            await watch.synced(2)
            await sorong._link.next_session()
            await sorong.beat(b"2")
            await watch.until(
                lambda events: any(
                    isinstance(each, BeatPut) and each.record.value == b"2" for each in events
                )
            )
            assert watch.count(Silent) == 0

    async def test_at_rest_an_office_costs_less_than_a_megabyte_an_hour(self, world: NatsWorld):
        hub = world.exchange("medan")
        await hub.start()
        async with CountingRelay(world.server.port) as relay:
            settings = NatsSettings(
                servers=(f"nats://127.0.0.1:{relay.port}",),
                user="jember-office",
                password=PASSWORD,
                api=BRANCH_ACCOUNT_API,
            )
            office = NatsExchange(settings, "jember", world.clock)
            await office.start()
            async with announcing(office) as heard:
                await hub.announce("beat", bytes(100))
                await next_of(heard)
                before = relay.wire_bytes
                for _ in range(20):
                    await office.beat(bytes(200))
                    await hub.announce("beat", bytes(100))
                    await next_of(heard)
                pair_bytes = (relay.wire_bytes - before) / 20
                before = relay.wire_bytes
                await office._link.session()._client.flush()
                ping_bytes = relay.wire_bytes - before
                await office.publish(bytes(MAX_VALUE_BYTES))
                before = relay.wire_bytes
                await office.own_status()
                await office.write_ledger("20260131", bytes(MAX_VALUE_BYTES))
                ledger_bytes = relay.wire_bytes - before
                before = relay.wire_bytes
                await hub.announce("bulletin", bytes(QUIET_BULLETIN_BYTES))
                await next_of(heard)
                bulletin_bytes = relay.wire_bytes - before
            await office.close()

        # A heartbeat and a bulletin's beat every 10 s; a ping every 5 s, the server's every 120 s;
        # the bulletin every minute; the ledger every 15 minutes, at its very largest.
        hour_bytes = 360 * pair_bytes + (720 + 30) * ping_bytes
        hour_bytes += 60 * bulletin_bytes + 4 * ledger_bytes
        print(  # noqa: T201
            f"{hour_bytes:,.0f} bytes an hour: {pair_bytes} a pair, {ping_bytes} a ping, "
            f"{bulletin_bytes} a bulletin, {ledger_bytes} a ledger"
        )
        assert hour_bytes < 1_000_000


@pytest.mark.anyio
async def test_a_server_too_old_is_refused_in_words():
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"version":"2.11.9","max_payload":65536,"headers":true}\r\n')
        while line := await reader.readline():
            if line.startswith(b"PING"):
                writer.write(b"PONG\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        settings = NatsSettings(servers=(f"nats://127.0.0.1:{port}",))
        exchange = NatsExchange(settings, "jember", BootClock())
        with pytest.raises(Unavailable, match=r"2\.11\.9 is too old.*2\.12"):
            await exchange.start()
        await exchange.close()
