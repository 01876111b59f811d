"""A real Prometheus with our rules over a small real fleet: the nation's trouble fires there too.

Nine offices of nine provinces as in the demonstration: a real nats-server, a centre over HTTP, real
doors. One office is cut off and blind; at the others billing codes fail. The expositions of a
leader, a follower and the office that is cut off are those of the catalogue, and nothing in them
displeases promtool.
"""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from agent.adapters.metric_catalogue import exposed_families
from tests.support.prometheus import Prometheus
from tests.support.real_parts import command_of
from tests.support.scraped_fleet import NINTH, SEEING, Scraped, cut, outage, scraped, until

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.real("nats-server", "prometheus", "promtool"),
    pytest.mark.timeout(150),
]

CUT_OFF = NINTH
SERVICE = "simponi.billing"
PHASES = outage(SERVICE) + cut("line", CUT_OFF)


async def test_prometheus_tells_of_the_nations_trouble_when_nobody_else_does(tmp_path: Path):
    async with scraped(tmp_path, PHASES) as nation:
        watcher = nation.watcher
        await until("alerts arrive", lambda: "PantauWatchdog" in watcher.firing(), 20)
        assert "PantauNationalDegradation" not in await asyncio.to_thread(watcher.firing)
        await until(
            "the nation's trouble fires", lambda: "PantauNationalDegradation" in watcher.firing()
        )
        firing = await asyncio.to_thread(watcher.firing)
        assert set(firing) == {"PantauWatchdog", "PantauNationalDegradation"}
        alert = firing["PantauNationalDegradation"]
        assert alert["labels"]["service"] == SERVICE
        assert alert["annotations"]["runbook_url"] == (
            "https://pantau.example.invalid/runbooks/PantauNationalDegradation.md"
        )
        await until("the office that is cut off sees nothing", lambda: _blind(watcher))
        await _says_each_office(nation)
        rules = await asyncio.to_thread(watcher.rules)
        assert [rule["name"] for rule in rules if rule["health"] != "ok"] == []
        leader = nation.leader()
        follower = next(office for office in SEEING if office != leader)
        for office in (leader, follower, CUT_OFF):
            _like_the_catalogue(await nation.metrics(office))


def _blind(watcher: Prometheus) -> bool:
    return [each["instance"] for each, _ in watcher.query("pantau_office_sees == 0")] == [CUT_OFF]


async def _says_each_office(nation: Scraped) -> None:
    """From the leader alone one reads which offices fail."""
    failing = f'pantau_office_service_state{{service="{SERVICE}"}} == 2'
    found = await asyncio.to_thread(nation.watcher.query, failing)
    assert {each["instance"] for each, _ in found} == {nation.leader()}
    assert {each["office"] for each, _ in found} <= set(SEEING)
    assert len(found) > len(SEEING) / 2


def _like_the_catalogue(text: str) -> None:
    live = {family.name: family.type for family in text_string_to_metric_families(text)}
    assert live == exposed_families()
    checked = subprocess.run(
        [*command_of("promtool"), "check", "metrics"],
        input=text.encode(),
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
