"""What goes into a recording: what the exchange took, and what a leader's nation heard."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from agent.adapters.memory_exchange import MemoryExchange, MemoryStore
from agent.core.model import Branch
from agent.core.tuning import STATUS_S, Tuning
from agent.pipeline.lookout import Lookout
from agent.pipeline.mandate import Mandate
from agent.pipeline.office import Identity, Office
from agent.pipeline.sharing import Sharer
from agent.ports import (
    BeatPut,
    OwnStatus,
    RecordedEvent,
    Silent,
    StatusPut,
    TermBegan,
    Unavailable,
)
from agent.simulation.play_settings import PlaySettings, prepare
from agent.simulation.quiet_meters import QuietMeters
from agent.simulation.virtual_time import VirtualClock
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

JEMBER = Branch(
    id="jember", name="Jember", province="Jawa Timur", island="Jawa", zone="Asia/Jakarta"
)
WALL_WRONG_S = 7_200.0


class Notebook:
    """Implements :class:`agent.ports.Recorder`."""

    def __init__(self) -> None:
        self.lines: list[tuple[RecordedEvent, float]] = []

    def record(self, event: RecordedEvent, at_s: float) -> None:
        self.lines.append((event, at_s))

    def kinds(self) -> list[str]:
        return [type(event).__name__ for event, _ in self.lines]


@pytest.fixture(scope="module")
def mandate() -> Mandate:
    return prepare(PlaySettings(scenario="demo", branches=12)).plan.mandate


async def test_an_office_records_each_status_that_the_exchange_took_and_no_other():
    clock = VirtualClock(asyncio.get_running_loop())
    store, notebook = MemoryStore(clock), Notebook()
    identity = Identity(branch=JEMBER, program="0", nation="r1:0", boot_id="b1")
    office = Office(identity, ["simponi.billing"], Tuning(), clock.now_s())
    exchange = MemoryExchange(store, "jember")
    sharer = Sharer(
        office=office, exchange=exchange, clock=clock, meters=QuietMeters(), recorder=notebook
    )
    await exchange.start()

    async def share(seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await sharer.run()

    await share(1)
    standing = store.status["jember"]
    ((event, at_s),) = notebook.lines
    assert isinstance(event, OwnStatus)
    assert (event.record.value, event.record.revision) == (standing.value, standing.revision)
    assert at_s == pytest.approx(clock.wall_s(), abs=1.1)
    store.cut("jember")
    await share(STATUS_S + 20)
    assert len(notebook.lines) == 1
    store.restore("jember")
    await share(20)
    assert notebook.kinds() == ["OwnStatus", "OwnStatus"]


class Looking:
    """A leader's lookout, and two offices to look at."""

    def __init__(self, mandate: Mandate) -> None:
        clock = VirtualClock(asyncio.get_running_loop())
        self.store, self.notebook = MemoryStore(clock), Notebook()
        self.leader = MemoryExchange(self.store, "medan")
        self.jember = MemoryExchange(self.store, "jember")
        wrong = VirtualClock(asyncio.get_running_loop(), clock.wall_start_s + WALL_WRONG_S)
        self.lookout = Lookout(
            branch="medan",
            exchange=self.leader,
            nation=mandate.nation(),
            silent_after_s=60.0,
            clock=wrong,
            meters=QuietMeters(),
            recorder=self.notebook,
            began=TermBegan(branch="medan", term=3, nation="r1:0"),
        )

    async def look(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.lookout.run()


@pytest.fixture
async def looking(mandate: Mandate) -> Looking:
    looking = Looking(mandate)
    await looking.leader.start()
    await looking.jember.start()
    return looking


async def test_a_leader_records_first_that_it_began_and_nothing_on_its_own_wrong_clock(
    looking: Looking,
):
    await looking.jember.publish(b"a status that stood")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(looking.look(5))
        await asyncio.sleep(2)
        assert looking.notebook.lines == []
        await looking.jember.beat(b"{}")
    now_s = looking.store.stream_s()
    began, stood, beat = (event for event, _ in looking.notebook.lines)
    assert began == TermBegan(branch="medan", term=3, nation="r1:0")
    assert isinstance(stood, StatusPut)
    assert (stood.live, stood.record.value) == (False, b"a status that stood")
    assert isinstance(beat, BeatPut)
    assert all(at_s == pytest.approx(now_s, abs=10) for _, at_s in looking.notebook.lines)


async def test_a_leader_records_who_fell_silent_and_when_it_was_blind(looking: Looking):
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(looking.look(90))
        await asyncio.sleep(2)
        await looking.jember.beat(b"{}")
        await asyncio.sleep(70)
        looking.store.cut("medan")
        await asyncio.sleep(5)
        looking.store.restore("medan")
    told = [event for event, _ in looking.notebook.lines]
    assert Silent(branch="jember") in told
    assert looking.notebook.kinds()[-3:] == ["Stale", "BeatPut", "Synced"]


async def test_a_blind_watch_and_an_exchange_that_is_gone_record_nothing(looking: Looking):
    looking.store.cut("medan")
    await looking.look(30)
    with pytest.raises(Unavailable):
        await looking.leader.own_status()
    assert looking.notebook.lines == []
