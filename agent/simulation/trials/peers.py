"""What rules of other products make of the same results.

Each rule is a condition on the base results, evaluated every 15 s and perhaps required to hold for
a while. A rule sees a result the moment its probe begins, which favours it by a second or so, and
what it knows of an office is its last result. Products are read as their documents describe them;
what they leave open is said at the rule, and where a product judges single places only, the quorum
on top is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from math import ceil

from agent.simulation.trials import spells
from agent.simulation.trials.spells import Spell
from agent.simulation.trials.traces import Trace

MERGE_S = 1800.0
"""Alarms that come closer than this are one, in a year without any national outage."""
STREAK = 3
RECOVERY = 2
_TOLERANCE = 1e-9


class Heard:
    """A trace as the rules know it."""

    def __init__(self, trace: Trace) -> None:
        self.size = trace.setting.size
        self.results_per_s = (1.0 - trace.setting.world.lost_share) / trace.spacing_s
        self._trace = trace

    @cached_property
    def bad_s(self) -> list[float]:
        """The moments of all bad results."""
        return [self._trace.start_of(slot) for slot in self._trace.bad]

    @cached_property
    def failing(self) -> list[Spell]:
        """When single offices' last result was bad; spells of different offices overlap."""
        return list(chain.from_iterable(failing for failing, _ in self._by_office))

    @cached_property
    def down(self) -> list[Spell]:
        """When single offices are down: from three bad results in a row to two good ones."""
        return list(chain.from_iterable(down for _, down in self._by_office))

    def share(self, share: float) -> int:
        """The fewest offices that are more than a share of all."""
        return int(share * self.size + _TOLERANCE) + 1

    def quorum(self, share: float) -> int:
        """The fewest offices that are a share of all."""
        return ceil(share * self.size - _TOLERANCE)

    def results(self, share: float, window_s: float) -> int:
        """The fewest bad results that are more than a share of those of a window."""
        return int(share * window_s * self.results_per_s + _TOLERANCE) + 1

    @cached_property
    def _by_office(self) -> list[tuple[list[Spell], list[Spell]]]:
        own: list[list[int]] = [[] for _ in range(self.size)]
        for slot in self._trace.bad:
            own[self._trace.office_of(slot)].append(slot)
        return [_office_spells(self._trace, slots) for slots in own]


class _OfficeWatch:
    """What a rule remembers of one office, fed with its results from a bad one on."""

    def __init__(self) -> None:
        self.failing: list[Spell] = []
        self.down: list[Spell] = []
        self._failing_since_s: float | None = None
        self._down_since_s: float | None = None
        self._streak = self._good = 0

    @property
    def well(self) -> bool:
        return self._failing_since_s is None and self._down_since_s is None

    def take(self, at_s: float, *, bad: bool) -> None:
        if bad:
            self._take_bad(at_s)
        else:
            self._take_good(at_s)

    def _take_bad(self, at_s: float) -> None:
        self._streak, self._good = self._streak + 1, 0
        if self._failing_since_s is None:
            self._failing_since_s = at_s
        if self._streak >= STREAK and self._down_since_s is None:
            self._down_since_s = at_s

    def _take_good(self, at_s: float) -> None:
        self._streak, self._good = 0, self._good + 1
        if self._failing_since_s is not None:
            self.failing.append((self._failing_since_s, at_s))
            self._failing_since_s = None
        if self._down_since_s is not None and self._good >= RECOVERY:
            self.down.append((self._down_since_s, at_s))
            self._down_since_s = None


def _office_spells(trace: Trace, bad: Sequence[int]) -> tuple[list[Spell], list[Spell]]:
    """An office's spells, from the slots of its bad results."""
    watch = _OfficeWatch()
    place = 0
    while place < len(bad):
        slot = bad[place]
        while place < len(bad) or not watch.well:
            is_bad = place < len(bad) and bad[place] == slot
            place += is_bad
            if is_bad or not trace.lost(slot):
                watch.take(trace.start_of(slot), bad=is_bad)
            if watch.well:
                break
            slot += trace.setting.size
    return watch.failing, watch.down


