"""Which controls an office does not count, and when it tells that controls fail."""

from __future__ import annotations

from itertools import pairwise

import pytest

from agent.core.hearing import LAPSES_S
from agent.core.model import Branch, Bulletin, Sight
from agent.core.tuning import Tuning
from agent.pipeline.office import CONTROLS_TOLD_S, Identity, Office

JEMBER = Branch(id="jember", name="Jember", province="Jawa Timur", island="Jawa", zone="x")
DNS, TCP = "dns 9.9.9.9:53", "tcp one.example:443"


@pytest.fixture
def office() -> Office:
    identity = Identity(branch=JEMBER, program="0", nation="r1:0", boot_id="b")
    return Office(identity, ["x"], Tuning(), 0.0)


def bulletin(*ignored: str, term: int = 7) -> Bulletin:
    return Bulletin(
        term=term, leader="medan", nation="r1:0", at_s=0.0, controls_ignored=tuple(ignored)
    )


def test_before_anything_is_heard_every_control_counts(office: Office):
    assert office.controls_ignored(0.0) == set()


def test_the_leaders_word_holds_while_the_leader_is_heard_and_no_longer(office: Office):
    office.take_bulletin(bulletin(DNS), 0.0, live=True)
    assert office.controls_ignored(LAPSES_S) == {DNS}
    assert office.controls_ignored(LAPSES_S + 0.1) == set()
    office.hear_leader((0.0, 7), 40.0)
    assert office.controls_ignored(50.0) == {DNS}


def test_an_older_term_decides_nothing(office: Office):
    office.take_bulletin(bulletin(DNS), 0.0, live=True)
    office.take_bulletin(bulletin(TCP, term=6), 1.0, live=True)
    assert office.controls_ignored(1.0) == {DNS}


def test_what_stood_in_the_exchange_before_we_listened_decides_nothing(office: Office):
    office.take_bulletin(bulletin(DNS), 0.0, live=False)
    assert office.controls_ignored(0.0) == set()
    office.hear_leader((0.0, 7), 9.0)
    assert office.controls_ignored(9.0) == {DNS}


def test_a_newer_bulletin_replaces_the_list(office: Office):
    office.take_bulletin(bulletin(DNS, TCP), 0.0, live=True)
    office.take_bulletin(bulletin(TCP), 1.0, live=True)
    assert office.controls_ignored(1.0) == {TCP}


def looked(office: Office, at_s: float, *failing: str) -> bool:
    """Take one look; whether the others must hear of it."""
    office.take_sight(Sight(controls=(DNS, TCP), failing=failing))
    return office.controls_news(at_s)


def test_a_control_that_fails_twice_in_a_row_is_told_once_and_so_is_its_return(office: Office):
    looks = [
        looked(office, 0.0),
        looked(office, 15.0, DNS),
        looked(office, 30.0, DNS),
        looked(office, 45.0, DNS),
        looked(office, 100.0),
        looked(office, 115.0),
    ]
    assert looks == [False, False, True, False, True, False]
    assert office.status(100.0).sight.controls == (DNS, TCP)


def test_a_packet_lost_now_and_then_is_told_to_nobody(office: Office):
    assert not any(looked(office, 15.0 * n, *[DNS][: n % 2]) for n in range(40))


def test_a_control_that_flaps_is_told_at_most_once_a_minute(office: Office):
    told = [15.0 * n for n in range(41) if looked(office, 15.0 * n, *[DNS][: n // 2 % 2])]
    assert told
    assert all(later - sooner >= CONTROLS_TOLD_S for sooner, later in pairwise(told))


def test_what_changes_within_the_minute_is_told_after_it(office: Office):
    looks = [looked(office, 15.0 * n, *[DNS][: n < 2]) for n in range(7)]
    assert looks == [False, True, False, False, False, True, False]
