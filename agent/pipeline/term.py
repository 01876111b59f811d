"""exchange -> detect -> incident: what the one elected agent does, from election to deadline.

A term begins with nothing but the records of the exchange: every branch's newest status, and the
open incidents, which are taken over and rewritten under the new term so that a former leader's late
writes conflict. On each tick the nation is assessed and the incidents advance, each by itself: a
record that cannot be written holds up neither the others nor the bulletin. While nothing arrives
from the offices nothing is assessed, and a term that stays so is given up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace

import structlog

from agent.clock import Clock
from agent.core import attribution, storm, wire
from agent.core import incident as incidents
from agent.core.attribution import Ground, Place
from agent.core.codec import WireError
from agent.core.graph import Graph
from agent.core.incident import Incident, Phase
from agent.core.model import AlarmPhase, Branch, Routes, Situation
from agent.core.nation import Nation, Outlook
from agent.core.stream_time import StreamTime
from agent.core.tuning import Tuning
from agent.core.wording import Wording
from agent.pipeline.announcing import Announcer
from agent.pipeline.delivery import Deliverer
from agent.pipeline.incident_book import IncidentBook
from agent.pipeline.leadership import Leadership
from agent.pipeline.scribe import Scribe
from agent.pipeline.storms import Storms
from agent.pipeline.telling import Desk
from agent.ports import (
    BeatPut,
    Drop,
    Exchange,
    ExchangeError,
    Meters,
    Notifier,
    Record,
    Silent,
    Stale,
    StatusPut,
    Synced,
    WatchEvent,
)

TICK_S = 0.5
SYNC_S = 20.0
"""A leader that sees nothing of the offices for this long lets another one try."""
SETTLE_PERIODS = 1.2
"""Periods after which every office has been asked again."""

_log = structlog.get_logger(__name__)


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


class Term:
    """One term: what the leader knows, and its loops."""

    def __init__(  # noqa: PLR0913 - what a term depends on, each by its name
        self,
        *,
        branch: str,
        number: int,
        exchange: Exchange,
        leadership: Leadership,
        notifier: Notifier,
        mandate: Mandate,
        clock: Clock,
        meters: Meters,
    ) -> None:
        self.number = number
        self.book = IncidentBook(exchange, leadership.may_act)
        self.nation = Nation(
            branches=tuple(mandate.branches.values()),
            periods_s=mandate.periods_s,
            tuning=mandate.tuning,
            revision=mandate.revision,
        )
        self.outlook: Outlook | None = None
        self.fell_silent: set[str] = set()
        """Branches that were silent at some time in this term."""
        self._branch = branch
        self._exchange = exchange
        self._mandate = mandate
        self._clock = clock
        self._meters = meters
        self._stream = StreamTime(clock.now_s(), clock.wall_s())
        self._synced = asyncio.Event()
        self._trouble: list[ExchangeError] = []
        """What kept us from writing something, on this tick."""
        self.announcer = Announcer(
            branch=branch,
            nation=mandate.revision,
            exchange=exchange,
            authority=leadership,
            clock=clock,
        )
        self._ground = Ground(
            graph=mandate.graph,
            branches=mandate.branches,
            present=self.nation.present,
            hold_s=mandate.tuning.hold_dependant_s,
        )
        desk = Desk(
            branch=branch,
            notifier=notifier,
            authority=leadership,
            wording=mandate.wording,
            fallback=mandate.routes.fallback,
            clock=clock,
            stream_now_s=self.stream_now_s,
            meters=meters,
        )
        self._delivery = Deliverer(desk, self.book)
        self._scribe = Scribe(self.book, mandate.wording, meters)
        self._storms = Storms(self.book, self._scribe, mandate.wording)

    def stream_now_s(self) -> float:
        """The exchange's time now."""
        return self._stream.at(self._clock.now_s())

    async def run(self) -> None:
        """Lead until cancelled. Raises TimeoutError, in a group, when we see nothing."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch_for_ever())
            await self._see()
            await self._take_over()
            tasks.create_task(self._delivery.run())
            tasks.create_task(self._assess_for_ever())

    # --- exchange -> detect

    async def _watch_for_ever(self) -> None:
        async for event in self._exchange.watch(self._mandate.tuning.silent_after_s):
            self._take(event)

    def _take(self, event: WatchEvent) -> None:
        match event:
            case StatusPut(record=record, live=live):
                self._take_status(record, live=live)
            case BeatPut(record=record, live=live):
                if live:
                    self._stream.learn(record.stored_s, self._clock.now_s())
                self.nation.beat(record.name, record.stored_s, self.stream_now_s())
            case Silent(branch=branch):
                _log.warning("branch_silent", silent=branch)
                self.fell_silent.add(branch)
                self.nation.fall_silent(branch)
            case Stale(why=why):
                _log.warning("watch_stale", branch=self._branch, why=why)
                self._synced.clear()
            case Synced():
                self._synced.set()

    def _take_status(self, record: Record, *, live: bool) -> None:
        if live:
            self._stream.learn(record.stored_s, self._clock.now_s())
        try:
            status = wire.decode_status(record.name, record.value)
        except WireError as error:
            self._meters.dropped(Drop.STATUS)
            _log.warning("status_unreadable", sender=record.name, reason=str(error))
            return
        now_s = max(self.stream_now_s(), record.stored_s if live else 0.0)
        if not self.nation.hear(record.name, status, record.stored_s, now_s):
            self._meters.dropped(Drop.STATUS)

    # --- detect -> incident

    async def _take_over(self) -> None:
        """Read the incidents, rewrite the open ones under this term, and stand where they stand."""
        await self.book.load()
        for standing in self.book.incidents():
            if not (standing.open or standing.untold):
                continue
            await self.book.change(
                standing.name, lambda i: replace(i, term=self.number) if i is not None else None
            )
            if standing.open:
                self.nation.resume(
                    service=standing.root,
                    channels=standing.channels,
                    scope=standing.scope,
                    group=standing.group,
                    since_s=standing.since_s,
                    declared_s=standing.opened_s,
                    members=standing.evidence.failing,
                    recovering=standing.phase is Phase.RECOVERING,
                    ended_s=standing.ended_s,
                    now_s=self.stream_now_s(),
                )
        self._storms.take_over(self.stream_now_s())

    async def _see(self) -> None:
        """Wait until the picture of the offices is whole."""
        async with asyncio.timeout(SYNC_S):
            await self._synced.wait()

    async def _assess_for_ever(self) -> None:
        fails = False
        while True:
            await self._see()
            self._trouble.clear()
            await self._assess()
            if bool(self._trouble) != fails:
                fails = not fails
                said = "assessment_not_stored" if fails else "assessment_stored_again"
                _log.warning(said, branch=self._branch, reasons=[str(e) for e in self._trouble])
            await asyncio.sleep(TICK_S)

    async def _try(self, writing: Awaitable[object]) -> None:
        """What cannot be written now is decided again on the next tick."""
        try:
            await writing
        except ExchangeError as error:
            self._trouble.append(error)

    async def _assess(self) -> None:
        now_s = self.stream_now_s()
        outlook = self.nation.assess(now_s)
        self.outlook = outlook
        for blip in outlook.blips:
            _log.info(
                "blip", service=blip.service, channel=blip.channel, seconds=round(blip.duration_s)
            )
        standing = {i.name: i for i in self.book.incidents() if i.open}
        situations = attribution.attribute(outlook, _open_roots(standing), self._ground)
        fresh: list[Situation] = []
        for situation in situations:
            name = incidents.record_name(situation.scope, situation.group, situation.root)
            if name in standing:
                await self._try(self._advance(standing[name], situation, now_s))
            elif situation.phase is AlarmPhase.DECLARED:
                fresh.append(situation)
        await self._open(fresh, outlook, now_s)
        for name in self._storms.due():
            await self._try(self._storms.tend(name, now_s))
        still_open = [i for i in self.book.incidents() if i.open]
        await self._try(self.announcer.announce(outlook, still_open))

    async def _open(self, fresh: list[Situation], outlook: Outlook, now_s: float) -> None:
        standing = [i for i in self.book.incidents() if i.open]
        troubles: list[Situation | Incident] = [*fresh, *standing]
        involved = {service for each in troubles for service in (each.root, *each.affected)}
        suspected = {a.service for a in outlook.assessments.values() if a.suspected} - involved
        for opening in storm.openings(fresh, standing, suspected, now_s):
            await self._try(self._open_one(opening, now_s))

    async def _open_one(self, opening: storm.Opening, now_s: float) -> None:
        situation = opening.situation
        name = incidents.record_name(situation.scope, situation.group, situation.root)
        channel = self._mandate.routes.channel(situation.scope, situation.severity, situation.root)

        def how(before: Incident | None) -> Incident | None:
            if before is not None and self._goes_on(before, now_s):
                return self._advanced(before, situation, now_s)
            return incidents.begin(
                situation, channel=channel, term=self.number, now_s=now_s, storm=opening.storm
            )

        earlier = self.book.get(name)
        opened = await self.book.change(name, how)
        if opened is None:
            return
        _log.warning(
            "incident_open",
            id=opened.id,
            severity=opened.severity.value,
            failing=len(opened.evidence.failing),
            reporting=opened.evidence.reporting,
            storm=opened.storm,
        )
        continued = earlier is not None and earlier.id == opened.id
        self._storms.stir(opened, earlier if continued else None)

    def _goes_on(self, before: Incident, now_s: float) -> bool:
        """A service that breaks again continues its incident, if that can still be told of."""
        if before.open or before.storm is None:
            return not incidents.opens_anew(before, now_s)
        teller = self.book.get(before.storm)
        return teller is not None and teller.open and not incidents.opens_anew(before, now_s)

    async def _advance(self, standing: Incident, situation: Situation, now_s: float) -> None:
        def how(incident: Incident | None) -> Incident | None:
            return self._advanced(incident, situation, now_s) if incident is not None else None

        after = await self.book.change(standing.name, how)
        if after is None or after.revision == standing.revision:
            return
        if after.phase is not standing.phase:
            _log.warning("incident_phase", id=after.id, phase=after.phase.value)
        self._storms.stir(after, standing)

    def _advanced(self, incident: Incident, situation: Situation, now_s: float) -> Incident:
        """The incident advanced, and its new replies put into words."""
        settle_s = SETTLE_PERIODS * self._mandate.periods_s.get(incident.root, 0.0)
        after = incidents.advance(
            incident, situation, term=self.number, now_s=now_s, settle_s=settle_s
        )
        return self._scribe.worded(after, incident)


def _open_roots(standing: Mapping[str, Incident]) -> dict[Place, frozenset[str]]:
    roots: dict[Place, set[str]] = {}
    for incident in standing.values():
        roots.setdefault((incident.scope, incident.group), set()).add(incident.root)
    return {place: frozenset(names) for place, names in roots.items()}
