"""Independent national faults at once, played by the whole fleet: one message that loses nobody.

Dukcapil, SIMPONI and the status service break at other offices each, so that no office stands with
one of them behind another; adjudication, which a journey of its own asks, breaks at all of them.
"""

from __future__ import annotations

import pytest

from agent.core.incident import Delivery
from agent.simulation.workspace import Happening
from tests.support.whole_fleet import Played, broken, play

THREE_GROUPS = (
    ("banda-aceh", "bandung", "manado", "medan", "semarang", "palu", "padang", "surabaya"),
    ("kendari", "pekanbaru", "yogyakarta", "gorontalo", "jambi", "denpasar", "ambon", "palembang"),
    ("mataram", "ternate", "bengkulu", "kupang", "jayapura", "pontianak", "makassar", "merauke"),
)
"""Of 24 provinces, none twice."""
SOME, OTHERS, THE_REST = THREE_GROUPS
EVERYBODY = tuple(office for group in THREE_GROUPS for office in group)
THREE = ("adjudikasi", "simponi.billing", "dukcapil.nik")
WORDS = {
    "adjudikasi": "Adjudikasi",
    "simponi.billing": "Kode billing",
    "dukcapil.nik": "Verifikasi NIK",
    "status.lacak": "Cek status",
}


def storm(*more: str, seconds: float, until_s: tuple[float, float, float]) -> Played:
    """Three faults from 10 s on, until so many seconds in the order of ``THREE``, and more."""
    first, second, third = until_s
    story = (
        broken("adjudikasi", 10, first, EVERYBODY)
        + broken("simponi.billing", 10, second, OTHERS)
        + broken("dukcapil.nik", 10, third, SOME)
    )
    return play(story + "".join(more), branches=24, seconds=seconds)


def roots_of(played: Played) -> dict[str, int]:
    return {each["root_service"]: each["root_messages"] for each in played.incidents}


def rows_over_time(played: Played, words: str) -> list[tuple[float, str]]:
    """What the storm's table said of one service, each change of it with its time."""
    shown: list[tuple[float, str]] = []
    for said in played.said:
        table = said.message.text.split("```")[1:2] if said.is_root else []
        for line in "".join(table).splitlines():
            state = line.split("  ")[-1].strip()
            if line.startswith(words) and (not shown or shown[-1][1] != state):
                shown.append((said.at_s, state))
    return shown


@pytest.fixture(scope="module")
def three_and_a_fourth() -> Played:
    """The fourth joins when the three stand; they end one after the other, the first of them not
    last."""
    fourth = broken("status.lacak", 80, 230, THE_REST)
    return storm(fourth, seconds=330, until_s=(190, 150, 110))


def test_three_faults_at_once_are_one_message_of_the_first(three_and_a_fourth: Played):
    played = three_and_a_fourth
    first, *others = played.incidents
    assert first["root_messages"] == 1
    assert [each["root_messages"] for each in others] == [0, 0, 0]
    assert set(roots_of(played)) == {*THREE, "status.lacak"}
    assert {each["scope"] for each in played.incidents} == {"national"}
    assert played.report["slack"]["root_messages"] == 1


def test_the_one_message_says_that_it_tells_of_all_and_of_the_fourth_when_it_joins(
    three_and_a_fourth: Played,
):
    (root,) = three_and_a_fourth.roots()
    joined = [text for text in three_and_a_fourth.thread(root) if "sekaligus" in text]
    assert ["Kini 3 layanan" in joined[0], "Kini 4 layanan" in joined[1]] == [True, True]
    assert all(words in joined[1] for words in WORDS.values())


@pytest.mark.parametrize(("service", "words"), WORDS.items())
def test_the_end_of_each_is_told_within_ten_seconds(
    three_and_a_fourth: Played, service: str, words: str
):
    shown = rows_over_time(three_and_a_fourth, words)
    assert [state for _, state in shown] == ["SEBAGIAN", "BERANGSUR PULIH", "KEMBALI NORMAL"]
    closed_s = three_and_a_fourth.record(service).closed_s
    assert closed_s is not None
    assert shown[-1][0] - (closed_s - three_and_a_fourth.began_s) < 10.0


def test_in_the_end_the_message_says_that_all_of_it_is_over(three_and_a_fourth: Played):
    (root,) = three_and_a_fourth.roots()
    assert "[KEMBALI NORMAL] 4 layanan kembali normal" in root.text
    assert all(each["resolved_after_s"] is not None for each in three_and_a_fourth.incidents)


def test_nothing_is_told_twice_nor_without_words(three_and_a_fourth: Played):
    played = three_and_a_fourth
    assert max(played.roots()[0].text.count(each) for each in ("Adjudikasi", "Verifikasi")) == 1
    assert all(said.message.text.strip() for said in played.said)
    records = played.records.values()
    told = {m.delivery for each in records for m in each.messages}
    assert told <= {Delivery.POSTED, Delivery.COVERED}
    assert Happening.DELETED not in {said.happening for said in played.said}
