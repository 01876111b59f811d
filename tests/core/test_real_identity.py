"""Nothing that may belong to a real person leaves; nothing harmless is refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.real_identity import MAX_DEPTH, findings
from agent.core.synthetic import applicant_for

NOW_S = 1_795_000_000.0
REAL = "3509214507900001"
"""The shape of a number of Jember: a woman born on 5 July 1990. Nobody's that we know."""
SYNTHETIC = applicant_for("jember")


def found(**parts: object) -> list[str]:
    whole: dict[str, Any] = {
        "url": "/v1",
        "params": {},
        "headers": {},
        "body": None,
        "now_s": NOW_S,
    } | parts
    return findings(**whole)


@pytest.mark.parametrize(
    "parts",
    [
        {"url": f"/nik/{REAL}"},
        {"url": f"/nik/{REAL}.json"},
        {"url": "/nik/" + "".join(f"%{ord(c):02x}" for c in REAL)},
        {"url": "/nik/" + quote(quote("".join(f"%{ord(c):02x}" for c in REAL)))},
        {"url": f"/cari?kunci={REAL}"},
        {"url": "/cari?q=3509-2145-0790-0001"},
        {"url": "/cari?q=350921+450790+0001"},
        {"params": {"q": REAL}},
        {"headers": {"X-Subject": f"nik:{REAL}"}},
        {"body": {"a": [{"b": f"nomor {REAL}"}]}},
        {"body": {"a": int(REAL)}},
        {"body": {REAL: 1}},
        {"body": REAL.encode()},
    ],
)
def test_an_identity_number_is_found_wherever_it_stands_and_not_repeated(parts):
    (sentence,) = found(**parts)
    assert "identity number" in sentence
    assert "self.applicant.nik" in sentence
    assert REAL not in sentence


@pytest.mark.parametrize(
    ("key", "value", "mend"),
    [
        ("nik", "12345", "nik"),
        ("No. KTP", 12345, "nik"),
        ("nomor_paspor", "C1234567", "passport"),
        ("passportNumber", "X000001", "passport"),
        ("nama_lengkap", "Budi Santoso", "name"),
        ("fullName", ["Budi Santoso"], "name"),
        ("email", "budi@example.org", "email"),
    ],
)
def test_a_field_that_says_what_it_holds_must_hold_a_synthetic_one(key, value, mend):
    for parts in ({"body": {"pemohon": {key: value}}}, {"params": {key: value}}):
        (sentence,) = found(**parts)
        assert f"self.applicant.{mend}" in sentence
        assert f'"{key}"' in sentence
        assert str(value) not in sentence


def test_a_field_in_the_query_of_a_path_is_found_too():
    (sentence,) = found(url="/cari?nama=Budi+Santoso")
    assert "self.applicant.name" in sentence


def test_everything_is_told_at_once():
    sentences = found(url=f"/nik/{REAL}", body={"email": "budi@example.org", "nama": "Budi"})
    assert len(sentences) == 3


def test_what_nobody_can_look_through_is_refused():
    body: dict[str, Any] = {}
    for _ in range(MAX_DEPTH + 5):
        body = {"a": body}
    assert "deep" in found(body=body)[0]


def test_the_synthetic_applicant_may_be_named_in_every_way():
    body = {
        "nik": SYNTHETIC.nik,
        "nama": SYNTHETIC.name,
        "paspor": SYNTHETIC.passport,
        "email": SYNTHETIC.email,
        "kode_billing": SYNTHETIC.billing_code,
        "keterangan": None,
    }
    assert found(url=f"/nik/{SYNTHETIC.nik}?nik={SYNTHETIC.nik}", body=body, params=body) == []


@given(st.floats(-86_000.0, 86_000.0), st.sampled_from(["{}", "t={}", "{}Z"]))
def test_a_moment_in_microseconds_is_no_number_in_any_year_to_come(off_s, words):
    for now_s in (NOW_S, 1_802_000_000.0, 1_871_500_000.0):
        text = words.format(int((now_s + off_s) * 1e6))
        assert found(params={"at": text}, now_s=now_s) == []


@pytest.mark.parametrize(
    "harmless",
    [
        "2026112410231456",
        "12345678901234567",
        "123456789012345",
        "0000000000000000",
        "9999999999999999",
        "3509219907900001",
        "3509214513900001",
        "550e8400-e29b-41d4-a716-446655440000",
        "2026-11-24T10:23:14.123456Z",
        "1795000000.123456",
    ],
)
def test_other_numbers_of_sixteen_digits_and_moments_may_be_sent(harmless):
    assert found(body={"request_id": harmless}) == []


def test_a_secret_or_a_sign_in_is_not_a_name():
    body = {"username": "pantau-jember", "password": "s3cret", "grant_type": "password"}
    assert found(body=body, headers={"Authorization": "Bearer abc"}) == []
