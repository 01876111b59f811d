"""A fleet of branch agents on one event loop, playing one scenario against a simulated centre.

The same agents as in production, each with its own application, clients and meters; only what they
reach is simulated. The play begins (offset 0) when every office has a result of every service. An
office whose line is cut keeps running; one whose agent stops is gone until the fault ends. What the
fleet saw is collected as it happens, since records of old incidents make room for new ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import structlog

from agent import __version__
from agent.app.agent import Agent, Parts
from agent.app.plan import NationPlan
from agent.clock import Clock
from agent.core import codec
from agent.core.incident import Delivery, Incident
from agent.core.maintenance import Span, Window
from agent.core.model import Branch
from agent.pipeline.office import Identity
from agent.pipeline.term import Term
from agent.simulation.centre import Centre
from agent.simulation.scenario import Scenario
from agent.simulation.workspace import Workspace

LOOK_S = 0.5
WARM_UP_LIMIT_PERIODS = 4.0
AFTER_LAST_FAULT_S = 300.0
AFTER_LAST_CLOSED_S = 20.0
"""A demonstration's own scenario ends this long after its last incident closed."""
START_SPREAD_S = 5.0

_log = structlog.get_logger(__name__)


class World(Protocol):
    """What the agents of a fleet reach."""

    workspace: Workspace

    async def start(self, offices: Sequence[Branch], is_cut: Callable[[str], bool]) -> None:
        """Open everything."""
        ...

    def parts(self, branch: Branch) -> Parts:
        """The outside of one agent; called anew each time that the agent starts."""
        ...

    def set_cut(self, branch: str, *, cut: bool) -> None:
        """Cut or mend one office's way to the exchange."""
        ...

    async def set_power(self, branch: str, *, on: bool) -> None:
        """Without power an office's pages answer nobody."""
        ...

    async def stop(self) -> None:
        """Close everything and leave nothing behind."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """When a play is over, in agent seconds from offset 0."""

    after_s: float
    """At the latest."""
    after_last_closed_s: float | None = None
    """Earlier, this long after the last incident closed; None: never earlier."""

    @classmethod
    def of(cls, scenario: Scenario, last_fault_s: float, seconds: float | None) -> Ending:
        """The rule of the house for a scenario: the demonstration's own ends with its story."""
        if scenario.id == "demo":
            limit = 290.0 if seconds is None else seconds
            return cls(after_s=limit, after_last_closed_s=AFTER_LAST_CLOSED_S)
        limit = 3600.0 if seconds is None else seconds
        return cls(after_s=min(last_fault_s + AFTER_LAST_FAULT_S, limit))


@dataclass(slots=True)
class Witness:
    """What the fleet saw, collected while it ran."""

    incidents: dict[str, Incident]
    abstained: set[str]
    silent: set[str]
    runs: int = 0
    began_s: float | None = None
    """Stream time of offset 0."""


