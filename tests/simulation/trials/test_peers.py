"""The rules of other products, on results made by hand: 20 offices, each asked every 10 s."""

from collections.abc import Mapping, Sequence

import pytest

from agent.simulation.trials import peers
from agent.simulation.trials.peers import PEERS, Heard
from agent.simulation.trials.planted import among
from agent.simulation.trials.traces import Trace
from agent.simulation.trials.world import setting

SETTING = setting("20")
HOUR_S = 3600.0


class Told(Trace):
    """A trace whose bad results are told: office -> its own slots, counted from 0."""

    def __init__(self, bad: Mapping[int, Sequence[int]], lost: Sequence[int] = ()) -> None:
        super().__init__(SETTING, 1, until_s=1.0, nuisance=False)
        self.phase_s = 0.0
        self.lost_slots = {20 * k + self.rank[0] for k in lost}
        self.bad = sorted(20 * k + self.rank[place] for place, own in bad.items() for k in own)

    def lost(self, slot: int) -> bool:
        return slot in self.lost_slots


def test_an_office_fails_from_a_bad_result_to_the_next_good_one():
    told = Told({0: [3, 4, 9]})
    first = told.rank[0] * 0.5
    assert Heard(told).failing == [(30.0 + first, 50.0 + first), (90.0 + first, 100.0 + first)]


def test_what_is_lost_changes_nothing():
    told = Told({0: [3]}, lost=[4, 5])
    first = told.rank[0] * 0.5
    assert Heard(told).failing == [(30.0 + first, 60.0 + first)]


@pytest.mark.parametrize(
    ("bad", "down"),
    [
        ([1, 2], []),
        ([1, 2, 3], [(30.0, 50.0)]),
        ([1, 2, 4, 5], []),
        ([1, 2, 3, 5], [(30.0, 70.0)]),  # one good result is not enough
        ([1, 2, 3, 6, 7, 8, 9], [(30.0, 50.0), (80.0, 110.0)]),
    ],
)
def test_an_office_is_down_from_three_bad_results_to_two_good_ones(
    bad: list[int], down: list[tuple[float, float]]
):
    told = Told({0: bad})
    first = told.rank[0] * 0.5
    assert Heard(told).down == [(start_s + first, end_s + first) for start_s, end_s in down]


def outage(offices: int, start: int, end: int) -> Heard:
    """So many offices fail in all their slots from ``start`` to ``end``, ten seconds each."""
    return Heard(Told({place: range(start, end) for place in range(offices)}))


def fires(rule: str, heard: Heard) -> list[float]:
    return [at_s for at_s, _ in PEERS[rule].alarms(heard)]


def test_more_than_thirty_percent_must_be_found_for_a_minute():
    """Failing from 300 s to 310 s on, found at 315 s at the latest, told a minute later."""
    assert fires("share > 30 % for 1 m", outage(7, 30, 60)) in ([375.0], [390.0])
    assert fires("share > 30 % for 2 m", outage(7, 30, 60)) in ([435.0], [450.0])
    assert fires("share > 30 % for 5 m", outage(7, 30, 60)) == []
    assert fires("share > 30 % for 1 m", outage(6, 30, 60)) == []
    assert fires("share > 10 % for 1 m", outage(3, 30, 60)) in ([375.0], [390.0])
    assert fires("share > 10 % for 1 m", outage(2, 30, 60)) == []


def test_a_quorum_of_streaks_needs_three_results_each():
    assert fires("3 in a row at 30 %", outage(6, 30, 60)) == [330.0]
    assert fires("3 in a row at 30 %", outage(5, 30, 60)) == []
    assert fires("3 in a row at 10 %", outage(2, 30, 60)) in ([330.0], [345.0])


def test_locations_must_fail_together_for_the_whole_time():
    assert fires("10 % of locations for 1 m", outage(2, 30, 60))[0] in (375.0, 390.0)
    assert fires("10 % of locations for 3 m", outage(2, 30, 60))[0] in (495.0, 510.0)
    flapping = Heard(Told({place: [*range(30, 40), *range(41, 52)] for place in (0, 1)}))
    assert fires("10 % of locations for 3 m", flapping) == []


def test_as_documented_one_long_failure_and_one_blip_are_enough():
    lone_and_blip = Heard(Told({0: range(30, 60), 1: [45]}))
    assert fires("10 % of locations for 3 m", lone_and_blip) == []
    assert fires("10 % of locations, 3 m, as documented", lone_and_blip)[0] >= 480.0
    assert fires("10 % of locations, 3 m, as documented", outage(1, 30, 60)) == []


def test_a_ratio_of_five_minutes_must_be_found_for_five_minutes():
    """Two of 20 offices solid: 10 % of the results, half of that after half of the window."""
    (at_s,) = fires("5 % of 5 m for 5 m", outage(2, 30, 120))
    assert at_s == pytest.approx(300.0 + 150.0 + 300.0, abs=15.0)
    assert fires("10 % of 5 m for 5 m", outage(1, 30, 120)) == []
    (at_s,) = fires("25 % of 5 m for 5 m", outage(10, 30, 120))
    assert at_s == pytest.approx(300.0 + 150.0 + 300.0, abs=15.0)


def test_a_burn_rate_needs_its_share_of_the_long_window():
    """All fail: 14.4 % of an hour are reached after 14.4 % of it, 7.2 % after half of that."""
    everything = outage(20, 30, 360)
    assert fires("burn rate, 99 %", everything)[0] == pytest.approx(300 + 0.144 * HOUR_S, abs=16)
    assert fires("burn rate, 99.5 %", everything)[0] == pytest.approx(300 + 0.072 * HOUR_S, abs=16)
    assert fires("burn rate, 99 %", outage(20, 30, 60)) == []


def test_all_rules_but_the_widest_see_a_total_outage_in_a_simulated_world():
    total = among(range(20), p1=1.0, start_s=7200.0, end_s=10_800.0)
    heard = Heard(Trace(SETTING, 3, until_s=total.end_s, planted=total.episodes))
    for rule, peer in PEERS.items():
        delay_s = peers.delay_s(peer.alarms(heard), total.start_s, total.end_s)
        assert delay_s is not None, rule
        assert 15.0 < delay_s < 700.0


def test_the_first_alarm_within_an_outage_is_its_detection():
    alarms = [(30.0, 60.0), (120.0, 150.0), (180.0, 190.0)]
    assert peers.delay_s(alarms, 100.0, 200.0) == 20.0
    assert peers.delay_s(alarms, 200.0, 300.0) is None


def test_alarms_within_half_an_hour_are_one_false_national():
    alarms = [(0.0, 60.0), (1800.0, 1830.0), (3700.0, 3800.0)]
    assert peers.false_nationals(alarms) == [(0.0, 1830.0), (3700.0, 3800.0)]


def test_a_quorum_counts_whole_offices():
    heard = Heard(Trace(SETTING, 1, until_s=1.0))
    assert (heard.quorum(0.1), heard.share(0.1)) == (2, 3)
    assert (heard.quorum(0.12), heard.share(0.12)) == (3, 3)
