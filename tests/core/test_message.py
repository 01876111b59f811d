from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from agent.core import message, message_blindness, message_words, slack_text
from agent.core.incident import BLINDNESS, Change, Incident, Message, Phase
from agent.core.model import NATION, Channel, Evidence, Scope, Severity, Spread, Trouble
from agent.core.order import Order, OrderKind
from agent.core.reminding import Escalation
from agent.core.vocabulary import Language, Words
from agent.core.wording import Wording

OPENED_S = 1_561_425_000.0  # Tuesday 25 June 2019, 08.10 in Jakarta
HOSTILE = (
    "<!channel>",
    "<@U1>",
    "<https://evil|status>",
    "```x```",
    "\u202eabc\u2066",
    "a\x00b\x1b[31m",
    "&" * 50_000,
    'x\n{"level":"error"}',
    "{service} {0.__class__}",
    "\U0001f600" * 300,
    "\ud800",
)


def offices(count: int) -> tuple[str, ...]:
    return tuple(f"kantor-{number:03}" for number in range(count))


def an_incident(**changes: Any) -> Incident:  # noqa: ANN401 - any of its fields
    incident = Incident(
        name="incident.national.all.simponi.billing",
        opening=3841,
        term=7,
        scope=Scope.NATIONAL,
        group=NATION,
        root="simponi.billing",
        severity=Severity.PARTIAL,
        phase=Phase.OPEN,
        channels=(Channel.FAIL,),
        since_s=OPENED_S,
        opened_s=OPENED_S + 20,
        affected=("mpn.status", "alokasi", "cetak"),
        working=("mpaspor.login", "simkim.login"),
        evidence=Evidence(
            failing=offices(12),
            reporting=12,
            first_step="billing inquiry",
            code="http_503",
            code_share=1.0,
            coincidence=1e-6,
        ),
        spread=Spread(
            zones={"WIB": (6, 6), "WITA": (4, 4), "WIT": (2, 2)},
            provinces={f"Provinsi {number:02}": (1, 1) for number in range(12)},
        ),
        peak=12,
        told_failing=12,
    )
    return replace(incident, **changes)


def recovering() -> Incident:
    return an_incident(
        phase=Phase.RECOVERING,
        recovering_s=OPENED_S + 129.5,
        ended_s=OPENED_S + 120,
        evidence=Evidence(reporting=12, first_step="billing inquiry", code="http_503"),
    )


def closed() -> Incident:
    return replace(recovering(), phase=Phase.CLOSED, closed_s=OPENED_S + 189.5)


def test_the_worked_outage_reads_as_it_was_designed():
    wording = Wording(dashboard_url="https://grafana.example/d/1?a=1&b=2")

    assert message.root(an_incident(), wording).text.splitlines() == [
        "[NASIONAL][SEBAGIAN] Kode billing (SIMPONI): 12/12 kantor gagal sejak 08.10 WIB",
        "12 provinsi, WIB 6/6 WITA 4/4 WIT 2/2.",
        "Langkah pertama yang rusak: `billing inquiry` (HTTP 503, 100 %).",
        "Bukan jaringan kantor: kontrol normal di 12/12.",
        "Peluang kebetulan dalam setahun: kurang dari 1 banding 1.000.000.",
        "Masih berjalan: Masuk M-Paspor, Masuk SIMKIM.",
        "Terdampak: Konfirmasi pembayaran (MPN), Alokasi buku paspor, Pencetakan paspor.",
        (
            "Terbanyak: Provinsi 00 1/1, Provinsi 01 1/1, Provinsi 02 1/1, Provinsi 03 1/1, "
            "dan 8 lainnya."
        ),
        "<https://grafana.example/d/1?a=1&amp;b=2|Dasbor>",
    ]
    assert message.reply(recovering(), Change.RECOVERING, wording) == (
        "Kode billing (SIMPONI): berangsur pulih, 12/12 kantor kembali baik."
    )
    assert message.reply(closed(), Change.CLOSED, wording) == (
        "Kode billing (SIMPONI): kembali normal, terganggu 2 menit "
        "(08.10 WIB s.d. 08.12 WIB), puncak 12 kantor"
    )


def drifting(*, share: float = 1.0, **changes: Any) -> Incident:  # noqa: ANN401 - as above
    seen = replace(
        an_incident().evidence, code="contract", code_share=share, drift=round(12 * share)
    )
    return an_incident(evidence=seen, **changes)


def test_a_changed_contract_reads_as_such_and_not_as_a_failure():
    told = message.root(drifting(share=0.75), Wording()).text
    assert told.splitlines()[:4] == [
        (
            "[NASIONAL][SEBAGIAN] Kode billing (SIMPONI): format jawaban berubah (kontrak) di "
            "12/12 kantor sejak 08.10 WIB"
        ),
        "12 provinsi, WIB 6/6 WITA 4/4 WIT 2/2.",
        "Langkah yang jawabannya berubah: `billing inquiry` (75 %).",
        "Bukan jaringan kantor: kontrol normal di 12/12.",
    ]
    assert "gagal" not in told
    assert "rusak" not in told


