"""Durations of which the short ones are never seen give the whole distribution back."""

from __future__ import annotations

import random
from math import log

import pytest

from agent.simulation.refit import lasting
from agent.simulation.refit.lasting import Lasted

SEEN_S, LONGEST_S = 300.0, 21_600.0


def drawn(count: int, seed: int, *, until_s: float = 1e9) -> list[Lasted]:
    """Of a median of 900 s and a sigma of 1.2, what is long enough to be seen."""
    draw = random.Random(seed)
    found: list[Lasted] = []
    while len(found) < count:
        lasting_s = min(LONGEST_S, draw.lognormvariate(log(900.0), 1.2))
        heard_s = draw.uniform(0.0, until_s)
        if min(lasting_s, heard_s) >= SEEN_S:
            found.append(Lasted(seconds=min(lasting_s, heard_s), whole=heard_s > lasting_s))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_median_and_sigma_are_within_their_intervals(seed: int):
    fitted = lasting.fit(drawn(200, seed), seen_s=SEEN_S, longest_s=LONGEST_S)
    assert fitted.median.low <= 900.0 <= fitted.median.high
    assert fitted.spread.low <= 1.2 <= fitted.spread.high
    assert fitted.median.low <= fitted.median_s <= fitted.median.high


def test_what_was_cut_off_counts_as_longer():
    found = drawn(200, 7, until_s=5000.0)
    assert sum(not each.whole for each in found) > 20
    fitted = lasting.fit(found, seen_s=SEEN_S, longest_s=LONGEST_S)
    assert fitted.median.low <= 900.0 <= fitted.median.high


def test_with_a_given_sigma_few_are_enough_for_the_median():
    fitted = lasting.fit(drawn(10, 1), seen_s=SEEN_S, longest_s=LONGEST_S, sigma=1.2)
    assert (fitted.sigma, fitted.spread.low, fitted.spread.high) == (1.2, 1.2, 1.2)
    assert fitted.median.low <= 900.0 <= fitted.median.high


def test_the_share_that_is_seen():
    fitted = lasting.fit(drawn(400, 3), seen_s=SEEN_S, longest_s=LONGEST_S)
    assert fitted.seen(SEEN_S) == pytest.approx(lasting.beyond(log(1 / 3) / 1.2), abs=0.06)
    assert fitted.seen(1.0) > 0.999
