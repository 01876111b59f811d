"""What is an episode and what is background, and when an episode began and ended."""

from __future__ import annotations

import random

import pytest

from agent.simulation.refit import bursts
from agent.simulation.refit.bursts import Found, Told
from agent.simulation.refit.findable import Trouble, findable
from agent.simulation.refit.history import Bad

PERIOD_S = 60.0


def results(line: str, start_s: float = 0.0, period_s: float = PERIOD_S) -> list[Bad]:
    """``..x.xx..``: one result a period; x is a bad one, | a hole."""
    found: list[Bad] = []
    good, good_s, hole = 0, None, False
    for place, each in enumerate(line):
        at_s = start_s + place * period_s
        if each == "|":
            good, good_s, hole = 0, None, True
        elif each == "x":
            found.append(Bad(at_s=at_s, good_before=good, before_s=good_s, after_hole=hole))
            good, good_s, hole = 0, None, False
        else:
            if found and not good and not hole:
                found[-1].after_s = at_s
            good, good_s = good + 1, at_s
    return found


def told(line: str, p0: float = 0.0035) -> Told:
    return bursts.tell(results(line), p0=p0, period_s=PERIOD_S)


GOOD = "." * 60


@pytest.mark.parametrize(
    ("line", "p0", "episodes", "background"),
    [
        ("..x..", 0.0035, 0, 1),
        ("..xx..", 0.0035, 0, 2),
        ("..xxx..", 0.0035, 1, 0),
        ("..xxx..", 0.05, 0, 3),
        ("..xxxxxxxxx..", 0.05, 1, 0),
        ("..xx.x.xx...xx.x", 0.0035, 1, 0),
        (f"xxx{GOOD}xxx", 0.0035, 2, 0),
        (f"x{GOOD}xxx{GOOD}x", 0.0035, 1, 2),
        ("..x|xx..", 0.0035, 0, 3),
        ("x........xxxxx........x", 0.0035, 1, 2),
    ],
)
def test_an_episode_is_what_the_background_does_not_explain(
    line: str, p0: float, episodes: int, background: int
):
    found = told(line, p0)
    assert (len(found.episodes), len(found.background)) == (episodes, background)


def test_one_that_hits_every_result_began_half_a_period_before_its_first():
    (found,) = told(f"{GOOD}xxxx{GOOD}").episodes
    assert (found.start_s, found.end_s) == (59.5 * PERIOD_S, 63.5 * PERIOD_S)
    assert (found.bad, found.good) == (4, 0)
    assert found.lasted.whole


def test_one_that_hits_half_of_the_results_began_earlier_and_ended_later():
    (found,) = told(f"{GOOD}x.x.x.x.x{GOOD}").episodes
    assert found.start_s == pytest.approx(58.5 * PERIOD_S)
    assert found.end_s == pytest.approx(69.5 * PERIOD_S)


def test_what_a_hole_cuts_off_is_known_to_last_longer():
    first, last = told(f"|xxxx{GOOD}xxxx|").episodes
    assert not first.begun
    assert first.ended
    assert last.begun
    assert not last.ended
    assert not last.lasted.whole


def test_results_inside_are_no_background():
    assert told(f"{GOOD}xx.xx{GOOD}").inside == 5


def test_background_alone_makes_hardly_any_episode():
    draw = random.Random(4)
    line = "".join("x" if draw.random() < 0.02 else "." for _ in range(200_000))
    assert len(told(line, 0.02).episodes) <= 1


def episodes(solid: int, partial: int) -> list[Found]:
    draw = random.Random(9)
    found: list[Found] = []
    for p in [1.0] * solid + [draw.uniform(0.2, 0.95) for _ in range(partial)]:
        line = "".join("x" if draw.random() < p else "." for _ in range(40))
        found += told(f"{GOOD}{line}{GOOD}").episodes
    return found


@pytest.mark.parametrize(("solid", "partial"), [(30, 10), (10, 30)])
def test_the_share_of_solid_ones_is_found_although_some_others_look_solid(solid: int, partial: int):
    share, interval = bursts.solid_share(episodes(solid, partial), 0.2, 0.95)
    assert interval.low <= solid / 40 <= interval.high
    assert interval.low <= share <= interval.high


def test_long_and_solid_troubles_are_found_and_short_or_mild_ones_are_not():
    def shares(median_s: float) -> tuple[float, float]:
        trouble = Trouble(median_s=median_s, sigma=0.5, longest_s=9e3, p_least=0.2, p_most=0.4)
        seen = findable(trouble, rates=[0.0035], period_s=72.5, seen_s=102.5)
        return seen.solid, seen.partial

    solid, partial = shares(1800.0)
    assert solid > 0.98
    assert partial < solid
    assert shares(90.0)[0] < 0.6
