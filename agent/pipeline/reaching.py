"""Whether a leader still reaches who is to be told, and whether another hub might do better.

A leader that cannot tell is of little use while another hub could: it gives its term up. Once it
has, it does not do so again until it was heard once, or for ten minutes: where nobody reaches the
receiver, the lead would only wander, and every turn begins the nation's picture anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from agent.ports import NotifierHealth

UNREACHABLE_S = 30.0
"""How long a receiver does not answer before another hub shall try."""
NOT_AGAIN_S = 600.0


class Reach:
    """Watches the receiver through all terms of one hub. Every ``now_s`` is its own clock."""

    def __init__(self) -> None:
        self._failing_since_s: float | None = None
        self._gave_up_s = float("-inf")

    def lost(self, health: NotifierHealth, now_s: float) -> bool:
        """Look at the receiver; True once it has not answered for ``UNREACHABLE_S``."""
        if health.ok:
            self._failing_since_s = None
            if health.last_ok_age_s is not None:
                self._gave_up_s = float("-inf")
            return False
        if self._failing_since_s is None:
            self._failing_since_s = now_s
        return now_s - self._failing_since_s >= UNREACHABLE_S

    def may_give_up(self, now_s: float) -> bool:
        """Whether the last time we gave up for this is long ago, or was followed by an answer."""
        return now_s - self._gave_up_s >= NOT_AGAIN_S

    def give_up(self, now_s: float) -> None:
        """Note that we leave the lead to another; a later term has its full time again."""
        self._gave_up_s, self._failing_since_s = now_s, None


def another(branch: str, hubs: Iterable[str], silent: Iterable[str]) -> bool:
    """Whether a hub beside ``branch`` is there to take over."""
    return bool(set(hubs) - {branch} - set(silent))
