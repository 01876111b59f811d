"""Every message of every incident is posted, signed, until it is taken or too old. Virtual time."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from agent.adapters import webhook_receiver
from agent.adapters.incident_document import document
from agent.adapters.webhook_receiver import KEPT_S, MOST_WAITING, SIGNATURE, WebhookReceiver
from agent.core import incident as incidents
from agent.core.incident import Change, Delivery, Incident, Message
from agent.core.model import Evidence
from agent.core.wording import Wording
from agent.ports import Effect
from tests.adapters.receiver_contract import an_incident, running
from tests.support.scripted_connection import NOW_S, SECRET, WORDING, Desk
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

Hook = Desk[WebhookReceiver]


@pytest.fixture
async def desk() -> Hook:
    return Desk(WebhookReceiver)


def said(incident: Incident, *changes: Change, at_s: float = NOW_S, **more: Any) -> Incident:  # noqa: ANN401 - fields
    """The incident with a message for each change."""
    first = 1 + max(each.sequence for each in incident.messages)
    new = tuple(
        Message(sequence=first + n, change=change, at_s=at_s, channel="pantau", **more)
        for n, change in enumerate(changes)
    )
    return replace(incident, messages=(*incident.messages, *new))


def ids(desk: Hook) -> list[str]:
    return [each.document["id"] for each in desk.connection.sent]


async def test_each_message_is_posted_once_in_its_order(desk: Hook):
    begun = an_incident()
    grown = said(begun, Change.GROWN, Change.RECOVERING)
    async with running(desk.receiver):
        await desk.assess(begun, seconds=5)
        await desk.assess(grown, seconds=60)
    assert ids(desk) == [f"{begun.id}/{n}" for n in range(3)]
    assert [each.document["change"] for each in desk.connection.sent] == [
        "opened",
        "grown",
        "recovering",
    ]
    assert {each.method for each in desk.connection.sent} == {"POST"}
    assert desk.receiver.handed() == {begun.id: 2}


async def test_a_document_is_what_the_page_about_receivers_says(desk: Hook):
    evidence = Evidence(failing=("a", "b"), reporting=12, first_step="kode", code="http_503")
    begun = replace(an_incident(), evidence=evidence, affected=("cetak",))
    async with running(desk.receiver):
        await desk.assess(begun, seconds=1)
    (sent,) = desk.connection.sent
    assert sent.document == {
        "version": 1,
        "id": f"{begun.id}/0",
        "change": "opened",
        "at": "2025-10-09T08:53:40.000+00:00",
        "quiet": False,
        "practice": False,
        "text": sent.document["text"],
        "incident": {
            "id": "incident.national.all.simponi.billing@7",
            "scope": "national",
            "group": "all",
            "service": "simponi.billing",
            "severity": "partial",
            "phase": "open",
            "since": "2025-10-09T08:53:20.000+00:00",
            "opened": "2025-10-09T08:53:40.000+00:00",
            "ended": None,
            "closed": None,
            "closed_by_hand": None,
            "failing": 2,
            "reporting": 12,
            "affected": ["cetak"],
            "first_step": "kode",
            "failure": "http_503",
            "page": WORDING.external_url,
        },
    }
    assert sent.document["text"].startswith("[NASIONAL][SEBAGIAN] Kode billing")


async def test_what_slack_tells_elsewhere_or_not_at_all_is_passed_on_and_says_so(desk: Hook):
    muted = said(an_incident(), Change.GROWN, delivery=Delivery.COVERED)
    async with running(desk.receiver):
        await desk.assess(muted, seconds=2)
    assert [each.document["quiet"] for each in desk.connection.sent] == [False, True]


async def test_an_exercise_says_that_it_is_one():
    told = document(an_incident(), an_incident().messages[0], Wording(practice=True))
    assert told["practice"] is True
    assert told["text"].startswith("[LATIHAN]")


async def test_time_and_body_are_signed_and_the_secret_is_not_sent(desk: Hook):
    async with running(desk.receiver):
        await desk.assess(an_incident(), seconds=1)
    (sent,) = desk.connection.sent
    at_s = int(NOW_S)
    header = sent.headers[SIGNATURE]
    assert header == webhook_receiver.signature(SECRET.encode(), at_s, sent.body)
    assert header.startswith(f"t={at_s},v1=")
    assert header != webhook_receiver.signature(SECRET.encode(), at_s + 1, sent.body)
    assert header != webhook_receiver.signature(SECRET.encode(), at_s, sent.body + b" ")
    assert SECRET not in str(sent)


async def test_what_is_not_acknowledged_is_sent_again_the_same_but_for_its_time(desk: Hook):
    desk.connection.effect = Effect.UNKNOWN
    begun = an_incident()
    async with running(desk.receiver):
        await desk.assess(begun, seconds=100)
        assert 5 <= desk.connection.tried <= 8, "1, 2, 5, 10, 30, 60 s apart"
        assert desk.receiver.handed() == {}
        assert desk.meters.receiver_waits == {"beside": 1}
        desk.connection.effect = None
        await desk.assess(replace(begun, peak=99), seconds=61)
    (sent,) = desk.connection.sent
    assert sent.document == json.loads(json.dumps(document(begun, begun.messages[0], WORDING)))
    assert desk.receiver.handed() == {begun.id: 0}


async def test_what_is_refused_for_good_is_given_up_at_once_and_holds_up_nothing(desk: Hook):
    desk.connection.refuses = b'"id": "incident.national.all.cetak@1/0"'
    others = [an_incident("cetak", opening=1), an_incident("simkim.login", opening=2)]
    with capture_logs() as logs:
        async with running(desk.receiver):
            await desk.assess(*others, seconds=3)
    assert ids(desk) == ["incident.national.all.simkim.login@2/0"]
    assert desk.meters.receiver_drops == {"beside": 1}
    assert [each["event"] for each in logs] == ["webhook_gives_up"]
    assert desk.receiver.handed() == {each.id: 0 for each in others}


async def test_what_waits_for_an_hour_is_given_up_and_counted(desk: Hook):
    desk.connection.effect = Effect.NOT_SENT
    async with running(desk.receiver):
        await desk.assess(an_incident(), seconds=KEPT_S + 100)
        assert desk.meters.receiver_drops == {"beside": 1}
        assert desk.receiver.handed() == {an_incident().id: 0}
        desk.connection.effect = None
        await desk.assess(an_incident(), seconds=100)
    assert desk.connection.sent == []


async def test_the_next_leader_begins_where_the_mark_is(desk: Hook):
    told = said(an_incident(), Change.GROWN, Change.SHRUNK)
    marked = incidents.with_handed(told, "beside", 1)
    async with running(desk.receiver):
        await desk.assess(marked, seconds=5)
    assert ids(desk) == [f"{told.id}/2"]
    assert desk.receiver.handed() == {told.id: 2}


async def test_a_mark_of_another_receiver_says_nothing(desk: Hook):
    marked = incidents.with_handed(an_incident(), "another", 5)
    async with running(desk.receiver):
        await desk.assess(marked, seconds=2)
    assert ids(desk) == [f"{marked.id}/0"]


async def test_what_is_older_than_the_receiver_is_neither_sent_nor_lost_nor_marked(desk: Hook):
    begun = an_incident()
    old = replace(
        begun, messages=tuple(replace(m, at_s=NOW_S - KEPT_S - 1) for m in begun.messages)
    )
    async with running(desk.receiver):
        await desk.assess(old, seconds=5)
        assert desk.receiver.handed() == {}
        await desk.assess(said(old, Change.CLOSED), seconds=2)
    assert ids(desk) == [f"{begun.id}/1"]
    assert desk.meters.receiver_drops == {}
    assert desk.receiver.handed() == {begun.id: 1}


async def test_what_grew_old_between_two_leaders_is_counted_as_lost(desk: Hook):
    marked = incidents.with_handed(an_incident(), "beside", 0)
    late = said(marked, Change.GROWN, at_s=NOW_S - KEPT_S - 1)
    async with running(desk.receiver):
        await desk.assess(late, seconds=5)
    assert desk.meters.receiver_drops == {"beside": 1}
    assert desk.receiver.handed() == {late.id: 1}


async def test_the_queue_has_an_end_and_what_finds_no_room_is_counted(desk: Hook):
    desk.connection.effect = Effect.UNKNOWN
    many = [an_incident(f"service-{n}", opening=n + 1) for n in range(MOST_WAITING + 50)]
    async with running(desk.receiver):
        await desk.assess(*many, seconds=1)
        assert desk.meters.receiver_waits == {"beside": MOST_WAITING}
        assert desk.meters.receiver_drops == {"beside": 50}
    assert desk.meters.receiver_waits == {"beside": 0}


async def test_what_waits_survives_that_another_incident_takes_the_records_place(desk: Hook):
    desk.connection.effect = Effect.UNKNOWN
    first, second = an_incident(opening=7), an_incident(opening=9)
    async with running(desk.receiver):
        await desk.assess(first, seconds=2)
        await desk.assess(second, seconds=2)
        desk.connection.effect = None
        await desk.assess(second, seconds=60)
        assert ids(desk) == [f"{first.id}/0", f"{second.id}/0"]
        assert desk.receiver.handed() == {second.id: 0}, "the first is forgotten"


async def test_a_rehearsal_names_no_incident(desk: Hook):
    await desk.receiver.rehearse()
    (sent,) = desk.connection.sent
    assert (sent.document["change"], sent.document["incident"]) == ("rehearsal", None)
    assert sent.document["practice"] is True
    assert SIGNATURE in sent.headers


async def test_a_run_ends_while_it_waits_for_news(desk: Hook):
    async with running(desk.receiver):
        await asyncio.sleep(10)
    assert desk.connection.closed
