"""Runs one journey by hand, as the agent would: the same outside, the same judgement, no exchange.

What the centre answers is overheard for one purpose: so that a report of the check can be made
without it.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from agent.adapters.cgroup_throttling import CgroupThrottling
from agent.app import real_parts
from agent.clock import BootClock
from agent.commands import check_report
from agent.commands.check_hearsay import Hearsay, Overheard
from agent.commands.check_report import CheckReport
from agent.config.branch import BranchSettings
from agent.core import self_doubt
from agent.core.synthetic import applicant_for
from agent.pipeline.running import run_journey
from agent.pipeline.self_watch import SelfWatch
from agent.probe import Journey


class Checker:
    """Runs ``journey`` as often as it is asked to; an async context manager."""

    def __init__(self, journey: type[Journey], settings: BranchSettings) -> None:
        self._journey = journey
        self._settings = settings
        self._clock = BootClock()
        self._outside = real_parts.Outside(settings, self._clock)
        self._self_watch = SelfWatch(self._clock, CgroupThrottling().throttled_s)
        self._watching: asyncio.Task[None] | None = None
        self._credentials = real_parts.credentials(settings)
        self._applicant = applicant_for(settings.branch)
        self.hearsay = Hearsay(self._credentials, self._applicant)
        """What no report may hold."""

    async def __aenter__(self) -> Self:
        """Load certificates. Raises :class:`agent.ports.ConfigurationError`."""
        await self._outside.prepare()
        self._watching = asyncio.create_task(self._self_watch.run())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])

    async def once(self) -> CheckReport:
        """One run, and a look at the controls that began after it."""
        run = await run_journey(
            self._journey,
            session=Overheard(self._outside.sessions.open(), self.hearsay),
            applicant=self._applicant,
            credentials=self._credentials,
            now_s=self._clock.now_s,
        )
        sight = await self._outside.controls.look()
        return check_report.report(
            run,
            branch=self._settings.branch,
            sight=sight,
            controls=self._outside.controls.readings,
            credentials=self._credentials,
            doubt=self_doubt.doubt(self._self_watch.since(run.started_s)),
        )
