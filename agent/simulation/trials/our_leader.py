"""The leader of a trial: the real detector of one channel and the real director of focus.

It ticks on a grid of half seconds, like the leader of the product. Ticks that can change nothing
are left out. A tick acts on three things: on what results have changed, on the time that has passed
while something is open (a suspicion, an alarm, an order or the wish for one), and on the time that
an office has been in trouble of its own, which ends in quarantine. So a tick is due at the first
moment of the grid after a report, at every moment while something is open, and when the first
office not yet quarantined has been hot for as long as that takes. In between, tick after tick would
find what the one before has left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, inf

from agent.core import evidence, groups
from agent.core.detector import ChannelDetector, Declared
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
        """``always``: at every moment of the grid, for a comparison."""
        self.word: Word = QUIET
        self.sayings = Sayings()
        self.next_tick_s = _grid_s(now_s) if always else inf
        self._always = always
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

    def hear(self, report: Report, now_s: float) -> None:
        """A report arrives."""
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
        if evidence.is_hot(report.level + _MARGIN, self._numbers):
            self._hot_since_s.setdefault(name, now_s)
        else:
            self._hot_since_s.pop(name, None)
        self.next_tick_s = min(self.next_tick_s, _grid_s(now_s))

    def tick(self, now_s: float) -> bool:
        """Let time pass; tells whether the word to the offices has changed."""
        detector = self._detector
        detector.tick(now_s, blind=False)
        decided = [SERVICE] if detector.blips or detector.national is not None else []
        self.sayings.blips += len(detector.blips)
        detector.blips.clear()
        interest = detector.interest(now_s)
        focus = self._director.decide(now_s, [interest] if interest is not None else [], decided)
        self._note_focus(focus, now_s)
        self._note_alarms(detector.alarms, now_s)
        before, self.word = self.word, self._say(focus)
        busy = self.word != QUIET or interest is not None or bool(detector.alarms)
        if self._always or busy:
            self.next_tick_s = now_s + TICK_S
        else:
            self.next_tick_s = max(now_s + TICK_S, self._next_quarantine_s())
        return before != self.word

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

    def _note_alarms(self, alarms: dict[str, Declared], now_s: float) -> None:
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


def _grid_s(at_s: float) -> float:
    """The first moment of the grid that is not before."""
    return ceil(at_s / TICK_S) * TICK_S
