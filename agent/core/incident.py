"""The record of an incident, as the exchange holds it, and what can be asked of it.

The leader advances it (:mod:`agent.core.incident_life`). What is to be told is first written into
the record as messages, and then told by whoever leads: state never runs ahead of delivery, and
nothing that was decided is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from agent.core.digest import Digest
from agent.core.model import NATION, Channel, Evidence, Scope, Severity, Spread, Trouble
from agent.core.open_enum import OpenEnum
from agent.core.order import Order, OrderKind

BLINDNESS = "pantau.blind"
"""The root of what is no service's trouble; see :mod:`agent.core.blindness`."""


class Phase(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    RECOVERING = "recovering"
    CLOSED = "closed"


class Change(OpenEnum):
    """What a message of an incident tells."""

    OPENED = "opened"
    WORSE = "worse"
    """More severe; less severe an incident never gets, it recovers."""
    GROWN = "grown"
    SHRUNK = "shrunk"
    STEP = "step"
    RECOVERING = "recovering"
    RELAPSED = "relapsed"
    CLOSED = "closed"
    ABSORBED = "absorbed"
    REOPENED = "reopened"
    STORM = "storm"
    ORDERED = "ordered"
    """A person decided something about it."""
    REMINDED = "reminded"
    """Nobody has said that they look after it."""
    MAINTAINED = "maintained"
    """Planned work on it begins."""
    OVERRAN = "overran"
    """Planned work on it is over, and it is not well."""
    BEYOND = "beyond"
    """It has grown beyond the offices at which work is planned."""


class Delivery(OpenEnum):
    """What is known of one message's delivery."""

    PENDING = "pending"
    CLAIMED = "claimed"
    """Somebody set out to post it; whether it stands in the channel must be looked up."""
    POSTED = "posted"
    DROPPED = "dropped"
    """Refused for good by every channel; counted, logged, and left."""
    COVERED = "covered"
    """Told inside another incident's storm message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who set out to post, under which term; its time is the record's own stream time."""

    by: str
    term: int
    at_s: float
    """Stream time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of an incident. Sequence 0 is the root, edited in place; the others reply."""

    sequence: int
    change: Change
    at_s: float
    channel: str
    text: str = ""
    """A reply's words; the root's are rendered from the incident when it is posted."""
    broadcast: bool = False
    delivery: Delivery = Delivery.PENDING
    claim: Claim | None = None
    ts: str | None = None
    told: int = 0
    """The root's: the incident revision that the channel shows."""
    again: bool = False
    """The root's: a person deleted it and it was posted anew; that is done once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """How far a receiver beside Slack has the messages of an incident: up to ``sequence``."""

    receiver: str
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One independent trouble of the nation or a region, from opened to closed."""

    name: str
    """The record's name: ``incident.<scope>.<group>.<service>``."""
    opening: int
    """Revision of the record at its opening; 0 while that write is not yet confirmed."""
    term: int
    scope: Scope
    group: str
    root: str
    severity: Severity
    phase: Phase
    channels: tuple[Channel, ...]
    since_s: float
    """Stream time of the first evidence."""
    opened_s: float
    recovering_s: float | None = None
    ended_s: float | None = None
    closed_s: float | None = None
    absorbed_by: Trouble | None = None
    """What it went on as a part of, once absorbed; old records lack it, and mean the nation's."""
    affected: tuple[str, ...] = ()
    working: tuple[str, ...] = ()
    evidence: Evidence = field(default_factory=Evidence)
    spread: Spread = field(default_factory=Spread)
    revision: int = 1
    """Grows with every change of content that people should see."""
    peak: int = 0
    """Most offices ever failing in it."""
    peak_of: int = 0
    """Offices that reported then."""
    told_failing: int = 0
    """Offices failing when that was last told in a reply or at the opening."""
    told_s: float = 0.0
    """Stream time of that telling."""
    edited_s: float = 0.0
    """Stream time of the last change of content."""
    messages: tuple[Message, ...] = ()
    storm: str | None = None
    """Name of the incident whose message tells this one too."""
    members: tuple[str, ...] = ()
    """Of a storm's first: the names of the others."""
    orders: tuple[Order, ...] = ()
    """What people decided, the newest of each kind, in the order in which it was obeyed."""
    by_hand: OrderKind | None = None
    """Which decision of a person closed it; None while it is open, or when it closed by itself."""
    held: bool = False
    """Closed by hand while its alarm stands: the same alarm does not open it again."""
    severity_s: float = 0.0
    """Stream time since which it is as severe as it is, open again, or more than was planned; 0 in
    old records."""
    reminded: int = 0
    """How often people were reminded that nobody looks after it."""
    reminded_s: float | None = None
    """Stream time of the last reminder."""
    maintained_until_s: float | None = None
    """It is planned until then; None: it is not."""
    overran_s: float | None = None
    """When the window of planned work ended in which, or in the wake of which, it stands."""
    digest: Digest | None = None
    """What a daily digest says: its record is told like an incident's, and is none."""
    handed: tuple[Handed, ...] = ()
    """One mark for each receiver that asks for one: what is above it a new leader hands over."""

    @property
    def id(self) -> str:
        """Stable from opened to closed, and never used again."""
        return f"{self.name}@{self.opening}"

    def opened_in(self, revision: int) -> Incident:
        """As read at ``revision``: the write that opened it could not know its own."""
        return replace(self, opening=revision) if self.opening == 0 else self

    @property
    def root_message(self) -> Message:
        """The message that everything else hangs on."""
        return self.messages[0]

    @property
    def open(self) -> bool:
        """Not closed."""
        return self.phase is not Phase.CLOSED

    @property
    def blindness(self) -> bool:
        """Told like an incident, and none: too few offices report."""
        return self.root == BLINDNESS

    @property
    def acknowledgement(self) -> Order | None:
        """Who said that they look after it, and when."""
        return next((each for each in self.orders if each.kind is OrderKind.ACK), None)

    def muted(self, now_s: float) -> bool:
        """A person asked for quiet until later than ``now_s``, or it is planned."""
        if self.maintained_until_s is not None:
            return True
        return self.muted_until_s is not None and self.muted_until_s > now_s

    @property
    def muted_until_s(self) -> float | None:
        """Until when a person asked for quiet, last; it may be past."""
        return max((o.until_s for o in self.orders if o.until_s is not None), default=None)

    @property
    def untold(self) -> bool:
        """Something decided still waits to be told."""
        return any(m.delivery in (Delivery.PENDING, Delivery.CLAIMED) for m in self.messages)


def record_name(scope: Scope, group: str, root: str) -> str:
    """The exchange's name for an incident: ``incident.regional.island-papua.simkim.login``.

    A group is one token (a kind, a hyphen and a slug without dots), so the name reads one way only.
    """
    token = NATION if scope is Scope.NATIONAL else group.replace(":", "-")
    return f"incident.{scope.value}.{token}.{root}"


def with_message(incident: Incident, message: Message) -> Incident:
    """The incident with the newer state of one of its messages."""
    return replace(
        incident,
        messages=tuple(
            message if each.sequence == message.sequence else each for each in incident.messages
        ),
    )


def message_of(incident: Incident | None, sequence: int) -> Message | None:
    """One message of an incident, if both are still there."""
    if incident is None:
        return None
    return next((m for m in incident.messages if m.sequence == sequence), None)


def handed_to(incident: Incident, receiver: str) -> int | None:
    """The last message that ``receiver`` has, or need not have; None: it was never asked to."""
    return next((h.sequence for h in incident.handed if h.receiver == receiver), None)


def with_handed(incident: Incident, receiver: str, sequence: int) -> Incident:
    """The incident with a receiver's mark; the very same object when that is no news.

    People see nothing of it, so that its revision stays.
    """
    known = handed_to(incident, receiver)
    if known is not None and known >= sequence:
        return incident
    others = tuple(each for each in incident.handed if each.receiver != receiver)
    return replace(incident, handed=(*others, Handed(receiver=receiver, sequence=sequence)))
