"""ledger -> judge: how long each step usually takes, from this office's own weeks before.

At start and at each midnight of the office's own clock the ledgers of the same day of the last four
weeks are read back. Until all of them have answered, nothing is usual, and only the steps' own
thresholds count; an exchange that does not answer is asked again a minute later. Probing never
waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import structlog

from agent.clock import Clock
from agent.core import ledger, rhythm, vocabulary
from agent.core.ledger import Day
from agent.core.model import StepName
from agent.pipeline.office import Office
from agent.ports import Drop, Exchange, ExchangeError, Meters

LOOK_S = 60.0
"""How often it is seen whether a day or an hour has begun, and what is missing asked for."""

_log = structlog.get_logger(__name__)


class Recollection:
    """Keeps one office's rhythm that of the present day, for as long as it lives."""

    def __init__(
        self,
        *,
        office: Office,
        exchange: Exchange,
        clock: Clock,
        meters: Meters,
        journeys: Mapping[str, Sequence[StepName]],
    ) -> None:
        """``journeys``: the steps that this office takes, by journey."""
        self._office = office
        self._exchange = exchange
        self._clock = clock
        self._meters = meters
        self._journeys = journeys
        self._hours_ahead = vocabulary.hours_ahead(office.identity.branch.zone)
        self._day = ""
        self._answered: dict[str, Day | None] = {}
        """What was read for ``_day``; None: there is none, or none that can be read."""
        self._failing = False

    async def run(self) -> None:
        """Recall until cancelled; at once over when nothing is to be measured by the usual."""
        if self._office.tuning.usual_factor == 0:
            return
        while True:
            await self._recall()
            self._tell()
            await asyncio.sleep(LOOK_S)

    async def _recall(self) -> None:
        """See that the rhythm is that of today."""
        day, _ = ledger.place(self._clock.wall_s(), self._hours_ahead)
        if day != self._day:
            self._day, self._answered = day, {}
        if self._office.rhythm.day == day:
            return
        try:
            for week in rhythm.weeks_before(day):
                if week not in self._answered:
                    self._answered[week] = await self._read(week)
        except ExchangeError as error:
            self._note(error)
            return
        self._note(None)
        self._learn(day)

    async def _read(self, day: str) -> Day | None:
        record = await self._exchange.own_ledger(day)
        if record.revision == 0:
            return None
        try:
            return ledger.decode(self._branch, day, record.value)
        except ValueError as error:
            self._meters.dropped(Drop.LEDGER)
            _log.warning("own_ledger_unreadable", branch=self._branch, day=day, reason=str(error))
            return None

    def _learn(self, day: str) -> None:
        weeks = [each for each in self._answered.values() if each is not None]
        self._office.rhythm = rhythm.learn(
            day, self._hours_ahead, weeks, self._journeys, self._office.tuning
        )
        self._answered = {}
        _log.info("usual_recalled", branch=self._branch, day=day, weeks=len(weeks))

    def _tell(self) -> None:
        """What is usual in this hour, for the meters."""
        wall_s = self._clock.wall_s()
        for journey, steps in self._journeys.items():
            usuals = self._office.rhythm.usual(journey, wall_s)
            for step in steps:
                usual = usuals.get(step.id)
                self._meters.usual(journey, step.id, usual.duration_s if usual else None)

    @property
    def _branch(self) -> str:
        return self._office.identity.branch.id

    def _note(self, error: ExchangeError | None) -> None:
        """That nothing can be recalled is logged once when it starts; what is recalled, when."""
        if error is not None and not self._failing:
            _log.warning(
                "usual_not_recalled",
                branch=self._branch,
                error=type(error).__name__,
                reason=str(error),
            )
        self._failing = error is not None
