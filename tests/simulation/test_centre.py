from __future__ import annotations

import asyncio
from json import loads

import pytest

from agent.core.model import FailureKind
from agent.probe import Reply, Request, RequestFailed
from agent.simulation.centre import BASE_LATENCY_S, Centre, CentreSessionFactory
from agent.simulation.centre_api import SIGN_INS
from agent.simulation.line import SimulatedControls
from agent.simulation.scenario import SERVICES, Kind, Phase, Where
from tests.support.centre import at_offices, faults, phase
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

ASKED = {
    "mpaspor.login": ("POST", "/sso/token", {"username": "a", "password": "b"}),
    "mpaspor.kuota": ("GET", "/kuota", None),
    "mpaspor.permohonan": ("POST", "/permohonan", {}),
    "simponi.billing": ("GET", "/billing/000000000000000", None),
    "mpn.status": ("GET", "/pembayaran/000000000000000", None),
    "simkim.login": ("POST", "/sso/token", {"username": "a", "password": "b"}),
    "simkim.v1": ("GET", "/v1/permohonan/SYN000001", None),
    "simkim.v2": ("GET", "/v2/permohonan/SYN000001", None),
    "dukcapil.nik": ("POST", "/nik/verifikasi", {"nik": "4901000101900000"}),
    "dokumen.unggah": ("POST", "/berkas", {}),
    "biometrik.rekam": ("POST", "/rekaman", {}),
    "abis.cocok": ("POST", "/pencocokan", {}),
    "ecs.cekal": ("POST", "/cekal", {}),
    "adjudikasi": ("GET", "/adjudikasi/SYN000001", None),
    "alokasi": ("GET", "/alokasi/aliran", None),
    "cetak": ("GET", "/cetak/aliran", None),
    "ujikualitas": ("GET", "/ujikualitas/aliran", None),
    "serah": ("POST", "/penyerahan", {}),
    "status.lacak": ("GET", "/status/SYN000001", None),
    "apk.perlintasan": ("POST", "/perlintasan", {}),
}


def broken_by(*phases: Phase, speed: float = 1.0) -> Centre:
    loop = asyncio.get_running_loop()
    centre = Centre(faults(*phases, speed=speed), now_s=loop.time, seed=7)
    centre.begin(loop.time())
    return centre


async def ask(
    centre: Centre,
    service: str,
    *,
    office: str = "jember",
    token: str = "",
    method: str | None = None,
    path: str | None = None,
    json: object = None,
) -> Reply:
    usual_method, usual_path, usual_json = ASKED[service]
    if not token and service not in SIGN_INS:
        owner = "mpaspor.login" if service == "mpaspor.permohonan" else "simkim.login"
        token = await sign_in(owner, office)
    request = Request(
        role="any",
        service=service,
        method=method or usual_method,
        path=path or usual_path,
        json=json or usual_json,
        headers={"Authorization": f"Bearer {token}"},
    )
    return await centre.answer(office, service, request)


async def sign_in(owner: str, office: str) -> str:
    # A centre of the same seed, with nothing wrong, issues the same token.
    reply = await ask(broken_by(), owner, office=office)
    return reply.document().require("access_token", str)


@pytest.mark.parametrize("service", SERVICES)
async def test_every_service_answers_and_says_that_its_api_is_invented(service: str):
    reply = await ask(broken_by(), service)
    assert reply.status in (200, 201)
    assert reply.headers["x-pantau-simulation"] == "invented API"
    assert reply.document().require("data_age_s", float) < 10
    assert reply.phases.processing_s == pytest.approx(BASE_LATENCY_S[service], rel=0.11)


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        (Kind.DNS, FailureKind.RESOLVE),
        (Kind.REFUSE, FailureKind.REFUSED),
        (Kind.TLS, FailureKind.TLS),
        (Kind.RESET, FailureKind.RESET),
        (Kind.TIMEOUT, FailureKind.TIMEOUT),
    ],
)
async def test_a_broken_connection_is_told_as_what_it_is(kind: Kind, failure: FailureKind):
    with pytest.raises(RequestFailed) as failed:
        await ask(broken_by(phase(kind)), "simponi.billing")
    assert failed.value.failure.kind is failure


async def test_http_and_auth_faults_answer_with_their_status():
    shut = broken_by(phase(Kind.HTTP, code=503.0, body="pemeliharaan"))
    reply = await ask(shut, "mpaspor.login")
    assert (reply.status, loads(reply.body)) == (503, {"galat": "pemeliharaan"})
    assert (await ask(broken_by(phase(Kind.AUTH_FAIL)), "simkim.login")).status == 401


