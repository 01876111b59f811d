"""What an office believes of the leader, and for how long.

The bulletin is told on change; in between the leader's beat says that the last one still stands.
Only what comes live is a sign of life: what stood in the exchange before we listened may be hours
old, and waits for a beat of the authority that wrote it. Orders do not wait: they are never obeyed
from there.

Authorities are told apart, and ordered, by their fence: the generation of the store that elected
them, and the term. A lower fence than the one that is heeded is a former leader speaking late. One
that was not heard for ``LAPSES_S`` is heeded no more, so that no mistake about fences lasts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from agent.core.model import Bulletin, Fence

LAPSES_S = 25.0
"""Once the leader was not heard for this long, nothing that it ordered holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderBeat:
    """The leader's own beat: the last bulletin under this fence still stands."""

    term: int
    generation: float = 0.0

    @property
    def fence(self) -> Fence:
        """Who speaks."""
        return (self.generation, self.term)


class Hearing:
    """The leader's word at one office. Mutable; times are on the office's boot-time clock."""

    def __init__(self) -> None:
        self.bulletin: Bulletin | None = None
        """The last one that was believed; how old it is, ``age_s`` says."""
        self.taken_s = 0.0
        """When it began to be believed: its orders are counted down from there."""
        self._standing: Bulletin | None = None
        """What the exchange carries now, believed or not; None: nothing that we can read."""
        self._heard_s: float | None = None

    def age_s(self, now_s: float) -> float | None:
        """Seconds since the leader whose bulletin we believe was last heard; None: never."""
        return None if self._heard_s is None else now_s - self._heard_s

    def heeded(self, now_s: float) -> Bulletin | None:
        """The bulletin that binds now, if the leader was heard lately."""
        age_s = self.age_s(now_s)
        return self.bulletin if age_s is not None and age_s <= LAPSES_S else None

    def take(self, bulletin: Bulletin, now_s: float, *, live: bool) -> bool:
        """Take a bulletin; tells whether it is believed now."""
        heeded = self.heeded(now_s)
        if heeded is not None and bulletin.fence < heeded.fence:
            return False
        if live:
            self._standing = bulletin
            self._believe(bulletin, now_s)
        elif bulletin != self.bulletin:
            self._standing = replace(bulletin, focus=None)
        return live

    def beat(self, fence: Fence, now_s: float) -> bool:
        """A live beat of the leader; tells whether it confirms the bulletin that we have."""
        if self._standing is None or self._standing.fence != fence:
            return False
        if self._standing != self.bulletin:
            self._believe(self._standing, now_s)
        self._heard_s = now_s
        return True

    def lose(self) -> None:
        """A bulletin came that cannot be read: beats speak of it, not of the one before."""
        self._standing = None

    def _believe(self, bulletin: Bulletin, now_s: float) -> None:
        self.bulletin, self.taken_s, self._heard_s = bulletin, now_s, now_s
