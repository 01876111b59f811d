"""What thresholds lead to: played with the real detector, the same for every one of them."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from dataclasses import replace
from math import inf
from typing import Any

import pytest

from agent.core.model import Channel
from agent.core.tuning import Tuning
from agent.simulation.refit import expecting
from agent.simulation.refit.expecting import Expected, Players, Stage
from agent.simulation.trials.world import World, setting

CALM = World(
    p0_median=1e-6,
    p0_least=1e-6,
    p0_most=1e-5,
    bursts_per_office=0.0,
    regionals=0.0,
    blips=0.0,
    weathers=0.0,
)
STAGE = Stage(setting=replace(setting("145"), world=CALM), channel=Channel.FAIL)
STUBBORN = Tuning(guard_s=expecting.HORIZON_S)


class Here(Executor):
    """Plays in this very process."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


@pytest.fixture
def plays() -> list[None]:
    return []


@pytest.fixture
def players(plays: list[None]) -> Players:
    return Players(Here(), STAGE, lambda: plays.append(None))


def test_both_outages_are_told_and_never_before_the_guard_is_over(
    players: Players, plays: list[None]
):
    some, all_ = players.delays(Tuning(), 6)
    assert (some.share, some.p1, all_.share, all_.p1) == (0.3, 1.0, 1.0, 0.5)
    assert 10.0 < some.median_s <= some.p95_s < 120.0
    assert 10.0 < all_.median_s <= all_.p95_s < 120.0
    assert len(plays) == 12
    assert [each.median_s for each in players.delays(STUBBORN, 1)] == [inf, inf]


def test_a_longer_guard_takes_longer(players: Players):
    def slowness_s(tuning: Tuning) -> float:
        return Expected(false=0, years=0.0, delays=players.delays(tuning, 4)).slowness_s

    assert slowness_s(Tuning(guard_s=40.0)) > slowness_s(Tuning()) + 20.0


def test_a_calm_year_has_no_false_national(players: Players, plays: list[None]):
    found = players.years(Tuning(), 0.3)
    assert (found.false, found.years) == (0, 0.3)
    assert len(plays) == 3


def test_no_year_is_begun_once_the_goal_is_broken(plays: list[None]):
    """Blips of half a minute are outages, and told."""
    hard = replace(CALM, blips=8.0, blip_shortest_s=60.0, blip_longest_s=60.0)
    stage = replace(STAGE, setting=replace(STAGE.setting, world=hard))
    players = Players(Here(), stage, lambda: plays.append(None))
    found = players.years(Tuning(), 3.0, most=0.5)
    assert found.false > 2
    assert found.years == 1.0
    assert len(plays) == 10
    assert found.per_year.low > 0.5


def test_in_processes_of_their_own_it_is_the_same():
    with expecting.players(STAGE, lambda: None) as players:
        assert players.delays(Tuning(), 2) == Players(Here(), STAGE, lambda: None).delays(
            Tuning(), 2
        )
