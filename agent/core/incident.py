"""The life of an incident, as one table, whole and alone in this file.

An incident is a record in the exchange. The leader advances it from the situation that detector and
attribution see. What is to be told is first written into the record as messages, and then told by
whoever leads: state never runs ahead of delivery, and nothing that was decided is forgotten.

                 declared       recovering     closed         absorbed
    (none)       open           -              -              -
    open         open           recovering     closed         closed
    recovering   open           recovering     closed         closed
    closed       open *         -              -              -

``*`` within ``REOPEN_S`` of its closing, or while something of it is still untold, the same
incident opens again and says so in its thread; later a new one takes the record's place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from agent.core.digest import Digest
from agent.core.model import (
    NATION,
    AlarmPhase,
    Channel,
    Evidence,
    Scope,
    Severity,
    Situation,
    Spread,
    Trouble,
)
from agent.core.open_enum import OpenEnum
from agent.core.order import Order, OrderKind

BLINDNESS = "pantau.blind"
"""The root of what is no service's trouble; see :mod:`agent.core.blindness`."""
REOPEN_S = 300.0
"""A service that breaks again this soon after its incident closed continues that incident."""
EDIT_S = 5.0
"""The root message's small numbers are rewritten at most this often."""
REPLY_S = 30.0
"""Growth and shrinking are told at most this often, each time against what was told last."""
GROWN = 1.2
SHRUNK = 0.5
KEPT_MESSAGES = 10
"""Replies beyond this many leave the record, which has to fit into 16 kB with all its offices."""
KEPT_OFFICES = 300


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


# --- the table


class Stimulus(StrEnum):
    """What a situation says to an incident."""

    DECLARED = "declared"
    RECOVERING = "recovering"
    CLOSED = "closed"
    ABSORBED = "absorbed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One cell of the table: the next phase, and what is said of it."""

    to: Phase | None
    say: Change | None = None


_STAY = Turn(to=None)

TABLE: Mapping[tuple[Phase | None, Stimulus], Turn] = {
    (None, Stimulus.DECLARED): Turn(to=Phase.OPEN, say=Change.OPENED),
    (None, Stimulus.RECOVERING): _STAY,
    (None, Stimulus.CLOSED): _STAY,
    (None, Stimulus.ABSORBED): _STAY,
    (Phase.OPEN, Stimulus.DECLARED): Turn(to=Phase.OPEN),
    (Phase.OPEN, Stimulus.RECOVERING): Turn(to=Phase.RECOVERING, say=Change.RECOVERING),
    (Phase.OPEN, Stimulus.CLOSED): Turn(to=Phase.CLOSED, say=Change.CLOSED),
    (Phase.OPEN, Stimulus.ABSORBED): Turn(to=Phase.CLOSED, say=Change.ABSORBED),
    (Phase.RECOVERING, Stimulus.DECLARED): Turn(to=Phase.OPEN, say=Change.RELAPSED),
    (Phase.RECOVERING, Stimulus.RECOVERING): Turn(to=Phase.RECOVERING),
    (Phase.RECOVERING, Stimulus.CLOSED): Turn(to=Phase.CLOSED, say=Change.CLOSED),
    (Phase.RECOVERING, Stimulus.ABSORBED): Turn(to=Phase.CLOSED, say=Change.ABSORBED),
    (Phase.CLOSED, Stimulus.DECLARED): Turn(to=Phase.OPEN, say=Change.REOPENED),
    (Phase.CLOSED, Stimulus.RECOVERING): _STAY,
    (Phase.CLOSED, Stimulus.CLOSED): _STAY,
    (Phase.CLOSED, Stimulus.ABSORBED): _STAY,
}
"""Every phase against every stimulus; a test says that none is missing."""

_SHOWN_IN_CHANNEL = (
    Change.WORSE,
    Change.CLOSED,
    Change.REOPENED,
    Change.RELAPSED,
    Change.REMINDED,
    Change.OVERRAN,
    Change.BEYOND,
)

_MUTED = (Change.GROWN, Change.SHRUNK, Change.STEP, Change.RECOVERING, Change.RELAPSED)
_PLANNED = (*_MUTED, Change.WORSE, Change.REOPENED, Change.STORM)


def stimulus(situation: Situation) -> Stimulus:
    """What a situation says to its incident."""
    if situation.phase is AlarmPhase.CLOSED:
        return Stimulus.ABSORBED if situation.absorbed_by is not None else Stimulus.CLOSED
    return Stimulus(situation.phase.value)


