"""What is no nuisance is cut out before anything is counted: real national outages, by their times.

A cut is a hole of all offices. Bad results in it are dropped, with the good ones between them, and
so is the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from agent.simulation.refit.history import Bad, Series
from agent.simulation.trials.spells import Spell, merged


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A stretch of time that is left out, and why."""

    from_s: float
    until_s: float
    why: str

    @property
    def spell(self) -> Spell:
        """The time alone."""
        return (self.from_s, self.until_s)

    def meets(self, others: Iterable[Cut]) -> bool:
        """Some of it is in one of the others."""
        return any(each.from_s < self.until_s and self.from_s < each.until_s for each in others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One office's results of one service and channel, without what was cut out."""

    bads: tuple[Bad, ...]
    results: int
    """Bad and good."""


def is_cut(at_s: float, cuts: Iterable[Cut]) -> bool:
    """Whether a moment is left out."""
    return any(each.from_s <= at_s < each.until_s for each in cuts)


def cut(series: Mapping[str, Series], cuts: Iterable[Cut]) -> dict[str, Results]:
    """The results of all offices without those in the cuts."""
    spells = merged(each.spell for each in cuts)
    return {office: _cut(each, spells) for office, each in series.items()}


def without(spells: Sequence[Spell], cuts: Iterable[Cut]) -> list[Spell]:
    """The times that remain; ``spells`` are in order and apart."""
    rest: list[Spell] = []
    holes = merged(each.spell for each in cuts)
    for start_s, end_s in spells:
        at_s = start_s
        for from_s, until_s in holes:
            if until_s <= at_s or from_s >= end_s:
                continue
            if from_s > at_s:
                rest.append((at_s, from_s))
            at_s = until_s
        if at_s < end_s:
            rest.append((at_s, end_s))
    return rest


def seconds(spells: Iterable[Spell]) -> float:
    """How long together."""
    return sum(end_s - start_s for start_s, end_s in spells)


def _cut(series: Series, spells: Sequence[Spell]) -> Results:
    bads: list[Bad] = []
    results, dropped, good = series.results, False, 0
    for bad in series.bads:
        if any(start_s <= bad.at_s < end_s for start_s, end_s in spells):
            # The good ones before the first bad one are mostly from before the cut.
            results -= 1 + (bad.good_before if dropped else 0)
            good += 0 if dropped else bad.good_before
            dropped = True
            continue
        bads.append(replace(bad, after_hole=True, good_before=good) if dropped else bad)
        dropped, good = False, 0
    return Results(bads=tuple(bads), results=results)


def unmarked(bads: Sequence[Bad], marked: Iterable[int]) -> tuple[Bad, ...]:
    """Without some results, as if nothing had been asked then."""
    gone, kept = set(marked), []
    good, hole = 0, False
    for place, bad in enumerate(bads):
        if place in gone:
            good, hole = good + bad.good_before, hole or bad.after_hole
            continue
        more = replace(bad, good_before=bad.good_before + good, after_hole=bad.after_hole or hole)
        kept.append(more if good or hole else bad)
        good, hole = 0, False
    return tuple(kept)
