"""The pages say what is known, run nothing, and show hostile text as text."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from agent.adapters.lobby_page import lobby_page
from agent.adapters.nation_page import nation_page
from agent.adapters.status_document import status_document
from agent.core import vocabulary
from agent.core.blame import Blame
from agent.core.explanation_text import sentences
from agent.core.model import Outcome
from agent.core.view import OfficeView
from agent.core.wording import Wording
from tests.adapters import office_views as offices

Page = Callable[[OfficeView], str]
UNTIL_S = offices.UNTIL_S


class Reading(HTMLParser):
    """What a browser would find: the elements, their attributes, and the words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize("view", offices.ALL.values(), ids=offices.ALL)
@pytest.mark.parametrize("page", [lobby_page, nation_page])
def test_a_page_runs_nothing_and_carries_no_style_of_its_own(page: Page, view: OfficeView):
    reading = Reading(page(view))
    assert not {"script", "style", "img", "iframe", "form"} & set(reading.elements)
    assert not any(name.startswith("on") or name == "style" for name, _ in reading.attributes)
    links = [value or "" for name, value in reading.attributes if name == "href"]
    assert all(link.startswith(("https://", "http://", "/pages.css")) for link in links)
    assert ("http-equiv", "refresh") in reading.attributes


@pytest.mark.parametrize("page", [lobby_page, nation_page])
def test_hostile_text_is_shown_as_text_without_control_characters(page: Page):
    text = page(offices.EVIL)
    assert "<img" not in text
    assert "<img src=x onerror=alert(1)>" in Reading(text).words
    assert not set("\u202e\x1b\x00") & set(text)


def test_the_counter_reads_what_is_and_what_is_not_served():
    words = Reading(lobby_page(offices.NATIONAL)).words
    assert "PENGUMUMAN" in words
    assert "Sebagian layanan sementara belum dapat dilayani" in words
    assert "Sejak Selasa, 25 Juni 2019, pukul 07.50 WIB" in words
    unserved, served = words.split("TETAP DILAYANI")
    assert "Kode billing (SIMPONI)" in unserved
    assert "Perekaman biometrik" in served
    assert "pemeriksaan terakhir 08.09 WIB" in words


@pytest.mark.parametrize("name", offices.ALL)
def test_the_counter_reads_nothing_of_other_offices_or_of_technology(name: str):
    words = Reading(lobby_page(offices.ALL[name])).words.lower()
    for forbidden in ("semarang", "sorong", "wamena", "503", "r12:", "incident.", "118"):
        assert forbidden not in words


def test_a_calm_day_is_no_announcement():
    words = Reading(lobby_page(offices.CALM)).words
    assert "Layanan berjalan normal" in words
    assert "PENGUMUMAN" not in words
    assert "BELUM DAPAT" not in words


def test_the_nation_is_told_with_its_numbers_and_age():
    words = Reading(nation_page(offices.NATIONAL)).words
    assert "Gangguan nasional (sistem pusat): Kode billing (SIMPONI)" in words
    assert "118 dari 140 kantor, sejak Selasa, 25 Juni 2019, 07.50 WIB" in words
    assert "Berita terakhir 4 detik yang lalu." in words
    assert "sorong, merauke, biak dan 1 lagi" in words
    assert "menunggu Kode billing (SIMPONI)" in words


def test_a_changed_contract_is_told_as_one_and_not_as_a_failure():
    words = Reading(nation_page(offices.DRIFTED)).words
    assert "Gangguan, format jawaban berubah (kontrak): 118 dari 140 kantor" in words
    assert "Gangguan nasional (sistem pusat), format jawaban berubah (kontrak)" in words
    assert "Jawaban berubah" in words
    assert "berubah" not in Reading(nation_page(offices.NATIONAL)).words
    said = offices.explain(offices.DRIFTED, "simponi.billing")
    assert said is not None
    assert sentences(said, Wording())[1].endswith(
        "format jawaban berubah (kontrak) di 118 dari 140 kantor."
    )


def test_what_recovers_from_a_changed_contract_recovers():
    healing = replace(offices.INCIDENT, drifted=True, phase="recovering")
    view = replace(offices.DRIFTED, bulletin=offices.bulletin({}, healing))
    words = Reading(nation_page(view)).words
    assert "Berangsur pulih: 118 dari 140 kantor" in words


