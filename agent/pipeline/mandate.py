"""What a leader judges by, as its term, its replay and the simulation take it from nation.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.core.digest import DigestPlan
from agent.core.graph import Graph
from agent.core.maintenance_calendar import Calendar
from agent.core.model import Branch, Routes
from agent.core.nation import Nation
from agent.core.order import ACKNOWLEDGING
from agent.core.reminding import Reminders
from agent.core.tuning import Tuning
from agent.core.wording import Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """What a leader needs to know of the nation; from nation.yaml, the same at every hub."""

    branches: Mapping[str, Branch]
    graph: Graph
    tuning: Tuning
    periods_s: Mapping[str, float]
    """T of each watched service."""
    revision: str
    routes: Routes
    wording: Wording
    alerters: tuple[str, ...] = ()
    """Hubs that tell when the exchange is lost, in the order of their turns."""
    acknowledge: tuple[str, ...] = ACKNOWLEDGING
    """Names of the signs that acknowledge an incident."""
    reminders: Reminders = field(default_factory=Reminders)
    digest: DigestPlan = field(default_factory=DigestPlan)
    calendar: Calendar = field(default_factory=Calendar)
    """Planned work."""

    def nation(self) -> Nation:
        """The nation as a leader begins: nothing is known of it yet."""
        return Nation(
            branches=tuple(self.branches.values()),
            periods_s=self.periods_s,
            tuning=self.tuning,
            revision=self.revision,
        )
