"""The seconds of a service go to the right hour and day, all of them and no more than there are."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from math import log
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core import ledger, lesson
from agent.core.codec import WireError
from agent.core.ledger import HOURS, Day, Ledger
from agent.core.standing import State

OK, SLOW, FAILING, UNKNOWN, MAINTENANCE = State
WIB, WIT = 7, 9
EMPTY = Ledger(branch="jember", hours_ahead=WIB)
A_DAY = "20260131"


def wib(clock: str, day: int = 31) -> float:
    """A moment of January 2026 on Jember's wall clock, in seconds since 1970."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 1, day, hour, minute, tzinfo=UTC).timestamp() - WIB * 3600


def spent(*stretches: tuple[str, str, State], book: Ledger = EMPTY) -> Ledger:
    for start, end, state in stretches:
        book = book.spend(wib(start), wib(end), {"x": state})
    return book


def hour_of(day: Day, hour: int, service: str = "x") -> list[float]:
    """Seconds ok, slow, failing, unknown, maintenance."""
    return [day.seconds(service, hour, state) for state in State]


def total(day: Day, service: str = "x") -> float:
    return sum(sum(hour_of(day, hour, service)) for hour in range(HOURS))


# --- counting


def test_time_within_an_hour_goes_to_that_hour_of_the_offices_own_clock():
    book = spent(("08:10", "08:50", OK), ("08:50", "08:55", FAILING))
    assert hour_of(book.days[A_DAY], 8) == [2400, 0, 300, 0, 0]
    assert total(book.days[A_DAY]) == 2700


def test_time_over_several_hours_is_split_where_they_meet():
    book = spent(("07:30", "10:15", SLOW))
    day = book.days[A_DAY]
    assert [day.seconds("x", hour, SLOW) for hour in range(6, 12)] == [0, 1800, 3600, 3600, 900, 0]


def test_time_over_midnight_is_split_between_two_days():
    book = EMPTY.spend(wib("23:59", day=30), wib("00:02", day=31), {"x": OK, "y": UNKNOWN})
    assert {name: (day.name, day.branch, day.hours_ahead) for name, day in book.days.items()} == {
        "20260130": ("20260130", "jember", WIB),
        "20260131": ("20260131", "jember", WIB),
    }
    assert hour_of(book.days["20260130"], 23) == [60, 0, 0, 0, 0]
    assert hour_of(book.days["20260131"], 0) == [120, 0, 0, 0, 0]
    assert hour_of(book.days["20260131"], 0, "y") == [0, 0, 0, 120, 0]


def test_the_same_moment_is_another_hour_and_day_in_another_zone():
    moment_s = wib("23:00")
    states = {"x": OK}
    assert list(EMPTY.spend(moment_s, moment_s + 60, states).days) == ["20260131"]
    jayapura = Ledger(branch="jayapura", hours_ahead=WIT)
    book = jayapura.spend(moment_s, moment_s + 60, states)
    assert hour_of(book.days["20260201"], 1) == [60, 0, 0, 0, 0]
    assert (EMPTY.today(moment_s), jayapura.today(moment_s)) == ("20260131", "20260201")


def test_a_week_asleep_fills_every_hour_of_every_day_of_it():
    book = EMPTY.spend(wib("12:00", day=20), wib("12:00", day=27), {"x": UNKNOWN})
    assert [total(day) for _, day in sorted(book.days.items())] == [43200, *[86400] * 6, 43200]


def test_a_wall_clock_set_forward_leaves_the_hour_short():
    book = spent(("08:00", "08:20", OK), ("08:50", "09:00", OK))
    assert hour_of(book.days[A_DAY], 8) == [1800, 0, 0, 0, 0]


def test_a_wall_clock_set_back_finds_full_hours_that_take_no_more():
    book = spent(("08:00", "09:30", OK), ("08:30", "10:00", FAILING))
    assert hour_of(book.days[A_DAY], 8) == [3600, 0, 0, 0, 0]
    assert hour_of(book.days[A_DAY], 9) == [1800, 0, 1800, 0, 0]


@pytest.mark.parametrize("backwards_s", [0, 1, 3600])
def test_no_time_and_time_that_runs_backwards_is_nothing(backwards_s: int):
    assert EMPTY.spend(wib("08:00"), wib("08:00") - backwards_s, {"x": OK}) == EMPTY


stretches = st.lists(
    st.tuples(
        st.integers(-100_000_000, 100_000_000),
        st.integers(0, 20_000_000),
        st.sampled_from(State),
    ),
    max_size=12,
)


@given(stretches)
def test_no_hour_ever_holds_more_than_an_hour(given_stretches: list[tuple[int, int, State]]):
    book = EMPTY
    for start_ms, length_ms, state in given_stretches:
        start_s = wib("00:00") + start_ms / 1000
        book = book.spend(start_s, start_s + length_ms / 1000, {"x": state})
    for day in book.days.values():
        read = ledger.decode("jember", day.name, ledger.encode(day))
        for each in (day, read, day.add(day), read.add(day)):
            assert all(sum(hour) <= 3_600_000 for hour in each.services["x"])


