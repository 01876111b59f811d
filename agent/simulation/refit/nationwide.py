"""Troubles of all offices at once: blips of some seconds, and wide troubles that nobody told.

Slot follows slot through the nation, each another office's, so while everything fails, onsets (bad
results of offices whose result before was good) follow each other as the slots do. A chain of
``LEAST`` offices, no onset more than ``2.5`` slots after the one before, not all but one of them of
one province or carrier, is a trouble of the nation; background and regional outages make such a
chain once in many months. What lasts no longer than ``BLIP_MOST_S`` is a blip; what lasts longer is
cut out and listed, for somebody to say what it was. Two blips within ``DOUBLE_S`` are one that came
twice.

Shorter ones than ``LEAST`` slots are not seen at all, nor those that hit only a part of the nation
for a few seconds. The end is only known to a slot, so a blip is taken to have lasted one slot more
than from its first bad result to its last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent.core.groups import Groups
from agent.simulation.refit import estimate
from agent.simulation.refit.estimate import Estimate
from agent.simulation.refit.history import Bad
from agent.simulation.trials.world import World

LEAST = 4
_GAP_SLOTS = 2.5
_PAUSE_SLOTS = 10.0
"""Chains closer than this are one, of which some results were lost."""
BLIP_MOST_S = 20.0
DOUBLE_S = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """A trouble of the whole nation."""

    start_s: float
    end_s: float
    """One slot after the last bad result."""
    offices: frozenset[str]
    marks: Mapping[str, frozenset[int]]
    """Office -> places of the bad results that belong to it."""

    @property
    def lasting_s(self) -> float:
        """How long."""
        return self.end_s - self.start_s


@dataclass(slots=True)
class _Growing:
    start_s: float
    end_s: float
    marks: dict[str, set[int]]

    def done(self, slot_s: float) -> Chain:
        return Chain(
            start_s=self.start_s,
            end_s=self.end_s + slot_s,
            offices=frozenset(self.marks),
            marks={office: frozenset(places) for office, places in self.marks.items()},
        )


def chains(bads: Mapping[str, Sequence[Bad]], groups: Groups, slot_s: float) -> list[Chain]:
    """All of them, in order."""
    found: list[Chain] = []
    for chain in _grown(bads, slot_s):
        if not _is_wide(chain, groups):
            continue
        if found and chain.start_s - found[-1].end_s <= _PAUSE_SLOTS * slot_s:
            found[-1] = _joined(found[-1], chain)
        else:
            found.append(chain)
    return found


def _grown(bads: Mapping[str, Sequence[Bad]], slot_s: float) -> Iterator[Chain]:
    """A chain begins with an onset and grows by onsets, and by what its own offices go on to show.

    An office that was in trouble before has no part in it.
    """
    ordered = sorted(
        (bad.at_s, office, place, bad.before_s is not None)
        for office, each in bads.items()
        for place, bad in enumerate(each)
    )
    growing: _Growing | None = None
    for at_s, office, place, onset in ordered:
        if growing is not None and at_s - growing.end_s > _GAP_SLOTS * slot_s:
            yield growing.done(slot_s)
            growing = None
        if growing is None:
            growing = _Growing(at_s, at_s, {}) if onset else None
        if growing is not None and (onset or office in growing.marks):
            growing.end_s = at_s
            growing.marks.setdefault(office, set()).add(place)
    if growing is not None:
        yield growing.done(slot_s)


def _is_wide(chain: Chain, groups: Groups) -> bool:
    offices = chain.offices
    shares = [offices & set(groups.members[group]) for group in _groups_of(offices, groups)]
    most = max((len(share) for share in shares), default=0)
    return len(offices) >= LEAST and len(offices) - most > 1


def _groups_of(offices: Iterable[str], groups: Groups) -> set[str]:
    return {group for office in offices for group in groups.dropped_with[office]}


def _joined(one: Chain, other: Chain) -> Chain:
    return Chain(
        start_s=one.start_s,
        end_s=max(one.end_s, other.end_s),
        offices=one.offices | other.offices,
        marks={
            office: one.marks.get(office, frozenset()) | other.marks.get(office, frozenset())
            for office in one.offices | other.offices
        },
    )


def doubles(blips: Sequence[Chain]) -> list[tuple[Chain, ...]]:
    """Blips by event: one, or one that came again."""
    events: list[tuple[Chain, ...]] = []
    for blip in blips:
        if events and blip.start_s - events[-1][-1].end_s <= DOUBLE_S:
            events[-1] = (*events[-1], blip)
        else:
            events.append((blip,))
    return events


def estimates(
    events: Sequence[tuple[Chain, ...]], years: float, assumed: World
) -> Iterator[Estimate]:
    """How often blips come, how long they stay, and how many come twice."""
    count = len(events)
    yield estimate.rate("blips", count, years, assumed=assumed.blips)
    yield from estimate.ends(
        ("blip_shortest_s", "blip_longest_s"),
        [each.lasting_s for event in events for each in event],
        assumed=(assumed.blip_shortest_s, assumed.blip_longest_s),
    )
    twice = [event for event in events if len(event) > 1]
    yield estimate.share("blip_double_share", len(twice), count, assumed=assumed.blip_double_share)
    yield from estimate.ends(
        ("blip_pause_least_s", "blip_pause_most_s"),
        [event[1].start_s - event[0].end_s for event in twice],
        assumed=(assumed.blip_pause_least_s, assumed.blip_pause_most_s),
    )
