"""Independent national faults at once, played by the whole fleet: one message that loses nobody.

Dukcapil, SIMPONI and the status service break at other offices each, so that no office stands with
one of them behind another; adjudication, which a journey of its own asks, breaks at all of them.
"""

from __future__ import annotations

import pytest

from agent.core.incident import Delivery
from agent.simulation.workspace import Happening
from tests.support.whole_fleet import Played, broken, play

SOME = ("banda-aceh", "bandung", "manado", "medan", "semarang", "palu", "padang", "surabaya")
OTHERS = (
    "kendari", "pekanbaru", "yogyakarta", "gorontalo", "jambi", "denpasar", "ambon", "palembang",
)  # fmt: skip
THE_REST = (
    "mataram", "ternate", "bengkulu", "kupang", "jayapura", "pontianak", "makassar", "merauke",
)  # fmt: skip
EVERYBODY = (*SOME, *OTHERS, *THE_REST)
"""Of 24 provinces, none twice."""
WORDS = {
    "adjudikasi": "Adjudikasi",
    "simponi.billing": "Kode billing",
    "dukcapil.nik": "Verifikasi NIK",
    "status.lacak": "Cek status",
}
COME_AND_GONE = ["SEBAGIAN", "BERANGSUR PULIH", "KEMBALI NORMAL"]


def rows_over_time(played: Played, service: str) -> list[tuple[float, str]]:
    """What the storm's table said of one service, each change of it with its time."""
    shown: list[tuple[float, str]] = []
    for said in played.said:
        table = said.message.text.split("```")[1:2] if said.is_root else []
        for line in "".join(table).splitlines():
            state = line.split("  ")[-1].strip()
            if line.startswith(WORDS[service]) and (not shown or shown[-1][1] != state):
                shown.append((said.at_s, state))
    return shown


# --- three, and a fourth that joins them


@pytest.fixture(scope="module")
def four() -> Played:
    """The fourth joins when the three stand. The first of them is not the last to end."""
    story = (
        broken("adjudikasi", 10, 190)
        + broken("simponi.billing", 10, 150, OTHERS)
        + broken("dukcapil.nik", 10, 110, SOME)
        + broken("status.lacak", 80, 230, THE_REST)
    )
    return play(story, offices=EVERYBODY, seconds=330)


def test_three_faults_at_once_and_a_later_fourth_are_one_message_of_the_first(four: Played):
    first, *others = four.incidents
    assert {each["root_service"] for each in four.incidents} == set(WORDS)
    assert {each["scope"] for each in four.incidents} == {"national"}
    assert first["root_messages"] == 1
    assert [each["root_messages"] for each in others] == [0, 0, 0]
    assert four.report["slack"]["root_messages"] == 1


def test_the_one_message_says_that_it_tells_of_all_and_then_of_the_fourth(four: Played):
    (root,) = four.roots()
    three, all_four = (text for text in four.thread(root) if "sekaligus" in text)
    assert "Kini 3 layanan" in three
    assert "Kini 4 layanan" in all_four
    assert all(words in all_four for words in WORDS.values())


@pytest.mark.parametrize("service", WORDS)
def test_the_end_of_each_is_told_within_ten_seconds(four: Played, service: str):
    shown = rows_over_time(four, service)
    assert [state for _, state in shown] == COME_AND_GONE
    assert shown[-1][0] - four.offset_s(four.record(service).closed_s) < 10.0


def test_in_the_end_the_message_says_that_all_of_it_is_over(four: Played):
    (root,) = four.roots()
    assert "[KEMBALI NORMAL] 4 layanan kembali normal" in root.text
    assert all(each["resolved_after_s"] is not None for each in four.incidents)
    assert (four.report["abstained"], four.report["silent"]) == ([], [])


# --- some of them end, and break again


@pytest.fixture(scope="module")
def again() -> Played:
    """SIMPONI stands all along. Dukcapil breaks again soon, the first of them late."""
    story = (
        broken("adjudikasi", 10, 60)
        + broken("simponi.billing", 10, 520, OTHERS)
        + broken("dukcapil.nik", 10, 90, SOME)
        + broken("dukcapil.nik", 230, 290, SOME)
        + broken("adjudikasi", 460, 500)
    )
    return play(story, offices=EVERYBODY, seconds=640)


def test_a_fault_of_a_storm_that_breaks_again_stands_in_its_table_again(again: Played):
    shown = [state for _, state in rows_over_time(again, "dukcapil.nik")]
    assert shown == COME_AND_GONE * 2
    assert again.incident("dukcapil.nik")["root_messages"] == 0


def test_the_first_of_a_storm_that_breaks_again_goes_on_while_it_tells_of_others(again: Played):
    """However late: a second message would leave the first one saying for ever what it said."""
    (root,) = again.roots()
    told = again.thread(root)
    assert any("Adjudikasi" in text and "terganggu lagi" in text for text in told)
    assert [state for _, state in rows_over_time(again, "adjudikasi")] == COME_AND_GONE * 2
    assert "[KEMBALI NORMAL] 3 layanan kembali normal" in root.text
    assert again.report["slack"]["root_messages"] == 1


# --- both


@pytest.mark.parametrize("story", ["four", "again"])
def test_nothing_is_told_twice_or_without_words_and_nothing_stays_untold(
    story: str, request: pytest.FixtureRequest
):
    played: Played = request.getfixturevalue(story)
    assert all(said.message.text.strip() for said in played.said)
    assert {said.happening for said in played.said} == {Happening.POSTED, Happening.EDITED}
    told = {m.delivery for each in played.records.values() for m in each.messages}
    assert told == {Delivery.POSTED, Delivery.COVERED}
