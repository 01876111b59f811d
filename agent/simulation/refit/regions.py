"""Regional outages: offices of one province or carrier whose episodes begin together.

At least ``FEWEST`` offices of one group, whose episodes begin within ``together_s`` of the first,
are one regional outage; by chance three offices of a group do so less than once a year. What the
same offices show until it is over belongs to it. It begins and ends in the middle of its offices'
beginnings and ends. One that fewer than ``FEWEST`` offices show, because they are fewer or because
it hits few of their results, is counted as so many bursts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from agent.core.groups import Groups
from agent.simulation.refit.bursts import Found
from agent.simulation.refit.lasting import Lasted
from agent.simulation.trials.statistics import median

FEWEST = 3
_PERIODS = 3.0
_BESIDE_S = 60.0
_Member = tuple[str, Found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One regional outage."""

    group: str
    offices: tuple[str, ...]
    whole: Found
    """All its offices' results together."""

    @property
    def lasted(self) -> Lasted:
        """How long."""
        return self.whole.lasted

    @property
    def by_province(self) -> bool:
        """It follows a province, not a carrier."""
        return self.group.startswith("province:")


@dataclass(slots=True, kw_only=True)
class Sorted:
    """Episodes of single offices, and those that were one trouble of several."""

    regions: list[Region] = field(default_factory=list)
    bursts: list[Found] = field(default_factory=list)


def sort(episodes: Mapping[str, Sequence[Found]], groups: Groups, period_s: float) -> Sorted:
    """Tell regional outages from bursts."""
    together_s = _PERIODS * period_s + _BESIDE_S
    left = {(office, each) for office, found in episodes.items() for each in found}
    result = Sorted()
    while (best := _largest(left, groups, together_s)) is not None:
        group, members = best
        region = _region(group, members)
        result.regions.append(region)
        left -= set(members)
        left -= {each for each in left if _belongs(each, region, together_s)}
    result.bursts = sorted((each for _, each in left), key=lambda each: each.start_s)
    result.regions.sort(key=lambda each: each.whole.start_s)
    return result


def _largest(
    left: set[_Member], groups: Groups, together_s: float
) -> tuple[str, list[_Member]] | None:
    """The group and the moment at which most of its offices come into trouble together.

    Of two groups alike the one of which more is in it.
    """
    best: tuple[tuple[float, ...], str, list[_Member]] | None = None
    by_group: dict[str, list[_Member]] = {}
    for office, found in left:
        for group in groups.dropped_with[office]:
            by_group.setdefault(group, []).append((office, found))
    for group, members in sorted(by_group.items()):
        for some in _together(members, together_s):
            worth = (len(some), len(some) / len(groups.members[group]))
            if best is None or worth > best[0]:
                best = (worth, group, some)
    return (best[1], best[2]) if best is not None else None


def _together(members: Iterable[_Member], together_s: float) -> Iterable[list[_Member]]:
    """Every set of enough offices whose episodes begin within a while of the first one's."""
    ordered = sorted(members, key=lambda member: (member[1].start_s, member[0]))
    for place, (_, first) in enumerate(ordered):
        some: dict[str, Found] = {}
        for office, found in ordered[place:]:
            if found.start_s - first.start_s > together_s:
                break
            some.setdefault(office, found)
        if len(some) >= FEWEST:
            yield list(some.items())


def _belongs(member: _Member, region: Region, together_s: float) -> bool:
    office, found = member
    since_s, until_s = region.whole.start_s - together_s, region.whole.end_s
    return office in region.offices and since_s <= found.start_s <= until_s


def _region(group: str, members: Sequence[_Member]) -> Region:
    found = [each for _, each in members]
    return Region(
        group=group,
        offices=tuple(sorted(office for office, _ in members)),
        whole=Found(
            start_s=median([each.start_s for each in found]),
            end_s=median([each.end_s for each in found]),
            bad=sum(each.bad for each in found),
            good=sum(each.good for each in found),
            edges=(0, 0),
            begun=sum(each.begun for each in found) * 2 > len(found),
            ended=sum(each.ended for each in found) * 2 > len(found),
        ),
    )
