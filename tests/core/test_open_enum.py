"""A word of a later version costs nobody an incident."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agent.core import codec, incident_circumstances, incident_life, message
from agent.core.codec import WireError
from agent.core.incident import Change, Delivery, Incident
from agent.core.model import NATION, AlarmPhase, Channel, Evidence, Scope, Severity, Situation
from agent.core.order import Order, OrderKind
from agent.core.wording import Wording

RECORDED = Path(__file__).parent / "recorded"
V1 = (RECORDED / "incident-v1.json").read_bytes()
LATER = (RECORDED / "incident-later.json").read_bytes()
"""With a change, a delivery, an order and fields that this version does not know."""


@pytest.fixture
def later() -> Incident:
    return codec.from_bytes(Incident, LATER)


def test_a_record_of_the_first_version_is_read_as_it_was_meant():
    incident = codec.from_bytes(Incident, V1)
    assert (incident.id, incident.open) == ("incident.national.all.simkim.login@3841", True)
    assert [each.change for each in incident.messages] == [Change.OPENED, Change.ORDERED]
    assert incident.muted(1_760_003_899.0)
    assert (incident.reminded, incident.acknowledgement) == (0, None)


def test_a_record_of_a_later_version_is_the_same_incident(later: Incident):
    assert (later.id, later.open, later.severity) == (
        "incident.national.all.simkim.login@3841",
        True,
        Severity.DEGRADED,
    )
    assert [each.change.known for each in later.messages] == [True, False, True]
    assert later.root_message.delivery is Delivery.POSTED


def test_its_words_are_written_back_as_they_were_read(later: Incident):
    again = codec.from_bytes(Incident, codec.to_bytes(later))
    assert again == later
    assert [each.change.value for each in again.messages] == ["opened", "handed-over", "grown"]
    assert again.messages[2].delivery.value == "deferred"
    assert again.orders[0].kind.value == "hand-over"


def test_it_lives_on(later: Incident):
    situation = Situation(
        scope=Scope.NATIONAL,
        group=NATION,
        root="simkim.login",
        severity=Severity.DOWN,
        phase=AlarmPhase.DECLARED,
        channels=(Channel.FAIL,),
        since_s=later.since_s,
        declared_s=later.opened_s,
        evidence=Evidence(failing=("jember", "malang", "medan"), reporting=12),
    )
    worse = incident_life.advance(later, situation, term=8, now_s=1_760_000_400.0)
    assert worse.messages[-1].change is Change.WORSE
    order = Order(incident=later.id, kind=OrderKind.CLOSE, author="b", reason="-", at_s=0.0)
    assert not incident_circumstances.obeyed(worse, order, 1_760_000_401.0).open


def test_what_it_says_has_words_even_without_its_own(later: Incident):
    for each in later.messages:
        assert "3/12" in message.reply(later, each.change, Wording()) or each.change.known
    assert message.reply(later, Change.ORDERED, Wording()) == "Keputusan petugas dicatat."
    assert message.root(later, Wording()).text


@pytest.mark.parametrize("word", ["", "Handed Over", "x" * 41, "a\nb", 7, None, ["opened"]])
def test_what_is_no_word_is_refused_all_the_same(word: object):
    with pytest.raises(ValueError, match="valid"):
        Change(word)  # type: ignore[arg-type]


@pytest.mark.parametrize("field", ["severity", "phase", "scope"])
def test_words_on_which_every_reader_acts_are_refused(later: Incident, field: str):
    written = codec.to_bytes(replace(later, opening=3841))
    value = codec.parse(written)[field]
    with pytest.raises(WireError, match=field):
        codec.from_bytes(
            Incident, written.replace(f'"{field}":"{value}"'.encode(), f'"{field}":"odd"'.encode())
        )


def test_a_decision_is_one_whichever_version_dated_its_end():
    order = Order(
        incident="incident.national.all.x@1",
        kind=OrderKind.MUTE,
        author="budi",
        reason="-",
        at_s=100.0,
        until_s=3_700.0,
        for_s=3_600.0,
    )
    dated = order.dated(5_000.0)
    assert dated.until_s == 8_600.0
    assert dated.same(order)
    assert replace(order, for_s=None).dated(5_000.0).until_s == 3_700.0
    assert not replace(order, at_s=101.0).same(order)