@given(st.lists(st.integers(0, 5_000_000), max_size=40), st.sampled_from(State))
def test_time_without_gaps_is_counted_whole_however_it_is_cut(lengths: list[int], state: State):
    book, at_ms = EMPTY, 0
    began_s = wib("20:15")
    for length_ms in lengths:
        book = book.spend(
            began_s + at_ms / 1000, began_s + (at_ms + length_ms) / 1000, {"x": state}
        )
        at_ms += length_ms
    counted_ms = sum(sum(hour) for day in book.days.values() for hour in day.services["x"])
    assert counted_ms == at_ms


# --- joining what stood


def test_a_restarted_agent_counts_on_from_what_stood():
    stood = spent(("08:00", "08:20", OK)).days[A_DAY]
    book = spent(("08:30", "09:10", FAILING)).join(stood)
    assert hour_of(book.days[A_DAY], 8) == [1200, 0, 1800, 0, 0]
    assert hour_of(book.days[A_DAY], 9) == [0, 0, 600, 0, 0]


def test_services_of_both_are_kept():
    stood = EMPTY.spend(wib("08:00"), wib("09:00"), {"old": OK}).days[A_DAY]
    book = EMPTY.spend(wib("09:00"), wib("10:00"), {"new": SLOW}).join(stood)
    assert (total(book.days[A_DAY], "old"), total(book.days[A_DAY], "new")) == (3600, 3600)


def test_of_an_hour_that_two_processes_counted_what_stood_is_kept_and_the_rest_topped_up():
    stood = spent(("08:00", "08:30", OK)).days[A_DAY]
    book = spent(("08:00", "08:40", FAILING), ("08:40", "09:00", UNKNOWN)).join(stood)
    assert hour_of(book.days[A_DAY], 8) == [1800, 0, 1200, 600, 0]


def test_a_day_that_nothing_was_counted_of_yet_stands_as_it_stood():
    stood = spent(("08:00", "08:30", OK)).days[A_DAY]
    assert EMPTY.join(stood).days == {A_DAY: stood}


def test_hours_of_another_zone_are_not_mixed_in():
    stood = Ledger(branch="jember", hours_ahead=WIT).spend(0, 60, {"x": OK}).days["19700101"]
    with pytest.raises(ValueError, match="9 h ahead"):
        EMPTY.join(stood)


def test_a_day_is_forgotten_by_its_name():
    book = EMPTY.spend(wib("23:00", day=30), wib("01:00", day=31), {"x": OK})
    assert list(book.forget("20260130").days) == ["20260131"]
    assert book.forget("20260129") == book


# --- lessons


def taught(*moments: tuple[str, float], book: Ledger = EMPTY) -> Ledger:
    for clock, duration_s in moments:
        book = book.teach(wib(clock), "issuance", "sign in", duration_s)
    return book


def numbers(day: Day) -> dict[int, int]:
    """How many results taught, by hour."""
    hours = lesson.hours_of(day.lessons, "issuance", "sign in")
    return {hour: each.number for hour, each in enumerate(hours) if each.number}


def test_a_result_teaches_the_hour_in_which_it_came():
    book = taught(("07:59", 0.3), ("08:00", 0.5), ("08:59", 0.5), ("23:59", 0.2))
    assert numbers(book.days[A_DAY]) == {7: 1, 8: 2, 23: 1}
    assert numbers(taught(("00:00", 0.3)).days[A_DAY]) == {0: 1}


def test_a_restarted_agent_teaches_on_from_what_stood():
    stood = taught(*[("08:10", 0.5)] * 7).days[A_DAY]
    book = taught(*[("08:40", 1.0)] * 7).join(ledger.decode("jember", A_DAY, ledger.encode(stood)))
    hour = lesson.hours_of(book.days[A_DAY].lessons, "issuance", "sign in")[8]
    assert hour.number == 14
    assert hour.mean == pytest.approx(log(0.5**0.5), abs=0.002)


def test_lessons_are_stored_beside_the_seconds():
    book = taught(("01:00", 0.5), book=spent(("00:00", "01:00", OK)))
    stored = json.loads(ledger.encode(book.days[A_DAY]))
    assert stored["services"] == {"x": [[3600]]}
    assert stored["lessons"] == {"issuance": {"sign in": "AAAABrLA"}}
    assert numbers(ledger.decode("jember", A_DAY, json.dumps(stored).encode())) == {1: 1}
    alone = json.loads(ledger.encode(book.days[A_DAY].without_lessons()))
    assert alone == {key: each for key, each in stored.items() if key != "lessons"}


def test_lessons_of_three_journeys_cost_a_small_part_of_a_day():
    book = EMPTY
    for number in range(30):
        for hour in range(HOURS):
            at_s = wib("00:10") + 3600 * hour
            book = book.teach(at_s, f"journey-{number % 3}", f"identity check {number}", 0.5)
    assert len(ledger.encode(book.days[A_DAY])) < 4_000


# --- as bytes


