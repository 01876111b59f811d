"""The leader's order to look more closely: one at a time, short, and within its hourly budget."""

from __future__ import annotations

import random

import pytest

from agent.core.focus import Director, FocusKind, Interest, heaviest, shortened
from agent.core.model import Focus
from agent.core.tuning import FocusTuning

TUNING = FocusTuning()
DETECT, RECOVER = FocusKind.DETECT, FocusKind.RECOVER


def interest(service: str, kind: FocusKind = DETECT, weight: float = 0.5) -> Interest:
    return Interest(service=service, kind=kind, weight=weight)


def director(*, savings_s: float = 300.0) -> Director:
    """A director that has saved up so many seconds of focus at time 0."""
    began_s = -(savings_s - TUNING.longest_s) * 3600.0 / TUNING.hourly_s
    return Director(TUNING, began_s)


def test_an_order_names_the_service_and_counts_down():
    leader = director()
    order = leader.decide(0.0, [interest("a")], ())
    assert order == Focus(order=1, service="a", kind="detect", rate_per_s=8.0, seconds_left=60.0)
    assert leader.decide(20.0, [], ()) == Focus(
        order=1, service="a", kind="detect", rate_per_s=8.0, seconds_left=40.0
    )


def test_it_ends_by_itself_after_a_minute_and_rests_for_one():
    leader = director()
    leader.decide(0.0, [interest("a")], ())
    assert leader.decide(59.9, [interest("a")], ()) is not None
    assert leader.decide(60.0, [interest("a")], ()) is None
    assert leader.decide(119.9, [interest("b")], ()) is None
    again = leader.decide(120.0, [interest("a")], ())
    assert again is not None
    assert again.order == 2


def test_a_suspicion_does_not_wait_for_the_rest_to_be_over():
    leader = director()
    leader.decide(0.0, [interest("a")], ())
    assert leader.decide(60.0, [interest("a"), interest("b", weight=0.9)], ()) is None
    order = leader.decide(61.0, [interest("a"), interest("b", weight=1.0)], ())
    assert order is not None
    assert order.service == "b"


def test_it_ends_as_soon_as_the_suspicion_is_decided():
    leader = director()
    leader.decide(0.0, [interest("a")], ())
    assert leader.decide(5.0, [interest("a")], {"b"}) is not None
    assert leader.decide(5.5, [interest("a")], {"a"}) is None


def test_what_an_order_did_not_use_is_given_back():
    leader = director(savings_s=60.0)
    leader.decide(0.0, [interest("a")], ())
    leader.decide(10.0, [], {"a"})
    second = leader.decide(70.0, [interest("a")], ())
    assert second is not None
    assert second.seconds_left == pytest.approx(50.0 + 70.0 * 300.0 / 3600.0, abs=0.1)


def test_of_several_suspected_services_the_most_suspected_is_looked_at():
    order = director().decide(0.0, [interest("a", weight=0.6), interest("b", weight=0.9)], ())
    assert order is not None
    assert order.service == "b"


def test_a_standing_order_is_not_exchanged_for_another_suspicion():
    leader = director()
    leader.decide(0.0, [interest("a")], ())
    order = leader.decide(1.0, [interest("a"), interest("b", weight=9.0)], ())
    assert order is not None
    assert order.service == "a"


def test_a_suspicion_takes_the_place_of_a_recovery():
    leader = director()
    first = leader.decide(0.0, [interest("a", RECOVER)], {"a"})
    assert first is not None
    assert first.kind == "recover"
    second = leader.decide(1.0, [interest("a", RECOVER), interest("b")], {"a"})
    assert second is not None
    assert (second.service, second.kind) == ("b", "detect")


def test_a_recovery_need_not_rest_after_a_detection():
    leader = director()
    leader.decide(0.0, [interest("a")], ())
    leader.decide(10.0, [], {"a"})
    assert leader.decide(11.0, [interest("a", RECOVER, 4.0)], {"a"}) is not None


def test_a_recovery_that_is_over_or_relapses_ends_its_order():
    leader = director()
    leader.decide(0.0, [interest("a", RECOVER, 4.0)], {"a"})
    assert leader.decide(10.0, [], {"a"}) is None


def test_a_new_term_may_order_once_at_once_and_earns_the_rest():
    leader = Director(TUNING, 0.0)
    assert leader.decide(0.0, [interest("a", RECOVER)], ()) is not None
    assert leader.decide(60.0, [], ()) is None
    assert leader.decide(60.0, [interest("a", RECOVER)], ()) is None, "five seconds are too few"
    assert leader.decide(121.0, [interest("a", RECOVER)], ()) is not None


@pytest.mark.parametrize("seed", range(5))
def test_no_hour_sees_more_than_ten_minutes_of_focus(seed):
    """Whatever is wanted whenever: what was saved up, and what an hour earns."""
    choice, leader = random.Random(seed), director()
    ordered = []
    for second in range(4 * 3600):
        wanted = [interest("a"), interest("b", RECOVER)] if choice.random() < 0.9 else []
        decided = {"a"} if choice.random() < 0.01 else set()
        ordered.append(leader.decide(float(second), wanted, decided) is not None)
    hours = [sum(ordered[at : at + 3600]) for at in range(0, 3 * 3600, 60)]
    assert max(hours) <= 600 + 60, seed
    assert sum(ordered) > 4 * 250, f"{seed}: and the budget is there to be used"


def test_both_channels_of_a_service_want_one_look():
    wanted = heaviest([interest("a", weight=0.5), interest("a", weight=0.7), interest("b")])
    assert wanted == [interest("a", weight=0.7), interest("b")]


def test_a_reader_counts_an_order_down_on_its_own_clock():
    order = Focus(order=1, service="a", kind="detect", rate_per_s=8.0, seconds_left=30.0)
    later = shortened(order, 12.0)
    assert later is not None
    assert later.seconds_left == 18.0
    assert shortened(order, 30.0) is None
