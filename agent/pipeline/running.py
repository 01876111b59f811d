"""Executes a journey once and returns facts. Whether they are good is for the verdict to say.

Every deadline is enforced here, from outside the probe: a step that drips a byte now and then, or
waits for ever, ends like any other. What the centre does wrong is a failure in the facts; what the
probe does wrong is one too, of a kind that is never held against the centre.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import TracebackType

import structlog

from agent.core.model import Failure, FailureKind, Run, StepFacts, StepName, Trigger
from agent.ports import OpenSession
from agent.probe import Applicant, Journey, RequestRefused, StepBroken

CLOSE_TIMEOUT_S = 2.0
ORDER_TIMEOUT_S = 5.0
"""For the steps that put things in order, whatever the run has left of its own time."""

_log = structlog.get_logger(__name__)


async def run_journey(  # noqa: PLR0913 - what a run depends on, each by its name
    journey: type[Journey],
    *,
    session: OpenSession,
    applicant: Applicant,
    credentials: Mapping[str, Mapping[str, str]],
    now_s: Callable[[], float],
    step_timeout_s: float = 10.0,
    run_timeout_s: float = 25.0,
    trigger: Trigger = Trigger.PLAN,
    spared: Collection[str] = (),
) -> Run:
    """Execute the steps of ``journey`` in order until one breaks; closes ``session``.

    It goes no further than to a service that is ``spared``, for planned work on it.
    A step has ``step_timeout_s``, and no more than what is left of ``run_timeout_s``. Steps that
    are to be carried out always come after a broken one too, and after being cancelled. Raises
    nothing of its own; being cancelled passes through and leaves no facts.
    """
    started_s = now_s()
    executed: list[StepFacts] = []
    attempt: Journey | None = None
    try:
        attempt = journey(session=session, applicant=applicant, credentials=credentials)
        for step in _asked(journey.steps, spared):
            if not step.always and any(facts.failure is not None for facts in executed):
                continue
            left_s = run_timeout_s - (now_s() - started_s)
            least_s = ORDER_TIMEOUT_S if step.always else 0.0
            limit_s = max(least_s, min(step_timeout_s, left_s))
            executed.append(await _execute(attempt, step, limit_s, now_s))
    except asyncio.CancelledError:
        if attempt is not None:
            await _put_in_order(attempt, len(executed))
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - only making the journey gets here
        executed.append(_unmade(journey.steps[0], error, started_s))
    finally:
        await _close(session)
    return Run(
        journey=journey.name,
        started_s=started_s,
        duration_s=now_s() - started_s,
        executed=tuple(executed),
        declared=journey.steps,
        trigger=trigger,
    )


def _asked(steps: Sequence[StepName], spared: Collection[str]) -> Iterator[StepName]:
    """The steps up to the first that asks a spared service, and what is to be put in order."""
    reached = False
    for step in steps:
        reached = reached or step.service in spared
        if not reached or (step.always and step.service not in spared):
            yield step


async def _put_in_order(attempt: Journey, done: int) -> None:
    """Carry out what must be carried out always, of a run that is cut off in step ``done``."""

    async def carry_out() -> None:
        for step in attempt.steps[done:]:
            if step.always:
                await _failure_of(attempt, step, ORDER_TIMEOUT_S)

    if not any(step.always for step in attempt.steps[done:]):
        return
    working = asyncio.ensure_future(carry_out())
    try:
        async with asyncio.timeout(ORDER_TIMEOUT_S):
            await asyncio.shield(working)
    except TimeoutError:
        working.cancel()
        _log.warning("run_not_put_in_order", journey=attempt.name, waited_s=ORDER_TIMEOUT_S)


def _unmade(first: StepName, error: BaseException, started_s: float) -> StepFacts:
    return StepFacts(
        step=first.id,
        service=first.service,
        started_s=started_s,
        duration_s=0.0,
        slow_after_s=first.slow_after_s,
        failure=_bug(error),
    )


async def _execute(
    attempt: Journey, step: StepName, limit_s: float, now_s: Callable[[], float]
) -> StepFacts:
    started_s = now_s()
    failure = await _failure_of(attempt, step, limit_s)
    return StepFacts(
        step=step.id,
        service=step.service,
        started_s=started_s,
        duration_s=now_s() - started_s,
        slow_after_s=step.slow_after_s,
        phases=attempt.phases,
        status=attempt.last_status,
        failure=failure,
        credentials=tuple(sorted(attempt.credentials_given)),
    )


async def _failure_of(attempt: Journey, step: StepName, limit_s: float) -> Failure | None:
    late = Failure(kind=FailureKind.TIMEOUT, detail=f"no answer within {limit_s:.3g} s")
    deadline = asyncio.timeout(limit_s)
    try:
        async with deadline:
            await attempt.perform(step.id)
    except StepBroken as broken:
        return late if deadline.expired() else broken.failure
    except asyncio.CancelledError as cancelled:
        if _is_being_cancelled():
            raise
        return _bug(cancelled)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a probe's bug must stay the probe's
        return late if deadline.expired() else _bug(error)
    # A step may have swallowed the cancellation; its time was up all the same.
    return late if deadline.expired() else None


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _bug(error: BaseException) -> Failure:
    """Name the error and its place in the probe, never its words: they may hold a secret."""
    place = _innermost(error.__traceback__)
    if isinstance(error, RequestRefused):
        return Failure(kind=FailureKind.BUG, detail=f"{error}{place}")
    return Failure(kind=FailureKind.BUG, detail=f"{type(error).__name__} in the probe{place}")


def _innermost(trace: TracebackType | None) -> str:
    """The last line outside the agent that the error came through."""
    place = ""
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] not in _NOT_THE_PROBE:
            place = f", {trace.tb_frame.f_code.co_name} line {trace.tb_lineno}"
        trace = trace.tb_next
    return place


_NOT_THE_PROBE = ("agent", "asyncio", "json")


async def _close(session: OpenSession) -> None:
    """Close within ``CLOSE_TIMEOUT_S``, even while this run is being cancelled."""
    closing = asyncio.ensure_future(session.close())
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await asyncio.shield(closing)
    except TimeoutError:
        closing.cancel()
        _log.warning("session_not_closed", waited_s=CLOSE_TIMEOUT_S)
    except Exception as error:  # noqa: BLE001 - the facts of the run outlive a bad goodbye
        _log.warning("session_not_closed", error=type(error).__name__)
