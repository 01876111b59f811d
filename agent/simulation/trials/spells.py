"""When a condition holds, as spells of time, and when a rule that is evaluated now and then fires.

A condition over a year is a list of spells (start, end), in order and apart, the end not included;
so quiet months cost nothing. Times are seconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from math import ceil

Spell = tuple[float, float]

EVERY_S = 15.0
"""How often rules are evaluated: the customary interval of a Prometheus."""


def merged(spells: Iterable[Spell]) -> list[Spell]:
    """The same times, in order and apart."""
    result: list[Spell] = []
    for start_s, end_s in sorted(spells):
        if end_s <= start_s:
            continue
        if result and start_s <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end_s))
        else:
            result.append((start_s, end_s))
    return result


def both(one: Sequence[Spell], other: Sequence[Spell]) -> list[Spell]:
    """When both conditions hold."""
    result: list[Spell] = []
    i = j = 0
    while i < len(one) and j < len(other):
        start_s, end_s = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if start_s < end_s:
            result.append((start_s, end_s))
        if one[i][1] <= other[j][1]:
            i += 1
        else:
            j += 1
    return result


def either(one: Sequence[Spell], other: Sequence[Spell]) -> list[Spell]:
    """When at least one of the conditions holds."""
    return merged((*one, *other))


def sustained(spells: Iterable[Spell], for_s: float) -> list[Spell]:
    """When a condition has held for so long without a break."""
    return [(start_s + for_s, end_s) for start_s, end_s in spells if end_s - start_s > for_s]


def at_least(count: int, spells: Iterable[Spell]) -> list[Spell]:
    """When so many of these spells, which may overlap, hold at once."""
    borders = sorted(border for start_s, end_s in spells for border in ((start_s, 1), (end_s, -1)))
    result: list[Spell] = []
    holding, since_s = 0, 0.0
    for at_s, change in borders:
        before, holding = holding, holding + change
        if before < count <= holding:
            since_s = at_s
        elif holding < count <= before:
            result.append((since_s, at_s))
    return merged(result)


def often(moments: Iterable[float], needed: int, window_s: float) -> list[Spell]:
    """When so many of the moments, which are in order, lie within the last ``window_s``."""
    last: deque[float] = deque(maxlen=needed)
    result: list[Spell] = []
    for at_s in moments:
        last.append(at_s)
        if len(last) < needed or at_s - last[0] >= window_s:
            continue
        end_s = last[0] + window_s
        if result and at_s <= result[-1][1]:
            result[-1] = (result[-1][0], end_s)
        else:
            result.append((at_s, end_s))
    return result


def alarms(spells: Iterable[Spell], for_s: float = 0.0) -> list[Spell]:
    """When a rule on a condition fires: found true at every evaluation for ``for_s``.

    What happens between two evaluations is not seen.
    """
    runs: list[tuple[int, int]] = []
    for start_s, end_s in spells:
        first, last = ceil(start_s / EVERY_S), ceil(end_s / EVERY_S) - 1
        if last < first:
            continue
        if runs and first <= runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], last)
        else:
            runs.append((first, last))
    pending = ceil(for_s / EVERY_S)
    return [
        ((first + pending) * EVERY_S, (last + 1) * EVERY_S)
        for first, last in runs
        if last - first >= pending
    ]
