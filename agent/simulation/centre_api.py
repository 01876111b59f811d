"""The API of the simulated centre. INVENTED: no public document describes the real one.

Paths, fields and status codes are made up, and every answer says so in a header. What is true to
life is what a monitor can do here without harm: sign in, ask for an identity number that cannot
exist and for a billing code of fifteen zeros, read how queues move, and look up one synthetic file.

Every object carries ``data_age_s``, how old the data in it are, for a centre may answer at once
with what it knew six hours ago. A negative answer is a good one: status 200, ``tidak ditemukan``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Any

from agent.probe import Request
from agent.simulation.centre_flow import QUEUES, Records, flow_view
from agent.simulation.faults import Active

SIMULATION_HEADER = ("x-pantau-simulation", "invented API")
NOT_FOUND = "tidak ditemukan"

Body = dict[str, Any]
Answer = tuple[int, Body]

_SYNTHETIC_NIK = re.compile(r"49\d{2}00\d{6}0000")
_SYNTHETIC_FILE = re.compile(r"SYN\d{6}")
_NO_BILLING = "0" * 15
_BEARER = "Bearer"
_NO_ANSWER: Answer = (404, {"galat": "tidak ada di API simulasi"})

SIGN_INS = {"simkim.login": "simkim", "mpaspor.login": "mpaspor"}
BEHIND_SIGN_IN = {
    "mpaspor.permohonan": "mpaspor",
    "simkim.v1": "simkim",
    "simkim.v2": "simkim",
    "dokumen.unggah": "simkim",
    "biometrik.rekam": "simkim",
    "abis.cocok": "simkim",
    "ecs.cekal": "simkim",
    "adjudikasi": "simkim",
    "alokasi": "simkim",
    "cetak": "simkim",
    "ujikualitas": "simkim",
    "serah": "simkim",
    "apk.perlintasan": "simkim",
}
"""Services that want the token of a sign-in, and whose."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, and what is wrong while it is answered."""

    office: str
    service: str
    request: Request
    active: Active
    queue_age_s: float

    @property
    def last_part(self) -> str:
        """The end of the path: what is asked for."""
        return self.request.path.rpartition("/")[2]

    def field(self, name: str) -> str:
        """A text of the JSON body, empty when there is none."""
        sent = self.request.json
        value = sent.get(name) if isinstance(sent, Mapping) else None
        return value if isinstance(value, str) else ""


