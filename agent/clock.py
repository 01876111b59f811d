"""Time, as one object in the shell; the core gets it as an argument.

Durations are taken from the boot-time clock, which counts through a suspended machine and never
steps. Wall time is for people, and for nothing that is decided.
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What the shell knows of time. Waiting is asyncio's business."""

    def now_s(self) -> float:
        """Seconds on a clock that never steps; only differences mean something."""
        ...

    def wall_s(self) -> float:
        """Seconds since 1970, for people."""
        ...


class BootClock:
    """The real clocks of this machine."""

    def now_s(self) -> float:
        """Seconds since boot, suspension included."""
        return time.clock_gettime(_BOOT_CLOCK)

    def wall_s(self) -> float:
        """Seconds since 1970 by the wall clock."""
        return time.time()


_BOOT_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
