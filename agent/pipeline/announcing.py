"""detect -> every agent: the bulletin of the nation, on change, and the leader's own beat.

Both travel over every office's line, some of which are rationed: states are told at once, numbers
seldom, and in quiet times a beat of a few bytes says that the last bulletin still stands. Once a
minute it is told again as it is: to who could not take it, and in place of what a former leader
wrote late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from agent.clock import Clock
from agent.core import codec
from agent.core.bulletin import compose, fitted
from agent.core.hearing import LeaderBeat
from agent.core.incident import Incident
from agent.core.model import Bulletin, Fence, PlannedNotice
from agent.core.nation import Outlook
from agent.pipeline.listening import BEAT, BULLETIN
from agent.pipeline.telling import Authority
from agent.ports import MAX_VALUE_BYTES, Exchange

BEAT_S = 10.0
BULLETIN_EVERY_S = 5.0
"""Small numbers of the bulletin are rewritten at most this often."""
AGAIN_S = 60.0
"""A bulletin that stands is told anew this often."""


class FencedAuthority(Authority, Protocol):
    """What announcing asks of the election."""

    @property
    def fence(self) -> Fence:
        """Generation and term of our lease."""
        ...


class Announcer:
    """Tells every agent what the leader sees, for one term."""

    def __init__(
        self,
        *,
        branch: str,
        nation: str,
        exchange: Exchange,
        authority: FencedAuthority,
        clock: Clock,
    ) -> None:
        """``nation`` is the revision of nation.yaml that the leader judges by."""
        self.told: Bulletin | None = None
        """The bulletin that was last announced."""
        self._branch = branch
        self._nation = nation
        self._exchange = exchange
        self._authority = authority
        self._clock = clock
        self._told_s = float("-inf")
        self._beat_s = float("-inf")

    async def announce(
        self,
        outlook: Outlook,
        standing: Sequence[Incident],
        planned: Sequence[PlannedNotice] = (),
    ) -> None:
        """Tell what is new of ``outlook``, the open incidents and planned work that goes on.

        Raises an ExchangeError.
        """
        if self._authority.remaining_s() <= 0:
            return
        now_s = self._clock.now_s()
        generation, term = self._authority.fence
        bulletin = compose(
            outlook,
            standing,
            planned,
            term=term,
            generation=generation,
            leader=self._branch,
            nation=self._nation,
        )
        if self._worth_telling(bulletin, now_s):
            await self._exchange.announce(
                BULLETIN, codec.to_bytes(fitted(bulletin, MAX_VALUE_BYTES))
            )
            self.told, self._told_s, self._beat_s = bulletin, now_s, now_s
        elif now_s - self._beat_s >= BEAT_S:
            beat = LeaderBeat(term=term, generation=generation)
            await self._exchange.announce(BEAT, codec.to_bytes(beat))
            self._beat_s = now_s

    def _worth_telling(self, bulletin: Bulletin, now_s: float) -> bool:
        told = self.told
        if told is None or _states(bulletin) != _states(told):
            return True
        if now_s - self._told_s < BULLETIN_EVERY_S:
            return False
        if now_s - self._told_s >= AGAIN_S:
            return True
        return replace(bulletin, at_s=told.at_s, focus=told.focus) != told


def _states(bulletin: Bulletin) -> object:
    phases = [(i.id, i.phase, i.severity) for i in bulletin.incidents]
    order = bulletin.focus.order if bulletin.focus else None
    ignored = bulletin.controls_ignored
    states = dict(bulletin.services)
    return (states, phases, bulletin.blind, order, ignored, bulletin.planned)
