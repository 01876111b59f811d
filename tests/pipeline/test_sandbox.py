"""Steps that write exist on a sandbox alone."""

from __future__ import annotations

from agent.core.schedule import Pace, Plan
from agent.pipeline.probes import probe_of
from agent.probe import Journey, step


class Crossing(Journey):
    """Asks, writes, and takes away what it wrote."""

    name = "crossing"

    @step("ask", service="s.ask", role="status")
    async def ask(self) -> None: ...

    @step("write", service="s.write", role="centre", sandbox_only=True)
    async def write(self) -> None: ...

    @step("take away", service="s.write", role="centre", sandbox_only=True, always=True)
    async def take_away(self) -> None: ...


class WriteOnly(Journey):
    """Nothing of it may touch a live target."""

    name = "write-only"

    @step("write", service="s.write", role="centre", sandbox_only=True)
    async def write(self) -> None: ...


def ids(journey: type[Journey] | None) -> list[str]:
    return [] if journey is None else [each.id for each in journey.steps]


def test_on_a_live_target_steps_that_write_are_not_there():
    live = Crossing.within(["status"])
    assert ids(live) == ["ask"]
    assert ids(Crossing) == ["ask", "write", "take away"]
    assert live is not None
    assert (live.name, live.__doc__) == (Crossing.name, Crossing.__doc__)


def test_a_sandbox_sees_the_whole_journey():
    assert Crossing.within(["centre"]) is Crossing


def test_a_journey_of_which_nothing_is_left_is_none():
    assert WriteOnly.within([]) is None


def test_a_run_pays_for_the_token_that_it_may_need():
    plan = Plan.seated(share=0.0, period_s=60.0, now_s=0.0, wall_s=0.0)
    pace = Pace.within(1.0, 1, 15.0, 8)
    probe = probe_of(Crossing, plan=plan, pace=pace, token_roles=["centre", "other"])
    assert probe.cost == {"journey:crossing": 1.0, "target:status": 1.0, "target:centre": 4.0}


def test_what_is_not_there_costs_nothing():
    live = Crossing.within([])
    assert live is not None
    plan = Plan.seated(share=0.0, period_s=60.0, now_s=0.0, wall_s=0.0)
    probe = probe_of(live, plan=plan, pace=Pace.within(1.0, 1, 15.0, 8))
    assert probe.cost == {"journey:crossing": 1.0, "target:status": 1.0}
    assert probe.services == ("s.ask",)
