"""The centre behind real names and real certificates, each of which can be bad."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent.adapters.dns_resolver import Resolver
from agent.adapters.http_prober import HttpProber, Target
from agent.adapters.tls_contexts import TlsContexts, Trust
from agent.clock import BootClock
from agent.core.model import StepFacts
from agent.pipeline.running import run_journey
from agent.probe import Journey, step
from agent.simulation.centre import Centre
from agent.simulation.centre_http import HttpCentre
from agent.simulation.certificates import Certificates, Spoiled, spoiled
from agent.simulation.line import OfficeLine
from agent.simulation.name_server import lookup_at
from agent.simulation.scenario import Kind, Phase
from tests.support.centre import APPLICANT, at_offices, faults, phase

pytestmark = pytest.mark.anyio

SLOTS, LABEL = "mpaspor.kuota", "mpaspor-kuota"


class AskForSlots(Journey):
    name = "ask-for-slots"

    @step("slots", service=SLOTS, role="mpaspor")
    async def slots(self) -> None:
        (await self.get("/kuota")).document().require("sisa", int)


@asynccontextmanager
async def office(folder: Path, *phases: Phase) -> AsyncIterator[HttpProber]:
    """The prober of Jember, at a centre that is in this trouble."""
    clock = BootClock()
    centre = Centre(faults(*phases), now_s=clock.now_s)
    certificates = Certificates(folder, clock.wall_s())
    http = HttpCentre(centre, ("jember",), certificates)
    line = OfficeLine(
        lambda: centre.line_cut("jember"),
        trouble=lambda label: centre.name_trouble("jember", SLOTS) if label == LABEL else None,
    )
    await http.start()
    await line.start()
    centre.begin(clock.now_s())
    prober = HttpProber(
        targets=[
            Target(
                role="mpaspor",
                url=http.urls("jember")[SLOTS],
                trust=Trust(ca_file=str(certificates.authority)),
            )
        ],
        contexts=TlsContexts(),
        resolver=Resolver(lookup=lookup_at(line.resolver)),
        clock=clock,
        agent_name="pantau-test",
    )
    await prober.prepare()
    try:
        yield prober
    finally:
        await line.stop()
        await http.stop()


async def asked(prober: HttpProber) -> StepFacts:
    told = await run_journey(
        AskForSlots,
        session=prober.open(),
        applicant=APPLICANT,
        credentials={},
        now_s=BootClock().now_s,
        step_timeout_s=0.7,
    )
    (facts,) = told.executed
    return facts


async def test_a_service_is_found_by_its_name_and_believed_by_its_certificate(tmp_path: Path):
    async with office(tmp_path) as prober:
        facts = await asked(prober)
    assert facts.failure is None
    assert facts.phases.resolve_s > 0
    assert facts.phases.tls_s > 0


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("certificate has expired", "expired"),
        ("unknown CA", "authority is unknown"),
        ("wrong host", "is for another host"),
        ("handshake_failure", "handshake"),
    ],
)
async def test_each_bad_certificate_is_told_apart(tmp_path: Path, reason: str, told: str):
    async with office(tmp_path, phase(Kind.TLS, reason=reason)) as prober:
        facts = await asked(prober)
    assert facts.failure is not None
    assert facts.failure.code == "tls"
    assert told.lower() in facts.failure.detail.lower()


@pytest.mark.parametrize(
    ("rcode", "told"),
    [
        ("NXDOMAIN", "does not exist"),
        ("SERVFAIL", "does not answer"),
        ("REFUSED", "cannot be resolved"),
        ("NOERROR", "no address"),
        ("TIMEOUT", "no answer within"),
    ],
)
async def test_each_answer_of_the_name_server_is_told_apart(tmp_path: Path, rcode: str, told: str):
    async with office(tmp_path, phase(Kind.DNS, rcode=rcode)) as prober:
        facts = await asked(prober)
    assert facts.failure is not None
    assert facts.failure.code in ("resolve", "timeout")
    assert told in facts.failure.detail


@pytest.mark.parametrize("kind", [Kind.DNS, Kind.TLS])
async def test_another_offices_trouble_is_not_this_ones(tmp_path: Path, kind: Kind):
    trouble = phase(kind, scope=at_offices("medan"), rcode="NXDOMAIN", reason="expired")
    async with office(tmp_path, trouble) as prober:
        facts = await asked(prober)
    assert facts.failure is None


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("certificate has expired", Spoiled.EXPIRED),
        ("unknown_ca", Spoiled.UNKNOWN_CA),
        ("self-signed", Spoiled.UNKNOWN_CA),
        ("hostname mismatch", Spoiled.WRONG_HOST),
        ("wrong_host", Spoiled.WRONG_HOST),
        ("protocol version", Spoiled.HANDSHAKE),
    ],
)
def test_what_the_words_of_a_scenario_mean(words: str, kind: Spoiled):
    assert spoiled(words) is kind
