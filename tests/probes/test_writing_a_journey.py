"""The page for authors: its two journeys are the same one, and both find what they are for."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from agent.config.journeys import load_journeys
from agent.core.model import StepFacts
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


SHAPES = {None: None, Kind.HTTP: "http_503", Kind.SCHEMA_DRIFT: "contract"}


@pytest.fixture(params=["python", "yaml"])
def journey(request: pytest.FixtureRequest, tmp_path: Path) -> type[Journey]:
    suffix = {"python": "py", "yaml": "yaml"}[request.param]
    (tmp_path / f"billing_look.{suffix}").write_text(shown(request.param))
    return journey_in(tmp_path / f"billing_look.{suffix}")


@pytest.fixture(params=["python", "yaml"])
def journey_with_a_shape(request: pytest.FixtureRequest, tmp_path: Path) -> type[Journey]:
    suffix = {"python": "py", "yaml": "yaml"}[request.param]
    file = tmp_path / f"billing_shape.{suffix}"
    file.write_text(shown(f"{request.param} schema"))
    (tmp_path / "simponi.openapi.yaml").write_text(shown("yaml simponi.openapi.yaml"))
    return journey_in(file)


def shown(kind: str) -> str:
    """The one block of the page that begins so."""
    (code,) = re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return str(code)


def journey_in(file: Path) -> type[Journey]:
    found = load_journeys([file])
    assert not found.mistakes, [str(each) for each in found.mistakes]
    (journey,) = found.by_name.values()
    return journey


@pytest.mark.parametrize("kind", FAULTS)
async def test_each_fault_is_told_alike_in_both(journey: type[Journey], kind: Kind | None):
    facts = await asked(journey, kind)
    assert (facts.step, facts.service) == ("billing inquiry", "simponi.billing")
    assert (facts.failure.code if facts.failure else None) == FAULTS[kind]


@pytest.mark.parametrize("kind", SHAPES)
async def test_a_changed_shape_is_told_alike_in_both(
    journey_with_a_shape: type[Journey], kind: Kind | None
):
    facts = await asked(journey_with_a_shape, kind)
    assert (facts.failure.code if facts.failure else None) == SHAPES[kind]
    if facts.failure is not None and kind is Kind.SCHEMA_DRIFT:
        differences = "status: missing; kode_billing: missing; data_age_s: missing"
        assert facts.failure.detail == differences


async def asked(journey: type[Journey], kind: Kind | None) -> StepFacts:
    """What the one step of a journey shows under a fault."""
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
    return facts
