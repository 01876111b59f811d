"""Most offices lose their line: told once, ended once, by whoever leads. In virtual time."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from agent.core import blindness
from agent.core.incident import BLINDNESS, Incident, Phase
from agent.core.model import ServiceState
from agent.ports import Unavailable
from agent.simulation.workspace import Fault, Happening, WorkspaceEvent
from tests.support.country import MAIN, Country, Hub
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

SILENT_S, LASTS_S = 60.0, blindness.LASTS_S
LINE_DOWN_S = 600.0
SLACK_S = 5.0
"""Until what was decided is told."""


@pytest.fixture
async def country():
    country = Country()
    yield country
    await country.close()


async def leader_of(country: Country, name: str = "medan") -> Hub:
    hub = await country.hub(name)
    async with asyncio.timeout(60):
        while hub.leader.term is None or hub.leader.term.outlook is None:  # noqa: ASYNC110 - as below
            await asyncio.sleep(0.1)
    return hub


async def lose(country: Country, count: int = 8) -> list[str]:
    """So many offices are not heard from now on."""
    lost = list(country.offices)[:count]
    for office in lost:
        await country.offices[office].fall_silent()
    return lost


def record(country: Country) -> Incident:
    return country.incidents()[BLINDNESS]


def thread(country: Country) -> list[str]:
    (root,) = country.workspace.roots(MAIN)
    return [each.text for each in country.workspace.replies(MAIN, root.ts)]


async def test_ten_minutes_without_most_offices_are_one_message_ended_once(country: Country):
    posted: list[WorkspaceEvent] = []
    country.workspace.listeners.append(posted.append)
    await country.open()
    await leader_of(country)
    with capture_logs() as logs:
        lost = await lose(country)
        await asyncio.sleep(SILENT_S + LASTS_S - 5)
        assert country.bulletin().blind
        assert country.workspace.roots(MAIN) == []
        await asyncio.sleep(5 + SLACK_S)
        (root,) = country.workspace.roots(MAIN)
        assert root.text.startswith("[PANTAU][TIDAK MELIHAT] Hanya 4 dari 12 kantor melapor sejak")
        await asyncio.sleep(LINE_DOWN_S - SILENT_S - LASTS_S)
        assert thread(country) == []
        await country.open(*lost)
        await asyncio.sleep(LASTS_S + 2 * SLACK_S)
    (root,) = country.workspace.roots(MAIN)
    assert root.text.startswith("[PANTAU][MELIHAT LAGI] Keadaan nasional dapat dinilai lagi")
    (ended,) = thread(country)
    assert "dengan paling sedikit 4 dari 12 kantor" in ended
    assert record(country).phase is Phase.CLOSED
    await asyncio.sleep(600)
    made = [each.message.thread is None for each in posted if each.happening is Happening.POSTED]
    assert made == [True, False], "one message and one reply, ever"
    began, over = [each for each in logs if each["event"].startswith("nation_")]
    assert (began["event"], began["missing"], began["roster"]) == ("nation_not_seen", 8, 12)
    assert over["event"] == "nation_seen_again"
    assert over["seconds"] == pytest.approx(LINE_DOWN_S - SILENT_S, abs=10)


async def test_nobody_is_called_for_it_and_no_office_reads_of_an_incident(country: Country):
    await country.open()
    await leader_of(country)
    await lose(country)
    await asyncio.sleep(SILENT_S + LASTS_S + SLACK_S)
    (root,) = country.workspace.roots(MAIN)
    assert "<!" not in root.text
    bulletin = country.bulletin()
    assert (bulletin.blind, bulletin.incidents) == (True, ())
    assert bulletin.services == {"x": ServiceState.UNKNOWN}


async def test_more_offices_lost_are_an_edited_number_and_no_reply(country: Country):
    await country.open()
    await leader_of(country)
    await lose(country, 7)
    await asyncio.sleep(SILENT_S + LASTS_S + 60)
    for office in list(country.offices)[7:11]:
        await country.offices[office].fall_silent()
    await asyncio.sleep(SILENT_S + 60)
    (root,) = country.workspace.roots(MAIN)
    assert "Hanya 1 dari 12 kantor melapor" in root.text
    assert thread(country) == []


async def test_a_minute_of_few_offices_is_not_told(country: Country):
    await country.open()
    await leader_of(country)
    lost = await lose(country)
    await asyncio.sleep(SILENT_S + LASTS_S - 5)
    await country.open(*lost)
    await asyncio.sleep(300)
    assert country.workspace.roots(MAIN) == []
    assert country.incidents() == {}


async def test_a_leader_that_has_heard_nobody_yet_does_not_cry_blind(country: Country):
    """But its own office: without any word of the exchange it would not even know the time."""
    own, *others = country.offices
    await country.open(own)
    await leader_of(country)
    await asyncio.sleep(LASTS_S - 5)
    assert country.bulletin().blind
    assert country.incidents() == {}
    await country.open(*others)
    await asyncio.sleep(300)
    assert country.workspace.roots(MAIN) == []


async def test_a_leader_that_hears_nobody_else_says_so_after_its_first_minute(country: Country):
    await country.open("office-000")
    await leader_of(country)
    await asyncio.sleep(LASTS_S + SLACK_S)
    (root,) = country.workspace.roots(MAIN)
    assert "Hanya 1 dari 12 kantor melapor" in root.text


async def test_a_leader_whose_own_watch_is_stale_tells_nothing(country: Country):
    await country.open()
    hub = await leader_of(country)
    lost = await lose(country)
    await asyncio.sleep(SILENT_S + LASTS_S - 10)
    for line in tuple(country.store._status_lines):
        line.stale("a hiccup")
    await asyncio.sleep(15)
    for line in tuple(country.store._status_lines):
        line.resume()
    await country.open(*lost)
    await asyncio.sleep(300)
    assert hub.term.number == 1
    assert country.workspace.roots(MAIN) == []


@pytest.mark.parametrize("after_s", [-30.0, 0.0, 2.0, 100.0])
async def test_a_leader_that_dies_meanwhile_leaves_one_message(country: Country, after_s: float):
    """Before it is told, while it is being told, and long after."""
    await country.open()
    first = await leader_of(country)
    lost = await lose(country)
    await asyncio.sleep(SILENT_S + LASTS_S + after_s)
    await first.die()
    await leader_of(country, "sorong")
    await asyncio.sleep(300)
    assert len(country.workspace.roots(MAIN)) == 1
    await country.open(*lost)
    await asyncio.sleep(LASTS_S + 2 * SLACK_S)
    assert record(country).phase is Phase.CLOSED
    assert len(country.workspace.roots(MAIN)) == 1
    assert len(thread(country)) == 1


async def test_an_answer_that_gets_lost_makes_no_second_message(country: Country):
    await country.open()
    await leader_of(country)
    faults = [Fault.LOST_AFTER]
    country.workspace.weather = lambda *_: faults.pop() if faults else None
    await lose(country)
    await asyncio.sleep(SILENT_S + LASTS_S + 30)
    assert faults == []
    assert len(country.workspace.roots(MAIN)) == 1


async def test_what_cannot_be_written_is_written_later_and_holds_up_nothing(country: Country):
    await country.open()
    hub = await leader_of(country)
    hub.exchange.refuses = lambda name: Unavailable("no") if name == blindness.NAME else None
    await lose(country)
    await asyncio.sleep(SILENT_S + LASTS_S + SLACK_S)
    assert country.bulletin().blind
    assert country.workspace.roots(MAIN) == []
    hub.exchange.refuses = lambda _: None
    await asyncio.sleep(SLACK_S)
    assert len(country.workspace.roots(MAIN)) == 1


async def test_soon_again_continues_the_message_and_later_makes_a_new_one(country: Country):
    await country.open()
    await leader_of(country)
    for _ in range(2):
        lost = await lose(country)
        await asyncio.sleep(SILENT_S + LASTS_S + 30)
        await country.open(*lost)
        await asyncio.sleep(LASTS_S + 30)
    assert [line.split(" ")[0] for line in thread(country)] == ["Keadaan", "Kembali", "Keadaan"]
    await asyncio.sleep(400)
    await lose(country)
    await asyncio.sleep(SILENT_S + LASTS_S + SLACK_S)
    assert len(country.workspace.roots(MAIN)) == 2


async def test_an_open_incident_stays_open_and_is_over_after_the_blindness(country: Country):
    await country.open()
    await leader_of(country)
    country.broken.add("x")
    await asyncio.sleep(60)
    assert country.incidents()["x"].open
    lost = await lose(country)
    country.broken.clear()
    await asyncio.sleep(SILENT_S + LASTS_S + 300)
    assert country.incidents()["x"].open
    assert [each.root for each in country.bulletin().incidents] == ["x"]
    assert len(country.workspace.roots(MAIN)) == 2
    await country.open(*lost)
    await asyncio.sleep(300)
    assert {name: each.phase for name, each in country.incidents().items()} == {
        "x": Phase.CLOSED,
        BLINDNESS: Phase.CLOSED,
    }


async def test_it_is_no_part_of_a_storm():
    country = Country(("x", "y"))
    await country.open()
    await leader_of(country)
    await asyncio.sleep(30)
    lost = await lose(country)
    await asyncio.sleep(SILENT_S + LASTS_S + SLACK_S)
    await country.open(*lost)
    await asyncio.sleep(1)
    country.broken |= {"x", "y"}
    await asyncio.sleep(50)
    assert {each.storm for each in country.incidents().values()} == {None}
    assert len(country.workspace.roots(MAIN)) == 3
    await country.close()
