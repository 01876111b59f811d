"""The exchange's clock, by the stamps of what arrives."""

from __future__ import annotations

import pytest

from agent.core.stream_time import StreamTime


def test_until_the_first_stamp_our_own_wall_clock_has_to_do():
    assert StreamTime(100.0, 1_000_000.0).at(110.0) == 1_000_010.0


def test_the_record_that_travelled_fastest_tells_the_time():
    stream = StreamTime(0.0, 0.0)
    for stored_s, arrived_s in ((1000.0, 5.0), (1010.0, 10.1), (1015.0, 20.0)):
        stream.learn(stored_s, arrived_s)
    assert stream.at(30.0) == pytest.approx(1029.9)


def test_a_slow_record_never_sets_the_time_back():
    stream = StreamTime(0.0, 0.0)
    stream.learn(1000.0, 0.0)
    stream.learn(1000.0, 40.0)
    assert stream.at(50.0) == 1050.0


def test_two_clocks_that_drift_apart_are_followed_within_two_windows():
    stream = StreamTime(0.0, 0.0)
    stream.learn(1000.0, 0.0)
    for second in range(10, 200, 10):
        stream.learn(1000.0 + second - 0.5, second)
    assert stream.at(200.0) == pytest.approx(1199.5)


def test_without_news_it_goes_on_counting():
    stream = StreamTime(0.0, 0.0)
    stream.learn(1000.0, 0.0)
    assert stream.at(3600.0) == 4600.0
