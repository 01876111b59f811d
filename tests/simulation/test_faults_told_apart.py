"""Every kind of fault of the simulated centre: how it is told, and on what it is blamed.

One row a kind. An office alone blames what its own run and controls show; with a front control that
answers it can tell the service from the way there, and with the leader's word the nation from both.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import pytest

from agent.core import blame
from agent.core.blame import Blame
from agent.core.model import IncidentSummary, Run, Scope, Severity, Sight, Verdict
from agent.core.verdict import judge
from agent.pipeline.running import run_journey
from agent.probe import Journey
from agent.simulation.centre import Centre, CentreSessionFactory
from agent.simulation.line import SimulatedControls
from agent.simulation.scenario import Kind, Phase, Where
from probes.document_upload import DocumentUpload
from probes.issuance import Issuance
from probes.officer_application import OfficerApplication
from tests.support.centre import APPLICANT, CREDENTIALS, faults, phase
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

OFFICE = "jember"
BILLING, PRINTING, UPLOAD = "simponi.billing", "cetak", "dokumen.unggah"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one office saw of one fault."""

    run: Run
    verdicts: tuple[Verdict, ...]
    sight: Sight

    def of(self, service: str) -> tuple[str, str | None]:
        """Outcome and code of one service."""
        verdict = next(each for each in self.verdicts if each.service == service)
        return verdict.outcome.value, verdict.code

    def blamed(
        self, *incidents: IncidentSummary, front: str | None = None, doubt: str | None = None
    ) -> Blame | None:
        sight = Sight(sees=self.sight.sees, why_not=self.sight.why_not, front=front)
        found = blame.of_run(
            self.run, self.verdicts, sight, doubt=doubt, incidents=incidents, groups=("roster",)
        )
        return found.blame if found is not None else None


async def seen(journey: type[Journey], *trouble: Phase, after_s: float = 1.0) -> Seen:
    """One run ``after_s`` into the trouble, and what the near controls show after it."""
    loop = asyncio.get_running_loop()
    centre = Centre(faults(*trouble), now_s=loop.time)
    centre.begin(loop.time())
    await asyncio.sleep(after_s)
    run = await run_journey(
        journey,
        session=CentreSessionFactory(centre, OFFICE).open(),
        applicant=APPLICANT,
        credentials=CREDENTIALS,
        now_s=loop.time,
    )
    sight = await SimulatedControls(centre, OFFICE).look()
    return Seen(run=run, verdicts=judge(run, sight), sight=sight)


def open_incident(scope: Scope, service: str) -> IncidentSummary:
    return IncidentSummary(
        id="i",
        scope=scope,
        group="all" if scope is Scope.NATIONAL else "roster",
        root=service,
        severity=Severity.DEGRADED,
        phase="posted",
        since_s=0.0,
        failing=9,
        reporting=10,
    )


def at(kind: Kind, service: str, **parameters: float) -> Phase:
    return replace(phase(kind, until_s=1e6, services=(service,)), parameters=parameters)