def test_of_a_failure_it_is_said_how_many_offices_were_answered_in_another_shape():
    mixed = an_incident(evidence=replace(an_incident().evidence, code_share=0.67, drift=4))
    told = message.root(mixed, Wording()).text
    assert "12/12 kantor gagal" in told
    assert "Di 4 kantor di antaranya format jawaban berubah (kontrak)." in told.splitlines()


DRIFT_REPLIES: list[tuple[Change, str, str]] = [
    (
        Change.STEP,
        "kini format jawaban berubah (kontrak) di langkah `billing inquiry` (bentuk jawaban",
        "now the answer format changed (contract) at step `billing inquiry` (the answer changed",
    ),
    (
        Change.RELAPSED,
        "pemulihan belum bertahan, format jawaban berubah (kontrak) di 12/12 kantor",
        "the recovery did not hold, answer format changed (contract) at 12/12 offices",
    ),
    (
        Change.REOPENED,
        "format jawaban berubah lagi (kontrak), 12/12 kantor",
        "answer format changed again (contract), 12/12 offices",
    ),
]


@pytest.mark.parametrize(("change", "indonesian", "english"), DRIFT_REPLIES)
def test_replies_tell_a_changed_contract_in_its_own_words(
    change: Change, indonesian: str, english: str
):
    assert indonesian in message.reply(drifting(), change, Wording(), an_incident())
    assert english in message.reply(drifting(), change, Wording(language="en"), an_incident())


@pytest.mark.parametrize("change", [each for each in Change if each is not Change.STEP])
def test_no_reply_says_that_something_failed_where_a_contract_changed(change: Change):
    assert "gagal" not in message.reply(drifting(), change, Wording(), drifting())
    english = message.reply(drifting(), change, Wording(language="en"), drifting())
    assert "fail" not in english


HEADLINES: list[tuple[Incident, Language, str]] = [
    (
        an_incident(maintained_until_s=OPENED_S + 3600),
        "en",
        (
            "[NATIONAL][PARTIAL] Billing code (SIMPONI): 12/12 offices failing since 08.10 WIB; "
            "in maintenance until 09.10 WIB"
        ),
    ),
    (
        an_incident(overran_s=OPENED_S + 3600),
        "id",
        (
            "[NASIONAL][SEBAGIAN] Kode billing (SIMPONI): 12/12 kantor gagal sejak 08.10 WIB; "
            "pemeliharaan melewati jadwal (seharusnya selesai 09.10 WIB)"
        ),
    ),
    (
        an_incident(),
        "en",
        "[NATIONAL][PARTIAL] Billing code (SIMPONI): 12/12 offices failing since 08.10 WIB",
    ),
    (
        an_incident(channels=(Channel.SLOW,), severity=Severity.SLOW),
        "id",
        "[NASIONAL][LAMBAT] Kode billing (SIMPONI): 12/12 kantor lambat sejak 08.10 WIB",
    ),
    (
        an_incident(scope=Scope.REGIONAL, group="island:papua", severity=Severity.DOWN),
        "id",
        "[WILAYAH Papua][MATI] Kode billing (SIMPONI): 12/12 kantor gagal sejak 08.10 WIB",
    ),
    (
        an_incident(scope=Scope.REGIONAL, group="roster", severity=Severity.DEGRADED),
        "en",
        (
            "[REGIONAL all offices taking part][DEGRADED] Billing code (SIMPONI): "
            "12/12 offices failing since 08.10 WIB"
        ),
    ),
    (
        an_incident(scope=Scope.REGIONAL, group="carrier:telkomsel"),
        "id",
        (
            "[WILAYAH operator Telkomsel][SEBAGIAN] Kode billing (SIMPONI): "
            "12/12 kantor gagal sejak 08.10 WIB"
        ),
    ),
    (
        an_incident(
            root="simkim.login",
            evidence=replace(an_incident().evidence, code="auth"),
        ),
        "id",
        (
            "[NASIONAL][SEBAGIAN] Masuk SIMKIM: kredensial probe atau layanan masuk ditolak di "
            "12/12 kantor sejak 08.10 WIB"
        ),
    ),
    (
        an_incident(
            root="simkim.login",
            evidence=replace(an_incident().evidence, code="auth"),
        ),
        "en",
        (
            "[NATIONAL][PARTIAL] SIMKIM sign-in: probe credentials or sign-in rejected at "
            "12/12 offices since 08.10 WIB"
        ),
    ),
    (
        drifting(),
        "en",
        (
            "[NATIONAL][PARTIAL] Billing code (SIMPONI): answer format changed (contract) at "
            "12/12 offices since 08.10 WIB"
        ),
    ),
    (
        an_incident(since_s=OPENED_S - 86_400),
        "id",
        (
            "[NASIONAL][SEBAGIAN] Kode billing (SIMPONI): 12/12 kantor gagal sejak "
            "Senin, 24 Juni 2019 08.10 WIB"
        ),
    ),
    (
        recovering(),
        "id",
        (
            "[NASIONAL][BERANGSUR PULIH] Kode billing (SIMPONI): 12/12 kantor kembali baik, "
            "terganggu sejak 08.10 WIB"
        ),
    ),
    (
        closed(),
        "en",
        (
            "[NATIONAL][RESTORED] Billing code (SIMPONI): back to normal, disturbed for 2 minutes "
            "(08.10 WIB to 08.12 WIB), 12 offices at the peak"
        ),
    ),
]


