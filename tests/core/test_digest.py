"""The daily digest: when it is due, who is missing how and since when, and what is read of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from agent.core import absences, codec, message
from agent.core.absences import Absences
from agent.core.digest import NAMES_KEPT, Absence, Absent, Closure, Digest, DigestPlan
from agent.core.incident import Delivery, Incident
from agent.core.model import Assessment, Attendance, Branch
from agent.core.nation import Outlook
from agent.core.wording import Wording
from agent.ports import MAX_VALUE_BYTES

PLAN = DigestPlan(channel="pantau-harian")
WIB_H = 7


def wib(day: int, hour: int, minute: int = 0, second: int = 0) -> float:
    """A moment of November 2026 in Jakarta, seconds since 1970."""
    there = datetime(2026, 11, day, hour, minute, second, tzinfo=UTC)
    return there.timestamp() - WIB_H * 3600


def office(name: str, zone: str = "Asia/Jakarta") -> Branch:
    return Branch(id=name, name=name.title(), province="p", island="i", zone=zone)


OFFICES = {
    each.id: each
    for each in (office("jember"), office("malang"), office("sorong", "Asia/Jayapura"))
}


def outlook(at_s: float, own: Mapping[str, tuple[str, ...]] | None = None, **who: Any) -> Outlook:  # noqa: ANN401 - lists of names
    """``own``: service -> offices that do not vote on it."""
    return Outlook(
        at_s=at_s,
        assessments={s: Assessment(service=s, quarantined=q) for s, q in (own or {}).items()},
        attendance=Attendance(roster=3, **who),
    )


def seen(*looks: Outlook, plan: DigestPlan = PLAN) -> Digest:
    """The digest after all these looks, at the last of them."""
    tracker = Absences(OFFICES, plan)
    for each in looks:
        tracker.look(each)
    return tracker.digest(looks[-1], lambda branch: f"gateway of {branch}")


def told(digest: Digest) -> dict[Absence, list[Absent]]:
    return {each.kind: list(each.first) for each in digest.absent}


# --- when


@pytest.mark.parametrize(
    ("at_s", "day"),
    [
        (wib(24, 7, 29, 59), None),
        (wib(24, 7, 30), "20261124"),
        (wib(24, 13, 29, 59), "20261124"),
        (wib(24, 13, 30), None),
        (wib(25, 0, 5), None),
        (wib(25, 7, 30), "20261125"),
    ],
)
def test_it_is_due_in_the_morning_of_its_day_and_not_much_later(at_s: float, day: str | None):
    assert PLAN.day_due(at_s) == day
    assert DigestPlan().day_due(at_s) is None


def test_its_time_is_that_of_its_zone():
    east = replace(PLAN, zone="Asia/Jayapura")
    assert east.day_due(wib(24, 5, 30)) == "20261124"
    assert east.day_due(wib(24, 5, 29)) is None


def test_a_calendar_closes_offices_by_the_days_of_their_own_zone():
    holiday = Closure(first=date(2026, 11, 25), last=date(2026, 11, 26))
    assert holiday.covers(OFFICES["sorong"], wib(24, 22, 30))
    assert not holiday.covers(OFFICES["jember"], wib(24, 22, 30))
    assert holiday.covers(OFFICES["jember"], wib(26, 23, 59))
    assert not holiday.covers(OFFICES["jember"], wib(27, 0))
    own = replace(holiday, offices=frozenset({"malang"}))
    assert not own.covers(OFFICES["jember"], wib(25, 12))


# --- who, how and since when


def test_each_kind_is_told_apart_and_an_office_that_is_away_in_one_line_alone():
    at_s = wib(24, 7, 30)
    digest = seen(
        outlook(
            at_s,
            own={"simponi.billing": ("sorong",), "cetak": ("sorong", "jember")},
            silent=("jember",),
            abstaining=("malang",),
            mismatched=("jember", "sorong"),
        )
    )
    found = told(digest)
    assert set(found) == {
        Absence.SILENT,
        Absence.ABSTAINING,
        Absence.MISMATCHED,
        Absence.OWN_TROUBLE,
    }
    assert [each.name for each in found[Absence.SILENT]] == ["Jember"]
    assert [each.why for each in found[Absence.ABSTAINING]] == ["gateway of malang"]
    assert [(e.name, e.why) for e in found[Absence.OWN_TROUBLE]] == [
        ("Sorong", "simponi.billing, cetak")
    ]
    assert [each.name for each in found[Absence.MISMATCHED]] == ["Sorong"]


def test_an_office_that_the_calendar_closes_is_silent_as_expected():
    closed = Closure(
        first=date(2026, 11, 24), last=date(2026, 11, 24), offices=frozenset({"jember"})
    )
    plan = replace(PLAN, closures=(closed,))
    digest = seen(outlook(wib(24, 7, 30), silent=("jember", "malang")), plan=plan)
    assert {kind: [e.name for e in of] for kind, of in told(digest).items()} == {
        Absence.SILENT: ["Malang"],
        Absence.CLOSED: ["Jember"],
    }
    assert not digest.all_well
    assert seen(outlook(wib(24, 7, 30), silent=("jember",)), plan=plan).all_well


def test_who_is_in_maintenance_is_neither_silent_nor_blind():
    digest = seen(
        outlook(wib(24, 7, 30), maintenance=("jember",), silent=("jember",), abstaining=("jember",))
    )
    assert set(told(digest)) == {Absence.MAINTENANCE}
    assert digest.all_well


def test_since_when_is_known_of_what_began_under_this_leader_and_else_only_earlier_than():
    looks = [
        outlook(wib(24, 5), unheard=("jember", "malang"), reporting=("sorong",)),
        outlook(wib(24, 5, 1), silent=("jember",)),
        outlook(wib(24, 6), silent=("jember",), abstaining=("malang",)),
        outlook(wib(24, 7, 30), silent=("jember",), abstaining=("malang",)),
    ]
    found = told(seen(*looks))
    (silent,), (blind,) = found[Absence.SILENT], found[Absence.ABSTAINING]
    assert (silent.since_s, silent.earlier) == (wib(24, 5, 1), True)
    assert (blind.since_s, blind.earlier) == (wib(24, 6), False)


def test_who_came_back_and_went_again_is_missing_since_the_second_time():
    looks = [
        outlook(wib(24, 5)),
        outlook(wib(24, 6), silent=("jember",)),
        outlook(wib(24, 6, 30)),
        outlook(wib(24, 7), silent=("jember",)),
    ]
    ((again,),) = told(seen(*looks)).values()
    assert again.since_s == wib(24, 7)


# --- its record and its words


def record(digest: Digest, plan: DigestPlan = PLAN) -> Incident:
    return absences.begin(digest, "20261124", plan, term=7)


WORST = outlook(
    wib(24, 7, 30),
    silent=("jember",),
    abstaining=("malang",),
    mismatched=("sorong",),
)


def test_its_record_is_told_like_an_incident_and_open_never():
    incident = record(seen(WORST))
    assert incident.name == "digest.20261124"
    assert not incident.open
    assert incident.untold
    assert incident.root_message.channel == "pantau-harian"
    assert codec.from_bytes(Incident, codec.to_bytes(incident)) == incident


def test_a_day_on_which_all_is_well_has_its_record_and_is_told_only_where_that_is_wanted():
    calm = seen(outlook(wib(24, 7, 30), reporting=tuple(OFFICES)))
    assert record(calm).root_message.delivery is Delivery.COVERED
    wanted = record(calm, replace(PLAN, quiet_days=True))
    assert wanted.root_message.delivery is Delivery.PENDING
    assert "Semua kantor ikut menilai." in message.root(wanted, Wording()).text


def test_it_reads_as_it_was_designed():
    looks = [outlook(wib(23, 5)), outlook(wib(23, 21, 10), silent=("jember",)), WORST]
    said = message.root(record(seen(*looks)), Wording(mention="<!here>")).text
    assert said.splitlines() == [
        "[PANTAU][RINGKASAN HARIAN] 0/3 kantor melapor pada Selasa, 24 November 2026, 07.30 WIB",
        "Diam (1): Jember sejak Senin, 23 November 2026 21.10 WIB.",
        (
            "Tidak dapat melihat, gangguan di kantor sendiri (1): "
            "Malang (gateway of malang) sejak 07.30 WIB."
        ),
        "Konfigurasi berbeda (1): Sorong sejak 07.30 WIB.",
    ]
    english = message.root(record(seen(WORST)), Wording(language="en")).text
    assert "Silent (1): Jember since before 07.30 WIB." in english


def test_hostile_names_mention_nobody():
    digest = seen(WORST)
    ((first, *_), *_) = told(digest).values()
    hostile = replace(first, name="<!channel> `x`", why="<https://evil|status>")
    kinds = tuple(replace(each, first=(hostile,)) for each in digest.absent)
    said = message.root(record(replace(digest, absent=kinds)), Wording()).text
    assert "<!" not in said
    assert "<h" not in said


def test_a_nation_at_its_worst_fits_into_its_record_and_its_message():
    names = [f"kantor-{number:04}" for number in range(1_000)]
    many = {name: replace(office(name), name="Ä" * 200) for name in names}
    plan = replace(PLAN, closures=(Closure(first=date(2026, 11, 24), last=date(2026, 11, 24)),))
    half = tuple(names[:500])
    rest = tuple(names[500:])
    look = Outlook(
        at_s=wib(24, 7, 30),
        assessments={"s" * 120: Assessment(service="s" * 120, quarantined=rest)},
        attendance=Attendance(
            roster=1_000, silent=half, abstaining=rest, mismatched=rest, maintenance=half[:250]
        ),
    )
    tracker = Absences(many, plan)
    tracker.look(look)
    incident = record(tracker.digest(look, lambda _: "ß" * 200), plan)
    assert incident.digest is not None
    assert all(len(each.first) == NAMES_KEPT for each in incident.digest.absent)
    assert len(codec.to_bytes(incident)) < MAX_VALUE_BYTES
    rendered = message.root(incident, Wording())
    assert len(rendered.text) < 4_000
    lines = rendered.text.splitlines()[1:]
    assert [line.split(" (")[0] for line in lines] == [
        "Tidak dapat melihat, gangguan di kantor sendiri",
        "Lama gagal sendirian, suaranya tidak dihitung",
        "Konfigurasi berbeda",
        "Pemeliharaan",
        "Tutup menurut kalender",
    ]
    assert all(line.count("lainnya") == 1 and "Ä" in line for line in lines)
