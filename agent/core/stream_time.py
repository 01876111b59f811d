"""What the exchange's clock says now, by the stamps of what just arrived.

Every record carries the engine's own time of storing it. The largest difference between such a
stamp and our boot-time clock at its arrival belongs to the record that travelled fastest; it is
kept for a minute or two, so that two clocks may drift apart and be followed.
"""

from __future__ import annotations

_WINDOW_S = 60.0


class StreamTime:
    """Maps this machine's boot-time clock to stream time (seconds since 1970, engine's clock)."""

    def __init__(self, now_s: float, wall_s: float) -> None:
        """Until the first stamp arrives, our own wall clock has to do."""
        self._guess = wall_s - now_s
        self._present: float | None = None
        self._previous: float | None = None
        self._window_began_s = now_s

    @property
    def known(self) -> bool:
        """A stamp has arrived: our wall clock is asked no more."""
        return self._present is not None or self._previous is not None

    def learn(self, stored_s: float, now_s: float) -> None:
        """A record stored at stream time ``stored_s`` has just arrived, live."""
        if now_s - self._window_began_s > _WINDOW_S:
            self._previous, self._present = self._present, None
            self._window_began_s = now_s
        ahead = stored_s - now_s
        self._present = ahead if self._present is None else max(self._present, ahead)

    def at(self, now_s: float) -> float:
        """Stream time now."""
        known = [each for each in (self._present, self._previous) if each is not None]
        return now_s + (max(known) if known else self._guess)
