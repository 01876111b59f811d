"""A line of a recording gives back the very event; anything else is refused, never a traceback."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from agent.adapters import recording_lines
from agent.core.codec import WireError
from agent.ports import (
    BeatPut,
    MaintenancePut,
    OrderPut,
    OwnStatus,
    Record,
    RecordedEvent,
    Silent,
    Stale,
    StatusPut,
    Synced,
    TermBegan,
)

AT_S = 1_760_000_012.345678
STATUS = b'{"v":1,"branch":"jember","note":"Kantor \xc3\xa9"}'
RECORD = Record(name="jember", value=STATUS, revision=3841, stored_s=1_760_000_012.25)
BEAT = Record(name="jember", stored_s=1_760_000_012.25)


@pytest.mark.parametrize(
    "event",
    [
        TermBegan(branch="medan", term=7, nation="r12:9f3c01ab"),
        StatusPut(record=RECORD, live=True),
        StatusPut(record=RECORD, live=False),
        BeatPut(record=BEAT, live=True),
        OwnStatus(record=RECORD),
        OrderPut(record=replace(RECORD, name="order.ack.incident.national.all.x")),
        MaintenancePut(record=replace(RECORD, name="maintenance.w1")),
        Synced(generation=1_760_000_000.5),
        Silent(branch="jember"),
        Stale(why="as recorded"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_every_event_comes_back_as_it_was(event: RecordedEvent):
    line = recording_lines.encode(event, AT_S)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert recording_lines.decode(line) == (event, AT_S)


@pytest.mark.parametrize("value", [bytes(range(256)), b'{"a":"\n"}', b"", b"\xff" * 16_384])
def test_the_bytes_of_a_value_are_kept_sound_or_not(value: bytes):
    event = StatusPut(record=Record(name="jember", value=value), live=True)
    line = recording_lines.encode(event, AT_S)
    assert line.count(b"\n") == 1
    assert recording_lines.decode(line)[0] == event


def test_the_reason_of_a_blind_watch_and_the_words_of_a_beat_are_not_kept():
    for event in (
        Stale(why="tls://pusat:4222 refused"),
        BeatPut(record=Record(name="jember", value=b"kenari"), live=True),
    ):
        line = recording_lines.encode(event, AT_S)
        assert b"pusat" not in line
        assert b"kenari" not in line


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"", "not JSON"),
        (b'{"at":1760000012.5,"kind":"sta', "not JSON"),
        (b"[1,2]", "an object was due"),
        (b'{"at":1,"kind":"party"}', "'party' is unknown"),
        (b'{"kind":"stale"}', "a field is missing"),
        (b'{"at":NaN,"kind":"stale"}', "not JSON"),
        (b'{"at":-1,"kind":"stale"}', "a time that no calendar knows"),
        (b'{"at":1e299,"kind":"stale"}', "a time that no calendar knows"),
        (b'{"at":1,"kind":"status","branch":"a","stored":1e20}', "a time that no calendar"),
        (b'{"at":1,"kind":"silent","branch":"../../etc"}', "an impossible branch"),
        (b'{"at":1,"kind":"own","branch":"a","value":"\xe2\x82\xac"}', "characters that are no"),
        (b'{"at":true,"kind":"stale"}', "float was due"),
        (b'{"at":1,"kind":"own","branch":"a","value":"\\ud800"}', "not a text"),
        (b"[" * 30_000, "nested too deep"),
        (b'"' + b"x" * 70_000 + b'"', "bytes are too many"),
    ],
)
def test_what_is_no_line_is_refused_with_a_reason(line: bytes, why: str):
    with pytest.raises(WireError, match=why):
        recording_lines.decode(line)


def test_a_line_says_its_facts_by_name():
    line = recording_lines.encode(StatusPut(record=RECORD, live=True), AT_S)
    assert list(json.loads(line)) == [
        "at", "kind", "branch", "stored", "revision", "live", "value"
    ]  # fmt: skip
