"""What people see in Slack, asked of the emulator itself, past the proxy."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from agent.clock import BootClock
from tests.chaos.fleet import BROKEN_SERVICE, Fleet

LOOK_EVERY_S = 0.25


@dataclass(slots=True)
class Sight:
    """One truth, one root message: what was seen, on our own clock."""

    told_s: float | None = None
    roots: int = 0
    longest_duplicate_s: float = 0.0
    """The longest that two were visible at a stretch while Slack answered."""
    answering_since_s: float | None = 0.0
    """None while Slack is in trouble."""
    told: asyncio.Event = field(default_factory=asyncio.Event)
    _duplicate_since_s: float | None = None

    async def watch(self, fleet: Fleet) -> None:
        """Look until cancelled."""
        while True:
            self.see(await _roots(fleet), BootClock().now_s())
            await asyncio.sleep(LOOK_EVERY_S)

    def see(self, roots: int, now_s: float) -> None:
        self.roots = roots
        if roots and self.told_s is None:
            self.told_s = now_s
            self.told.set()
        if roots < 2:
            self._duplicate_since_s = None
            return
        if self._duplicate_since_s is None:
            self._duplicate_since_s = now_s
        if self.answering_since_s is not None:
            begin_s = max(self._duplicate_since_s, self.answering_since_s)
            self.longest_duplicate_s = max(self.longest_duplicate_s, now_s - begin_s)


async def _roots(fleet: Fleet) -> int:
    """Root messages that tell of what is broken, whatever incident they say it belongs to."""
    found = await asyncio.to_thread(
        fleet.slack.call, "conversations.history", channel=fleet.slack.channel
    )
    messages: list[dict[str, Any]] = found["messages"]
    roots = [each for each in messages if each.get("thread_ts", each["ts"]) == each["ts"]]
    return sum(BROKEN_SERVICE in each["text"] for each in roots)
