"""detect -> notify: once a day, one message of who takes no part.

Its record bears the day in its name, and whoever leads at that time writes it if it is not there:
so a day has one digest, whichever leader dies or is elected meanwhile. It is told by the very steps
by which an incident is told.
"""

from __future__ import annotations

from dataclasses import replace

import structlog

from agent.core import absences
from agent.core.absences import Absences
from agent.core.digest import DigestPlan
from agent.core.incident import Incident
from agent.core.nation import Nation, Outlook
from agent.pipeline.incident_book import IncidentBook
from agent.ports import ExchangeError, Meters

_log = structlog.get_logger(__name__)


class DigestKeeper:
    """Writes the digests that fall due in one term."""

    def __init__(
        self,
        *,
        term: int,
        book: IncidentBook,
        nation: Nation,
        plan: DigestPlan,
        seen: Absences,
        meters: Meters,
    ) -> None:
        self._term = term
        self._book = book
        self._nation = nation
        self._plan = plan
        self._seen = seen
        self._meters = meters
        self._done: str | None = None
        """The day that needs no second look."""

    async def decide(self, outlook: Outlook) -> list[ExchangeError]:
        """Note who is missing, and write the day's digest when it is due and not there.

        Returns what could not be written. A leader that has not heard every office, nor long
        enough to call it silent, has nothing to say yet.
        """
        self._seen.look(outlook)
        day = self._plan.day_due(outlook.at_s)
        if day is None or day == self._done or outlook.attendance.unheard:
            return []
        try:
            await self._write(day, outlook)
        except ExchangeError as error:
            return [error]
        self._done = day
        return []

    async def _write(self, day: str, outlook: Outlook) -> None:
        name = absences.record_name(day)
        stands = await self._book.change(name, lambda found: self._begun(found, day, outlook))
        if stands is not None and stands.since_s == outlook.at_s:
            self._meters.digest_written()
        _log.info("digest_stands", day=day, untold=stands is not None and stands.untold)

    def _begun(self, found: Incident | None, day: str, outlook: Outlook) -> Incident:
        """One that a leader before us left untold is taken over: its late writes shall conflict."""
        if found is None:
            digest = self._seen.digest(outlook, self._nation.why_not)
            return absences.begin(digest, day, self._plan, term=self._term)
        return replace(found, term=self._term) if found.untold else found
