"""Hubs that gave up the lead unheard, and when one more may."""

from __future__ import annotations

from agent.core import codec
from agent.core.unheard import LATELY_S, MOST, Unheard


def test_a_few_may_give_up_and_then_nobody_until_that_is_long_ago():
    known, now_s = Unheard(), 1_000.0
    for number in range(MOST):
        assert known.lets_give_up(now_s)
        known = known.joined_by(f"hub-{number}", now_s)
        now_s += 60.0
    assert not known.lets_give_up(now_s)
    assert known.lets_give_up(1_000.0 + LATELY_S)


def test_of_long_ago_nothing_is_kept_and_twice_the_same_is_once():
    known = Unheard(gave_up_s={"medan": 1_000.0, "sorong": 5_000.0}).joined_by("medan", 5_100.0)
    assert known.gave_up_s == {"sorong": 5_000.0, "medan": 5_100.0}
    again = known.joined_by("medan", 5_200.0)
    assert again.lately(5_200.0) == {"sorong", "medan"}
    assert codec.from_bytes(Unheard, codec.to_bytes(again)) == again


def test_times_to_come_are_another_stores():
    assert Unheard(gave_up_s={"medan": 9_000.0, "sorong": 9_000.0}).lets_give_up(1_000.0)


def test_the_record_does_not_grow_whoever_wrote_it():
    crowd = Unheard(gave_up_s={f"hub-{number}": 1_000.0 for number in range(5_000)})
    assert len(crowd.joined_by("medan", 1_010.0).gave_up_s) < 10
