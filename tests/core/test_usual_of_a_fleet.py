"""145 offices that each know their own usual: a slow centre is the nation's, a busy morning is not.

In plain time, and only Monday morning is lived; the four Mondays before are told by their ledgers.
Each office has its own distance to the centre, all share the centre's load.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from math import exp

import pytest

from agent.core import rhythm
from agent.core.model import Channel, Outcome, Run, Scope, Sight, StepFacts, StepName
from agent.core.rhythm import Rhythm
from agent.core.tuning import Tuning
from agent.core.verdict import judge
from tests.core.test_fleet_in_plain_time import ROSTER
from tests.support.office_weeks import told_day
from tests.support.pure_fleet import PureFleet

MONDAY = "20260302"
BEGINS_S = 7.5 * 3600.0
"""On the offices' own clocks; one clock is enough here, and it is Jakarta's."""
WALL_S = datetime(2026, 3, 2, tzinfo=UTC).timestamp() - 7 * 3600.0 + BEGINS_S
QUIET_S, NOISE, FROM_DAY_TO_DAY = 0.15, 0.2, 0.1
SIGN_IN = StepName(id="sign in", service="x", slow_after_s=3.0)
SEEDS = range(2)

Slowness = Callable[[float], float]
"""How many times as slow as that morning's ordinary self the centre is, so many seconds on."""


def load(hour: float) -> float:
    """A Monday's: from half past seven on it trebles within an hour and a half."""
    return 1.0 + 2.0 * exp(-(((hour - 9.25) / 1.2) ** 2))


@cache
def distances() -> Mapping[str, float]:
    """What a line makes of the centre's pace, by office."""
    chance = random.Random(1)
    return {office.id: exp(chance.gauss(0.0, 0.25)) for office in ROSTER}


def took_s(office: str, hour: float, chance: random.Random) -> float:
    return QUIET_S * distances()[office] * load(hour) * exp(chance.gauss(0.0, NOISE))


@cache
def rhythms() -> Mapping[str, Rhythm]:
    """What each office learned of four Mondays, not all equally busy; fifty runs an hour."""
    chance = random.Random(2)
    learned = {}
    busy = {name: exp(chance.gauss(0.0, FROM_DAY_TO_DAY)) for name in rhythm.weeks_before(MONDAY)}
    for office in distances():
        days = [
            told_day(
                name,
                {
                    hour: [times * took_s(office, hour + n / 50, chance) for n in range(50)]
                    for hour in (7, 8, 9, 10)
                },
                branch=office,
                journey="j",
                service="x",
            )
            for name, times in busy.items()
        ]
        learned[office] = rhythm.learn(MONDAY, 7, days, {"j": [SIGN_IN]}, Tuning())
    return learned


def morning(
    seed: int, slowness: Slowness, known: Mapping[str, Rhythm] | None = None
) -> tuple[PureFleet, list[Outcome]]:
    """The fleet of that morning, and every outcome that its centre gave; ``known``: the usual."""
    known = rhythms() if known is None else known
    chance = random.Random(seed)
    given: list[Outcome] = []

    def centre(office: str, at_s: float) -> Outcome:
        hour = (BEGINS_S + at_s) / 3600.0
        facts = StepFacts(
            step=SIGN_IN.id,
            service="x",
            started_s=at_s,
            duration_s=took_s(office, hour, chance) * slowness(at_s),
            slow_after_s=SIGN_IN.slow_after_s,
        )
        run = Run(
            journey="j", started_s=at_s, duration_s=1.0, executed=(facts,), declared=(SIGN_IN,)
        )
        (verdict,) = judge(run, Sight(), known[office].usual("j", WALL_S + at_s))
        given.append(verdict.outcome)
        return verdict.outcome

    return PureFleet(ROSTER, centre, seed=seed, noise=False), given


def slow_share(given: list[Outcome]) -> float:
    return given.count(Outcome.SLOW) / len(given)


@pytest.mark.parametrize(
    ("busier", "limit"), [(1.0, 0.001), (1.3, 0.01)], ids=["as ever", "busier than ever"]
)
def test_the_usual_rush_of_a_monday_is_never_slow_for_the_nation(busier: float, limit: float):
    for seed in SEEDS:
        fleet, given = morning(seed, lambda _: busier)
        fleet.until(2.0 * 3600.0)
        assert fleet.alarms == [], fleet
        assert slow_share(given) < limit, fleet


@pytest.mark.parametrize(("times", "limit_s"), [(3.0, 60.0), (2.5, 90.0)])
def test_a_centre_that_becomes_much_slower_than_usual_is_slow_for_the_nation(
    times: float, limit_s: float
):
    began_s = 5400.0
    for seed in SEEDS:
        fleet, _ = morning(seed, lambda at_s: times if at_s >= began_s else 1.0)
        fleet.until(began_s + 600.0, stop=lambda it: it.national_s is not None)
        assert fleet.national_s is not None, fleet
        assert began_s + 12.0 < fleet.national_s < began_s + limit_s, fleet
        (_, alarm), *_ = [each for each in fleet.alarms if each[1].scope is Scope.NATIONAL]
        assert alarm.channel is Channel.SLOW


def test_by_its_threshold_alone_the_same_morning_says_nothing():
    nothing = dict.fromkeys(distances(), Rhythm())
    fleet, given = morning(1, lambda at_s: 3.0 if at_s >= 5400.0 else 1.0, nothing)
    fleet.until(6000.0)
    assert fleet.alarms == [], fleet
    assert slow_share(given) < Tuning().slow.p0_floor
