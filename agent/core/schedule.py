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

from agent.core.model import Trigger

MIN_PERIOD_S = 5.0
_TOLERANCE = 1e-9


def period_s(roster_size: int, base_runs_per_s: float) -> float:
    """Seconds between two runs of a journey at one office: ``max(N / base, 5 s)``."""
    return max(roster_size / base_runs_per_s, MIN_PERIOD_S)


def ranks(branches: Iterable[str]) -> Mapping[str, int]:
    """Each office's place in the shuffled roster: the same at every office, for ever."""
    order = sorted(branches, key=lambda name: hashlib.sha256(name.encode()).digest())
    return {name: rank for rank, name in enumerate(order)}


def share(
    *, rank: int, roster_size: int, journey: int = 0, journeys: int = 1, turns: int = 1
) -> float:
    """The part of a period that passes before an office's slot for a journey, from 0 to 1.

    Offices are spread over the period by rank, and the journeys of one office over it as well, so
    that one office never probes everything at once. A journey whose period is ``turns`` times the
    shortest has its place within the shortest all the same, at one office in this turn and at the
    next in that: two journeys would else meet at some offices every time, and where both want one
    target's tokens the second would never run there.
    """
    within = math.fmod(rank / roster_size + journey / journeys, 1.0)
    return (within + (rank + journey) % turns) / turns


def turns(period_s: float, shortest_s: float) -> int:
    """How many of the shortest period make this one; 1 where they do not fit whole."""
    times = period_s / shortest_s
    return round(times) if abs(times - round(times)) < _TOLERANCE else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The slots of one journey at one office: ``anchor_s`` plus any multiple of the period.

    ``anchor_s`` is on the office's boot-time clock.
    """

    period_s: float
    anchor_s: float

    @staticmethod
    def seated(*, share: float, period_s: float, now_s: float, wall_s: float) -> Plan:
        """The slots that lie a share of the period after each of the wall clock's periods begins.

        Wall and boot-time clock are read together once, at start: they only decide how evenly the
        offices are spread.
        """
        began_s = now_s - math.fmod(wall_s, period_s)
        return Plan(period_s=period_s, anchor_s=began_s + share * period_s)

    def next_slot(self, after_s: float) -> float:
        """The first slot strictly after ``after_s``. Slots never drift, and none is made up."""
        return self.anchor_s + (self._number(after_s) + 1) * self.period_s

    def slots_between(self, after_s: float, until_s: float) -> int:
        """How many slots lie after ``after_s`` and not after ``until_s``."""
        return max(0, self._number(until_s) - self._number(after_s))

    def _number(self, at_s: float) -> int:
        """The number of the last slot at or before ``at_s``, counted from the anchor."""
        return math.floor((at_s - self.anchor_s) / self.period_s + _TOLERANCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How an office may hurry: shortest distances between two starts of a journey, seconds.

    ``least_s`` is what the ceiling allows, N / ceiling; local suspicion calls after ``reprobe_s``,
    never sooner than that, at most ``reprobe_limit`` times in a row.
    """

    roster_size: int
    least_s: float
    reprobe_s: float
    reprobe_limit: int

    @staticmethod
    def within(ceiling_runs_per_s: float, roster_size: int, reprobe_s: float, limit: int) -> Pace:
        """The pace that fits a journey's ceiling."""
        least_s = roster_size / ceiling_runs_per_s
        return Pace(
            roster_size=roster_size,
            least_s=least_s,
            reprobe_s=max(reprobe_s, least_s),
            reprobe_limit=limit,
        )

    def follow(self, plan: Plan, rate_per_s: float) -> Plan:
        """The slots by which an office follows an order to probe at a national rate.

        The plan's own slots and so many evenly between them: the nation stays as evenly spread, and
        neither the beginning nor the end of an order pushes anybody into another's place.
        """
        shortest_s = max(self.roster_size / max(rate_per_s, _TOLERANCE), self.least_s, MIN_PERIOD_S)
        times = max(1, math.floor(plan.period_s / shortest_s + _TOLERANCE))
        return Plan(period_s=plan.period_s / times, anchor_s=plan.anchor_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The next run of a journey."""

    at_s: float
    trigger: Trigger = Trigger.PLAN


def next_run(  # noqa: PLR0913 - all that a start depends on, each by its name
    plan: Plan,
    pace: Pace,
    *,
    now_s: float,
    last_start_s: float | None,
    suspicious: bool,
    reprobes_in_a_row: int,
    stood_down: bool,
    focus: Plan | None = None,
) -> Due:
    """When the journey runs next: the soonest of its slot and of what suspicion calls for.

    ``focus`` are the slots of the order that this office follows now. Whatever calls, two starts
    keep the distance that the ceiling allows: a slot that comes too soon after a hurried run is
    later, rather than lost.
    """
    soonest_s = now_s if last_start_s is None else max(now_s, last_start_s + pace.least_s)
    at_s, trigger = max(soonest_s, plan.next_slot(now_s)), Trigger.PLAN
    if focus is not None:
        ordered_s = max(soonest_s, focus.next_slot(now_s))
        if ordered_s < at_s:
            at_s, trigger = ordered_s, Trigger.FOCUS
    may_hurry = suspicious and not stood_down and reprobes_in_a_row < pace.reprobe_limit
    if may_hurry and last_start_s is not None:
        again_s = max(now_s, last_start_s + pace.reprobe_s)
        if again_s < at_s:
            at_s, trigger = again_s, Trigger.REPROBE
    return Due(at_s=at_s, trigger=trigger)


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

    def wait_s(self, tokens: float, now_s: float) -> float:
        """Seconds until it holds as many, if nobody takes meanwhile."""
        return max(0.0, tokens - self.at(now_s).level) / self.refill_per_s

    def give_back(self, tokens: float, now_s: float) -> Bucket:
        """The bucket after returning what a run took and did not use."""
        full = self.at(now_s)
        return replace(full, level=min(self.capacity, full.level + tokens))


def wait_for_all_s(
    buckets: Mapping[str, Bucket], wanted: Mapping[str, float], now_s: float
) -> float:
    """Seconds until all of it can be taken, if nobody else takes meanwhile."""
    return max(buckets[name].wait_s(tokens, now_s) for name, tokens in wanted.items())


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
