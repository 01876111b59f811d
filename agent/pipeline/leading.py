"""Standing for election, and leading while elected: what an electable agent does beside probing.

A term ends at its deadline, whatever the tasks of it are waiting for; what a term is, says
:mod:`agent.pipeline.term`. A term that breaks, that cannot see, or that reaches nobody to tell, is
given up, so that another hub has its turn.
"""

from __future__ import annotations

import asyncio

import structlog

from agent.clock import Clock
from agent.pipeline.leadership import Leadership
from agent.pipeline.mandate import Mandate
from agent.pipeline.reaching import Reach, Resignations, another
from agent.pipeline.term import Term
from agent.ports import Exchange, Meters, Notifier, Receivers, Recorder

STEP_S = 1.0
TICK_S = 0.5

_log = structlog.get_logger(__name__)


class Leader:
    """The part of an electable agent that leads while it is elected."""

    def __init__(  # noqa: PLR0913 - what a leader depends on, each by its name
        self,
        *,
        branch: str,
        exchange: Exchange,
        leadership: Leadership,
        notifier: Notifier,
        mandate: Mandate,
        clock: Clock,
        meters: Meters,
        recorder: Recorder | None = None,
        receivers: Receivers = tuple,
    ) -> None:
        self._branch = branch
        self._exchange = exchange
        self._leadership = leadership
        self._notifier = notifier
        self._mandate = mandate
        self._clock = clock
        self._meters = meters
        self._recorder = recorder
        self._receivers = receivers
        self._reach = Reach()
        self._resignations = Resignations(branch, exchange)
        self.term: Term | None = None
        """The term that this agent leads now, for whoever wants to look."""

    async def run(self) -> None:
        """Stand for election, and lead while elected, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._stand_for_ever())
            while True:
                if self._leadership.may_act():
                    await self._lead()
                await asyncio.sleep(TICK_S)

    async def _stand_for_ever(self) -> None:
        while True:
            await self._leadership.step()
            self._meters.leadership(leads=self._leadership.may_act(), term=self._leadership.term)
            await asyncio.sleep(STEP_S)

    async def _lead(self) -> None:
        term = self.term = Term(
            branch=self._branch,
            number=self._leadership.term,
            exchange=self._exchange,
            leadership=self._leadership,
            notifier=self._notifier,
            mandate=self._mandate,
            clock=self._clock,
            meters=self._meters,
            recorder=self._recorder,
            receivers=self._receivers,
        )
        self._reach.begin()
        unheard = False
        work = asyncio.ensure_future(term.run())
        try:
            while self._leadership.may_act() and not work.done() and not unheard:
                await asyncio.wait([work], timeout=TICK_S)
                unheard = await self._leaves_it_to_another(term)
        finally:
            work.cancel()
            ended = await asyncio.gather(work, return_exceptions=True)  # noqa: TID251 - one task
            self.term = None
        if isinstance(ended[0], Exception):
            _log.error("term_failed", branch=self._branch, error=repr(ended[0]))
            await self._leadership.resign()
        elif unheard:
            await self._leadership.resign()

    async def _leaves_it_to_another(self, term: Term) -> bool:
        """Whether nobody hears us, while another hub is there that might be heard."""
        now_s, health = self._clock.now_s(), self._notifier.health()
        if not self._reach.lost(health, now_s) or not self._reach.may_give_up(now_s):
            return False
        hubs = [branch.id for branch in self._mandate.branches.values() if branch.hub]
        silent = () if term.outlook is None else term.outlook.attendance.silent
        if not another(self._branch, hubs, silent):
            return False
        if not await self._resignations.announce(hubs, silent, term.stream_now_s()):
            return False
        self._reach.give_up(now_s)
        _log.warning("unheard_leader_resigns", branch=self._branch, reason=health.detail)
        return True