@pytest.mark.parametrize(("incident", "language", "headline"), HEADLINES)
def test_the_headline_says_scope_state_service_offices_and_since_when(
    incident: Incident, language: Language, headline: str
):
    rendered = message.root(incident, Wording(language=language))

    assert rendered.text.splitlines()[0] == headline


def blind(**changes: Any) -> Incident:  # noqa: ANN401 - as above
    """Seven of twelve offices do not report."""
    missing = Evidence(failing=offices(7), reporting=12)
    places = {f"Provinsi {number:02}": (1, 1) for number in range(6)} | {"Bali": (1, 3)}
    return an_incident(
        name="incident.national.all.pantau.blind",
        root=BLINDNESS,
        channels=(),
        affected=(),
        working=(),
        evidence=missing,
        spread=Spread(zones={"WIB": (7, 12)}, provinces=places),
        peak=9,
        peak_of=12,
        **changes,
    )


def seen_again() -> Incident:
    return blind(phase=Phase.CLOSED, ended_s=OPENED_S + 540, closed_s=OPENED_S + 600)


def test_a_blindness_reads_as_it_was_designed():
    wording = Wording(external_url="https://pantau.example/nasional", mention="<!here>")
    assert message.root(blind(), wording).text.splitlines() == [
        (
            "[PANTAU][TIDAK MELIHAT] Hanya 5 dari 12 kantor melapor sejak 08.10 WIB: "
            "keadaan nasional tidak dapat dinilai"
        ),
        (
            "Sampai separuh kantor melapor lagi, tidak ada gangguan nasional yang dinyatakan "
            "atau diakhiri."
        ),
        (
            "Tidak melapor: Bali 1/3, Provinsi 00 1/1, Provinsi 01 1/1, Provinsi 02 1/1, "
            "dan 3 lainnya."
        ),
        "<https://pantau.example/nasional|Halaman nasional>",
    ]
    assert message.root(seen_again(), Wording()).text == (
        "[PANTAU][MELIHAT LAGI] Keadaan nasional dapat dinilai lagi, sesudah 9 menit (08.10 WIB "
        "s.d. 08.19 WIB) dengan paling sedikit 3 dari 12 kantor"
    )
    assert [title(message.root(each, Wording()))[0] for each in (blind(), seen_again())] == [
        message_blindness.SIGN,
        message.SIGNS[Phase.CLOSED],
    ]


@pytest.mark.parametrize(
    ("incident", "change", "indonesian", "english"),
    [
        (
            seen_again(),
            Change.CLOSED,
            "Keadaan nasional dapat dinilai lagi, sesudah 9 menit",
            "The nation can be judged again, after 9 minutes (08.10 WIB to 08.19 WIB) with 3 of 12",
        ),
        (
            blind(),
            Change.REOPENED,
            "Kembali hanya 5 dari 12 kantor melapor",
            "Again only 5 of 12 offices report: nothing can be said about the nation.",
        ),
    ],
)
def test_replies_of_a_blindness_speak_of_the_nation_and_call_nobody(
    incident: Incident, change: Change, indonesian: str, english: str
):
    assert message.reply(incident, change, Wording(mention="<!here>")).startswith(indonesian)
    assert message.reply(incident, change, Wording(language="en")).startswith(english)
    practice = message.reply(incident, change, Wording(practice=True))
    assert practice.startswith(f"[LATIHAN] {indonesian}")


