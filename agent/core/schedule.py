"""When each probe is due at this office, and how much it may ever ask of the centre.

The nation has one budget per journey: ``base_runs_per_s`` in quiet times and ``ceiling_runs_per_s``
with everything that suspicion adds. An office owns 1/N of both, N being the roster and not those
alive, so that nothing (no restart, no partition, no wrong order) makes the nation's load grow. The
offices' slots are spread evenly over the period by the rank of each office in the roster, shuffled
once, so that neighbours in the list (one province, often one fault) are not neighbours in time.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

MIN_PERIOD_S = 5.0
_TOLERANCE = 1e-9


def period_s(roster_size: int, base_runs_per_s: float) -> float:
    """Seconds between two runs of a journey at one office: ``max(N / base, 5 s)``."""
    return max(roster_size / base_runs_per_s, MIN_PERIOD_S)


def ranks(branches: Iterable[str]) -> Mapping[str, int]:
    """Each office's place in the shuffled roster: the same at every office, for ever."""
    order = sorted(branches, key=lambda name: hashlib.sha256(name.encode()).digest())
    return {name: rank for rank, name in enumerate(order)}


def offset_s(
    *, rank: int, roster_size: int, period_s: float, journey: int = 0, journeys: int = 1
) -> float:
    """Where in the period an office's slot for a journey lies.

    Offices are spread over the period by rank, and the journeys of one office over it as well, so
    that one office never probes everything at once.
    """
    return math.fmod(period_s * (rank / roster_size + journey / journeys), period_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The slots of one journey at one office: ``anchor_s`` plus any multiple of the period.

    ``anchor_s`` is on the office's boot-time clock.
    """

    period_s: float
    anchor_s: float

    def next_slot(self, after_s: float) -> float:
        """The first slot strictly after ``after_s``. Slots never drift, and none is made up."""
        periods = math.floor((after_s - self.anchor_s) / self.period_s + _TOLERANCE) + 1
        return self.anchor_s + periods * self.period_s


def anchor_s(*, offset_s: float, period_s: float, now_s: float, wall_s: float) -> float:
    """The anchor that puts an office's slots at ``offset_s`` into each period of the wall clock.

    The wall clock is read once, at start: it only decides how evenly the offices are spread.
    """
    return now_s - math.fmod(wall_s, period_s) + offset_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Reprobe:
    """How local suspicion hurries an office: the shortest distance between starts, and how often.

    ``interval_s`` is ``max(15 s, N / ceiling)``; after ``limit`` in a row, or while
    ``stood_down``, only the plan's slots remain.
    """

    interval_s: float
    limit: int

    @staticmethod
    def within(ceiling_runs_per_s: float, roster_size: int, least_s: float, limit: int) -> Reprobe:
        """The re-probe rule that fits a journey's ceiling."""
        return Reprobe(interval_s=max(least_s, roster_size / ceiling_runs_per_s), limit=limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The next run of a journey."""

    at_s: float
    local_reprobe: bool = False


def next_run(
    plan: Plan,
    reprobe: Reprobe,
    *,
    now_s: float,
    last_start_s: float | None,
    suspicious: bool,
    reprobes_in_a_row: int,
    stood_down: bool,
) -> Due:
    """When the journey runs next: its slot, or earlier while this office suspects the service."""
    slot = plan.next_slot(now_s)
    may_hurry = suspicious and not stood_down and reprobes_in_a_row < reprobe.limit
    if may_hurry and last_start_s is not None:
        early = max(now_s, last_start_s + reprobe.interval_s)
        if early < slot:
            return Due(at_s=early, local_reprobe=True)
    return Due(at_s=slot)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A token bucket that starts empty, as a value; times on the office's boot-time clock.

    Starting empty is what keeps a fleet that restarts in a loop within the ceiling.
    """

    capacity: float
    refill_per_s: float
    level: float = 0.0
    at_s: float = 0.0

    def at(self, now_s: float) -> Bucket:
        """The bucket as it stands at ``now_s``."""
        later_s = max(now_s, self.at_s)
        gained = (later_s - self.at_s) * self.refill_per_s
        return replace(self, level=min(self.capacity, self.level + gained), at_s=later_s)

    def take(self, tokens: float, now_s: float) -> Bucket | None:
        """The bucket after taking ``tokens``, or None if it does not hold as many."""
        full = self.at(now_s)
        if full.level + _TOLERANCE < tokens:
            return None
        return replace(full, level=max(0.0, full.level - tokens))

    def give_back(self, tokens: float, now_s: float) -> Bucket:
        """The bucket after returning what a run took and did not use."""
        full = self.at(now_s)
        return replace(full, level=min(self.capacity, full.level + tokens))


def take_all(
    buckets: Mapping[str, Bucket], wanted: Mapping[str, float], now_s: float
) -> dict[str, Bucket] | None:
    """Take from several buckets at once, or from none: a run begins whole or not at all."""
    after: dict[str, Bucket] = {}
    for name, tokens in wanted.items():
        taken = buckets[name].take(tokens, now_s)
        if taken is None:
            return None
        after[name] = taken
    return after
