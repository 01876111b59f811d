"""judge -> ledger: how this office's time with each service was spent, whatever the line does.

With every verdict, and every half minute, the time since the last look is written down under what
held until then; what good runs teach of the pace of each step stands beside it. The day is stored
every 15 minutes, when it is over, and at the end of the process. What the exchange does not take is
kept and tried again a minute later; probing never waits for it. A day that was stored before this
process counted is read back once, and counted on from: so what a crash loses is 15 minutes at most.
Stored is always the whole day, so doing it twice changes nothing. Of two processes of one branch
only the newer one writes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping

import structlog

from agent.clock import Clock
from agent.core import ledger, standing, vocabulary
from agent.core.ledger import Day, Ledger
from agent.core.model import Run
from agent.core.standing import Standing
from agent.pipeline.office import Office
from agent.pipeline.sharing import Superseded
from agent.ports import Drop, Exchange, ExchangeError, Invalid, Meters, Record, SendFailure

TALLY_S = 30.0
STORE_S = 900.0
RETRY_S = 60.0
MOST_DAYS = 8
"""Days that wait for an exchange that does not answer; older ones are dropped and counted."""

_log = structlog.get_logger(__name__)


class LedgerKeeper:
    """Keeps one office's availability ledger for as long as it lives."""

    def __init__(
        self,
        *,
        office: Office,
        exchange: Exchange,
        clock: Clock,
        meters: Meters,
        lasts_s: Mapping[str, float],
        confirm: Callable[[], Awaitable[None]],
    ) -> None:
        """``lasts_s``: for how long a service's result says anything.

        ``confirm`` raises :class:`Superseded` when a newer start of this branch publishes, and
        :class:`ExchangeError` when the exchange does not say.
        """
        self._office = office
        self._exchange = exchange
        self._clock = clock
        self._meters = meters
        self._lasts_s = lasts_s
        self._confirm = confirm
        branch = office.identity.branch
        self._ledger = Ledger(branch=branch.id, hours_ahead=vocabulary.hours_ahead(branch.zone))
        self._joined: set[str] = set()
        """Days that hold what was stored before this process counted."""
        self._standings = dict.fromkeys(office.services, Standing())
        self._tallied_s = clock.now_s()
        self._due_s = clock.now_s() + STORE_S
        self._failing = False
        self._too_large = frozenset[str]()
        """Days whose lessons found no room."""
        office.on_lesson = self.teach
        office.on_judged = self.tally

    async def run(self) -> None:
        """Keep the ledger until cancelled. Raises :class:`Superseded`."""
        while True:
            await asyncio.sleep(TALLY_S)
            self.tally()
            if self._is_due():
                await self._store()

    async def say_goodbye(self) -> None:
        """Store what is left before the process ends; one that was replaced keeps quiet."""
        self.tally()
        try:
            await self._store()
        except Superseded:
            _log.info("ledger_left_to_successor", branch=self._branch)

    # --- counting

    def tally(self) -> None:
        """Write down the time until now under what held so far; then see what holds."""
        now_s = self._clock.now_s()
        ahead_s = self._clock.wall_s() - now_s
        for from_s, to_s, states in standing.lapses(self._standings, self._tallied_s, now_s):
            self._ledger = self._ledger.spend(from_s + ahead_s, to_s + ahead_s, states)
        self._tallied_s = now_s
        self._standings = self._look(now_s)
        self._bound()

    def teach(self, run: Run, services: Collection[str]) -> None:
        """Write down how long this run's steps on ``services`` took, in the hour in which it ended.

        So that what ends just after midnight is of the day that has begun.
        """
        wall_s = self._clock.wall_s()
        for facts in run.executed:
            if facts.service in services:
                self._ledger = self._ledger.teach(wall_s, run.journey, facts.step, facts.duration_s)

    def _look(self, now_s: float) -> dict[str, Standing]:
        maintained = self._office.maintained(now_s, self._clock.wall_s())
        return {
            service: standing.of(
                self._office.newest(service),
                sees=self._office.sight.sees,
                maintenance=service in maintained,
                lasts_s=self._lasts_s[service],
            )
            for service in self._office.services
        }

    def _bound(self) -> None:
        while len(self._ledger.days) > MOST_DAYS:
            oldest = min(self._ledger.days)
            self._forget(oldest)
            self._meters.dropped(Drop.LEDGER)
            _log.error("ledger_dropped", branch=self._branch, day=oldest)

    # --- storing

    def _is_due(self) -> bool:
        if self._clock.now_s() >= self._due_s:
            return True
        return not self._failing and any(map(self._is_over, self._ledger.days))

    def _is_over(self, day: str) -> bool:
        return day != self._ledger.today(self._clock.wall_s())

    async def _store(self) -> None:
        """Store every day that is here, the oldest first; one that fails holds up no other."""
        try:
            await self._confirm()
            failures = [await self._store_day(day) for day in sorted(self._ledger.days)]
        except ExchangeError as error:
            self._meters.ledger_failed(SendFailure.of(error))
            failures = [error]
        self._note(next(filter(None, failures), None))
        self._due_s = self._clock.now_s() + (RETRY_S if self._failing else STORE_S)

    async def _store_day(self, name: str) -> ExchangeError | None:
        """Store one day; returns why it is not stored."""
        try:
            await self._join(name)
            day = self._ledger.days.get(name)
            if day is None:
                return None  # Dropped meanwhile, and counted there.
            await self._exchange.write_ledger(name, self._encoded(day))
        except ExchangeError as error:
            self._meters.ledger_failed(SendFailure.of(error))
            return error
        self._meters.ledger_stored()
        if self._is_over(name) and self._ledger.days.get(name) is day:
            self._forget(name)
        return None

    async def _join(self, name: str) -> None:
        """Once for each day: take in what this branch had stored of it before."""
        if name in self._joined:
            return
        record = await self._exchange.own_ledger(name)
        self._joined.add(name)
        if record.revision > 0:
            self._take_in(name, record)

    def _encoded(self, day: Day) -> bytes:
        """The day as bytes: whole, or without its lessons. Raises :class:`Invalid`."""
        try:
            return ledger.encode(day)
        except ValueError:
            self._leave_out(day.name)
        try:
            return ledger.encode(day.without_lessons())
        except ValueError as error:
            raise Invalid(str(error)) from None

    def _leave_out(self, name: str) -> None:
        """Count lessons that do not fit, once for each day."""
        if name not in self._too_large:
            self._too_large |= {name}
            self._meters.dropped(Drop.LESSON)
            _log.warning("lessons_left_out", branch=self._branch, day=name)

    def _take_in(self, name: str, record: Record) -> None:
        try:
            self._ledger = self._ledger.join(ledger.decode(self._branch, name, record.value))
        except ValueError as error:
            self._meters.dropped(Drop.LEDGER)
            _log.warning("own_ledger_unreadable", branch=self._branch, day=name, reason=str(error))

    def _forget(self, name: str) -> None:
        self._ledger = self._ledger.forget(name)
        self._joined.discard(name)
        self._too_large -= {name}

    # --- inside

    @property
    def _branch(self) -> str:
        return self._office.identity.branch.id

    def _note(self, error: ExchangeError | None) -> None:
        """That it cannot be stored is logged once when it starts, and once when it is over."""
        if error is not None and not self._failing:
            _log.warning(
                "ledger_failing",
                branch=self._branch,
                error=type(error).__name__,
                reason=str(error),
            )
        elif error is None and self._failing:
            _log.info("ledger_back", branch=self._branch)
        self._failing = error is not None
