"""No reply is written without words, nor into a record that the exchange would not take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from agent.adapters.memory_exchange import MemoryExchange, MemoryStore
from agent.clock import BootClock
from agent.core import codec, incident_circumstances, incident_life, incident_replies
from agent.core import incident as incidents
from agent.core.incident import Change, Claim, Delivery, Incident
from agent.core.model import Evidence, Spread
from agent.core.order import MAX_AUTHOR, MAX_REASON, Order, OrderKind
from agent.core.wording import Wording
from agent.pipeline.incident_book import IncidentBook
from agent.pipeline.scribe import Scribe
from agent.ports import MAX_VALUE_BYTES, Drop
from tests.support.newsroom import MAIN, situation
from tests.support.tally import Tally

NOW_S = 1_760_000_020.0


def scribe(meters: Tally) -> Scribe:
    store = MemoryStore(BootClock())
    return Scribe(IncidentBook(MemoryExchange(store, "jember"), lambda: True), Wording(), meters)


def largest() -> Incident:
    """Three hundred offices, every service behind it, a storm, and a mark of each receiver."""
    services = tuple(f"layanan.nomor-{n}" for n in range(20))
    everywhere = replace(
        situation(),
        affected=services,
        working=services,
        evidence=Evidence(
            failing=tuple(f"kantor-imigrasi-{n:03}" for n in range(300)),
            reporting=300,
            first_step="x" * 200,
        ),
        spread=Spread(provinces={f"Nusa Tenggara Timur {n}": (10, 10) for n in range(38)}),
    )
    incident = incident_life.begin(everywhere, channel=MAIN, term=1, now_s=NOW_S)
    members = tuple(f"incident.national.all.{service}" for service in services)
    return replace(incident, opening=123_456, members=members)


def decided(incident: Incident, kind: OrderKind) -> Incident:
    order = Order(
        incident=incident.id,
        kind=kind,
        author="\N{LOTUS}" * MAX_AUTHOR,
        reason="\N{LOTUS}" * MAX_REASON,
        at_s=NOW_S,
    )
    return incident_circumstances.obeyed(incident, order, NOW_S)


def full(incident: Incident, meters: Tally) -> Incident:
    """Nothing was told for hours, whatever happened and whatever people decided."""
    writer = scribe(meters)
    for kind in (OrderKind.ACK, OrderKind.MUTE):
        incident = writer.worded(decided(incident, kind), incident)
    for _ in range(12):
        said = incident_replies.say_words(incident, Change.WORSE, "t" * 600, NOW_S)
        incident = writer.worded(said, incident)
    return writer.worded(decided(incident, OrderKind.CLOSE), incident)


def marked(incident: Incident) -> Incident:
    """As it is while two of its messages are being told, with a mark of each receiver."""
    claim = Claim(by="b" * 64, term=1_000, at_s=NOW_S)
    for each in incident.messages[:2]:
        claimed = replace(each, delivery=Delivery.CLAIMED, claim=claim)
        incident = incidents.with_message(incident, claimed)
    for receiver in range(8):
        incident = incidents.with_handed(incident, f"{receiver:040}", 40)
    return incident


def test_whatever_happened_and_was_decided_the_record_fits_into_the_exchange():
    incident = full(largest(), Tally())
    assert len(codec.to_bytes(marked(incident))) <= MAX_VALUE_BYTES


def test_what_had_no_room_is_counted_and_the_newest_stays():
    meters = Tally()
    incident = full(largest(), meters)
    assert incident.messages[0].change is Change.OPENED
    assert incident.messages[-1].change is Change.ORDERED
    assert incident.messages[-1].sequence == 15
    waiting = _waiting(incident)
    assert waiting == sorted(waiting)
    assert meters.drops[Drop.MESSAGE] == 16 - len(waiting)


@pytest.mark.parametrize("told", [Delivery.POSTED, Delivery.COVERED])
def test_what_is_told_makes_room_before_what_waits(told: Delivery):
    writer, incident = scribe(meters := Tally()), largest()
    for turn in range(10):
        said = incident_replies.say_words(incident, Change.WORSE, "t" * 300, NOW_S)
        if turn < 3:
            said = incidents.with_message(said, replace(said.messages[-1], delivery=told))
        incident = said
    newer = incident_replies.say_words(incident, Change.WORSE, "t" * 900, NOW_S)
    worded = writer.worded(newer, incident)
    left = [each.sequence for each in worded.messages]
    assert left[-8:] == [*range(4, 12)]
    assert len(left) < 12
    assert not meters.drops


def _waiting(incident: Incident) -> Sequence[int]:
    return [each.sequence for each in incident.messages if each.delivery is Delivery.PENDING]
