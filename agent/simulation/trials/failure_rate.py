"""How likely a result of one office is bad, as a piecewise constant function of time.

An office in several troubles at once shows the worst of them: the probability is the largest of its
background, which weather multiplies, and of every episode that it is in.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from math import prod

from agent.simulation.trials.episodes import Episode


class FailureRate:
    """One office's rate of bad results over time."""

    __slots__ = ("_rates", "_starts_s")

    def __init__(self, background: float, episodes: Iterable[Episode]) -> None:
        """``episodes`` are those of this office; ``background`` is its rate without any."""
        self._starts_s: list[float] = [float("-inf")]
        self._rates: list[float] = [background]
        borders: list[tuple[float, int, Episode]] = []
        for place, episode in enumerate(episodes):
            borders += ((episode.start_s, place, episode), (episode.end_s, place, episode))
        borders.sort(key=lambda border: border[0])
        active: dict[int, Episode] = {}
        for at_s, place, episode in borders:
            if place in active:
                del active[place]
            else:
                active[place] = episode
            self._go_on(at_s, _worst(background, active.values()))

    def _go_on(self, at_s: float, rate: float) -> None:
        if at_s == self._starts_s[-1]:
            self._starts_s.pop()
            self._rates.pop()
        if not self._rates or rate != self._rates[-1]:
            self._starts_s.append(at_s)
            self._rates.append(rate)

    def at(self, at_s: float) -> float:
        """The rate at a moment."""
        return self._rates[bisect_right(self._starts_s, at_s) - 1]

    def stretches(self, until_s: float) -> Iterator[tuple[float, float, float]]:
        """The stretches of one rate from 0 to ``until_s``: (start, end, rate)."""
        ends_s = (*self._starts_s[1:], float("inf"))
        for start_s, end_s, rate in zip(self._starts_s, ends_s, self._rates, strict=True):
            if end_s > 0.0 and start_s < until_s:
                yield max(0.0, start_s), min(until_s, end_s), rate


def _worst(background: float, active: Iterable[Episode]) -> float:
    now = tuple(active)
    calm = min(1.0, background * prod(episode.p0_factor for episode in now))
    return max((calm, *(episode.p for episode in now)))


def failure_rates(
    backgrounds: Sequence[float], episodes: Sequence[Episode]
) -> tuple[FailureRate, ...]:
    """The rates of all offices, from their backgrounds and everything that befalls them."""
    own: list[list[Episode]] = [[] for _ in backgrounds]
    for episode in episodes:
        for office in range(len(own)) if episode.offices is None else episode.offices:
            own[office].append(episode)
    return tuple(
        FailureRate(background, befalling)
        for background, befalling in zip(backgrounds, own, strict=True)
    )
