"""The status of a branch on the wire: what goes in comes out, and hostile bytes are refused."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core import wire
from agent.core.codec import WireError
from agent.core.lockout import MOST_TOLD, mark_of
from agent.core.model import (
    RING_SIZE,
    ChannelState,
    Outcome,
    Refusals,
    RingEntry,
    ServiceStatus,
    Sight,
    Status,
    is_name,
)
from agent.core.shared_controls import MOST_CONTROLS, is_shared_name

RECORDED = Path(__file__).parent / "recorded"

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
names = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}(\.[a-z0-9_-]{1,20}){0,3}", fullmatch=True)
level = st.integers(0, 100_000).map(lambda n: n / 10_000)
entries = st.builds(
    RingEntry,
    age_s=st.integers(0, 10_000_000).map(lambda n: n / 100),
    outcome=st.sampled_from(Outcome),
    step=text,
    code=st.none() | text,
    blocked_by=st.none() | text,
)
count = st.integers(0, 2**53 - 1)
seconds = st.integers(0, 10**9).map(float)
services = st.builds(
    ServiceStatus,
    counts=st.tuples(count, count, count, count, count),
    fail=st.builds(ChannelState, w=level, p0=level, hot_s=st.none() | seconds),
    slow=st.builds(ChannelState, w=level, p0=level, hot_s=st.none() | seconds),
    ring=st.lists(entries, max_size=RING_SIZE).map(tuple),
)
controls = st.lists(
    st.from_regex(r"(tcp|dns|https) [a-z0-9.-]{1,20}:[0-9]{1,5}", fullmatch=True).filter(
        is_shared_name
    ),
    unique=True,
    max_size=MOST_CONTROLS,
)


@st.composite
def sights(draw: st.DrawFn) -> Sight:
    has = draw(controls)
    some = st.just([]) if not has else st.lists(st.sampled_from(has), unique=True)
    return Sight(
        sees=draw(st.booleans()),
        why_not=draw(st.none() | text.filter(bool)),
        front=draw(st.none() | text.filter(bool)),
        controls=tuple(has),
        failing=tuple(draw(some)),
        ignored=tuple(draw(some)),
    )


statuses = st.builds(
    Status,
    branch=names,
    program=text,
    nation=text,
    boot_id=text,
    boot_counter=count,
    uptime_s=st.integers(0, 10**9).map(lambda n: n / 10),
    sight=sights(),
    loop_lag_s=st.integers(0, 10**6).map(lambda n: n / 1000),
    exchange=text,
    services=st.dictionaries(names, services, max_size=4),
    refused=st.dictionaries(
        text,
        st.builds(Refusals, in_a_row=count, age_s=st.integers(0, 10**9).map(lambda n: n / 10)),
        max_size=3,
    ),
)


@given(statuses)
def test_a_status_comes_back_as_it_was_sent(status):
    assert wire.decode_status(status.branch, wire.encode_status(status)) == status


def status_with(name: str) -> Status:
    """The fullest status that is foreseen: twenty services of the longest names, full rings.

    And all controls that an office may name, failing and not counted.
    """
    longest = [f"{n:02d}" + "x" * 126 for n in range(20)]
    controls = tuple(f"dns a{n:02d}" + "x" * 60 for n in range(MOST_CONTROLS))
    entry = [
        RingEntry(
            age_s=12345.67,
            outcome=Outcome.DRIFT,
            step=f"{n:02d}" + "s" * 60,
            code="unexpected",
            blocked_by=longest[n],
        )
        for n in range(20)
    ]
    return Status(
        branch=name,
        program="9" * 32,
        nation="r999999:0123456789abcdef",
        boot_id="b" * 32,
        boot_counter=10**9,
        uptime_s=123456789.1,
        sight=Sight(
            sees=False,
            why_not="w" * 300,
            front="f" * 300,
            controls=controls,
            failing=controls,
            ignored=controls,
        ),
        loop_lag_s=123.456,
        exchange="standalone",
        services={
            service: ServiceStatus(
                counts=(10**9,) * 5,
                fail=ChannelState(w=9.2103, p0=0.012345, hot_s=123_456_789.0),
                slow=ChannelState(w=7.8240, p0=0.012345, hot_s=123_456_789.0),
                ring=(entry[n],) * RING_SIZE,
            )
            for n, service in enumerate(longest)
        },
        refused={
            mark_of(f"credential-{n}"): Refusals(in_a_row=10**6, age_s=123456789.1)
            for n in range(MOST_TOLD)
        },
    )


def test_twenty_services_of_the_longest_names_with_full_rings_fit_in_sixteen_kilobytes():
    value = wire.encode_status(status_with("x" * 128))
    assert len(value) <= wire.MAX_STATUS_BYTES
    read = wire.decode_status("x" * 128, value)
    assert len(read.services) == 20
    assert len(read.sight.failing) == len(read.sight.ignored) == MOST_CONTROLS


def test_an_office_without_shared_controls_sends_not_a_byte_of_them():
    assert b"controls" not in wire.encode_status(plain())


def test_a_failing_control_is_told_by_its_place():
    sight = Sight(controls=("dns 9.9.9.9:53", "tcp a.example:443"), failing=("tcp a.example:443",))
    value = wire.encode_status(plain(sight=sight))
    assert b'"controls":[["dns 9.9.9.9:53","tcp a.example:443"],[1],[]]' in value


def test_a_reader_of_later_lists_of_controls_reads_the_first_three():
    lists = [["dns 9.9.9.9:53"], [0], [0], ["what version 3 adds"]]
    read = wire.decode_status("jember", changed(controls=lists)).sight
    assert read.controls == read.failing == read.ignored == ("dns 9.9.9.9:53",)


def test_a_step_of_endless_name_is_cut_and_not_refused_by_every_reader():
    ring = (RingEntry(age_s=0.0, outcome=Outcome.OK, step="é" * 500),)
    status = plain(services={"x": ServiceStatus(counts=(1, 0, 0, 0, 0), ring=ring)})
    read = wire.decode_status("jember", wire.encode_status(status))
    assert read.services["x"].ring[0].step == "é" * 200


def plain(**fields: object) -> Status:
    base: dict[str, object] = {
        "branch": "jember",
        "program": "0.1.0",
        "nation": "r1:0",
        "boot_id": "b",
        "boot_counter": 1,
        "uptime_s": 1.0,
        "sight": Sight(),
    }
    return Status(**(base | fields))  # type: ignore[arg-type]


# --- hostile bytes


def refused(value: bytes) -> bool:
    with contextlib.suppress(WireError):
        wire.decode_status("jember", value)
        return False
    return True


@given(st.binary(max_size=200))
def test_noise_is_refused_and_nothing_else_happens(value):
    assert refused(value)


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([10**400, -1, 2**53, "fail", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)
FIELDS = sorted(json.loads(wire.encode_status(status_with("x"))))


@given(st.sampled_from(FIELDS), anything)
def test_a_field_of_any_other_shape_is_refused_or_read_and_nothing_else_happens(field, value):
    body = json.loads(wire.encode_status(plain()))
    refused(json.dumps(body | {field: value}).encode())


@given(st.sampled_from(["n", "fail", "slow", "ring", "other"]), anything)
def test_a_service_of_any_other_shape_too(field, value):
    body = json.loads(wire.encode_status(plain()))
    refused(json.dumps(body | {"services": {"x": {field: value}}}).encode())


@given(st.integers(0, 4), anything)
def test_a_result_of_any_other_shape_too(place, value):
    body = json.loads(wire.encode_status(plain()))
    entry: list[object] = [1.0, "fail", 0, 0, None]
    entry[place] = value
    body |= {"services": {"x": {"ring": [entry]}}, "steps": ["s"], "kinds": ["k"]}
    refused(json.dumps(body).encode())


def changed(**fields: object) -> bytes:
    return json.dumps(json.loads(wire.encode_status(plain())) | fields).encode()


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (b"", "nothing"),
        (b"[]", "no object"),
        (b"\xff\xfe{", "no text"),
        (b"[" * 16_000, "nested too deep"),
        (b" " * 16_385, "too many bytes"),
        (changed(v=3), "a version that is not known here"),
        (changed(branch="surabaya"), "another branch's status under our subject"),
        (changed(boot="b"), "a boot without its counter"),
        (changed(boot=["b", True]), "a counter that is none"),
        (changed(up=float("nan")), "a number that is none"),
        (changed(up=10**400), "a number beyond all numbers"),
        (changed(up=1).replace(b'"up": 1,', b'"up": 1e999,'), "a number that overflows"),
        (changed(lag=-1), "a time before time"),
        (changed(program="x" * 201), "a text without end"),
        (changed(program="\ud800"), "half a character, which nobody could write on"),
        (changed(services={f"s{n}": {} for n in range(65)}), "more services than there are"),
        (changed(services={"UP": {}}), "a service of an impossible name"),
        (changed(services={"x": {"ring": [[0, "ok", 0, None, None]] * 9}}), "a ring of nine"),
        (changed(services={"x": {"ring": [[0, "ok", 0, None, None]]}}), "a step of no list"),
        (changed(services={"x": {"n": [1, 2, 3, 4]}}), "four counts"),
        (changed(services={"x": {"fail": [9.2]}}), "a level without its rate"),
        (changed(refused=[]), "refusals of no credential"),
        (changed(refused={"m": [3]}), "refusals without their age"),
        (changed(refused={"m": [True, 1.0]}), "refusals that are no count"),
        (changed(refused={"m": [3, -1.0]}), "an attempt in the future"),
        (changed(refused={f"m{n}": [3, 1.0] for n in range(65)}), "more credentials than targets"),
        (changed(controls={}), "no lists of controls"),
        (changed(controls=[["<b>"]]), "a control of an impossible name"),
        (changed(controls=[[f"dns a{n}:53" for n in range(17)]]), "more controls than are told"),
        (changed(controls=[["dns a:53"], [1]]), "a failing control of no list"),
        (changed(controls=[["dns a:53"], [0] * 17]), "more failing controls than there are"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused(value, why):
    assert refused(value), why


def test_a_plain_status_is_not():
    assert not refused(changed())


# --- what was recorded must be read for ever


def recorded(name: str) -> Status:
    value = (RECORDED / f"{name}.json").read_bytes().strip()
    return wire.decode_status(json.loads(value)["branch"], value)


def test_a_recorded_plain_status_is_still_read():
    status = recorded("status-v1-plain")
    assert (status.branch, status.boot_id, status.boot_counter) == ("jember", "b7c1", 41)
    assert status.sight == Sight(sees=True)
    assert status.services["simponi.billing"] == ServiceStatus(
        counts=(412, 0, 2, 0, 3),
        fail=ChannelState(w=9.2103, p0=0.005),
        slow=ChannelState(w=7.824, p0=0.01),
        ring=(
            RingEntry(age_s=6.0, outcome=Outcome.FAIL, step="billing inquiry", code="http_503"),
            RingEntry(age_s=0.0, outcome=Outcome.FAIL, step="billing inquiry", code="http_503"),
        ),
    )


def test_a_recorded_full_status_is_still_read():
    status = recorded("status-v1-full")
    assert len(status.services) == 20
    assert all(len(service.ring) == RING_SIZE for service in status.services.values())
    assert all(is_name(service) for service in status.services)
    assert status.sight.why_not == "gateway and resolver do not answer"
    blocked = status.services["alokasi"].ring[-1]
    assert (blocked.outcome, blocked.blocked_by) == (Outcome.VOID, "dukcapil.nik")


def test_a_recorded_status_with_controls_is_still_read():
    sight = recorded("status-v1-controls").sight
    assert sight.controls == ("dns 9.9.9.9:53", "tcp one.example:443", "https two.example:443")
    assert sight.failing == ("dns 9.9.9.9:53", "tcp one.example:443")
    assert sight.ignored == ("dns 9.9.9.9:53",)


@pytest.mark.parametrize("name", ["status-v1-unknown-fields", "status-v2"])
def test_fields_that_are_not_known_here_are_passed_over(name):
    status = recorded(name)
    assert status.services["simponi.billing"].counts == (412, 0, 2, 0, 3)
    assert status.services["simponi.billing"].ring[0].outcome is Outcome.FAIL
    assert status.services["simponi.billing"].fail == ChannelState(w=9.2103, p0=0.005)


def test_absent_means_zero():
    status = wire.decode_status("jember", b'{"v":1,"branch":"jember","boot":["b",1]}')
    assert (status.services, status.uptime_s, status.sight.sees) == ({}, 0.0, False)
