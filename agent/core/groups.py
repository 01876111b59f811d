"""Which offices share a fate, and how to look past the worst of it.

A province, a carrier or a shared egress is a unit that can fail as one. Before anything is called
national the k worst of these groups are dropped, whatever dimension they belong to: one branch,
one province or one carrier, however broken or lying, then weighs nothing. Islands serve to name a
region, and are never dropped.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
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
    belongs_to: Mapping[str, tuple[str, ...]]
    """Branch -> all of its groups."""
    roster: tuple[str, ...]
    provinces: int

    @property
    def drops(self) -> int:
        """How many of the worst groups are looked past: 2, or 1 below 8 provinces."""
        return 2 if self.provinces >= _FEW_PROVINCES else 1

    def beyond_worst(self, votes: Mapping[str, float]) -> float:
        """The sum of votes that remains without the k groups that hold the most of it together.

        The best k, not the largest one after the other: a province that two failing carriers share
        must hide neither of them. So any k groups weigh nothing, and fewer votes never weigh more.
        ``votes`` holds only branches that vote more than 0.
        """
        worst, fates = set(self.worst(votes)), self.dropped_with
        return sum([value for branch, value in votes.items() if worst.isdisjoint(fates[branch])])

    def worst(self, votes: Mapping[str, float]) -> list[str]:
        """The k groups that are looked past, by id: fewer when fewer hold any vote."""
        fates = self.dropped_with
        sums: defaultdict[str, float] = defaultdict(float)
        voters: defaultdict[str, list[str]] = defaultdict(list)
        for branch, value in votes.items():
            for group in fates[branch]:
                sums[group] += value
                voters[group].append(branch)

        def shared(one: str, other: str) -> float:
            return sum([votes[branch] for branch in voters[one] if other in fates[branch]])

        # By what each holds, most first; of two that hold as much, by id.
        ranked = sorted(sorted(sums), key=sums.__getitem__, reverse=True)
        return ranked[:1] if self.drops == 1 else _worst_pair(ranked, sums, shared)


def _worst_pair(
    ranked: list[str], sums: Mapping[str, float], shared: Callable[[str, str], float]
) -> list[str]:
    """The two groups that hold the most together; ``ranked`` by what each holds alone.

    What two of them share is asked only for the few pairs that may be the worst.
    """
    most, worst = 0.0, ranked[:1]
    for place, one in enumerate(ranked):
        if 2.0 * sums[one] <= most:
            break
        for other in ranked[place + 1 :]:
            if sums[one] + sums[other] <= most:
                break
            together = sums[one] + sums[other] - shared(one, other)
            if together > most:
                most, worst = together, [one, other]
    return worst


def of(branches: Iterable[Branch]) -> Groups:
    """The groups of these branches."""
    members: dict[str, list[str]] = {}
    dropped_with: dict[str, tuple[str, ...]] = {}
    belongs_to: dict[str, tuple[str, ...]] = {}
    roster: list[str] = []
    for branch in branches:
        roster.append(branch.id)
        fates = [group_id("province", branch.province)]
        if branch.carrier:
            fates.append(group_id("carrier", branch.carrier))
        if branch.egress:
            fates.append(group_id("egress", branch.egress))
        dropped_with[branch.id] = tuple(fates)
        belongs_to[branch.id] = (*fates, group_id("island", branch.island))
        for group in belongs_to[branch.id]:
            members.setdefault(group, []).append(branch.id)
    return Groups(
        members={group: tuple(ids) for group, ids in members.items()},
        dropped_with=dropped_with,
        belongs_to=belongs_to,
        roster=tuple(roster),
        provinces=sum(group.startswith("province:") for group in members),
    )