def test_what_people_decided_about_an_incident_stands_beside_it():
    until_s = offices.NATIONAL.now_s + 600
    decided = replace(
        offices.INCIDENT, acknowledged_by="<script>budi</script>", muted_until_s=until_s
    )
    view = replace(offices.NATIONAL, bulletin=offices.bulletin({}, decided))
    words = Reading(nation_page(view)).words
    assert "Ditangani oleh <script>budi</script>; Dibisukan sampai" in words
    assert "<script>" not in nation_page(view)
    later = replace(view, now_s=until_s + 1)
    assert "Dibisukan" not in Reading(nation_page(later)).words
    told = status_document(view)["bulletin"]["incidents"][0]
    assert (told["acknowledged_by"], told["muted_until_s"]) == (decided.acknowledged_by, until_s)


def test_a_changed_contract_that_was_not_heard_lately_is_not_known():
    old = replace(offices.DRIFTED, bulletin_age_s=31.0)
    assert "kontrak" not in Reading(nation_page(old)).words


def test_how_long_a_good_result_took_stands_beside_the_usual_where_that_is_known():
    billing, *others = offices.CALM.services
    known = replace(billing, took_s=0.62, usual_s=0.6)
    view = replace(offices.CALM, services=(known, *others))
    assert "0,62 detik, biasanya 0,60 detik" in Reading(nation_page(view)).words
    assert "biasanya" not in Reading(nation_page(offices.CALM)).words
    assert "biasanya" not in Reading(lobby_page(view)).words
    (shown, *_) = status_document(view)["services"]
    assert (shown["took_s"], shown["usual_s"]) == (0.62, 0.6)


def test_scripts_are_told_where_the_fault_of_a_result_lies_and_the_counter_is_not():
    billing, *others = offices.CALM.services
    blamed = replace(billing, outcome=Outcome.FAIL, blame=Blame.PATH)
    view = replace(offices.CALM, services=(blamed, *others), doubt="its event loop woke late")
    document = json.loads(json.dumps(status_document(view)))
    assert [each["blame"] for each in document["services"][:2]] == ["path", None]
    assert document["doubt"] == "its event loop woke late"
    assert "event loop" not in lobby_page(view)
    assert "jalur menuju pusat" not in lobby_page(view)


def test_the_operations_page_says_where_the_fault_of_a_fresh_result_likely_lies():
    billing, *others = offices.CALM.services
    blamed = replace(billing, outcome=Outcome.FAIL, reason="refused", blame=Blame.PATH)
    behind = replace(billing, outcome=Outcome.VOID, blocked_by="simkim.login", blame=Blame.PATH)
    page = nation_page(replace(offices.CALM, services=(blamed, *others)))
    assert "refused; kemungkinan: jalur menuju pusat" in Reading(page).words
    waiting = nation_page(replace(offices.CALM, services=(behind, *others)))
    assert "kemungkinan" not in Reading(waiting).words


def explained(view: OfficeView) -> str:
    """The nation's page with the sentences of each service."""
    found = {each.service: offices.explain(view, each.service) for each in view.services}
    return nation_page(view, {n: sentences(e, Wording()) for n, e in found.items() if e})


def test_every_service_says_why_and_what_is_looked_into_is_unfolded():
    page = explained(offices.NATIONAL)
    assert page.count("<details") == len(offices.NATIONAL.services)
    assert page.count("<details open>") == 1, "the root; what it drags along points to it"
    words = Reading(page).words
    first = words.split("Mengapa")[1]
    assert first.startswith("Kode billing (SIMPONI)Kode billing (SIMPONI): gangguan nasional.")
    assert "Insiden incident.national.all.simponi.billing@3841 (gangguan): 118 dari 140" in words
    assert "Induknya Kode billing (SIMPONI)." in words
    assert "<details" not in nation_page(offices.NATIONAL), "unless nothing is said"


@pytest.mark.parametrize("name", offices.ALL)
def test_why_runs_nothing_and_hostile_text_stays_text(name: str):
    page = explained(offices.ALL[name])
    reading = Reading(page)
    assert not {"script", "style", "img", "iframe", "form"} & set(reading.elements)
    assert not any(each.startswith("on") or each == "style" for each, _ in reading.attributes)
    assert not set("\u202e\x1b\x00") & set(page)
    assert len(page) < 200_000


