"""The switch hears of us while somebody assesses, and at no other time. In virtual time."""

from __future__ import annotations

import asyncio

import pytest

from agent.adapters.deadman_receiver import FRESH_S, DeadmanReceiver
from agent.ports import Effect
from tests.adapters.receiver_contract import running
from tests.support.scripted_connection import Desk
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

Switch = Desk[DeadmanReceiver]


@pytest.fixture
async def desk() -> Switch:
    return Desk(DeadmanReceiver, every_s=60.0)


async def test_it_is_asked_at_once_and_then_every_minute_without_a_word(desk: Switch):
    async with running(desk.receiver):
        await desk.assess(seconds=200)
    assert [each - desk.times[0] for each in desk.times] == [0, 60, 120, 180]
    assert desk.times[0] <= 1
    assert {(each.method, each.path, each.body) for each in desk.connection.sent} == {
        ("GET", "", b"")
    }


async def test_without_a_fresh_assessment_nothing_is_asked(desk: Switch):
    async with running(desk.receiver):
        await asyncio.sleep(300)
        assert desk.connection.tried == 0
        await desk.assess(seconds=1)
        await asyncio.sleep(FRESH_S + 600)
        assert desk.connection.tried == 1
        await desk.assess(seconds=2)
    assert desk.connection.tried == 2


async def test_a_failure_is_tried_again_soon_and_never_more_often_than_a_second(desk: Switch):
    desk.connection.effect = Effect.UNKNOWN
    async with running(desk.receiver):
        await desk.assess(seconds=60)
        assert 5 <= desk.connection.tried <= 7
        desk.connection.effect = None
        await desk.assess(seconds=61)
    assert len(desk.connection.sent) >= 1


async def test_a_rehearsal_is_one_request(desk: Switch):
    await desk.receiver.rehearse()
    assert desk.connection.tried == 1
    assert desk.connection.closed