async def test_a_ratio_breaks_that_share_of_requests_and_the_seed_says_which():
    async def course() -> list[int]:
        centre = broken_by(phase(Kind.HTTP, until_s=1e6, code=500.0, ratio=0.3))
        return [(await ask(centre, "mpaspor.kuota")).status for _ in range(400)]

    first = await course()
    assert 80 < first.count(500) < 160
    assert first == await course()


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    ("factor", "ms", "slow"), [(15.0, 0.0, True), (2.0, 0.0, False), (1.0, 900.0, False)]
)
async def test_fifteen_times_slower_is_slow_and_satellite_is_not(
    service: str, factor: float, ms: float, *, slow: bool
):
    reply = await ask(broken_by(phase(Kind.LATENCY, factor=factor, ms=ms)), service)
    assert (reply.phases.processing_s > 1.5) is slow


async def test_drift_renames_every_field():
    reply = await ask(broken_by(phase(Kind.SCHEMA_DRIFT)), "dukcapil.nik")
    assert set(reply.json()) == {"status_baru", "nik_baru", "data_age_s_baru"}


async def test_stale_answers_are_old_ones():
    reply = await ask(broken_by(phase(Kind.STALE, lag=21600.0)), "mpn.status")
    assert reply.document().require("data_age_s", float) >= 21600


async def test_a_stuck_queue_grows_older_with_the_scenario():
    centre = broken_by(phase(Kind.QUEUE_STUCK, until_s=1e6, drain=0.4), speed=60)
    await asyncio.sleep(100)
    queue = (await ask(centre, "cetak")).document()
    assert queue.require("oldest_waiting_s", float) == pytest.approx(0.6 * 6000, abs=120)
    assert queue.require("done_last_hour", int) == pytest.approx(160, abs=10)


async def test_the_canary_file_waits_for_ever_unless_approvals_are_random():
    async def decisions(*phases: Phase) -> set[str]:
        centre = broken_by(*phases)
        replies = [await ask(centre, "adjudikasi") for _ in range(60)]
        return {reply.json()["keputusan"] for reply in replies}

    assert await decisions() == {"menunggu"}
    random = await decisions(phase(Kind.RANDOM_APPROVE, ratio=0.5))
    assert random == {"menunggu", "disetujui", "ditolak"}


@pytest.mark.parametrize(
    ("trouble", "found"), [((), "tersimpan"), ((phase(Kind.LOSS),), "tidak ditemukan")]
)
async def test_only_reading_back_shows_that_a_write_was_lost(
    trouble: tuple[Phase, ...], found: str
):
    centre = broken_by(*trouble)
    written = await ask(centre, "apk.perlintasan")
    assert written.status == 201
    number = written.json()["nomor"]
    read = await ask(centre, "apk.perlintasan", method="GET", path=f"/perlintasan/{number}")
    assert read.json()["status"] == found


async def test_nothing_but_synthetic_people_and_codes_is_answered():
    centre = broken_by()
    real = await ask(centre, "dukcapil.nik", json={"nik": "3509010101900001"})
    code = await ask(centre, "simponi.billing", path="/billing/820190612345678")
    unknown = await ask(centre, "mpaspor.kuota", path="/admin")
    assert [real.status, code.status, unknown.status] == [422, 422, 404]


async def test_a_service_behind_a_sign_in_wants_the_token_of_that_office():
    token = await sign_in("simkim.login", "medan")
    reply = await ask(broken_by(), "cetak", token=token)
    assert reply.status == 401


async def test_nothing_is_wrong_before_the_beginning():
    loop = asyncio.get_running_loop()
    centre = Centre(faults(phase(Kind.REFUSE)), now_s=loop.time, seed=7)
    assert (await ask(centre, "mpaspor.kuota")).status == 200
    centre.begin(loop.time())
    with pytest.raises(RequestFailed):
        await ask(centre, "mpaspor.kuota")


async def test_a_cut_line_leaves_requests_hanging_and_the_office_blind():
    centre = broken_by(phase(Kind.TIMEOUT, where=Where.LINE, scope=at_offices("mimika")))
    session = CentreSessionFactory(centre, "mimika").open()
    request = Request(role="x", service="mpaspor.kuota", method="GET", path="/kuota")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(10):
            await session.send(request)
    await session.close()
    assert not (await SimulatedControls(centre, "mimika").look()).sees
    assert (await SimulatedControls(centre, "jember").look()).sees
    assert (await ask(centre, "mpaspor.kuota")).status == 200
