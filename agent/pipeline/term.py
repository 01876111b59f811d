"""exchange -> detect -> incident: what the one elected agent does, from election to deadline.

A term begins with nothing but the records of the exchange: every branch's newest status, and the
open incidents, which are taken over and rewritten under the new term so that a former leader's late
writes conflict. On each tick the nation is assessed and the incidents advance, each by itself: a
record that cannot be written holds up neither the others nor the bulletin. While nothing arrives
from the offices nothing is assessed, and a term that stays so is given up.
"""

from __future__ import annotations

import asyncio

import structlog

from agent.clock import Clock
from agent.core import wire
from agent.core.codec import WireError
from agent.core.nation import Outlook
from agent.core.stream_time import StreamTime
from agent.pipeline.announcing import Announcer
from agent.pipeline.deciding import Decider
from agent.pipeline.delivery import Deliverer
from agent.pipeline.incident_book import IncidentBook
from agent.pipeline.leadership import Leadership
from agent.pipeline.mandate import Mandate
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

_log = structlog.get_logger(__name__)


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
        self.nation = mandate.nation()
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
        self.announcer = Announcer(
            branch=branch,
            nation=mandate.revision,
            exchange=exchange,
            authority=leadership,
            clock=clock,
        )
        self._decider = Decider(
            term=number, nation=self.nation, book=self.book, mandate=mandate, meters=meters
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

    def stream_now_s(self) -> float:
        """The exchange's time now."""
        return self._stream.at(self._clock.now_s())

    async def run(self) -> None:
        """Lead until cancelled. Raises TimeoutError, in a group, when we see nothing."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch_for_ever())
            await self._see()
            await self.book.load()
            await self._decider.take_over(self.stream_now_s())
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

    async def _see(self) -> None:
        """Wait until the picture of the offices is whole."""
        async with asyncio.timeout(SYNC_S):
            await self._synced.wait()

    async def _assess_for_ever(self) -> None:
        fails = False
        while True:
            await self._see()
            trouble = await self._assess()
            if bool(trouble) != fails:
                fails = not fails
                said = "assessment_not_stored" if fails else "assessment_stored_again"
                _log.warning(said, branch=self._branch, reasons=[str(e) for e in trouble])
            await asyncio.sleep(TICK_S)

    async def _assess(self) -> list[ExchangeError]:
        """One tick; what could not be written is decided again on the next."""
        outlook = self.outlook = self.nation.assess(self.stream_now_s())
        for blip in outlook.blips:
            _log.info(
                "blip", service=blip.service, channel=blip.channel, seconds=round(blip.duration_s)
            )
        trouble = await self._decider.decide(outlook)
        try:
            await self.announcer.announce(outlook, [i for i in self.book.incidents() if i.open])
        except ExchangeError as error:
            trouble.append(error)
        return trouble
