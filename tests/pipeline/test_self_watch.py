"""The agent's eye on itself, in virtual time."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from agent.core.blame import Blame
from agent.core.model import Outcome, Sight
from agent.pipeline.self_watch import SelfWatch
from agent.probe import Journey, step
from tests.support.probed_office import CANNOT_SEE, ProbedOffice, SleepyClock
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]


class Kernel:
    """Holds a process back, as far as the test says so."""

    throttled_s = 0.0

    def read(self) -> float:
        return self.throttled_s


class SteppingClock(SleepyClock):
    """Whose wall clock a person may set."""

    ahead_s = 0.0

    def wall_s(self) -> float:
        return super().wall_s() + self.slept_s + self.ahead_s


async def test_in_quiet_times_it_sees_nothing():
    clock = SleepyClock(asyncio.get_running_loop())
    watch = SelfWatch(clock, Kernel().read)
    watching = asyncio.create_task(watch.run())
    await asyncio.sleep(100.0)
    measured = watch.since(80.0)
    watching.cancel()
    assert measured.seconds == pytest.approx(20.0, abs=0.6)
    assert (measured.loop_lag_s, measured.throttled_s, measured.stepped_s) == (0.0, 0.0, 0.0)


async def test_it_sees_what_happened_since_a_moment_and_nothing_from_before():
    clock, kernel = SteppingClock(asyncio.get_running_loop()), Kernel()
    watch = SelfWatch(clock, kernel.read)
    watching = asyncio.create_task(watch.run())
    await asyncio.sleep(10.2)
    clock.slept_s, kernel.throttled_s, clock.ahead_s = 3.0, 0.4, -60.0
    await asyncio.sleep(10.0)
    during, after = watch.since(clock.now_s() - 12.0), watch.since(clock.now_s() - 5.0)
    watching.cancel()
    assert during.loop_lag_s == pytest.approx(3.0)
    assert during.throttled_s == pytest.approx(0.4)
    assert during.stepped_s == pytest.approx(-60.0)
    assert (after.loop_lag_s, after.throttled_s, after.stepped_s) == (0.0, 0.0, 0.0)


async def test_a_look_that_is_overdue_counts_before_it_comes():
    clock = SleepyClock(asyncio.get_running_loop())
    watch = SelfWatch(clock, Kernel().read)
    watching = asyncio.create_task(watch.run())
    await asyncio.sleep(10.2)
    started_s = clock.now_s()
    clock.slept_s = 5.0
    measured = watch.since(started_s)
    watching.cancel()
    assert measured.loop_lag_s == pytest.approx(4.7)


# --- what an office makes of it


class Billing(Journey):
    name = "billing"

    @step("billing", service="simponi.billing", role="simponi", slow_after_s=1.5)
    async def bill(self) -> None:
        (await self.get("/billing")).json()


def watched(kernel: Kernel) -> ProbedOffice:
    clock = SleepyClock(asyncio.get_running_loop())
    return ProbedOffice(Billing, clock=clock, self_watch=SelfWatch(clock, kernel.read))


async def test_a_run_during_which_the_agent_slept_says_nothing_of_the_centre():
    office = watched(Kernel())
    office.centre.answer_s = 1.0
    await office.probe_until(30.5)
    office.clock.slept_s = 40.0
    with capture_logs() as logs:
        await office.probe_until(31.5)
    await office.stop()
    (verdict,) = office.meters.verdicts
    assert verdict.outcome is Outcome.VOID
    assert "its event loop woke 4" in verdict.reason
    assert dict(office.meters.blamed) == {Blame.AGENT: 1}
    (line,) = (each for each in logs if each["event"] == "run")
    assert line["blame"] == "agent"
    assert "too slow" in line["blame_why"]


async def test_an_office_that_doubts_itself_abstains_says_why_and_sees_again():
    kernel = Kernel()
    office = watched(kernel)
    office.centre.says("/billing", 503)
    office.controls.look_s = 0.0
    await office.probe_until(30.1)
    kernel.throttled_s = 2.0
    await office.probe_until(30.5)
    assert office.office.status(30.5).sight == Sight(
        sees=False, why_not="this agent doubts itself: its CPU was throttled for 2.0 s"
    )
    assert office.news, "the others hear of it at once"
    assert office.office.view(now_s=30.5, wall_s=30.5, leads=False).doubt is not None
    await office.probe_until(33.0)
    assert office.office.sight == Sight()
    assert office.office.doubt is None
    await office.probe_until(150.0)
    await office.stop()
    assert [each.outcome.value for each in office.meters.verdicts][:2] == ["void", "fail"]


async def test_without_doubt_a_cut_line_is_blamed_on_the_line():
    office = watched(Kernel())
    office.controls.shown = CANNOT_SEE
    office.centre.says("/billing", 503)
    await office.probe_until(31.0)
    await office.stop()
    assert dict(office.meters.blamed) == {Blame.LINE: 1}
    assert office.office.doubt is None