@pytest.mark.parametrize("view", [offices.ALONE, offices.STALE], ids=["no bulletin", "31 s old"])
def test_without_fresh_word_no_service_is_explained_as_fine(view: OfficeView):
    for each in view.services:
        said = offices.explain(view, each.service)
        assert said is not None
        assert not said.known
        words = sentences(said, Wording())
        assert words[0].endswith(": belum dapat dipastikan.")
        assert "Tidak ada berita pemimpin yang masih berlaku." in words


@pytest.mark.parametrize("view", [offices.ALONE, offices.STALE], ids=["no bulletin", "31 s old"])
def test_what_was_not_heard_lately_is_not_known(view: OfficeView):
    for page in (lobby_page(view), nation_page(view)):
        words = Reading(page).words
        assert "Belum dapat dipastikan" in words
        assert "nasional (sistem pusat)" not in words
        assert "seluruh Indonesia" not in words


def test_while_most_offices_are_not_heard_the_page_says_that_nothing_is_known():
    words = Reading(nation_page(offices.BLIND)).words
    assert "Belum dapat dipastikan" in words
    assert "terlalu sedikit kantor yang melapor" in words
    assert "58 dari 145 kantor" in words
    assert "Tidak ada gangguan nasional" not in words
    assert status_document(offices.BLIND)["nation_known"] is False


def test_a_control_that_is_not_counted_is_named():
    words = Reading(nation_page(offices.WITHOUT_A_CONTROL)).words
    assert "Kontrol tidak dihitung di kantor inidns 9.9.9.9:53" in words
    assert "Kontrol rusak, tidak dihitungdns 9.9.9.9:53, tcp elsewhere.example:443" in words
    assert "Kontrol" not in Reading(nation_page(offices.CALM)).words
    document = json.loads(json.dumps(status_document(offices.WITHOUT_A_CONTROL)))
    assert document["controls"]["ignored"] == ["dns 9.9.9.9:53"]
    assert document["bulletin"]["controls_ignored"][1] == "tcp elsewhere.example:443"


def test_a_long_list_of_affected_services_is_told_whole():
    everything = tuple(vocabulary.SERVICES)
    incident = replace(offices.INCIDENT, affected=everything)
    view = replace(offices.NATIONAL, bulletin=offices.bulletin({}, incident))
    words = Reading(nation_page(view)).words
    assert ", ".join(map(vocabulary.service_name, everything)) in words


def test_the_document_is_sound_json_and_says_the_same():
    document = json.loads(json.dumps(status_document(offices.NATIONAL), allow_nan=False))
    assert document["nation_known"] is True
    assert document["bulletin"]["incidents"][0]["failing"] == 118
    billing = next(s for s in document["services"] if s["service"] == "simponi.billing")
    assert (billing["outcome"], billing["national"]) == ("fail", "national")
    assert billing["national_drifted"] is document["bulletin"]["incidents"][0]["drifted"] is False


def test_the_document_tells_a_changed_contract_beside_the_state():
    document = json.loads(json.dumps(status_document(offices.DRIFTED), allow_nan=False))
    billing = next(s for s in document["services"] if s["service"] == "simponi.billing")
    assert (billing["national"], billing["national_drifted"]) == ("national", True)
    assert document["bulletin"]["drifted"] == ["simponi.billing"]
    assert document["bulletin"]["incidents"][0]["drifted"] is True


def test_planned_work_stands_beside_what_is_judged_and_is_no_trouble_in_the_headline():
    reading = Reading(nation_page(offices.PLANNED))
    assert "Tidak ada gangguan nasional; pemeliharaan terjadwal" in reading.words
    until = f"Pemeliharaan terjadwal sampai {vocabulary.clock_time(UNTIL_S, 'Asia/Jakarta')}"
    assert f"{until}: Gangguan nasional" in reading.words
    assert "pemeliharaan terjadwal" in Reading(lobby_page(offices.PLANNED)).words
    document = status_document(offices.PLANNED)
    billing = next(s for s in document["services"] if s["service"] == "simponi.billing")
    assert (billing["national"], billing["planned_until_s"]) == ("national", UNTIL_S)
    (planned,) = document["bulletin"]["planned"]
    assert (planned["id"], planned["skip"]) == ("night", False)


def test_the_document_of_an_office_alone_knows_nothing_of_the_nation():
    document = status_document(offices.ALONE)
    assert document["bulletin"] is None
    assert document["nation_known"] is False
    assert {service["national"] for service in document["services"]} == {"unknown"}
