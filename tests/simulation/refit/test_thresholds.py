"""Which thresholds may be proposed, and how they are written down."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.config.nation import TuningOverrides
from agent.core.model import Channel
from agent.core.tuning import Tuning
from agent.simulation.refit import thresholds
from agent.simulation.refit.thresholds import Thresholds, proposals, snippet

PRESENT = Tuning()


def grid(channel: Channel = Channel.FAIL, size: int = 145) -> list[Tuning]:
    return list(proposals(PRESENT, channel, size, 10.0))


def test_no_two_points_of_the_grid_are_the_same_and_none_is_the_present_one():
    found = [Thresholds.of(each, Channel.FAIL, 145) for each in grid()]
    assert len(found) == len(set(found)) > 10
    assert Thresholds.of(PRESENT, Channel.FAIL, 145) not in found


def test_the_guard_follows_the_longest_blip():
    guards_s = {each.guard_s for each in proposals(PRESENT, Channel.FAIL, 145, 15.4)}
    assert guards_s == {PRESENT.guard_s, 18.0, 24.0}


@pytest.mark.parametrize("size", [3, 20, 145, 1000])
@pytest.mark.parametrize("channel", Channel)
def test_every_point_may_stand_in_the_nations_file(channel: Channel, size: int):
    for each in grid(channel, size):
        written = snippet(PRESENT, each, channel)
        assert written
        read = TuningOverrides.model_validate(written).whole
        assert Thresholds.of(read, channel, size) == Thresholds.of(each, channel, size)
        if channel is Channel.SLOW:
            assert (read.fail, read.patient) == (PRESENT.fail, PRESENT.patient)
        else:
            assert read.slow == PRESENT.slow


def test_no_roster_may_fall_below_the_floors():
    for size in (3, 20, 145):
        for each in grid(size=size):
            assert each.fail.a1(size) >= PRESENT.fail.a1_floor
            assert each.fail.a2(size) >= PRESENT.fail.a2_floor


def test_of_share_and_floor_the_one_in_force_is_changed():
    assert thresholds.in_force(PRESENT.fail, "a1", 145) == "a1_share"
    assert thresholds.in_force(PRESENT.fail, "a1", 20) == "a1_floor"
    changed = {key for each in grid(size=20) for key in snippet(PRESENT, each, Channel.FAIL)}
    assert changed == {"fail", "patient", "guard_s"}


def test_both_memories_of_failures_are_changed_alike():
    for each in grid():
        assert each.patient.a1(145) / PRESENT.patient.a1(145) == pytest.approx(
            each.fail.a1(145) / PRESENT.fail.a1(145), rel=0.01
        )


def test_lower_thresholds_a_shorter_guard_and_more_patience_are_no_stricter():
    present = Thresholds.of(PRESENT, Channel.FAIL, 145)
    assert present.no_stricter_than(present)
    assert replace(present, guard_s=9.0, b2=9.0).no_stricter_than(present)
    assert not replace(present, a1=present.a1 + 1.0).no_stricter_than(present)
    assert not replace(present, b2=0.5).no_stricter_than(present)