def opens_anew(before: Incident | None, now_s: float) -> bool:
    """Whether a service declared now begins a new incident rather than continuing ``before``."""
    if before is None:
        return True
    if before.open or before.untold or before.closed_s is None:
        return False
    return now_s - before.closed_s > REOPEN_S


def begin(
    situation: Situation, *, channel: str, term: int, now_s: float, storm: str | None = None
) -> Incident:
    """A new incident with its root message pending; under a ``storm`` it is told in that one's."""
    delivery = Delivery.COVERED if storm else Delivery.PENDING
    root = Message(sequence=0, change=Change.OPENED, at_s=now_s, channel=channel, delivery=delivery)
    failing = situation.evidence.failing_count
    return Incident(
        name=record_name(situation.scope, situation.group, situation.root),
        opening=0,
        term=term,
        scope=situation.scope,
        group=situation.group,
        root=situation.root,
        severity=situation.severity,
        phase=Phase.OPEN,
        channels=situation.channels,
        since_s=situation.since_s,
        opened_s=now_s,
        severity_s=now_s,
        affected=situation.affected,
        working=situation.working,
        evidence=_bounded(situation.evidence),
        spread=situation.spread,
        peak=failing,
        peak_of=situation.evidence.reporting,
        told_failing=failing,
        told_s=now_s,
        edited_s=now_s,
        messages=(root,),
        storm=storm,
    )


def advance(
    incident: Incident, situation: Situation, *, term: int, now_s: float, settle_s: float = REPLY_S
) -> Incident:
    """The incident after one more look at its situation; the very same object if nothing changed.

    ``settle_s`` is how long it takes until every office has been asked again: growth is told
    against what was told last, and not before. New replies are appended with empty words: the
    caller renders them before it writes the record.
    """
    turn = TABLE[incident.phase, stimulus(situation)]
    if turn.to is None:
        return incident
    after = _with_content(incident, situation, turn.to, now_s)
    worse = after.severity.rank > incident.severity.rank
    if worse and turn.say is None:
        after = _say(after, Change.WORSE, now_s)
    if turn.say is not None:
        after = _say(after, turn.say, now_s)
    elif turn.to is Phase.OPEN and not worse:
        after = _say_size(after, incident, now_s, max(REPLY_S, settle_s), healing=situation.healing)
    if after is incident:
        return incident
    return replace(after, term=term)


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


def covers(leader: Incident, member: str, now_s: float) -> Incident:
    """The first incident of a storm, after another one joined it.

    Its message is edited, which notifies nobody: once it is out, a reply says who has joined.
    Several that join at once are one reply, whose words are left to the caller.
    """
    if member in leader.members:
        return leader
    after = replace(
        leader,
        members=(*leader.members, member),
        revision=leader.revision + 1,
        edited_s=now_s,
    )
    if leader.root_message.delivery is Delivery.PENDING:
        return after
    if waiting := _waiting(leader, Change.STORM):
        return with_message(after, replace(waiting, text=""))
    return _say(after, Change.STORM, now_s)


def uncovered(incident: Incident) -> Incident:
    """A covered incident that nobody tells any more: it gets a message of its own."""
    root = replace(incident.root_message, delivery=Delivery.PENDING, claim=None, ts=None)
    return replace(with_message(incident, root), storm=None, revision=incident.revision + 1)


def obeyed(incident: Incident, order: Order, now_s: float) -> Incident:
    """The incident after a person's decision; the very same object if it says nothing to it.

    Obeyed once: the orders in the record tell which. A closed incident takes no more.
    """
    known = any(order.same(each) for each in incident.orders)
    if order.incident != incident.id or known or not incident.open:
        return incident
    others = tuple(each for each in incident.orders if each.kind is not order.kind)
    after = replace(
        incident, orders=(*others, order), revision=incident.revision + 1, edited_s=now_s
    )
    if order.kind.closes:
        after = replace(
            after, phase=Phase.CLOSED, by_hand=order.kind, held=True, ended_s=now_s, closed_s=now_s
        )
    return _say(after, Change.ORDERED, now_s)


def reminded(incident: Incident, now_s: float) -> Incident:
    """The incident with one more reminder, whose words are left to the caller."""
    after = replace(incident, reminded=incident.reminded + 1, reminded_s=now_s)
    return _say(after, Change.REMINDED, now_s)


