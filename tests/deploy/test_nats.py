"""The exchange as production runs it: three servers from the configuration that is delivered.

Everything on the way from nothing is done as a person does it, by the program itself. What is done
to the servers afterwards, they and the offices have to live through.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.adapters.nats_doctor import connection
from agent.adapters.nats_exchange import NatsExchange
from agent.adapters.nats_keeper import stream_answer
from agent.adapters.nats_link import NatsSettings
from agent.adapters.nats_streams import BEAT, COORDINATION, LEDGER, STATUS, STREAMS
from agent.adapters.tls_contexts import Trust
from agent.clock import BootClock
from agent.commands.exchange_files import KEEPER, seed_file
from agent.ports import Denied, ExchangeError, Unavailable
from tests.support.certificates import Authority
from tests.support.exchange_cluster import NATION, ExchangeCluster, Node, exchange_cluster, pantau
from tests.support.nats_chart import write_chart_node

pytestmark = [pytest.mark.anyio, pytest.mark.real("nats-server")]

OFFICE, HUB = "jember", "medan"
REFUSED_AT_MOST_S = 15.0
"""How long nothing is taken in after a server's death; 4 to 6 s were measured."""
ONE_CALL_S = 2.5
"""A call that cannot succeed ends by then, as the port promises."""
WITHIN_S = 20.0
CLOCK = BootClock()
RENEWED = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExchangeCluster]:
    with exchange_cluster(tmp_path_factory.mktemp("plain")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExchangeCluster]:
    with exchange_cluster(tmp_path_factory.mktemp("chart"), write_chart_node) as cluster:
        yield cluster


@pytest.fixture(params=["plain", "chart"])
def cluster(request: pytest.FixtureRequest) -> ExchangeCluster:
    found: ExchangeCluster = request.getfixturevalue(request.param)
    return found


@asynccontextmanager
async def over(settings: NatsSettings, branch: str) -> AsyncIterator[NatsExchange]:
    exchange = NatsExchange(settings, branch, CLOCK)
    try:
        await exchange.start()
        yield exchange
    finally:
        await exchange.close()


async def of_stream(cluster: ExchangeCluster, *nodes: Node) -> dict[str, Any]:
    """What the engine says of the coordination records, once one of the servers answers."""
    async with asyncio.timeout(REFUSED_AT_MOST_S):
        while True:
            with contextlib.suppress(ExchangeError):
                async with connection(cluster.settings(KEEPER, *nodes), KEEPER, CLOCK) as session:
                    return await stream_answer(session, COORDINATION, subjects=True)
            await asyncio.sleep(0.05)  # Until the servers that are left have chosen.


async def leader_of(cluster: ExchangeCluster) -> Node:
    name = (await of_stream(cluster))["cluster"]["leader"]
    (found,) = (node for node in cluster.nodes if node.name == name)
    return found


async def until_written(exchange: NatsExchange, name: str) -> float:
    """Try to write until it is acknowledged; returns after how many seconds."""
    begin_s = CLOCK.now_s()
    async with asyncio.timeout(REFUSED_AT_MOST_S):
        while True:
            with contextlib.suppress(ExchangeError):
                await exchange.compare_and_set(name, b"x", 0)
                return CLOCK.now_s() - begin_s
            await asyncio.sleep(0.05)  # Until the servers that are left have chosen.


async def written(exchange: NatsExchange, begin: int, end: int) -> set[str]:
    names = [f"incident.{number}" for number in range(begin, end)]
    return {name for name in names if await exchange.compare_and_set(name, b"x", 0)}


async def lost(cluster: ExchangeCluster, names: set[str]) -> set[str]:
    """Which of these records are not there."""
    subjects = (await of_stream(cluster))["state"]["subjects"]
    return {name for name in names if COORDINATION.subject(name) not in subjects}


async def back(cluster: ExchangeCluster, *nodes: Node) -> float:
    """Start nodes again; returns after how many seconds all three are as new as each other."""
    for node in nodes:
        node.start()
    return await asyncio.to_thread(cluster.wait_until_healthy)


# --- as it is set up ------------------------------------------------------------------------------


