"""The agent's eye on itself: how late its loop is, how throttled, and whether the clock stepped.

It looks twice a second for as long as the agent lives, and is asked after every run what it saw
meanwhile. What a run ends before the next look is seen all the same: a look that is overdue counts
as late.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from agent.clock import Clock
from agent.core.self_doubt import SelfMeasure

LOOK_S = 0.5
_KEPT = 120
"""Looks: a minute, and a run lasts half of that at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    at_s: float
    lag_s: float
    throttled_s: float
    ahead_s: float
    """Wall time less boot time."""


class SelfWatch:
    """Watches one agent. Times are on its boot-time clock."""

    def __init__(self, clock: Clock, throttled_s: Callable[[], float]) -> None:
        """``throttled_s`` tells for how long the kernel has held this process back so far."""
        self._clock = clock
        self._throttled_s = throttled_s
        self._due_s = clock.now_s()
        self._looks = deque([self._look()], maxlen=_KEPT)

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            self._due_s = self._clock.now_s() + LOOK_S
            await asyncio.sleep(LOOK_S)
            self._looks.append(self._look())

    def since(self, started_s: float) -> SelfMeasure:
        """What was seen from the last look before ``started_s`` until now."""
        now = self._look()
        before = [look for look in self._looks if look.at_s <= started_s]
        first = before[-1] if before else self._looks[0]
        later = [look for look in self._looks if look.at_s > first.at_s]
        return SelfMeasure(
            seconds=now.at_s - first.at_s,
            loop_lag_s=max(look.lag_s for look in (*later, now)),
            throttled_s=now.throttled_s - first.throttled_s,
            stepped_s=now.ahead_s - first.ahead_s,
        )

    def _look(self) -> _Look:
        now_s = self._clock.now_s()
        return _Look(
            at_s=now_s,
            lag_s=max(0.0, now_s - self._due_s),
            throttled_s=self._throttled_s(),
            ahead_s=self._clock.wall_s() - now_s,
        )
