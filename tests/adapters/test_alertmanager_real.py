"""Against a real Alertmanager: two hubs are one alert, which fires once and is resolved once."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.adapters.alertmanager_receiver import AlertmanagerReceiver
from agent.adapters.receiver_connection import Destination
from agent.clock import BootClock
from agent.core import incident_life
from agent.core.incident import Incident
from agent.core.model import AlarmPhase, Severity
from agent.core.wording import Wording
from agent.ports import Effect, NotifyError
from tests.adapters.receiver_contract import an_incident, running, until
from tests.support import alertmanager
from tests.support.alertmanager import Alertmanager
from tests.support.http_sink import HttpSink, http_sink
from tests.support.newsroom import situation
from tests.support.tally import Tally

pytestmark = [pytest.mark.anyio, pytest.mark.real("alertmanager")]


@pytest.fixture
async def people():
    """Who Alertmanager tells."""
    async with http_sink() as sink:
        yield sink


@pytest.fixture
async def real(tmp_path: Path, people: HttpSink):
    started = alertmanager.running(tmp_path, people.url)
    try:
        yield await asyncio.to_thread(started.__enter__)
    finally:
        await asyncio.to_thread(started.__exit__, None, None, None)


def hub(real: Alertmanager, meters: Tally, language: str = "id") -> AlertmanagerReceiver:
    to = Destination(
        name="alertmanager",
        url=lambda: real.url,
        wording=Wording(language="en" if language == "en" else "id"),
        clock=BootClock(),
        meters=meters,
    )
    return AlertmanagerReceiver(to)


def recent(service: str = "simponi.billing", opening: int = 7) -> Incident:
    now_s = BootClock().wall_s()
    return replace(an_incident(service, opening=opening), since_s=now_s - 30, opened_s=now_s - 10)


def told(people: HttpSink) -> list[tuple[str, str]]:
    """Status and service of every alert that people were told of, in that order."""
    return [
        (alert["status"], alert["labels"]["service"])
        for came in people.came
        for alert in json.loads(came.body)["alerts"]
    ]


async def fires(real: Alertmanager) -> list[dict[str, Any]]:
    return await asyncio.to_thread(real.alerts)


async def test_two_hubs_are_one_alert_that_fires_once_and_is_resolved_once(
    real: Alertmanager, people: HttpSink
):
    meters = Tally()
    first, second = hub(real, meters), hub(real, meters, "en")
    begun, clock = recent(), BootClock()
    async with running(first), running(second):
        first.take([begun], clock.wall_s())
        second.take([begun], clock.wall_s() + 0.5)
        await until(lambda: len(people.came) > 0)
        worse = replace(begun, severity=Severity.DOWN, term=2)
        for _ in range(3):
            second.take([worse], clock.wall_s())
            await second._tell()
            await first._tell()
        (alert,) = await fires(real)
        assert alert["labels"]["incident"] == begun.id
        assert alert["annotations"]["severity"] in ("partial", "down")
        assert told(people) == [("firing", "simponi.billing")]

        over = incident_life.advance(
            worse,
            replace(situation(), phase=AlarmPhase.CLOSED, ended_s=clock.wall_s() - 1),
            term=2,
            now_s=clock.wall_s(),
        )
        for receiver in (first, second, first):
            receiver.take([over], clock.wall_s())
            await asyncio.sleep(0.3)
        await until(lambda: len(told(people)) > 1)
        assert await fires(real) == []
        await asyncio.sleep(1.0)
    assert told(people) == [("firing", "simponi.billing"), ("resolved", "simponi.billing")]
    assert not [effect for _, effect in meters.received if effect is not None]


async def test_a_storm_arrives_whole_in_one_request(real: Alertmanager):
    meters = Tally()
    receiver = hub(real, meters)
    many = [recent(f"service-{n}", opening=n + 1) for n in range(40)]
    async with running(receiver):
        receiver.take(many, BootClock().wall_s())
        await until(lambda: meters.received["alertmanager", None] == 1)
        assert len(await fires(real)) == 40


async def test_a_rehearsal_is_an_alert_of_another_name(real: Alertmanager, people: HttpSink):
    await hub(real, Tally()).rehearse()
    await until(lambda: len(people.came) > 0)
    (alert,) = json.loads(people.came[0].body)["alerts"]
    assert alert["labels"] == {"alertname": "PantauRehearsal"}
    assert "[LATIHAN]" in alert["annotations"]["summary"]


async def test_what_it_finds_wrong_is_a_refusal_and_no_unknown(real: Alertmanager):
    receiver = hub(real, Tally())
    with pytest.raises(NotifyError) as caught:
        await receiver._post([{"labels": {}, "startsAt": "yesterday"}])
    await receiver._connection.close()
    assert caught.value.effect is Effect.REFUSED