async def test_each_stream_is_on_all_three(cluster: ExchangeCluster):
    async with connection(cluster.settings(KEEPER), KEEPER, CLOCK) as session:
        answers = [await stream_answer(session, each) for each in STREAMS]
    for answer in answers:
        others = {each["name"] for each in answer["cluster"]["replicas"]}
        assert answer["config"]["num_replicas"] == 3
        assert {answer["cluster"]["leader"], *others} == {node.name for node in cluster.nodes}


async def test_the_servers_say_that_they_are_as_they_must_be(cluster: ExchangeCluster):
    for node in cluster.nodes:
        found = node.asked("varz")
        assert found["jetstream"]["config"] == {
            "max_memory": 64 << 20,
            "max_storage": 4 << 30,
            "store_dir": found["jetstream"]["config"]["store_dir"],
            "sync_interval": found["jetstream"]["config"]["sync_interval"],
            "sync_always": True,
            "compress_ok": True,
            "strict": True,
        }
        assert found["auth_required"] is found["tls_required"] is found["tls_verify"] is True
        assert found["cluster"]["tls_required"] is found["cluster"]["tls_verify"] is True
        told = ("max_payload", "max_connections", "max_subscriptions", "max_pending", "ping_max")
        assert [found[each] for each in told] == [65_536, 1_000, 100, 32 << 20, 2]
        assert [found["write_deadline"], found["ping_interval"]] == [10 * 10**9, 20 * 10**9]


@pytest.mark.parametrize("name", [OFFICE, HUB])
async def test_the_doctor_is_content(cluster: ExchangeCluster, name: str):
    said = await asyncio.to_thread(cluster.doctor, name)
    assert (said.returncode, said.stdout.count("ok  ")) == (0, 12), said.stdout


async def test_an_office_writes_its_own_records_and_no_other(cluster: ExchangeCluster):
    async with connection(cluster.settings(OFFICE), OFFICE, CLOCK) as session:
        for subject in (STATUS.subject(OFFICE), BEAT.subject(OFFICE)):
            assert (await session.request(subject, b"x", timeout_s=ONE_CALL_S))["seq"] > 0
        for subject in (
            STATUS.subject(HUB),
            BEAT.subject(HUB),
            LEDGER.subject(f"{HUB}.20260101"),
            COORDINATION.subject("lease"),
        ):
            with pytest.raises(Denied):
                await session.request(subject, b"x", timeout_s=ONE_CALL_S)


# --- who is not let in ----------------------------------------------------------------------------


async def test_without_a_certificate_of_the_offices_authority_nobody_comes_in(
    cluster: ExchangeCluster, tmp_path: Path
):
    stranger = Authority(tmp_path, "stranger")
    settings = cluster.settings(OFFICE)
    for trust in (
        Trust(ca_file=str(cluster.offices.file)),
        cluster.trust("intruder", stranger),
        cluster.trust("route", cluster.servers),
    ):
        with pytest.raises(Unavailable):
            async with over(replace(settings, tls=trust), OFFICE):
                pass


async def test_with_a_good_certificate_and_anothers_nkey_nobody_comes_in(
    cluster: ExchangeCluster, tmp_path: Path
):
    unknown = tmp_path / "seed"
    said = await asyncio.to_thread(
        pantau, "exchange", "init", "--nation", NATION, "--into", tmp_path / "another"
    )
    assert said.returncode == 0
    shutil.copy(seed_file(tmp_path / "another", OFFICE), unknown)
    for seed in (unknown, seed_file(cluster.exchange, HUB)):
        with pytest.raises(Denied):
            async with over(replace(cluster.settings(OFFICE), nkey_seed_file=seed), OFFICE):
                pass


async def test_in_plain_text_nothing_is_said(cluster: ExchangeCluster):
    reader, writer = await asyncio.open_connection("127.0.0.1", cluster.nodes[0].offices_port)
    try:
        async with asyncio.timeout(WITHIN_S):
            await reader.readline()
            writer.write(b'CONNECT {"verbose":true}\r\nPING\r\n')
            assert b"PONG" not in await _rest(reader)
    finally:
        writer.close()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    with contextlib.suppress(ConnectionError):
        return await reader.read()
    return b""


