"""When conditions hold, and when a rule that is looked at every 15 s fires."""

import pytest

from agent.simulation.trials import spells
from agent.simulation.trials.spells import Spell


def test_spells_that_touch_are_one_and_empty_ones_are_none():
    assert spells.merged([(5.0, 9.0), (0.0, 5.0), (20.0, 20.0), (8.0, 10.0)]) == [(0.0, 10.0)]


def test_two_conditions_hold_together_where_both_do():
    one, other = [(0.0, 10.0), (20.0, 30.0)], [(5.0, 22.0), (29.0, 40.0)]
    assert spells.both(one, other) == [(5.0, 10.0), (20.0, 22.0), (29.0, 30.0)]
    assert spells.either(one, other) == [(0.0, 40.0)]


def test_a_count_is_reached_while_so_many_spells_overlap():
    three = [(0.0, 10.0), (4.0, 12.0), (6.0, 8.0)]
    assert spells.at_least(2, three) == [(4.0, 10.0)]
    assert spells.at_least(3, three) == [(6.0, 8.0)]
    assert spells.at_least(4, three) == []


def test_a_spell_that_ends_as_another_begins_does_not_count_twice():
    assert spells.at_least(2, [(0.0, 5.0), (5.0, 9.0)]) == []


def test_moments_are_frequent_while_enough_of_them_are_recent():
    moments = [0.0, 4.0, 5.0, 30.0, 31.0]
    assert spells.often(moments, 2, 10.0) == [(4.0, 14.0), (31.0, 40.0)]
    assert spells.often(moments, 3, 10.0) == [(5.0, 10.0)]


def test_what_is_sustained_began_some_time_ago():
    assert spells.sustained([(0.0, 60.0), (100.0, 161.0)], 60.0) == [(160.0, 161.0)]


@pytest.mark.parametrize(
    ("holds", "for_s", "fires"),
    [
        ([(1.0, 14.0)], 0.0, []),  # between two looks
        ([(1.0, 16.0)], 0.0, [(15.0, 30.0)]),
        ([(15.0, 16.0)], 0.0, [(15.0, 30.0)]),
        ([(1.0, 15.0)], 0.0, []),  # the end is not included
        ([(1.0, 74.0)], 60.0, []),
        ([(1.0, 76.0)], 60.0, [(75.0, 90.0)]),
        ([(1.0, 31.0), (44.0, 76.0)], 60.0, [(75.0, 90.0)]),  # a gap that nobody sees
        ([(1.0, 29.0), (31.0, 76.0)], 60.0, []),  # seen at 30 s
    ],
)
def test_a_rule_fires_when_found_true_for_long_enough(
    holds: list[Spell], for_s: float, fires: list[Spell]
):
    assert spells.alarms(holds, for_s) == fires
