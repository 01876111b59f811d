"""How a service stands at one office, from one moment to the next, if nothing else is heard.

What a person may rely on for the availability report: nothing is believed for longer than a result
lasts, and what this office did not see, it does not know. What is declared comes before what is
seen: during maintenance the probes' own words count for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from math import inf

from agent.core.model import Outcome, Verdict
from agent.core.tuning import Tuning

LEAST_LASTING_S = 60.0
"""Two runs that time out one after the other, and the wait between them, leave no gap."""


class State(StrEnum):
    """What an office could say of a service for some time, in the order in which it is stored."""

    OK = "ok"
    SLOW = "slow"
    FAILING = "failing"
    """An officer could not have gone on."""
    UNKNOWN = "unknown"
    """No result yet or any more, behind a broken step, or the office itself could not see."""
    MAINTENANCE = "maintenance"
    """Declared so for this office, whatever its probes say."""


_SAID = {
    Outcome.OK: State.OK,
    Outcome.SLOW: State.SLOW,
    Outcome.FAIL: State.FAILING,
    Outcome.DRIFT: State.FAILING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a service stands from now on, if nothing else is heard."""

    state: State = State.UNKNOWN
    until_s: float = inf
    """From here on the last result is too old; on the office's boot-time clock."""

    def at(self, now_s: float) -> State:
        """How it stands at ``now_s``."""
        return self.state if now_s < self.until_s else State.UNKNOWN


def of(newest: Verdict | None, *, sees: bool, maintenance: bool, lasts_s: float) -> Standing:
    """How a service stands by its newest verdict, which holds for ``lasts_s`` from its start."""
    if maintenance:
        return Standing(state=State.MAINTENANCE)
    if newest is None or not sees or newest.outcome not in _SAID:
        return Standing()
    return Standing(state=_SAID[newest.outcome], until_s=newest.started_s + lasts_s)


def lasts_s(period_s: float, tuning: Tuning) -> float:
    """How long the result of a service that is probed every ``period_s`` says anything."""
    return max(tuning.result_expiry_periods * period_s, LEAST_LASTING_S)


def lapses(
    standings: Mapping[str, Standing], from_s: float, to_s: float
) -> Iterator[tuple[float, float, dict[str, State]]]:
    """The stretches ``(from, to, states)`` of this time, cut wherever a result grew too old."""
    ends = {each.until_s for each in standings.values() if from_s < each.until_s < to_s}
    for start_s, end_s in pairwise([from_s, *sorted(ends), to_s]):
        yield start_s, end_s, {name: each.at(start_s) for name, each in standings.items()}
