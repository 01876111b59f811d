"""How many offices must fail before anybody is told: the detector's rules at rest.

Written for people who set up a roster, so that a small one holds no surprise. Every failing office
is taken to fail for good, and every other to report and be well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil

from agent.core.groups import ROSTER, Groups
from agent.core.tuning import ChannelTuning, Tuning

_TOLERANCE = 1e-9
_SMALLEST_ROSTER = 3
_SMALLEST_GROUP = 2
_SHUFFLES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Who must fail, at the least or at the most; branch ids."""

    national: tuple[str, ...] | None
    """A smallest set of failing offices that is national; None when nothing ever is."""
    regional: tuple[str, ...] | None
    """A smallest set that is regional; None when nothing ever is."""
    group: str | None
    """The group that ``regional`` belongs to."""
    untold: tuple[str, ...]
    """The largest set found that is neither. A search, so there may be larger ones."""


def coverage(groups: Groups, tuning: Tuning, numbers: ChannelTuning) -> Coverage:
    """What the rules make of this roster; ``numbers`` are those of one channel of ``tuning``."""
    rules = _Rules(groups, tuning, numbers)
    told = rules.smallest_regional()
    return Coverage(
        national=rules.smallest_national(),
        regional=told[1] if told else None,
        group=told[0] if told else None,
        untold=rules.largest_untold(),
    )


def _shuffle(turn: int) -> Callable[[str], bytes]:
    """A key that sorts names into no order in particular, the same one every time."""
    return lambda name: hashlib.sha256(f"{turn}/{name}".encode()).digest()


class _Rules:
    """The static side of the detector's conditions."""

    def __init__(self, groups: Groups, tuning: Tuning, numbers: ChannelTuning) -> None:
        self._groups = groups
        self._tuning = tuning
        self._a1 = numbers.a1(len(groups.roster))
        self._may_be_national = (
            len(groups.roster) >= tuning.small_roster and groups.provinces >= tuning.small_provinces
        )

    def is_national(self, failing: Iterable[str]) -> bool:
        votes = dict.fromkeys(failing, 1.0)
        beyond = self._groups.beyond_worst(votes)
        return self._may_be_national and beyond + _TOLERANCE >= self._a1

    def regions(self, failing: frozenset[str]) -> list[str]:
        """The groups that these failing offices make a regional trouble of."""
        if not self._may_be_national:
            everybody = len(failing) == len(self._groups.roster) >= _SMALLEST_ROSTER
            return [ROSTER] if everybody else []
        return [group for group in self._groups.members if self._is_regional(group, failing)]

    def _is_regional(self, group: str, failing: frozenset[str]) -> bool:
        members = self._groups.members[group]
        inside = failing.intersection(members)
        if len(inside) < self._enough(group):
            return False
        outside = failing.difference(members)
        others = max(1, len(self._groups.roster) - len(members))
        contrast = self._tuning.regional_contrast * len(outside) / others
        if len(inside) / len(members) < contrast:
            return False
        if len(members) > self._tuning.small_group:
            return True
        return self._groups.beyond_worst(dict.fromkeys(outside, 1.0)) < self._a1 / 2

    def _enough(self, group: str) -> int:
        """How many offices of a group must fail."""
        size = len(self._groups.members[group])
        if size > self._tuning.small_group:
            least = max(self._tuning.regional_score, self._tuning.regional_share * size)
        else:
            least = max(_SMALLEST_GROUP, self._tuning.small_group_share * size)
        return ceil(least - _TOLERANCE)

    def smallest_national(self) -> tuple[str, ...] | None:
        """Offices in groups as different as can be: dropping the worst groups takes the fewest."""
        if not self._may_be_national:
            return None
        chosen: list[str] = []
        for branch in self._spread():
            chosen.append(branch)
            if self.is_national(chosen):
                return tuple(chosen)
        return None

    def smallest_regional(self) -> tuple[str, tuple[str, ...]] | None:
        if not self._may_be_national:
            roster = self._groups.roster
            return (ROSTER, roster) if len(roster) >= _SMALLEST_ROSTER else None
        members = self._groups.members
        large_enough = [group for group in members if len(members[group]) >= self._enough(group)]
        if not large_enough:
            return None
        group = min(large_enough, key=lambda each: (self._enough(each), len(members[each]), each))
        return group, members[group][: self._enough(group)]

    def largest_untold(self) -> tuple[str, ...]:
        """Add offices in several orders as long as nobody would be told; keep the most."""
        by_size = sorted(self._groups.roster, key=self._fate_size)
        shuffled = (sorted(self._groups.roster, key=_shuffle(turn)) for turn in range(_SHUFFLES))
        orders = (self._spread(), by_size, by_size[::-1], *shuffled)
        return max((self._fill(order) for order in orders), key=len)

    def _fill(self, order: Iterable[str]) -> tuple[str, ...]:
        chosen: frozenset[str] = frozenset()
        for branch in order:
            more = chosen | {branch}
            if not self.is_national(more) and not self.regions(more):
                chosen = more
        return tuple(branch for branch in self._groups.roster if branch in chosen)

    def _fate_size(self, branch: str) -> tuple[int, str]:
        largest = max(self._groups.dropped_with[branch], key=self._size)
        return self._size(largest), largest

    def _size(self, group: str) -> int:
        return len(self._groups.members[group])

    def _spread(self) -> list[str]:
        """The roster in an order in which no group comes up again before it must."""
        used: dict[str, int] = {}
        left = list(self._groups.roster)
        order: list[str] = []
        while left:
            branch = min(
                left, key=lambda each: max(used.get(g, 0) for g in self._groups.dropped_with[each])
            )
            left.remove(branch)
            order.append(branch)
            for group in self._groups.dropped_with[branch]:
                used[group] = used.get(group, 0) + 1
        return order
