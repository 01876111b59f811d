"""The exchange dies for good: three real hubs, one message in Slack, and its end once it is back.

On production numbers, which is why these tests take minutes: nobody calls the exchange lost before
a minute is over, or back before it has answered for another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.chaos.fleet import Fleet, fleet

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.real("nats-server", "slack-emulator"),
    pytest.mark.timeout(300),
]

LOST, BACK = "[BURSA TERPUTUS]", "[BURSA KEMBALI]"
QUIET_S = 40.0
"""In which the second alerter has had its turn."""


async def test_a_lost_exchange_is_told_once_and_so_is_its_end(tmp_path: Path):
    async with fleet(tmp_path) as nation:
        await nation.kill_exchange()

        await _until("Slack has heard", lambda: _says(nation, LOST), 95)
        await _until("all stand alone", lambda: _all_are(nation, "standalone"), 60)
        for agent in nation.agents:
            page = (await agent.get(f"{agent.operations}/nasional")).text
            assert "belum dapat dipastikan" in page.lower()
            assert "Layanan berjalan normal" in (await agent.get(f"{agent.public}/lobi")).text
        await asyncio.sleep(QUIET_S)
        (told,) = await _roots(nation)

        await nation.server.start()
        await _until("all take part again", lambda: _all_are(nation, "joined"), 40)
        await _until("Slack hears of it", lambda: _says(nation, BACK), 80)

        (root,) = await _roots(nation)
        assert root["ts"] == told["ts"]
        await _until("the thread says so too", lambda: _replies(nation, root["ts"]), 5)
        assert len(await _replies(nation, root["ts"])) == 1
        for agent in nation.agents:
            assert _logged(agent.log.read_text(), "standing_alone", "joined_again") == [1, 1]
            assert "branch_silent" not in agent.log.read_text()
        news = [await agent.metrics() for agent in nation.agents]
        assert [_told(each) for each in news].count("1.0") == 1


def _told(metrics: str) -> str:
    name = 'pantau_exchange_losses_total{news="told"} '
    return next(each for each in metrics.splitlines() if each.startswith(name))[len(name) :]


def _logged(log: str, *events: str) -> list[int]:
    return [log.count(f'"event": "{each}"') for each in events]


async def _all_are(nation: Fleet, state: str) -> bool:
    return all([(await agent.status())["exchange"] == state for agent in nation.agents])


async def _says(nation: Fleet, words: str) -> bool:
    return any(words in each["text"] for each in await _roots(nation))


async def _roots(nation: Fleet) -> list[dict[str, Any]]:
    found = await _asked(nation, "conversations.history")
    return [each for each in found if each.get("thread_ts", each["ts"]) == each["ts"]]


async def _replies(nation: Fleet, ts: str) -> list[dict[str, Any]]:
    found = await _asked(nation, "conversations.replies", ts=ts)
    return [each for each in found if each["ts"] != ts]


async def _asked(nation: Fleet, method: str, **more: str) -> list[dict[str, Any]]:
    channel = nation.slack.channel
    found = await asyncio.to_thread(nation.slack.call, method, channel=channel, **more)
    messages: list[dict[str, Any]] = found["messages"]
    return messages


async def _until(what: str, holds: Callable[[], Awaitable[object]], within_s: float) -> None:
    try:
        async with asyncio.timeout(within_s):
            while not await _answers(holds):  # noqa: ASYNC110 - other processes set no event here
                await asyncio.sleep(0.2)  # How often to ask, within the deadline above.
    except TimeoutError:
        pytest.fail(f"not within {within_s:g} s: {what}")


async def _answers(holds: Callable[[], Awaitable[object]]) -> bool:
    try:
        return bool(await holds())
    except httpx.TransportError:
        return False  # A door that was slow once.
