"""The life of an incident, as one table, whole and alone in this file.

An incident is a record in the exchange. The leader advances it from the situation that the detector
and the attribution see; what is to be told is written into the record as messages first, and told
by whoever leads afterwards: state never runs ahead of delivery, and nothing told is forgotten.

    stimulus ->   declared      recovering     closed       absent
    (none)        open          -              -            -
    open          open          recovering     closed       closed
    recovering    open          recovering     closed       closed
    closed        open *        -              -            -

``*`` within ``REOPEN_S`` of the closing, or while an old message is still untold, the same incident
opens again and says so in its thread; later a new one takes the record's place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from agent.core.model import (
    NATION,
    Channel,
    Evidence,
    Scope,
    Severity,
    Spread,
)

REOPEN_S = 300.0
"""A service that breaks again this soon after its incident closed continues that incident."""


class Phase(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    RECOVERING = "recovering"
    CLOSED = "closed"


class Change(StrEnum):
    """What a message of an incident tells."""

    OPENED = "opened"
    WORSE = "worse"
    MILDER = "milder"
    GROWN = "grown"
    SHRUNK = "shrunk"
    STEP = "step"
    RECOVERING = "recovering"
    RELAPSED = "relapsed"
    CLOSED = "closed"
    REOPENED = "reopened"
    STORM = "storm"


class Delivery(StrEnum):
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
    affected: tuple[str, ...] = ()
    working: tuple[str, ...] = ()
    evidence: Evidence = field(default_factory=Evidence)
    spread: Spread = field(default_factory=Spread)
    revision: int = 1
    """Grows with every change of content that people should see."""
    peak: int = 0
    """Most offices ever failing in it."""
    told_failing: int = 0
    """Offices failing when that was last told in a reply or at the opening."""
    messages: tuple[Message, ...] = ()
    storm: str | None = None
    """Name of the incident whose message tells this one too."""
    members: tuple[str, ...] = ()
    """Of a storm's first: the names of the others."""

    @property
    def id(self) -> str:
        """Stable from opened to closed, and never used again."""
        return f"{self.name}@{self.opening}"

    @property
    def root_message(self) -> Message:
        """The message that everything else hangs on."""
        return self.messages[0]

    @property
    def open(self) -> bool:
        """Not closed."""
        return self.phase is not Phase.CLOSED


def record_name(scope: Scope, group: str, root: str) -> str:
    """The exchange's name for an incident: ``incident.regional.island-papua.simkim.login``.

    A group is one token (a kind, a hyphen and a slug without dots), so the name reads one way only.
    """
    token = NATION if scope is Scope.NATIONAL else group.replace(":", "-")
    return f"incident.{scope.value}.{token}.{root}"