def maintained(incident: Incident, until_s: float, now_s: float) -> Incident:
    """The incident while it is planned, ``until_s`` by the window; that is told when it begins."""
    if incident.maintained_until_s == until_s:
        return incident
    began = incident.maintained_until_s is None
    after = replace(
        incident,
        maintained_until_s=until_s,
        overran_s=None,
        revision=incident.revision + 1,
        edited_s=now_s,
    )
    return _say(after, Change.MAINTAINED, now_s) if began else after


def maintained_no_more(incident: Incident, now_s: float) -> Incident:
    """The incident after planned work on it: what is not well by then is told."""
    until_s = incident.maintained_until_s
    if until_s is None:
        return incident
    after = replace(
        incident,
        maintained_until_s=None,
        overran_s=min(until_s, now_s),
        revision=incident.revision + 1,
        edited_s=now_s,
    )
    return _say(after, Change.OVERRAN, now_s)


def beyond_plan(incident: Incident, now_s: float) -> Incident:
    """The incident once it is more than was planned: from now on it is told as any other."""
    if incident.maintained_until_s is None:
        return incident
    after = replace(
        incident,
        maintained_until_s=None,
        severity_s=now_s,
        revision=incident.revision + 1,
        edited_s=now_s,
    )
    return _say(after, Change.BEYOND, now_s)


def stays_closed(incident: Incident | None, situation: Situation) -> bool:
    """A person closed this very trouble, and it has not become graver since."""
    return (
        incident is not None and incident.held and situation.severity.rank <= incident.severity.rank
    )


def released(incident: Incident) -> Incident:
    """What a person closed, once its alarm is over too: the next alarm opens again."""
    return replace(incident, held=False) if incident.held else incident


def says(incident: Incident, change: Change, text: str, now_s: float) -> Incident:
    """The incident with a reply in these words, on behalf of one that it tells of."""
    after = _say(incident, change, now_s)
    return with_message(after, replace(after.messages[-1], text=text))


def refreshed(leader: Incident, now_s: float) -> Incident:
    """The first incident of a storm, after one that it tells of has changed."""
    return replace(leader, revision=leader.revision + 1, edited_s=now_s)


def _with_content(incident: Incident, situation: Situation, to: Phase, now_s: float) -> Incident:
    """The content of now: severity and affected only ever grow while the incident lasts."""
    affected = incident.affected + tuple(
        service for service in situation.affected if service not in incident.affected
    )
    severity = max(incident.severity, situation.severity, key=lambda each: each.rank)
    reopened = incident.phase is Phase.CLOSED
    closing = to is Phase.CLOSED
    peak, peak_of = max(
        (incident.peak, incident.peak_of),
        (situation.evidence.failing_count, situation.evidence.reporting),
        key=lambda extent: extent[0],
    )
    after = replace(
        incident,
        phase=to,
        severity=severity,
        severity_s=now_s if reopened or severity is not incident.severity else incident.severity_s,
        affected=affected,
        channels=tuple(sorted({*incident.channels, *situation.channels})),
        working=situation.working,
        evidence=incident.evidence if closing else _kept_evidence(incident, situation, to),
        spread=incident.spread if to is not Phase.OPEN else situation.spread,
        peak=peak,
        peak_of=peak_of,
        recovering_s=_recovering_s(incident, to, now_s),
        ended_s=None if to is Phase.OPEN else (situation.ended_s or incident.ended_s),
        closed_s=now_s if closing else (None if reopened else incident.closed_s),
        absorbed_by=situation.absorbed_by if closing else None,
        by_hand=None,
        held=False,
    )
    if after == incident:
        return incident
    at_once = (to, severity, affected) != (incident.phase, incident.severity, incident.affected)
    if not at_once and now_s - incident.edited_s < EDIT_S:
        return incident
    return replace(after, revision=incident.revision + 1, edited_s=now_s)


def _recovering_s(incident: Incident, to: Phase, now_s: float) -> float | None:
    if to is Phase.OPEN:
        return None
    return incident.recovering_s if incident.recovering_s is not None else now_s


