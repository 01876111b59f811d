"""An office that only speaks: its statuses and beats come as a real one's do; it probes nothing.

The agent's own core remembers each result, so that a status is as large as a real one, and it is
told when a real office would tell it. While the centre is out, journeys that meet the trouble are
taken at the nation's ceiling and every result of theirs is told, as under a leader's order.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from agent.adapters.nats_exchange import NatsExchange
from agent.app.plan import NationPlan
from agent.clock import BootClock
from agent.core import wire
from agent.core.model import RING_SIZE, Outcome
from agent.core.tuning import STATUS_S
from agent.pipeline.sharing import BEAT_S
from agent.ports import ExchangeError
from agent.probe import Journey
from tests.support.verdicts import Agent

LOOK_EVERY_S = 1.0
"""How late an office may be in noticing that the centre is out."""


class LightOffice:
    """One of them; ``is_out`` says of a service whether the centre fails it now."""

    def __init__(
        self,
        office: str,
        *,
        plan: NationPlan,
        exchange: NatsExchange,
        is_out: Callable[[str], bool],
    ) -> None:
        self._plan = plan
        self._exchange = exchange
        self._is_out = is_out
        self._clock = BootClock()
        self._agent = Agent(office, plan.services, plan.tuning)
        self._place = plan.ranks[office] / len(plan.ranks)
        self._news = asyncio.Event()
        self._remember()

    async def run(self) -> None:
        """Speak until cancelled."""
        async with asyncio.TaskGroup() as speaking:
            speaking.create_task(self._beat_for_ever())
            speaking.create_task(self._publish_for_ever())
            for journey in self._plan.journeys:
                speaking.create_task(self._take_for_ever(journey))

    async def _beat_for_ever(self) -> None:
        await asyncio.sleep(self._place * BEAT_S)
        beat = json.dumps({"v": wire.VERSION, "boot": 1, "sees": True}).encode()
        while True:
            with suppress(ExchangeError):
                await self._exchange.beat(beat)
            await asyncio.sleep(BEAT_S)

    async def _publish_for_ever(self) -> None:
        while True:
            status = self._agent.status(self._clock.now_s())
            told = replace(status, nation=self._plan.mandate.revision)
            with suppress(ExchangeError):
                await self._exchange.publish(wire.encode_status(told))
            with suppress(TimeoutError):
                async with asyncio.timeout(STATUS_S):
                    await self._news.wait()
            self._news.clear()

    async def _take_for_ever(self, journey: type[Journey]) -> None:
        services = {step.service for step in journey.steps}
        base, ceiling = self._plan.runs_per_s[journey.name]
        offices = len(self._plan.ranks)
        self._take(services)
        took_s = self._clock.now_s() - (1 - self._place) * offices / base
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            hurried = any(map(self._is_out, services))
            due_s = took_s + offices / (ceiling if hurried else base)
            if self._clock.now_s() >= due_s:
                took_s = due_s
                self._take(services)

    def _remember(self) -> None:
        """As many good results as a status holds, so that the first one is as large as later ones.

        Without them a leader's memory grows for the twenty minutes that eight results take.
        """
        now_s = self._clock.now_s()
        for service, period_s in self._plan.mandate.periods_s.items():
            for ago in range(RING_SIZE, 0, -1):
                self._agent.run(service, Outcome.OK, now_s - ago * period_s)

    def _take(self, services: set[str]) -> None:
        now_s = self._clock.now_s()
        for service in services:
            out = self._is_out(service)
            outcome = Outcome.FAIL if out else Outcome.OK
            if self._agent.run(service, outcome, now_s) or out:
                self._news.set()