async def test_an_office_cannot_pass_for_a_server(cluster: ExchangeCluster):
    node = cluster.nodes[0]
    office, server = cluster.trust(OFFICE), cluster.trust("route", cluster.servers)
    assert await asyncio.to_thread(_greeted_as_server, node, cluster, server)
    assert not await asyncio.to_thread(_greeted_as_server, node, cluster, office)


def _greeted_as_server(node: Node, cluster: ExchangeCluster, trust: Trust) -> bool:
    """Whether a server goes on speaking to who comes to it as another server."""
    assert trust.client_certificate is not None
    context = ssl.create_default_context(cafile=str(cluster.servers.file))
    context.load_cert_chain(trust.client_certificate, trust.client_key)
    with (
        socket.create_connection(("127.0.0.1", node.servers_port), ONE_CALL_S) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as told,
    ):
        told.settimeout(ONE_CALL_S)
        try:
            return told.recv(4_096) != b""
        except TimeoutError:
            return True  # It waits for what we have to say.
        except (ssl.SSLError, ConnectionError):
            return False


# --- what it lives through ------------------------------------------------------------------------


async def test_with_the_leader_killed_nothing_acknowledged_is_lost(plain: ExchangeCluster):
    leader = await leader_of(plain)
    others = [node for node in plain.nodes if node is not leader]
    async with over(plain.settings(HUB, *others), HUB) as exchange:
        names = await written(exchange, 0, 50)
        leader.kill()
        await until_written(exchange, "incident.50")
        names |= {"incident.50"} | await written(exchange, 51, 60)
        assert await lost(plain, names) == set()
    said = await asyncio.to_thread(plain.doctor, OFFICE)
    assert f"server {leader.name} is not in step: " in said.stdout
    assert "while two of three are not, every write is refused" in " ".join(said.stdout.split())
    await back(plain, leader)
    async with asyncio.timeout(WITHIN_S):
        while not await _in_step(plain):  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # The leader counts who is current a moment later.
    assert await lost(plain, names) == set()


async def _in_step(cluster: ExchangeCluster) -> bool:
    return all(each["current"] for each in (await of_stream(cluster))["cluster"]["replicas"])


async def test_with_two_servers_down_it_says_so_at_once_and_comes_back_by_itself(
    plain: ExchangeCluster,
):
    left, *killed = plain.nodes
    async with over(plain.settings(HUB, left), HUB) as exchange:
        names = await written(exchange, 100, 110)
        for node in killed:
            node.kill()
        begin_s = CLOCK.now_s()
        with pytest.raises(Unavailable):
            await exchange.compare_and_set("incident.110", b"x", 0)
        assert CLOCK.now_s() - begin_s < ONE_CALL_S
        await _until_ill(left)
        await back(plain, *killed)
        await until_written(exchange, "incident.111")
    assert await lost(plain, names | {"incident.111"}) == set()


async def _until_ill(node: Node) -> None:
    async with asyncio.timeout(WITHIN_S):
        while await asyncio.to_thread(node.healthy):  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # It asks the two that are gone first.


async def test_one_restarted_after_another_loses_nothing_that_was_acknowledged(
    plain: ExchangeCluster,
):
    async with AsyncExitStack() as stack:
        hub = await stack.enter_async_context(over(plain.settings(HUB), HUB))
        office = await stack.enter_async_context(over(plain.settings(OFFICE), OFFICE))
        writers = [
            _Writer(lambda number: hub.compare_and_set(f"incident.r{number}", b"x", 0)),
            _Writer(lambda number: office.publish(str(number).encode())),
        ]
        for writer in writers:
            stack.push_async_callback(writer.end)
        for node in plain.nodes:
            node.signal("ldm")
            await asyncio.to_thread(node.wait_until_ended)
            await back(plain, node)
            for writer in writers:
                await writer.goes_on()
        for writer in writers:
            await writer.end()
        newest = int((await office.own_status()).value)
        assert max(writers[1].acknowledged) <= newest <= writers[1].tried
    names = {f"incident.r{number}" for number in writers[0].acknowledged}
    assert len(names) > 50
    assert await lost(plain, names) == set()


