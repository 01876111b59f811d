"""Records to JSON and back by their own type hints; whatever else comes is refused."""

from __future__ import annotations

import json
from typing import get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core import codec
from agent.core.codec import WireError
from agent.core.incident import Incident
from agent.core.model import Bulletin

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
st.register_type_strategy(str, text)
st.register_type_strategy(float, st.floats(-1e12, 1e12))


@given(st.builds(Bulletin))
def test_a_bulletin_comes_back_as_it_was_sent(bulletin):
    assert codec.from_bytes(Bulletin, codec.to_bytes(bulletin)) == bulletin


@given(st.builds(Incident))
def test_an_incident_comes_back_as_it_was_written(incident):
    assert codec.from_bytes(Incident, codec.to_bytes(incident)) == incident


SMALL = Bulletin(term=3, leader="jember", nation="r1:0", at_s=1000.0)


def test_what_has_its_default_is_not_written():
    written = json.loads(codec.to_bytes(SMALL))
    assert "blind" not in written
    assert "focus" not in written


def changed(**fields: object) -> bytes:
    return json.dumps({**json.loads(codec.to_bytes(SMALL)), **fields}).encode()


def test_a_newer_agents_fields_are_passed_over():
    assert codec.from_bytes(Bulletin, changed(weather="fine")) == SMALL


INCIDENT = {
    "id": "i",
    "scope": "national",
    "group": "all",
    "root": "r",
    "severity": "down",
    "phase": "open",
    "since_s": 1,
    "failing": 1,
    "reporting": 1,
}


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (b"", "nothing"),
        (b"\xff", "no text"),
        (b"[" * 60_000, "nested too deep"),
        (b" " * 65_537, "too many bytes"),
        (b'{"term":3}', "fields are missing"),
        (b"[1]", "a list for an object"),
        (changed(term="3"), "a text for a number"),
        (changed(term=True), "a truth for a number"),
        (changed(term=None), "nothing for a number"),
        (changed(at_s=10**400), "a number beyond all numbers"),
        (changed(at_s=float("nan")), "a number that is none"),
        (changed(at_s=1).replace(b'"at_s": 1', b'"at_s": 1e999'), "a number that overflows"),
        (changed(leader="\ud800"), "half a character"),
        (changed(services={"\ud800": "normal"}), "half a character as a name"),
        (changed(services={"x": "splendid"}), "a state that is unknown"),
        (changed(services={"x": []}), "a list for a state"),
        (changed(services=[]), "a list for a mapping"),
        (changed(incidents={}), "an object for a list"),
        (changed(incidents=[{**INCIDENT, "scope": "world"}]), "a scope that is unknown"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused(value, why):
    with pytest.raises(WireError):
        codec.from_bytes(Bulletin, value)


def test_an_incident_in_a_bulletin_is_not():
    assert codec.from_bytes(Bulletin, changed(incidents=[INCIDENT])).incidents[0].since_s == 1.0


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@pytest.mark.parametrize("kind", [Bulletin, Incident])
@given(data=st.data())
def test_any_other_shape_is_refused_or_read_and_nothing_else_happens(kind, data):
    fields = st.dictionaries(st.sampled_from(sorted(get_type_hints(kind))), json_values)
    try:
        codec.from_bytes(kind, json.dumps(data.draw(fields)).encode())
    except WireError:
        return


@given(st.binary(max_size=100))
def test_noise_is_refused(value):
    with pytest.raises(WireError):
        codec.from_bytes(Bulletin, value)
