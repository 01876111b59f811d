"""A central passport system that breaks on command, in process: no socket, any clock.

``Centre.decide`` says what becomes of a request and does nothing; here that is acted out by waiting
and raising, in ``centre_http`` by real listeners. So both break the same way.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from random import Random

from agent.core.model import Failure, FailureKind, Phases
from agent.probe import Reply, Request, RequestFailed
from agent.simulation.centre_api import SIMULATION_HEADER, Api, Call
from agent.simulation.faults import NOTHING, Active, Faults
from agent.simulation.scenario import Kind, Phase

HANG_S = 60.0
"""How long a request that gets no answer is held; every caller's own deadline is shorter."""

BASE_LATENCY_S = {
    "mpaspor.login": 0.210,
    "mpaspor.kuota": 0.180,
    "mpaspor.permohonan": 0.230,
    "simponi.billing": 0.175,
    "mpn.status": 0.170,
    "simkim.login": 0.220,
    "simkim.v1": 0.190,
    "simkim.v2": 0.190,
    "dukcapil.nik": 0.185,
    "dokumen.unggah": 0.240,
    "biometrik.rekam": 0.240,
    "abis.cocok": 0.235,
    "ecs.cekal": 0.200,
    "adjudikasi": 0.205,
    "alokasi": 0.180,
    "cetak": 0.180,
    "ujikualitas": 0.180,
    "serah": 0.175,
    "status.lacak": 0.170,
    "apk.perlintasan": 0.180,
}
"""What an answer takes when all is well. With the journeys' 1.5 s a factor of 10 makes any service
slow and a factor of 5 none; nor do 900 ms of satellite on top."""

JITTER = 0.1

HEADERS = {
    "content-type": "application/json",
    SIMULATION_HEADER[0]: SIMULATION_HEADER[1],
}
_FAILURE_KINDS = {
    Kind.DNS: FailureKind.RESOLVE,
    Kind.REFUSE: FailureKind.REFUSED,
    Kind.TLS: FailureKind.TLS,
    Kind.RESET: FailureKind.RESET,
    Kind.TIMEOUT: FailureKind.TIMEOUT,
}
_AT_ONCE = (Kind.DNS, Kind.REFUSE, Kind.TLS)
_CUT = "the line is cut"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of one request."""

    delay_s: float = 0.0
    """Before the answer, or before the connection breaks."""
    breaks: Kind | None = None
    """How no answer comes: dns, refuse, tls, reset or timeout. None: the answer below."""
    why: str = ""
    status: int = 200
    body: bytes = b""


class Centre:
    """All services of the centre, as every office sees them. One seed, one course of events."""

    def __init__(self, faults: Faults, *, now_s: Callable[[], float], seed: int = 0) -> None:
        self.faults = faults
        self._now_s = now_s
        self._random = Random(seed)
        self._api = Api(Random(seed + 1))
        self._began_s: float | None = None

    def begin(self, now_s: float) -> None:
        """Make ``now_s`` the scenario's offset 0; before this nothing is ever wrong."""
        self._began_s = now_s

    @property
    def offset_s(self) -> float | None:
        """Agents' seconds since offset 0, None before it."""
        return None if self._began_s is None else self._now_s() - self._began_s

    def line_cut(self, office: str) -> bool:
        """Tell whether this office's line is cut now."""
        offset_s = self.offset_s
        return offset_s is not None and self.faults.line_cut(office, offset_s)

    def refuses(self, office: str, service: str) -> bool:
        """Tell whether this office's connections to this service are refused now."""
        active, _ = self._state(office, service)
        return any(phase.kind is Kind.REFUSE for phase in active.breaks)

    def name_trouble(self, office: str, service: str) -> str | None:
        """The code that the service's name gets at this office now; None: its address."""
        return self._word(office, service, Kind.DNS, "rcode")

    def spoiled(self, office: str, service: str) -> str | None:
        """What is wrong with the service's certificate at this office now; None: nothing."""
        return self._word(office, service, Kind.TLS, "reason")

    def _word(self, office: str, service: str, kind: Kind, setting: str) -> str | None:
        active, _ = self._state(office, service)
        return next((p.text(setting) for p in active.breaks if p.kind is kind), None)

    def decide(
        self, office: str, service: str, request: Request, *, through: Collection[Kind] = ()
    ) -> Decision:
        """Say what becomes of a request that is sent now.

        ``through`` are kinds that act before a request does, which this one has come through.
        """
        if self.line_cut(office):
            return Decision(breaks=Kind.TIMEOUT, why=_CUT)
        active, queue_age_s = self._state(office, service)
        usual_s = BASE_LATENCY_S[service] * self._random.uniform(1.0 - JITTER, 1.0 + JITTER)
        delay_s = usual_s * active.factor + active.extra_s
        for phase in active.breaks:
            if phase.kind in through:
                continue
            ratio = phase.ratio
            if ratio >= 1.0 or self._random.random() < ratio:
                return _broken(phase, delay_s)
        status, body = self._api.answer(Call(office, service, request, active, queue_age_s))
        return Decision(delay_s=delay_s, status=status, body=json.dumps(body).encode())

    def records_kept(self) -> int:
        """Records of all offices that were written and not taken away."""
        return self._api.records_kept()

    async def answer(self, office: str, service: str, request: Request) -> Reply:
        """Answer as the centre does now; raises :class:`agent.probe.RequestFailed`."""
        decision = self.decide(office, service, request)
        if decision.breaks is not None:
            await _fail(decision, decision.breaks)
        await asyncio.sleep(decision.delay_s)
        return Reply(
            status=decision.status,
            headers=HEADERS,
            body=decision.body,
            phases=Phases(processing_s=decision.delay_s),
        )

    def _state(self, office: str, service: str) -> tuple[Active, float]:
        offset_s = self.offset_s
        if offset_s is None:
            return NOTHING, 0.0
        active = self.faults.active(office, service, offset_s)
        if active.drain >= 1.0:
            return active, 0.0
        return active, self.faults.queue_age_s(office, service, offset_s)