class Api:
    """Answers for all services; the same seed gives the same answers."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._salt = random.randbytes(8)
        self._tokens: dict[tuple[str, str], str] = {}
        self._records: dict[str, Records] = {}
        self._routes: dict[str, dict[tuple[str, str], Callable[[Call], Answer]]] = {
            "simkim.login": {("POST", "sso"): self._sign_in},
            "mpaspor.login": {("POST", "sso"): self._sign_in},
            "mpaspor.kuota": {("GET", "kuota"): self._slots},
            "mpaspor.permohonan": self._record_routes("permohonan"),
            "simkim.v1": {("GET", "v1"): self._file},
            "simkim.v2": {("GET", "v2"): self._file},
            "dukcapil.nik": {("POST", "nik"): self._identity},
            "simponi.billing": {("GET", "billing"): self._billing},
            "mpn.status": {("GET", "pembayaran"): self._billing},
            "dokumen.unggah": self._record_routes("berkas"),
            "biometrik.rekam": self._record_routes("rekaman"),
            "abis.cocok": {("POST", "pencocokan"): self._nobody},
            "ecs.cekal": {("POST", "cekal"): self._nobody},
            "adjudikasi": {("GET", "adjudikasi"): self._decision},
            "serah": self._record_routes("penyerahan"),
            "status.lacak": {("GET", "status"): self._file},
            "apk.perlintasan": self._record_routes("perlintasan"),
            **{queue: {("GET", queue): self._flow} for queue in QUEUES},
        }

    def answer(self, call: Call) -> Answer:
        """The status and JSON body of the answer; what bends contents has bent it."""
        first_part = call.request.path.lstrip("/").partition("/")[0]
        handler = self._routes[call.service].get((call.request.method, first_part))
        if handler is None:
            return _NO_ANSWER
        owner = BEHIND_SIGN_IN.get(call.service)
        if owner and self._presented(call) != f"{_BEARER} {self._token(call.office, owner)}":
            return 401, {"galat": "masuk dahulu"}
        status, body = handler(call)
        body["data_age_s"] = round(self._random.uniform(0.0, 3.0) + call.active.lag_s, 1)
        return status, drifted(body) if call.active.drifted else body

    def records_kept(self) -> int:
        """Records that were written and not taken away."""
        return sum(len(records) for records in self._records.values())

    # --- the services ---

    def _sign_in(self, call: Call) -> Answer:
        if not call.field("username") or not call.field("password"):
            return 401, {"galat": "nama pengguna atau kata sandi salah"}
        token = self._token(call.office, SIGN_INS[call.service])
        return 200, {"access_token": token, "token_type": _BEARER, "expires_in": 3600}

    def _slots(self, _call: Call) -> Answer:
        left = max(0, self._random.randrange(-5, 60))
        return 200, {"status": "tersedia" if left else "kuota penuh", "sisa": left}

    def _identity(self, call: Call) -> Answer:
        nik = call.field("nik")
        if not _SYNTHETIC_NIK.fullmatch(nik):
            return 422, {"galat": "simulasi ini hanya menerima NIK sintetis"}
        return 200, {"status": NOT_FOUND, "nik": nik}

    def _billing(self, call: Call) -> Answer:
        if call.last_part != _NO_BILLING:
            return 422, {"galat": "simulasi ini hanya menerima lima belas nol"}
        return 200, {"status": NOT_FOUND, "kode_billing": _NO_BILLING}

    def _file(self, call: Call) -> Answer:
        if not self._canary_is_there(call):
            return 200, {"status": NOT_FOUND, "no_permohonan": call.last_part}
        status = self._approved_at_random(call) or "diproses"
        return 200, {"status": status, "no_permohonan": call.last_part}

    def _decision(self, call: Call) -> Answer:
        if not self._canary_is_there(call):
            return 200, {"keputusan": NOT_FOUND, "no_permohonan": call.last_part}
        decision = self._approved_at_random(call) or "menunggu"
        return 200, {"keputusan": decision, "no_permohonan": call.last_part}

    def _nobody(self, _call: Call) -> Answer:
        return 200, {"status": NOT_FOUND}

    def _flow(self, call: Call) -> Answer:
        return 200, flow_view(call.service, call.active, call.queue_age_s, self._random)

    def _write(self, call: Call) -> Answer:
        lost = self._random.random() < call.active.loss
        return 201, {"nomor": self._records_of(call).write(lost=lost)}

    def _read_back(self, call: Call) -> Answer:
        arrived = self._records_of(call).holds(call.last_part)
        return 200, {"status": "tersimpan" if arrived else NOT_FOUND, "nomor": call.last_part}

    def _take_away(self, call: Call) -> Answer:
        self._records_of(call).remove(call.last_part)
        return 200, {"status": "dihapus", "nomor": call.last_part}

    # --- what they share ---

    def _record_routes(self, first_part: str) -> dict[tuple[str, str], Callable[[Call], Answer]]:
        return {
            ("POST", first_part): self._write,
            ("GET", first_part): self._read_back,
            ("DELETE", first_part): self._take_away,
        }

    def _records_of(self, call: Call) -> Records:
        return self._records.setdefault(call.service, Records())

    def _canary_is_there(self, call: Call) -> bool:
        known = _SYNTHETIC_FILE.fullmatch(call.last_part) is not None
        return known and self._random.random() >= call.active.loss

    def _approved_at_random(self, call: Call) -> str | None:
        if self._random.random() < call.active.random_approve:
            return self._random.choice(("disetujui", "ditolak"))
        return None

    def _presented(self, call: Call) -> str:
        headers = call.request.headers
        return headers.get("authorization") or headers.get("Authorization") or ""

    def _token(self, office: str, owner: str) -> str:
        """One token for an office and a sign-in; it opens nothing outside this simulation."""
        key = (office, owner)
        if key not in self._tokens:
            digest = sha256(self._salt + f"{office}/{owner}".encode()).hexdigest()
            self._tokens[key] = f"sim-{digest[:32]}"
        return self._tokens[key]


def drifted(body: Mapping[str, Any]) -> Body:
    """The same answer under another contract: every field renamed, every number a text."""
    return {
        f"{key}_baru": value if isinstance(value, str) else str(value)
        for key, value in body.items()
    }
