"""One thing has one name, in both languages, and public words stay calm."""

from __future__ import annotations

import pytest

from agent.core import vocabulary
from agent.core.model import Outcome, Scope, ServiceState, Severity


def test_every_state_scope_severity_and_outcome_has_words_in_both_languages():
    for language in ("id", "en"):
        assert all(vocabulary.state_name(each, language) for each in ServiceState)
        assert all(vocabulary.severity_name(each, language) for each in Severity)
        assert all(vocabulary.severity_tag(each, language).isupper() for each in Severity)
        assert all(vocabulary.scope_name(each, language) for each in Scope)
        assert all(vocabulary.scope_tag(each, language).isupper() for each in Scope)
        assert all(vocabulary.outcome_name(each, language) for each in Outcome)


def test_what_is_not_known_is_said_to_be_not_known():
    assert vocabulary.state_name(ServiceState.UNKNOWN) == "Belum dapat dipastikan"
    assert vocabulary.outcome_name(Outcome.VOID) == "Belum dapat dipastikan"


def test_a_service_without_words_is_called_by_its_id():
    assert vocabulary.service_name("cetak") == "Pencetakan paspor"
    assert vocabulary.service_name("cetak", "en") == "Passport printing"
    assert vocabulary.service_name("visa.baru") == "visa.baru"


PHRASES = (
    vocabulary.UNKNOWN,
    vocabulary.THIS_OFFICE,
    vocabulary.PARTNER,
    vocabulary.RESTORED,
    vocabulary.MAINTENANCE,
    vocabulary.APOLOGY,
    vocabulary.NOT_THIS_OFFICE,
    vocabulary.NO_END_KNOWN,
    vocabulary.STILL_SERVED,
    vocabulary.NO_SAME_DAY,
    vocabulary.NO_BILLING_CODE,
    vocabulary.NO_NEW_BOOKING,
    vocabulary.OVERTIME,
    vocabulary.BACK_TO_NORMAL,
    vocabulary.PLANNED_MAINTENANCE,
)


def test_public_words_avoid_eror_and_down():
    spoken = [vocabulary.outcome_name(outcome) for outcome in Outcome]
    spoken += [vocabulary.state_name(state) for state in ServiceState]
    spoken += [phrase.say() for phrase in PHRASES]
    for text in spoken:
        assert not any(word in text.lower() for word in ("eror", "error", "down"))


def test_every_phrase_is_said_in_both_languages():
    for phrase in PHRASES:
        assert phrase.say("id") != phrase.say("en")
        assert phrase.say() == phrase.say("id")


@pytest.mark.parametrize(
    ("zone", "time"),
    [
        ("Asia/Jakarta", "08.10 WIB"),
        ("Asia/Pontianak", "08.10 WIB"),
        ("Asia/Makassar", "09.10 WITA"),
        ("Asia/Jayapura", "10.10 WIT"),
        ("Asia/Dili", "01.10 UTC"),
    ],
)
def test_one_moment_is_told_in_the_zone_of_the_reader(zone: str, time: str):
    at_s = 1_561_425_000.0
    assert vocabulary.clock_time(at_s, zone) == time


def test_a_zone_is_whole_hours_ahead():
    zones = ("Asia/Jakarta", "Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura", "Asia/Dili")
    assert [vocabulary.hours_ahead(zone) for zone in zones] == [7, 7, 8, 9, 0]


def test_a_date_is_told_with_its_day():
    at_s = 1_561_425_000.0
    assert vocabulary.long_date(at_s, "Asia/Jakarta") == "Selasa, 25 Juni 2019"
    assert vocabulary.long_date(at_s, "Asia/Jakarta", "en") == "Tuesday, 25 June 2019"
    late = at_s + 14 * 3600
    assert vocabulary.long_date(late, "Asia/Jayapura") == "Rabu, 26 Juni 2019"
