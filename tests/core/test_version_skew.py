"""A fleet is never of one version: what version 1 wrote is read for ever, and version 2 soon.

The records of ``fixtures/wire_v1`` were written by a fleet of fourteen offices, of which eleven saw
one service fail. They are never edited: a record of the past cannot change.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from agent.config import translate
from agent.config.loading import load_nation
from agent.core import codec, ledger, wire
from agent.core.election import Lease
from agent.core.hearing import LeaderBeat
from agent.core.incident import Incident
from agent.core.model import Bulletin, Status
from agent.core.nation import Nation, Outlook
from agent.core.tuning import Tuning

FIXTURES = Path(__file__).parents[1] / "fixtures/wire_v1"
EXAMPLE = Path(__file__).parents[2] / "agent/simulation/nation.yaml"
BILLING = "simponi.billing"
LATER = {"later": {"a": [1, None, "x"]}}
"""What no version reads yet."""

Body = dict[str, Any]


def recorded(name: str) -> Any:  # noqa: ANN401 - JSON
    return json.loads((FIXTURES / f"{name}.json").read_text())


def packed(body: object) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def read_status(body: Body) -> Status:
    return wire.decode_status(body["branch"], packed(body))


READERS: Mapping[str, Callable[[Body], object]] = {
    "bulletin": lambda body: codec.from_bytes(Bulletin, packed(body)),
    "incident": lambda body: codec.from_bytes(Incident, packed(body)),
    "leader-beat": lambda body: codec.from_bytes(LeaderBeat, packed(body)),
    "lease": lambda body: Lease.decode(packed(body)),
    "ledger": lambda body: ledger.decode("jember", "20251009", packed(body)),
}

# --- one record -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", READERS)
def test_a_record_of_version_1_is_read(name: str):
    assert READERS[name](recorded(name)) is not None


@pytest.mark.parametrize("name", READERS)
def test_fields_that_a_later_version_adds_are_passed_over(name: str):
    body = recorded(name)
    assert READERS[name](later(body)) == READERS[name](body)


def test_what_is_read_of_version_1_is_what_was_meant():
    incident = codec.from_bytes(Incident, packed(recorded("incident")))
    bulletin = codec.from_bytes(Bulletin, packed(recorded("bulletin")))
    assert (incident.id, len(incident.evidence.failing), incident.open) == (
        "incident.national.all.simponi.billing@178",
        11,
        True,
    )
    assert bulletin.incidents[0].id == incident.id
    assert Lease.decode(packed(recorded("lease"))) == Lease(
        holder="balikpapan", term=1, boot="boot-11"
    )


@pytest.mark.parametrize("name", ["bulletin", "incident", "leader-beat"])
def test_what_is_written_today_holds_all_that_version_1_reads(name: str):
    body = recorded(name)
    written = json.loads(codec.to_bytes(READERS[name](body)))
    assert contained(body, written)


def test_a_status_written_today_holds_all_that_version_1_reads():
    for each in recorded("statuses")["records"]:
        written = json.loads(wire.encode_status(read_status(each["value"])))
        assert contained(each["value"], written)


def test_a_heartbeat_of_version_1_has_what_one_has_today():
    assert set(recorded("beat")) == {"v", "boot", "sees"}
    assert recorded("beat")["v"] == wire.VERSION


# --- a fleet --------------------------------------------------------------------------------------


def test_a_fleet_of_two_versions_comes_to_the_same_assessments():
    old = assessed(lambda _place, body: body)
    mixed = assessed(lambda place, body: version_2(body) if place % 2 else body)
    new = assessed(lambda _place, body: version_2(body))

    billing = old.assessments[BILLING]
    assert billing.suspected, "the fixtures tell of an outage"
    assert billing.score > billing.threshold
    assert len(old.attendance.reporting) == 14
    assert old == mixed == new


def test_an_office_of_a_version_that_nobody_reads_is_silent_and_stops_nothing():
    with pytest.raises(codec.WireError):
        read_status(recorded("statuses")["records"][0]["value"] | {"v": 3})


def assessed(as_version: Callable[[int, Body], Body]) -> Outlook:
    """The nation, by the recorded statuses, each as some version writes it."""
    written = recorded("statuses")
    records, now_s = written["records"], written["now_s"]
    roster = {each.id: each for each in translate.branches(load_nation(EXAMPLE))}
    nation = Nation(
        branches=tuple(roster[each["branch"]] for each in records),
        periods_s=dict.fromkeys(records[0]["value"]["services"], 7.0),
        tuning=Tuning(),
        revision=records[0]["value"]["nation"],
    )
    for place, each in enumerate(records):
        status = read_status(as_version(place, each["value"]))
        assert nation.hear(each["branch"], status, each["stored_s"], now_s)
        nation.beat(each["branch"], now_s - 1.0, now_s)
    return nation.assess(now_s)


# --- a version that does not exist yet ------------------------------------------------------------


def version_2(body: Body) -> Body:
    """A status as a later version might write it: more fields everywhere, and longer rows."""
    services = {
        name: each
        | LATER
        | {
            "fail": [*each["fail"], 0.5],
            "slow": [*each["slow"], 0.5],
            "ring": [[*row, "more"] for row in each["ring"]],
        }
        for name, each in body["services"].items()
    }
    return body | LATER | {"v": 2, "boot": [*body["boot"], "more"], "services": services}


def later(body: Body) -> Body:
    """A record with another field, in it and in the parts of it that are records themselves."""
    parts = ("evidence", "spread", "messages", "incidents", "focus")
    return LATER | {
        name: _later_part(part) if name in parts else part for name, part in body.items()
    }


def _later_part(part: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(part, list):
        return [_later_part(each) for each in part]
    return LATER | part if isinstance(part, dict) else part


def contained(old: Any, new: Any) -> bool:  # noqa: ANN401 - JSON
    """Everything of ``old`` stands in ``new``, which may hold more."""
    if isinstance(old, dict):
        return all(name in new and contained(part, new[name]) for name, part in old.items())
    return bool(old == new)
