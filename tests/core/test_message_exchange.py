"""What people read when the exchange is lost."""

from __future__ import annotations

from agent.core import message_exchange
from agent.core.wording import Wording

SINCE_S = 1_760_000_000.0
ID = Wording(services={"simponi.billing": "Kode billing"})
EN = Wording(language="en")


def test_it_says_since_when_from_where_and_what_is_not_known():
    told = message_exchange.lost("Kantor Imigrasi Jember", SINCE_S, (), ID)
    head, meanwhile = told.text.split("\n")
    assert head == (
        "[PANTAU][BURSA TERPUTUS] Bursa antar kantor tidak terjangkau sejak 15.53 WIB, dilihat "
        "dari Kantor Imigrasi Jember"
    )
    assert "keadaan nasional belum dapat dipastikan" in meanwhile


def test_it_says_which_national_outage_was_heard_of_last():
    told = message_exchange.lost("Jember", SINCE_S, ("simponi.billing",), ID)
    assert told.text.endswith("Terakhir terdengar sebelum itu: gangguan nasional Kode billing.")


def test_its_end_says_how_long_and_points_to_what_is_open():
    told = message_exchange.over("Jember", SINCE_S, SINCE_S + 150, ("simponi.billing",), ID)
    head, open_now = told.text.split("\n")
    assert head.startswith("[PANTAU][BURSA KEMBALI]")
    assert "terputus 2 menit 30 detik (15.53 WIB s.d. 15.55 WIB), dilihat dari Jember" in head
    assert open_now == "Gangguan nasional Kode billing sedang berlangsung; lihat pesannya."


def test_the_thread_hears_the_same():
    ended = ("Jember", SINCE_S, SINCE_S + 150, ("simponi.billing",), ID)
    assert message_exchange.over_reply(*ended) == message_exchange.over(*ended).text


def test_it_is_said_in_english_too():
    assert "unreachable since 15.53 WIB, seen from Jember" in (
        message_exchange.lost("Jember", SINCE_S, (), EN).text
    )
    assert message_exchange.over("Jember", SINCE_S, SINCE_S + 9, (), EN).text.startswith(
        "[PANTAU][EXCHANGE BACK] The exchange between offices answers again, lost for 9 seconds"
    )


def test_no_name_can_mention_or_link():
    hostile = "<!channel> <https://evil|x>"
    told = message_exchange.lost(hostile, SINCE_S, (hostile,), ID)
    ended = message_exchange.over_reply(hostile, SINCE_S, SINCE_S + 9, (hostile,), ID)
    assert "<" not in told.text + ended


def test_an_exercise_says_so_everywhere():
    practice = Wording(practice=True)
    ended = ("Jember", SINCE_S, SINCE_S + 9, (), practice)
    said = [
        message_exchange.lost("Jember", SINCE_S, (), practice).text,
        message_exchange.over(*ended).text,
        message_exchange.over_reply(*ended),
    ]
    assert all(each.startswith("[LATIHAN] [PANTAU]") for each in said)
