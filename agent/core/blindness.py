"""Too few offices report: for how long, and what is to be told of that.

Below half of the roster nothing is said of the nation, and that must not look like calm. So a
blindness that lasts is a trouble of its own, told like an incident and by the same steps. It has no
service and no alarm: who fails is who does not report, and of how many is the roster.

A term begins knowing nobody. It calls itself blind no sooner than any later blindness: what a
leader did not look at, it does not count.
"""

from __future__ import annotations

from collections.abc import Mapping

from agent.core import spread
from agent.core.incident import BLINDNESS, record_name
from agent.core.model import (
    NATION,
    AlarmPhase,
    Attendance,
    Branch,
    Evidence,
    Scope,
    Severity,
    Situation,
)
from agent.core.nation import Outlook

NAME = record_name(Scope.NATIONAL, NATION, BLINDNESS)
LASTS_S = 60.0
"""Sooner it is not told, and so long it must have been seen again to be over."""
LOOKED_AWAY_S = 10.0
"""Between two looks so far apart nobody knows what happened: our own watch may have been stale."""


class Spell:
    """Since when the nation is not seen, or is. One instance per term."""

    def __init__(self, branches: Mapping[str, Branch]) -> None:
        """``branches``: the roster, by id."""
        self._branches = branches
        self._blind: bool | None = None
        self._since_s = 0.0
        self._looked_s = float("-inf")

    def look(self, outlook: Outlook) -> Situation | None:
        """What stands of it now: blind, seen again, or neither for long enough."""
        now_s, blind = outlook.at_s, outlook.attendance.blind
        if blind != self._blind or now_s - self._looked_s > LOOKED_AWAY_S:
            self._blind, self._since_s = blind, now_s
        self._looked_s = now_s
        if now_s - self._since_s < LASTS_S:
            return None
        return self._situation(outlook.attendance)

    def _situation(self, attendance: Attendance) -> Situation:
        reporting = frozenset(attendance.reporting)
        missing = tuple(branch for branch in self._branches if branch not in reporting)
        return Situation(
            scope=Scope.NATIONAL,
            group=NATION,
            root=BLINDNESS,
            severity=Severity.PARTIAL,  # Nobody is called for it.
            phase=AlarmPhase.DECLARED if attendance.blind else AlarmPhase.CLOSED,
            channels=(),
            since_s=self._since_s,
            declared_s=self._looked_s,
            ended_s=None if attendance.blind else self._since_s,
            evidence=Evidence(failing=missing, reporting=attendance.roster),
            spread=spread.of(missing, tuple(self._branches), self._branches),
        )
