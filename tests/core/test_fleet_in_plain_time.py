"""145 offices under the budget of two runs a second: is the nation told right?

Fast and small; the long statistics are made elsewhere. A failing assertion prints the seed.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import agent.simulation
from agent.config.loading import load_nation
from agent.core.model import AlarmPhase, Branch, Channel, Outcome, Scope
from tests.support.pure_fleet import BEGAN_S, Centre, PureFleet

SEEDS = range(20)
ROSTER = [
    Branch(id=o.id, name=o.name, province=o.province, island=o.island, zone=o.zone)
    for o in load_nation(Path(agent.simulation.__file__).parent / "nation.yaml").roster
]
OK, FAIL = Outcome.OK, Outcome.FAIL


def outage(began_s: float, ended_s: float, offices: set[str] | None = None) -> Centre:
    return lambda office, at_s: (
        FAIL if began_s <= at_s < ended_s and (offices is None or office in offices) else OK
    )


@pytest.mark.parametrize(
    ("follows_orders", "limit_s"), [(True, 25.0), (False, 35.0)], ids=["focus", "no focus"]
)
def test_a_total_outage_is_national_soon(follows_orders, limit_s):
    delays = []
    for seed in SEEDS:
        began_s = 20.0 + random.Random(seed).uniform(0.0, 72.5)
        fleet = PureFleet(ROSTER, outage(began_s, 1e9), seed=seed, follows_orders=follows_orders)
        fleet.until(began_s + 120.0, stop=lambda it: it.national_s is not None)
        assert fleet.national_s is not None, fleet
        assert fleet.national_s >= began_s + 12.0, fleet
        delays.append(fleet.national_s - began_s)
    assert sorted(delays)[18] <= limit_s, delays


def test_a_regional_outage_is_never_national_and_nearly_always_regional():
    told = 0
    for seed in SEEDS:
        choice = random.Random(seed)
        islands = sorted({b.island for b in ROSTER})
        provinces = sorted({b.province for b in ROSTER})
        inside: set[str] = set()
        while not 4 <= len(inside) <= 12:
            place = choice.choice(provinces + islands)
            inside = {b.id for b in ROSTER if place in (b.province, b.island)}
        began_s = 20.0 + choice.uniform(0.0, 72.5)
        fleet = PureFleet(ROSTER, outage(began_s, began_s + 600.0, inside), seed=seed)
        fleet.until(began_s + 480.0)
        assert fleet.national_s is None, fleet
        told += bool(fleet.told(Scope.REGIONAL))
    assert told >= 19


def test_a_blip_of_ten_seconds_is_never_national():
    for seed in SEEDS:
        began_s = 20.0 + random.Random(seed).uniform(0.0, 72.5)
        fleet = PureFleet(ROSTER, outage(began_s, began_s + 10.0), seed=seed).until(began_s + 180.0)
        assert fleet.national_s is None, fleet


@pytest.mark.parametrize("seed", range(3))
def test_the_end_of_an_outage_is_told_and_back_dated(seed):
    fleet = PureFleet(ROSTER, outage(60.0, 660.0), seed=seed).until(900.0)
    for channel in Channel:
        (closed_s,) = (
            at_s
            for at_s, alarm in fleet.alarms
            if alarm.channel is channel and alarm.phase is AlarmPhase.CLOSED
        )
        assert 660.0 + 60.0 <= closed_s <= 660.0 + 150.0, fleet
    ended = [alarm.ended_s for _, alarm in fleet.alarms if alarm.phase is AlarmPhase.CLOSED]
    assert ended == [pytest.approx(BEGAN_S + 660.0, abs=15.0)] * 2, fleet


def test_a_quiet_hour_is_quiet():
    fleet = PureFleet(ROSTER, lambda _office, _at_s: OK, seed=7).until(3600.0)
    assert fleet.alarms == [], fleet
    assert fleet.probes <= 3600 * 2 * 1.1
