"""One message per incident, whoever dies and whatever an answer is worth. In virtual time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from agent.adapters.memory_exchange import MemoryExchange, MemoryStore
from agent.core import incident as incidents
from agent.core.incident import Delivery
from agent.core.model import AlarmPhase, Channel, Evidence, Scope, Severity, Situation
from agent.core.wording import Wording
from agent.pipeline.delivery import Deliverer
from agent.pipeline.incident_book import IncidentBook
from agent.pipeline.telling import Desk
from agent.simulation.quiet_meters import QuietMeters
from agent.simulation.virtual_time import VirtualClock
from agent.simulation.workspace import Fault, Workspace, WorkspaceNotifier, scripted
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

NAME = "incident.national.all.simponi.billing"


class BrokenError(Exception):
    """This very call broke in a way that nobody foresaw."""


class Brittle:
    """Passes calls through but the n-th one, which breaks."""

    def __init__(self, inner: object, life: list[int]) -> None:
        self._inner = inner
        self._life = life

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - it stands for any port
        attribute = getattr(self._inner, name)
        if not asyncio.iscoroutinefunction(attribute):
            return attribute

        async def call(*arguments: object, **named: object) -> object:
            self._life[0] -= 1
            if self._life[0] == 0:
                raise BrokenError
            answer: object = await attribute(*arguments, **named)
            return answer

        return call


class Reign:
    """An authority that always may act."""

    def __init__(self, term: int, remaining_s: float = 12.0) -> None:
        self.term = term
        self._remaining_s = remaining_s

    def remaining_s(self) -> float:
        return self._remaining_s


class Stage:
    """One exchange, one workspace, and leaders that come and go."""

    def __init__(self) -> None:
        self.clock = VirtualClock(asyncio.get_running_loop())
        self.store = MemoryStore(self.clock)
        self.workspace = Workspace(["main", "spare"], self.clock)

    def exchange(self, branch: str) -> MemoryExchange:
        return MemoryExchange(self.store, branch, latency_s=0.01)

    async def open_incident(self, channel: str = "main") -> None:
        situation = Situation(
            scope=Scope.NATIONAL,
            group="all",
            root="simponi.billing",
            severity=Severity.PARTIAL,
            phase=AlarmPhase.DECLARED,
            channels=(Channel.FAIL,),
            since_s=self.clock.wall_s(),
            declared_s=self.clock.wall_s(),
            evidence=Evidence(failing=("a", "b"), reporting=3),
        )
        begun = incidents.begin(situation, channel=channel, term=1, now_s=self.clock.wall_s())
        exchange = self.exchange("jember")
        await exchange.start()
        book = IncidentBook(exchange, lambda: True)
        await book.change(NAME, lambda _: begun)

    async def lead(
        self, term: int, *, seconds: float, life: int = 0, remaining_s: float = 12.0
    ) -> IncidentBook:
        """One leader tells for ``seconds``; its ``life``-th call breaks (0: none)."""
        exchange = self.exchange(f"hub-{term}")
        await exchange.start()
        lives = [life]
        brittle = Brittle(exchange, lives)
        book = IncidentBook(brittle, lambda: True)
        desk = Desk(
            branch=f"hub-{term}",
            notifier=Brittle(WorkspaceNotifier(self.workspace, f"hub-{term}", self.clock), lives),
            authority=Reign(term, remaining_s),
            wording=Wording(),
            fallback="spare",
            clock=self.clock,
            stream_now_s=self.store.stream_s,
            meters=QuietMeters(),
        )
        with suppress(BrokenError, TimeoutError):
            async with asyncio.timeout(seconds):
                await book.load()
                await Deliverer(desk, book).run()
        return book

    def roots(self) -> list[str]:
        return [root.channel for root in self.workspace.roots()]


async def test_an_incident_is_told_once_however_long_its_leader_lives():
    stage = Stage()
    await stage.open_incident()
    book = await stage.lead(1, seconds=600)
    assert stage.roots() == ["main"]
    told = book.get(NAME)
    assert told is not None
    assert told.root_message.delivery is Delivery.POSTED


@pytest.mark.parametrize("life", range(1, 12))
async def test_a_leader_that_breaks_at_any_call_leaves_one_message_and_loses_none(life: int):
    stage = Stage()
    await stage.open_incident()
    await stage.lead(1, seconds=30, life=life)
    await stage.lead(2, seconds=60)
    assert stage.roots() == ["main"], f"after a break at call {life}"


@pytest.mark.parametrize("seconds", [0.005, 0.012, 0.5, 0.51, 0.52, 0.53, 1.0, 3.0])
async def test_a_leader_that_is_killed_at_any_moment_is_followed_by_one_message(seconds: float):
    stage = Stage()
    await stage.open_incident()
    await stage.lead(1, seconds=seconds)
    await stage.lead(2, seconds=60)
    assert stage.roots() == ["main"]


@pytest.mark.parametrize("fault", list(Fault))
async def test_whatever_one_answer_is_worth_one_message_stands_within_ten_seconds(fault: Fault):
    stage = Stage()
    await stage.open_incident()
    stage.workspace.weather = scripted(fault)
    await stage.lead(1, seconds=13)
    assert stage.roots() == ["main"]
    assert not stage.workspace.duplicates()


async def test_two_leaders_at_once_leave_one_message():
    stage = Stage()
    await stage.open_incident()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stage.lead(1, seconds=60))
        tasks.create_task(stage.lead(2, seconds=60))
    assert stage.roots() == ["main"]


async def test_nothing_is_posted_when_the_lease_ends_before_the_post_could():
    stage = Stage()
    await stage.open_incident()
    await stage.lead(1, seconds=30, remaining_s=3.5)
    assert stage.roots() == []


async def test_a_channel_that_is_not_there_is_replaced_by_the_fallback():
    stage = Stage()
    await stage.open_incident(channel="gone")
    await stage.lead(1, seconds=30)
    assert stage.roots() == ["spare"]


async def test_a_root_that_a_person_deleted_is_posted_anew_once():
    stage = Stage()
    await stage.open_incident()
    book = await stage.lead(1, seconds=10)
    for _ in range(2):
        (root,) = stage.workspace.roots()
        stage.workspace.delete(root.channel, root.ts)
        await book.change(
            NAME, lambda i: replace(i, revision=i.revision + 1) if i is not None else None
        )
        book = await stage.lead(2, seconds=30)
        if not stage.roots():
            break
    assert stage.roots() == []
    assert sum(stage.workspace.posted.values()) == 2
