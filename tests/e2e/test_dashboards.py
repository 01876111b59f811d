"""No panel of a dashboard is empty: a real Prometheus over a real fleet answers all that they ask.

Eleven offices with a nation's outage, a region's, a changed contract, planned work, an office that
is cut off and one that came back under another configuration: what each panel shows has happened.
The variables are filled in as Grafana does it, from the label values that Prometheus knows.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from agent.clock import BootClock
from agent.core import codec
from agent.core.maintenance import Span, Window
from tests.support.dashboards import NAMES, Target, asks_for, filled, targets, variables
from tests.support.prometheus import Prometheus
from tests.support.scraped_fleet import NINTH, SEEING, Scraped, cut, outage, scraped, until

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.real("nats-server", "prometheus"),
    pytest.mark.timeout(240),
]

PAPUA = ("jayapura", "merauke")
CUT_OFF, CHANGED = NINTH, "manado"
NATIONAL, REGIONAL, DRIFTED, PLANNED = (
    "simponi.billing",
    "mpaspor.kuota",
    "simkim.v2",
    "dukcapil.nik",
)
PHASES = (
    outage(NATIONAL)
    + outage(REGIONAL, PAPUA)
    + f"- {{at: 0s, until: 600s, service: [{DRIFTED}], scope: all, kind: schema_drift,"
    " change: no_permohonan became a number}\n"
    + cut("line", CUT_OFF)
    + cut("agent", CHANGED, until_s=3)
)
OFFICES = len(SEEING) + len(PAPUA) + 1
CHOSEN = {"service": NATIONAL, "office": SEEING[0]}
"""What a reader picks; of what may be many, all is picked."""
LAST_S, STEP_S = 120.0, 5.0
BUILT_IN = {"__rate_interval": "20s", "__range": "120s"}
WITHIN_S = 180.0
BY_PROVINCE = "service: Failing offices by province A"
NOT_HERE = {
    f"fleet: {title} {ref}": "no receiver beside Slack is configured in the demonstration's offices"
    for title in ("Receivers beside Slack", "Receivers, behind")
    for ref in "AB"
}


async def test_every_panel_variable_and_mark_has_something_to_show(tmp_path: Path):
    async with scraped(tmp_path, PHASES, branches=OFFICES) as nation:
        _change_configuration(nation)
        await _plan_work(nation)
        empty = await _those_that_stay_empty(nation.watcher)
        assert empty == []
        _misspelt_shows_nothing(nation.watcher)


def _misspelt_shows_nothing(watcher: Prometheus) -> None:
    """What was asked above can be answered with nothing: by a label that there is not."""
    (target,) = (t for t in targets("service") if t.where == BY_PROVINCE)
    values = _values(watcher, "service")
    assert values is not None
    assert _shows(watcher, target, values)
    misspelt = replace(target, expr=target.expr.replace("service=", "layanan="))
    assert not _shows(watcher, misspelt, values)


def _change_configuration(nation: Scraped) -> None:
    """An office that starts from here on has a newer file of the nation."""
    mandate = nation.fleet.plan.mandate
    nation.fleet.plan = replace(nation.fleet.plan, mandate=replace(mandate, revision="r2:0a1b2c3d"))


async def _plan_work(nation: Scraped) -> None:
    await until("somebody leads", lambda: _leads(nation), 30)
    now_s = BootClock().wall_s()
    window = Window(
        id="w1",
        services=(PLANNED,),
        span=Span(from_s=now_s, until_s=now_s + 600.0),
        author="test",
        reason="disk",
    )
    exchange = nation.fleet.agents[nation.leader()].parts.exchange
    async with asyncio.timeout(20):
        await exchange.compare_and_set(window.record, codec.to_bytes(window), expect=0)


def _leads(nation: Scraped) -> bool:
    return any(agent.census() is not None for agent in nation.fleet.agents.values())


async def _those_that_stay_empty(watcher: Prometheus) -> list[str]:
    """What has shown nothing when the time is up; what has shown something once is content."""
    waiting = {each.where: each for name in NAMES for each in targets(name)}
    waiting = {where: each for where, each in waiting.items() if where not in NOT_HERE}
    with suppress(TimeoutError):
        async with asyncio.timeout(WITHIN_S):
            while waiting:
                for where in await asyncio.to_thread(_that_show, watcher, waiting.values()):
                    del waiting[where]
                await asyncio.sleep(1.0)  # How often to ask, within the time above.
    return sorted(waiting)


def _that_show(watcher: Prometheus, waiting: Collection[Target]) -> list[str]:
    values = {name: _values(watcher, name) for name in NAMES}
    return [
        each.where
        for each in waiting
        if (of_board := values[each.board]) is not None and _shows(watcher, each, of_board)
    ]


def _values(watcher: Prometheus, name: str) -> dict[str, str] | None:
    """Every variable of a dashboard, chosen from what Prometheus has; None: one has nothing."""
    values = dict(BUILT_IN)
    for variable in variables(name):
        if variable["type"] != "query":
            continue
        series, label = asks_for(variable)
        found = watcher.label_values(filled(series, values), label)
        chosen = found if variable.get("multi") else [CHOSEN[variable["name"]]]
        if not found or not set(chosen) <= set(found):
            return None
        values[variable["name"]] = "|".join(chosen)
    return values


def _shows(watcher: Prometheus, target: Target, values: Mapping[str, str]) -> bool:
    asked = filled(target.expr, values)
    if target.ranges:
        shown = [v for series in watcher.over_time(asked, LAST_S, STEP_S) for v in series]
    else:
        shown = [value for _, value in watcher.query(asked)]
    return any(not math.isnan(value) for value in shown)
