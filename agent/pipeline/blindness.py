"""detect -> incident: that the nation is not seen is written into a record, and told from there.

The record is an incident's, and so are its messages: claimed, looked for, posted once, edited and
ended by whoever leads. It takes no part in what incidents do to each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import structlog

from agent.core import blindness, incident_life
from agent.core.incident import Incident
from agent.core.model import AlarmPhase, Situation
from agent.core.nation import Outlook
from agent.pipeline.incident_book import IncidentBook
from agent.pipeline.scribe import Scribe
from agent.ports import ExchangeError

_log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class BlindnessKeeper:
    """Keeps the record of the nation's blindness, for one term."""

    term: int
    spell: blindness.Spell
    book: IncidentBook
    scribe: Scribe
    channel: str

    async def decide(self, outlook: Outlook) -> list[ExchangeError]:
        """Bring the record to how it stands now; returns what could not be written."""
        situation = self.spell.look(outlook)
        if situation is None:
            return []
        before = self.book.get(blindness.NAME)
        try:
            after = await self.book.change(
                blindness.NAME, lambda current: self._advanced(current, situation, outlook.at_s)
            )
        except ExchangeError as error:
            return [error]
        _note(before, after)
        return []

    def _advanced(
        self, before: Incident | None, situation: Situation, now_s: float
    ) -> Incident | None:
        if before is not None and not incident_life.opens_anew(before, now_s):
            # Numbers are kept in the root message; no reply tells of them.
            after = incident_life.advance(
                before, situation, term=self.term, now_s=now_s, settle_s=inf
            )
            return self.scribe.worded(after, before)
        if situation.phase is AlarmPhase.CLOSED:
            return before
        return incident_life.begin(situation, channel=self.channel, term=self.term, now_s=now_s)


def _note(before: Incident | None, after: Incident | None) -> None:
    """Logged once when it begins and once when it ends."""
    was_open = before is not None and before.open
    if after is None or after.open == was_open:
        return
    if after.open:
        missing, roster = after.evidence.failing_count, after.evidence.reporting
        _log.warning("nation_not_seen", id=after.id, missing=missing, roster=roster)
    else:
        seconds = round((after.ended_s or after.opened_s) - after.since_s)
        _log.warning("nation_seen_again", id=after.id, seconds=seconds)