TOLD = {
    Kind.LATENCY: (OfficerApplication, at(Kind.LATENCY, BILLING, factor=15.0), "slow", None),
    Kind.HTTP: (OfficerApplication, at(Kind.HTTP, BILLING, code=503.0), "fail", "http_503"),
    Kind.TIMEOUT: (OfficerApplication, at(Kind.TIMEOUT, BILLING), "fail", "timeout"),
    Kind.REFUSE: (OfficerApplication, at(Kind.REFUSE, BILLING), "fail", "refused"),
    Kind.RESET: (OfficerApplication, at(Kind.RESET, BILLING), "fail", "reset"),
    Kind.DNS: (OfficerApplication, at(Kind.DNS, BILLING), "fail", "resolve"),
    Kind.TLS: (OfficerApplication, at(Kind.TLS, BILLING), "fail", "tls"),
    Kind.AUTH_FAIL: (OfficerApplication, at(Kind.AUTH_FAIL, BILLING), "fail", "auth"),
    Kind.SCHEMA_DRIFT: (OfficerApplication, at(Kind.SCHEMA_DRIFT, BILLING), "drift", "contract"),
    Kind.QUEUE_STUCK: (Issuance, at(Kind.QUEUE_STUCK, PRINTING, drain=0.0), "fail", "flow"),
    Kind.RANDOM_APPROVE: (Issuance, at(Kind.RANDOM_APPROVE, "adjudikasi"), "fail", "unexpected"),
    Kind.STALE: (Issuance, at(Kind.STALE, PRINTING, lag=21600.0), "fail", "flow"),
    Kind.LOSS: (DocumentUpload, at(Kind.LOSS, UPLOAD), "fail", "flow"),
}
"""By kind: who notices, the fault, and how its service is told. ``closed`` stands apart below."""
ALONE = {
    Kind.TIMEOUT: Blame.INCONCLUSIVE,
    Kind.REFUSE: Blame.INCONCLUSIVE,
    Kind.RESET: Blame.INCONCLUSIVE,
    Kind.TLS: Blame.INCONCLUSIVE,
    Kind.DNS: Blame.PATH,
    Kind.AUTH_FAIL: Blame.CREDENTIALS,
}
"""Whom an office blames without a front control; any other kind is the centre's."""
QUEUE_S = 1000.0
"""How long a queue is stuck here before anybody looks."""


@pytest.fixture(params=TOLD)
def kind(request: pytest.FixtureRequest) -> Kind:
    return Kind(request.param)


@pytest.fixture
async def fault(kind: Kind) -> Seen:
    journey, trouble, _, _ = TOLD[kind]
    return await seen(journey, trouble, after_s=QUEUE_S if kind is Kind.QUEUE_STUCK else 1.0)


def service_of(kind: Kind) -> str:
    (service,) = TOLD[kind][1].services
    return service


async def test_each_kind_is_told_in_its_own_way(kind: Kind, fault: Seen):
    _, _, outcome, code = TOLD[kind]
    assert fault.of(service_of(kind)) == (outcome, code)


async def test_an_office_alone_blames_what_it_can_see(kind: Kind, fault: Seen):
    assert fault.blamed() is ALONE.get(kind, Blame.CENTRE)


@pytest.mark.parametrize("silent", [Kind.TIMEOUT, Kind.REFUSE, Kind.RESET, Kind.TLS])
async def test_a_front_control_tells_the_service_from_the_way_there(silent: Kind):
    fault = await seen(OfficerApplication, at(silent, BILLING))
    assert fault.blamed(front="answers") is Blame.CENTRE
    assert fault.blamed(front="does not answer: no answer in time") is Blame.PATH


async def test_the_leaders_word_decides_but_for_refused_credentials(kind: Kind, fault: Seen):
    own = Blame.CREDENTIALS if kind is Kind.AUTH_FAIL else None
    national = open_incident(Scope.NATIONAL, service_of(kind))
    regional = open_incident(Scope.REGIONAL, service_of(kind))
    assert fault.blamed(national) is (own or Blame.CENTRE)
    assert fault.blamed(regional) is (own or Blame.REGION)


async def test_an_agent_that_doubts_itself_blames_nobody_else(fault: Seen):
    assert fault.blamed(doubt="its event loop woke 2.0 s late") is Blame.AGENT


@pytest.mark.parametrize("cutting", [Kind.TIMEOUT, Kind.HTTP, Kind.REFUSE])
async def test_a_cut_line_is_the_lines_fault_whatever_its_kind(cutting: Kind):
    cut = phase(cutting, until_s=1e6, where=Where.LINE, code=503.0)
    fault = await seen(OfficerApplication, cut)
    assert {each.outcome.value for each in fault.verdicts} == {"void"}
    assert fault.blamed() is Blame.LINE
    assert fault.blamed(open_incident(Scope.NATIONAL, "simkim.login")) is Blame.LINE


async def test_a_closed_office_is_no_fault_of_anybodys():
    closed = await seen(OfficerApplication, phase(Kind.CLOSED, until_s=1e6))
    assert {each.outcome.value for each in closed.verdicts} == {"ok"}
    assert closed.blamed() is None


async def test_no_kind_is_left_out():
    assert set(TOLD) | {Kind.CLOSED} == set(Kind)
