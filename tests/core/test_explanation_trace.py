"""The worked outage explained at each stage: twelve offices in twelve provinces, T = 6 s.

The same trace as in the detector's own test, seen through the leader's statuses: billing answers
503 to everyone from 0 to 120 s, and another office probes every half second.
"""

from __future__ import annotations

import pytest

from agent.core import explanation_text
from agent.core.model import ServiceState
from agent.core.wording import Wording
from tests.support.worked_outage import BEGINS_S, BILLING, INCIDENT, Worked

CHANCE = "Peluang kebetulan dalam setahun: kurang dari 1 banding {odds}."
CHANCE_HOW = (
    "{seen} dari 10 kantor gagal sekaligus di luar kelompok terburuk, padahal sendiri-sendiri "
    "diharapkan 0,1: batas Chernoff-Hoeffding, dikali 252 juta hasil setahun. "
    "Anggapannya: kantor gagal sendiri-sendiri, kecuali yang berbagi provinsi, operator, jalur."
)
VOTES = (
    "Gagal: {voting} dari 12 kantor bersuara, bersama {weight} kantor-setara "
    "(yang terus gagal dihitung 1)."
)
STEP = "Langkah pertama yang rusak: inquiry (HTTP 503, 100 %)."
ALL_FAIL = (
    "Gagal sekarang: 12 dari 12 kantor di 12 provinsi; WIB 4/4 WITA 4/4 WIT 4/4.",
    "Terbanyak: Provinsi 01 1/1, Provinsi 02 1/1, Provinsi 03 1/1, Provinsi 04 1/1, dan 8 lainnya.",
    STEP,
    CHANCE.format(odds="1.000.000"),
    CHANCE_HOW.format(seen=10),
)
ENOUGH = (
    "10,0 kantor-setara di luar dua kelompok terburuk (Provinsi 01: 1,0; Provinsi 02: 1,0), "
    "perlu 3,0: cukup untuk dicurigai."
)
TOLD = "Insiden incident.national.all.simponi.billing@3841 (terganggu sebagian): 12 dari 12 kantor."
DECLARED = (
    "Terganggu sejak 08.00.00 WIB, dinyatakan 08.00.20 WIB: 10,0 kantor-setara di luar kelompok "
    "terburuk (perlu 3,0), ditegaskan hasil yang dimulai lebih dari 12 detik sesudah kecurigaan."
)
OWN = (
    "Kantor ini (office-01): suara {vote} (gagal), bukti {w} dari 9,2; "
    "biasanya 0,5 % hasilnya buruk."
)

