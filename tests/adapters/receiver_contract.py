"""What every receiver beside Slack owes the leader, whatever it speaks to.

Subclass :class:`ReceiverContract`, and give it a fixture ``stage``. The waits are of the real
clock, and short: a stage makes its receiver with a timeout and a backoff of hundredths of seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Protocol

import pytest
from structlog.testing import capture_logs

from agent.core import incident_life
from agent.core.incident import Incident
from agent.core.model import AlarmPhase
from agent.ports import Effect, NotifyError, Receiver
from tests.support.newsroom import situation
from tests.support.tally import Tally

NOW_S = 1_760_000_030.0
SHORT_S = 0.3
"""More than any timeout or wait of a receiver on a stage."""


class Stage(Protocol):
    """A receiver, and what it speaks to."""

    @property
    def receiver(self) -> Receiver: ...

    @property
    def meters(self) -> Tally: ...

    def arrived(self) -> int:
        """How many requests came, well answered or not."""
        ...

    def refuse(self) -> None:
        """From now on nothing is acknowledged."""
        ...

    def accept(self) -> None:
        """From now on everything is acknowledged."""
        ...


def an_incident(service: str = "simponi.billing", *, opening: int = 7) -> Incident:
    begun = incident_life.begin(situation(service), channel="pantau", term=1, now_s=NOW_S - 10)
    return replace(begun, opening=opening)


@contextlib.asynccontextmanager
async def running(receiver: Receiver) -> AsyncIterator[asyncio.Task[None]]:
    work = asyncio.create_task(receiver.run())
    try:
        yield work
    finally:
        work.cancel()
        await asyncio.wait([work], timeout=5)
        assert work.cancelled(), "a run ends when it is cancelled, and by nothing else"


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - what is waited for happens in another program
            await asyncio.sleep(0.01)


@pytest.mark.anyio
class ReceiverContract:
    """The contract; see the module."""

    async def test_what_is_taken_is_passed_on(self, stage: Stage):
        async with running(stage.receiver):
            stage.receiver.take([an_incident()], NOW_S)
            await until(lambda: stage.arrived() > 0)
            await until(lambda: stage.meters.received[stage.receiver.name, None] > 0)
        assert stage.meters.received.total() == stage.arrived()

    async def test_nothing_is_passed_on_before_anything_was_taken(self, stage: Stage):
        async with running(stage.receiver):
            await asyncio.sleep(SHORT_S)
        assert stage.arrived() == 0

    async def test_nothing_is_passed_on_after_its_run(self, stage: Stage):
        async with running(stage.receiver):
            await asyncio.sleep(0.01)
        stage.receiver.take([an_incident()], NOW_S)
        await asyncio.sleep(SHORT_S)
        assert stage.arrived() == 0

    async def test_trouble_ends_no_run_is_counted_and_told_once_and_so_is_its_end(
        self, stage: Stage
    ):
        stage.refuse()
        with capture_logs() as logs:
            async with running(stage.receiver) as work:
                stage.receiver.take([an_incident()], NOW_S)
                await until(lambda: stage.arrived() >= 3)
                assert not work.done()
                stage.accept()
                await until(lambda: stage.meters.received[stage.receiver.name, None] > 0)
        told = [(each["event"], each["receiver"]) for each in logs]
        name = stage.receiver.name
        assert told == [("receiver_failing", name), ("receiver_answers", name)]
        assert stage.meters.received[name, Effect.UNKNOWN] >= 3

    async def test_it_may_be_cancelled_while_it_is_refused(self, stage: Stage):
        stage.refuse()
        async with running(stage.receiver):
            stage.receiver.take([an_incident()], NOW_S)
            await until(lambda: stage.arrived() > 0)

    async def test_taking_thousands_waits_for_nothing_and_is_bounded(self, stage: Stage):
        many = [an_incident(f"service-{n}", opening=n + 1) for n in range(3_000)]
        stage.refuse()
        async with running(stage.receiver):
            for n in range(3):
                stage.receiver.take(many, NOW_S + n)
            await until(lambda: stage.arrived() > 0)
            await asyncio.sleep(SHORT_S)
            assert stage.meters.receiver_waits.get(stage.receiver.name, 0) <= 3_000

    async def test_marks_name_only_what_was_acknowledged(self, stage: Stage):
        stage.refuse()
        async with running(stage.receiver):
            stage.receiver.take([an_incident()], NOW_S)
            await until(lambda: stage.arrived() > 1)
            assert not stage.receiver.handed()
            stage.accept()
            await until(lambda: stage.meters.received[stage.receiver.name, None] > 0)
            await asyncio.sleep(0.05)
            assert stage.receiver.handed() in ({}, {an_incident().id: 0})

    async def test_an_incident_that_goes_on_is_passed_on_again(self, stage: Stage):
        before = an_incident()
        closed = incident_life.advance(
            before,
            replace(situation(), phase=AlarmPhase.CLOSED),
            term=1,
            now_s=NOW_S + 60,
        )
        assert not closed.open
        async with running(stage.receiver):
            stage.receiver.take([before], NOW_S)
            await until(lambda: stage.arrived() > 0)
            first = stage.arrived()
            stage.receiver.take([closed], NOW_S + 60)
            await until(lambda: stage.arrived() > first)

    async def test_a_rehearsal_arrives_once_or_says_why_not(self, stage: Stage):
        await stage.receiver.rehearse()
        assert stage.arrived() == 1
        stage.refuse()
        with pytest.raises(NotifyError):
            await stage.receiver.rehearse()
