"""Alerts are the same from every hub, stand while refreshed, and end once. In virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from agent.adapters.alertmanager_receiver import (
    FRESH_S,
    MOST_ALERTS,
    REFRESH_S,
    AlertmanagerReceiver,
    alert_of,
)
from agent.core import incident_life
from agent.core.incident import BLINDNESS, Incident, Phase
from agent.core.model import AlarmPhase, Evidence, Severity
from agent.core.order import OrderKind
from agent.core.wording import Wording
from agent.ports import Effect
from tests.adapters.receiver_contract import an_incident, running
from tests.support.newsroom import situation
from tests.support.scripted_connection import NOW_S, WORDING, Desk
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]


Alerts = Desk[AlertmanagerReceiver]


@pytest.fixture
async def desk() -> Alerts:
    return Desk(AlertmanagerReceiver)


def closed(incident: Incident, at_s: float, **changes: Any) -> Incident:  # noqa: ANN401 - fields
    over = replace(situation(incident.root), phase=AlarmPhase.CLOSED, ended_s=at_s - 15)
    return replace(incident_life.advance(incident, over, term=1, now_s=at_s), **changes)


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


async def test_an_incident_is_told_at_once_and_then_every_half_minute(desk: Alerts):
    async with running(desk.receiver):
        await desk.assess(an_incident(), seconds=95)
    assert desk.times == [0, 30, 60, 90]
    assert {(each.method, each.path) for each in desk.connection.sent} == {
        ("POST", "/api/v2/alerts")
    }
    for each in desk.connection.sent:
        (alert,) = each.document
        assert moment(alert["endsAt"]) == pytest.approx(NOW_S + each.at_s + 300, abs=1)
        assert moment(alert["startsAt"]) == an_incident().since_s


async def test_its_labels_are_the_same_whatever_happens_to_it_and_whoever_leads(desk: Alerts):
    begun = an_incident()
    later = replace(
        begun,
        term=9,
        severity=Severity.DOWN,
        phase=Phase.RECOVERING,
        affected=("cetak",),
        evidence=Evidence(failing=("a",), reporting=3, first_step="x", code="http_503"),
        revision=7,
    )
    told = [
        alert_of(each, wording, NOW_S)
        for each in (begun, later, closed(begun, NOW_S))
        for wording in (WORDING, Wording(language="en"))
    ]
    assert [each["labels"] for each in told] == [
        {
            "alertname": "PantauIncident",
            "incident": begun.id,
            "scope": "national",
            "group": "all",
            "service": "simponi.billing",
        }
    ] * len(told)
    assert {each["startsAt"] for each in told} == {told[0]["startsAt"]}
    assert told[0]["generatorURL"] == WORDING.external_url
    assert told[2]["annotations"]["severity"] == "down"
    assert told[2]["annotations"]["failing"] == "1"
    assert told[2]["annotations"]["failure"] == "http_503"
    assert "Kode billing" in told[0]["annotations"]["summary"]


async def test_what_changes_is_told_at_once_and_numbers_with_the_next_refresh(desk: Alerts):
    begun = an_incident()
    async with running(desk.receiver):
        await desk.assess(begun, seconds=5)
        await desk.assess(replace(begun, revision=2, peak=99), seconds=5)
        assert len(desk.connection.sent) == 1
        await desk.assess(replace(begun, revision=3, severity=Severity.DOWN), seconds=1)
    assert len(desk.connection.sent) == 2
    assert desk.connection.sent[1].at_s < 11


async def test_a_closed_one_is_told_with_its_end_for_five_minutes_more(desk: Alerts):
    begun = an_incident()
    async with running(desk.receiver):
        await desk.assess(begun, seconds=10)
        over = closed(begun, desk.stream_s)
        await desk.assess(over, seconds=400)
    ends = [each for each in desk.connection.sent if each.at_s > 9.9]
    assert ends[0].at_s < 11
    assert over.ended_s is not None
    assert {moment(each.document[0]["endsAt"]) for each in ends} == {over.ended_s}
    assert 270 < ends[-1].at_s - 10 <= 301
    assert len(ends) >= 10


async def test_a_new_leader_goes_on_telling_an_end_and_leaves_old_ones_alone(desk: Alerts):
    recent = closed(an_incident("cetak"), NOW_S - 200)
    old = closed(an_incident("simkim.login"), NOW_S - 301)
    async with running(desk.receiver):
        await desk.assess(old, recent, seconds=1)
        await desk.assess(old, recent, seconds=140)
    told = {alert["labels"]["service"] for each in desk.connection.sent for alert in each.document}
    assert told == {"cetak"}
    assert desk.connection.sent[-1].at_s <= 101


async def test_one_that_opens_again_fires_again(desk: Alerts):
    begun = an_incident()
    again = replace(begun, phase=Phase.OPEN)
    async with running(desk.receiver):
        await desk.assess(closed(begun, NOW_S), seconds=10)
        await desk.assess(again, seconds=1)
    (alert,) = desk.connection.sent[-1].document
    assert moment(alert["endsAt"]) > desk.stream_s + 290


async def test_a_storm_is_one_request(desk: Alerts):
    many = [an_incident(f"service-{n}", opening=n + 1) for n in range(40)]
    async with running(desk.receiver):
        await desk.assess(*many, seconds=3)
    assert [len(each.document) for each in desk.connection.sent] == [40]


async def test_too_many_are_cut_the_open_ones_last_and_counted(desk: Alerts):
    over = [closed(an_incident(f"closed-{n}", opening=n + 1), NOW_S) for n in range(500)]
    many = [an_incident(f"open-{n}", opening=n + 1) for n in range(700)]
    async with running(desk.receiver):
        await desk.assess(*over, *many, seconds=2)
        (sent,) = desk.connection.sent
        assert len(sent.document) == MOST_ALERTS
        told = {each["labels"]["service"] for each in sent.document}
        assert {each.root for each in many} <= told
        assert desk.meters.receiver_waits == {"beside": 200}
    assert desk.meters.receiver_waits == {"beside": 0}


async def test_while_nothing_stands_nothing_is_sent(desk: Alerts):
    async with running(desk.receiver):
        await desk.assess(seconds=120)
    assert desk.connection.tried == 0
    assert desk.connection.closed


async def test_what_nobody_assesses_any_more_is_left_to_end_by_itself(desk: Alerts):
    async with running(desk.receiver):
        await desk.assess(an_incident(), seconds=1)
        await asyncio.sleep(FRESH_S + 5 * REFRESH_S)
    assert len(desk.connection.sent) == 1


async def test_trouble_is_met_with_patience_and_everything_is_told_after_it(desk: Alerts):
    desk.connection.effect = Effect.UNKNOWN
    async with running(desk.receiver):
        await desk.assess(an_incident(), seconds=60)
        assert 5 <= desk.connection.tried <= 7
        assert desk.meters.receiver_waits == {"beside": 1}
        desk.connection.effect = None
        await desk.assess(an_incident(), seconds=31)
        assert desk.meters.receiver_waits == {"beside": 0}
    assert len(desk.connection.sent) == 1


async def test_an_end_is_never_before_the_beginning():
    begun = an_incident()
    for ended_s in (begun.since_s - 100, None):
        over = replace(closed(begun, begun.since_s - 50), ended_s=ended_s)
        alert = alert_of(over, WORDING, NOW_S)
        assert moment(alert["endsAt"]) > moment(alert["startsAt"])


async def test_what_a_person_closed_and_blindness_are_alerts_like_all():
    by_hand = closed(an_incident(), NOW_S, by_hand=OrderKind.FALSE_ALARM)
    assert alert_of(by_hand, WORDING, NOW_S)["annotations"]["summary"]
    blind = replace(an_incident(), root=BLINDNESS)
    alert = alert_of(blind, WORDING, NOW_S)
    assert alert["labels"]["service"] == BLINDNESS
    assert alert["annotations"]["summary"].startswith("[PANTAU]")


async def test_hostile_words_arrive_as_clean_text():
    hostile = "\x00\x1b[31m\u202e" + "x" * 5_000
    evidence = Evidence(failing=("a",), reporting=3, first_step=hostile, code=hostile)
    said = alert_of(replace(an_incident(), evidence=evidence), WORDING, NOW_S)["annotations"]
    assert len(said["first_step"]) <= 60
    assert not {"\x00", "\x1b", "\u202e"} & set("".join(said.values()))
