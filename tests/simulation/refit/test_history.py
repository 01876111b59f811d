"""From statuses back to results: each once, in order, and nothing where nobody knows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.core.model import Channel, Outcome, Sight, Status
from agent.core.tuning import Tuning
from agent.simulation.refit.history import BIN_S, History
from tests.support.verdicts import Agent

OK, FAIL, SLOW, VOID = Outcome.OK, Outcome.FAIL, Outcome.SLOW, Outcome.VOID
AT_S = 1_000_000.0


class Office:
    """An office, its own clock at zero when the stream's is at ``AT_S``."""

    def __init__(self) -> None:
        self.history = History(frozenset(["jember"]), frozenset(["x"]))
        self.agent = Agent("jember", ["x"], Tuning())

    def run(self, at_s: float, *outcomes: Outcome, every_s: float = 10.0) -> Office:
        for place, outcome in enumerate(outcomes):
            self.agent.run("x", outcome, at_s + place * every_s)
        return self

    def tell(self, now_s: float, *, live: bool = True, status: Status | None = None) -> Office:
        status = status or self.agent.status(now_s)
        stored_s = AT_S + now_s
        self.history.hear("jember", status, stored_s, stored_s + 1.0 if live else None)
        return self

    def bads(self, channel: Channel = Channel.FAIL) -> list[tuple[float, int]]:
        series = self.history.services["x"].series[channel]["jember"]
        return [(round(bad.at_s - AT_S, 3), bad.good_before) for bad in series.bads]

    def results(self) -> int:
        return self.history.services["x"].series[Channel.FAIL]["jember"].results


def test_a_bad_result_stands_between_its_good_neighbours():
    office = Office().tell(0.0)
    office.run(10.0, OK, OK, FAIL).tell(32.0).run(40.0, OK).tell(42.0)
    (bad,) = office.history.services["x"].series[Channel.FAIL]["jember"].bads
    assert (bad.at_s - AT_S, bad.good_before) == pytest.approx((30.0, 2), abs=0.01)
    assert bad.before_s is not None
    assert bad.after_s is not None
    assert (bad.before_s - AT_S, bad.after_s - AT_S) == pytest.approx((20.0, 40.0), abs=0.01)


def test_good_results_of_quiet_times_follow_from_the_counts():
    office = Office().tell(0.0).run(10.0, *[OK] * 25).tell(290.0)
    office.run(300.0, FAIL).tell(301.0)
    assert office.bads() == [(300.0, 25)]
    assert office.results() == 26


def test_a_slow_result_is_bad_in_the_slow_channel_alone():
    office = Office().tell(0.0).run(10.0, SLOW, FAIL, OK).tell(31.0)
    assert office.bads(Channel.SLOW) == [(10.0, 0), (20.0, 0)]
    assert office.bads(Channel.FAIL) == [(20.0, 1)]


def test_a_void_result_is_neither():
    office = Office().tell(0.0).run(10.0, OK, VOID, FAIL).tell(31.0)
    assert office.bads() == [(30.0, 1)]
    assert office.results() == 2


def test_what_two_recordings_hold_counts_once():
    office = Office().tell(0.0).run(10.0, FAIL)
    office.tell(11.0).tell(11.0).tell(10.5)
    assert office.bads() == [(10.0, 0)]


def test_a_restart_goes_on_counting_and_the_former_start_is_heard_no_more():
    office = Office().tell(100.0).run(110.0, FAIL).tell(111.0)
    office.run(120.0, FAIL)
    later = replace(office.agent.status(121.0), boot_id="later", uptime_s=3.0)
    office.tell(121.0, status=later)
    office.tell(115.0)
    assert office.bads() == [(110.0, 0), (120.0, 0)]


def test_after_a_long_silence_nothing_is_known_of_what_was_between():
    office = Office().tell(0.0).run(10.0, FAIL).tell(11.0)
    office.run(20.0, *[OK] * 40).tell(500.0).run(510.0, FAIL).tell(511.0)
    first, second = office.history.services["x"].series[Channel.FAIL]["jember"].bads
    assert first.after_s is None
    assert second.after_hole
    assert office.history.watched["jember"] == [(AT_S, AT_S + 11.0), (AT_S + 500.0, AT_S + 511.0)]


def test_a_time_in_which_an_office_could_not_see_is_not_watched():
    office = Office().tell(0.0)
    blind = replace(office.agent.status(100.0), sight=Sight(sees=False))
    office.tell(100.0, status=blind).tell(200.0).tell(300.0)
    assert office.history.watched["jember"] == [(AT_S, AT_S), (AT_S + 200.0, AT_S + 300.0)]


def test_bad_results_that_fell_out_of_the_ring_are_counted_and_left_out():
    office = Office().tell(0.0).run(10.0, *[FAIL] * 12).tell(131.0)
    assert len(office.bads()) == 8
    assert office.history.services["x"].series[Channel.FAIL]["jember"].unplaced == 4


def test_only_offices_and_services_of_the_nation_are_taken():
    office = Office()
    office.history.hear("stranger", office.agent.status(0.0), AT_S, AT_S)
    office.agent = Agent("jember", ["y"], Tuning())
    office.tell(0.0).tell(10.0)
    assert set(office.history.services) == {"x"}
    assert set(office.history.watched) == {"jember"}


def test_the_lag_of_a_bad_result_is_from_its_start_to_the_leader():
    office = Office().tell(0.0).run(10.0, FAIL).tell(12.0).run(20.0, FAIL).tell(25.0, live=False)
    assert [each.lag_s for each in office.history.lags["jember"]] == pytest.approx([3.0], abs=0.02)


def test_a_quiet_stretch_is_measured_from_result_to_result():
    office = Office().tell(0.0).run(10.0, *[OK] * 20).tell(205.0)
    office.run(210.0, *[OK] * 20).tell(405.0).run(420.0, *[OK] * 19).tell(605.0)
    quiet = office.history.services["x"].quiet["jember"]
    assert quiet.results == 39
    assert quiet.seconds == pytest.approx(400.0, abs=0.02)


def test_all_results_are_counted_in_bins():
    office = Office().tell(0.0).run(10.0, *[OK] * 5).tell(55.0)
    (count,) = office.history.services["x"].bins.values()
    assert count == 5
    assert list(office.history.services["x"].bins) == [int(AT_S // BIN_S)]
