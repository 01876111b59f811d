"""The page for authors: its two journeys are the same one, and both find what they are for."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from agent.config.journeys import load_journeys
from agent.pipeline.running import run_journey
from agent.probe import Journey
from agent.simulation.centre import Centre, CentreSessionFactory
from agent.simulation.scenario import Kind, Phase
from tests.support.centre import APPLICANT, CREDENTIALS, faults, phase
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

PAGE = Path(__file__).parents[2] / "docs" / "writing-a-journey.md"
BILLING = ("simponi.billing",)
FAULTS = {
    None: None,
    Kind.HTTP: "http_503",
    Kind.SCHEMA_DRIFT: "contract",
    Kind.STALE: "flow",
    Kind.REFUSE: "refused",
}


@pytest.fixture(params=["python", "yaml"])
def journey(request: pytest.FixtureRequest, tmp_path: Path) -> type[Journey]:
    (code,) = re.findall(rf"```{request.param}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    suffix = {"python": "py", "yaml": "yaml"}[request.param]
    (tmp_path / f"billing_look.{suffix}").write_text(code)
    found = load_journeys([tmp_path])
    assert not found.mistakes, [str(each) for each in found.mistakes]
    return found.by_name["billing-look"]


@pytest.mark.parametrize("kind", FAULTS)
async def test_each_fault_is_told_alike_in_both(journey: type[Journey], kind: Kind | None):
    loop = asyncio.get_running_loop()
    trouble: list[Phase] = []
    if kind is not None:
        trouble = [phase(kind, services=BILLING, code=503.0, lag=21600.0)]
    centre = Centre(faults(*trouble), now_s=loop.time)
    centre.begin(loop.time())
    run = await run_journey(
        journey,
        session=CentreSessionFactory(centre, "jember").open(),
        applicant=APPLICANT,
        credentials=CREDENTIALS,
        now_s=loop.time,
    )
    (facts,) = run.executed
    assert (facts.step, facts.service) == ("billing inquiry", "simponi.billing")
    assert (facts.failure.code if facts.failure else None) == FAULTS[kind]
