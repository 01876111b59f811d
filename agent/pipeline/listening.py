"""exchange -> office: the leader's bulletin and beat, as every agent hears them.

What to believe of it, says :mod:`agent.core.hearing`; here it is read, and what cannot be read is
counted and logged.
"""

from __future__ import annotations

import structlog

from agent.clock import Clock
from agent.core import codec
from agent.core.codec import WireError
from agent.core.hearing import LeaderBeat
from agent.core.model import Bulletin
from agent.pipeline.office import Office
from agent.ports import Announced, Drop, Exchange, Meters

BULLETIN = "bulletin"
BEAT = "beat"

_log = structlog.get_logger(__name__)


class Listener:
    """Listens to the leader for as long as the office lives."""

    def __init__(self, *, office: Office, exchange: Exchange, clock: Clock, meters: Meters) -> None:
        self._office = office
        self._exchange = exchange
        self._clock = clock
        self._meters = meters

    async def run(self) -> None:
        """Listen until cancelled."""
        async for announced in self._exchange.announcements():
            try:
                self._take(announced, self._clock.now_s())
            except WireError as error:
                self._meters.dropped(Drop.BULLETIN)
                _log.warning(
                    "announcement_unreadable",
                    branch=self._office.identity.branch.id,
                    record=announced.record.name,
                    reason=str(error),
                )

    def _take(self, announced: Announced, now_s: float) -> None:
        if announced.record.name == BULLETIN:
            self._take_bulletin(announced, now_s)
        elif announced.record.name == BEAT and announced.live:
            self._hear(codec.from_bytes(LeaderBeat, announced.record.value), now_s)

    def _take_bulletin(self, announced: Announced, now_s: float) -> None:
        try:
            bulletin = codec.from_bytes(Bulletin, announced.record.value)
        except WireError:
            self._office.lose_bulletin()
            raise
        if self._office.take_bulletin(bulletin, now_s, live=announced.live):
            self._meters.bulletin_received(bulletin)

    def _hear(self, beat: LeaderBeat, now_s: float) -> None:
        before = self._office.bulletin
        if not self._office.hear_leader(beat.fence, now_s):
            return
        self._meters.leader_heard()
        now = self._office.bulletin
        if now is not None and now is not before:
            self._meters.bulletin_received(now)
