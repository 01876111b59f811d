"""What a leader makes of the records of the exchange, from its first look on. In virtual time."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from agent.adapters.memory_exchange import MemoryExchange
from agent.core import wire
from agent.core.incident import Change, Phase
from agent.core.model import Attendance, Channel, ServiceState
from agent.core.tuning import Tuning
from agent.ports import Conflict, Drop, ExchangeError, Invalid, Unavailable
from agent.simulation.workspace import Fault
from tests.support.country import BEAT_S, MAIN, PERIOD_S, Country, Hub
from tests.support.verdicts import Agent
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

SILENT_S = 60.0
FAILOVER_S = 17.0
"""The lease of 15 s, and a look each second."""


@pytest.fixture
async def country():
    country = Country()
    yield country
    await country.close()


async def leader_of(country: Country, name: str = "medan", *, wall_ahead_s: float = 0.0) -> Hub:
    """A hub that leads from now on, and has looked around once."""
    hub = await country.hub(name, wall_ahead_s=wall_ahead_s)
    async with asyncio.timeout(60):
        while hub.leader.term is None or hub.leader.term.outlook is None:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)
    return hub


def attendance(hub: Hub) -> Attendance:
    assert hub.term.outlook is not None
    return hub.term.outlook.attendance


# --- what a new leader knows


async def test_a_new_leader_knows_at_once_who_reports_from_what_stands(country: Country):
    await country.open()
    country.talkative = False
    await asyncio.sleep(2 * PERIOD_S)
    hub = await leader_of(country)
    assert len(attendance(hub).reporting) == 12
    assert country.bulletin().services == {"x": ServiceState.NORMAL}


async def test_an_office_that_was_gone_before_is_not_there_for_the_new_leader(country: Country):
    await country.open()
    await asyncio.sleep(5)
    await country.offices["office-003"].fall_silent()
    await asyncio.sleep(SILENT_S)
    hub = await leader_of(country)
    assert "office-003" not in attendance(hub).reporting
    assert attendance(hub).unheard == ("office-003",)
    await asyncio.sleep(SILENT_S + 1)
    assert attendance(hub).silent == ("office-003",)


async def test_an_office_without_any_record_is_silent_too_when_it_could_have_been_heard(
    country: Country,
):
    await country.open(*[office for office in country.offices if office != "office-007"])
    hub = await leader_of(country)
    await asyncio.sleep(SILENT_S - 2)
    assert attendance(hub).unheard == ("office-007",)
    await asyncio.sleep(3)
    assert attendance(hub).silent == country.bulletin().silent.first == ("office-007",)
    await country.open("office-007")
    await asyncio.sleep(1)
    assert attendance(hub).silent == ()
    assert len(attendance(hub).reporting) == 12


async def test_while_the_leader_does_not_see_nobody_grows_silent_by_not_being_heard(
    country: Country,
):
    await country.open(*[office for office in country.offices if office != "office-007"])
    hub = await leader_of(country)
    await asyncio.sleep(SILENT_S - 10)
    lines = tuple(country.store._status_lines)
    for line in lines:
        line.stale("a hiccup")
    await asyncio.sleep(5)
    for line in lines:
        line.resume()
    await asyncio.sleep(SILENT_S - 1)
    assert attendance(hub).silent == ()
    await asyncio.sleep(2)
    assert attendance(hub).silent == ("office-007",)


@pytest.mark.parametrize("wall_ahead_s", [-3600.0, 3600.0])
async def test_no_wall_clock_decides_who_is_there_or_when_it_is_over(
    country: Country, wall_ahead_s: float
):
    await country.open()
    await country.offices["office-003"].fall_silent()
    first = await leader_of(country)
    country.broken.add("x")
    await asyncio.sleep(60)
    country.broken.clear()
    await until_phase(country, Phase.RECOVERING)
    await first.die()
    await asyncio.sleep(FAILOVER_S)
    second = await leader_of(country, "sorong", wall_ahead_s=wall_ahead_s)
    assert len(attendance(second).reporting) == 11
    assert country.bulletin().at_s == pytest.approx(country.store.stream_s(), abs=BEAT_S + 1)
    await asyncio.sleep(90)
    assert country.incidents()["x"].phase is Phase.CLOSED
    assert len(country.workspace.roots(MAIN)) == 1


async def test_trouble_goes_on_under_a_new_leader_and_is_told_once(country: Country):
    await country.open()
    first = await leader_of(country)
    country.broken.add("x")
    await asyncio.sleep(60)
    before = country.incidents()["x"]
    assert before.open
    await first.die()
    second = await leader_of(country, "sorong")
    after = country.incidents()["x"]
    assert (after.id, after.term, after.phase) == (before.id, 2, Phase.OPEN)
    assert country.bulletin().term == second.term.number == 2
    assert country.bulletin().services == {"x": ServiceState.NATIONAL}
    await asyncio.sleep(60)
    assert country.incidents()["x"].id == before.id
    assert len(country.workspace.roots(MAIN)) == 1


async def test_a_recovery_goes_on_under_a_new_leader_and_ends_when_the_first_saw_it_end(
    country: Country,
):
    await country.open()
    first = await leader_of(country)
    country.broken.add("x")
    await asyncio.sleep(60)
    country.broken.clear()
    await until_phase(country, Phase.RECOVERING)
    ended_s = country.incidents()["x"].ended_s
    await first.die()
    await leader_of(country, "sorong")
    await until_phase(country, Phase.CLOSED)
    incident = country.incidents()["x"]
    assert incident.ended_s == ended_s
    said = [message.change for message in incident.messages]
    assert said[-2:] == [Change.RECOVERING, Change.CLOSED]
    assert Change.RELAPSED not in said


async def test_what_is_closed_and_not_yet_told_is_taken_over_as_well(country: Country):
    await country.open()
    first = await leader_of(country)
    country.workspace.weather = lambda _method, _sender: Fault.LOST_BEFORE
    country.broken.add("x")
    await asyncio.sleep(60)
    country.broken.clear()
    await until_phase(country, Phase.CLOSED)
    await first.die()
    await leader_of(country, "sorong")
    assert country.incidents()["x"].term == 2


async def test_what_began_while_nobody_led_is_found_by_the_next(country: Country):
    await country.open()
    first = await leader_of(country)
    await first.die()
    country.broken.add("x")
    await asyncio.sleep(2 * PERIOD_S)
    await leader_of(country, "sorong")
    await asyncio.sleep(2 * PERIOD_S)
    assert country.incidents()["x"].open


async def until_phase(country: Country, phase: Phase) -> None:
    async with asyncio.timeout(600):
        while country.incidents()["x"].phase is not phase:  # noqa: ASYNC110 - a record sets no event
            await asyncio.sleep(1)


# --- who is there


async def test_beats_alone_keep_an_office_in_the_count(country: Country):
    await country.open()
    hub = await leader_of(country)
    country.talkative = False
    await asyncio.sleep(600)
    assert len(attendance(hub).reporting) == 12
    assert hub.term.fell_silent == set()


async def test_an_office_is_silent_a_minute_after_its_last_sign_of_life(country: Country):
    await country.open()
    hub = await leader_of(country)
    await asyncio.sleep(BEAT_S * 10 - country.clock.now_s() % BEAT_S)
    country.talkative = False
    await country.offices["office-003"].fall_silent()
    await asyncio.sleep(SILENT_S - BEAT_S - 1)
    assert attendance(hub).silent == ()
    await asyncio.sleep(BEAT_S + 2)
    assert attendance(hub).silent == ("office-003",)
    assert "office-003" not in attendance(hub).reporting
    assert hub.term.fell_silent == {"office-003"}
    await asyncio.sleep(5)
    bulletin = country.bulletin()
    assert (bulletin.silent.first, bulletin.reporting) == (("office-003",), 11)
    await country.open("office-003")
    await asyncio.sleep(1)
    assert attendance(hub).silent == ()


async def test_records_that_nobody_understands_are_counted_and_change_nothing(country: Country):
    await country.open()
    hub = await leader_of(country)
    await country.offices["office-003"].exchange.publish(b"\xff not a status")
    stranger = MemoryExchange(country.store, "nowhere")
    await stranger.start()
    status = Agent("nowhere", country.services, Tuning()).status(country.clock.now_s())
    await stranger.publish(wire.encode_status(status))
    await asyncio.sleep(1)
    assert hub.meters.drops == {Drop.STATUS: 2}
    assert len(attendance(hub).reporting) == 12


# --- what comes to nothing


async def test_a_blip_is_logged_and_counted_and_nobody_is_told(country: Country):
    await country.open()
    hub = await leader_of(country)
    with capture_logs() as logs:
        began_s = country.store.stream_s()
        country.broken.add("x")
        await asyncio.sleep(PERIOD_S)
        country.broken.clear()
        await asyncio.sleep(60)
    assert hub.meters.blips == {("x", channel): 1 for channel in Channel}
    noted = [each for each in logs if each["event"] == "blip"]
    assert {(each["service"], each["channel"]) for each in noted} == {("x", "fail"), ("x", "slow")}
    for each in noted:
        assert 0 <= each["since_s"] - began_s <= PERIOD_S
        assert 12.0 < each["seconds"] < 60.0
    assert country.incidents() == {}
    assert country.workspace.roots(MAIN) == []


# --- what cannot be written


@pytest.mark.parametrize(
    "error", [Conflict("not at this revision"), Invalid("too large"), Unavailable("no answer")]
)
async def test_one_record_that_cannot_be_written_keeps_nothing_else_from_being_told(
    error: ExchangeError,
):
    country = Country(("x", "y"))
    await country.open()
    hub = await leader_of(country)
    hub.exchange.refuses = lambda name: error if name.endswith(".x") else None
    country.broken |= {"x", "y"}
    await asyncio.sleep(60)
    assert country.incidents().keys() == {"y"}
    assert country.bulletin().services == dict.fromkeys("xy", ServiceState.NATIONAL)
    assert [root.key.split("@")[0] for root in country.workspace.roots(MAIN)] == [
        "incident.national.all.y"
    ]
    hub.exchange.refuses = lambda _: None
    await asyncio.sleep(2)
    assert country.incidents().keys() == {"x", "y"}
    assert hub.term.number == 1
    await country.close()


async def test_one_that_cannot_be_written_keeps_no_other_from_recovering():
    country = Country(("x", "y"))
    await country.open()
    hub = await leader_of(country)
    country.broken |= {"x", "y"}
    await asyncio.sleep(60)
    assert country.incidents().keys() == {"x", "y"}
    hub.exchange.refuses = lambda name: Unavailable("no answer") if name.endswith(".x") else None
    country.broken.clear()
    await asyncio.sleep(240)
    phases = {service: incident.phase for service, incident in country.incidents().items()}
    assert phases == {"x": Phase.OPEN, "y": Phase.CLOSED}
    assert country.bulletin().services == dict.fromkeys("xy", ServiceState.NORMAL)
    await country.close()


async def test_a_bulletin_that_cannot_be_told_keeps_no_incident_from_being_told(
    country: Country,
):
    await country.open()
    hub = await leader_of(country)
    hub.exchange.refuses = lambda name: Unavailable("no answer") if name == "bulletin" else None
    country.broken.add("x")
    await asyncio.sleep(60)
    assert len(country.workspace.roots(MAIN)) == 1
    assert country.bulletin().services == {"x": ServiceState.NORMAL}
    hub.exchange.refuses = lambda _: None
    await asyncio.sleep(1)
    assert country.bulletin().services == {"x": ServiceState.NATIONAL}