def test_a_day_is_stored_as_its_module_says():
    book = spent(("00:00", "01:58", OK), ("01:58", "01:59", FAILING), ("03:00", "03:30", OK))
    assert json.loads(ledger.encode(book.days[A_DAY])) == {
        "v": 1,
        "branch": "jember",
        "day": A_DAY,
        "ahead": 7,
        "services": {"x": [[3600], [3480, 0, 60], [], [1800]]},
    }


def test_whole_seconds_come_back_as_they_were():
    day = spent(("00:00", "23:58", OK), ("23:58", "23:59", MAINTENANCE)).days[A_DAY]
    assert ledger.decode("jember", A_DAY, ledger.encode(day)) == day


def test_rounding_to_seconds_keeps_the_hour_whole_and_each_state_within_a_second():
    book, at_s = EMPTY, wib("08:00")
    for number in range(3600 * 10 // 7):
        state = tuple(State)[number % 5]
        book = book.spend(at_s + 0.7 * number, at_s + 0.7 * (number + 1), {"x": state})
    book = book.spend(at_s + 0.7 * (number + 1), at_s + 3600, {"x": OK})
    exact = hour_of(book.days[A_DAY], 8)
    read = hour_of(ledger.decode("jember", A_DAY, ledger.encode(book.days[A_DAY])), 8)
    assert sum(exact) == pytest.approx(3600)
    assert sum(read) == 3600
    assert read == pytest.approx(exact, abs=1.0)


def test_a_moment_is_no_second():
    book = EMPTY.spend(wib("08:00"), wib("09:00") - 0.4, {"x": OK})
    book = book.spend(wib("09:00") - 0.4, wib("09:00"), {"x": UNKNOWN})
    read = ledger.decode("jember", A_DAY, ledger.encode(book.days[A_DAY]))
    assert hour_of(read, 8) == [3600, 0, 0, 0, 0]


def test_twenty_services_with_the_longest_names_and_numbers_fit():
    hour = tuple(1000 * seconds for seconds in (1000, 1000, 1000, 300, 300))
    longest = Day(
        branch="b" * 128,
        name=A_DAY,
        hours_ahead=14,
        services={f"s{number:02}".ljust(128, "x"): (hour,) * HOURS for number in range(20)},
    )
    value = ledger.encode(longest)
    assert 14_000 < len(value) < ledger.MAX_LEDGER_BYTES
    assert ledger.decode(longest.branch, A_DAY, value) == longest


def test_an_ordinary_day_of_twelve_services_is_small():
    book = EMPTY
    for number in range(12):
        book = book.spend(wib("00:00"), wib("23:59"), {f"mpaspor.permohonan-{number}": OK})
    assert len(ledger.encode(book.days[A_DAY])) < 2_600


def test_what_does_not_fit_is_an_error_and_is_never_cut():
    hours = ((720_000,) * 5,) * HOURS
    with pytest.raises(ValueError, match="does not fit"):
        ledger.encode(
            Day(
                branch="jember",
                name=A_DAY,
                hours_ahead=7,
                services={f"s{number}": hours for number in range(40)},
            )
        )


PLAIN: dict[str, Any] = {"v": 1, "branch": "jember", "day": A_DAY, "ahead": 7, "services": {}}


@pytest.mark.parametrize(
    "change",
    [
        {"v": 3},
        {"v": []},
        {"branch": "sorong"},
        {"day": "20260130"},
        {"ahead": None},
        {"ahead": True},
        {"ahead": 7.0},
        {"ahead": -1},
        {"ahead": 15},
        {"services": []},
        {"services": {"UPPER": []}},
        {"services": {"x\n": []}},
        {"services": {"x": None}},
        {"services": {"x": [[]] * 25}},
        {"services": {"x": [None]}},
        {"services": {"x": [[0, 0, 0, 0, 0, 1]]}},
        {"services": {"x": [[1.5]]}},
        {"services": {"x": [[-1]]}},
        {"services": {"x": [[True]]}},
        {"services": {"x": [[3601]]}},
        {"services": {"x": [[3000, 601]]}},
        {"services": {"x": [[10**400]]}},
        {"services": {f"s{number}": [] for number in range(65)}},
        {"lessons": None},
        {"lessons": {"issuance": {"sign in": "AAA"}}},
    ],
)
def test_a_ledger_that_is_none_is_refused(change: dict[str, Any]):
    with pytest.raises(WireError):
        ledger.decode("jember", A_DAY, json.dumps(PLAIN | change).encode())


@pytest.mark.parametrize("value", [b"", b"[]", b"null", b"\xff", b"[" * 10_000, b" " * 16_385])
def test_bytes_that_are_no_ledger_are_refused(value: bytes):
    with pytest.raises(WireError):
        ledger.decode("jember", A_DAY, value)


def test_fields_that_are_not_known_yet_are_ignored():
    more = PLAIN | {"v": 2, "author": "somebody", "services": {"x": [[60]]}}
    assert hour_of(ledger.decode("jember", A_DAY, json.dumps(more).encode()), 0) == [60, 0, 0, 0, 0]
