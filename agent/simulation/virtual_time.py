"""An event loop on which waiting costs nothing, so that a simulated day takes seconds.

When every task waits, the loop's clock jumps to the next timer instead of sleeping until it. Real
sockets and threads have no place here: time would jump past everything they have to say.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

Result = TypeVar("Result")


class Deadlock(RuntimeError):  # noqa: N818 - what it is, not that it is an error
    """Every task waits for something that no timer will ever bring."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An asyncio loop whose ``time()`` begins at 0 and jumps from timer to timer."""

    def __init__(self) -> None:
        self._jumps = _JumpingSelector()
        super().__init__(self._jumps)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._jumps.now_s

    def run_in_executor(self, *_args: object, **_kwargs: object) -> NoReturn:
        """Refuse: a thread works in real time, and this loop would not wait for it."""
        raise RuntimeError("threads have no place in virtual time")


class VirtualClock:
    """``agent.clock.Clock`` on a virtual loop. Its wall clock may be set, as people set theirs."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, wall_start_s: float = 1_760_000_000.0
    ) -> None:
        self._loop = loop
        self.wall_start_s = wall_start_s

    def now_s(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._loop.time()

    def wall_s(self) -> float:
        """Seconds since 1970, as if the loop had been made at ``wall_start_s``."""
        return self.wall_start_s + self._loop.time()


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Run ``main`` to its end in virtual time, as ``asyncio.run`` does in real time.

    Raises :class:`Deadlock` when every task waits and no timer is set.
    """
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)


class _JumpingSelector(selectors.SelectSelector):
    """A selector that moves the clock by the time it was asked to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Deadlock("every task waits, and no timer is set")
        self.now_s += timeout
        return []
