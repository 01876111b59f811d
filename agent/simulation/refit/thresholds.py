"""Which thresholds may be proposed: a short grid around the present ones.

How many offices it takes (A1 and A2 together, so that their ratio stays), how soon a suspicion is
given up (B2), and the guard: as it is, or so much longer than the longest blip of the fitted world.
Everything else stays as it is. Of share and floor only one is in force, and that one is changed;
but the floors of A1 and A2 are what no roster may fall below, and are never lowered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from itertools import product
from math import ceil
from typing import Any

from agent.core.model import Channel
from agent.core.tuning import ChannelTuning, Tuning

OFFICES = (0.8, 1.0, 1.25, 1.6)
"""Factors of A1 and A2."""
PATIENCE = (0.5, 1.0)
"""Factors of B2."""
GUARDS_S = (2.0, 8.0)
"""Beyond the longest blip."""
_MEMORIES = {Channel.FAIL: ("fail", "patient"), Channel.SLOW: ("slow",)}
"""The memories that a channel has, changed alike; the first one's numbers are shown."""
NEVER_LOWERED = ("a1_floor", "a2_floor")
_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The numbers that are looked at, in force for a roster of some size."""

    a1: float
    a2: float
    b2: float
    guard_s: float

    @staticmethod
    def of(tuning: Tuning, channel: Channel, size: int) -> Thresholds:
        """Those of a channel."""
        numbers = tuning.channel(channel)
        return Thresholds(
            a1=numbers.a1(size),
            a2=numbers.a2(size),
            b2=numbers.b2(size),
            guard_s=tuning.guard_s,
        )

    def no_stricter_than(self, other: Thresholds) -> bool:
        """Whatever those take for national these take for national as well, and soon."""
        return (
            self.a1 <= other.a1
            and self.a2 <= other.a2
            and self.b2 >= other.b2
            and self.guard_s <= other.guard_s
        )


def proposals(
    tuning: Tuning, channel: Channel, size: int, longest_blip_s: float
) -> Iterator[Tuning]:
    """Every point of the grid but the present one."""
    guards_s = {tuning.guard_s, *(float(ceil(longest_blip_s + more_s)) for more_s in GUARDS_S)}
    known = {Thresholds.of(tuning, channel, size)}
    for offices, patience, guard_s in product(OFFICES, PATIENCE, sorted(guards_s)):
        proposed = replace(tuning, guard_s=guard_s)
        for memory in _MEMORIES[channel]:
            numbers: ChannelTuning = getattr(proposed, memory)
            for each, factor in (("a1", offices), ("a2", offices), ("b2", patience)):
                numbers = _scaled(numbers, each, factor, size)
            proposed = _with_memory(proposed, memory, numbers)
        thresholds = Thresholds.of(proposed, channel, size)
        if thresholds not in known:
            known.add(thresholds)
            yield proposed


def _scaled(numbers: ChannelTuning, each: str, factor: float, size: int) -> ChannelTuning:
    name = in_force(numbers, each, size)
    if factor < 1.0 and name in NEVER_LOWERED:
        return numbers
    changed: dict[str, Any] = {name: round(factor * getattr(numbers, name), _DIGITS)}
    return replace(numbers, **changed)


def _with_memory(tuning: Tuning, memory: str, numbers: ChannelTuning) -> Tuning:
    changed: dict[str, Any] = {memory: numbers}
    return replace(tuning, **changed)


def in_force(numbers: ChannelTuning, each: str, size: int) -> str:
    """Whether a threshold (``a1``, ``a2`` or ``b2``) is its share of the roster or its floor."""
    floor = f"{each}_floor"
    is_share: bool = getattr(numbers, each)(size) > getattr(numbers, floor)
    return f"{each}_share" if is_share else floor


def snippet(present: Tuning, proposed: Tuning, channel: Channel) -> dict[str, Any]:
    """What to write under ``tuning`` in nation.yaml: what differs from the present numbers."""
    written: dict[str, Any] = {}
    if proposed.guard_s != present.guard_s:
        written["guard_s"] = proposed.guard_s
    for memory in _MEMORIES[channel]:
        before, after = getattr(present, memory), getattr(proposed, memory)
        changed = {
            each.name: getattr(after, each.name)
            for each in fields(after)
            if getattr(after, each.name) != getattr(before, each.name)
        }
        if changed:
            written[memory] = changed
    return written
