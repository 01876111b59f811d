"""One outage, number by number: twelve offices in twelve provinces, a probe every half second.

R = 2 runs a second, T = 6 s, learned rates at their floor, no lag, focus off. From office 1's probe
at 0 s the service answers 503 to everyone. Thresholds: k = 2, A1 = 3, A2 = 2, B2 = 1, G = 12 s.
"""

import pytest

from agent.core import groups
from agent.core.declared import Declared
from agent.core.detector import ChannelDetector
from agent.core.model import AlarmPhase, Branch, Channel, Outcome
from agent.core.reading import Observed
from agent.core.tuning import FAIL, Tuning

OFFICES = tuple(f"office-{n:02d}" for n in range(1, 13))
T = 6.0


def twelve_offices() -> ChannelDetector:
    branches = [
        Branch(id=o, name=o, province=f"Province {o}", island="Island", zone="Asia/Jakarta")
        for o in OFFICES
    ]
    return ChannelDetector(
        "simponi.billing", Channel.FAIL, groups.of(branches), Tuning(), T, lambda _: True
    )


class Trace:
    """Feeds the detector one result every half second, and ticks after each."""

    def __init__(self, failing) -> None:
        self.detector = twelve_offices()
        self.failing = failing
        self.step = 0

    def suspected(self) -> bool:
        return self.detector.suspicion is not None

    def declared(self) -> bool:
        return self.detector.national is not None

    def phase(self) -> AlarmPhase:
        return self.alarm.phase

    def recovering_s(self) -> float | None:
        return self.alarm.recovering_s

    @property
    def alarm(self) -> Declared:
        """The national alarm, which must stand."""
        assert self.detector.national is not None
        return self.detector.national

    @property
    def z(self) -> dict[str, float]:
        """The fresh evidence of the suspicion, which must stand."""
        assert self.detector.suspicion is not None
        return self.detector.suspicion.z

    @property
    def next_s(self) -> float:
        return self.step * 0.5

    def until(self, t: float) -> "Trace":
        """Everything up to and including ``t``."""
        while self.next_s <= t + 1e-9:
            now_s, number = self.next_s, self.step % 12 + 1
            bad = self.failing(number, now_s)
            self.detector.hear(
                OFFICES[number - 1],
                [
                    Observed(
                        started_s=now_s,
                        outcome=Outcome.FAIL if bad else Outcome.OK,
                        step="billing inquiry",
                        code="http_503" if bad else None,
                        blocked_by=None,
                    )
                ],
                unseen_good=0,
                p0=FAIL.p0_floor,
                level=1e9,
                now_s=now_s,
                blind=False,
            )
            self.detector.tick(now_s, blind=False)
            self.step += 1
        return self


def outage(start: float, end: float, offices=range(1, 13)):
    return lambda office, t: office in offices and start <= t < end


def test_one_failure_is_a_third_of_a_vote_and_two_are_a_whole_one():
    trace = Trace(outage(0, 120)).until(0.0)
    assert trace.detector.vote(OFFICES[0]) == pytest.approx(1 / 3, abs=1e-9)
    trace.until(6.0)
    assert trace.detector.vote(OFFICES[0]) == pytest.approx(1.0, abs=1e-9)


def test_ten_offices_failing_once_are_no_suspicion():
    trace = Trace(outage(0, 120)).until(4.5)
    assert not trace.suspected()
    assert trace.detector.score() == pytest.approx(8 / 3)


def test_the_eleventh_office_makes_it_a_suspicion():
    trace = Trace(outage(0, 120)).until(5.0)
    assert trace.detector.suspicion is not None
    assert trace.detector.suspicion.since_s == 5.0


def test_results_begun_within_the_guard_confirm_nothing():
    trace = Trace(outage(0, 120)).until(17.0)
    assert trace.z == {}


def test_the_first_fresh_result_is_office_twelve_at_seventeen_and_a_half():
    trace = Trace(outage(0, 120)).until(17.5)
    assert trace.z == {OFFICES[11]: pytest.approx(4.605, abs=1e-3)}


def test_the_sixth_fresh_failure_makes_it_national_and_not_the_fifth():
    trace = Trace(outage(0, 120)).until(19.5)
    assert not trace.declared()
    trace.until(20.0)
    assert trace.alarm.declared_s == 20.0
    assert trace.alarm.since_s == 0.0


def test_recovery_needs_fourteen_good_results_and_eight_offices_well():
    trace = Trace(outage(0, 120)).until(126.5)
    recovery = trace.alarm.recovery
    assert recovery.v == pytest.approx(8.2, abs=0.05)
    assert trace.recovering_s() is None
    trace.until(129.0)
    assert trace.recovering_s() is None
    trace.until(129.5)
    assert trace.recovering_s() == 129.5
    assert recovery.well_since_s == 120.0


def test_people_see_it_recovering_after_fifteen_seconds_and_closed_after_sixty():
    trace = Trace(outage(0, 120)).until(144.0)
    assert trace.phase() is AlarmPhase.DECLARED
    trace.until(144.5)
    assert trace.phase() is AlarmPhase.RECOVERING
    trace.until(189.0)
    assert trace.phase() is AlarmPhase.RECOVERING
    trace.until(189.5)
    assert trace.phase() is AlarmPhase.CLOSED
    trace.until(190.0)
    assert not trace.declared()


def test_two_offices_failing_for_ever_are_nothing_national():
    trace = Trace(outage(0, 1e9, offices=(1, 2))).until(3600.0)
    assert not trace.declared()
    assert not trace.suspected()


def test_four_offices_failing_are_never_suspected():
    trace = Trace(outage(0, 1e9, offices=(1, 2, 3, 4))).until(600.0)
    assert not trace.suspected()
    assert not trace.declared()


def test_seven_offices_are_suspected_when_the_fourth_has_failed_twice_and_national_later():
    trace = Trace(outage(0, 1e9, offices=range(1, 8))).until(7.0)
    assert not trace.suspected()
    trace.until(7.5)
    assert trace.suspected()
    trace.until(60.0)
    assert trace.declared()


def test_a_blip_of_eight_seconds_is_cleared_at_twenty_four_and_nothing_is_told():
    trace = Trace(outage(0, 8.001)).until(23.5)
    assert trace.suspected()
    trace.until(24.0)
    assert not trace.suspected()
    assert [blip.since_s for blip in trace.detector.blips] == [5.0]
    trace.until(600.0)
    assert not trace.declared()
