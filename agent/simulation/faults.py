"""What is wrong at a given moment: for one office, at one service, on its line, in its agent.

Pure: the moment is an argument, in seconds of the agents' own time since offset 0. What is found is
remembered between two borders of phases, since it is asked for on every request.

Phases that overlap at one service combine like this. Each phase that breaks requests draws for
itself, in the order in which a request meets trouble (``ORDER``), then in the order of the file;
the first that hits decides. Delays add up: factors multiply, milliseconds are added. Of several
queues stuck the one that drains least counts, of several lags the longest, of several ratios of one
kind the largest. Whatever a phase bends is straight again the moment it ends.

A phase on the line cuts it whatever its kind, for all services: a cut line does not choose. Only
``latency`` leaves the line up and makes the services it names slow. With a ratio below 1 the line
is cut for that share of ten-second slices.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from agent.core.model import Branch
from agent.simulation.scenario import Kind, Phase, Scenario, Where, stable_share

ORDER = (
    Kind.DNS,
    Kind.REFUSE,
    Kind.TLS,
    Kind.RESET,
    Kind.TIMEOUT,
    Kind.HTTP,
    Kind.AUTH_FAIL,
)
"""The kinds that break a request, in the order in which it meets them."""

LINE_SLICE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Active:
    """Everything that acts on one office's requests to one service now."""

    breaks: tuple[Phase, ...] = ()
    """In the order of ``ORDER``; each hits by its own ratio."""
    factor: float = 1.0
    extra_s: float = 0.0
    drifted: bool = False
    random_approve: float = 0.0
    lag_s: float = 0.0
    loss: float = 0.0
    drain: float = 1.0
    """Share of its usual pace at which a queue moves."""


NOTHING = Active()


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A time, in scenario seconds, through which a queue moved at one pace."""

    from_s: float
    until_s: float
    drain: float


class Faults:
    """The faults of one scenario, played at ``speed`` against the offices of ``roster``."""

    def __init__(
        self, scenario: Scenario, roster: Sequence[Branch], *, speed: float | None = None
    ) -> None:
        self.speed = scenario.compress if speed is None else speed
        self._touched = [(phase, phase.scope.offices(roster)) for phase in scenario.phases]
        phases = scenario.phases
        self._borders = sorted({each for phase in phases for each in (phase.at_s, phase.until_s)})
        self._active: dict[tuple[int, str, str], Active] = {}
        self._at_office: dict[tuple[int, str], tuple[Phase, ...]] = {}
        self._stretches: dict[tuple[str, str], tuple[_Stretch, ...]] = {}
        self.first_fault_start_s = self._borders[0] / self.speed if phases else 0.0
        self.last_fault_end_s = self._borders[-1] / self.speed if phases else 0.0

    def window(self, offset_s: float) -> int:
        """The number of the stretch between two borders: while it stays, so do the faults."""
        return bisect_right(self._borders, offset_s * self.speed)

    def active(self, office: str, service: str, offset_s: float) -> Active:
        """What acts on this office's requests to this service."""
        key = (self.window(offset_s), office, service)
        found = self._active.get(key)
        if found is None:
            found = self._active[key] = self._combine(office, service, key[0])
        return found

    def queue_age_s(self, office: str, service: str, offset_s: float) -> float:
        """By how much the oldest file of a queue is older than usual, in scenario seconds.

        A queue that drains at 40 % ages at 60 % of the scenario's time; it has caught up the
        moment it moves again, since what lingers is for the scenario to say.
        """
        key = (office, service)
        stretches = self._stretches.get(key)
        if stretches is None:
            stretches = self._stretches[key] = self._stuck(office, service)
        return _age_s(stretches, offset_s * self.speed)

    def line_cut(self, office: str, offset_s: float) -> bool:
        """Tell whether this office's line is cut: centre, near controls and exchange."""
        for phase in self._office_phases(office, offset_s):
            if phase.where is not Where.LINE or phase.kind in (Kind.LATENCY, Kind.CLOSED):
                continue
            slice_number = int(offset_s // LINE_SLICE_S)
            if phase.ratio >= 1.0 or stable_share(f"{office}/{slice_number}") < phase.ratio:
                return True
        return False

    def agent_stopped(self, office: str, offset_s: float) -> bool:
        """Tell whether this office's agent stands still: stopped, or the whole office closed."""
        return any(
            phase.where is Where.AGENT or phase.kind is Kind.CLOSED
            for phase in self._office_phases(office, offset_s)
        )

    def closed(self, office: str, offset_s: float) -> bool:
        """Tell whether the calendar closes this office, so that its silence is expected."""
        return any(phase.kind is Kind.CLOSED for phase in self._office_phases(office, offset_s))

    def _office_phases(self, office: str, offset_s: float) -> tuple[Phase, ...]:
        key = (self.window(offset_s), office)
        found = self._at_office.get(key)
        if found is None:
            found = self._at_office[key] = self._phases(office, key[0])
        return found

    def _phases(self, office: str, window: int) -> tuple[Phase, ...]:
        if window == 0:
            return ()
        now_s = self._borders[window - 1]
        return tuple(
            phase
            for phase, offices in self._touched
            if office in offices and phase.at_s <= now_s < phase.until_s
        )

    def _combine(self, office: str, service: str, window: int) -> Active:
        phases = [
            phase
            for phase in self._phases(office, window)
            if service in phase.services and _at_centre(phase)
        ]
        if not phases:
            return NOTHING

        def of(kind: Kind) -> list[Phase]:
            return [phase for phase in phases if phase.kind is kind]

        return Active(
            breaks=tuple(phase for kind in ORDER for phase in of(kind)),
            factor=prod(phase.number("factor", 1.0) for phase in of(Kind.LATENCY)),
            extra_s=sum(phase.number("ms") for phase in of(Kind.LATENCY)) / 1000.0,
            drifted=bool(of(Kind.SCHEMA_DRIFT)),
            random_approve=max((phase.ratio for phase in of(Kind.RANDOM_APPROVE)), default=0.0),
            lag_s=max((phase.number("lag") for phase in of(Kind.STALE)), default=0.0),
            loss=max((phase.ratio for phase in of(Kind.LOSS)), default=0.0),
            drain=min((phase.number("drain") for phase in of(Kind.QUEUE_STUCK)), default=1.0),
        )

    def _stuck(self, office: str, service: str) -> tuple[_Stretch, ...]:
        windows = range(1, len(self._borders))
        return tuple(
            _Stretch(
                self._borders[window - 1],
                self._borders[window],
                self._combine(office, service, window).drain,
            )
            for window in windows
        )


def _at_centre(phase: Phase) -> bool:
    return phase.where is Where.CENTRE or (phase.where is Where.LINE and phase.kind is Kind.LATENCY)


def _age_s(stretches: Sequence[_Stretch], now_s: float) -> float:
    age_s = 0.0
    for stretch in stretches:
        if stretch.from_s > now_s:
            break
        spent_s = min(now_s, stretch.until_s) - stretch.from_s
        # A stretch at full pace means that the queue has caught up.
        age_s = age_s + (1.0 - stretch.drain) * spent_s if stretch.drain < 1.0 else 0.0
    return age_s if stretches and now_s < stretches[-1].until_s else 0.0
