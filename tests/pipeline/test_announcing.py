"""What the leader tells every agent, and how seldom. In virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from agent.adapters.memory_exchange import MemoryExchange, MemoryStore
from agent.core import codec, incident_life
from agent.core.hearing import LeaderBeat
from agent.core.incident import Incident
from agent.core.model import Assessment, Attendance, Bulletin, Evidence, Focus, ServiceState
from agent.core.nation import Outlook
from agent.pipeline.announcing import AGAIN_S, BEAT_S, BULLETIN_EVERY_S, Announcer
from agent.ports import MAX_VALUE_BYTES, Unavailable
from agent.simulation.virtual_time import VirtualClock
from tests.support.newsroom import Lease, situation
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

OFFICES = tuple(f"office-{n:03d}" for n in range(145))
CALM = Attendance(roster=145, reporting=OFFICES)
QUIET = {"simponi.billing": Assessment(service="simponi.billing", reporting=145)}
SUSPECTED = {"simponi.billing": replace(QUIET["simponi.billing"], suspected=True)}
ELECTED_IN = 1_760_000_000.25


class FencedLease(Lease):
    @property
    def fence(self) -> tuple[float, int]:
        return (ELECTED_IN, self.term)


class Writings(MemoryExchange):
    """Keeps when what was announced; refuses what it is told to."""

    def __init__(self, store: MemoryStore, branch: str) -> None:
        super().__init__(store, branch)
        self.told: list[tuple[float, str]] = []
        self.failing = False

    async def announce(self, name: str, value: bytes) -> int:
        self.told.append((self._store.clock.now_s(), name))
        if self.failing:
            raise Unavailable("no answer in time")
        return await super().announce(name, value)


class Speaker:
    """One leader that announces on every tick, as a term does."""

    def __init__(self) -> None:
        self.clock = VirtualClock(asyncio.get_running_loop())
        self.store = MemoryStore(self.clock)
        self.exchange = Writings(self.store, "medan")
        self.lease = FencedLease(self.clock, 7)
        self.assessments: Mapping[str, Assessment] = QUIET
        self.attendance = CALM
        self.focus: Focus | None = None
        self.controls_ignored: tuple[str, ...] = ()
        self.standing: Sequence[Incident] = ()
        self.announcer = Announcer(
            branch="medan",
            nation="r1:0",
            exchange=self.exchange,
            authority=self.lease,
            clock=self.clock,
        )

    async def speak(self, seconds: float) -> list[tuple[float, str]]:
        """Announce for so long; returns what was told, with its second since this beginning."""
        began_s, before = self.clock.now_s(), len(self.exchange.told)
        while self.clock.now_s() < began_s + seconds:
            outlook = Outlook(
                at_s=self.store.stream_s(),
                assessments=self.assessments,
                attendance=self.attendance,
                focus=self.focus,
                controls_ignored=self.controls_ignored,
            )
            try:
                await self.announcer.announce(outlook, self.standing)
            except Unavailable:
                assert self.exchange.failing
            await asyncio.sleep(0.5)
        return [(at_s - began_s, name) for at_s, name in self.exchange.told[before:]]

    def bulletin(self) -> Bulletin:
        return codec.from_bytes(Bulletin, self.store.public["bulletin"].value)


@pytest.fixture
async def speaker():
    speaker = Speaker()
    await speaker.exchange.start()
    return speaker


async def test_a_term_begins_with_a_bulletin_and_beats_every_ten_seconds(speaker: Speaker):
    told = await speaker.speak(55)
    assert told == [(0.0, "bulletin"), *((BEAT_S * n, "beat") for n in range(1, 6))]
    assert speaker.bulletin().services == {"simponi.billing": ServiceState.NORMAL}


async def test_the_beat_is_small_and_bears_the_fence_of_the_bulletin(speaker: Speaker):
    await speaker.speak(15)
    value = speaker.store.public["beat"].value
    assert codec.from_bytes(LeaderBeat, value).fence == speaker.bulletin().fence
    assert speaker.bulletin().fence == (ELECTED_IN, 7)
    assert len(value) < 100


async def test_a_change_of_state_is_told_at_once_and_stands_for_a_beat(speaker: Speaker):
    await speaker.speak(9)
    speaker.assessments = SUSPECTED
    assert await speaker.speak(10) == [(0.0, "bulletin")]
    assert await speaker.speak(1) == [(0.0, "beat")]


async def test_small_numbers_are_told_every_five_seconds_at_most(speaker: Speaker):
    await speaker.speak(1)
    told: list[tuple[float, str]] = []
    for n in range(20):
        speaker.attendance = replace(CALM, silent=OFFICES[: n + 1])
        told += [(n + at_s, name) for at_s, name in await speaker.speak(1)]
    assert told == [(BULLETIN_EVERY_S * n - 1, "bulletin") for n in range(1, 5)]
    await speaker.speak(5)
    assert speaker.bulletin().silent.count == 20


async def test_time_that_passes_is_no_news(speaker: Speaker):
    speaker.focus = Focus(
        order=1, service="simponi.billing", kind="detect", rate_per_s=8.0, seconds_left=60.0
    )
    await speaker.speak(1)
    speaker.focus = replace(speaker.focus, seconds_left=51.0)
    assert await speaker.speak(8) == []
    speaker.focus = replace(speaker.focus, order=2)
    assert await speaker.speak(1) == [(0.0, "bulletin")]


async def test_an_unchanged_bulletin_is_told_again_every_minute(speaker: Speaker):
    told = await speaker.speak(3 * AGAIN_S)
    assert [at_s for at_s, name in told if name == "bulletin"] == [0.0, AGAIN_S, 2 * AGAIN_S]


async def test_what_a_former_leaders_late_write_replaced_stands_again_within_a_minute(
    speaker: Speaker,
):
    await speaker.speak(5)
    late = MemoryExchange(speaker.store, "sorong")
    await late.start()
    await late.announce("bulletin", codec.to_bytes(replace(speaker.bulletin(), term=6)))
    await speaker.speak(AGAIN_S)
    assert speaker.bulletin().term == 7


async def test_one_who_slept_through_the_lease_says_nothing_of_an_old_view(speaker: Speaker):
    await speaker.speak(5)
    speaker.lease.end()
    speaker.assessments = SUSPECTED
    assert await speaker.speak(30) == []


@pytest.mark.parametrize("name", ["bulletin", "beat"])
async def test_what_may_not_have_been_told_is_told_again_on_the_next_tick(
    speaker: Speaker, name: str
):
    await speaker.speak(9.5)
    if name == "bulletin":
        speaker.assessments = SUSPECTED
    speaker.exchange.failing = True
    told = await speaker.speak(2)
    assert [each for _, each in told] == [name] * len(told)
    assert len(told) >= 3
    speaker.exchange.failing = False
    assert await speaker.speak(5) == [(0.0, name)]


async def test_a_nation_in_its_worst_hour_still_fits_into_the_exchange(speaker: Speaker):
    services = [f"{n:02d}" + "s" * 60 for n in range(20)]
    worst = tuple(f"{n:03d}" + "b" * 60 for n in range(145))
    speaker.attendance = Attendance(
        roster=145, silent=worst, abstaining=worst, mismatched=worst, maintenance=worst
    )
    speaker.assessments = {s: Assessment(service=s, suspected=True) for s in services}
    speaker.standing = [
        incident_life.begin(
            replace(
                situation(service),
                affected=tuple(s for s in services if s != service),
                evidence=Evidence(failing=worst, reporting=145),
            ),
            channel="c",
            term=1,
            now_s=1_760_000_020.0,
        )
        for service in services
    ]
    await speaker.speak(1)
    assert len(speaker.store.public["bulletin"].value) <= MAX_VALUE_BYTES
    bulletin = speaker.bulletin()
    assert (len(bulletin.services), bulletin.silent.count) == (20, 145)


async def test_a_control_that_counts_no_more_is_told_at_once(speaker: Speaker):
    await speaker.speak(1)
    speaker.controls_ignored = ("dns 9.9.9.9:53",)
    assert await speaker.speak(1) == [(0.0, "bulletin")]
    assert speaker.bulletin().controls_ignored == ("dns 9.9.9.9:53",)
