"""The nouns of the house, in the order in which data meets them.

    Run -> Verdict -> Status -> Assessment -> Situation -> Incident -> Notification

The words are those of the README's glossary. Times named ``*_s`` are seconds. Which clock they are
on is said where it matters: an office's own boot-time clock (``started_s``), or the exchange's
stream time, which is the one time line that all offices share (``at_s``, seconds since 1970).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,127}")
"""What a branch, a service or a record may be called; see :func:`is_name`."""


def is_name(text: str) -> bool:
    """Tell whether ``text`` may name a branch, service or record: ``NAME``, no empty token."""
    return NAME.fullmatch(text) is not None and "" not in text.split(".")


# --- the nation: who watches, and what is watched


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where an office stands, for maps alone."""

    latitude_degrees: float
    longitude_degrees: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """An office of the roster: a vantage point, never a thing probed."""

    id: str
    name: str
    province: str
    island: str
    zone: str
    """IANA time zone, for example ``Asia/Jayapura``."""
    carrier: str | None = None
    egress: str | None = None
    weight: float = 1.0
    """Passports a working day, relative; impact only, never detection."""
    hub: bool = False
    """May be elected leader, and holds the Slack secrets."""
    position: Position | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One central API, the unit of judgement."""

    id: str
    name_id: str
    name_en: str
    needs: tuple[str, ...] = ()
    sign_in: bool = False


# --- facts: what a probe saw


@dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """Seconds spent in each phase of one or more requests; the names are blackbox_exporter's."""

    resolve_s: float = 0.0
    connect_s: float = 0.0
    tls_s: float = 0.0
    processing_s: float = 0.0
    transfer_s: float = 0.0

    def __add__(self, other: Phases) -> Phases:
        """Add phase by phase: the cost of two requests of one step."""
        return Phases(
            resolve_s=self.resolve_s + other.resolve_s,
            connect_s=self.connect_s + other.connect_s,
            tls_s=self.tls_s + other.tls_s,
            processing_s=self.processing_s + other.processing_s,
            transfer_s=self.transfer_s + other.transfer_s,
        )


class FailureKind(StrEnum):
    """Why a step broke. A closed set, so that it may label a metric; codes are kept beside it."""

    RESOLVE = "resolve"
    REFUSED = "refused"
    RESET = "reset"
    TIMEOUT = "timeout"
    TLS = "tls"
    PROTOCOL = "protocol"
    """Not HTTP, too large, too deep, undecodable."""
    HTTP = "http"
    """A status of 400 or more other than 401 and 403; the code is in ``Failure.status``."""
    AUTH = "auth"
    """401 or 403: the probe's credentials or the sign-in itself."""
    CONTRACT = "contract"
    """A good status, a body of another shape than agreed."""
    UNEXPECTED = "unexpected"
    """A good status and shape, the wrong content."""
    FLOW = "flow"
    """Accepted, but nothing moves: a queue that ages, a write that never arrives."""
    BUG = "bug"
    """The probe itself raised; never held against the centre."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How a step broke, fit for people: ``detail`` holds nothing secret and no remote body."""

    kind: FailureKind
    detail: str
    status: int | None = None

    @property
    def code(self) -> str:
        """The kind as statuses carry it: ``http_503`` rather than ``http``."""
        if self.kind is FailureKind.HTTP and self.status is not None:
            return f"http_{self.status}"
        return self.kind.value


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """What one executed step showed. Facts only."""

    step: str
    service: str
    started_s: float
    duration_s: float
    slow_after_s: float | None
    phases: Phases = field(default_factory=Phases)
    status: int | None = None
    failure: Failure | None = None
    credentials: tuple[str, ...] = ()
    """Target roles whose credentials the run had been given by the end of this step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepName:
    """A step as the journey declares it, known without running it."""

    id: str
    service: str
    slow_after_s: float | None = None
    requests: int = 1
    role: str | None = None
    """The target role that this step's requests name, for the budget."""
    sandbox_only: bool = False
    """It writes: it exists only where the target is marked as a sandbox."""
    consent: str | None = None
    """It exists only where the target names a written consent of this name."""
    always: bool = False
    """It puts in order what the run began, and is carried out also when the run breaks or ends."""


class Trigger(StrEnum):
    """What called for a run."""

    PLAN = "plan"
    """The national plan's slot; only these runs teach what is normal."""
    REPROBE = "reprobe"
    """This office's own suspicion."""
    FOCUS = "focus"
    """The leader's order to look more closely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One execution of a probe: the steps that ran, and those declared."""

    journey: str
    started_s: float
    duration_s: float
    executed: tuple[StepFacts, ...]
    declared: tuple[StepName, ...]
    trigger: Trigger = Trigger.PLAN


# --- opinions: what a branch makes of them


