from __future__ import annotations

import pytest

from agent.simulation.faults import NOTHING
from agent.simulation.scenario import (
    SERVICES,
    Kind,
    Reach,
    Scope,
    Where,
)
from tests.support.centre import at_offices, faults, phase
from tests.support.nation import NATION

BILLING = "simponi.billing"


def test_a_phase_holds_from_its_beginning_until_before_its_end():
    course = faults(phase(Kind.REFUSE, 10, 20))
    seen = [bool(course.active("jember", BILLING, at).breaks) for at in (9.9, 10, 19.9, 20)]
    assert seen == [False, True, True, False]
    assert (course.first_fault_start_s, course.last_fault_end_s) == (10, 20)


def test_speed_divides_offsets():
    course = faults(phase(Kind.REFUSE, 600, 1200), speed=60)
    assert (course.first_fault_start_s, course.last_fault_end_s) == (10, 20)
    assert course.active("jember", BILLING, 10).breaks


def test_a_scope_touches_its_offices_and_a_service_list_its_services():
    course = faults(
        phase(Kind.REFUSE, scope=Scope(reach=Reach.ZONE, names=("WIT",)), services=(BILLING,)),
        phase(
            Kind.REFUSE, scope=Scope(reach=Reach.PROVINCES, names=("Bali",)), services=("cetak",)
        ),
    )
    touched = {
        (branch.id, service)
        for branch in NATION
        for service in SERVICES
        if course.active(branch.id, service, 1) is not NOTHING
    }
    wit = {"ambon", "tual", "jayapura", "mimika", "merauke", "sorong"}
    assert touched == {(office, BILLING) for office in wit} | {("denpasar", "cetak")}


def test_a_smaller_share_lies_within_a_larger_one():
    def covered(share: float) -> frozenset[str]:
        return Scope(reach=Reach.SHARE, share=share).offices(NATION)

    assert [len(covered(share)) for share in (0.0, 0.3, 0.7, 1.0)] == [0, 5, 12, 17]
    assert covered(0.3) < covered(0.7) < covered(1.0)


def test_overlapping_phases_add_up_delays_and_keep_the_worst_of_the_rest():
    course = faults(
        phase(Kind.HTTP, ratio=0.5, code=503.0),
        phase(Kind.REFUSE),
        phase(Kind.LATENCY, factor=2.0),
        phase(Kind.LATENCY, factor=3.0, ms=900.0),
        phase(Kind.QUEUE_STUCK, drain=0.4),
        phase(Kind.QUEUE_STUCK, drain=0.1),
        phase(Kind.STALE, lag=60.0),
        phase(Kind.STALE, lag=3600.0),
        phase(Kind.LOSS, ratio=0.2),
    )
    active = course.active("jember", "cetak", 1)
    assert [each.kind for each in active.breaks] == [Kind.REFUSE, Kind.HTTP]
    assert (active.factor, active.extra_s) == (6.0, 0.9)
    assert (active.drain, active.lag_s, active.loss) == (0.1, 3600.0, 0.2)


def test_a_stuck_queue_ages_with_the_scenario_and_catches_up_when_it_moves():
    course = faults(
        phase(Kind.QUEUE_STUCK, 100, 200, drain=0.4),
        phase(Kind.QUEUE_STUCK, 200, 300, drain=0.0),
        phase(Kind.QUEUE_STUCK, 400, 500, drain=0.0),
        speed=10,
    )
    ages = [course.queue_age_s("jember", "cetak", at) for at in (5, 15, 20, 25, 35, 45, 60)]
    assert ages == pytest.approx([0, 30, 60, 110, 0, 50, 0])


def test_a_line_is_cut_whatever_the_kind_and_only_latency_leaves_it_up():
    course = faults(
        phase(Kind.TIMEOUT, where=Where.LINE, scope=at_offices("mimika")),
        phase(Kind.LATENCY, where=Where.LINE, scope=at_offices("merauke"), ms=900.0),
    )
    assert course.line_cut("mimika", 1)
    assert not course.line_cut("mimika", 100)
    assert not course.line_cut("merauke", 1)
    assert course.active("merauke", BILLING, 1).extra_s == 0.9
    assert not course.line_cut("jember", 1)


def test_a_line_cut_by_a_ratio_comes_and_goes_in_slices_of_ten_seconds():
    course = faults(phase(Kind.TIMEOUT, 0, 4000, where=Where.LINE, ratio=0.3))
    cut = [course.line_cut("mimika", second) for second in range(4000)]
    assert all(cut[at] == cut[at + 9] for at in range(0, 4000, 10))
    assert 0.2 < sum(cut) / len(cut) < 0.4


def test_an_agent_stops_where_the_scenario_says_and_where_the_calendar_closes_the_office():
    course = faults(
        phase(Kind.TIMEOUT, where=Where.AGENT, scope=at_offices("sambas")),
        phase(Kind.CLOSED, scope=at_offices("denpasar")),
    )
    assert course.agent_stopped("sambas", 1)
    assert not course.closed("sambas", 1)
    assert course.agent_stopped("denpasar", 1)
    assert course.closed("denpasar", 1)
    assert course.active("sambas", BILLING, 1) is NOTHING
    assert not course.agent_stopped("jember", 1)
    assert not course.agent_stopped("sambas", 100)


def test_a_scenario_without_phases_is_quiet():
    course = faults()
    assert course.active("jember", BILLING, 5) is NOTHING
    assert not course.line_cut("jember", 5)
    assert (course.first_fault_start_s, course.last_fault_end_s) == (0, 0)
