"""What the leader tells every agent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from agent.core.model.assessments import Grounds, Scope, Severity


class ServiceState(StrEnum):
    """The nation's word on one service, as pages and metrics show it."""

    NORMAL = "normal"
    SUSPECTED = "suspected"
    REGIONAL = "regional"
    NATIONAL = "national"
    RECOVERING = "recovering"
    AFFECTED = "affected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Focus:
    """An order to probe one service harder for a while. Counted down on the reader's own clock."""

    order: int
    service: str
    kind: str
    """``detect`` or ``recover``."""
    rate_per_s: float
    seconds_left: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """A bounded list of branches: how many, and the first of them."""

    count: int = 0
    first: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentSummary:
    """An open incident as the bulletin carries it."""

    id: str
    scope: Scope
    group: str
    root: str
    severity: Severity
    phase: str
    since_s: float
    failing: int
    reporting: int
    affected: tuple[str, ...] = ()
    coincidence: float | None = None
    """As in :class:`Evidence`, the smallest of the incident's life."""
    drifted: bool = False
    """As in :class:`Evidence`."""
    acknowledged_by: str | None = None
    """Who looks after it, in their own words or as the receiver's id of them."""
    muted_until_s: float | None = None
    """Stream time until which people asked for quiet; it may be past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedNotice:
    """Planned work that is going on, as the bulletin carries it; see :mod:`agent.core.maintenance`.

    Empty ``services`` and ``where`` mean every service, and the nation.
    """

    id: str
    until_s: float
    """Stream time; a reader counts down on its own clock from the bulletin's."""
    services: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    skip: bool = False
    """It is not to be probed meanwhile."""

    def means(self, service: str, places: Collection[str]) -> bool:
        """Whether it is of this service, at an office in these places: its id, zone and groups."""
        return self.concerns(places) and (not self.services or service in self.services)

    def concerns(self, places: Collection[str]) -> bool:
        """Whether it is of offices in these places."""
        return not self.where or not set(self.where).isdisjoint(places)


Fence = tuple[float, int]
"""Generation of the store and term of a leader: of two leaders the later one's is the greater."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin:
    """What the leader says of the nation; every agent's page and metrics repeat it with its age."""

    term: int
    generation: float = 0.0
    """Creation time of the store that elected the leader: in another one terms begin again."""
    leader: str
    nation: str
    at_s: float
    """Stream time of the assessment."""
    services: Mapping[str, ServiceState] = field(default_factory=dict)
    drifted: tuple[str, ...] = ()
    """Services whose trouble is a changed contract. Beside the state, which stays of a closed set:
    agents of an earlier version must go on reading bulletins."""
    grounds: Mapping[str, Grounds] = field(default_factory=dict)
    """Of services that are suspected or have an alarm, not more than a few."""
    focus: Focus | None = None
    incidents: tuple[IncidentSummary, ...] = ()
    roster: int = 0
    reporting: int = 0
    blind: bool = False
    silent: Names = field(default_factory=Names)
    abstaining: Names = field(default_factory=Names)
    mismatched: Names = field(default_factory=Names)
    maintenance: Names = field(default_factory=Names)
    quarantined: Names = field(default_factory=Names)
    """Offices long in a trouble of their own with some service, which does not vote."""
    controls_ignored: tuple[str, ...] = ()
    """Shared names of controls that count nowhere: they fail at so many offices."""
    planned: tuple[PlannedNotice, ...] = ()
    """Planned work that is going on, not more than a few of them."""

    @property
    def fence(self) -> Fence:
        """Under whose authority it is."""
        return (self.generation, self.term)

    @property
    def suspected(self) -> tuple[str, ...]:
        """Services under suspicion."""
        return tuple(s for s, state in self.services.items() if state is ServiceState.SUSPECTED)
