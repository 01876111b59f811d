"""An office that nobody can reach pushes its metrics, and the centre's rules see it all the same.

A real agent; beside it a real Prometheus in agent mode, by the lines that the delivered
configuration ends with; far away a real Prometheus with the delivered rules, which scrapes nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from agent.clock import BootClock
from agent.simulation.line import OfficeLine
from agent.simulation.scenario import SERVICES
from tests.support import prometheus
from tests.support.agent_process import AgentProcess
from tests.support.nation import NATION
from tests.support.office_files import write_branch, write_nation
from tests.support.prometheus import Prometheus
from tests.support.real_process import free_ports
from tests.support.scraped_fleet import until

pytestmark = [pytest.mark.anyio, pytest.mark.real("prometheus"), pytest.mark.timeout(240)]

OFFICE = NATION[0]
OURS = f'job="pantau",instance="{OFFICE.id}"'
AWAY_S = 6.0
MISSED_SCRAPES = 2
"""That many a busy machine may leave out, one a second being due."""


@asynccontextmanager
async def office(folder: Path) -> AsyncIterator[AgentProcess]:
    """An agent whose controls answer and whose centre does not."""
    line = OfficeLine(lambda: False)
    await line.start()
    write_nation(folder / "nation.yaml", [OFFICE], base_runs_per_s=1.0, tuning={})
    urls = dict.fromkeys(SERVICES, "http://127.0.0.1:9")
    agent = AgentProcess(write_branch(folder / OFFICE.id, OFFICE.id, urls=urls, line=line))
    try:
        await agent.start()
        yield agent
    finally:
        await agent.end()
        await line.stop()


async def test_what_an_office_pushes_the_rules_see_and_nothing_is_lost_while_the_centre_is_down(
    tmp_path: Path,
):
    (port,) = free_ports(1)
    centre, beside = tmp_path / "centre", tmp_path / "beside"
    centre.mkdir()
    beside.mkdir()
    receiving = partial(prometheus.running, centre, {}, takes_pushes_at=port)
    async with office(tmp_path) as agent:
        doors = {OFFICE.id: agent.operations.removeprefix("http://")}
        with prometheus.pushing(beside, doors, to=port):
            with receiving() as watcher:
                await _is_seen(watcher)
                away_s = BootClock().wall_s()
            await asyncio.sleep(AWAY_S)  # The centre is down, and the office goes on.
            with receiving() as watcher:
                await _nothing_is_lost(watcher, away_s, BootClock().wall_s())
                await agent.kill()
                down = f'ALERTS{{alertname="PantauAgentDown",{OURS}}}'
                await until("the centre sees that it is dead", partial(watcher.query, down), 20)


async def _is_seen(watcher: Prometheus) -> None:
    """Under the labels that the rules expect, and no other."""
    await until("it is up", partial(watcher.query, f"up{{{OURS}}} == 1"), 20)
    await until("a rule records", partial(watcher.query, "service:pantau_verdicts:rate5m"), 30)
    await until("an alert fires", lambda: "PantauWatchdog" in watcher.firing(), 20)
    alert = (await asyncio.to_thread(watcher.firing))["PantauWatchdog"]
    assert alert["annotations"]["runbook_url"] == (
        "https://pantau.example.invalid/runbooks/PantauWatchdog.md"
    )
    everything = '{__name__=~".+"}'
    labelled = await asyncio.to_thread(watcher.label_values, everything, "pantau_runbooks")
    assert labelled == []


async def _nothing_is_lost(watcher: Prometheus, away_s: float, back_s: float) -> None:
    """What was scraped meanwhile comes later, each with its own time."""
    due = int(back_s - away_s)
    held = f"count_over_time(up{{{OURS}}}[{due}s] @ {back_s:.3f}) >= {due - MISSED_SCRAPES}"
    await until("what was scraped meanwhile comes", partial(watcher.query, held), 40)
