"""A nation of offices in plain time: no loop, no exchange, one seed, and the leader's own core.

Every office probes at its slots and re-probes while it has evidence, as the pipeline does; statuses
travel for a second or so. What the centre does is a function of office and time. The seed is in the
representation, so that a failing assertion prints it.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count

from agent.core import schedule
from agent.core.model import Alarm, AlarmPhase, Branch, Focus, Outcome, Scope, Status, Trigger
from agent.core.nation import Nation, Outlook
from agent.core.schedule import Due, Pace, Plan
from agent.core.tuning import Tuning
from tests.support.verdicts import REVISION, Agent

BEGAN_S = 1_000_000.0
TICK_S = 1.0
ORDER_S = 1.0
QUIET_BAD = 0.0035

Centre = Callable[[str, float], Outcome]
"""What the centre answers an office so many seconds after the beginning."""


class PureFleet:
    """``at_s`` are seconds since the beginning, at which every office has been heard once."""

    def __init__(
        self,
        branches: Sequence[Branch],
        centre: Centre,
        *,
        seed: int = 1,
        base_runs_per_s: float = 2.0,
        ceiling_runs_per_s: float = 8.0,
        noise: bool = True,
        follows_orders: bool = True,
        on_tick: Callable[[Outlook], None] = lambda _: None,
    ) -> None:
        self.seed = seed
        self.alarms: list[tuple[float, Alarm]] = []
        """Every alarm of both channels, when it was first seen in each of its phases."""
        self.blips = 0
        self.probes = 0
        tuning = Tuning()
        period_s = schedule.period_s(len(branches), base_runs_per_s)
        self.nation = Nation(
            branches=branches, periods_s={"x": period_s}, tuning=tuning, revision=REVISION
        )
        self._random = random.Random(seed)
        self._centre = centre
        self._on_tick = on_tick
        self._noise = QUIET_BAD if noise else 0.0
        self._pace = Pace.within(
            ceiling_runs_per_s, len(branches), tuning.reprobe_s, tuning.reprobe_limit
        )
        self._agents = {b.id: Agent(b.id, ["x"], tuning) for b in branches}
        self._reprobes = dict.fromkeys(self._agents, 0)
        self._watched = self._stood_down = False
        self._seen: set[tuple[str, str, AlarmPhase]] = set()
        self._order = count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        ranks = schedule.ranks(self._agents)
        phase_s = self._random.uniform(0.0, period_s)
        self._plans = {
            office: Plan.seated(
                share=schedule.share(rank=rank, roster_size=len(ranks)),
                period_s=period_s,
                now_s=phase_s,
                wall_s=0.0,
            )
            for office, rank in ranks.items()
        }
        self._follows_orders = follows_orders
        self._focus: Focus | None = None
        self._last_start_s: dict[str, float | None] = dict.fromkeys(self._agents)
        self._plans_made = dict.fromkeys(self._agents, 0)
        for office, agent in self._agents.items():
            self.nation.hear(office, agent.status(0.0), BEGAN_S, BEGAN_S)
            self._plan(office, 0.0)
        self._at(0.0, lambda: self._tick(0.0))

    def __repr__(self) -> str:
        return (
            f"PureFleet(seed={self.seed}, told={[(t, a.scope, a.group) for t, a in self.alarms]})"
        )

    def until(
        self, at_s: float, *, stop: Callable[[PureFleet], bool] = lambda _: False
    ) -> PureFleet:
        """Play on to ``at_s``, or until ``stop``."""
        while self._events[0][0] <= at_s and not stop(self):
            heapq.heappop(self._events)[2]()
        return self

    def told(self, scope: Scope, phase: AlarmPhase = AlarmPhase.DECLARED) -> list[float]:
        """When alarms of a scope came to a phase, seconds since the beginning."""
        return [at_s for at_s, a in self.alarms if a.scope is scope and a.phase is phase]

    @property
    def national_s(self) -> float | None:
        """When the first national alarm was declared."""
        return next(iter(self.told(Scope.NATIONAL)), None)

    # --- events

    def _at(self, at_s: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._events, (at_s, next(self._order), what))

    def _tick(self, at_s: float) -> None:
        outlook = self.nation.assess(BEGAN_S + at_s)
        assessment = outlook.assessments["x"]
        self.blips += len(outlook.blips)
        standing = {(a.channel.value, a.group, a.phase) for a in assessment.alarms}
        for alarm in assessment.alarms:
            if (alarm.channel.value, alarm.group, alarm.phase) not in self._seen:
                self.alarms.append((at_s, alarm))
        self._seen = standing
        self._watched = assessment.suspected or bool(standing)
        self._stood_down = any(a.scope is Scope.NATIONAL for a in assessment.alarms)
        self._follow(outlook.focus, at_s)
        self._on_tick(outlook)
        self._at(at_s + TICK_S, lambda: self._tick(at_s + TICK_S))

    def _follow(self, focus: Focus | None, at_s: float) -> None:
        """A new order, or its end, reaches every office a second later."""
        changed = (focus and focus.order) != (self._focus and self._focus.order)
        self._focus = focus if self._follows_orders else None
        if changed and self._follows_orders:
            heard_s = at_s + ORDER_S
            for office in self._agents:
                self._at(heard_s, partial(self._plan, office, heard_s))

    def _plan(self, office: str, now_s: float) -> None:
        slots, rate = self._plans[office], self._focus and self._focus.rate_per_s
        due = schedule.next_run(
            slots,
            self._pace,
            now_s=now_s,
            last_start_s=self._last_start_s[office],
            suspicious=self._agents[office].memories["x"].suspicious,
            reprobes_in_a_row=self._reprobes[office],
            stood_down=self._stood_down,
            focus=self._pace.follow(slots, rate) if rate else None,
        )
        self._plans_made[office] += 1
        plan = self._plans_made[office]
        self._at(due.at_s, lambda: self._probe(office, due, plan))

    def _probe(self, office: str, due: Due, plan: int) -> None:
        if plan != self._plans_made[office]:
            return
        at_s, hurried = due.at_s, due.trigger is not Trigger.PLAN
        self.probes += 1
        self._last_start_s[office] = at_s
        reprobe = due.trigger is Trigger.REPROBE
        self._reprobes[office] = self._reprobes[office] + 1 if reprobe else 0
        outcome = self._centre(office, at_s)
        if self._random.random() < self._noise:
            outcome = Outcome.FAIL
        agent = self._agents[office]
        news = agent.run("x", outcome, at_s, learn=not hurried and not self._watched)
        if news or self._watched:
            sent_s = at_s + 0.3 + self._random.expovariate(1 / 0.4)
            status = agent.status(sent_s)
            stored_s = sent_s + self._random.expovariate(1 / 0.3)
            self._at(stored_s, lambda: self._arrive(office, status, stored_s))
        self._plan(office, at_s)

    def _arrive(self, office: str, status: Status, at_s: float) -> None:
        self.nation.hear(office, status, BEGAN_S + at_s, BEGAN_S + at_s)
