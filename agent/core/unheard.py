"""Which hubs have lately given up the lead because nobody heard them.

Where the receiver itself is down, every hub would give up in turn, and each new leader begins the
nation's picture anew: for nothing. So who gives up says so in a record, and after a few have done
so the one that leads then stays. One instance per record; times are stream time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

RECORD = "unheard"
LATELY_S = 600.0
MOST = 2
"""Hubs that give up within ``LATELY_S``, of however many."""
_KEPT = 9
"""There are no more hubs than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """Hub -> when it gave up."""

    gave_up_s: Mapping[str, float] = field(default_factory=dict)

    def lately(self, now_s: float) -> frozenset[str]:
        """Those of whom it is not long ago; a time to come is that of a store that was lost."""
        told = self.gave_up_s.items()
        return frozenset(hub for hub, at_s in told if 0 <= now_s - at_s < LATELY_S)

    def lets_give_up(self, now_s: float) -> bool:
        """Whether one more hub may: not so many have that the receiver is surely down."""
        return len(self.lately(now_s)) < MOST

    def joined_by(self, hub: str, now_s: float) -> Unheard:
        """With one more, and without those of long ago."""
        lately = self.lately(now_s) - {hub}
        kept = {each: self.gave_up_s[each] for each in sorted(lately)[: _KEPT - 1]}
        return Unheard(gave_up_s=kept | {hub: now_s})
