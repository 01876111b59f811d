"""The simulated centre by itself, for whoever tries a journey or an agent against it.

Without a scenario all is well. With one its offset 0 is the moment at which the listeners are open.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from agent.clock import BootClock
from agent.config import translate
from agent.config.journeys import load_journeys
from agent.config.loading import load_nation
from agent.core.model import Branch
from agent.ports import ConfigurationError
from agent.simulation.centre import Centre
from agent.simulation.centre_http import HttpCentre
from agent.simulation.faults import Faults
from agent.simulation.memory_world import CREDENTIALS
from agent.simulation.play_settings import NATION_FILE, PROBES, find
from agent.simulation.scenario import SERVICES, Scenario

MOST_PORTS = 65_535

Urls = Mapping[str, Mapping[str, str]]
"""Office -> service -> base URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a person chose of it."""

    offices: Sequence[str]
    host: str
    port: int
    """Of the first office's first service; the others follow."""
    named: str | None = None
    """How offices reach it; ``None``: by ``host``."""
    scenario: str | None = None
    scenarios_file: Path | None = None
    speed: float | None = None


async def serve(opening: Opening, stopping: asyncio.Event, opened: Callable[[Urls], None]) -> None:
    """Serve until ``stopping`` is set; ``opened`` learns the addresses once all of them answer.

    Raises :class:`ConfigurationError`; leaves nothing open.
    """
    clock = BootClock()
    centre = Centre(_faults(opening), now_s=clock.now_s)
    http = HttpCentre(centre, opening.offices, host=opening.host, port=opening.port)
    try:
        await http.start()
        if opening.scenario is not None:
            centre.begin(clock.now_s())
        opened({office: _named(http.urls(office), opening.named) for office in opening.offices})
        await stopping.wait()
    finally:
        await http.stop()


def _named(urls: Mapping[str, str], name: str | None) -> Mapping[str, str]:
    """The same ports at another host."""
    if name is None:
        return urls
    return {service: f"http://{name}:{urlsplit(url).port}" for service, url in urls.items()}


def _faults(opening: Opening) -> Faults:
    roster = translate.branches(load_nation(NATION_FILE))
    chosen = _chosen(opening, roster)
    if opening.scenario is None:
        return Faults(Scenario(id="none", name="none", phases=()), chosen)
    scenario = find(opening.scenario, opening.scenarios_file, roster)
    return Faults(scenario, chosen, speed=opening.speed)


def _chosen(opening: Opening, roster: Sequence[Branch]) -> list[Branch]:
    by_id = {branch.id: branch for branch in roster}
    mistakes = [
        f'the example nation has no office "{office}"; choose from its roster'
        for office in opening.offices
        if office not in by_id
    ]
    if len(set(opening.offices)) < len(opening.offices):
        mistakes.append("an office is named twice; name each once")
    last = opening.port + len(opening.offices) * len(SERVICES) - 1
    if not (opening.port == 0 or 1 <= opening.port <= last <= MOST_PORTS):
        mistakes.append(f"ports {opening.port} to {last} are needed; choose another --port")
    if mistakes:
        raise ConfigurationError(mistakes)
    return [by_id[office] for office in opening.offices]


def targets(urls: Mapping[str, str]) -> str:
    """``targets:`` of an office's branch.yaml, for the journeys of the house.

    Every value is written as JSON, which is YAML too.
    """
    journeys = load_journeys([PROBES]).by_name.values()
    steps = [step for journey in journeys for step in journey.steps if step.role is not None]
    lines = ["targets:"]
    for role in dict.fromkeys(step.role for step in steps if step.role is not None):
        services = dict.fromkeys(step.service for step in steps if step.role == role)
        lines += _target(role, {service: urls[service] for service in services})
    return "\n".join(lines) + "\n"


def _target(role: str, services: Mapping[str, str]) -> list[str]:
    lines = [
        f"  {role}:",
        f"    url: {json.dumps(next(iter(services.values())))}",
        "    sandbox: true",
        "    services:",
        *(f"      {service}: {json.dumps(url)}" for service, url in services.items()),
    ]
    if role in CREDENTIALS:
        credentials = {"credential_id": f"{role}-practice", **CREDENTIALS[role]}
        lines.append(f"    credentials: {json.dumps(credentials)}")
    return lines