REPLIES: list[tuple[Change, str, str]] = [
    (Change.OPENED, "[NASIONAL][GANGGUAN] Kode", "[NATIONAL][DEGRADED] Billing"),
    (Change.WORSE, "memburuk, SEBAGIAN menjadi GANGGUAN; 118/145", "PARTIAL became DEGRADED"),
    (Change.GROWN, "meluas dari 12 menjadi 118 dari 145 kantor", "grown from 12 to 118 of 145"),
    (Change.SHRUNK, "menyempit dari 12 menjadi 118", "shrunk from 12 to 118"),
    (
        Change.STEP,
        "kini `sign in` (tidak menjawab pada waktunya, 62 %), sebelumnya `billing inquiry` (HTTP",
        "is now `sign in` (no answer in time, 62 %), before `billing inquiry` (HTTP 503, 100 %)",
    ),
    (Change.RECOVERING, "berangsur pulih, 27/145", "recovering, 27/145"),
    (Change.RELAPSED, "pemulihan belum bertahan, 118/145", "did not hold, 118/145"),
    (Change.CLOSED, "kembali normal, terganggu", "back to normal, disturbed for"),
    (Change.ABSORBED, "kini bagian dari gangguan nasional", "now part of the national outage"),
    (Change.REOPENED, "terganggu lagi, 118/145", "disturbed again, 118/145"),
    (
        Change.STORM,
        (
            "2 layanan terganggu sekaligus, semuanya diceritakan di pesan ini: Kode billing "
            "(SIMPONI), Masuk SIMKIM."
        ),
        "2 services are disturbed at once",
    ),
    (Change.ORDERED, "Ditangani oleh budi: `sudah", "Acknowledged by budi: `sudah"),
    (Change.REMINDED, "belum ada yang menangani", "nobody has looked after them for"),
    (Change.MAINTAINED, "pemeliharaan terjadwal dimulai, sampai", "planned maintenance begins"),
    (Change.OVERRAN, "pemeliharaan melewati jadwal, seharusnya", "maintenance has overrun, it was"),
    (Change.BEYOND, "118/145 kantor terganggu, juga di luar", "118/145 offices disturbed, beyond"),
]


@pytest.mark.parametrize(("change", "indonesian", "english"), REPLIES)
def test_every_change_has_its_words_in_both_languages(
    change: Change, indonesian: str, english: str
):
    later = an_incident(
        severity=Severity.DEGRADED,
        evidence=Evidence(
            failing=offices(118),
            reporting=145,
            first_step="sign in",
            code="timeout",
            code_share=0.62,
        ),
        members=("incident.national.all.simkim.login",),
        orders=(
            Order(incident="x@1", kind=OrderKind.ACK, author="budi", reason="sudah", at_s=0.0),
        ),
    )

    assert indonesian in message.reply(later, change, Wording(), an_incident())
    assert english in message.reply(later, change, Wording(language="en"), an_incident())


def signed(author: str) -> Incident:
    """Acknowledged by a sign on its root message."""
    order = Order(
        incident="x@1",
        kind=OrderKind.ACK,
        author=author,
        reason=":eyes:",
        at_s=0.0,
        by_sign=True,
    )
    return an_incident(orders=(order,))


def test_who_put_a_sign_is_shown_by_slacks_own_name_for_them():
    told = message.reply(signed("U0PIKET01"), Change.ORDERED, Wording(language="en"))
    assert told == "Acknowledged by <@U0PIKET01> (sign `:eyes:` on the root message)."


@pytest.mark.parametrize("author", [*HOSTILE, "U1>", "!channel", "u0piket01"])
def test_nothing_but_a_users_id_becomes_a_mention(author: str):
    told = message.reply(signed(author), Change.ORDERED, Wording())
    assert not {"<!", "<@", "<h"} & {told[at : at + 2] for at in range(len(told))}


def test_an_exercise_calls_not_even_who_put_the_sign():
    told = message.reply(signed("U0PIKET01"), Change.ORDERED, Wording(practice=True))
    assert told.startswith("[LATIHAN] Ditangani oleh U0PIKET01 ")


def test_a_blindness_too_may_be_acknowledged():
    incident = replace(signed("U0PIKET01"), root=BLINDNESS)
    assert "Ditangani oleh <@U0PIKET01>" in message.reply(incident, Change.ORDERED, Wording())


def test_no_change_is_without_a_row_in_the_table_above():
    assert {row[0] for row in REPLIES} == set(Change)


def test_what_is_recovering_when_maintenance_ends_has_not_overrun():
    told = message.reply(
        replace(recovering(), overran_s=OPENED_S + 3600), Change.OVERRAN, Wording()
    )
    assert told == (
        "Kode billing (SIMPONI): pemeliharaan selesai 09.10 WIB, 12/12 kantor kembali baik."
    )


SECOND = "<!subteam^S0LAPIS2>"


def a_reminder(number: int, **changes: Any) -> Incident:  # noqa: ANN401 - any of its fields
    grave = {"severity": Severity.DEGRADED, "reminded": number, "reminded_s": OPENED_S + 920.0}
    return an_incident(**(grave | changes))