def _broken(phase: Phase, delay_s: float) -> Decision:
    """What a phase that hits makes of a request."""
    if phase.kind is Kind.HTTP:
        body = json.dumps({"galat": phase.text("body")}).encode()
        return Decision(delay_s=delay_s, status=int(phase.number("code")), body=body)
    if phase.kind is Kind.AUTH_FAIL:
        return Decision(delay_s=delay_s, status=401, body=b'{"galat": "kredensial ditolak"}')
    why = phase.text("rcode") or phase.text("reason") or f"simulated {phase.kind}"
    return Decision(delay_s=0.0 if phase.kind in _AT_ONCE else delay_s, breaks=phase.kind, why=why)


async def _fail(decision: Decision, kind: Kind) -> None:
    waited_s = HANG_S if kind is Kind.TIMEOUT else decision.delay_s
    await asyncio.sleep(waited_s)
    raise RequestFailed(
        Failure(kind=_FAILURE_KINDS[kind], detail=decision.why),
        Phases(processing_s=waited_s),
    )


class CentreSession:
    """An ``agent.ports.OpenSession`` that asks the simulated centre instead of the network."""

    def __init__(self, centre: Centre, office: str) -> None:
        self._centre = centre
        self._office = office

    async def send(self, request: Request) -> Reply:
        return await self._centre.answer(self._office, request.service, request)

    async def close(self) -> None:
        """There is nothing to let go of."""


class CentreSessionFactory:
    """An ``agent.ports.SessionFactory`` of one office."""

    def __init__(self, centre: Centre, office: str) -> None:
        self._centre = centre
        self._office = office

    def open(self) -> CentreSession:
        return CentreSession(self._centre, self._office)
