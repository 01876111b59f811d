"""The delivered rules and routing, a real Prometheus, a real Alertmanager, and who is called.

A small real fleet: billing codes fail in the nation and recover, one office loses its power, and
at the end the exchange is killed. Only the receivers' addresses are ours, and what only waits goes
faster: **a minute in rules and routing is a second here** (`for`, the windows of rates, the
routing's waits). The agents' own times are those of production, so that nobody leading calls here
some seconds before the lost exchange does; by the delivered times it does not (a case of promtool).
"""

from __future__ import annotations

import json
import os
import re
import signal
import time
import urllib.request
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from tests.support import alertmanager, prometheus
from tests.support.http_sink import Came, HttpSink, http_sink
from tests.support.scraped_fleet import NINTH, Scraped, cut, outage, scraped, until

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.real("nats-server", "prometheus", "alertmanager"),
    pytest.mark.timeout(420),
]

WITHOUT_POWER = NINTH
SERVICE = "simponi.billing"
PHASES = outage(SERVICE, until_s=60) + cut("agent", WITHOUT_POWER)

HOLDS = {"for", "keep_firing_for", "group_wait", "group_interval", "repeat_interval"}
MS = {"s": 1_000, "m": 60_000, "h": 3_600_000}


def hasty(node: Any) -> Any:  # noqa: ANN401 - whatever YAML holds
    """Rules or routing in which a minute is a second."""
    match node:
        case dict():
            return {k: _sixtieth(v) if k in HOLDS else hasty(v) for k, v in node.items()}
        case list():
            return [hasty(each) for each in node]
        case str():
            return re.sub(r"\[(\d+[mh])\]", lambda found: f"[{_sixtieth(found[1])}]", node)
    return node


def _sixtieth(duration: str) -> str:
    return f"{int(duration[:-1]) * MS[duration[-1]] // 60}ms"


def test_a_minute_is_a_second_and_all_else_as_delivered():
    rule = {"expr": "rate(a[5m]) > 120 and b - c < 60", "for": "15m", "labels": {"severity": "x"}}
    assert hasty(rule) == {
        "expr": "rate(a[5000ms]) > 120 and b - c < 60",
        "for": "15000ms",
        "labels": {"severity": "x"},
    }
    assert hasty({"group_wait": "30s", "routes": [{"repeat_interval": "4h"}]}) == {
        "group_wait": "500ms",
        "routes": [{"repeat_interval": "240000ms"}],
    }


@dataclass(frozen=True, slots=True)
class Called:
    """What one receiver was sent: each notification by its status and what it was of."""

    people: HttpSink

    def by(self, receiver: str) -> list[tuple[str, str]]:
        """Status and alert of each notification; a channel's says both in its title."""
        return [_said(json.loads(came.body)) for came in self.came(receiver)]

    def came(self, receiver: str) -> list[Came]:
        return [came for came in self.people.came if came.path == f"/{receiver}"]


def _said(body: dict[str, Any]) -> tuple[str, str]:
    if "attachments" in body:
        status, _, name = body["attachments"][0]["title"].partition(" ")
        return status.strip("[]"), name
    return body["status"], body["groupLabels"]["alertname"]


async def _as_slack(_: web.Request) -> web.StreamResponse:
    return web.Response(text="ok")


@contextmanager
def watching(
    folder: Path, doors: Mapping[str, str], *, told: str, rules: Path
) -> Iterator[prometheus.Prometheus]:
    """A Prometheus and the Alertmanager that it tells, once the offices have joined and one leads.

    That takes seconds, which would be minutes of a lost exchange and of nobody leading here.
    """
    _await_a_leader(doors.values())
    routing = hasty(alertmanager.delivered())
    with (
        alertmanager.running(folder, told, routing) as real,
        prometheus.running(folder, doors, rules=rules, alertmanager=real.url) as watcher,
    ):
        yield watcher


def _await_a_leader(doors: Collection[str]) -> None:
    deadline_s = time.perf_counter() + 40
    while time.perf_counter() < deadline_s:
        told = [_told_at(door) for door in doors]
        joined = all('pantau_exchange_state{state="joined"} 1.0' in each for each in told)
        if joined and any("pantau_leader 1.0" in each for each in told):
            return
        time.sleep(0.2)  # How often to ask, within the deadline above.
    pytest.fail("nobody leads")


def _told_at(door: str) -> str:
    with urllib.request.urlopen(f"http://{door}/metrics", timeout=5) as answer:
        told: str = answer.read().decode()
        return told


async def test_whoever_is_to_be_called_is_called_once_and_told_of_the_end(tmp_path: Path):
    rules = tmp_path / "rules.yaml"
    delivered = yaml.safe_load((prometheus.DELIVERED / "rules.yaml").read_text("utf-8"))
    rules.write_text(json.dumps(hasty(delivered)))
    async with http_sink() as people:
        people.answer = _as_slack
        called = Called(people)
        watch = partial(watching, told=people.url, rules=rules)
        async with scraped(tmp_path, PHASES, watch) as nation:
            await _outage(called)
            await _without_power(called)
            await until("the end is told", lambda: len(called.by("nation-pager")) > 1, 100)
            await _exchange_lost(nation, called)
    assert called.by("nation-pager") == [
        ("firing", "PantauNationalDegradation"),
        ("resolved", "PantauNationalDegradation"),
    ]


async def _outage(called: Called) -> None:
    await until("a sign of life", lambda: called.by("dead-mans-switch"), 30)
    await until("the nation's trouble calls", lambda: called.by("nation-pager"))
    (page,) = called.came("nation-pager")
    (alert,) = json.loads(page.body)["alerts"]
    assert alert["labels"]["service"] == SERVICE
    assert alert["annotations"]["runbook_url"].endswith("/runbooks/PantauNationalDegradation.md")
    assert "pantau_runbooks" not in alert["labels"]
    await until("the channel hears too", lambda: called.by("nation-channel"), 15)


async def _without_power(called: Called) -> None:
    """The scrape finds nobody, and the leader hears nobody."""
    for name in ("PantauAgentDown", "PantauBranchSilent"):
        fires = partial(_has, called, "platform-channel", name)
        await until(name, fires, 110)
    assert called.by("platform-pager") == []


def _has(called: Called, receiver: str, name: str) -> bool:
    return ("firing", name) in called.by(receiver)


async def _exchange_lost(nation: Scraped, called: Called) -> None:
    server = nation.world.server
    assert server is not None
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    loss = partial(_has, called, "platform-pager", "PantauExchangeLost")
    await until("the loss calls", loss, 90)
