"""The exchange dies for good: three real hubs, one message in Slack, and its end once it is back.

On production numbers, which is why these tests take minutes: nobody calls the exchange lost before
a minute is over, or back before it has answered for another.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.chaos.fleet import Fleet, fleet
from tests.support.watched_slack import replies, roots, says, until

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

        await until("Slack has heard", lambda: says(nation.slack, LOST), 95)
        await until("all stand alone", lambda: _all_are(nation, "standalone"), 60)
        for agent in nation.agents:
            page = (await agent.get(f"{agent.operations}/nasional")).text
            assert "belum dapat dipastikan" in page.lower()
            assert "Layanan berjalan normal" in (await agent.get(f"{agent.public}/lobi")).text
        await asyncio.sleep(QUIET_S)
        (told,) = await roots(nation.slack)

        await nation.server.start()
        await until("all take part again", lambda: _all_are(nation, "joined"), 40)
        await until("Slack hears of it", lambda: says(nation.slack, BACK), 80)

        (root,) = await roots(nation.slack)
        assert root["ts"] == told["ts"]
        await until("the thread says so too", lambda: replies(nation.slack, root["ts"]), 5)
        assert len(await replies(nation.slack, root["ts"])) == 1
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
