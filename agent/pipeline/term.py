"""exchange -> detect -> incident: what the one elected agent does, from election to deadline.

A term begins with nothing but the records of the exchange: every branch's newest status, and the
open incidents, which are taken over and rewritten under the new term so that a former leader's late
writes conflict. On each tick the nation is assessed and the incidents advance, each by itself: a
record that cannot be written holds up neither the others nor the bulletin. While nothing arrives
from the offices nothing is assessed, and a term that stays so is given up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Set as AbstractSet

import structlog

from agent.clock import Clock
from agent.core import blindness
from agent.core.absences import Absences
from agent.core.account import ServiceAccount
from agent.core.census import Census
from agent.core.detector import Blip
from agent.core.nation import Outlook
from agent.core.view import BULLETIN_FRESH_S
from agent.pipeline.announcing import Announcer
from agent.pipeline.blindness import BlindnessKeeper
from agent.pipeline.deciding import Decider
from agent.pipeline.delivery import Deliverer
from agent.pipeline.digesting import DigestKeeper
from agent.pipeline.handing import Handing
from agent.pipeline.incident_book import IncidentBook
from agent.pipeline.leadership import Leadership
from agent.pipeline.lookout import Lookout
from agent.pipeline.maintaining import PlannedWork, PlannedWorkReader
from agent.pipeline.mandate import Mandate
from agent.pipeline.orders import OrderReader
from agent.pipeline.reaching import Asker
from agent.pipeline.reminding import Reminder
from agent.pipeline.scribe import Scribe
from agent.pipeline.signs import SignReader
from agent.pipeline.telling import Desk
from agent.ports import Exchange, ExchangeError, Meters, Notifier, Receivers, Recorder, TermBegan

TICK_S = 0.5

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
        recorder: Recorder | None = None,
        receivers: Receivers = tuple,
    ) -> None:
        self.number = number
        self.book = IncidentBook(exchange, leadership.may_act)
        self.nation = mandate.nation()
        self.outlook: Outlook | None = None
        self._planned = PlannedWork(mandate.calendar)
        self._branch = branch
        self._meters = meters
        self._lookout = Lookout(
            branch=branch,
            exchange=exchange,
            nation=self.nation,
            silent_after_s=mandate.tuning.silent_after_s,
            clock=clock,
            meters=meters,
            recorder=recorder,
            began=TermBegan(branch=branch, term=number, nation=mandate.revision),
        )
        self.announcer = Announcer(
            branch=branch,
            nation=mandate.revision,
            exchange=exchange,
            authority=leadership,
            clock=clock,
        )
        self._decider = Decider(
            term=number,
            nation=self.nation,
            book=self.book,
            mandate=mandate,
            meters=meters,
            planned=self._planned,
        )
        self._planned_reader = PlannedWorkReader(
            exchange=exchange,
            planned=self._planned,
            stream_now_s=self._lookout.stream_now_s,
            recorder=recorder,
        )
        self._blindness = BlindnessKeeper(
            term=number,
            spell=blindness.Spell(mandate.branches),
            book=self.book,
            scribe=Scribe(self.book, mandate.wording, meters),
            channel=mandate.routes.main,
        )
        self._orders = OrderReader(
            exchange=exchange,
            book=self.book,
            scribe=Scribe(self.book, mandate.wording, meters),
            stream_now_s=self._lookout.stream_now_s,
            recorder=recorder,
        )
        self._reminder = Reminder(
            book=self.book,
            scribe=Scribe(self.book, mandate.wording, meters),
            reminders=mandate.reminders,
            meters=meters,
        )
        self._digest = DigestKeeper(
            term=number,
            book=self.book,
            nation=self.nation,
            plan=mandate.digest,
            seen=Absences(mandate.branches, mandate.digest),
            meters=meters,
        )
        self._signs = SignReader(
            exchange=exchange,
            book=self.book,
            notifier=notifier,
            signs=mandate.acknowledge,
            authority=leadership,
            clock=clock,
            stream_now_s=self._lookout.stream_now_s,
            meters=meters,
        )
        desk = Desk(
            branch=branch,
            notifier=notifier,
            authority=leadership,
            wording=mandate.wording,
            fallback=mandate.routes.fallback,
            clock=clock,
            stream_now_s=self._lookout.stream_now_s,
            meters=meters,
            store_made_s=leadership.fence[0],
        )
        self._delivery = Deliverer(desk, self.book)
        self._asker = Asker(notifier, clock, meters)
        self._handing = Handing(receivers(), self.book)

    @property
    def fell_silent(self) -> AbstractSet[str]:
        """Branches that were silent at some time in this term."""
        return self._lookout.fell_silent

    def stream_now_s(self) -> float:
        """The exchange's time now."""
        return self._lookout.stream_now_s()

    def account(self, service: str) -> ServiceAccount | None:
        """All numbers behind what is said of a service now; None: the nation is not seen."""
        now_s = self._lookout.stream_now_s()
        if self.outlook is None or now_s - self.outlook.at_s > BULLETIN_FRESH_S:
            return None
        return self.nation.account(service, now_s)

    def census(self) -> Census | None:
        """Every office as it is seen now; None: the nation is not seen."""
        now_s = self._lookout.stream_now_s()
        if self.outlook is None or now_s - self.outlook.at_s > BULLETIN_FRESH_S:
            return None
        return self.nation.census(now_s)

    async def run(self) -> None:
        """Lead until cancelled. Raises TimeoutError, in a group, when we see nothing."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._lookout.run())
            await self._lookout.see()
            await self.book.load()
            await self._planned_reader.look()
            await self._decider.take_over(self._lookout.stream_now_s())
            tasks.create_task(self._delivery.run())
            tasks.create_task(self._handing.run())
            tasks.create_task(self._orders.run())
            tasks.create_task(self._planned_reader.run())
            tasks.create_task(self._signs.run())
            tasks.create_task(self._asker.run())
            tasks.create_task(self._assess_for_ever())

    async def _assess_for_ever(self) -> None:
        fails = False
        while True:
            await self._lookout.see()
            self._lookout.miss()
            trouble = await self._assess()
            if bool(trouble) != fails:
                fails = not fails
                said = "assessment_not_stored" if fails else "assessment_stored_again"
                _log.warning(said, branch=self._branch, reasons=[str(e) for e in trouble])
            await asyncio.sleep(TICK_S)

    def _note_blip(self, blip: Blip) -> None:
        """Logged and counted, never told."""
        self._meters.blipped(blip.service, blip.channel)
        _log.info(
            "blip",
            service=blip.service,
            channel=blip.channel.value,
            since_s=round(blip.since_s, 1),
            seconds=round(blip.duration_s, 1),
        )

    async def _assess(self) -> list[ExchangeError]:
        """One tick; what could not be written is decided again on the next."""
        now_s = self._lookout.stream_now_s()
        calendar = self._planned.calendar
        self.nation.maintain(calendar.offices(now_s))
        outlook = self.outlook = self.nation.assess(now_s)
        for blip in outlook.blips:
            self._note_blip(blip)
        trouble = await self._decider.decide(outlook)
        trouble += await self._blindness.decide(outlook)
        trouble += await self._reminder.remind(outlook.at_s)
        trouble += await self._digest.decide(outlook)
        try:
            standing = [i for i in self.book.incidents() if i.open]
            await self.announcer.announce(outlook, standing, calendar.notices(outlook.at_s))
        except ExchangeError as error:
            trouble.append(error)
        self._handing.give(outlook.at_s)
        return trouble