def _kept_evidence(incident: Incident, situation: Situation, to: Phase) -> Evidence:
    """Of now; but the step and failure that were seen stay while newer ones are not.

    So does the smallest chance of coincidence: it bounds the whole life of the incident. All
    offices good, and not yet for long enough: the last extent is told until it is a recovery.
    """
    old, evidence = incident.evidence, _bounded(situation.evidence)
    if to is Phase.OPEN and not evidence.failing:
        return old
    known = [c for c in (old.coincidence, evidence.coincidence) if c is not None]
    evidence = replace(evidence, coincidence=min(known, default=None))
    if evidence.code is None and evidence.first_step is None:
        return replace(
            evidence, first_step=old.first_step, code=old.code, code_share=old.code_share
        )
    return evidence


def _bounded(evidence: Evidence) -> Evidence:
    named = evidence.failing[:KEPT_OFFICES]
    return replace(evidence, failing=named, unnamed=evidence.failing_count - len(named))


def _say(incident: Incident, change: Change, now_s: float) -> Incident:
    """The incident with one more reply; what a storm's first tells of it is covered."""
    message = Message(
        sequence=1 + max(m.sequence for m in incident.messages),
        change=change,
        at_s=now_s,
        channel=incident.root_message.channel,
        broadcast=change in _SHOWN_IN_CHANNEL or incident.by_hand is not None,
        delivery=Delivery.COVERED if _quiet(incident, change, now_s) else Delivery.PENDING,
    )
    earlier = tuple(_called_off(each, incident, change) for each in incident.messages)
    return replace(
        incident,
        messages=(*_pruned(earlier), message),
        told_failing=incident.evidence.failing_count,
        told_s=now_s,
    )


def _called_off(found: Message, incident: Incident, change: Change) -> Message:
    """A reminder that nobody has set out to post calls no one for what is over or looked after.

    One that is over does not speak for the others that a storm's first tells of.
    """
    over = change in (Change.CLOSED, Change.ABSORBED) and not incident.members
    waits = found.change is Change.REMINDED and found.delivery is Delivery.PENDING
    if not waits or not (over or change is Change.ORDERED):
        return found
    return replace(found, delivery=Delivery.COVERED, text="")


def _quiet(incident: Incident, change: Change, now_s: float) -> bool:
    """Told by a storm's first, muted or planned: then only what must be known is told."""
    muted = change in _MUTED and incident.muted(now_s)
    planned = change in _PLANNED and incident.maintained_until_s is not None
    return incident.storm is not None or muted or planned


def _waiting(incident: Incident, change: Change) -> Message | None:
    """A reply that says this already, and that nobody has set out to post."""
    pending = (m for m in incident.messages if m.delivery is Delivery.PENDING)
    return next((m for m in pending if m.change is change), None)


def shortened(incident: Incident) -> Incident:
    """The incident without the reply that is worth least; the very same without any to spare.

    The newest stays: it says how things stand, and the sequence goes on from it.
    """
    *earlier, newest = incident.messages
    kept = _pruned(tuple(earlier), len(earlier) - 2) if len(earlier) > 1 else tuple(earlier)
    return incident if len(kept) == len(earlier) else replace(incident, messages=(*kept, newest))


def _pruned(messages: tuple[Message, ...], most: int = KEPT_MESSAGES) -> tuple[Message, ...]:
    """At most ``most`` replies: the told ones go first, then the oldest untold.

    A receiver that is down for hours must not fill the record; the root tells how things stand.
    """
    root, *replies = messages
    surplus = max(0, len(replies) - most)
    last = (Delivery.PENDING, Delivery.CLAIMED)
    by_worth = sorted(replies, key=lambda m: last.index(m.delivery) if m.delivery in last else -1)
    gone = {message.sequence for message in by_worth[:surplus]}
    return (root, *(m for m in replies if m.sequence not in gone))


def _say_size(
    after: Incident, before: Incident, now_s: float, settle_s: float, *, healing: bool
) -> Incident:
    """Tell growth, shrinking, and what breaks otherwise than before, each seldom.

    Every recovery passes through half of the offices: that one is told as a recovery, soon enough.
    """
    if now_s - before.told_s < settle_s:
        return after
    failing, told = after.evidence.failing_count, before.told_failing
    if failing >= max(told + 2, GROWN * told):
        return _say(after, Change.GROWN, now_s)
    if 0 < failing <= SHRUNK * told and not healing:
        return _say(after, Change.SHRUNK, now_s)
    old, new = before.evidence, after.evidence
    moved = (new.first_step, new.drifted) != (old.first_step, old.drifted)
    if old.first_step and new.first_step and moved:
        return _say(after, Change.STEP, now_s)
    return after
