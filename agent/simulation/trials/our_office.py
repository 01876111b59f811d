"""One office of ours in a trial: the real evidence and the real rule of when to probe next.

While an office is well, unhurried and unwatched it needs no looking after: its base probes follow
the plan to the slot, and the good ones are taken in one step when something happens to it. Only
otherwise is every run of it an event. Two liberties: a run takes no time (its lag is in the
report's), and a lost result of such a quiet time is learned from as a good one.
"""

from __future__ import annotations

from dataclasses import dataclass

from agent.core import evidence, schedule
from agent.core.evidence import Learning
from agent.core.model import Trigger
from agent.core.schedule import Due, Pace, Plan
from agent.core.tuning import ChannelTuning, Tuning
from agent.simulation.trials.traces import Trace

_SAME_S = 1e-6
_PLAN, _REPROBE = Trigger.PLAN, Trigger.REPROBE
"""By names of their own: to find a member of an enumeration takes longer than to compare it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What the leader's bulletin says to an office."""

    watched: bool = False
    """The service is suspected, or has an alarm."""
    stood_down: bool = False
    """A national alarm stands."""
    focus_runs_per_s: float | None = None
    """The rate of the order that stands."""


QUIET = Word()


@dataclass(slots=True, kw_only=True)
class Report:
    """One result as it travels to the leader. Not frozen: a year makes millions of them."""

    place: int
    started_s: float
    bad: bool
    p0: float
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What all offices of a trial have in common."""

    trace: Trace
    numbers: ChannelTuning
    pace: Pace
    bad: frozenset[int]
    """The slots of the trace whose result is bad."""


def rules_of(trace: Trace, tuning: Tuning) -> Rules:
    """The rules of a trace's setting."""
    return Rules(
        trace=trace,
        numbers=tuning.channel(trace.channel),
        pace=Pace.within(
            trace.setting.ceiling_runs_per_s,
            trace.setting.size,
            tuning.reprobe_s,
            tuning.reprobe_limit,
        ),
        bad=frozenset(trace.bad),
    )


class OurOffice:
    """One office. Times are seconds since the beginning of the trace."""

    __slots__ = (
        "_focus",
        "_last_start_s",
        "_next_slot",
        "_next_slot_s",
        "_numbers",
        "_place",
        "_plan",
        "_reprobes",
        "_rules",
        "_starts_s",
        "_trace",
        "due",
        "learning",
        "runs",
        "version",
        "word",
    )

    def __init__(
        self,
        place: int,
        rules: Rules,
        learning: Learning,
        since_s: float,
        starts_s: list[float] | None = None,
    ) -> None:
        """The start of every run is noted in ``starts_s``, if that is wanted."""
        self._trace = trace = rules.trace
        self.learning = learning
        self.word = QUIET
        self.due: Due | None = None
        """The next run, while runs are events; None: the plan is followed to the slot."""
        self.version = 0
        """Counts the plans made, so that one that was changed is not carried out."""
        self.runs = dict.fromkeys(Trigger, 0)
        self._place = place
        self._rules = rules
        self._numbers = rules.numbers
        share = schedule.share(rank=trace.rank[place], roster_size=trace.setting.size)
        self._plan = Plan.seated(
            share=share, period_s=trace.setting.period_s, now_s=trace.phase_s, wall_s=0.0
        )
        self._focus: Plan | None = None
        self._reprobes = 0
        self._next_slot = trace.next_slot(place, since_s)
        self._next_slot_s = trace.start_of(self._next_slot)
        self._last_start_s: float | None = None
        self._starts_s = starts_s

    # --- what happens to it

    def catch_up(self, now_s: float) -> None:
        """Take the results of the plan up to ``now_s``, which were all good."""
        if self.due is not None:
            return
        trace = self._trace
        coming = trace.next_slot(self._place, now_s)
        good = (coming - self._next_slot) // trace.size
        if good <= 0:
            return
        self.learning = self.learning.observe_ok(
            good, learn=not self.word.watched, tuning=self._numbers
        )
        self.runs[_PLAN] += good
        if self._starts_s is not None:
            slots = range(self._next_slot, coming, trace.size)
            self._starts_s.extend(trace.start_of(slot) for slot in slots)
        self._last_start_s = trace.start_of(coming - trace.size)
        self._reprobes = 0
        self._go_to(coming)

    def _go_to(self, slot: int) -> None:
        self._next_slot, self._next_slot_s = slot, self._trace.start_of(slot)

    def hear(self, word: Word, now_s: float) -> None:
        """Take the leader's word, and decide anew on the next run."""
        self.catch_up(now_s)
        if word.focus_runs_per_s != self.word.focus_runs_per_s:
            rate = word.focus_runs_per_s
            self._focus = self._rules.pace.follow(self._plan, rate) if rate else None
        self.word = word
        self.plan(now_s)

    def run(self, at_s: float) -> Report | None:
        """Carry out the run that is due, or that of the plan; what the leader is to hear of it."""
        self.catch_up(at_s - _SAME_S)
        trigger = self.due.trigger if self.due is not None else _PLAN
        bad = self._result(at_s, trigger)
        self.runs[trigger] += 1
        if self._starts_s is not None:
            self._starts_s.append(at_s)
        self._last_start_s = at_s
        self._reprobes = self._reprobes + 1 if trigger is _REPROBE else 0
        while self._next_slot_s <= at_s + _SAME_S:
            self._go_to(self._next_slot + self._trace.size)
        if bad is None:
            return None
        before, watched = self.learning, self.word.watched
        learn = trigger is _PLAN and not watched
        self.learning = after = before.observe(bad=bad, learn=learn, tuning=self._numbers)
        if not (watched or before.w > 0.0 or after.w > 0.0):
            return None
        return Report(place=self._place, started_s=at_s, bad=bad, p0=after.p0, level=after.w)

    def _result(self, at_s: float, trigger: Trigger) -> bool | None:
        """Whether a run is bad; one to the slot is the trace's own."""
        trace, slot = self._trace, self._next_slot
        if trigger is _PLAN and abs(self._next_slot_s - at_s) < _SAME_S:
            # What is known to be bad was not lost.
            return True if slot in self._rules.bad else None if trace.lost(slot) else False
        return trace.probe(self._place, at_s)

    # --- when it probes next

    def plan(self, now_s: float) -> None:
        """Decide on the next run; what was decided before is off."""
        due = schedule.next_run(
            self._plan,
            self._rules.pace,
            now_s=now_s,
            last_start_s=self._last_start_s,
            suspicious=self.learning.w > 0.0,
            reprobes_in_a_row=self._reprobes,
            stood_down=self.word.stood_down,
            focus=self._focus,
        )
        self.due = None if self._is_quiet(due) else due
        self.version += 1

    def _is_quiet(self, due: Due) -> bool:
        if self.learning.w > 0.0 or self._focus is not None or self.word.watched:
            return False
        return due.trigger is _PLAN and due.at_s <= self._next_slot_s + _SAME_S


def first_learning(rules: Rules, place: int, *, learned: bool) -> Learning:
    """What an office begins with: its own rate if it has learned it, or the floor."""
    own = rules.trace.offices[place].background(rules.trace.channel)
    p0 = evidence.bounded_p0(own, rules.numbers) if learned else rules.numbers.p0_floor
    return Learning(p0=p0)
