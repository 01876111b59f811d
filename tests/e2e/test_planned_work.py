"""Planned work by the command, end to end: real agents, a real exchange, an independent Slack.

What a person adds is obeyed by whoever leads: the outage is shown by every office and Slack hears
nothing, until the window is ended and the service is still broken.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from agent.clock import BootClock
from tests.e2e.test_run import Pilot, pilot, until

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.real("nats-server", "slack-emulator"),
    pytest.mark.timeout(150),
]

BILLING = "simponi.billing"
QUIET_S = 15.0
"""Longer than an open incident takes to be told."""


async def maintenance(nation: Pilot, action: str, *words: str) -> str:
    """Run the command at the first office, a hub like all of them; returns what it printed."""
    config = nation.agents[0].log.parent / "branch.yaml"
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "agent", "maintenance", action, "--config", str(config), *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, mistakes = await command.communicate()
    assert command.returncode == 0, mistakes.decode()
    return said.decode()


async def billing(nation: Pilot) -> list[dict[str, Any]]:
    """Billing as each office's document has it."""
    documents = [await agent.status() for agent in nation.agents]
    return [s for each in documents for s in each["services"] if s["service"] == BILLING]


async def shown_as_planned(nation: Pilot) -> bool:
    return all(each["planned_until_s"] is not None for each in await billing(nation))


async def judged_broken(nation: Pilot) -> bool:
    return all(each["national"] == "regional" for each in await billing(nation))


async def test_planned_work_keeps_an_outage_quiet_until_it_is_ended(tmp_path: Path):
    async with pilot(tmp_path) as nation:
        await until("somebody leads", nation.leader, 40)
        words = ("--service", BILLING, "--minutes", "60", "--reason", "basis data")
        assert "written: maintenance w1" in await maintenance(nation, "add", *words)
        await until("every office shows it", lambda: shown_as_planned(nation), 20)

        nation.centre.begin(BootClock().now_s())
        await until("the outage is judged", lambda: judged_broken(nation), 60)
        await asyncio.sleep(QUIET_S)
        assert await nation.roots() == []
        (window,) = json.loads(await maintenance(nation, "list", "--json"))["windows"]
        assert (window["id"], window["active"]) == ("w1", True)

        await maintenance(nation, "end", "w1")
        await until("Slack has heard", nation.roots, 30)
        (told,) = await nation.roots()
        assert "pemeliharaan melewati jadwal" in told["text"]
        assert not await shown_as_planned(nation)