class Fleet:
    """Agents, a centre and a world, for one play."""

    def __init__(
        self,
        *,
        plan: NationPlan,
        scenario: Scenario,
        centre: Centre,
        world: World,
        clock: Clock,
        ending: Ending,
    ) -> None:
        self.plan = plan
        self.scenario = scenario
        self.centre = centre
        self.world = world
        self.agents: dict[str, Agent] = {}
        self.witness = Witness(incidents={}, abstained=set(), silent=set())
        self.on_look: Callable[[float], None] | None = None
        """Called about twice a second with the offset, for whoever narrates."""
        self.on_started: Callable[[], None] | None = None
        """Called once, when every agent has been started."""
        self._clock = clock
        self._ending = ending
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._boots = 0
        self._last_closed_s: float | None = None

    async def play(self) -> Witness:
        """Run the whole play; returns what was seen. Everything is closed afterwards."""
        offices = tuple(self.plan.branches.values())
        await self.world.start(offices, self.centre.line_cut)
        try:
            for number, branch in enumerate(offices):
                self._start(branch)
                if number % 16 == 15:  # noqa: PLR2004 - let the first ones connect meanwhile
                    await asyncio.sleep(START_SPREAD_S / len(offices))
            if self.on_started is not None:
                self.on_started()
            await self._warm_up()
            self.centre.begin(self._clock.now_s())
            self.witness.began_s = self._clock.wall_s()
            await self._announce(self.witness.began_s)
            await self._watch_play()
        finally:
            await self._stop_all()
            await self.world.stop()
        return self.witness

    async def _warm_up(self) -> None:
        """Wait until every office has one result per service."""
        periods_s = self.plan.mandate.periods_s.values()
        limit_s = self._clock.now_s() + WARM_UP_LIMIT_PERIODS * max(periods_s) + 30.0
        while not all(agent.office.ready for agent in self.agents.values()):
            self._look(None)
            if self._clock.now_s() > limit_s:
                waiting = [b for b, agent in self.agents.items() if not agent.office.ready]
                raise RuntimeError(f"no healthy picture in time; waiting for {waiting[:5]}")
            await asyncio.sleep(LOOK_S)

    async def _announce(self, began_s: float) -> None:
        """What the scenario announces is planned work, written down by a hub as people do it."""
        if self.scenario.announced is None:
            return
        from_s, until_s = (
            began_s + at / self.centre.faults.speed for at in self.scenario.announced
        )
        window = Window(
            id="w1",
            services=tuple(s for s in self.scenario.services if s in self.plan.services),
            span=Span(from_s=from_s, until_s=until_s),
            author="simulation",
            reason=self.scenario.name,
        )
        hub = next(branch.id for branch in self.plan.branches.values() if branch.hub)
        exchange = self.agents[hub].parts.exchange
        await exchange.compare_and_set(window.record, codec.to_bytes(window), expect=0)

    async def _watch_play(self) -> None:
        while True:
            offset_s = self.centre.offset_s or 0.0
            await self._apply_faults(offset_s)
            self._look(offset_s)
            if self._is_over(offset_s):
                return
            await asyncio.sleep(LOOK_S)

    def _is_over(self, offset_s: float) -> bool:
        if offset_s >= self._ending.after_s:
            return True
        after_s = self._ending.after_last_closed_s
        if after_s is None or not self.witness.incidents:
            return False
        still_open = any(i.open or i.untold for i in self.witness.incidents.values())
        if still_open or offset_s < self.centre.faults.last_fault_end_s:
            self._last_closed_s = None
            return False
        if self._last_closed_s is None:
            self._last_closed_s = offset_s
        return offset_s - self._last_closed_s >= after_s

    # --- faults of lines and agents

    async def _apply_faults(self, offset_s: float) -> None:
        for branch_id, branch in self.plan.branches.items():
            self.world.set_cut(branch_id, cut=self.centre.line_cut(branch_id))
            stopped = self.centre.faults.agent_stopped(branch_id, offset_s)
            if stopped and branch_id in self._tasks:
                # A power cut says no goodbye: what was said so far was the last word.
                self.world.set_cut(branch_id, cut=True)
                await self._stop(branch_id)
                await self.world.set_power(branch_id, on=False)
            elif not stopped and branch_id not in self._tasks:
                await self.world.set_power(branch_id, on=True)
                self._start(branch)

    def _start(self, branch: Branch) -> None:
        self._boots += 1
        identity = Identity(
            branch=branch,
            program=__version__,
            nation=self.plan.mandate.revision,
            boot_id=f"boot-{self._boots}",
        )
        agent = Agent(self.plan, identity, self.world.parts(branch))
        self.agents[branch.id] = agent
        self._tasks[branch.id] = asyncio.create_task(agent.run(), name=f"agent {branch.id}")

    async def _stop(self, branch: str) -> None:
        """End an agent and keep what it came to."""
        task = self._tasks.pop(branch)
        self.witness.runs += self.agents[branch].office.runs
        task.cancel()
        with suppress(asyncio.CancelledError, ExceptionGroup):
            await task

    async def _stop_all(self) -> None:
        for branch in list(self._tasks):
            self._tasks[branch].cancel()
        for branch in list(self._tasks):
            await self._stop(branch)

    # --- what is seen

    def _look(self, offset_s: float | None) -> None:
        self._mind_agents()
        for branch, agent in self.agents.items():
            if agent.office.abstained:
                self.witness.abstained.add(branch)
            if agent.leader is not None and agent.leader.term is not None:
                self._look_at(agent.leader.term, playing=offset_s is not None)
        if self.on_look is not None and offset_s is not None:
            self.on_look(offset_s)

    def _mind_agents(self) -> None:
        """An agent that ends by itself ends the play, with its reason."""
        for branch, task in self._tasks.items():
            if task.done() and not task.cancelled() and task.exception() is not None:
                raise RuntimeError(f"the agent of {branch} ended") from task.exception()

    def _look_at(self, term: Term, *, playing: bool) -> None:
        if playing:
            self.witness.silent |= term.fell_silent
        for incident in term.book.incidents():
            self.witness.incidents[incident.id] = incident


def told(incidents: Sequence[Incident]) -> list[Incident]:
    """Those that people were told of, in a message of their own or in a storm's, by opening.

    A blindness of the nation is told too, and is no incident of any service.
    """
    shown = (Delivery.POSTED, Delivery.COVERED)
    return sorted(
        (i for i in incidents if i.root_message.delivery in shown and not i.blindness),
        key=lambda incident: (incident.opened_s, incident.name),
    )
