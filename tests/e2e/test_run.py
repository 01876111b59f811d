"""The end to end: three real agents, a real exchange, a centre over HTTP, and an independent Slack.

All three offices of a pilot see one service fail. Slack must hear of it exactly once, whether or
not the leader dies in the middle; the recovery must edit that one message; every agent must stop
when it is asked; and no secret may show anywhere.

Detection runs on production numbers; only the recovery is shortened, which in production takes
longer than a test may. Receivers beside Slack hear the same, each in its own way.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.adapters.nats_server import NatsServer
from agent.adapters.webhook_receiver import SIGNATURE, signature
from agent.clock import BootClock
from agent.simulation.centre import Centre
from agent.simulation.centre_http import HttpCentre
from agent.simulation.line import OfficeLine
from agent.simulation.scenario import Kind
from tests.support import real_parts, slack_emulator
from tests.support.agent_process import AgentProcess
from tests.support.centre import faults, phase
from tests.support.http_sink import Came, HttpSink, http_sink
from tests.support.nation import NATION
from tests.support.office_files import (
    CANARIES,
    WEBHOOK_SECRET,
    receivers_at,
    write_branch,
    write_nation,
)
from tests.support.slack_emulator import PERSON_TOKEN, TOKEN, Emulator

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.real("nats-server", "slack-emulator"),
    pytest.mark.timeout(150),
]

OFFICES = (NATION[0], NATION[8], NATION[13])
RUNS_PER_S = 0.6
"""Three offices, one run every five seconds each: the least period there is."""
MOST_MEMORY_MIB = 160.0
SHORTER_RECOVERY = {"recovery_score": 3.0, "show_recovery_s": 1.0, "close_s": 3.0}
NOT_BILLED = phase(Kind.HTTP, until_s=3600, services=("simponi.billing",), code=503.0, body="-")


@dataclass
class Pilot:
    """The three offices and all around them."""

    agents: list[AgentProcess]
    centre: Centre
    slack: Emulator
    store: Path
    beside: HttpSink
    """Where all receivers beside Slack are."""

    async def roots(self) -> list[dict[str, Any]]:
        """The root messages of the channel, as Slack has them."""
        found = await asyncio.to_thread(
            self.slack.call, "conversations.history", channel=self.slack.channel
        )
        messages: list[dict[str, Any]] = found["messages"]
        return [each for each in messages if each.get("thread_ts", each["ts"]) == each["ts"]]

    async def thread(self, ts: str) -> list[dict[str, Any]]:
        found = await asyncio.to_thread(
            self.slack.call, "conversations.replies", channel=self.slack.channel, ts=ts
        )
        messages: list[dict[str, Any]] = found["messages"]
        return messages

    async def put_eyes_on(self, ts: str) -> None:
        """A person says, on the root message, that they look after it."""
        added = await asyncio.to_thread(
            self.slack.call,
            "reactions.add",
            PERSON_TOKEN,
            channel=self.slack.channel,
            timestamp=ts,
            name="eyes",
        )
        assert added["ok"], added

    def hooked(self) -> list[dict[str, Any]]:
        """What the webhook was told, each document once."""
        found = {came.body: json.loads(came.body) for came in self._came("hook")}
        return list({each["id"]: each for each in found.values()}.values())

    def alerts(self) -> list[dict[str, Any]]:
        """All that Alertmanager was told, in that order."""
        return [alert for came in self._came("api/v2/alerts") for alert in json.loads(came.body)]

    def signs_of_life(self) -> int:
        return len(self._came("switch"))

    def _came(self, end: str) -> list[Came]:
        return [each for each in self.beside.came if each.path.endswith(end)]

    async def leader(self) -> AgentProcess | None:
        for agent in self.agents:
            if (await agent.status())["leads"]:
                return agent
        return None


@asynccontextmanager
async def pilot(folder: Path) -> AsyncIterator[Pilot]:
    async with AsyncExitStack() as opened:
        slack = opened.enter_context(slack_emulator.running())
        beside = await opened.enter_async_context(http_sink())
        (binary,) = real_parts.command_of("nats-server")
        server = await opened.enter_async_context(NatsServer(folder / "store", binary=binary))
        centre = Centre(faults(NOT_BILLED), now_s=BootClock().now_s)
        http = HttpCentre(centre, [office.id for office in OFFICES])
        opened.push_async_callback(http.stop)
        await http.start()
        write_nation(
            folder / "nation.yaml", OFFICES, base_runs_per_s=RUNS_PER_S, tuning=SHORTER_RECOVERY
        )
        agents = []
        for office in OFFICES:
            line = OfficeLine(lambda: False)
            opened.push_async_callback(line.stop)
            await line.start()
            config = write_branch(
                folder / office.id,
                office.id,
                urls=http.urls(office.id),
                line=line,
                exchange={"servers": [server.url]},
                slack={
                    "bot_token": TOKEN,
                    "message_key_file": "message-key",
                    "base_url": slack.base_url,
                },
                receivers=receivers_at(beside.url),
            )
            agents.append(AgentProcess(config))
            opened.push_async_callback(agents[-1].end)
        async with asyncio.TaskGroup() as starting:
            for agent in agents:
                starting.create_task(agent.start())
        yield Pilot(agents, centre, slack, folder / "store", beside)


async def until(what: str, holds: Callable[[], Awaitable[object]], within_s: float) -> None:
    try:
        async with asyncio.timeout(within_s):
            while not await _answers(holds):  # noqa: ASYNC110 - other processes set no event here
                await asyncio.sleep(0.1)  # How often to ask, within the deadline above.
    except TimeoutError:
        pytest.fail(f"not within {within_s:g} s: {what}")


async def _answers(holds: Callable[[], Awaitable[object]]) -> bool:
    try:
        return bool(await holds())
    except httpx.TransportError:
        return False  # An agent that is being killed or started has no door.


@pytest.mark.parametrize("leader_dies", [False, True], ids=["leader lives", "leader dies"])
async def test_a_pilot_tells_of_an_outage_once_and_of_its_end(tmp_path: Path, *, leader_dies: bool):
    async with pilot(tmp_path) as nation:
        await until("all offices have seen everything once", lambda: _all_ready(nation), 30)
        await until("somebody leads", nation.leader, 20)
        assert await nation.roots() == []

        nation.centre.begin(BootClock().now_s())
        if leader_dies:
            await until("the incident is open", lambda: _open_incident(nation), 45)
            leader = await nation.leader()
            assert leader is not None
            term = await _term(leader)
            await leader.kill()
            await leader.start()
            await until("a new term has begun", lambda: _began_after(nation, term), 40)
        await until("Slack has heard", nation.roots, 45)
        (told,) = await nation.roots()
        assert told["text"].startswith("[WILAYAH semua kantor peserta]")
        assert "simponi.billing: 3/3 kantor gagal" in told["text"]

        if not leader_dies:
            await nation.put_eyes_on(told["ts"])
            await until("who looks after it is told", lambda: _acknowledged(nation), 30)

        nation.centre.faults = faults()
        await until("the message says that all is well", lambda: _says(nation, "kembali"), 60)

        (root,) = await nation.roots()
        assert root["ts"] == told["ts"]
        assert len(await nation.thread(root["ts"])) > 1
        await until("the others have heard the end", lambda: _all_heard(nation), 20)
        _heard_the_same(nation)
        assert max(agent.memory_mib() for agent in nation.agents) < MOST_MEMORY_MIB
        await _no_secret_shows(nation)
        for agent in nation.agents:
            assert await agent.terminate() == 0, agent.log.read_text()
        await _no_secret_shows_in_files(nation)


async def _acknowledged(nation: Pilot) -> bool:
    (root,) = await nation.roots()
    thread = await nation.thread(root["ts"])
    return any("Ditangani oleh <@U" in each["text"] for each in thread)


async def _all_ready(nation: Pilot) -> bool:
    return all([await agent.ready() for agent in nation.agents])


async def _open_incident(nation: Pilot) -> bool:
    """Some agent's bulletin holds an incident: the leader is about to tell, or just has."""
    for agent in nation.agents:
        bulletin = (await agent.status())["bulletin"]
        if bulletin is not None and bulletin["incidents"]:
            return True
    return False


