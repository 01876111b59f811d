"""The counter is told what is known, calmly, and nothing that is not known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.core.model import Branch, Bulletin, Outcome, ServiceState, Sight
from agent.core.notice import Notice, Tone, lobby_notice
from agent.core.view import ExchangeState, OfficeView, ServiceView

NOW_S = 1_561_425_000.0
OFFICE = Branch(
    id="jember",
    name="Kantor Imigrasi Jember",
    province="Jawa Timur",
    island="Jawa",
    zone="Asia/Jakarta",
)
BILLING, CETAK, NIK = "simponi.billing", "cetak", "dukcapil.nik"


def seen(
    service: str,
    outcome: Outcome | None,
    *,
    row: int = 9,
    age_s: float = 9.0,
    lasting_s: float = 600.0,
    blocked_by: str | None = None,
) -> ServiceView:
    return ServiceView(
        service=service,
        outcome=outcome,
        at_s=NOW_S - age_s,
        since_s=NOW_S - lasting_s,
        in_a_row=row,
        reason="HTTP 503",
        blocked_by=blocked_by,
    )


def bulletin(*, blind: bool = False, **states: ServiceState) -> Bulletin:
    services = {BILLING: ServiceState.NORMAL, CETAK: ServiceState.NORMAL, NIK: ServiceState.NORMAL}
    named = {name.replace("_", "."): state for name, state in states.items()}
    return Bulletin(
        term=7,
        leader="semarang",
        nation="r1:a",
        at_s=NOW_S,
        blind=blind,
        services={**services, **named},
    )


def view(*services: ServiceView, heard: Bulletin | None = None, age_s: float = 5.0) -> OfficeView:
    return OfficeView(
        branch=OFFICE,
        now_s=NOW_S,
        version="0.1.0",
        sight=Sight(),
        services=services,
        exchange=ExchangeState.JOINED,
        bulletin=heard,
        bulletin_age_s=None if heard is None else age_s,
    )


def told(notice: Notice) -> str:
    return " ".join(notice.sentences)


def test_all_is_well_when_every_service_was_seen_well():
    notice = lobby_notice(view(seen(BILLING, Outcome.OK), seen(CETAK, Outcome.OK)))
    assert notice.tone is Tone.CALM
    assert notice.headline == "Layanan berjalan normal"
    assert notice.served == ("Kode billing (SIMPONI)", "Pencetakan paspor")
    assert notice.sentences == ()
    assert notice.checked_s == NOW_S - 9


def test_a_service_not_yet_seen_is_not_called_normal():
    notice = lobby_notice(view(seen(BILLING, Outcome.OK), ServiceView(service=CETAK)))
    assert notice.headline == "Layanan yang terpantau berjalan normal"
    assert notice.unknown == ("Pencetakan paspor",)


@pytest.mark.parametrize(
    "of",
    [
        view(),
        view(ServiceView(service=CETAK)),
        view(seen(CETAK, Outcome.OK, age_s=301)),
        view(seen(CETAK, Outcome.VOID)),
        replace(view(seen(CETAK, Outcome.FAIL)), sight=Sight(sees=False, why_not="gateway")),
        replace(view(seen(CETAK, Outcome.OK)), sight=Sight(sees=False, why_not="gateway")),
    ],
    ids=["nothing watched", "not yet", "old", "void", "blind and broken", "blind and well"],
)
def test_what_is_not_known_is_said_so(of: OfficeView):
    notice = lobby_notice(of)
    assert notice.tone is Tone.UNKNOWN
    assert notice.headline == "Belum dapat dipastikan"
    assert notice.served == notice.unserved == ()


def test_an_office_that_cannot_see_says_that_its_own_line_is_in_trouble():
    blind = replace(view(seen(CETAK, Outcome.FAIL)), sight=Sight(sees=False, why_not="gateway"))
    assert "Sambungan kantor ini" in told(lobby_notice(blind))


def test_an_agent_that_doubts_itself_blames_no_line_for_it():
    sight = Sight(sees=False, why_not="this agent doubts itself: its event loop woke 2.0 s late")
    doubting = replace(view(seen(CETAK, Outcome.FAIL)), sight=sight, doubt="its loop was late")
    notice = lobby_notice(doubting)
    assert "Pemantau layanan di kantor ini" in told(notice)
    assert "Sambungan" not in told(notice)


def test_one_bad_result_does_not_alarm_the_counter_and_two_do():
    once = lobby_notice(view(seen(BILLING, Outcome.OK), seen(CETAK, Outcome.FAIL, row=1)))
    assert once.tone is Tone.CALM
    assert once.unknown == ("Pencetakan paspor",)
    twice = lobby_notice(view(seen(BILLING, Outcome.OK), seen(CETAK, Outcome.FAIL, row=2)))
    assert twice.tone is Tone.TROUBLE
    assert twice.headline == "Sebagian layanan sementara belum dapat dilayani"
    assert twice.unserved == ("Pencetakan paspor",)
    assert twice.since_s == NOW_S - 600


def test_one_bad_result_is_enough_when_the_nation_says_so():
    heard = bulletin(cetak=ServiceState.NATIONAL)
    notice = lobby_notice(view(seen(CETAK, Outcome.FAIL, row=1), heard=heard))
    assert notice.unserved == ("Pencetakan paspor",)
    assert notice.headline == "Layanan sementara belum dapat dilayani"


def test_a_step_behind_a_broken_one_cannot_be_served_either():
    notice = lobby_notice(
        view(seen(BILLING, Outcome.FAIL), seen(CETAK, Outcome.VOID, blocked_by=BILLING))
    )
    assert notice.unserved == ("Kode billing (SIMPONI)", "Pencetakan paspor")


def test_slow_is_served_and_said():
    notice = lobby_notice(view(seen(BILLING, Outcome.SLOW), seen(CETAK, Outcome.OK)))
    assert notice.tone is Tone.SLOW
    assert notice.slow == ("Kode billing (SIMPONI)",)


@pytest.mark.parametrize(
    ("heard", "age_s", "lasting_s", "words"),
    [
        (None, 0, 600, "Belum dapat dipastikan apakah"),
        (bulletin(cetak=ServiceState.NATIONAL), 5, 600, "di seluruh Indonesia"),
        (bulletin(cetak=ServiceState.NATIONAL), 31, 600, "Belum dapat dipastikan apakah"),
        (bulletin(cetak=ServiceState.REGIONAL), 5, 600, "di wilayah ini juga"),
        (bulletin(cetak=ServiceState.SUSPECTED), 5, 600, "Belum dapat dipastikan apakah"),
        (bulletin(cetak=ServiceState.UNKNOWN), 5, 600, "Belum dapat dipastikan apakah"),
        (bulletin(), 5, 600, "di kantor ini dan sedang ditangani"),
        (bulletin(), 5, 60, "Belum dapat dipastikan apakah"),
        (bulletin(blind=True), 5, 600, "Belum dapat dipastikan apakah"),
    ],
)
def test_how_wide_it_is_is_said_only_when_it_is_known(
    heard: Bulletin | None, age_s: float, lasting_s: float, words: str
):
    broken = seen(CETAK, Outcome.FAIL, lasting_s=lasting_s)
    notice = lobby_notice(view(broken, heard=heard, age_s=age_s))
    assert words in notice.sentences[0]
    assert ("Indonesia" in told(notice)) == ("Indonesia" in words)


@pytest.mark.parametrize(
    ("outcomes", "changed", "why"),
    [
        ((Outcome.DRIFT, Outcome.OK), True, "answered in another shape"),
        ((Outcome.DRIFT, Outcome.VOID), True, "and what stands behind it"),
        ((Outcome.DRIFT, Outcome.FAIL), False, "something fails as well"),
        ((Outcome.VOID, Outcome.OK), False, "what is behind another says nothing itself"),
    ],
)
def test_a_changed_contract_is_no_failure_at_the_counter(outcomes, changed, why):
    first, second = outcomes
    notice = lobby_notice(
        view(
            seen(NIK, first, blocked_by="simkim.login" if first is Outcome.VOID else None),
            seen(CETAK, second, blocked_by=NIK if second is Outcome.VOID else None),
        )
    )
    assert ("berubah bentuk" in told(notice)) is changed, why


def test_people_are_told_what_to_do_and_that_no_end_is_known():
    sentences = lobby_notice(view(seen(BILLING, Outcome.FAIL))).sentences
    assert "Mohon tidak membayar di luar kode billing resmi." in " ".join(sentences)
    assert sentences[-2].startswith("Kami belum dapat memastikan kapan")
    assert sentences[-1] == "Mohon maaf atas ketidaknyamanan ini."


def test_the_counter_still_takes_files_only_if_it_can():
    words = "Penerimaan berkas, wawancara"
    assert words in told(lobby_notice(view(seen(CETAK, Outcome.FAIL))))
    both = view(seen(CETAK, Outcome.FAIL), seen("biometrik.rekam", Outcome.FAIL))
    assert words not in told(lobby_notice(both))


def test_public_words_are_calm_and_hold_nothing_technical():
    for outcome in Outcome:
        notice = lobby_notice(view(seen(BILLING, outcome), seen(NIK, outcome)))
        spoken = f"{notice.headline} {told(notice)}".lower()
        assert not any(word in spoken for word in ("eror", "error", "down", "503", "http"))


def test_english_is_there_when_asked_for():
    notice = lobby_notice(view(seen(BILLING, Outcome.FAIL)), "en")
    assert notice.headline == "Services are not available for now"
    assert notice.unserved == ("Billing code (SIMPONI)",)
