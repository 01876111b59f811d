"""Offices that begin to fail together: the first sign of a trouble that they share.

A failure of one office alone is common; that a few offices without a common province or carrier
begin to fail within a few of the nation's runs is not, and worth a closer look before there is
evidence enough for a suspicion.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container

from agent.core.groups import Groups

_KEPT = 64


class Onsets:
    """The latest beginnings. Times are stream time, seconds."""

    def __init__(self, groups: Groups, *, fewest: int, window_s: float) -> None:
        """``fewest`` offices within ``window_s`` begin together."""
        self._groups = groups
        self._fewest = fewest
        self._window_s = window_s
        self._begun: deque[tuple[float, str]] = deque(maxlen=_KEPT)

    def note(self, branch: str, started_s: float) -> None:
        """A branch without evidence had a bad result."""
        self._begun.append((started_s, branch))

    def together(self, now_s: float, suspicious: Container[str]) -> bool:
        """A few that share no fate began lately, and their evidence stands."""
        while self._begun and now_s - self._begun[0][0] > self._window_s:
            self._begun.popleft()
        branches = {branch for _, branch in self._begun if branch in suspicious}
        if len(branches) < self._fewest:
            return False
        fates = [set(self._groups.dropped_with[branch]) for branch in branches]
        return not set.intersection(*fates)