STAGES: list[tuple[float, ServiceState, bool, tuple[str, ...]]] = [
    (
        4.5,
        ServiceState.NORMAL,
        False,
        (
            "Kode billing (SIMPONI): bukan gangguan sekarang.",
            VOTES.format(voting=10, weight="3,3"),
            (
                "2,7 kantor-setara di luar dua kelompok terburuk (Provinsi 01: 0,3; "
                "Provinsi 02: 0,3), perlu 3,0 untuk dicurigai: kurang 0,3."
            ),
            "Gagal sekarang: 10 dari 12 kantor di 10 provinsi; WIB 3/4 WITA 4/4 WIT 3/4.",
            (
                "Terbanyak: Provinsi 01 1/1, Provinsi 02 1/1, Provinsi 03 1/1, Provinsi 04 1/1, "
                "dan 6 lainnya."
            ),
            STEP,
            CHANCE.format(odds="200.000"),
            CHANCE_HOW.format(seen=8),
            (
                "Paling dekat dengan gangguan wilayah: Pulau, 10 dari 12 kantor bersuara; "
                "belum cukup lama, bisa gangguan sekejap."
            ),
            OWN.format(vote="0,3", w="4,6"),
            "Hasil terakhirnya, terbaru dulu: gagal (HTTP 503) 4 detik lalu.",
        ),
    ),
    (
        17.0,
        ServiceState.SUSPECTED,
        False,
        (
            "Kode billing (SIMPONI): belum menjadi gangguan, sedang diperiksa.",
            VOTES.format(voting=12, weight="12,0"),
            ENOUGH,
            (
                "Dicurigai sejak 08.00.05 WIB. Belum ada hasil yang dimulai sesudah 08.00.17 WIB "
                "untuk menegaskannya."
            ),
            *ALL_FAIL,
            OWN.format(vote="1,0", w="9,2"),
            (
                "Hasil terakhirnya, terbaru dulu: gagal (HTTP 503) 5 detik lalu, gagal (HTTP 503) "
                "11 detik lalu, gagal (HTTP 503) 17 detik lalu."
            ),
        ),
    ),
    (
        19.5,
        ServiceState.SUSPECTED,
        False,
        (
            "Kode billing (SIMPONI): belum menjadi gangguan, sedang diperiksa.",
            VOTES.format(voting=12, weight="12,0"),
            ENOUGH,
            (
                "Dicurigai sejak 08.00.05 WIB. Hasil sesudah 08.00.17 WIB: 5 dari 5 buruk; di luar "
                "kelompok terburuk 1,5 kantor-setara, perlu 2,0: kurang 0,5."
            ),
            *ALL_FAIL,
            OWN.format(vote="1,0", w="9,2"),
            (
                "Hasil terakhirnya, terbaru dulu: gagal (HTTP 503) 2 detik lalu, gagal (HTTP 503) "
                "8 detik lalu, gagal (HTTP 503) 14 detik lalu, gagal (HTTP 503) 20 detik lalu."
            ),
        ),
    ),
    (
        20.0,
        ServiceState.NATIONAL,
        True,
        (
            "Kode billing (SIMPONI): gangguan nasional.",
            TOLD,
            DECLARED,
            (
                "Untuk pulih: bukti 0,0 dari 8,0, dan kantor yang belum dua kali berturut-turut "
                "baik 10, harus di bawah 2,25."
            ),
            VOTES.format(voting=12, weight="12,0"),
            *ALL_FAIL,
            OWN.format(vote="1,0", w="9,2"),
            (
                "Hasil terakhirnya, terbaru dulu: gagal (HTTP 503) 2 detik lalu, gagal (HTTP 503) "
                "8 detik lalu, gagal (HTTP 503) 14 detik lalu, gagal (HTTP 503) 20 detik lalu."
            ),
        ),
    ),
    (
        144.5,
        ServiceState.RECOVERING,
        True,
        (
            "Kode billing (SIMPONI): gangguan nasional yang berangsur pulih.",
            TOLD,
            DECLARED,
            (
                "Syarat pulih terpenuhi 15 detik: disebut pulih setelah 15 detik, selesai setelah "
                "60 detik, dengan akhir 08.02.00 WIB."
            ),
            VOTES.format(voting=12, weight="7,0"),
            CHANCE.format(odds="1.000.000"),
            OWN.format(vote="0,5", w="5,8"),
            (
                "Hasil terakhirnya, terbaru dulu: baik 0 detik lalu, baik 6 detik lalu, "
                "baik 12 detik lalu, baik 18 detik lalu."
            ),
        ),
    ),
    (
        189.5,
        ServiceState.NORMAL,
        False,
        (
            "Kode billing (SIMPONI): bukan gangguan sekarang.",
            DECLARED,
            "Baru saja selesai: berakhir 08.02.00 WIB, dan 60 detik bertahan baik.",
            "Tidak ada kantor yang bersuara.",
            OWN.format(vote="0,0", w="1,0"),
            (
                "Hasil terakhirnya, terbaru dulu: baik 4 detik lalu, baik 10 detik lalu, "
                "baik 16 detik lalu, baik 22 detik lalu."
            ),
        ),
    ),
    (
        190.0,
        ServiceState.NORMAL,
        False,
        (
            "Kode billing (SIMPONI): bukan gangguan sekarang.",
            "Tidak ada kantor yang bersuara.",
            OWN.format(vote="0,0", w="1,0"),
            (
                "Hasil terakhirnya, terbaru dulu: baik 4 detik lalu, baik 10 detik lalu, "
                "baik 16 detik lalu, baik 22 detik lalu."
            ),
        ),
    ),
]


@pytest.mark.parametrize(
    ("at_s", "state", "told", "said"),
    STAGES,
    ids=["before", "guarded", "confirming", "national", "recovering", "closed", "after"],
)
def test_every_stage_says_what_it_stands_on_and_what_it_lacks(at_s, state, told, said):
    explained = Worked().until(at_s).explanation(at_s, *([INCIDENT] if told else []))
    assert explained.state is state
    assert explained.known
    assert explanation_text.sentences(explained, Wording()) == said


def test_within_the_guard_the_seconds_left_are_told():
    explained = Worked().until(9.0).explanation(9.0)
    assert (
        "Dicurigai sejak 08.00.05 WIB. Yang dimulai sampai 08.00.17 WIB bisa gangguan sekejap dan "
        "belum menegaskan apa-apa: masih 8 detik."
    ) in explanation_text.sentences(explained, Wording())


def test_an_alarm_whose_incident_is_not_open_yet_says_why_that_may_be():
    explained = Worked().until(20.0).explanation(20.0)
    assert any("layanan hulu" in each for each in explanation_text.sentences(explained, Wording()))


@pytest.mark.parametrize("stage", STAGES)
def test_english_says_as_much(stage):
    at_s, _, told, said = stage
    explained = Worked().until(at_s).explanation(at_s, *([INCIDENT] if told else []))
    english = explanation_text.sentences(
        explained, explanation_text.spoken(Wording(services={BILLING: "Kode"}), "en")
    )
    assert len(english) == len(said)
    assert english[0].startswith("Billing code (SIMPONI): ")
    assert not any("kantor" in each for each in english)


def test_asking_changes_nothing():
    asked, left_alone = Worked(), Worked()
    for at_s in (4.5, 17.0, 19.5, 20.0, 130.0, 144.5):
        asked.until(at_s).explanation(at_s)
        left_alone.until(at_s)
    now_s = BEGINS_S + 144.5
    assert asked.nation.assess(now_s) == left_alone.nation.assess(now_s)
