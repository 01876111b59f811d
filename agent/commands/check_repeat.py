"""A journey run several times by hand, no faster than the rails allow, and what it came to."""

from __future__ import annotations

import asyncio
import math
import statistics
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from agent.commands.check_pace import TooSoon
from agent.commands.check_report import FAILING, OK, UNKNOWN, CheckReport

MOST = 100
"""At a live target that takes a quarter of an hour."""
_PAUSE_S = 0.5
"""Between two runs, wherever they go: a sandbox is somebody's machine too."""
_MOST_TURNS_MISSED = 5
"""Another shell checks as well; after so many turns in a row it may have them."""
_LATE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """How long one step took in all runs that reached it. Seconds."""

    step: str
    runs: int
    least_s: float
    median_s: float
    p95_s: float
    """Of 20 runs or more one in twenty took longer; of fewer it is the longest."""
    most_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """All runs of a check, in order; at least one."""

    asked: int
    reports: tuple[CheckReport, ...]
    stopped: str | None = None
    """Why there are fewer than were asked for."""

    @property
    def exit_code(self) -> int:
        """1 when any run was failing or slow, 3 when any other says nothing, else 0."""
        codes = {each.exit_code for each in self.reports}
        return next((code for code in (FAILING, UNKNOWN) if code in codes), OK)

    def outcomes(self) -> dict[str, Counter[str]]:
        """By service, how often each verdict came."""
        found: dict[str, Counter[str]] = {}
        for report in self.reports:
            for verdict in report.verdicts:
                found.setdefault(verdict.service, Counter())[verdict.outcome.value] += 1
        return found

    def blames(self) -> Counter[str]:
        """How often the fault most likely lay where."""
        return Counter(each.blamed.blame.value for each in self.reports if each.blamed is not None)

    def durations(self) -> list[Durations]:
        """Of every step that any run reached, in their order."""
        taken: dict[str, list[float]] = {}
        for report in self.reports:
            for line in report.steps:
                if line.executed:
                    taken.setdefault(line.step, []).append(line.duration_s)
        return [_durations(step, seconds) for step, seconds in taken.items()]

    def as_json(self) -> dict[str, Any]:
        """The one object that ``--json`` prints."""
        return {
            "ok": self.exit_code == OK,
            "exit_code": self.exit_code,
            "asked": self.asked,
            "stopped": self.stopped,
            **self.summary(),
            "runs": [each.as_json() for each in self.reports],
        }

    def summary(self) -> dict[str, Any]:
        """What all runs came to."""
        return {
            "outcomes": {service: dict(counts) for service, counts in self.outcomes().items()},
            "blames": dict(self.blames()),
            "durations": [asdict(each) for each in self.durations()],
        }


async def repeat(
    times: int,
    once: Callable[[], Awaitable[CheckReport]],
    *,
    take_turn: Callable[[], None],
    tell: Callable[[str], None],
) -> Repeated:
    """Run ``once`` as often as ``times``, each when it has its turn, and ``tell`` of each.

    Raises :class:`TooSoon` when not even the first has one. Stops early where going on would do
    harm, or where others take every turn.
    """
    reports: list[CheckReport] = []
    while len(reports) < times:
        if reports:
            await asyncio.sleep(_PAUSE_S)
        try:
            await _turn(take_turn, patient=bool(reports))
        except TooSoon as refused:
            if not reports:
                raise
            return Repeated(asked=times, reports=tuple(reports), stopped=str(refused))
        reports.append(await once())
        if times > 1:
            tell(_progress(len(reports), times, reports[-1]))
        if reports[-1].refused and len(reports) < times:
            why = "a credential was refused; trying on could lock its account"
            return Repeated(asked=times, reports=tuple(reports), stopped=why)
    return Repeated(asked=times, reports=tuple(reports))


async def _turn(take_turn: Callable[[], None], *, patient: bool) -> None:
    """Wait for a turn; raises :class:`TooSoon` at once unless ``patient``, or when none comes."""
    for _ in range(_MOST_TURNS_MISSED if patient else 0):
        try:
            take_turn()
        except TooSoon as refused:
            if refused.wait_s is None:
                raise
            await asyncio.sleep(refused.wait_s)
        else:
            return
    take_turn()


def _progress(number: int, times: int, report: CheckReport) -> str:
    broken = next((each for each in report.steps if each.broken), None)
    worst = {OK: "ok", FAILING: "failing or slow", UNKNOWN: "unknown"}[report.exit_code]
    where = f' at "{broken.step}": {broken.came}' if broken is not None else ""
    return f"run {number} of {times}: {worst}{where}, {report.seconds:.2f} s"


def _durations(step: str, seconds: Sequence[float]) -> Durations:
    ordered = sorted(seconds)
    return Durations(
        step=step,
        runs=len(ordered),
        least_s=round(ordered[0], 4),
        median_s=round(statistics.median(ordered), 4),
        p95_s=round(ordered[math.ceil(_LATE * len(ordered)) - 1], 4),
        most_s=round(ordered[-1], 4),
    )
