"""Which offices share a fate, and how to look past the worst of it.

A province, a carrier or a shared egress is a unit that can fail as one. Before anything is called
national the k worst of these groups are dropped, whatever dimension they belong to: one branch,
one province or one carrier, however broken or lying, then weighs nothing. Islands serve to name a
region, and are never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agent.core.model import Branch

ROSTER = "roster"
_FEW_PROVINCES = 8


def group_id(kind: str, name: str) -> str:
    """``island:bali-nusa-tenggara`` from ``island`` and ``Bali-Nusa Tenggara``."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return f"{kind}:{slug}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """The groups of a roster."""

    members: Mapping[str, tuple[str, ...]]
    """Every group (province, carrier, egress, island) -> its branches, in roster order."""
    dropped_with: Mapping[str, tuple[str, ...]]
    """Branch -> the groups that it can be dropped with: all of its groups but the island."""
    roster: tuple[str, ...]
    provinces: int

    @property
    def drops(self) -> int:
        """How many of the worst groups are looked past: 2, or 1 below 8 provinces."""
        return 2 if self.provinces >= _FEW_PROVINCES else 1

    def beyond_worst(self, votes: Mapping[str, float]) -> float:
        """The sum of votes that remains after dropping the k worst groups, one after the other.

        O(voters x k); ``votes`` holds only branches that vote more than 0.
        """
        left = dict(votes)
        for _ in range(self.drops):
            sums: dict[str, float] = {}
            for branch, value in left.items():
                for group in self.dropped_with[branch]:
                    sums[group] = sums.get(group, 0.0) + value
            if not sums:
                return 0.0
            worst = max(sums, key=lambda group: (sums[group], group))
            for branch in self.members[worst]:
                left.pop(branch, None)
        return sum(left.values())


def of(branches: Iterable[Branch]) -> Groups:
    """The groups of these branches."""
    members: dict[str, list[str]] = {}
    dropped_with: dict[str, tuple[str, ...]] = {}
    roster: list[str] = []
    for branch in branches:
        roster.append(branch.id)
        fates = [group_id("province", branch.province)]
        if branch.carrier:
            fates.append(group_id("carrier", branch.carrier))
        if branch.egress:
            fates.append(group_id("egress", branch.egress))
        dropped_with[branch.id] = tuple(fates)
        for group in (*fates, group_id("island", branch.island)):
            members.setdefault(group, []).append(branch.id)
    return Groups(
        members={group: tuple(ids) for group, ids in members.items()},
        dropped_with=dropped_with,
        roster=tuple(roster),
        provinces=sum(group.startswith("province:") for group in members),
    )