async def _term(agent: AgentProcess) -> int:
    """The term of the bulletin that this agent knows; 0: none."""
    bulletin = (await agent.status())["bulletin"]
    return 0 if bulletin is None else int(bulletin["term"])


async def _began_after(nation: Pilot, term: int) -> bool:
    return min([await _term(agent) for agent in nation.agents]) > term


async def _all_heard(nation: Pilot) -> bool:
    hooked = any(each["change"] == "closed" for each in nation.hooked())
    alerts = nation.alerts()
    return hooked and bool(alerts) and alerts[-1]["annotations"]["phase"] == "closed"


def _heard_the_same(nation: Pilot) -> None:
    """One incident from its opening to its end; and that somebody assessed all the while."""
    told = nation.hooked()
    assert told[0]["change"] == "opened"
    assert [int(each["id"].rpartition("/")[2]) for each in told] == list(range(len(told)))
    assert len({each["incident"]["id"] for each in told}) == 1
    for came in nation.beside.came:
        if came.path.endswith("hook"):
            at_s = int(came.headers[SIGNATURE].partition(",")[0].removeprefix("t="))
            expected = signature(WEBHOOK_SECRET.encode(), at_s, came.body)
            assert came.headers[SIGNATURE] == expected
    alerts = nation.alerts()
    assert len({json.dumps(each["labels"]) for each in alerts}) == 1
    assert alerts[0]["labels"]["incident"] == told[0]["incident"]["id"]
    assert alerts[0]["annotations"]["phase"] == "open"
    assert alerts[-1]["annotations"]["phase"] == "closed"
    assert nation.signs_of_life() >= 2


async def _says(nation: Pilot, words: str) -> bool:
    roots = await nation.roots()
    return any(words in root["text"] for root in roots)


async def _no_secret_shows(nation: Pilot) -> None:
    """On pages, in metrics, in Slack."""
    for agent in nation.agents:
        _clean(f"pages of {agent.office}", await agent.shown())
    for root in await nation.roots():
        _clean("Slack", repr([root, await nation.thread(root["ts"])]))


async def _no_secret_shows_in_files(nation: Pilot) -> None:
    """In the logs and in all that the exchange has stored."""
    for agent in nation.agents:
        log = agent.log.read_text()
        assert '"event": "run"' in log
        _clean(f"log of {agent.office}", log)
    stored = [file for file in nation.store.rglob("*") if file.is_file()]
    assert any(b"simponi.billing" in file.read_bytes() for file in stored)
    for agent in nation.agents:
        ledger = f"$KV.ledger.{agent.office}.".encode()
        assert any(ledger in file.read_bytes() for file in stored), "each leaves its ledger"
    for file in stored:
        _clean(f"exchange: {file.name}", file.read_bytes().decode(errors="replace"))


def _clean(where: str, text: str) -> None:
    assert not [each for each in (*CANARIES, TOKEN) if each in text], where
