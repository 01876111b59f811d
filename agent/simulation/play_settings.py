"""What a person may choose about a play, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from agent.app.plan import NationPlan, plan_nation
from agent.config import translate
from agent.config.journeys import load_journeys
from agent.config.loading import load_nation
from agent.config.nation import nation_hash
from agent.core.model import Branch
from agent.ports import ConfigurationError
from agent.simulation.faults import Faults
from agent.simulation.fleet import Ending
from agent.simulation.roster import choose
from agent.simulation.scenario import Scenario
from agent.simulation.scenario_file import read_scenarios

HERE = Path(__file__).parent
NATION_FILE = HERE / "nation.yaml"
PROBES = HERE.parent.parent / "probes"
DEMO_FILE = HERE / "demo.yaml"
SCENARIOS_FILE = HERE / "scenarios.yaml"
LEAST_HUBS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaySettings:
    """A play as asked for on the command line."""

    scenario: str
    scenarios_file: Path | None = None
    branches: int = 12
    speed: float | None = None
    """Divides the scenario's offsets; None: as the file suggests. Agents never run faster."""
    seconds: float | None = None
    """Agent seconds from offset 0; None: the rule of the house."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """A play, ready to be staged."""

    plan: NationPlan
    scenario: Scenario
    faults: Faults
    ending: Ending


def prepare(settings: PlaySettings) -> Play:
    """Read the nation, the journeys and the scenario. Raises :class:`ConfigurationError`."""
    mistakes = [
        f"{name} must be {least:g} or more, not {value:g}; choose another"
        for name, value, least in (
            ("--branches", settings.branches, 1),
            ("--speed", settings.speed, 0.001),
            ("--seconds", settings.seconds, 1),
        )
        if value is not None and not (math.isfinite(value) and value >= least)
    ]
    if mistakes:
        raise ConfigurationError(mistakes)
    nation = load_nation(NATION_FILE)
    roster = translate.branches(nation)
    scenario = find(settings.scenario, settings.scenarios_file, roster)
    chosen = _with_hubs(choose(roster, settings.branches, scenario))
    journeys = load_journeys([PROBES])
    if journeys.mistakes:
        raise ConfigurationError([str(mistake) for mistake in journeys.mistakes])
    plan = plan_nation(
        nation,
        nation_hash(nation),
        journeys.by_name,
        practice=True,
        only=chosen,
        sandboxes=nation.targets.keys(),
    )
    faults = Faults(scenario, chosen, speed=settings.speed)
    ending = Ending.of(scenario, faults.last_fault_end_s, settings.seconds)
    return Play(plan=plan, scenario=scenario, faults=faults, ending=ending)


def find(name: str, file: Path | None, roster: Sequence[Branch]) -> Scenario:
    """The scenario of this id or name, in ``file`` or among our own.

    Raises :class:`ConfigurationError`, which says what there is.
    """
    files = [file] if file else [DEMO_FILE, SCENARIOS_FILE]
    known = [scenario for file in files for scenario in read_scenarios(file, roster)]
    for scenario in known:
        if name in (scenario.id, scenario.name):
            return scenario
    names = ", ".join(scenario.id for scenario in known)
    raise ConfigurationError([f'no scenario "{name}"; there are: {names}'])


def _with_hubs(offices: list[Branch]) -> list[Branch]:
    """A few of the chosen offices must be electable: the first ones, if too few are hubs."""
    lacking = LEAST_HUBS - sum(office.hub for office in offices)
    chosen: list[Branch] = []
    for office in offices:
        promoted = lacking > 0 and not office.hub
        lacking -= promoted
        chosen.append(replace(office, hub=True) if promoted else office)
    return chosen