def test_the_first_reminder_calls_those_on_call_and_the_second_others_with_them():
    wording = Wording(mention="<!here>", escalation=Escalation(mention=SECOND))
    first = message.reply(a_reminder(1), Change.REMINDED, wording)
    assert first == (
        "<!here> Kode billing (SIMPONI): sudah 15 menit belum ada yang menangani, 12/12 kantor. "
        "Beri tanda :eyes: pada pesan utama bila ditangani."
    )
    second = message.reply(a_reminder(2), Change.REMINDED, wording)
    assert second.startswith(f"<!here> {SECOND} Kode billing")


@pytest.mark.parametrize(
    ("changes", "whom"),
    [
        ({}, SECOND),
        ({"severity": Severity.DOWN}, "<@U0KEPALA>"),
        ({"root": "cetak", "severity": Severity.DOWN}, "<@U0CETAK>"),
    ],
)
def test_whom_an_escalation_calls_is_told_by_service_then_by_severity(
    changes: dict[str, Any], whom: str
):
    escalation = Escalation(
        mention=SECOND,
        by_severity={Severity.DOWN: "<@U0KEPALA>"},
        by_service={"cetak": "<@U0CETAK>"},
    )
    wording = Wording(mention="<!here>", escalation=escalation)
    told = message.reply(a_reminder(2, **changes), Change.REMINDED, wording)
    assert told.startswith(f"<!here> {whom} ")


def test_a_storms_reminder_calls_for_the_gravest_that_it_tells_of():
    first = a_reminder(2, severity=Severity.PARTIAL, members=("incident.national.all.cetak",))
    grave = an_incident(
        name="incident.national.all.cetak", root="cetak", severity=Severity.DOWN, storm=first.name
    )
    escalation = Escalation(
        mention=SECOND,
        by_severity={Severity.DOWN: "<@U0KEPALA>"},
        by_service={"alokasi": "<@U0ALOKASI>"},
    )
    wording = Wording(mention="<!here>", escalation=escalation)
    told = message.reply(first, Change.REMINDED, wording, first, [grave])
    assert told.startswith("<!here> <@U0KEPALA> 2 layanan:")
    over = replace(grave, phase=Phase.CLOSED)
    assert message.reply(first, Change.REMINDED, wording, first, [over]).startswith("2 layanan:")


def test_an_exercise_reminds_and_calls_nobody():
    wording = Wording(mention="<!here>", escalation=Escalation(mention=SECOND), practice=True)
    told = message.reply(a_reminder(3), Change.REMINDED, wording)
    assert told.startswith("[LATIHAN] Kode billing")


def test_a_reminder_of_a_storm_counts_what_it_tells_of():
    told = message.reply(a_reminder(1, members=("a", "b")), Change.REMINDED, Wording())
    assert told.startswith("3 layanan: sudah 15 menit belum ada yang menangani.")


def test_every_sentence_stands_in_both_languages():
    said = [value for value in vars(message_words).values() if isinstance(value, Words)]

    assert len(said) > 30
    assert all(words.id and words.en for words in said)


def test_open_recovering_and_closed_look_different():
    phases = (an_incident(), recovering(), closed())
    titles = [title(message.root(incident, Wording())) for incident in phases]

    assert [each[0] for each in titles] == [
        message.SIGNS[Severity.PARTIAL],
        message.SIGNS[Phase.RECOVERING],
        message.SIGNS[Phase.CLOSED],
    ]
    assert "Masih berjalan" not in message.root(closed(), Wording()).text


def absorbed(place: str, by: Trouble | None) -> Incident:
    """An incident of billing that goes on as a part of another."""
    scope = Scope.NATIONAL if place == NATION else Scope.REGIONAL
    told = Message(sequence=1, change=Change.ABSORBED, at_s=OPENED_S + 60, channel="C")
    return replace(closed(), scope=scope, group=place, absorbed_by=by, messages=(told,))


