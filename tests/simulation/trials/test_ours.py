"""Our detector on traces: the real core, in the order in which things reach it."""

import random
from dataclasses import replace

import pytest

from agent.core.model import Channel, Scope, Trigger
from agent.simulation.trials import planted
from agent.simulation.trials.ours import Ours, Played
from agent.simulation.trials.planted import Planted
from agent.simulation.trials.traces import Trace
from agent.simulation.trials.world import Setting, setting

HOUR_S = 3600.0
START_S = 600.0
SETTING = setting("145")


def scattered(seed: int, share: float, p1: float, lasting_s: float = 1800.0) -> Planted:
    draw = random.Random(seed)
    start_s = START_S + draw.uniform(0.0, 72.5)
    return planted.scattered(
        SETTING, draw, share=share, p1=p1, start_s=start_s, end_s=start_s + lasting_s
    )


def played(seed: int, outage: Planted, after_s: float = 0.0, **how: bool) -> Played:
    until_s = outage.end_s + after_s
    trace = Trace(SETTING, seed, until_s=until_s, planted=outage.episodes)
    return Ours(trace, learned=True).play(**how)


@pytest.mark.parametrize(
    ("share", "p1", "limit_s"), [(1.0, 1.0, 25.0), (1.0, 0.5, 35.0), (0.5, 1.0, 35.0)]
)
def test_an_outage_is_national_within_the_limit_of_the_design(
    share: float, p1: float, limit_s: float
):
    for seed in range(5):
        outage = scattered(seed, share, p1)
        delay_s = played(seed, outage, until_national=True).delay_s(Scope.NATIONAL, outage.start_s)
        assert delay_s is not None
        assert 12.0 < delay_s < limit_s


def test_in_a_quiet_nation_nothing_is_said_and_the_plan_is_kept():
    quiet = Ours(Trace(SETTING, 1, until_s=6 * HOUR_S, nuisance=False)).play()
    assert quiet.declarations == ()
    assert quiet.seconds == 6 * HOUR_S
    assert sum(quiet.runs.values()) / quiet.seconds == pytest.approx(2.06, abs=0.06)
    assert quiet.runs[Trigger.PLAN] / quiet.seconds == pytest.approx(2.0, abs=0.01)


def test_a_blip_is_not_national():
    for seed in range(4):
        blip = planted.blips(SETTING, start_s=START_S + 7.0 * seed, lasting_s=10.0)
        assert played(seed, blip, 300.0).declared(Scope.NATIONAL) == []


def test_an_outage_ends_and_its_end_is_written_where_it_was():
    outage = scattered(3, 0.5, 1.0, lasting_s=600.0)
    result = played(3, outage, 300.0)
    (told,) = result.declared(Scope.NATIONAL)
    assert told.recovering_s is not None
    assert told.closed_s is not None
    assert told.ended_s is not None
    assert outage.end_s < told.recovering_s < outage.end_s + 90.0
    assert told.closed_s < outage.end_s + 150.0
    assert told.ended_s == pytest.approx(outage.end_s, abs=15.0)


def test_a_regional_outage_is_regional():
    draw = random.Random(2)
    outage = planted.regional(SETTING, draw, p1=1.0, start_s=START_S, end_s=START_S + 600.0)
    result = played(2, outage)
    assert result.delay_s(Scope.NATIONAL, START_S) is None
    delay_s = result.delay_s(Scope.REGIONAL, START_S)
    assert delay_s is not None
    assert delay_s < 120.0


def test_an_outage_is_looked_at_more_closely_until_it_is_declared():
    outage = scattered(1, 0.3, 1.0)
    result = played(1, outage, until_national=True)
    assert result.orders == 1
    assert 5.0 < result.focus_s < 60.0
    assert result.runs[Trigger.FOCUS] > 50


def test_the_centre_is_never_asked_more_than_its_ceiling_and_left_alone_once_it_is_national():
    """Over the time in which each is asked once; slots that were put off come late."""
    for seed in range(3):
        outage = scattered(seed, 1.0, 1.0, lasting_s=300.0)
        trace = Trace(SETTING, seed, until_s=outage.end_s, planted=outage.episodes)
        result = Ours(trace, learned=True, note_starts=True).play()
        national_s = result.declared(Scope.NATIONAL)[0].declared_s
        assert len(result.starts_s) == sum(result.runs.values())
        assert 5.0 < result.most_per_s(145 / 8.0, START_S, outage.end_s) <= 8.0
        assert result.most_per_s(30.0, national_s + 45.0, outage.end_s) <= 2.1


def test_slowness_is_a_channel_of_its_own():
    outage = scattered(1, 1.0, 0.3)
    trace = Trace(SETTING, 1, until_s=outage.end_s, channel=Channel.SLOW, planted=outage.episodes)
    delay_s = (
        Ours(trace, learned=True).play(until_national=True).delay_s(Scope.NATIONAL, outage.start_s)
    )
    assert delay_s is not None
    assert 20.0 < delay_s < 70.0


def test_the_same_trace_is_played_the_same_way():
    outage = scattered(5, 0.1, 1.0, lasting_s=300.0)
    assert played(5, outage) == played(5, outage)


def troubled(chosen: Setting) -> Setting:
    """A world in which an hour holds what else a month does."""
    world = chosen.world
    return replace(
        chosen,
        world=replace(world, blips=60_000.0, regionals=20_000.0, bursts_per_office=1500.0),
    )


@pytest.mark.parametrize(("name", "seed"), [("20", 1), ("20", 2), ("145", 1), ("real", 2)])
def test_ticks_that_are_left_out_would_have_changed_nothing(name: str, seed: int):
    trace = Trace(troubled(setting(name)), seed, until_s=HOUR_S / 2)
    sometimes = Ours(trace).play()
    assert sometimes.blips + len(sometimes.declarations) > 0
    assert sometimes == Ours(trace, always_tick=True).play()
