"""The nation that is measured: the example's journeys and intervals, and a roster of any size."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import count, islice
from pathlib import Path
from typing import Any

import yaml

from agent.adapters.nats_exchange import NatsExchange
from agent.app.plan import NationPlan, plan_nation
from agent.clock import BootClock
from agent.config.loading import Configuration
from agent.core import ledger, rhythm, vocabulary
from agent.core.ledger import HOURS, Day
from agent.simulation.centre_alone import targets
from agent.simulation.line import OfficeLine
from agent.simulation.play_settings import NATION_FILE
from tests.support.office_files import write_branch
from tests.support.slack_emulator import TOKEN, Emulator

OFFICE, HUB = "jember", "surabaya"
"""The two real agents: one that may not lead, and the one that does."""
CHANNEL = "passport-alerts"
HUBS_ALONE = ("slack", "recording")
RESULTS_AN_HOUR = 24
"""Of each step of a journey that an office takes every 145 seconds."""


def write_nation(file: Path, offices: int) -> None:
    """The example's nation with so many offices: the real ones, the others, and copies of them."""
    nation = yaml.safe_load(NATION_FILE.read_text("utf-8"))
    nation["roster"] = list(islice(_roster(nation["roster"]), offices))
    nation["slack"] = {"main": CHANNEL}
    file.write_text(json.dumps(nation))  # JSON is YAML.


def _roster(example: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    real = [each for each in example if each["id"] in (OFFICE, HUB)]
    yield from real
    yield from (each for each in example if each not in real)
    for number in count(2):
        for each in example:
            name = f"{each['name']} {number}"
            yield {**each, "id": f"{each['id']}-{number}", "name": name, "hub": False}


def write_office(
    folder: Path,
    office: str,
    *,
    urls: Mapping[str, str],
    line: OfficeLine,
    exchange: str,
    slack: Emulator,
) -> Path:
    """branch.yaml with every journey of the house, on a sandbox; a hub keeps a recording too."""
    file = write_branch(
        folder,
        office,
        urls=urls,
        line=line,
        exchange={"servers": [exchange]},
        slack={
            "bot_token": TOKEN,
            "message_key_file": "message-key",
            "base_url": slack.base_url,
        },
        recording={"file": str(folder / "statuses.jsonl.gz"), "max_mebibytes": 64},
        **yaml.safe_load(targets(urls)),
    )
    if office != HUB:
        branch = json.loads(file.read_text())
        file.write_text(json.dumps({key: branch[key] for key in branch if key not in HUBS_ALONE}))
    return file


def plan_of(configuration: Configuration) -> NationPlan:
    """What every agent of the nation has in common, as the real agent makes it."""
    return plan_nation(
        configuration.nation,
        configuration.nation_hash,
        configuration.journeys.by_name,
        sandboxes=configuration.branch.sandboxes,
    )


async def remember_a_month(exchange: NatsExchange, plan: NationPlan, office: str) -> None:
    """Store the four ledgers of which an office of long standing makes what is usual today."""
    ahead = vocabulary.hours_ahead(plan.branches[office].zone)
    today, _ = ledger.place(BootClock().wall_s(), ahead)
    day = Day(branch=office, name=today, hours_ahead=ahead)
    for journey in plan.journeys:
        for step in journey.steps:
            for result in range(HOURS * RESULTS_AN_HOUR):
                duration_s = 0.2 + 0.01 * (result % 5)
                day = day.teach(result % HOURS, journey.name, step.id, duration_s)
    for week in rhythm.weeks_before(today):
        past = Day(branch=office, name=week, hours_ahead=ahead, lessons=day.lessons)
        await exchange.write_ledger(week, ledger.encode(past))