BILLING, SIGN_IN = "simponi.billing", "simkim.login"
ABSORPTIONS: list[tuple[str, Trouble | None, str, str]] = [
    (
        "island:papua",
        Trouble(group=NATION, root=BILLING),
        (
            "[WILAYAH Papua][MENJADI NASIONAL] Kode billing (SIMPONI): kini bagian dari gangguan "
            "nasional, terganggu sejak 08.10 WIB"
        ),
        (
            "[REGIONAL Papua][NOW NATIONAL] Billing code (SIMPONI): now part of the national "
            "outage, disturbed since 08.10 WIB"
        ),
    ),
    (
        "province:maluku-utara",
        Trouble(group="island:maluku", root=BILLING),
        (
            "[WILAYAH Maluku Utara][DIGABUNG] Kode billing (SIMPONI): kini bagian dari gangguan "
            "wilayah Maluku, terganggu sejak 08.10 WIB"
        ),
        (
            "[REGIONAL Maluku Utara][MERGED] Billing code (SIMPONI): now part of the regional "
            "outage (Maluku), disturbed since 08.10 WIB"
        ),
    ),
    (
        NATION,
        Trouble(group=NATION, root=SIGN_IN),
        (
            "[NASIONAL][DIGABUNG] Kode billing (SIMPONI): kini bagian dari gangguan Masuk SIMKIM, "
            "terganggu sejak 08.10 WIB"
        ),
        (
            "[NATIONAL][MERGED] Billing code (SIMPONI): now part of the outage of SIMKIM sign-in, "
            "disturbed since 08.10 WIB"
        ),
    ),
    (
        "island:papua",
        Trouble(group=NATION, root=SIGN_IN),
        (
            "[WILAYAH Papua][MENJADI NASIONAL] Kode billing (SIMPONI): kini bagian dari gangguan "
            "nasional Masuk SIMKIM, terganggu sejak 08.10 WIB"
        ),
        (
            "[REGIONAL Papua][NOW NATIONAL] Billing code (SIMPONI): now part of the national "
            "outage of SIMKIM sign-in, disturbed since 08.10 WIB"
        ),
    ),
    (
        "province:papua",
        Trouble(group="island:papua", root=SIGN_IN),
        (
            "[WILAYAH Papua][DIGABUNG] Kode billing (SIMPONI): kini bagian dari gangguan Masuk "
            "SIMKIM di wilayah Papua, terganggu sejak 08.10 WIB"
        ),
        (
            "[REGIONAL Papua][MERGED] Billing code (SIMPONI): now part of the regional outage "
            "of SIMKIM sign-in (Papua), disturbed since 08.10 WIB"
        ),
    ),
]


@pytest.mark.parametrize(("place", "by", "indonesian", "english"), ABSORPTIONS)
def test_what_became_a_part_of_another_says_of_which(
    place: str, by: Trouble, indonesian: str, english: str
):
    incident = absorbed(place, by)
    for wording, said in ((Wording(), indonesian), (Wording(language="en"), english)):
        assert message.root(incident, wording).text.splitlines()[0] == said
        assert message.reply(incident, Change.ABSORBED, wording) == said.rpartition("] ")[2]


def test_a_storm_of_what_became_parts_is_national_only_if_all_of_it_is():
    national = absorbed("island:papua", Trouble(group=NATION, root=BILLING))
    merged = absorbed("province:maluku", Trouble(group="island:maluku", root=BILLING))
    for others, tag in (((national, national), "[MENJADI NASIONAL]"), ((merged,), "[DIGABUNG]")):
        assert tag in message.root(national, Wording(), others).text.splitlines()[0]


def test_a_region_that_the_nation_took_over_is_not_called_normal():
    """In a record of before, which does not say what took it over."""
    rendered = message.root(absorbed("island:papua", None), Wording())

    assert rendered.text.splitlines()[0] == (
        "[WILAYAH Papua][MENJADI NASIONAL] Kode billing (SIMPONI): "
        "kini bagian dari gangguan nasional, terganggu sejak 08.10 WIB"
    )
    assert title(rendered)[0] == message.SIGNS[Change.ABSORBED]


def test_a_storm_says_which_of_it_is_left_from_planned_work():
    first = an_incident(overran_s=OPENED_S)
    other = an_incident(name="incident.national.all.cetak", root="cetak", storm=first.name)
    told = message.root(first, Wording(language="en"), [other]).text
    assert "Maintenance has overrun: Billing code (SIMPONI)." in told
    over = message.root(replace(first, overran_s=None), Wording(), [other]).text
    assert "Pemeliharaan" not in over


def test_a_storm_is_one_message_with_a_table_of_its_members():
    others = [
        an_incident(root="simkim.login", severity=Severity.DOWN, since_s=OPENED_S + 60),
        an_incident(root="dukcapil.nik", scope=Scope.REGIONAL, group="province:bali"),
        drifting(root="cetak"),
        an_incident(root="mpaspor.login", evidence=replace(an_incident().evidence, code="auth")),
    ]

    rendered = message.root(an_incident(), Wording(), others)

    assert rendered.text.startswith("[NASIONAL][MATI] 5 layanan terganggu sekaligus sejak 08.10")
    table = rendered.text.split("```")[1].strip().splitlines()
    assert table == [
        "Kode billing (SIMPONI)     NASIONAL  12/12  08.10 WIB  SEBAGIAN",
        "Masuk SIMKIM               NASIONAL  12/12  08.11 WIB  MATI",
        "Verifikasi NIK (Dukcapil)  Bali      12/12  08.10 WIB  SEBAGIAN",
        "Pencetakan paspor          NASIONAL  12/12  08.10 WIB  SEBAGIAN, format berubah",
        "Masuk M-Paspor             NASIONAL  12/12  08.10 WIB  SEBAGIAN, kredensial ditolak",
    ]


