"""Which groups below the nation are in trouble: a province, a carrier, an egress or an island.

A group is told by its own weight and by its contrast to the rest, and only when it goes on failing
longer than the guard. Of groups that overlap, one is told. Two small offices of one island are
enough, so small groups have a stricter rule: whole votes, begun at about the same time, and a quiet
rest. A roster too small to speak of the nation is one group, told when all of it fails.

First failures long before the others' are another story: they lend a group neither their age, which
would make the guard a formality, nor their beginning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from agent.core.groups import ROSTER, Groups
from agent.core.tuning import Tuning

TOLERANCE = 1e-9
FEWEST = 2
"""Offices that must fail before a group is looked at."""
_SMALLEST_ROSTER = 3
MOST = 0.8
_SAME_TIME_PERIODS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known of the offices, by id. The mappings may live on; times are stream time."""

    votes: Mapping[str, float]
    """Branch equivalents of those that vote more than 0."""
    first_bad_s: Mapping[str, float]
    """Since when there is evidence, of each that votes."""
    last_bad_s: Mapping[str, float]
    takes_part: Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A group in trouble: who makes it one, and since when."""

    group: str
    failing: frozenset[str]
    since_s: float
    score: float
    threshold: float


class Lack(StrEnum):
    """What keeps a group from being in trouble; the first thing that does."""

    OFFICES = "offices"
    """Fewer than two offices vote."""
    CONTRAST = "contrast"
    """It stands out too little from the rest."""
    WEIGHT = "weight"
    """Too few votes, or in a small group too few whole ones that began together."""
    GUARD = "guard"
    """It has not gone on failing for longer than the guard."""
    REST = "rest"
    """Too much fails elsewhere."""


class Regions:
    """The groups of a roster, judged by one channel's numbers."""

    def __init__(self, groups: Groups, tuning: Tuning, *, a1: float, period_s: float) -> None:
        """``a1`` is the channel's threshold of suspicion, ``period_s`` the journey's T."""
        self._groups = groups
        self._tuning = tuning
        self._a1 = a1
        self._same_time_s = _SAME_TIME_PERIODS * period_s

    def in_trouble(self, seen: Seen, known: Container[str]) -> list[Region]:
        """The groups in trouble now, without those of ``known``."""
        members = self._groups.members
        qualifying = {
            group: failing
            for group in self.voted_against(seen)
            if group not in known and (failing := self._qualifies(group, seen))
        }
        return [
            Region(
                group=group,
                failing=qualifying[group],
                since_s=min(seen.first_bad_s[b] for b in self._together(qualifying[group], seen)),
                score=sum(seen.votes[branch] for branch in qualifying[group]),
                threshold=self._tuning.regional_score,
            )
            for group in smallest_that_tell(qualifying, members)
        ]

    def voted_against(self, seen: Seen) -> list[str]:
        """The groups of which enough offices vote to be looked at; few, and found by the votes."""
        voting = Counter(g for branch in seen.votes for g in self._groups.belongs_to[branch])
        return sorted(group for group, count in voting.items() if count >= FEWEST)

    def whole_roster(self, seen: Seen) -> Region | None:
        """A pilot too small to speak of the nation: all that report fail, and go on failing."""
        inside = [branch for branch in self._groups.roster if seen.takes_part(branch)]
        full = _whole_votes(inside, seen)
        if len(full) < max(len(inside), _SMALLEST_ROSTER):
            return None
        if len(self._beyond_guard(full, seen)) < len(full):
            return None
        return Region(
            group=ROSTER,
            failing=frozenset(full),
            since_s=min(seen.first_bad_s[branch] for branch in full),
            score=float(len(full)),
            threshold=float(len(full)),
        )

    def lacks(self, group: str, seen: Seen) -> Lack | None:
        """What a group lacks to be in trouble, for people; None: nothing."""
        members = self._groups.members[group]
        voting = [branch for branch in members if branch in seen.votes]
        if len(voting) < FEWEST:
            return Lack.OFFICES
        if not self._stands_out(members, voting, seen):
            return Lack.CONTRAST
        reporting = sum(seen.takes_part(branch) for branch in members)
        if len(members) > self._tuning.small_group:
            return self._large_group_lacks(reporting, voting, seen)
        return self._small_group_lacks(reporting, voting, seen)

    def _large_group_lacks(self, reporting: int, voting: list[str], seen: Seen) -> Lack | None:
        if self._large_group(reporting, voting, seen):
            return None
        heavy = _weight(voting, seen) + TOLERANCE >= self._enough_weight(reporting)
        return Lack.GUARD if heavy else Lack.WEIGHT

    def _small_group_lacks(self, reporting: int, voting: list[str], seen: Seen) -> Lack | None:
        if self._small_group(reporting, voting, seen):
            return None
        together = self._together(_whole_votes(voting, seen), seen)
        if len(together) < self._enough_offices(reporting):
            return Lack.WEIGHT
        fresh = self._beyond_guard(together, seen)
        return Lack.GUARD if len(fresh) < self._enough_offices(reporting) else Lack.REST

    def _qualifies(self, group: str, seen: Seen) -> frozenset[str]:
        """The offices that make a group a regional trouble, or none."""
        members = self._groups.members[group]
        voting = [branch for branch in members if branch in seen.votes]
        reporting = sum(seen.takes_part(branch) for branch in members)
        large = len(members) > self._tuning.small_group
        failing = (self._large_group if large else self._small_group)(reporting, voting, seen)
        # The contrast last: it asks for every office of the nation, and seldom for nothing.
        return failing if failing and self._stands_out(members, voting, seen) else frozenset()

    def _stands_out(self, members: Sequence[str], voting: Sequence[str], seen: Seen) -> bool:
        """The mean vote inside is several times the mean vote outside."""
        inside = sum(seen.takes_part(branch) for branch in members)
        outside = sum(seen.takes_part(branch) for branch in self._groups.roster) - inside
        weight = _weight(voting, seen)
        rest = sum(seen.votes.values()) - weight
        contrast = self._tuning.regional_contrast
        return weight / max(1, inside) + TOLERANCE >= contrast * rest / max(1, outside)

    def _large_group(self, reporting: int, voting: list[str], seen: Seen) -> frozenset[str]:
        enough = self._enough_weight(reporting)
        together = self._together(voting, seen)
        if _weight(voting, seen) + TOLERANCE < enough or not self._beyond_guard(together, seen):
            return frozenset()
        return frozenset(voting)

    def _small_group(self, reporting: int, voting: list[str], seen: Seen) -> frozenset[str]:
        together = self._together(_whole_votes(voting, seen), seen)
        fresh = self._beyond_guard(together, seen)
        if len(fresh) < self._enough_offices(reporting):
            return frozenset()
        outside = {b: u for b, u in seen.votes.items() if b not in voting}
        if self._groups.beyond_worst(outside) >= self._a1 / 2:
            return frozenset()
        return frozenset(fresh)

    def _enough_weight(self, reporting: int) -> float:
        return max(self._tuning.regional_score, self._tuning.regional_share * reporting)

    def _enough_offices(self, reporting: int) -> float:
        return max(FEWEST, self._tuning.small_group_share * reporting)

    def _together(self, branches: Collection[str], seen: Seen) -> list[str]:
        """Those that began to fail at about the same time as the last of them."""
        if not branches:
            return []
        last_s = max(seen.first_bad_s[branch] for branch in branches)
        return [b for b in branches if last_s - seen.first_bad_s[b] <= self._same_time_s]

    def _beyond_guard(self, branches: Sequence[str], seen: Seen) -> list[str]:
        """Those with a bad result that began later than the first evidence of all plus G."""
        if not branches:
            return []
        border_s = min(seen.first_bad_s[branch] for branch in branches) + self._tuning.guard_s
        return [branch for branch in branches if seen.last_bad_s[branch] > border_s]


def _weight(branches: Sequence[str], seen: Seen) -> float:
    return sum(seen.votes[branch] for branch in branches)


def _whole_votes(branches: Sequence[str], seen: Seen) -> list[str]:
    return [branch for branch in branches if seen.votes.get(branch, 0.0) >= 1.0 - TOLERANCE]


def smallest_that_tell(
    qualifying: Mapping[str, frozenset[str]], members: Mapping[str, Sequence[str]]
) -> list[str]:
    """Of overlapping groups that qualify, the smallest that holds 80 % of their failing offices."""
    left = dict(qualifying)
    told: list[str] = []
    while left:
        seed = max(left, key=lambda group: (len(left[group]), group))
        together = [group for group in left if left[group] & left[seed]]
        failing = frozenset().union(*(left[group] for group in together))
        holding = [g for g in together if len(left[g]) >= MOST * len(failing)] or [seed]
        told.append(min(holding, key=lambda group: (len(members[group]), group)))
        for group in together:
            del left[group]
    return told
