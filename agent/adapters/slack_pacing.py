"""Whose turn it is at Slack: about one post a second and channel, and none where it said wait.

Nobody waits here for longer than one turn: who would have to is sent away with the time at which to
come back, so that one busy channel holds up nothing else.
"""

from __future__ import annotations

import asyncio
from typing import TypeVar

from agent.adapters.slack_answers import SHORTEST_PAUSE_S
from agent.clock import Clock
from agent.ports import Effect, NotifyError

_MAX_CHANNELS = 256

K = TypeVar("K")


class Pacing:
    """The turns of one notifier. ``pace_s``: seconds between two posts to a channel."""

    def __init__(self, clock: Clock, pace_s: float) -> None:
        self._clock = clock
        self._pace_s = pace_s
        self._next_s: dict[str, float] = {}
        self._paused_until_s: dict[tuple[str, str], float] = {}

    async def take_turn(self, channel: str) -> None:
        """Wait for this channel's next turn, one pace at most.

        Raises :class:`NotifyError` (not sent, with the wait) when others wait already.
        """
        now_s = self._clock.now_s()
        wait_s = self._next_s.get(channel, 0.0) - now_s
        if wait_s > 1.5 * self._pace_s:  # then another waits already
            raise NotifyError(Effect.NOT_SENT, "the channel is busy", max(SHORTEST_PAUSE_S, wait_s))
        self._next_s = _still_ahead(self._next_s, now_s)
        self._next_s[channel] = now_s + max(0.0, wait_s) + self._pace_s
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    def pause(self, method: str, channel: str, seconds: float) -> None:
        """Leave this method alone for this channel; others go on."""
        now_s = self._clock.now_s()
        self._paused_until_s = _still_ahead(self._paused_until_s, now_s)
        self._paused_until_s[method, channel] = now_s + seconds

    def refuse_while_paused(self, method: str, channel: str) -> None:
        """Raise :class:`NotifyError` (not sent, with the rest of the pause) during a pause."""
        left_s = self._paused_until_s.get((method, channel), 0.0) - self._clock.now_s()
        if left_s > 0:
            raise NotifyError(
                Effect.NOT_SENT,
                "ratelimited",
                max(SHORTEST_PAUSE_S, left_s),
            )


def _still_ahead(times_s: dict[K, float], now_s: float) -> dict[K, float]:
    """Those not yet past, and the last of them when there are absurdly many."""
    ahead = [(key, at_s) for key, at_s in times_s.items() if at_s > now_s]
    return dict(ahead[-_MAX_CHANNELS:])
