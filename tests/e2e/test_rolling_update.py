"""Three hubs are replaced one after another while an incident is open: nothing lost or said twice.

Each is asked to end as a cluster asks, says goodbye, and begins anew before the next one goes.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.chaos.fleet import BROKEN_SERVICE, Fleet, fleet
from tests.support.agent_process import AgentProcess
from tests.support.centre import faults
from tests.support.watched_slack import replies, roots, says, until

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.real("nats-server", "slack-emulator"),
    pytest.mark.timeout(240),
]

CLOSED = "kembali normal"


async def test_hubs_replaced_in_turn_tell_an_incident_and_its_end_once(tmp_path: Path):
    async with fleet(tmp_path) as nation:
        nation.break_centre()
        await until("Slack has heard", lambda: says(nation.slack, BROKEN_SERVICE), 60)
        (told,) = await roots(nation.slack)

        for agent in nation.agents:
            assert await agent.terminate() == 0, agent.log.read_text()
            await agent.start()
            await until(f"{agent.office} is back", agent.ready, 40)
            await until("it hears a leader", partial(_hears_incident, nation, agent), 30)

        nation.centre.faults = faults()
        await until("the message says that all is well", lambda: says(nation.slack, CLOSED), 60)

        (root,) = await roots(nation.slack)
        assert root["ts"] == told["ts"]
        await until("the thread says so too", lambda: _ends(nation, root["ts"]), 10)
        assert len(await _ends(nation, root["ts"])) == 1
        _said_once(await replies(nation.slack, root["ts"]))


async def _hears_incident(nation: Fleet, agent: AgentProcess) -> bool:
    """The new one's bulletin holds the incident: somebody leads, and knows what was open."""
    bulletin = (await agent.status())["bulletin"]
    leads = [(await each.status())["leads"] for each in nation.agents]
    return leads.count(True) == 1 and bulletin is not None and len(bulletin["incidents"]) == 1


async def _ends(nation: Fleet, ts: str) -> list[str]:
    found = [each["text"] for each in await replies(nation.slack, ts)]
    return [each for each in found if CLOSED in each]


def _said_once(thread: list[dict[str, str]]) -> None:
    texts = [each["text"] for each in thread]
    assert len(texts) == len(set(texts))