@pytest.mark.parametrize(
    ("incidents", "said"),
    [
        ([recovering(), closed(), closed()], "[BERANGSUR PULIH] 3 layanan yang terganggu sejak"),
        ([closed(), closed()], "[KEMBALI NORMAL] 2 layanan kembali normal, terganggu 2 menit"),
    ],
)
def test_a_storm_is_as_far_as_its_last_member(incidents: list[Incident], said: str):
    assert said in message.root(incidents[0], Wording(), incidents[1:]).text


def test_the_on_call_is_mentioned_for_grave_national_incidents_alone():
    wording = Wording(mention="<!subteam^S123>")

    def mentioned(**changes: Any) -> bool:  # noqa: ANN401
        return "<!subteam^S123>" in message.root(an_incident(**changes), wording).text

    assert mentioned(severity=Severity.DEGRADED)
    assert not mentioned(severity=Severity.PARTIAL)
    assert not mentioned(severity=Severity.DOWN, scope=Scope.REGIONAL, group="island:papua")
    assert not mentioned(severity=Severity.DOWN, phase=Phase.CLOSED)


def test_a_reply_calls_only_those_whom_nothing_called_before():
    wording = Wording(mention="<!here>")
    partial = an_incident()
    degraded = an_incident(severity=Severity.DEGRADED)
    down = an_incident(severity=Severity.DOWN)

    assert message.reply(degraded, Change.WORSE, wording, partial).startswith("<!here> ")
    assert "<!here>" not in message.reply(down, Change.WORSE, wording, degraded)
    assert "<!here>" not in message.reply(degraded, Change.GROWN, wording, partial)


def test_what_outlasts_planned_work_calls_for_what_nobody_was_called_for_meanwhile():
    wording = Wording(mention="<!here>")
    planned = an_incident(severity=Severity.DOWN, maintained_until_s=OPENED_S + 3600)
    left = replace(planned, maintained_until_s=None, overran_s=OPENED_S + 3600)

    assert message.reply(left, Change.BEYOND, wording, planned).startswith("<!here> ")

    def calls(**changes: Any) -> bool:  # noqa: ANN401 - any of its fields
        after, before = replace(left, **changes), replace(planned, **changes)
        return message.reply(after, Change.OVERRAN, wording, before).startswith("<!here> ")

    assert calls()
    assert not calls(severity=Severity.PARTIAL)
    assert not calls(phase=Phase.RECOVERING, recovering_s=OPENED_S + 3500)


def test_a_storm_calls_for_whoever_joins_it_unless_it_called_before():
    wording = Wording(mention="<!here>")
    grave = an_incident(name="incident.national.all.simkim.login", severity=Severity.DOWN)
    mild = an_incident(name="incident.national.all.dukcapil.nik")
    alone = an_incident()
    joined = an_incident(members=(grave.name,))
    more = an_incident(members=(grave.name, mild.name))

    def calls(storm: Incident, members: list[Incident], before: Incident) -> bool:
        told = message.reply(storm, Change.STORM, wording, before, members)
        return told.startswith("<!here> ")

    assert calls(joined, [grave], alone)
    assert not calls(an_incident(members=(mild.name,)), [mild], alone)
    assert not calls(more, [grave, mild], joined)


def test_an_exercise_says_so_first_and_calls_nobody():
    wording = Wording(practice=True, mention="<!channel>", language="en")
    down = an_incident(severity=Severity.DOWN)
    rendered = message.root(down, wording)

    assert rendered.text.startswith("[LATIHAN] [NATIONAL]")
    assert title(rendered).startswith("[LATIHAN] ")
    for change in Change:
        told = message.reply(down, change, wording, an_incident())
        assert told.startswith("[LATIHAN] ")
        assert "<!channel>" not in told


def test_times_are_told_in_every_zone_of_the_readers():
    wording = Wording(zones=("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"))

    headline = message.root(an_incident(), wording).text.splitlines()[0]

    assert headline.endswith("sejak 08.10 WIB / 09.10 WITA / 10.10 WIT")


@pytest.mark.parametrize(
    ("seconds", "indonesian", "english"),
    [
        (0.2, "1 detik", "1 second"),
        (59.6, "1 menit", "1 minute"),
        (90, "1 menit 30 detik", "1 minute 30 seconds"),
        (3_605, "1 jam", "1 hour"),
        (7_500, "2 jam 5 menit", "2 hours 5 minutes"),
        (183_600, "2 hari 3 jam", "2 days 3 hours"),
    ],
)
def test_durations_are_said_in_their_two_largest_units(
    seconds: float, indonesian: str, english: str
):
    assert Wording().duration(seconds) == indonesian
    assert Wording(language="en").duration(seconds) == english


