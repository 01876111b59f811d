"""The shipped journeys against the simulated centre: what each fault of the domain looks like."""

from __future__ import annotations

import asyncio

import pytest

from agent.core.model import Run, Sight
from agent.core.verdict import judge
from agent.pipeline.running import run_journey
from agent.probe import Journey
from agent.simulation.centre import Centre, CentreSessionFactory
from agent.simulation.scenario import Kind, Phase
from probes.biometrics import Biometrics
from probes.border_crossing import BorderCrossing
from probes.document_upload import DocumentUpload
from probes.issuance import Issuance
from probes.mpaspor_public import MpasporPublic
from probes.officer_application import OfficerApplication
from probes.payment_status import PaymentStatus
from probes.simkim_files import SimkimFiles
from probes.simkim_sign_in import SimkimSignIn
from probes.watch_list import WatchList
from tests.support.centre import APPLICANT, CREDENTIALS, faults, phase
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

READING = (SimkimSignIn, OfficerApplication, Issuance, MpasporPublic, PaymentStatus, SimkimFiles)
WRITING = (DocumentUpload, Biometrics, BorderCrossing)
JOURNEYS = (*READING, WatchList, *WRITING)
COUNTER = ("simkim.login", "dukcapil.nik", "mpaspor.kuota", "simponi.billing", "status.lacak")
BEHIND = ("simkim.login", "adjudikasi", "alokasi", "cetak", "ujikualitas", "serah")
BROKEN = {
    Kind.HTTP: "http_503",
    Kind.TIMEOUT: "timeout",
    Kind.REFUSE: "refused",
    Kind.RESET: "reset",
    Kind.DNS: "resolve",
    Kind.TLS: "tls",
    Kind.AUTH_FAIL: "auth",
    Kind.SCHEMA_DRIFT: "contract",
}


async def run(
    journey: type[Journey], *phases: Phase, after_s: float = 0.0, speed: float = 1.0
) -> Run:
    loop = asyncio.get_running_loop()
    centre = Centre(faults(*phases, speed=speed), now_s=loop.time)
    centre.begin(loop.time())
    await asyncio.sleep(after_s)
    return await run_journey(
        journey,
        session=CentreSessionFactory(centre, "jember").open(),
        applicant=APPLICANT,
        credentials=CREDENTIALS,
        now_s=loop.time,
    )


def codes(told: Run) -> dict[str, str | None]:
    """What became of each service: the first failure of its steps, None if there was none."""
    found: dict[str, str | None] = {}
    for facts in told.executed:
        code = facts.failure.code if facts.failure else None
        found[facts.service] = found.get(facts.service) or code
    return found


@pytest.mark.parametrize("journey", JOURNEYS)
async def test_a_healthy_centre_passes_every_step(journey: type[Journey]):
    told = await run(journey)
    assert set(codes(told).values()) == {None}
    assert len(told.executed) == len(told.declared)
    assert {verdict.outcome for verdict in judge(told, Sight())} == {"ok"}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize(
    ("journey", "service"),
    [
        *((OfficerApplication, service) for service in COUNTER),
        *((Issuance, service) for service in BEHIND),
        *((MpasporPublic, f"mpaspor.{each}") for each in ("login", "kuota", "permohonan")),
        (PaymentStatus, "mpn.status"),
        *((SimkimFiles, f"simkim.{each}") for each in ("login", "v1", "v2")),
        (WatchList, "ecs.cekal"),
        (DocumentUpload, "dokumen.unggah"),
        (Biometrics, "biometrik.rekam"),
        (Biometrics, "abis.cocok"),
        (BorderCrossing, "apk.perlintasan"),
    ],
)
async def test_every_broken_service_breaks_its_own_step(
    kind: Kind, journey: type[Journey], service: str
):
    told = await run(journey, phase(kind, services=(service,), code=503.0))
    assert list(codes(told).items())[-1] == (service, BROKEN[kind])
    assert set(list(codes(told).values())[:-1]) <= {None}


async def test_an_answer_that_is_no_object_is_the_centres_fault_and_no_bug():
    told = await run(SimkimSignIn, phase(Kind.HTTP, code=200.0, body="pemeliharaan"))
    assert codes(told) == {"simkim.login": "contract"}


