"""The loss of the exchange is told once, by whoever's turn comes first. In virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from random import Random

import pytest

from agent.core.lost_exchange import Loss
from agent.core.model import Bulletin, IncidentSummary, Scope, Severity, Sight
from agent.core.view import ExchangeState
from agent.ports import Effect, LossNews
from agent.simulation.workspace import Fault, Weather, WorkspaceMessage, scripted
from tests.support.lost_exchange import MAIN, LonelyNation
from tests.support.nation import NATION
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

FIRST, SECOND, THIRD = ALERTERS = ("jember", "medan", "jayapura")


@pytest.fixture
async def nation() -> AsyncIterator[LonelyNation]:
    nation = LonelyNation([each for each in NATION if each.id in (*ALERTERS, "ambon")], ALERTERS)
    await nation.start()
    yield nation
    await nation.stop()


async def test_an_exchange_that_answers_is_no_news(nation: LonelyNation):
    await asyncio.sleep(600)

    assert nation.roots() == []


async def test_a_loss_is_told_once_by_the_first_of_the_alerters(nation: LonelyNation):
    nation.lose_exchange()
    await asyncio.sleep(55)
    assert nation.roots() == []

    await asyncio.sleep(3600)

    (root,) = nation.roots()
    assert "Bursa antar kantor tidak terjangkau" in root.text
    assert root.text.split("\n")[0].endswith("dilihat dari jember")
    assert _news(nation, LossNews.TOLD) == 1
    assert _news(nation, LossNews.LEFT) == 2


async def test_it_is_told_between_one_minute_and_a_heartbeat_and_the_jitter_more(
    nation: LonelyNation,
):
    nation.lose_exchange()
    lost_s = nation.clock.wall_s()

    await asyncio.sleep(90)

    (root,) = nation.roots()
    assert 50 <= float(root.ts) - lost_s <= 75


@pytest.mark.parametrize(
    ("offline", "teller"), [((FIRST,), SECOND), ((FIRST, SECOND), THIRD), ((SECOND,), FIRST)]
)
async def test_an_alerter_without_internet_leaves_it_to_the_next(
    nation: LonelyNation, offline: Sequence[str], teller: str
):
    nation.lose_exchange(offline=offline)

    await asyncio.sleep(600)

    (root,) = nation.roots()
    assert root.text.split("\n")[0].endswith(f"dilihat dari {teller}")


async def test_internet_that_comes_back_finds_the_message_and_keeps_quiet(nation: LonelyNation):
    nation.lose_exchange(offline=(FIRST,))
    await asyncio.sleep(300)
    nation.offline = frozenset()

    await asyncio.sleep(600)

    assert len(nation.roots()) == 1
    assert nation.offices[FIRST].meters.losses == {LossNews.LEFT: 1}


async def test_one_that_is_no_alerter_never_tells(nation: LonelyNation):
    nation.lose_exchange(offline=ALERTERS)

    await asyncio.sleep(3600)

    assert nation.roots() == []


@pytest.mark.parametrize(
    "weather",
    [
        scripted(None, Fault.LOST_AFTER),
        scripted(None, Fault.LATE),
        scripted(None, Fault.SERVER_ERROR),
        scripted(None, Fault.RATE_LIMITED),
        scripted(Fault.HANG, None, Fault.HANG),
    ],
)
async def test_an_answer_that_gets_lost_makes_no_second_message(
    nation: LonelyNation, weather: Weather
):
    nation.weather = weather
    nation.lose_exchange()

    await asyncio.sleep(600)

    assert len(nation.roots()) == 1
    assert sum(nation.workspace.posted.values()) == 1


async def test_trouble_of_the_channel_is_counted(nation: LonelyNation):
    nation.weather = scripted(None, Fault.SERVER_ERROR)
    nation.lose_exchange()

    await asyncio.sleep(80)

    assert nation.offices[FIRST].meters.attempts == {Effect.UNKNOWN: 1, None: 1}


async def test_of_two_that_told_at_once_the_later_takes_its_message_back(nation: LonelyNation):
    nation.lose_exchange()
    before = Loss(since_s=round(nation.clock.wall_s()), seen_from=SECOND)
    nation.weather = _just_before_the_first_post(lambda: _post(nation, before))

    await asyncio.sleep(85)

    (root,) = nation.roots()
    assert root.key == before.key
    assert nation.offices[FIRST].meters.losses[LossNews.TAKEN_BACK] == 1


async def test_a_message_that_could_not_be_taken_back_at_once_is_taken_back_later(
    nation: LonelyNation,
):
    nation.lose_exchange()
    before = Loss(since_s=round(nation.clock.wall_s()), seen_from=SECOND)
    told = _just_before_the_first_post(lambda: _post(nation, before))
    refusals = [Fault.SERVER_ERROR] * 2

    def weather(method: str, sender: str) -> Fault | None:
        told(method, sender)
        return refusals.pop() if method == "delete" and refusals else None

    nation.weather = weather

    await asyncio.sleep(110)

    (root,) = nation.roots()
    assert root.key == before.key


async def test_a_line_that_was_cut_and_mended_tells_no_loss(nation: LonelyNation):
    office = nation.offices[FIRST]
    office.office.take_sight(Sight(sees=False, why_not="two of three controls fail"))
    nation.store.cut(FIRST)
    await asyncio.sleep(300)
    office.office.take_sight(Sight())
    await asyncio.sleep(50)
    nation.store.restore(FIRST)

    await asyncio.sleep(300)

    assert nation.roots() == []


async def test_what_others_say_in_the_channel_stops_nobody(nation: LonelyNation):
    old = Loss(since_s=round(nation.clock.wall_s()) - 90_000, seen_from=SECOND)
    _post(nation, old)
    nation.workspace.post(
        WorkspaceMessage(channel=MAIN, ts="", author="somebody", text="x", key="incident.x:1/0")
    )
    nation.lose_exchange()

    await asyncio.sleep(85)

    assert len(nation.roots()) == 3


# --- its end --------------------------------------------------------------------------------------


async def test_the_end_is_told_in_the_message_and_once_in_its_thread(nation: LonelyNation):
    await _lose_for(nation, 300)

    await asyncio.sleep(600)

    (root,) = nation.roots()
    assert "[BURSA KEMBALI]" in root.text
    assert root.edits == 1
    (reply,) = nation.thread()
    assert "terputus 5 menit" in reply
    assert _news(nation, LossNews.OVER) == 1


async def test_a_message_that_may_not_be_edited_any_more_is_ended_in_its_thread(
    nation: LonelyNation,
):
    nation.weather = lambda method, _: Fault.REFUSED if method == "update" else None
    await _lose_for(nation, 300)

    await asyncio.sleep(600)

    assert len(nation.thread()) == 1
    assert _news(nation, LossNews.OVER) == 1


async def test_while_its_end_settles_the_channel_is_read_seldom(nation: LonelyNation):
    reads: list[str] = []
    nation.weather = lambda method, _: reads.append(method) if method == "find" else None
    await _lose_for(nation, 300)
    reads.clear()

    await asyncio.sleep(600)

    assert len(nation.thread()) == 1
    assert len(reads) <= 30


async def test_an_exchange_that_comes_and_goes_has_one_message(nation: LonelyNation):
    for _ in range(10):
        await _lose_for(nation, 150)
        await asyncio.sleep(40)

    (root,) = nation.roots()
    assert "[BURSA TERPUTUS]" in root.text

    await asyncio.sleep(600)
    assert len(nation.thread()) == 1


async def test_another_loss_has_another_message(nation: LonelyNation):
    await _lose_for(nation, 300)
    await asyncio.sleep(600)
    await _lose_for(nation, 300)
    await asyncio.sleep(600)

    assert ["[BURSA KEMBALI]" in each.text for each in nation.roots()] == [True, True]


async def test_another_alerter_ends_what_the_teller_cannot(nation: LonelyNation):
    nation.lose_exchange()
    await asyncio.sleep(100)
    nation.restore_exchange()
    nation.offline = frozenset([FIRST])
    nation.store.cut(FIRST)

    await asyncio.sleep(300)

    (reply,) = nation.thread()
    assert reply.startswith("[PANTAU][BURSA KEMBALI]")
    assert nation.offices[SECOND].meters.losses[LossNews.OVER] == 1


async def test_one_that_was_killed_ends_its_own_message_when_it_is_back(nation: LonelyNation):
    nation.lose_exchange(offline=(SECOND, THIRD))
    await asyncio.sleep(90)
    nation.restart(FIRST)
    await asyncio.sleep(30)
    nation.restore_exchange()
    nation.offline = frozenset([SECOND, THIRD])

    await asyncio.sleep(120)

    assert len(nation.thread()) == 1


async def test_one_that_is_restarted_during_a_loss_does_not_tell_it_again(nation: LonelyNation):
    nation.lose_exchange()
    await asyncio.sleep(100)
    nation.restart(FIRST)

    await asyncio.sleep(600)

    assert len(nation.roots()) == 1


async def test_a_national_outage_is_named_as_last_heard_and_handed_to_its_message(
    nation: LonelyNation,
):
    office = nation.offices[FIRST].office
    office.take_bulletin(_bulletin("cetak", term=1), nation.clock.now_s(), live=True)
    nation.lose_exchange()
    await asyncio.sleep(120)
    assert "gangguan nasional Pencetakan paspor" in nation.roots()[0].text

    nation.restore_exchange()
    await asyncio.sleep(60)
    office.take_bulletin(_bulletin("simponi.billing", term=2), nation.clock.now_s(), live=True)
    await asyncio.sleep(20)

    (reply,) = nation.thread()
    assert reply.endswith("sedang berlangsung; lihat pesannya.")
    assert "Pencetakan" not in reply


async def test_what_was_heard_before_the_loss_is_not_called_open_after_it(nation: LonelyNation):
    office = nation.offices[FIRST].office
    office.take_bulletin(_bulletin("cetak", term=1), nation.clock.now_s(), live=True)
    await _lose_for(nation, 300)
    await asyncio.sleep(100)

    assert "gangguan nasional" not in nation.thread()[0].lower()


# --- how often exactly one message ----------------------------------------------------------------


async def test_of_126_offices_of_which_30_percent_are_offline_one_tells_whenever_one_can():
    """In 40 plays by seed: nobody tells only where all three alerters are without internet."""
    told = []
    for seed in range(40):
        dice = Random(seed)
        print(f"seed {seed}")  # noqa: T201 - shown beside a failure, and only there
        nation = _roster_of(126, dice)
        await nation.start()
        offline = {each.id for each in nation.branches if dice.random() < 0.3}
        nation.lose_exchange(offline=offline)
        await asyncio.sleep(240)
        can_tell = not offline.issuperset(nation.alerters)
        assert len(nation.roots()) == sum(nation.workspace.posted.values()) == int(can_tell)
        states = {office.office.exchange for office in nation.offices.values()}
        assert states == {ExchangeState.STANDALONE}
        await nation.stop()
        told.append(can_tell)
    assert sum(told) >= 37


# --- inside ---------------------------------------------------------------------------------------


async def _lose_for(nation: LonelyNation, seconds: float) -> None:
    nation.lose_exchange()
    await asyncio.sleep(seconds)
    nation.restore_exchange()


def _news(nation: LonelyNation, news: LossNews) -> int:
    return sum(office.meters.losses[news] for office in nation.offices.values())


def _post(nation: LonelyNation, loss: Loss) -> None:
    message = WorkspaceMessage(channel=MAIN, ts="", author="pantau", text="x", key=loss.key)
    nation.workspace.post(message)


def _just_before_the_first_post(do: Callable[[], None]) -> Weather:
    waiting = [do]

    def weather(method: str, sender: str) -> Fault | None:
        del sender
        if method == "post" and waiting:
            waiting.pop()()
        return None

    return weather


def _bulletin(service: str, *, term: int) -> Bulletin:
    summary = IncidentSummary(
        id=f"incident.national.nation.{service}:1",
        scope=Scope.NATIONAL,
        group="nation",
        root=service,
        severity=Severity.PARTIAL,
        phase="open",
        since_s=0.0,
        failing=12,
        reporting=12,
    )
    return Bulletin(term=term, leader="medan", nation="r1:0", at_s=0.0, incidents=(summary,))


def _roster_of(size: int, dice: Random) -> LonelyNation:
    branches = [
        replace(NATION[number % len(NATION)], id=f"office-{number}") for number in range(size)
    ]
    return LonelyNation(branches, [each.id for each in branches[:3]], dice)
