"""What a scenario is: phases of trouble at the simulated centre, on an office's line, in an agent.

The format is that of ``scenarios.yaml``, whose head is its contract; ``scenario_file`` reads it.
Offsets here are seconds of *scenario time*, as the file states them. Whoever plays a scenario
divides them by a speed: by the file's own ``compress`` unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from agent.core.model import Branch

SERVICES = (
    "mpaspor.login",
    "mpaspor.kuota",
    "mpaspor.permohonan",
    "simponi.billing",
    "mpn.status",
    "simkim.login",
    "simkim.v1",
    "simkim.v2",
    "dukcapil.nik",
    "dokumen.unggah",
    "biometrik.rekam",
    "abis.cocok",
    "ecs.cekal",
    "adjudikasi",
    "alokasi",
    "cetak",
    "ujikualitas",
    "serah",
    "status.lacak",
    "apk.perlintasan",
)
"""Every service of the simulated centre."""

ZONES = {"WIB": "Asia/Jakarta", "WITA": "Asia/Makassar", "WIT": "Asia/Jayapura"}


class Kind(StrEnum):
    """What goes wrong."""

    LATENCY = "latency"
    HTTP = "http"
    TIMEOUT = "timeout"
    REFUSE = "refuse"
    RESET = "reset"
    DNS = "dns"
    TLS = "tls"
    AUTH_FAIL = "auth_fail"
    SCHEMA_DRIFT = "schema_drift"
    QUEUE_STUCK = "queue_stuck"
    RANDOM_APPROVE = "random_approve"
    STALE = "stale"
    LOSS = "loss"
    CLOSED = "closed"


class Where(StrEnum):
    """Where it goes wrong."""

    CENTRE = "centre"
    LINE = "line"
    """The office's line: its near controls and its exchange are cut as well."""
    AGENT = "agent"
    """The agent itself stops."""


class Reach(StrEnum):
    """How a scope picks its offices."""

    ALL = "all"
    PROVINCES = "provinces"
    ZONE = "tz"
    OFFICES = "offices"
    SHARE = "share"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which offices a phase touches."""

    reach: Reach = Reach.ALL
    names: tuple[str, ...] = ()
    """Provinces, office ids, or one of WIB, WITA and WIT."""
    share: float = 1.0

    def offices(self, roster: Sequence[Branch]) -> frozenset[str]:
        """The offices of ``roster`` that are touched.

        A share takes that share of the roster, rounded, in the order of a hash of the offices' ids:
        a smaller share lies within a larger one.
        """
        if self.reach is Reach.SHARE:
            ordered = sorted((branch.id for branch in roster), key=stable_share)
            return frozenset(ordered[: round(self.share * len(ordered))])
        return frozenset(branch.id for branch in roster if self._names(branch))

    def _names(self, branch: Branch) -> bool:
        if self.reach is Reach.OFFICES:
            return branch.id in self.names
        if self.reach is Reach.PROVINCES:
            return branch.province in self.names
        zones = [ZONES[name] for name in self.names]
        return self.reach is Reach.ALL or branch.zone in zones


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One trouble, from ``at_s`` until before ``until_s``."""

    at_s: float
    until_s: float
    services: tuple[str, ...]
    scope: Scope
    kind: Kind
    where: Where = Where.CENTRE
    parameters: Mapping[str, float | str] = field(default_factory=dict)
    """The kind's own settings, with their defaults filled in; see ``scenario_values``."""

    def number(self, name: str, default: float = 0.0) -> float:
        """A numeric parameter."""
        return float(self.parameters.get(name, default))

    def text(self, name: str) -> str:
        """A parameter that is words."""
        return str(self.parameters.get(name, ""))

    @property
    def ratio(self) -> float:
        """The share of requests that it hits."""
        return self.number("ratio", 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What a demonstration says when ``at_s`` comes, and what to watch for then."""

    at_s: float
    title: str
    watch_for: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A course of trouble, from offset 0."""

    id: str
    name: str
    phases: tuple[Phase, ...]
    start: datetime | None = None
    """What the wall clocks say at offset 0."""
    compress: float = 1.0
    """Suggested speed-up."""
    announced: tuple[float, float] | None = None
    """Offsets between which all of it was announced as planned work."""
    acts: tuple[Act, ...] = ()

    @property
    def services(self) -> tuple[str, ...]:
        """The services that its phases hit, each once, in the order of mention."""
        return tuple(dict.fromkeys(s for phase in self.phases for s in phase.services))

    @property
    def named_offices(self) -> tuple[str, ...]:
        """The offices that the scopes name, each once, in the order of mention."""
        named = (
            office
            for phase in self.phases
            if phase.scope.reach is Reach.OFFICES
            for office in phase.scope.names
        )
        return tuple(dict.fromkeys(named))


def stable_share(text: str) -> float:
    """A number from 0 up to 1 that depends on ``text`` alone, evenly spread."""
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big") / 2**64
