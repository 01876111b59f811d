"""The alarms of one channel of one service, and which office belongs to which of them.

One alarm at most stands for each group: the nation, a region, the whole of a small roster. While
the nation's stands, no region's does. A closed alarm stays until the next tick, to be shown once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from agent.core.declared import Declared
from agent.core.groups import ROSTER, Groups
from agent.core.model import NATION, AlarmPhase, Scope
from agent.core.recovery import Recovery
from agent.core.regional import MOST, Region
from agent.core.scale import Scale

_STILL_BAD = 0.75
"""Of what declares an alarm; with fewer offices unwell it can recover."""


class Alarms:
    """Alarms by group. Times are stream time in seconds."""

    def __init__(self, groups: Groups, period_s: float) -> None:
        """``period_s``: everybody is asked once in it."""
        self.by_group: dict[str, Declared] = {}
        self._groups = groups
        self._period_s = period_s

    # --- who stands

    def __iter__(self) -> Iterator[Declared]:
        """Every alarm, also those just closed."""
        return iter(self.by_group.values())

    def __contains__(self, group: str) -> bool:
        return group in self.by_group

    @property
    def national(self) -> Declared | None:
        """The nation's alarm, if there is one."""
        return self.by_group.get(NATION)

    def open(self) -> list[Declared]:
        """Those that are not over."""
        return [alarm for alarm in self if alarm.open]

    def members(self) -> set[str]:
        """Offices that any of them holds."""
        return {branch for alarm in self for branch in alarm.recovery.members}

    def covers(self, alarm: Declared, branch: str) -> bool:
        """The branch lies within the alarm's group."""
        everybody = alarm.group in (NATION, ROSTER)
        return everybody or branch in self._groups.members[alarm.group]

    def tells_of(self, region: Region) -> bool:
        """Most of a region's failing offices belong to a group that is told already."""
        told = [b for b in region.failing if any(self.covers(a, b) for a in self.open())]
        return len(told) >= MOST * len(region.failing)

    def beginning(self, scale: Scale, voters: Iterable[str], suspected_s: float) -> float:
        """The first failure of the nation's trouble.

        Offices that a region's alarm holds, or whose trouble is a period older than that of half of
        them, lend it no beginning: everybody is asked once in a period.
        """
        regional = self.members()
        firsts = sorted(
            scale.first_bad_s.get(branch, suspected_s)
            for branch in voters
            if branch not in regional
        )
        if not firsts:
            return suspected_s
        middle_s = firsts[len(firsts) // 2]
        return next(at_s for at_s in firsts if at_s >= middle_s - self._period_s)

    # --- what changes them

    def declare(
        self,
        *,
        scope: Scope,
        group: str,
        since_s: float,
        now_s: float,
        members: Collection[str],
        rate: float,
        scale: Scale,
    ) -> Declared:
        """Declare a group's alarm; ``rate``: share of bad results among its members now."""
        enough = scale.a1 if scope is Scope.NATIONAL else max(1.0, 0.5 * len(members))
        alarm = Declared(
            scope=scope,
            group=group,
            since_s=since_s,
            declared_s=now_s,
            recovery=Recovery(frozenset(members), rate, now_s),
            needed=_STILL_BAD * enough,
            scale=scale,
        )
        self.by_group[group] = alarm
        return alarm

    def observe(self, branch: str, started_s: float, *, bad: bool, counts: bool, on: Scale) -> None:
        """One more result; an office with solid evidence joins the alarms that cover it.

        ``counts``: the office takes part; ``on``: the scale that judges it beside the alarm's own.
        """
        for alarm in self:
            solid = on.solid(branch) or alarm.scale.solid(branch)
            if bad and counts and solid and self.covers(alarm, branch):
                alarm.recovery.admit(branch)
            alarm.recovery.observe(branch, bad=bad, started_s=started_s)

    def absorb_into(self, region: Region) -> None:
        """A trouble that outgrew its group is the wider group's, and no longer told by itself."""
        for alarm in self.open():
            if alarm.recovery.members <= region.failing:
                alarm.phase = AlarmPhase.CLOSED

    def close_all(self) -> None:
        """The nation's trouble takes the place of every region's."""
        for alarm in self:
            alarm.phase = AlarmPhase.CLOSED

    def drop_closed(self) -> None:
        """Let go of those that were shown as closed."""
        self.by_group = {group: alarm for group, alarm in self.by_group.items() if alarm.open}
