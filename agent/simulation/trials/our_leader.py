"""The leader of a trial: the real detector of one channel and the real director of focus.

It ticks on a grid of half seconds, like the leader of the product. Ticks that can change nothing
are left out. A tick acts on what results have changed, and on time: while a suspicion, an alarm or
the wish for an order is open, at the end of an order, and when an office has been in trouble of its
own for as long as quarantine takes. So a tick is due at the first moment of the grid after a
report, at every moment while something is open, at the order's end, and when the first office not
yet quarantined may be. In between, tick after tick would find what the one before has left.

Reports may wait, too. While nothing is open and so few offices vote that no group can be in
trouble, one that lowers its office's vote, or leaves it at its most, lets nothing begin: it is
heard together with the next one that matters, with a tick between the two if an office cools down
and is hot again. A test holds all this against a leader that hears and ticks always.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, inf

from agent.core import evidence, groups
from agent.core.declared import Declared
from agent.core.detector import ChannelDetector
from agent.core.focus import Director
from agent.core.model import AlarmPhase, Channel, Focus, Outcome, Scope
from agent.core.reading import Observed
from agent.core.tuning import Tuning
from agent.simulation.trials.our_office import QUIET, Report, Word
from agent.simulation.trials.world import Setting

SERVICE = "service"
TICK_S = 0.5
_MARGIN = 1e-3
"""Nats by which the detector may round a level up."""
_WHOLE = 1.0 - 1e-9
_FEW, _FEW_WHOLE = 2, 1
"""So many offices that vote, and so many with a whole vote, make no group a trouble."""

_Posted = tuple[float, int, Report]
"""(arrival, order of posting, what)."""


@dataclass(slots=True, kw_only=True)
class Declaration:
    """An alarm from declaration to end; what has not come is None. Seconds."""

    scope: Scope
    group: str
    since_s: float
    declared_s: float
    recovering_s: float | None = None
    """When it first showed as recovering."""
    closed_s: float | None = None
    ended_s: float | None = None
    """The end as it is written: back-dated. None while open, and for alarms that were absorbed."""


@dataclass(slots=True, kw_only=True)
class Sayings:
    """Everything that a leader said."""

    declarations: list[Declaration] = field(default_factory=list)
    blips: int = 0
    """Suspicions that came to nothing."""
    orders: int = 0
    focus_s: float = 0.0
    """How long orders stood, together."""


class OurLeader:
    """Reports in, the word to all offices out."""

    def __init__(
        self, setting: Setting, channel: Channel, tuning: Tuning, *, now_s: float, always: bool
    ) -> None:
        """``always``: hear everything when it comes and tick at every moment of the grid."""
        self.word: Word = QUIET
        self.sayings = Sayings()
        self.next_s = inf
        """When the leader must be woken next."""
        self._always = always
        self._calm = not always
        """Reports that let nothing begin may wait."""
        self._next_tick_s = _grid_s(now_s) if always else inf
        self._ticked_s = now_s
        self._pressing: list[_Posted] = []
        self._waiting: dict[int, deque[_Posted]] = {}
        self._posted = 0
        self._cooled: set[str] = set()
        """Offices that reports which had waited took out of the heat, since the last tick."""
        self._levels: dict[str, float] = {}
        """Levels above zero of the newest reports posted."""
        self._under_evidence: set[str] = set()
        """Offices whose newest report heard has a level above zero."""
        self._names = [branch.id for branch in setting.branches]
        self._numbers = tuning.channel(channel)
        self._quarantine_s = tuning.quarantine_s
        self._bad = Outcome.FAIL if channel is Channel.FAIL else Outcome.SLOW
        self._detector = ChannelDetector(
            SERVICE,
            channel,
            groups.of(setting.branches),
            tuning,
            setting.period_s,
            frozenset(self._names).__contains__,
        )
        self._director = Director(tuning.focus, now_s)
        self._focus: Focus | None = None
        self._focus_since_s = 0.0
        self._hot_since_s: dict[str, float] = {}
        self._open: dict[str, tuple[Declared, Declaration]] = {}

        self._note_next()

    def post(self, report: Report, arrives_s: float) -> None:
        """A report is on its way. Those of one office arrive in the order of posting."""
        self._posted += 1
        posted = (arrives_s, self._posted, report)
        if self._may_wait(report):
            _put_behind(self._waiting.setdefault(report.place, deque()), posted)
        else:
            heapq.heappush(self._pressing, posted)
        self._note_next()

    def _may_wait(self, report: Report) -> bool:
        """Whether it lets nothing begin, if the leader is still calm when it arrives."""
        name = self._names[report.place]
        before = self._levels.get(name, 0.0)
        if report.level > 0.0:
            self._levels[name] = report.level
        else:
            self._levels.pop(name, None)
        if not self._calm or report.level > before:
            return False
        detector = self._detector
        most = name in detector.quarantined or detector.vote(name) >= _WHOLE
        return most or not report.bad

    def wake(self, now_s: float) -> bool:
        """Let time pass; tells whether the word to the offices has changed."""
        changed = self._take_in(now_s)
        if now_s >= self._next_tick_s:
            changed = self._tick(now_s) or changed
        self._note_next()
        return changed

    def _take_in(self, now_s: float) -> bool:
        """Hear everything that has arrived, in the order of arrival."""
        changed, pressing = False, self._pressing
        while pressing and pressing[0][0] <= now_s:
            posted = heapq.heappop(pressing)
            self._hear_waiting(posted)
            before_s = floor(posted[0] / TICK_S) * TICK_S
            again = self._names[posted[2].place] in self._cooled
            if again and before_s > self._ticked_s:
                changed = self._tick(before_s) or changed
            self._calm = False
            self._hear(posted)
        self._hear_waiting((now_s, self._posted + 1))
        return changed

    def _hear_waiting(self, until: tuple[float, int] | _Posted) -> None:
        """Hear what waits and arrived before; offices do not touch each other's evidence."""
        for place, queue in list(self._waiting.items()):
            while queue and queue[0][:2] < until[:2]:
                self._hear(queue.popleft())
            if not queue:
                del self._waiting[place]

    def _note_next(self) -> None:
        next_s = self._next_tick_s
        if self._pressing:
            next_s = min(next_s, self._pressing[0][0])
        if self._waiting and not self._calm:
            next_s = min(next_s, *(queue[0][0] for queue in self._waiting.values()))
        self.next_s = next_s

    def _hear(self, posted: _Posted) -> None:
        now_s, _, report = posted
        name = self._names[report.place]
        self._detector.hear(
            name,
            (
                Observed(
                    started_s=report.started_s,
                    outcome=self._bad if report.bad else Outcome.OK,
                    step="",
                    code=None,
                    blocked_by=None,
                ),
            ),
            unseen_good=0,
            p0=report.p0,
            level=report.level,
            now_s=now_s,
            blind=False,
        )
        (self._under_evidence.add if report.level > 0.0 else self._under_evidence.discard)(name)
        if evidence.is_hot(report.level + _MARGIN, self._numbers):
            self._hot_since_s.setdefault(name, now_s)
        elif self._hot_since_s.pop(name, None) is not None:
            self._cooled.add(name)
        if not self._calm:
            self._next_tick_s = min(self._next_tick_s, _grid_s(now_s))

    def _tick(self, now_s: float) -> bool:
        detector = self._detector
        self._ticked_s = now_s
        self._cooled.clear()
        detector.tick(now_s, blind=False)
        decided = [SERVICE] if detector.settled or detector.national is not None else []
        detector.settled = False
        self.sayings.blips += len(detector.blips)
        detector.blips.clear()
        interest = detector.interest(now_s)
        focus = self._director.decide(now_s, [interest] if interest is not None else [], decided)
        self._note_focus(focus, now_s)
        self._note_alarms(detector.alarms, now_s)
        before, self.word = self.word, self._say(focus)
        testing = bool(detector.alarms) or detector.suspicion is not None
        longing = focus is None and interest is not None
        self._next_tick_s = now_s + TICK_S
        if not (self._always or testing or longing):
            ends_s = _grid_s(now_s + focus.seconds_left) if focus is not None else inf
            self._next_tick_s = max(self._next_tick_s, min(ends_s, self._next_quarantine_s()))
        calm = not (self._always or testing or longing or focus is not None)
        self._calm = calm and self._few_vote()
        return before != self.word

    def _few_vote(self) -> bool:
        if self._detector.is_patiently_suspicious:
            return False
        votes = [vote for name in self._under_evidence if (vote := self._detector.vote(name)) > 0.0]
        return len(votes) <= _FEW and sum(vote >= _WHOLE for vote in votes) <= _FEW_WHOLE

    def _say(self, focus: Focus | None) -> Word:
        detector = self._detector
        national = detector.national
        standing = national is not None and national.phase is not AlarmPhase.CLOSED
        open_alarms = any(a.phase is not AlarmPhase.CLOSED for a in detector.alarms.values())
        return Word(
            watched=open_alarms or detector.suspicion is not None,
            stood_down=standing,
            focus_runs_per_s=focus.rate_per_s if focus is not None else None,
        )

    def _next_quarantine_s(self) -> float:
        """When the office that has been hot for longest may be quarantined."""
        put_away = self._detector.quarantined
        hot_s = [at_s for name, at_s in self._hot_since_s.items() if name not in put_away]
        return _grid_s(min(hot_s) + self._quarantine_s) if hot_s else inf

    # --- what it said

    def _note_focus(self, focus: Focus | None, now_s: float) -> None:
        standing = self._focus.order if self._focus is not None else None
        if (focus.order if focus is not None else None) == standing:
            return
        if self._focus is not None:
            self.sayings.focus_s += now_s - self._focus_since_s
        if focus is not None:
            self.sayings.orders += 1
            self._focus_since_s = now_s
        self._focus = focus

    def _note_alarms(self, alarms: Mapping[str, Declared], now_s: float) -> None:
        for group, alarm in alarms.items():
            known = self._open.get(group)
            if known is None or known[0] is not alarm:
                self._open[group] = alarm, self._declared(alarm, now_s)
            self._advance(alarm, self._open[group][1], now_s)
        for group in [g for g in self._open if g not in alarms]:
            del self._open[group]

    def _declared(self, alarm: Declared, now_s: float) -> Declaration:
        said = Declaration(
            scope=alarm.scope, group=alarm.group, since_s=alarm.since_s, declared_s=now_s
        )
        self.sayings.declarations.append(said)
        return said

    def _advance(self, alarm: Declared, said: Declaration, now_s: float) -> None:
        if alarm.phase is AlarmPhase.RECOVERING and said.recovering_s is None:
            said.recovering_s = now_s
        if alarm.phase is AlarmPhase.CLOSED and said.closed_s is None:
            said.closed_s = now_s
            # An absorbed alarm is closed without ever having recovered.
            said.ended_s = alarm.recovery.well_since_s if alarm.recovering_s is not None else None

    def nationals(self) -> Sequence[Declaration]:
        """The national alarms so far."""
        return [d for d in self.sayings.declarations if d.scope is Scope.NATIONAL]


def _put_behind(queue: deque[_Posted], posted: _Posted) -> None:
    """Let a report wait. Of those of a kind that have arrived the last says it all: W is stated."""
    sent_s = posted[2].started_s
    while len(queue) > 1 and queue[1][0] <= sent_s and queue[0][2].bad == queue[1][2].bad:
        queue.popleft()
    queue.append(posted)


def _grid_s(at_s: float) -> float:
    """The first moment of the grid that is not before."""
    return ceil(at_s / TICK_S) * TICK_S
