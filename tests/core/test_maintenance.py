"""Planned work: when it lasts, whom it means, and what has gone on for longer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core import codec
from agent.core.maintenance import (
    LONGEST_S,
    MOST_PLACES,
    Mode,
    Span,
    Weekly,
    Window,
)

JAYAPURA = ZoneInfo("Asia/Jayapura")
MONDAY, SUNDAY = 0, 6
HOUR_S = 3600.0
NIGHT = Span(from_s=1_000_000.0, until_s=1_007_200.0)
LATER_S = NIGHT.until_s + 1


def window(**changes: Any) -> Window:  # noqa: ANN401 - a field each
    return replace(Window(id="night", services=("nik",), span=NIGHT), **changes)


def jayapura(day: int, hour: int, minute: int = 0) -> float:
    """Of November 2026; the 22nd is a Sunday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=JAYAPURA).timestamp()


SUNDAYS = Weekly(days=(SUNDAY,), minute=23 * 60, lasts_s=3 * HOUR_S, zone="Asia/Jayapura")


# --- when


def test_a_window_holds_its_first_moment_and_not_its_last():
    assert window().active(NIGHT.from_s) == NIGHT
    assert window().active(NIGHT.until_s) is None
    assert window().active(NIGHT.from_s - 1) is None


def test_a_window_changes_when_it_begins_and_when_it_ends_and_then_never():
    assert window().next_change_s(0.0) == NIGHT.from_s
    assert window().next_change_s(NIGHT.from_s) == NIGHT.until_s
    assert window().next_change_s(NIGHT.until_s) is None
    assert not window().over(0.0)
    assert window().over(NIGHT.until_s)


def test_a_weekly_window_begins_by_the_clocks_of_its_zone_and_goes_on_past_midnight():
    weekly = Window(id="sundays", weekly=SUNDAYS)
    for at_s in (jayapura(22, 23), jayapura(23, 1, 59)):
        assert weekly.active(at_s) == Span(from_s=jayapura(22, 23), until_s=jayapura(23, 2))
    for at_s in (jayapura(22, 22, 59), jayapura(23, 2), jayapura(23, 23)):
        assert weekly.active(at_s) is None


def test_a_weekly_window_comes_again_and_is_never_over():
    weekly = Window(id="sundays", weekly=SUNDAYS)
    assert weekly.next_change_s(jayapura(23, 2)) == jayapura(29, 23)
    assert weekly.next_change_s(jayapura(22, 22)) == jayapura(22, 23)
    assert not weekly.over(jayapura(23, 2))


@given(
    days=st.sets(st.integers(0, 6), min_size=1),
    minute=st.integers(0, 1439),
    lasts_s=st.floats(60, 86_400),
    at_s=st.floats(0, 4e9),
    zone=st.sampled_from(["Asia/Jakarta", "Asia/Jayapura", "Europe/London"]),
)
def test_every_moment_is_between_a_last_span_and_a_next_one(
    days: set[int], minute: int, lasts_s: float, at_s: float, zone: str
):
    weekly = Weekly(days=tuple(days), minute=minute, lasts_s=lasts_s, zone=zone)
    last, following = weekly.last(at_s), weekly.next(at_s)
    assert last is not None
    assert following is not None
    assert last.from_s <= at_s < following.from_s
    assert following.from_s - last.from_s <= 7 * 86_400 + HOUR_S  # An hour: clocks are put back.


# --- as a record


def test_what_lasts_so_long_from_now_is_dated_by_the_exchange():
    added = Window(id="w1", for_s=HOUR_S)
    assert added.dated(500.0).span == Span(from_s=500.0, until_s=500.0 + HOUR_S)


def test_what_people_end_is_over_when_the_exchange_stored_that():
    ended = window(ended=True).dated(NIGHT.from_s + 60)
    assert ended.span == replace(NIGHT, until_s=NIGHT.from_s + 60)
    assert window(ended=True).dated(LATER_S).span == NIGHT


def test_what_is_ended_before_it_began_never_begins():
    ended = window(ended=True).dated(NIGHT.from_s - 60)
    assert ended.over(NIGHT.from_s - 60)
    assert ended.active(NIGHT.from_s) is None


def test_a_record_is_read_as_it_was_written():
    written = window(where=("province:papua",), mode=Mode.SKIP, author="sari", reason="basis data")
    assert codec.from_bytes(Window, codec.to_bytes(written)) == written


@pytest.mark.parametrize(
    "changes",
    [
        {"span": Span(from_s=0.0, until_s=LONGEST_S + 1)},
        {"span": Span(from_s=1.0, until_s=0.0)},
        {"span": None},
        {"weekly": SUNDAYS},
        {"where": ("x",) * (MOST_PLACES + 1)},
        {"where": ("x" * 15_000,)},
        {"reason": "x" * 15_000},
        {"author": "x" * 15_000},
        {"ended_by": "x" * 15_000},
        {"span": Span(from_s=1e299, until_s=1e299)},
        {"span": Span(from_s=-1e299, until_s=-1e299)},
        {"services": ("no name",)},
        {"id": "a b"},
        {"mode": Mode("later")},
    ],
)
def test_a_record_that_nobody_may_write_is_not_obeyed(changes: dict[str, Any]):
    assert window().sound
    assert not window(**changes).sound
