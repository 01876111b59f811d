"""A declared alarm on its way to its end: declared -> recovering -> closed, or back.

It is well while its recovery has enough evidence and its members look well; what holds for a while
is shown as recovering, and what holds for longer is over. See :mod:`agent.core.recovery`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agent.core.groups import Groups
from agent.core.model import AlarmPhase, Scope
from agent.core.recovery import Recovery
from agent.core.regional import TOLERANCE
from agent.core.scale import Scale
from agent.core.tuning import Tuning


@dataclass(slots=True, kw_only=True)
class Declared:
    """A declared alarm of one channel, for the nation or one group. Stream time, seconds."""

    scope: Scope
    group: str
    since_s: float
    declared_s: float
    recovery: Recovery
    needed: float
    """Unwell members below which the alarm can recover."""
    scale: Scale
    """The memory that declared it."""
    score: float = 0.0
    threshold: float = 0.0
    recovering_s: float | None = None
    phase: AlarmPhase = AlarmPhase.DECLARED
    coincidence: float | None = None
    """The smallest chance of it so far, for people; see :mod:`agent.core.coincidence`."""

    @property
    def national(self) -> bool:
        """It is the nation's."""
        return self.scope is Scope.NATIONAL

    @property
    def open(self) -> bool:
        """It is not over."""
        return self.phase is not AlarmPhase.CLOSED

    def advance(
        self,
        now_s: float,
        tuning: Tuning,
        groups: Groups,
        takes_part: Callable[[str], bool],
        *,
        blind: bool,
    ) -> None:
        """Let time pass. What a blind leader cannot see is not called over."""
        if not self.open:
            return
        if blind:
            # What held before must hold anew once we see.
            self.recovering_s = now_s if self.recovering_s is not None else None
            return
        self.recovery.release(now_s, self.scale.member_s)
        if not self._is_well(tuning, groups, takes_part):
            self.recovering_s, self.phase = None, AlarmPhase.DECLARED
            return
        if self.recovering_s is None:
            self.recovering_s = now_s
        held_s = now_s - self.recovering_s
        if held_s + TOLERANCE >= tuning.close_s:
            self.phase = AlarmPhase.CLOSED
        elif held_s + TOLERANCE >= tuning.show_recovery_s:
            self.phase = AlarmPhase.RECOVERING

    def _is_well(self, tuning: Tuning, groups: Groups, takes_part: Callable[[str], bool]) -> bool:
        unwell = {branch: 1.0 for branch in self.recovery.unwell() if takes_part(branch)}
        bad = groups.beyond_worst(unwell) if self.national else float(len(unwell))
        few = len(self.recovery.members) < self.needed
        return (self.recovery.v >= tuning.recovery_score or few) and bad < self.needed
