"""Decides which branches have fallen silent, never while the reader itself may have been blind.

Silence is judged only up to a moment for which the reader has proof that everything sent before it
has arrived. Before the first proof long enough after ``synced`` nobody is silent.
"""

from __future__ import annotations


class Silences:
    """Who was heard when, on the reader's own clock. Each silence is told once."""

    def __init__(self, silent_after_s: float) -> None:
        self._silent_after_s = silent_after_s
        self._heard: dict[str, float] = {}
        """Branches not told silent, the one heard longest ago first."""
        self._synced_s: float | None = None

    @property
    def synced(self) -> bool:
        """The reader sees; silences are judged."""
        return self._synced_s is not None

    def heard(self, branch: str, now_s: float) -> None:
        """Note a sign of life, which also ends a silence."""
        self._heard.pop(branch, None)
        self._heard[branch] = now_s

    def begin(self, now_s: float) -> None:
        """Note that the picture is complete: judging may start, ``silent_after_s`` from now."""
        self._synced_s = now_s

    def go_blind(self) -> None:
        """Judge nobody until the next ``begin``."""
        self._synced_s = None

    def next_s(self) -> float | None:
        """When the next branch may fall silent; None while nobody can."""
        first = next(iter(self._heard.values()), None)
        if self._synced_s is None or first is None:
            return None
        return max(first, self._synced_s) + self._silent_after_s

    def pop_due(self, proved_s: float) -> str | None:
        """Take a branch newly silent at ``proved_s``, up to which the reader was not blind."""
        next_s = self.next_s()
        if next_s is None or next_s > proved_s:
            return None
        branch = next(iter(self._heard))
        del self._heard[branch]
        return branch
