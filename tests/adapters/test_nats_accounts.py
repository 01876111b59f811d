"""What a branch can do to another's records, tried against a real server in all known ways.

Each way is tried twice: within one account, where some succeed, which shows that the attempt is a
real one; and with an account a branch, where none may.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.aio.client import Client

from agent.adapters import nats_streams
from agent.adapters.nats_accounts import Member, accounts
from agent.adapters.nats_exchange import NatsExchange
from agent.adapters.nats_link import NatsSettings
from agent.adapters.nats_server import NatsServer
from agent.adapters.nats_streams import BRANCH_ACCOUNT_API, OWN_ACCOUNT_API, STREAMS
from agent.adapters.nkey import Nkey
from agent.clock import BootClock
from agent.ports import Denied
from tests.support import real_parts

pytestmark = [pytest.mark.anyio, pytest.mark.real("nats-server")]

PASSWORD = "correct horse"
VICTIM = "sorong"
KEPT = {
    "$KV.status.sorong": b"status",
    "$KV.beat.sorong": b"beat",
    "$KV.ledger.sorong.20260101": b"ledger",
    "$KV.coord.lease": b"lease",
    "$KV.public.bulletin": b"bulletin",
}
OFFICES = {"jember": False, VICTIM: False, "medan": True}


def _sign_in(user: str) -> dict[str, str]:
    return {"user": user, "password": PASSWORD}


def _each_its_own() -> str:
    members = [Member(branch=each, hub=hub, user=_sign_in(each)) for each, hub in OFFICES.items()]
    return accounts(members, _sign_in("keeper"))


def _all_in_one() -> str:
    users: list[dict[str, Any]] = [_sign_in("keeper")]
    for branch, hub in OFFICES.items():
        allowed = nats_streams.permissions(branch, coordinates=hub)
        rights = {"publish": list(allowed.publish), "subscribe": list(allowed.subscribe)}
        users.append({**_sign_in(branch), "permissions": rights})
    return f"authorization {{ users: {json.dumps(users)} }}"


class Engine:
    """A server with what everybody wrote, and whoever wants to spoil it."""

    def __init__(self, server: NatsServer, keeper: Client, api: str) -> None:
        self.server = server
        self.keeper = keeper
        self.api = api
        self.refused: list[str] = []

    async def fill(self) -> None:
        for stream in STREAMS:
            wanted = json.dumps(stream.settings(1)).encode()
            await self.keeper.request(f"$JS.API.STREAM.CREATE.{stream.name}", wanted)
        for subject, value in KEPT.items():
            await self.keeper.request(subject, value)

    @asynccontextmanager
    async def intruder(self, branch: str) -> AsyncIterator[Client]:
        async def note(error: Exception) -> None:
            self.refused.append(str(error).lower())

        client = await nats.connect(
            self.server.url, **_sign_in(branch), inbox_prefix=f"_INBOX_{branch}", error_cb=note
        )
        try:
            yield client
            await client.flush()
            await asyncio.sleep(0.1)  # What the engine does on its own account takes a moment.
        finally:
            await client.close()

    async def spoiled(self) -> dict[str, bytes]:
        """The records that are not as they were."""
        stream = self.keeper.jetstream()
        found = {}
        for subject, value in KEPT.items():
            message = await stream.get_last_msg(f"KV_{subject.split('.')[1]}", subject)
            if message.data != value:
                found[subject] = message.data or b""
        return found


@asynccontextmanager
async def an_engine(folder: Path, *, apart: bool) -> AsyncIterator[Engine]:
    (binary,) = real_parts.command_of("nats-server")
    extra = _each_its_own() if apart else _all_in_one()
    async with NatsServer(folder / "store", binary=binary, extra=extra) as server:
        keeper = await nats.connect(server.url, **_sign_in("keeper"))
        try:
            engine = Engine(server, keeper, BRANCH_ACCOUNT_API if apart else OWN_ACCOUNT_API)
            await engine.fill()
            yield engine
        finally:
            await keeper.close()


async def ask_and_have_it_answered_there(engine: Engine, client: Client) -> None:
    asked = [f"{engine.api}.{each}" for each in nats_streams.questions(coordinates=False)]
    for question in (*asked, "$KV.status.jember", "$KV.beat.jember", "$KV.ledger.jember.20260101"):
        for victim in KEPT:
            last = json.dumps({"last_by_subj": victim}).encode()
            await client.publish(question, last, reply=victim)


async def write_it(_engine: Engine, client: Client) -> None:
    for victim in KEPT:
        await client.publish(victim, b"spoiled")


async def write_it_with_a_header(_engine: Engine, client: Client) -> None:
    for header in ({"Nats-Rollup": "all"}, {"Nats-Rollup": "sub"}, {"Nats-TTL": "1s"}):
        await client.publish("$KV.status.jember", b"x", headers=header)


async def have_a_consumer_deliver_there(engine: Engine, client: Client) -> None:
    await client.publish("$KV.status.jember", b"spoiled")
    for api in (engine.api, OWN_ACCOUNT_API, BRANCH_ACCOUNT_API):
        for number, stream in enumerate(STREAMS):
            for victim in KEPT:
                config = {"deliver_subject": victim, "deliver_policy": "all", "ack_policy": "none"}
                question = json.dumps({"stream_name": stream.name, "config": config}).encode()
                for name in ("", f".c{number}"):
                    await client.publish(f"{api}.CONSUMER.CREATE.{stream.name}{name}", question)


async def ask_for_more_than_is_allowed(engine: Engine, client: Client) -> None:
    for api in (engine.api, OWN_ACCOUNT_API, BRANCH_ACCOUNT_API):
        for stream in STREAMS:
            loose = json.dumps({**stream.settings(1), "allow_rollup_hdrs": True}).encode()
            await client.publish(f"{api}.STREAM.UPDATE.{stream.name}", loose)
            await client.publish(f"{api}.STREAM.PURGE.{stream.name}", b"")
            await client.publish(f"{api}.STREAM.DELETE.{stream.name}", b"")
            await client.publish(f"{api}.STREAM.MSG.DELETE.{stream.name}", b'{"seq":1}')


WAYS = (
    write_it,
    write_it_with_a_header,
    ask_and_have_it_answered_there,
    have_a_consumer_deliver_there,
    ask_for_more_than_is_allowed,
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_an_office_in_an_account_of_its_own_spoils_nobodys_record(tmp_path: Path, way):
    async with an_engine(tmp_path, apart=True) as engine:
        async with engine.intruder("jember") as jember:
            await way(engine, jember)
        assert await engine.spoiled() == {}


async def test_within_one_account_an_answer_overwrites_any_record(tmp_path: Path):
    async with an_engine(tmp_path, apart=False) as engine:
        async with engine.intruder("jember") as jember:
            await ask_and_have_it_answered_there(engine, jember)
        assert set(await engine.spoiled()) == set(KEPT)


async def test_a_hub_too_is_refused_what_another_branch_alone_may_write(tmp_path: Path):
    async with an_engine(tmp_path, apart=True) as engine:
        async with engine.intruder("medan") as medan:
            for subject in KEPT:
                if subject.split(".")[1] not in ("coord", "public"):
                    await medan.publish(subject, b"spoiled")
            asked = [f"{engine.api}.{each}" for each in nats_streams.questions(coordinates=True)]
            for question in asked:
                await medan.publish(question, b"{}", reply="$KV.status.sorong")
            await have_a_consumer_deliver_there(engine, medan)
        assert await engine.spoiled() == {}


@pytest.mark.parametrize("subject", sorted(KEPT))
async def test_each_of_anothers_subjects_is_refused_in_words(tmp_path: Path, subject: str):
    async with an_engine(tmp_path, apart=True) as engine:
        async with engine.intruder("jember") as jember:
            await jember.publish(subject, b"spoiled")
        assert any("permissions violation for publish" in each for each in engine.refused)
        assert any(subject.lower() in each for each in engine.refused)


@pytest.mark.parametrize(
    "subject", ["_INBOX_sorong.>", "$KV.>", "$KV.status.*", ">", "$JS.>", "EXCHANGE.API.>"]
)
async def test_an_office_hears_nothing_that_is_anothers(tmp_path: Path, subject: str):
    async with an_engine(tmp_path, apart=True) as engine:
        async with engine.intruder("jember") as jember:
            await jember.subscribe(subject)
        assert any("permissions violation for subscription" in each for each in engine.refused)


async def test_nkeys_of_a_whole_roster_open_each_its_own_account_and_no_other(tmp_path: Path):
    roster = [f"office-{number}" for number in range(151)]
    nkeys = {branch: Nkey.make() for branch in roster}
    members = [
        Member(branch=each, hub=each < "office-5", user={"nkey": nkeys[each].public})
        for each in roster
    ]
    keeper, seeds = Nkey.make(), {}
    for branch in ("office-0", "office-77"):
        seeds[branch] = tmp_path / branch
        seeds[branch].write_text(nkeys[branch].seed)
    seeds["keeper"], seeds["stranger"] = tmp_path / "keeper", tmp_path / "stranger"
    seeds["keeper"].write_text(keeper.seed)
    seeds["stranger"].write_text(Nkey.make().seed)
    (binary,) = real_parts.command_of("nats-server")
    extra = accounts(members, {"nkey": keeper.public})

    async with NatsServer(tmp_path / "store", binary=binary, extra=extra) as server:
        settings = NatsSettings(servers=(server.url,), api=BRANCH_ACCOUNT_API)

        def over(branch: str, seed: str, api: str = BRANCH_ACCOUNT_API) -> NatsExchange:
            own = replace(settings, nkey_seed_file=seeds[seed], api=api)
            return NatsExchange(own, branch, BootClock())

        exchanges = _Closing()
        async with exchanges:
            await exchanges.started(over("keeper", "keeper", OWN_ACCOUNT_API))
            office = await exchanges.started(over("office-77", "office-77"))
            hub = await exchanges.started(over("office-0", "office-0"))
            assert await office.publish(b"mine") > 0
            assert await hub.compare_and_set("lease", b"mine", 0) > 0
            with pytest.raises(Denied):
                await office.compare_and_set("lease", b"mine", 0)
            for branch, seed in (("office-77", "stranger"), ("office-0", "office-77")):
                with pytest.raises(Denied):
                    await exchanges.started(over(branch, seed))


class _Closing:
    """Exchanges that are closed whatever happens."""

    def __init__(self) -> None:
        self._made: list[NatsExchange] = []

    async def started(self, exchange: NatsExchange) -> NatsExchange:
        self._made.append(exchange)
        await exchange.start()
        return exchange

    async def __aenter__(self) -> Sequence[NatsExchange]:
        return self._made

    async def __aexit__(self, *_: object) -> None:
        for exchange in self._made:
            await exchange.close()
