"""The best that anybody could do: a detector that is told beforehand what it is to look for.

It sees every base result of the affected offices at once, without any report lag, and knows who is
affected, every office's own background and the outage's p1. What it does not know is when.

    iid          CUSUM of the log likelihood ratios, alarm at ln gamma (Page 1954, Lorden 1971)
    blip-aware   the same, and it must not tell of a blip: the results that began more than 10 s
                 after the first evidence must themselves reach ln 200, in a sequential test

gamma is the number of results that the affected offices give in a year: one false alarm a year.
No detector with so few of them has a mean delay much below ``ln gamma / sum of KL`` per second.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, log

from agent.simulation.trials.planted import Planted
from agent.simulation.trials.traces import Trace
from agent.simulation.trials.world import YEAR_S

BLIP_S = 10.0
SURE = log(200.0)
_LEAD_S = 300.0
"""The oracle watches for so long before the outage, so that it does not begin at zero."""


def bound_s(trace: Trace, outage: Planted) -> float:
    """The delay at the bound, seconds."""
    information = sum(
        _divergence(outage.p1, trace.offices[place].background(trace.channel))
        for place in outage.offices
    )
    return threshold(trace, outage) * trace.setting.period_s / information


def threshold(trace: Trace, outage: Planted) -> float:
    """The evidence, in nats, that comes by chance once a year: ln gamma."""
    return log(len(outage.offices) * YEAR_S / trace.setting.period_s)


def _divergence(p1: float, p0: float) -> float:
    """Kullback-Leibler divergence of one result, nats."""
    return sum(p * log(p / q) for p, q in ((p1, p0), (1.0 - p1, 1.0 - p0)) if p > 0.0)


def iid_delay_s(trace: Trace, outage: Planted) -> float | None:
    """Seconds from the outage's beginning to the iid oracle's alarm; None if there is none."""
    enough, score = threshold(trace, outage), 0.0
    for at_s, ratio in _ratios(trace, outage):
        score = max(0.0, score + ratio)
        if score >= enough and at_s >= outage.start_s:
            return at_s - outage.start_s
    return None


def blip_aware_delay_s(trace: Trace, outage: Planted) -> float | None:
    """Seconds from the outage's beginning to the blip-aware oracle's alarm; None if none."""
    enough, score, fresh, first_s = threshold(trace, outage), 0.0, 0.0, inf
    for at_s, ratio in _ratios(trace, outage):
        score = max(0.0, score + ratio)
        if at_s > first_s + BLIP_S:
            fresh += ratio
        if score == 0.0 or fresh <= -SURE:
            score, fresh, first_s = 0.0, 0.0, inf
            continue
        first_s = min(first_s, at_s)
        if score >= enough and fresh >= SURE and at_s >= outage.start_s:
            return at_s - outage.start_s
    return None


def _ratios(trace: Trace, outage: Planted) -> Iterator[tuple[float, float]]:
    """The affected offices' results to the outage's end: (start, log likelihood ratio)."""
    size, bad = trace.setting.size, set(trace.bad)
    weights = {}
    for place in outage.offices:
        p0 = trace.offices[place].background(trace.channel)
        good = log((1.0 - outage.p1) / (1.0 - p0)) if outage.p1 < 1.0 else -inf
        weights[trace.rank[place]] = (good, log(outage.p1 / p0))
    ranks = sorted(weights)
    since_s = max(0.0, outage.start_s - _LEAD_S)
    period = int((since_s - trace.phase_s) // trace.setting.period_s)
    while True:
        for rank in ranks:
            slot = period * size + rank
            at_s = trace.start_of(slot)
            if at_s >= outage.end_s:
                return
            if at_s >= since_s and (slot in bad or not trace.lost(slot)):
                yield at_s, weights[rank][slot in bad]
        period += 1