async def test_stuck_queues_are_seen_by_their_age():
    stuck = phase(Kind.QUEUE_STUCK, until_s=1e6, services=("cetak",), drain=0.4)
    assert codes(await run(Issuance, stuck, after_s=1300))["cetak"] is None
    assert codes(await run(Issuance, stuck, after_s=1700))["cetak"] == "flow"


async def test_a_queue_that_finishes_nothing_is_seen_long_before_its_age_tells():
    idle = phase(Kind.QUEUE_STUCK, until_s=1e6, services=("cetak",), drain=0.0)
    assert codes(await run(Issuance, idle, after_s=100))["cetak"] is None
    told = await run(Issuance, idle, after_s=400)
    assert codes(told)["cetak"] == "flow"
    assert "finished in the last hour" in str(told.executed[-1].failure)


async def test_random_approvals_are_seen_by_the_file_that_nobody_may_decide():
    told = await run(Issuance, phase(Kind.RANDOM_APPROVE, services=("adjudikasi",)))
    assert codes(told)["adjudikasi"] == "unexpected"


@pytest.mark.parametrize(
    ("journey", "service"),
    [
        (OfficerApplication, "status.lacak"),
        (Issuance, "adjudikasi"),
        (Issuance, "alokasi"),
        (Issuance, "cetak"),
    ],
)
async def test_yesterdays_news_is_no_good_answer(journey: type[Journey], service: str):
    told = await run(journey, phase(Kind.STALE, services=(service,), lag=21600.0))
    assert codes(told)[service] == "flow"


async def test_a_lost_file_is_missed():
    told = await run(OfficerApplication, phase(Kind.LOSS, services=("status.lacak",)))
    assert codes(told)["status.lacak"] == "unexpected"


async def test_a_full_day_of_slots_is_an_ordinary_day():
    for _ in range(40):
        assert codes(await run(OfficerApplication))["mpaspor.kuota"] is None


async def test_a_slow_billing_service_is_slow_and_not_broken():
    told = await run(
        OfficerApplication, phase(Kind.LATENCY, services=("simponi.billing",), factor=15.0)
    )
    outcomes = {verdict.service: verdict.outcome for verdict in judge(told, Sight())}
    assert outcomes.pop("simponi.billing") == "slow"
    assert set(outcomes.values()) == {"ok"}


@pytest.mark.parametrize(
    ("journey", "service"),
    [
        (DocumentUpload, "dokumen.unggah"),
        (Biometrics, "biometrik.rekam"),
        (BorderCrossing, "apk.perlintasan"),
    ],
)
async def test_what_is_acknowledged_and_never_arrives_is_found(
    journey: type[Journey], service: str
):
    told = await run(journey, phase(Kind.LOSS, services=(service,)))
    assert codes(told)[service] == "flow"
    assert told.executed[-1].failure is None, "the last step takes away, and that works"
    assert {v.service: v.outcome for v in judge(told, Sight())}[service] == "fail"


@pytest.mark.parametrize("journey", WRITING)
async def test_what_is_written_is_taken_away_again(journey: type[Journey]):
    loop = asyncio.get_running_loop()
    centre = Centre(faults(), now_s=loop.time)
    sessions = CentreSessionFactory(centre, "jember")
    await run_journey(
        journey,
        session=sessions.open(),
        applicant=APPLICANT,
        credentials=CREDENTIALS,
        now_s=loop.time,
    )
    assert centre.records_kept() == 0


async def test_every_step_names_one_owner_and_calls_slow_what_takes_over_a_second_and_a_half():
    steps = [each for journey in JOURNEYS for each in journey.steps]
    owners = {each.service: each.role for each in steps}
    assert {each.slow_after_s for each in steps if not each.always} == {1.5}
    more = {(each.service, each.id): each.requests for each in steps if each.requests != 1}
    assert more == {("dokumen.unggah", "arrival"): 3}, "one request a step, but to see what arrives"
    assert set(owners.values()) == {"simkim", "dukcapil", "mpaspor", "simponi", "status"}
