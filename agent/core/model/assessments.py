"""What the leader makes of all statuses: alarms, who takes part, and what is to be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from agent.core.model.facts import FailureKind
from agent.core.model.opinions import Channel


class Scope(StrEnum):
    """How wide."""

    NATIONAL = "national"
    REGIONAL = "regional"


class Severity(StrEnum):
    """How bad, in the words of the vocabulary: lambat, sebagian, gangguan, mati."""

    SLOW = "slow"
    PARTIAL = "partial"
    DEGRADED = "degraded"
    DOWN = "down"

    @property
    def rank(self) -> int:
        """0 is the mildest."""
        return tuple(Severity).index(self)


NATION = "all"
"""The group of a national finding."""


_MOSTLY = 0.5


class AlarmPhase(StrEnum):
    """Where an alarm of the detector stands."""

    DECLARED = "declared"
    RECOVERING = "recovering"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why an alarm stands, in numbers; lists are branch ids in roster order."""

    failing: tuple[str, ...] = ()
    reporting: int = 0
    """Branches of the alarm's group that report in time and can see."""
    score: float = 0.0
    threshold: float = 0.0
    first_step: str | None = None
    code: str | None = None
    code_share: float = 0.0
    """Share of the bad results that carry ``code``."""
    drift: int = 0
    """How many of the bad results are drift: answered well, in another shape."""
    coincidence: float | None = None
    """The chance in a year that offices alone look like this, at most; None: nothing is known."""
    unnamed: int = 0
    """How many fail beside ``failing``, whose names a record had no room for."""

    @property
    def failing_count(self) -> int:
        """How many fail, named or not."""
        return len(self.failing) + self.unnamed

    @property
    def drifted(self) -> bool:
        """Most bad results are drift: a contract changed, which is another trouble than failing."""
        return self.code == FailureKind.CONTRACT and self.code_share > _MOSTLY

    @property
    def rejected(self) -> bool:
        """Credentials or the sign-in are refused, which need not be an outage."""
        return self.code == FailureKind.AUTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """The few numbers behind the nation's word on a service, where that word is not normal."""

    channel: Channel
    since_s: float
    """Stream time of the suspicion, or of an alarm's first evidence."""
    score: float = 0.0
    """Branch equivalents: beyond the worst groups, or those of a region."""
    threshold: float = 0.0
    fresh: float = 0.0
    """Of a suspicion: what results begun after the guard say, branch equivalents."""
    fresh_needed: float = 0.0
    coincidence: float | None = None
    """Of a suspicion, as in :class:`Evidence`; of an alarm its incident knows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One service found broken or slow, in the nation or in one group."""

    service: str
    channel: Channel
    scope: Scope
    group: str
    """``NATION``, ``roster`` or ``kind:slug`` such as ``island:papua``."""
    phase: AlarmPhase
    since_s: float
    """Stream time of the first evidence."""
    declared_s: float
    recovering_s: float | None = None
    """Stream time since which the recovery holds, None while broken."""
    ended_s: float | None = None
    """Back-dated end, once recovering."""
    healing: bool = False
    """A recovery begins to show, though it is not called one yet."""
    evidence: Evidence = field(default_factory=Evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What all branches' verdicts say of one service now."""

    service: str
    suspected: bool = False
    suspected_since_s: float | None = None
    alarms: tuple[Alarm, ...] = ()
    """Declared, recovering, and those that closed in this very tick."""
    blocked_by: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Root service -> branches whose newest result of this service stands behind it."""
    reporting: int = 0
    """Branches with a result of this service that stands."""
    working: bool = False
    """Most results that stand are good."""
    gathering: frozenset[str] = frozenset()
    """Groups below the nation of which two offices or more vote against it."""
    quarantined: tuple[str, ...] = ()
    """Branches whose own long trouble with this service no longer votes."""
    score: float = 0.0
    threshold: float = 0.0
    grounds: Grounds | None = None
    """Of a suspicion or the worst alarm; None when there is neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """Who takes part in the national verdict, and who does not and why. Branch ids, sorted."""

    roster: int
    reporting: tuple[str, ...] = ()
    abstaining: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    mismatched: tuple[str, ...] = ()
    maintenance: tuple[str, ...] = ()
    unheard: tuple[str, ...] = ()
    """Not heard since this leader began, and not yet long enough to be called silent."""

    @property
    def blind(self) -> bool:
        """Below half of the roster nothing national is said; planned work is no absence."""
        return 2 * len(self.reporting) < self.roster - len(self.maintenance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How wide an incident is, for people: (failing, reporting) per place."""

    zones: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """WIB, WITA, WIT."""
    provinces: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    carriers: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Of the offices whose carrier is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Which trouble, in two words."""

    group: str
    """Where: ``NATION``, or a group below it."""
    root: str
    """The service that it is of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One independent trouble: a root, what it drags along, how bad and how wide it is."""

    scope: Scope
    group: str
    root: str
    severity: Severity
    phase: AlarmPhase
    channels: tuple[Channel, ...]
    since_s: float
    declared_s: float
    ended_s: float | None = None
    healing: bool = False
    """A recovery begins to show."""
    absorbed_by: Trouble | None = None
    """Over by itself: it goes on as a part of this one."""
    affected: tuple[str, ...] = ()
    working: tuple[str, ...] = ()
    evidence: Evidence = field(default_factory=Evidence)
    spread: Spread = field(default_factory=Spread)