@pytest.mark.parametrize(
    ("probability", "said"),
    [
        (None, None),
        (1.0, None),
        (0.000_081, "kurang dari 1 banding 10.000."),
        (0.001, "dalam setahun: kurang dari 1 banding 1.000."),
        (0.0, "kurang dari 1 banding 1.000.000."),
    ],
)
def test_coincidence_is_told_only_if_known(probability: float | None, said: str | None):
    evidence = replace(an_incident().evidence, coincidence=probability)
    text = message.root(an_incident(evidence=evidence), Wording()).text

    assert (said in text) if said else ("banding" not in text)


def test_the_carriers_that_are_hit_most_are_named_last():
    spread = Spread(
        zones={"WIB": (6, 6)}, provinces={"Jawa": (6, 6)}, carriers={"A": (1, 9), "B": (5, 5)}
    )

    text = message.root(an_incident(spread=spread), Wording()).text

    assert text.splitlines()[-2:] == ["Terbanyak: Jawa 6/6.", "Operator: B 5/5, A 1/9."]


def test_links_are_http_only_and_cannot_be_broken_out_of():
    wording = Wording(
        dashboard_url="javascript:alert(1)",
        runbook_url="https://x.example/|klik>",
        external_url="https://pantau.example/nasional",
    )

    text = message.root(an_incident(), wording).text

    assert text.splitlines()[-1] == "<https://pantau.example/nasional|Halaman nasional>"


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_names_neither_mention_nor_link_nor_grow(hostile: str):
    everything = an_incident(
        root=hostile,
        scope=Scope.REGIONAL,
        group=f"province:{hostile}",
        affected=(hostile,) * 40,
        working=(hostile,) * 40,
        evidence=Evidence(
            failing=offices(145),
            reporting=145,
            first_step=hostile,
            code=hostile,
            code_share=0.5,
            coincidence=1e-6,
        ),
        spread=Spread(
            zones={hostile: (1, 1)}, provinces={hostile: (1, 1)}, carriers={hostile: (1, 1)}
        ),
        members=(f"incident.national.all.{hostile}",),
    )
    storm = [replace(everything, opening=number) for number in range(19)]
    wording = Wording(language="en", dashboard_url="https://g.example/" + "a" * 400)

    for rendered in (message.root(everything, wording), message.root(everything, wording, storm)):
        assert_harmless(rendered.text)
        assert_fits(rendered)
        for block in rendered.blocks:
            for text in texts(block):
                assert_harmless(text)
    for change in Change:
        told = message.reply(everything, change, wording, everything)
        assert_harmless(told)
        assert len(told) < 4_000


def test_a_whole_nation_in_distress_fits():
    services = tuple(f"layanan-{number}.dengan.nama.yang.cukup.panjang" for number in range(20))
    nation = an_incident(
        affected=services,
        working=services,
        evidence=replace(an_incident().evidence, failing=offices(145), reporting=145),
        spread=Spread(
            zones={"WIB": (95, 95), "WITA": (40, 40), "WIT": (10, 10)},
            provinces={f"Provinsi {number}": (4, 4) for number in range(38)},
            carriers={f"Operator {number}": (12, 12) for number in range(12)},
        ),
    )
    storm = [replace(nation, root=service) for service in services]

    assert "38 provinsi" in message.root(nation, Wording()).text
    assert_fits(message.root(nation, Wording()))
    assert_fits(message.root(nation, Wording(), storm))
    assert "lainnya" in message.root(nation, Wording()).text


def test_lists_that_do_not_fit_say_how_many_are_missing():
    joined = slack_text.fit(["abc"] * 100, 50, "and {count} more", between=", ")

    assert joined == "abc, abc, abc, abc, and 96 more"


def title(rendered: message.Rendered) -> str:
    return str(rendered.blocks[0]["text"]["text"])


def texts(block: object) -> list[str]:
    if isinstance(block, dict):
        return [text for key, value in block.items() if key != "type" for text in texts(value)]
    if isinstance(block, (list, tuple)):
        return [text for each in block for text in texts(each)]
    return [block] if isinstance(block, str) else []


def assert_fits(rendered: message.Rendered) -> None:
    assert len(rendered.text) < 4_000
    assert len(json.dumps(rendered.blocks)) < 10_000
    assert len(title(rendered)) <= 150
    assert all(len(text) <= 3_000 for block in rendered.blocks for text in texts(block))


def assert_harmless(text: str) -> None:
    without_our_links = text.replace("<https://g.example/", "").replace("|Dashboard>", "")
    assert "<" not in without_our_links
    assert ">" not in without_our_links
    assert "\x1b" not in text
    assert "\x00" not in text
    assert "\u202e" not in text
    assert "\ud800" not in text
    assert text.count("```") in (0, 2)
    assert text.replace("```", "").count("`") % 2 == 0
    text.encode()
