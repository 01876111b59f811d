"""A check that is repeated: how fast, when it stops, and what it comes to. In virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import pytest

from agent.commands import check_repeat
from agent.commands.check_pace import LEAST_INTERVAL_S, TooSoon
from agent.commands.check_report import CheckReport, report
from agent.core.model import Failure, FailureKind, Run, Sight, StepFacts, StepName
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

STEP = StepName(id="billing", service="simponi.billing", slow_after_s=1.5)
DOWN = Failure(kind=FailureKind.HTTP, detail="HTTP 503", status=503)
REFUSED = Failure(kind=FailureKind.AUTH, detail="HTTP 401", status=401)


def checked(seconds: float = 0.2, failure: Failure | None = None) -> CheckReport:
    facts = StepFacts(
        step=STEP.id,
        service=STEP.service,
        started_s=0.0,
        duration_s=seconds,
        slow_after_s=STEP.slow_after_s,
        failure=failure,
    )
    run = Run(journey="j", started_s=0.0, duration_s=seconds, executed=(facts,), declared=(STEP,))
    return report(run, branch="jember", sight=Sight(), controls=(), credentials={})


class Rails:
    """A live target: one turn in ten seconds, and the first ones may be taken by others."""

    def __init__(self, *, taken: int = 0) -> None:
        self.turns: list[float] = []
        self._taken = taken

    def take(self) -> None:
        now_s = asyncio.get_running_loop().time()
        if self.turns and now_s - self.turns[-1] < LEAST_INTERVAL_S:
            raise TooSoon("too soon", LEAST_INTERVAL_S - (now_s - self.turns[-1]))
        if self.turns and self._taken:
            self._taken -= 1
            raise TooSoon("another shell", LEAST_INTERVAL_S)
        self.turns.append(now_s)


class Runs:
    """Runs that show one thing after the other, and the last for ever."""

    def __init__(self, *shown: CheckReport) -> None:
        self._shown: Iterator[CheckReport] = iter(shown)
        self._last = shown[-1]
        self.told: list[str] = []

    async def once(self) -> CheckReport:
        self._last = next(self._shown, self._last)
        await asyncio.sleep(self._last.seconds)
        return self._last


async def repeated(times: int, runs: Runs, rails: Rails) -> check_repeat.Repeated:
    return await check_repeat.repeat(times, runs.once, take_turn=rails.take, tell=runs.told.append)


async def test_a_live_target_is_asked_at_most_once_in_ten_seconds():
    rails, runs = Rails(), Runs(checked())
    found = await repeated(4, runs, rails)
    assert len(found.reports) == 4
    gaps = [later - earlier for earlier, later in zip(rails.turns, rails.turns[1:], strict=False)]
    assert min(gaps) >= LEAST_INTERVAL_S
    assert max(gaps) < LEAST_INTERVAL_S + 1.0
    assert runs.told[0] == "run 1 of 4: ok, 0.20 s"


async def test_a_turn_that_another_shell_took_is_waited_for():
    found = await repeated(2, Runs(checked()), Rails(taken=2))
    assert (len(found.reports), found.stopped) == (2, None)


async def test_where_others_take_every_turn_it_stops_and_keeps_what_it_has():
    found = await repeated(9, Runs(checked()), Rails(taken=99))
    assert (len(found.reports), found.stopped) == (1, "another shell")


async def test_a_first_run_out_of_turn_is_refused_at_once():
    rails = Rails()
    rails.take()
    with pytest.raises(TooSoon):
        await repeated(3, Runs(checked()), rails)


async def test_a_refused_credential_is_not_tried_again():
    runs = Runs(checked(), checked(failure=REFUSED))
    found = await repeated(9, runs, Rails())
    assert len(found.reports) == 2
    assert found.stopped is not None
    assert "could lock its account" in found.stopped
    assert runs.told[-1] == 'run 2 of 9: failing or slow at "billing": HTTP 401, 0.20 s'


async def test_one_run_tells_of_no_progress():
    runs = Runs(checked())
    await repeated(1, runs, Rails())
    assert runs.told == []


def summed(*reports: CheckReport) -> check_repeat.Repeated:
    return check_repeat.Repeated(asked=len(reports), reports=reports)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([0.3], (0.3, 0.3, 0.3, 0.3)),
        ([0.3, 0.1, 0.2], (0.1, 0.2, 0.3, 0.3)),
        ([n / 100 for n in range(1, 21)], (0.01, 0.105, 0.19, 0.2)),
    ],
)
async def test_durations_are_summed_up_by_step(seconds: Sequence[float], expected):
    (taken,) = summed(*map(checked, seconds)).durations()
    assert (taken.step, taken.runs) == ("billing", len(seconds))
    assert (taken.least_s, taken.median_s, taken.p95_s, taken.most_s) == expected


async def test_outcomes_and_blames_are_counted():
    found = summed(checked(), checked(failure=DOWN), checked(seconds=2.0))
    assert found.outcomes() == {"simponi.billing": {"ok": 1, "fail": 1, "slow": 1}}
    assert found.blames() == {"centre": 1, "inconclusive": 1}
    assert found.exit_code == 1
    assert found.as_json()["durations"][0]["runs"] == 3
