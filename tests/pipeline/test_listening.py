"""What an office hears of the leader, and what it makes of it. In virtual time."""

from __future__ import annotations

import asyncio
import json

import pytest

from agent.adapters.memory_exchange import MemoryExchange, MemoryStore
from agent.core.model import Branch
from agent.core.tuning import Tuning
from agent.pipeline.listening import Listener
from agent.pipeline.office import Identity, Office
from agent.ports import Drop
from agent.simulation.virtual_time import VirtualClock
from tests.support.tally import Tally
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

JEMBER = Branch(
    id="jember", name="Jember", province="Jawa Timur", island="Jawa", zone="Asia/Jakarta"
)


class Listening:
    """One office, and the engine over which it hears the leader."""

    def __init__(self) -> None:
        self.clock = VirtualClock(asyncio.get_running_loop())
        self.store = MemoryStore(self.clock)
        self.exchange = MemoryExchange(self.store, "jember")
        self.meters = Tally()
        identity = Identity(branch=JEMBER, program="0", nation="r1:0", boot_id="b1")
        self.office = Office(identity, ["simponi.billing"], Tuning(), self.clock.now_s())
        self.listener = Listener(
            office=self.office, exchange=self.exchange, clock=self.clock, meters=self.meters
        )

    async def say(self, name: str, words: object) -> None:
        value = words if isinstance(words, bytes) else json.dumps(words).encode()
        await self.exchange.announce(name, value)
        await asyncio.sleep(1)

    def shown(self) -> int | None:
        """The term of the bulletin that this office's page believes now."""
        now_s, wall_s = self.clock.now_s(), self.clock.wall_s()
        nation = self.office.view(now_s=now_s, wall_s=wall_s, leads=False).nation
        return nation.term if nation else None


def word(term: int, generation: float = 5.0) -> dict[str, object]:
    return {"term": term, "generation": generation, "leader": "medan", "nation": "r1:0", "at_s": 0}


def beat(term: int, generation: float = 5.0) -> dict[str, object]:
    return {"term": term, "generation": generation}


@pytest.fixture
async def office():
    listening = Listening()
    await listening.exchange.start()
    task = asyncio.create_task(listening.listener.run())
    await asyncio.sleep(1)
    yield listening
    assert not task.done(), task.exception()
    task.cancel()


async def test_an_older_term_is_not_heeded_until_the_newer_one_has_lapsed(office: Listening):
    await office.say("bulletin", word(7))
    await office.say("bulletin", word(1))
    assert office.shown() == 7
    await asyncio.sleep(30)
    await office.say("bulletin", word(1))
    assert office.shown() == 1


async def test_after_a_wipe_the_first_term_of_the_new_store_is_heeded_at_once(office: Listening):
    await office.say("bulletin", word(7))
    office.store.wipe()
    await office.say("bulletin", word(1, generation=6.0))
    assert office.shown() == 1


async def test_a_bulletin_stays_fresh_by_the_beats_of_its_own_leader_and_no_other(
    office: Listening,
):
    await office.say("bulletin", word(7))
    for _ in range(6):
        await asyncio.sleep(9)
        await office.say("beat", beat(7))
    assert office.shown() == 7
    for _ in range(4):
        await asyncio.sleep(9)
        await office.say("beat", beat(8))
    assert office.shown() is None
    assert office.meters.heard == 6


async def test_who_starts_shows_an_old_bulletin_only_when_its_leader_beats():
    office = Listening()
    await office.exchange.start()
    await office.say("bulletin", word(7))
    await office.say("beat", beat(7))
    await asyncio.sleep(3600)
    listening = asyncio.create_task(office.listener.run())
    await asyncio.sleep(9)
    assert office.shown() is None
    assert (office.meters.heard, office.meters.bulletins) == (0, [])
    await office.say("beat", beat(7))
    await office.say("beat", beat(7))
    assert office.shown() == 7
    assert office.meters.heard == 2
    assert [each.term for each in office.meters.bulletins] == [7]
    listening.cancel()


async def test_a_long_cut_makes_the_nation_unknown_until_the_leader_is_heard_again(
    office: Listening,
):
    hub = MemoryExchange(office.store, "medan")
    await hub.start()
    await office.say("bulletin", word(7))
    office.store.cut("jember")
    await asyncio.sleep(31)
    assert office.shown() is None
    await hub.announce("bulletin", json.dumps(word(8)).encode())
    await hub.announce("beat", json.dumps(beat(8)).encode())
    office.store.restore("jember")
    await asyncio.sleep(1)
    assert office.shown() is None
    await office.say("beat", beat(8))
    assert office.shown() == 8


@pytest.mark.parametrize("name", ["bulletin", "beat"])
@pytest.mark.parametrize(
    "value", [b"", b"\xff", b"[]", b'{"term":"7"}', b'{"term":true}', b'{"generation":1}']
)
async def test_what_nobody_understands_is_counted_and_ends_nothing(
    office: Listening, name: str, value: bytes
):
    await office.say("bulletin", word(7))
    await office.say(name, value)
    assert office.meters.drops == {Drop.BULLETIN: 1}
    await office.say("bulletin", word(8))
    assert office.shown() == 8


async def test_beats_do_not_confirm_a_bulletin_that_could_not_be_read(office: Listening):
    await office.say("bulletin", word(7))
    await office.say("bulletin", word(7) | {"services": {"simponi.billing": "of tomorrow"}})
    for _ in range(4):
        await asyncio.sleep(9)
        await office.say("beat", beat(7))
    assert office.shown() is None


async def test_records_of_other_names_are_nobodys_word(office: Listening):
    await office.say("rumour", word(7))
    assert (office.shown(), office.meters.drops) == (None, {})
