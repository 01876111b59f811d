"""Tells a person what a play is about to show, and what the fleet makes of it."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from agent.core import vocabulary
from agent.core.model import Branch, Bulletin, ServiceState
from agent.simulation.fleet import Fleet
from agent.simulation.scenario import Act, Scenario

_COLOURS = {
    ServiceState.NORMAL: "green",
    ServiceState.SUSPECTED: "yellow",
    ServiceState.REGIONAL: "dark_orange",
    ServiceState.NATIONAL: "red",
    ServiceState.RECOVERING: "blue",
    ServiceState.AFFECTED: "yellow",
    ServiceState.UNKNOWN: "bright_black",
}
_WORDS = {
    ServiceState.NORMAL: "normal",
    ServiceState.SUSPECTED: "suspected; fresh results must confirm it",
    ServiceState.REGIONAL: "a region's trouble",
    ServiceState.NATIONAL: "NATIONAL",
    ServiceState.RECOVERING: "recovering",
    ServiceState.AFFECTED: "affected by what it needs",
    ServiceState.UNKNOWN: "not known",
}


class Narrator:
    """One play's voice: acts as they come, and each change of the leader's bulletin."""

    def __init__(self, console: Console, scenario: Scenario, offices: Iterable[Branch]) -> None:
        self._console = console
        self._acts = list(scenario.acts) or _plain_acts(scenario)
        self._offices = {office.id: office for office in offices}
        self._services: dict[str, ServiceState] = {}
        self._absent: dict[str, tuple[str, ...]] = {}
        self._abstaining: set[str] = set()

    def look(self, offset_s: float, fleet: Fleet) -> None:
        """Say what is new at this offset."""
        while self._acts and self._acts[0].at_s / fleet.centre.faults.speed <= offset_s:
            self._announce(offset_s, self._acts.pop(0))
        self._tell_sight(offset_s, fleet)
        terms = [a.leader.term for a in fleet.agents.values() if a.leader is not None]
        bulletins = [term.announcer.told for term in terms if term is not None]
        told = [bulletin for bulletin in bulletins if bulletin is not None]
        if told:
            self._tell_bulletin(offset_s, max(told, key=lambda bulletin: bulletin.term))

    def _announce(self, offset_s: float, act: Act) -> None:
        self._console.print()
        self._console.print(Text(f"[{offset_s:5.0f} s] {act.title}", style="bold"))
        self._console.print(Text(f"          Watch for: {act.watch_for}", style="italic"))

    def _tell_sight(self, offset_s: float, fleet: Fleet) -> None:
        for branch, agent in fleet.agents.items():
            sees = agent.office.sight.sees
            if not sees and branch not in self._abstaining:
                self._abstaining.add(branch)
                self._line(offset_s, f"{branch} cannot see and abstains", "yellow")
            elif sees and branch in self._abstaining:
                self._abstaining.discard(branch)
                self._line(offset_s, f"{branch} sees again", "green")

    def _tell_bulletin(self, offset_s: float, bulletin: Bulletin) -> None:
        for service, state in bulletin.services.items():
            before = self._services.get(service, ServiceState.NORMAL)
            self._services[service] = state
            if state is not before and ServiceState.UNKNOWN not in (state, before):
                name = vocabulary.service_name(service, "id")
                changed = ", contract changed" if service in bulletin.drifted else ""
                self._line(offset_s, f"{name}: {_WORDS[state]}{changed}", _COLOURS[state])
        silent = bulletin.silent.first
        if silent != self._absent.get("silent", ()):
            said = f"not heard: {', '.join(silent)}" if silent else "every office is heard"
            self._line(offset_s, f"{said}; {bulletin.reporting} of {bulletin.roster} report")
            self._absent["silent"] = silent

    def _line(self, offset_s: float, text: str, style: str = "") -> None:
        self._console.print(Text(f"[{offset_s:5.0f} s]   {text}", style=style))


def _plain_acts(scenario: Scenario) -> list[Act]:
    """For a scenario that announces nothing: its phases, as they begin."""
    return [
        Act(
            at_s=phase.at_s,
            title=f"{', '.join(phase.services[:4])}: {phase.kind.value}",
            watch_for="what the offices make of it",
        )
        for phase in sorted(scenario.phases, key=lambda each: each.at_s)
    ]