Condition = Callable[[Heard], list[Spell]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A rule: on what condition it fires, and for how long it must be found true."""

    when: Condition
    for_s: float = 0.0

    def alarms(self, heard: Heard) -> list[Spell]:
        """When the rule fires, and until when."""
        return spells.alarms(self.when(heard), self.for_s)


# --- the rules


def share_failing(share: float) -> Condition:
    """More than a share of the offices fail now.

    Stands for what most write first: blackbox_exporter's ``probe_success`` of every place, and a
    Prometheus rule on the average over places with ``for``. The last result stands until the next.
    """
    return lambda heard: spells.at_least(heard.share(share), heard.failing)


def quorum_of_streaks(share: float) -> Condition:
    """At least a share of the offices have failed three times in a row.

    Stands for Gatus and Uptime Kuma, whose endpoint alerts after three failures (Gatus's default
    ``failure-threshold``) and is well after two successes (its ``success-threshold``), one instance
    per office. They judge places one by one: the quorum over them is ours.
    """
    return lambda heard: spells.at_least(heard.quorum(share), heard.down)


def locations_sustained(share: float, for_s: float) -> Condition:
    """At least n of m locations have been failing together for X.

    Stands for synthetic monitoring from many locations (Datadog and others): "alert when n of m
    locations fail for X minutes", read in its strict sense: n at every moment of X.
    """
    return lambda heard: spells.sustained(
        spells.at_least(heard.quorum(share), heard.failing), for_s
    )


def locations_as_documented(share: float, for_s: float) -> Condition:
    """One location has failed throughout the last X, and n of m failed together at some moment.

    Stands for Datadog's synthetic alert conditions to the letter: at least one location in trouble
    throughout the last X minutes, and at one moment of these at least n. Any office in trouble of
    its own fulfils the first half, and a blip the second.
    """

    def condition(heard: Heard) -> list[Spell]:
        throughout = spells.merged(spells.sustained(heard.failing, for_s))
        at_once = spells.at_least(heard.quorum(share), heard.failing)
        recently = spells.merged((start_s, end_s + for_s) for start_s, end_s in at_once)
        return spells.both(throughout, recently)

    return condition


def failure_ratio(share: float, window_s: float = 300.0) -> Condition:
    """More than a share of the results of a window are bad.

    Stands for Grafana's synthetic monitoring with its alerts of high, medium and low sensitivity:
    mean success of five minutes under 95, 90 and 75 %, to be found for five minutes. Windows hold
    as many results as they do on average; at the beginning of a trace they are as if full.
    """
    return lambda heard: spells.often(heard.bad_s, heard.results(share, window_s), window_s)


def burn_rate(objective: float) -> Condition:
    """The error budget burns 14.4 times too fast (1 h and 5 m), or 6 times (6 h and 30 m).

    Stands for the multiwindow, multi-burn-rate alert of Google's SRE workbook, the two conditions
    that page. Objectives of 99 and 99.5 %, since at a background of half a percent 99.9 % burns for
    ever. Windows as in :func:`failure_ratio`.
    """
    budget = 1.0 - objective

    def condition(heard: Heard) -> list[Spell]:
        fast = spells.both(
            failure_ratio(14.4 * budget, 3600.0)(heard), failure_ratio(14.4 * budget, 300.0)(heard)
        )
        slow = spells.both(
            failure_ratio(6.0 * budget, 21_600.0)(heard), failure_ratio(6.0 * budget, 1800.0)(heard)
        )
        return spells.either(fast, slow)

    return condition


PEERS: Mapping[str, Peer] = {
    "share > 30 % for 1 m": Peer(when=share_failing(0.3), for_s=60.0),
    "share > 30 % for 2 m": Peer(when=share_failing(0.3), for_s=120.0),
    "share > 30 % for 5 m": Peer(when=share_failing(0.3), for_s=300.0),
    "share > 10 % for 1 m": Peer(when=share_failing(0.1), for_s=60.0),
    "3 in a row at 30 %": Peer(when=quorum_of_streaks(0.3)),
    "3 in a row at 10 %": Peer(when=quorum_of_streaks(0.1)),
    "10 % of locations for 1 m": Peer(when=locations_sustained(0.1, 60.0)),
    "10 % of locations for 3 m": Peer(when=locations_sustained(0.1, 180.0)),
    "10 % of locations, 3 m, as documented": Peer(when=locations_as_documented(0.1, 180.0)),
    "5 % of 5 m for 5 m": Peer(when=failure_ratio(0.05), for_s=300.0),
    "10 % of 5 m for 5 m": Peer(when=failure_ratio(0.10), for_s=300.0),
    "25 % of 5 m for 5 m": Peer(when=failure_ratio(0.25), for_s=300.0),
    "burn rate, 99 %": Peer(when=burn_rate(0.99)),
    "burn rate, 99.5 %": Peer(when=burn_rate(0.995)),
}
"""The rules that ours is held against."""


# --- what their alarms are worth


def delay_s(alarms: Sequence[Spell], start_s: float, end_s: float) -> float | None:
    """Seconds from the beginning of an outage to the first alarm in it; None if there is none."""
    return next((at_s - start_s for at_s, _ in alarms if start_s <= at_s < end_s), None)


def false_nationals(alarms: Sequence[Spell]) -> list[Spell]:
    """The alarms of a time without national outages, those closer than 30 minutes as one."""
    wide = spells.merged((start_s, end_s + MERGE_S) for start_s, end_s in alarms)
    return [(start_s, end_s - MERGE_S) for start_s, end_s in wide]
