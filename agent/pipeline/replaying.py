"""recording -> detect -> incident: what would have been told under this configuration, and when.

The records go through the very nation, attribution and incidents that a leader has, in the order of
their own time. Where a new leader began, one begins here: it takes over what is open. Where nothing
was recorded for more than a minute nobody knows what happened: no time passes for the detector, a
new leader begins with the statuses that are known, and the gap is told. Every message is told at
once.

The newest term is followed. Where no leader recorded, the offices' own statuses are what there is;
they bear their offices' wall clocks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import ceil, floor

from agent.core import codec, incident_circumstances, wire
from agent.core import incident as incidents
from agent.core.codec import WireError
from agent.core.detector import Blip
from agent.core.incident import Delivery, Incident
from agent.core.model import Status
from agent.core.nation import Outlook
from agent.core.order import Order as PersonsOrder
from agent.core.tuning import STATUS_S
from agent.pipeline.deciding import Decider
from agent.pipeline.incident_book import IncidentBook
from agent.pipeline.maintaining import PlannedWork
from agent.pipeline.mandate import Mandate
from agent.pipeline.reminding import Reminder
from agent.pipeline.scribe import Scribe
from agent.pipeline.term import TICK_S
from agent.ports import (
    BeatPut,
    MaintenancePut,
    Meters,
    OrderPut,
    OwnStatus,
    Record,
    Recorded,
    RecordedEvent,
    Silent,
    Stale,
    StatusPut,
    Synced,
    TermBegan,
)

IDLE_S = 5.0
"""So often at least the nation is assessed while nothing is suspected and nobody says anything."""
GAP_S = 60.0
BACK_S = 5.0
"""Recorded times may disagree by this much; a larger step back is a clock that was set."""
UNHEARD_S = STATUS_S + GAP_S
"""An office that says nothing of itself for so long is silent, where no leader watched."""
NAMES_KEPT = 200
OTHERS = "others"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time of which nothing was recorded."""

    from_s: float
    until_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A focus that would have been ordered."""

    at_s: float
    service: str
    kind: str


@dataclass(slots=True, kw_only=True)
class Replayed:
    """What a replay came to. Times are stream time, seconds since 1970."""

    began_s: float | None = None
    ended_s: float | None = None
    records: int = 0
    """Lines that were followed."""
    assessed_s: float = 0.0
    blind_s: float = 0.0
    """Of these, with too few offices reporting for anything national."""
    incidents: dict[str, Incident] = field(default_factory=dict)
    """By id, as they stood last."""
    roots: Counter[str] = field(default_factory=Counter)
    """Root messages, by the incident's id; 0 for one that a storm's message tells."""
    replies: Counter[str] = field(default_factory=Counter)
    blips: list[tuple[float, Blip]] = field(default_factory=list)
    """With the moment at which each came to nothing."""
    orders: list[Order] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    nations: Counter[str] = field(default_factory=Counter)
    """Statuses by the nation.yaml, revision and hash, under which they were recorded."""
    unreadable: int = 0
    """Statuses that the leader could not have read either."""
    strangers: set[str] = field(default_factory=set)
    """Offices that are not on the roster; ``NAMES_KEPT`` at most."""
    unwatched: set[str] = field(default_factory=set)
    """Services that no journey of this configuration exercises; as many at most."""


class Replay:
    """One replay; feed it every record, then ask it to finish."""

    def __init__(self, mandate: Mandate, meters: Meters, *, idle_s: float = IDLE_S) -> None:
        """``idle_s``: the longest time without an assessment; the outcome does not depend on it."""
        self.replayed = Replayed()
        self._mandate = mandate
        self._meters = meters
        self._idle_ticks = max(1, round(idle_s / TICK_S))
        self._book = IncidentBook(_Shelf(), lambda: True)
        self._scribe = Scribe(self._book, mandate.wording, meters)
        self._planned = PlannedWork(mandate.calendar)
        self._known: dict[str, tuple[Status, float]] = {}
        """The newest status of each office, and when it was stored."""
        self._speaker: str | None = None
        """Whose watch is followed; None: the offices' own statuses."""
        self._terms = 0
        self._tick = 0
        """Number of the last tick; it is due at so many ``TICK_S``."""
        self._begin()

    async def feed(self, recorded: Recorded) -> None:
        """Let time pass to the next record, and take it."""
        patience_s = UNHEARD_S if self._speaker is None else GAP_S
        if not self._follows(recorded):
            return
        self.replayed.records += 1
        await self._pass_to(recorded.at_s, patience_s)
        if isinstance(recorded.event, OrderPut):
            await self._obey(recorded.event.record, recorded.at_s)
        elif isinstance(recorded.event, MaintenancePut):
            self._planned.take(recorded.event.record)
        else:
            self._take(recorded.event, recorded.at_s)
        self._news = True

    async def finish(self) -> Replayed:
        """Let the last records have their effect, and say what it came to."""
        if self.replayed.ended_s is not None:
            await self._tick_until(self.replayed.ended_s + TICK_S)
        return self.replayed

    # --- whom to follow

    def _follows(self, recorded: Recorded) -> bool:
        """The newest term, and what its leader's recording says; else the offices themselves."""
        now_s = self.replayed.ended_s
        lost = now_s is None or recorded.at_s - now_s > GAP_S
        match recorded.event:
            case TermBegan():
                self._speaker = recorded.source
            case OwnStatus():
                self._speaker = None if lost else self._speaker
                return self._speaker is None
            case _ if lost or self._speaker is None:
                self._speaker = recorded.source
        return self._speaker == recorded.source

    # --- time

    async def _pass_to(self, at_s: float, patience_s: float) -> None:
        """To the next record; one that comes after more than ``patience_s`` is behind a gap."""
        now_s = self.replayed.ended_s
        if now_s is None:
            self.replayed.began_s = at_s
            self._begin_at(at_s)
        elif at_s - now_s > patience_s:
            self.replayed.gaps.append(Gap(from_s=now_s, until_s=at_s))
            self._begin_at(at_s)
        elif now_s - at_s > BACK_S:
            self._begin_at(at_s)
        else:
            await self._tick_until(at_s)
            at_s = max(now_s, at_s)
        self.replayed.ended_s = at_s

    async def _tick_until(self, at_s: float) -> None:
        while (number := self._next_tick()) * TICK_S <= at_s:
            await self._assess(number)

    def _next_tick(self) -> int:
        if self._busy:
            return self._tick + 1
        if self._news:
            return max(self._tick + 1, ceil((self.replayed.ended_s or 0.0) / TICK_S))
        return self._tick + self._idle_ticks

    # --- what a leader does

    def _begin(self) -> None:
        """A new leader: nothing is known but the incidents."""
        self._terms += 1
        self._nation = self._mandate.nation()
        self._decider = Decider(
            term=self._terms,
            nation=self._nation,
            book=self._book,
            mandate=self._mandate,
            meters=self._meters,
            planned=self._planned,
        )
        self._reminder = Reminder(
            book=self._book,
            scribe=self._scribe,
            reminders=self._mandate.reminders,
            meters=self._meters,
        )
        self._sees = self._took_over = False
        self._busy = self._news = False
        self._order: int | None = None

    def _begin_at(self, at_s: float) -> None:
        """A new leader, with the statuses that an exchange would still have."""
        self._begin()
        self._tick = floor(at_s / TICK_S)
        for branch, (status, stored_s) in self._known.items():
            self._nation.hear(branch, status, stored_s, at_s)

    async def _obey(self, record: Record, at_s: float) -> None:
        """What a person decided about the incident of that name that was open then, is open now.

        Under this configuration it may have opened at another time, and so under another id.
        """
        try:
            order = codec.from_bytes(PersonsOrder, record.value)
        except WireError:
            self.replayed.unreadable += 1
            return

        def how(standing: Incident | None) -> Incident | None:
            if standing is None or not standing.open or not order.kind.known:
                return standing
            meant = replace(order.dated(record.stored_s), incident=standing.id)
            after = incident_circumstances.obeyed(standing, meant, at_s)
            return after if after is standing else self._scribe.worded(after, standing)

        await self._book.change(order.incident_record, how)

    def _take(self, event: RecordedEvent, at_s: float) -> None:
        match event:
            case TermBegan():
                self._begin()
            case StatusPut(record=record, live=live):
                self._sees |= live
                self._hear(record, at_s)
            case OwnStatus(record=record):
                self._sees = True
                self._hear(record, at_s)
            case BeatPut(record=record, live=live):
                self._sees |= live
                self._nation.beat(record.name, record.stored_s, at_s)
            case Silent(branch=branch):
                self._nation.fall_silent(branch)
            case Stale() | Synced():
                self._sees = isinstance(event, Synced)

    def _hear(self, record: Record, at_s: float) -> None:
        try:
            status = wire.decode_status(record.name, record.value)
        except WireError:
            self.replayed.unreadable += 1
            return
        if not self._nation.hear(record.name, status, record.stored_s, at_s):
            _keep(self.replayed.strangers, [record.name])
            return
        self._known[record.name] = (status, record.stored_s)
        nations = self.replayed.nations
        known = status.nation in nations or len(nations) < NAMES_KEPT
        nations[status.nation if known else OTHERS] += 1
        if not status.services.keys() <= self._mandate.periods_s.keys():
            unwatched = status.services.keys() - self._mandate.periods_s.keys()
            _keep(self.replayed.unwatched, sorted(unwatched))

    async def _assess(self, number: int) -> None:
        passed_s, now_s = (number - self._tick) * TICK_S, number * TICK_S
        self._tick, self._news = number, False
        if not self._sees:
            return
        if not self._took_over:
            self._took_over = True
            await self._decider.take_over(now_s)
        if self._speaker is None:
            self._miss(now_s)
        self._nation.maintain(self._planned.calendar.offices(now_s))
        outlook = self._nation.assess(now_s)
        await self._decider.decide(outlook)
        await self._reminder.remind(now_s)
        await self._tell()
        self._note(outlook, passed_s)

    def _miss(self, now_s: float) -> None:
        """Where no leader watched, nobody noted who fell silent."""
        for branch, (_, stored_s) in self._known.items():
            if now_s - stored_s > UNHEARD_S:
                self._nation.fall_silent(branch)

    async def _tell(self) -> None:
        for standing in self._book.incidents():
            if not standing.untold:
                continue
            told = await self._book.change(standing.name, _told)
            for message in standing.messages if told is not None else ():
                if message.delivery is Delivery.PENDING:
                    counted = self.replayed.replies if message.sequence else self.replayed.roots
                    counted[standing.id] += 1

    def _note(self, outlook: Outlook, passed_s: float) -> None:
        replayed = self.replayed
        replayed.assessed_s += passed_s
        replayed.blind_s += passed_s if outlook.attendance.blind else 0.0
        replayed.blips += [(outlook.at_s, blip) for blip in outlook.blips]
        replayed.incidents.update((each.id, each) for each in self._book.incidents())
        order = outlook.focus.order if outlook.focus else None
        if outlook.focus is not None and order != self._order:
            replayed.orders.append(
                Order(at_s=outlook.at_s, service=outlook.focus.service, kind=outlook.focus.kind)
            )
        self._order = order
        self._busy = (
            order is not None
            or any(each.open for each in self._book.incidents())
            or any(a.suspected or a.alarms or a.score for a in outlook.assessments.values())
        )


class _Shelf:
    """Implements :class:`agent.pipeline.incident_book.Records`: every write succeeds, at once."""

    def __init__(self) -> None:
        self._revision = 0

    async def records(self, prefix: str) -> Sequence[Record]:
        """Nothing stands here but what the book itself knows."""
        del prefix
        return ()

    async def read(self, name: str) -> Record:
        """The same."""
        return Record(name=name)

    async def compare_and_set(self, name: str, value: bytes, expect: int) -> int:
        """Nobody else writes."""
        del name, value, expect
        self._revision += 1
        return self._revision


def _told(incident: Incident | None) -> Incident | None:
    """Everything that waits has been posted."""
    if incident is None:
        return None
    for each in incident.messages:
        if each.delivery is Delivery.PENDING:
            incident = incidents.with_message(incident, replace(each, delivery=Delivery.POSTED))
    return incident


def _keep(names: set[str], more: Sequence[str]) -> None:
    names.update(more[: max(0, NAMES_KEPT - len(names))])