class Outcome(StrEnum):
    """What one run says of one service."""

    OK = "ok"
    SLOW = "slow"
    FAIL = "fail"
    DRIFT = "drift"
    """The contract changed: answered well, in another shape."""
    VOID = "void"
    """Says nothing: behind a broken step, or seen by an office that could not see."""

    @property
    def broken(self) -> bool:
        """An officer could not have gone on."""
        return self in (Outcome.FAIL, Outcome.DRIFT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The opinion on one service from one run, and why."""

    service: str
    outcome: Outcome
    step: str
    started_s: float
    code: str | None = None
    """Failure code as in :attr:`Failure.code`; None unless broken."""
    reason: str = ""
    blocked_by: str | None = None
    """The service of the first broken step, on verdicts behind it."""
    took_s: float | None = None
    """How long the step took; None when it was not reached, or says nothing."""
    usual_s: float | None = None
    """How long it usually takes at this office in this hour of the week, if that is known."""


class Channel(StrEnum):
    """The two independent questions asked of every service."""

    FAIL = "fail"
    SLOW = "slow"

    def is_bad(self, outcome: Outcome) -> bool:
        """In the slow channel a failure is bad too: it certainly was not fast."""
        return outcome.broken or (self is Channel.SLOW and outcome is Outcome.SLOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Whether this office can see, by its near controls."""

    sees: bool = True
    why_not: str | None = None
    front: str | None = None
    """What the front control of the centre said; it classifies and never decides."""
    edges: tuple[tuple[str, bool], ...] = ()
    """Of each target role with a front control of its own: whether it answers. Not told others."""
    controls: tuple[str, ...] = ()
    """The near controls that other offices have too, by their shared names."""
    failing: tuple[str, ...] = ()
    """Those of ``controls`` that gave no answer."""
    ignored: tuple[str, ...] = ()
    """Those of ``controls`` that did not count: they are broken themselves, says the leader."""


# --- the status of a branch, as the exchange carries it


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """One channel of one service at one branch: what the detector needs, absolute."""

    w: float = 0.0
    """Capped CUSUM, nats."""
    p0: float = 0.0
    """Learned rate of bad results in good times."""
    hot_s: float | None = None
    """For how long W has been half its cap or more, None while it is not."""


COUNTED = (Outcome.OK, Outcome.SLOW, Outcome.FAIL, Outcome.DRIFT, Outcome.VOID)
"""The order of the cumulative counts in a status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RingEntry:
    """One of the last results of a service, as a status carries it."""

    age_s: float
    """From the start of the step to the sending of the status."""
    outcome: Outcome
    step: str
    code: str | None = None
    blocked_by: str | None = None


RING_SIZE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """A service as one branch knows it."""

    counts: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    """Cumulative results in the order of ``COUNTED``, over the life of the branch."""
    fail: ChannelState = field(default_factory=ChannelState)
    slow: ChannelState = field(default_factory=ChannelState)
    ring: tuple[RingEntry, ...] = ()
    """The last results, oldest first, at most ``RING_SIZE``."""

    def channel(self, channel: Channel) -> ChannelState:
        """The state of one of the two channels."""
        return self.fail if channel is Channel.FAIL else self.slow


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """A credential that the centre refuses at this branch; see :mod:`agent.core.lockout`."""

    in_a_row: int
    age_s: float
    """From the last attempt to the sending of the status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Everything a branch tells the others; absolute, so that the newest one is enough."""

    branch: str
    program: str
    nation: str
    """Revision and hash of nation.yaml, for example ``r12:9f3c01ab``."""
    boot_id: str
    boot_counter: int
    uptime_s: float
    sight: Sight
    loop_lag_s: float = 0.0
    exchange: str = "joined"
    services: Mapping[str, ServiceStatus] = field(default_factory=dict)
    refused: Mapping[str, Refusals] = field(default_factory=dict)
    """By a mark of the credential; for the branch itself, after a restart."""


# --- what the leader makes of all statuses


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


# --- what the leader tells every agent


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """Which channel hears of what."""

    main: str
    slow: str | None = None
    regional: str | None = None
    fallback: str | None = None
    mention: str | None = None
    """Raw mention such as ``<!subteam^S123>``, for national incidents of at least degraded."""
    by_service: Mapping[str, str] = field(default_factory=dict)
    digest: str | None = None
    """Of the daily digest; None: there is none."""

    @property
    def channels(self) -> tuple[str, ...]:
        """Every channel that may ever hear of anything, once."""
        named = (self.main, self.slow, self.regional, self.fallback, self.digest)
        return tuple(dict.fromkeys(each for each in (*named, *self.by_service.values()) if each))

    def channel(self, scope: Scope, severity: Severity, service: str) -> str:
        """The channel of a new incident: by service first, then slow, then regional, then main."""
        if service in self.by_service:
            return self.by_service[service]
        if severity is Severity.SLOW and self.slow:
            return self.slow
        if scope is Scope.REGIONAL and self.regional:
            return self.regional
        return self.main