class _Writer:
    """Writes one number after another for as long as it lives, whatever becomes of each."""

    def __init__(self, write: Callable[[int], Awaitable[int]]) -> None:
        self.tried = -1
        self.acknowledged: set[int] = set()
        self._write = write
        self._ending = False
        self._task = asyncio.create_task(self._run())

    async def goes_on(self) -> None:
        """Wait for an acknowledgement of what is written from now on."""
        begin = self.tried
        async with asyncio.timeout(WITHIN_S):
            while not any(number > begin for number in self.acknowledged):  # noqa: ASYNC110
                await asyncio.sleep(0.05)  # Real servers take their time.

    async def end(self) -> None:
        self._ending = True
        await self._task

    async def _run(self) -> None:
        while not self._ending:
            self.tried += 1
            with contextlib.suppress(ExchangeError):
                await self._write(self.tried)
                self.acknowledged.add(self.tried)
            await asyncio.sleep(0.05)  # As often as 145 offices would.


# --- accounts -------------------------------------------------------------------------------------


async def test_an_office_that_left_is_refused_at_once_and_a_new_one_comes_in_after_restarts(
    plain: ExchangeCluster,
):
    """nats-server 2.15.1 in a cluster knows a new account after a reload, and not its imports."""
    nation = plain.folder / "nation.yaml"
    nation.write_text(NATION.read_text("utf-8").replace("{id: sabang,", "{id: kota-baru,"))
    async with AsyncExitStack() as stack:
        left = await stack.enter_async_context(over(plain.settings("sabang"), "sabang"))
        stays = await stack.enter_async_context(over(plain.settings(OFFICE), OFFICE))
        session = stays._link.session()
        assert await left.publish(b"x") > 0

        await asyncio.to_thread(_take_in, plain, nation)
        async with asyncio.timeout(WITHIN_S):
            await _until_denied(left)
        assert await stays.publish(b"x") > 0
        assert stays._link.session() is session

        for node in plain.nodes:
            node.signal("ldm")
            await asyncio.to_thread(node.wait_until_ended)
            await back(plain, node)
        async with over(plain.settings("kota-baru"), "kota-baru") as new:
            assert await new.publish(b"x") > 0


async def test_a_new_nkey_and_new_certificates_count_after_a_reload(plain: ExchangeCluster):
    old = plain.folder / "ambon.old"
    shutil.copy(seed_file(plain.exchange, "ambon"), old)
    for kind in ("public", "seed"):
        (plain.exchange / f"offices/ambon.{kind}").unlink()
    settings = plain.settings("ambon")
    async with over(replace(settings, nkey_seed_file=old), "ambon") as before:
        plain.offices.sign("server", end=RENEWED)
        plain.servers.sign("route", end=RENEWED)
        nation = plain.folder / "nation.yaml"
        await asyncio.to_thread(_take_in, plain, nation if nation.exists() else NATION)
        async with asyncio.timeout(WITHIN_S):
            await _until_denied(before)
    async with over(settings, "ambon") as after:
        assert await after.publish(b"x") > 0
    for node in plain.nodes:
        told = node.asked("varz")
        ends = {told["tls_cert_not_after"], told["cluster"]["tls_cert_not_after"]}
        assert {datetime.fromisoformat(end) for end in ends} == {RENEWED}


def _take_in(cluster: ExchangeCluster, nation: Path) -> None:
    """As a person brings a changed nation.yaml, or new nkeys, to the servers."""
    said = pantau("exchange", "init", "--nation", nation, "--into", cluster.exchange)
    assert said.returncode == 0, said.stderr
    shutil.move(cluster.exchange / "accounts.conf.new", cluster.exchange / "accounts.conf")
    for node in cluster.nodes:
        shutil.copy(cluster.exchange / "accounts.conf", node.accounts)
        node.signal("reload")


async def _until_denied(exchange: NatsExchange) -> None:
    while True:
        try:
            await exchange.publish(b"x")
        except Denied:
            return
        except Unavailable:
            pass
        await asyncio.sleep(0.05)  # Until all three have taken the file in.
