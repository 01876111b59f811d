"""What good runs teach is the same however it is heard, and survives being written down."""

from __future__ import annotations

from functools import reduce
from math import exp, log
from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core import lesson
from agent.core.codec import WireError
from agent.core.lesson import HOURS, NO_LESSON, Lesson, Lessons

durations = st.lists(st.floats(0.0005, 13.0), max_size=80)


def of(*durations_s: float) -> Lesson:
    return reduce(Lesson.hear, durations_s, NO_LESSON)


def day(*durations_s: float, hour: int = 9) -> Lessons:
    lessons: Lessons = {}
    for duration_s in durations_s:
        lessons = lesson.heard(lessons, "issuance", "sign in", hour, duration_s)
    return lessons


def again(lessons: Lessons) -> Lessons:
    return lesson.read(lesson.written(lessons))


# --- hearing


@given(durations)
def test_a_lesson_is_the_number_mean_and_spread_of_the_logarithms(given_s: list[float]):
    heard = of(*given_s)
    logs = [log(each) for each in given_s]
    assert heard.number == len(logs)
    assert heard.mean == pytest.approx(fmean(logs) if logs else 0.0, abs=1e-9)
    assert heard.spread == pytest.approx(pstdev(logs) if logs else 0.0, abs=1e-6)


@given(durations, durations)
def test_two_lessons_together_are_one_that_heard_all(before: list[float], after: list[float]):
    whole, joined = of(*before, *after), of(*before).join(of(*after))
    assert joined.number == whole.number
    assert joined.mean == pytest.approx(whole.mean, abs=1e-9)
    assert joined.spread == pytest.approx(whole.spread, abs=1e-6)


@pytest.mark.parametrize("duration_s", [0.0, -1.0, 1e-12])
def test_no_time_at_all_is_the_least_that_is_told_apart(duration_s: float):
    assert exp(of(duration_s).mean) == pytest.approx(0.0005)


def test_each_step_and_hour_has_a_lesson_of_its_own():
    lessons = lesson.heard(day(0.5), "issuance", "printing", 9, 2.0)
    lessons = lesson.heard(lessons, "application", "sign in", 10, 3.0)
    told = {
        (journey, step, hour): round(exp(each.mean), 3)
        for journey, steps in lessons.items()
        for step, hours in steps.items()
        for hour, each in enumerate(hours)
        if each.number
    }
    assert told == {
        ("issuance", "sign in", 9): 0.5,
        ("issuance", "printing", 9): 2.0,
        ("application", "sign in", 10): 3.0,
    }


def test_a_step_that_nobody_heard_of_has_an_empty_day():
    assert lesson.hours_of({}, "issuance", "sign in") == (NO_LESSON,) * HOURS


def test_days_are_joined_step_by_step_and_hour_by_hour():
    before, after = day(0.5, 0.5), lesson.heard(day(0.5), "issuance", "printing", 3, 1.0)
    joined = lesson.joined(before, after)
    assert lesson.hours_of(joined, "issuance", "sign in")[9].number == 3
    assert lesson.hours_of(joined, "issuance", "printing")[3].number == 1
    assert lesson.joined({}, before) == lesson.joined(before, {}) == before


# --- as text


def test_an_hour_is_four_characters_and_the_end_of_an_empty_day_is_left_out():
    assert lesson.written(day(*[0.5] * 12, hour=2)) == {
        "issuance": {"sign in": "AAAA" * 2 + "MrLA"}  # 12; 0.5 s = 43 * 64 + 11; no spread
    }
    assert lesson.written({}) == {}


@given(st.lists(st.floats(0.001, 13.0), min_size=1, max_size=63))
def test_what_is_written_moves_by_an_eighth_of_a_per_cent_and_by_nothing_the_second_time(
    given_s: list[float],
):
    once = again(day(*given_s))
    exact, read = of(*given_s), lesson.hours_of(once, "issuance", "sign in")[9]
    assert read.number == exact.number
    assert read.mean == pytest.approx(exact.mean, abs=0.00126)
    assert read.spread == pytest.approx(min(exact.spread, 2.52), abs=0.0201)
    assert lesson.written(again(once)) == lesson.written(once)


def test_more_results_than_are_told_apart_are_as_many_as_are():
    (read,) = {each.number for each in again(day(*[0.5] * 700))["issuance"]["sign in"]} - {0}
    assert read == lesson.MOST_WRITTEN


@pytest.mark.parametrize(("duration_s", "read_s"), [(0.0001, 0.0005), (60.0, 13.97)])
def test_beyond_the_ends_of_the_scale_the_end_is_written(duration_s: float, read_s: float):
    hours = lesson.hours_of(again(day(duration_s)), "issuance", "sign in")
    assert exp(hours[9].mean) == pytest.approx(read_s, rel=0.001)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {"issuance": None},
        {"issuance": {"sign in": None}},
        {"issuance": {"sign in": ["AAAA"]}},
        {"issuance": {"sign in": "AAA"}},
        {"issuance": {"sign in": "AAA="}},
        {"issuance": {"sign in": "AAAé"}},
        {"issuance": {"sign in": "AAAA" * 25}},
        {"issuance": {"\ud800": "AAAA"}},
        {"\ud800": {}},
        {"issuance": {f"step {number}": "" for number in range(257)}},
    ],
)
def test_what_is_no_lesson_is_refused(value: object):
    with pytest.raises(WireError):
        lesson.read(value)


@given(st.text("ABCXYZaz019+/", max_size=96))
def test_any_digits_are_numbers_that_can_be_judged(digits: str):
    digits = digits[: len(digits) // 4 * 4]
    for each in lesson.hours_of(lesson.read({"j": {"s": digits}}), "j", "s"):
        assert 0 <= each.number <= 63
        assert 0.0 <= each.spread <= 2.53
        assert -8.0 < each.mean < 2.7
