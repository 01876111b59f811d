"""What an office that lived for weeks has in its ledgers, without living them.

A week is told by hour: the seconds that one step took. Every hour of a told day was watched whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from agent.core.ledger import HOURS, Day
from agent.core.standing import State

_HOUR_MS = 3_600_000


def told_day(
    name: str,
    hours: Mapping[int, Sequence[float]],
    *,
    branch: str = "jember",
    journey: str = "issuance",
    step: str = "sign in",
    hours_ahead: int = 7,
    trouble: Mapping[int, tuple[State, float]] | None = None,
    service: str = "simkim.login",
) -> Day:
    """A day whose good runs took so long, by hour; ``trouble``: hour -> (state, seconds of it)."""
    day = Day(branch=branch, name=name, hours_ahead=hours_ahead)
    for hour, durations_s in hours.items():
        for duration_s in durations_s:
            day = day.teach(hour, journey, step, duration_s)
    spent = tuple(_hour(*(trouble or {}).get(hour, (State.OK, 3600.0))) for hour in range(HOURS))
    return replace(day, services={service: spent})


def _hour(state: State, seconds: float) -> tuple[int, ...]:
    in_it = round(1000 * seconds)
    rest = _HOUR_MS - in_it if state is not State.OK else 0
    return tuple(in_it if each is state else rest if each is State.OK else 0 for each in State)


def alike(duration_s: float, count: int = 50, spread: float = 0.1) -> list[float]:
    """So many results around ``duration_s``, of this spread of ln(seconds), and no chance in it."""
    half = [duration_s * (1.0 + spread)] * (count // 2)
    return half + [duration_s / (1.0 + spread)] * (count - len(half))


def every_hour(durations_s: Callable[[int], Sequence[float]]) -> dict[int, Sequence[float]]:
    """All hours of a day."""
    return {hour: durations_s(hour) for hour in range(HOURS)}
