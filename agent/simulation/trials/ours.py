"""Our own detector on a trace: every office, the leader, and the time that words take between them.

Events in the order of time: bad base results of offices that are otherwise quiet, runs of offices
that are not, reports that arrive, words of the leader that reach offices, ticks. A word reaches an
office a second after it was said and as late again as that office's reports usually are. Once there
the pace of the product keeps every office within its share of the ceiling, as its bucket would.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from math import inf

from agent.core.model import Scope, Trigger
from agent.core.tuning import Tuning
from agent.simulation.trials.our_leader import Declaration, OurLeader
from agent.simulation.trials.our_office import OurOffice, Report, Word, first_learning, rules_of
from agent.simulation.trials.traces import Trace

WORD_S = 1.0
"""How long the leader's word takes, besides an office's own lag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What our detector made of a trace."""

    seconds: float
    declarations: tuple[Declaration, ...]
    blips: int
    """Suspicions that came to nothing."""
    orders: int
    focus_s: float
    runs: Mapping[Trigger, int]
    reports: int
    starts_s: tuple[float, ...] = ()
    """Of every run, in order, if they were noted."""

    def declared(self, scope: Scope, since_s: float = 0.0) -> list[Declaration]:
        """The declarations of a scope, from a moment on."""
        return [d for d in self.declarations if d.scope is scope and d.declared_s >= since_s]

    def delay_s(self, scope: Scope, since_s: float) -> float | None:
        """Seconds from a moment to the first declaration of a scope; None if there is none."""
        told = self.declared(scope, since_s)
        return told[0].declared_s - since_s if told else None

    def most_per_s(self, window_s: float, since_s: float, until_s: float) -> float:
        """The highest rate of runs in any window of a stretch; their starts must be noted."""
        inside = [at_s for at_s in self.starts_s if since_s <= at_s < until_s]
        most = first = 0
        for place, at_s in enumerate(inside):
            while inside[first] <= at_s - window_s:
                first += 1
            most = max(most, place + 1 - first)
        return most / window_s


_Event = tuple[float, int, Callable[[float], None]]
"""(moment, order of planning, what happens then)."""


class Ours:
    """One play."""

    def __init__(
        self,
        trace: Trace,
        *,
        tuning: Tuning | None = None,
        since_s: float = 0.0,
        learned: bool = False,
        always_tick: bool = False,
        note_starts: bool = False,
    ) -> None:
        """``learned``: the offices know their own rates, as after some weeks."""
        numbers = tuning if tuning is not None else Tuning()
        rules = rules_of(trace, numbers)
        self._trace = trace
        self._since_s = since_s
        self._starts_s: list[float] | None = [] if note_starts else None
        self._offices = [
            OurOffice(
                place,
                rules,
                first_learning(rules, place, learned=learned),
                since_s,
                self._starts_s,
            )
            for place in range(trace.setting.size)
        ]
        self._leader = OurLeader(
            trace.setting, trace.channel, numbers, now_s=since_s, always=always_tick
        )
        self._events: list[_Event] = []
        self._order = 0
        self._reports = 0
        self._arrived_s = [0.0] * trace.setting.size
        self._hearers = _hearers(trace)

    def play(self, until_s: float | None = None, *, until_national: bool = False) -> Played:
        """Play to the end of the trace or to ``until_s``, or only to the first national alarm."""
        end_s = self._trace.until_s if until_s is None else until_s
        leader, events, base = self._leader, self._events, self._bad_of_the_plan()
        at_s, (base_s, place) = self._since_s, next(base)
        while not (until_national and leader.nationals()):
            event_s = events[0][0] if events else inf
            at_s = min(base_s, event_s, leader.next_s)
            if at_s >= end_s:
                break
            if event_s == at_s:
                heapq.heappop(events)[2](at_s)
            elif base_s == at_s:
                self._base(place, at_s)
                base_s, place = next(base)
            elif leader.wake(at_s):
                self._tell(at_s)
        return self._played(min(at_s, end_s))

    def _bad_of_the_plan(self) -> Iterator[tuple[float, int]]:
        """The moments and offices of the plan's bad results; at last one that never comes."""
        trace = self._trace
        first = bisect_left(trace.bad, (self._since_s - trace.phase_s) / trace.spacing_s)
        for slot in islice(trace.bad, first, None):
            yield trace.start_of(slot), trace.office_of(slot)
        yield inf, 0

    # --- events

    def _at(self, at_s: float, what: Callable[[float], None]) -> None:
        self._order += 1
        heapq.heappush(self._events, (at_s, self._order, what))

    def _base(self, place: int, at_s: float) -> None:
        """A bad result of the plan; those of offices whose runs are events come as such."""
        if self._offices[place].due is None:
            self._carry_out(place, at_s)

    def _run(self, place: int, version: int, at_s: float) -> None:
        if self._offices[place].version == version:
            self._carry_out(place, at_s)

    def _carry_out(self, place: int, at_s: float) -> None:
        office = self._offices[place]
        report = office.run(at_s)
        if report is not None:
            self._send(report)
        office.plan(at_s)
        self._expect(place)

    def _send(self, report: Report) -> None:
        """One office's reports arrive in the order in which they were sent."""
        place, started_s = report.place, report.started_s
        arrives_s = max(self._arrived_s[place], started_s + self._trace.lag_s(place, started_s))
        self._arrived_s[place] = arrives_s
        self._reports += 1
        self._leader.post(report, arrives_s)

    def _tell(self, at_s: float) -> None:
        word = self._leader.word
        for delay_s, places in self._hearers.items():
            self._at(at_s + delay_s, partial(self._hear, word, places))

    def _hear(self, word: Word, places: Sequence[int], at_s: float) -> None:
        for place in places:
            self._offices[place].hear(word, at_s)
            self._expect(place)

    def _expect(self, place: int) -> None:
        office = self._offices[place]
        if office.due is not None:
            self._at(office.due.at_s, partial(self._run, place, office.version))

    # --- what came of it

    def _played(self, end_s: float) -> Played:
        for office in self._offices:
            office.catch_up(end_s)
        sayings = self._leader.sayings
        return Played(
            seconds=end_s - self._since_s,
            declarations=tuple(sayings.declarations),
            blips=sayings.blips,
            orders=sayings.orders,
            focus_s=sayings.focus_s,
            runs={each: sum(o.runs[each] for o in self._offices) for each in Trigger},
            reports=self._reports,
            starts_s=tuple(sorted(self._starts_s or ())),
        )


def _hearers(trace: Trace) -> dict[float, list[int]]:
    """Seconds that a word takes -> the offices that it takes so long to reach."""
    hearers: dict[float, list[int]] = {}
    for place, office in enumerate(trace.offices):
        delay_s = WORD_S + office.lag_least_s + trace.setting.world.lag_mean_s
        hearers.setdefault(delay_s, []).append(place)
    return hearers
