"""Finds what could belong to a real person in a request that is about to be sent.

A probe asks in the name of somebody who cannot exist (:mod:`agent.core.synthetic`). Two things give
a real person away: an identity number, wherever it stands, and a field whose name says that it
holds a number, a passport, a name or a mail address. Whatever is found is named by its place and
never repeated.

An identity number has sixteen digits: province (2), regency (2), district (2), day of birth (2, for
women 40 more), month (2), year (2), and a sequence (4). Sixteen digits by themselves may as well be
a moment in microseconds, so a number is one only if its province, regency and date are possible and
it is not a moment near ``now_s``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MAX_DEPTH = 32
"""Deeper than that no request of ours is nested; what is, is refused rather than looked through."""
_DAY_US = 86_400 * 1_000_000
_TIMES_DECODED = 5
"""A percent sign that was encoded twice hides a number as well as one that was encoded once."""

_PROVINCES = frozenset(
    (*range(11, 20), 21, *range(31, 37), *range(51, 54), *range(61, 66), *range(71, 77), 81, 82)
) | frozenset(range(91, 98))
_LARGEST_REGENCY, _CITIES = 39, range(71, 80)
_PLAIN_NUMBER = re.compile(r"(?<!\d)\d{16}(?!\d)")
_GROUPED_NUMBER = re.compile(
    r"(?<!\d)(?:\d{4}([ .-])\d{4}\1\d{4}\1\d{4}|\d{6}([ .-])\d{6}\2\d{4})(?!\d)"
)
_ENCODED = re.compile("%([0-9A-Fa-f]{2})")
_SYNTHETIC_NUMBER = re.compile(r"49\d{2}00\d{6}0000")
_SYNTHETIC_PASSPORT = re.compile(r"SYN\d{6}")
_ANY_MAIL = re.compile(r"[^@\s/?&=]+@[\w-]+(?:\.[\w-]+)+")
_SYNTHETIC_MAIL = re.compile(r"[^@\s]+@example\.invalid")

_NUMBER, _PASSPORT, _NAME, _MAIL = "an identity number", "a passport", "a name", "a mail address"
_NAMES = {
    _NUMBER: "nik ktp noktp nomorktp nomorinduk nomorindukkependudukan identitynumber idnumber "
    "nationalid personalnumber",
    _PASSPORT: "paspor nopaspor nomorpaspor passport passportno passportnumber",
    _NAME: "nama namalengkap namapemohon name fullname applicantname givenname firstname lastname "
    "surname",
    _MAIL: "email mail surel emailaddress alamatemail",
}
_FIELDS = {name: what for what, names in _NAMES.items() for name in names.split()}
"""Names of fields without case and punctuation, and what such a field holds."""
_MEND = {
    _NUMBER: "self.applicant.nik",
    _PASSPORT: "self.applicant.passport",
    _NAME: "self.applicant.name",
    _MAIL: "self.applicant.email",
}

Found = tuple[str, str]
"""Where, and what."""


def findings(
    *,
    url: str,
    params: Mapping[str, Any],
    headers: Mapping[str, Any],
    body: Any,  # noqa: ANN401 - JSON or a form, as the probe made it
    now_s: float,
) -> list[str]:
    """A sentence for everything that may be a real person's; none when the request may be sent.

    ``url``: path and query as the probe wrote them; ``body``: the JSON or form; ``now_s``: wall
    time, seconds since 1970, by which a moment is told from a number.
    """
    found = [
        *(("the path", what) for what in _in_text(url, now_s)),
        *_in_url_fields(url),
        *_in_value(params, "the query", now_s),
        *_in_value(headers, "the headers", now_s),
        *_in_value(body, "the body", now_s),
    ]
    return [_sentence(where, what) for where, what in dict.fromkeys(found)]


def applicant_field(key: str) -> str | None:
    """What of an applicant a field of this name holds (``nik``, ``name``, ...); None: nothing."""
    what = _what_it_holds(key)
    return None if what is None else _MEND[what].rpartition(".")[2]


def without_identities(text: str) -> str:
    """A text in which ``{applicant.nik}`` stands for every identity number, and so for mail."""
    for pattern in (_PLAIN_NUMBER, _GROUPED_NUMBER):
        text = pattern.sub("{applicant.nik}", text)
    return _ANY_MAIL.sub("{applicant.email}", text)


def _what_it_holds(key: str) -> str | None:
    return _FIELDS.get(re.sub(r"[^a-z]", "", key.lower()))


def _sentence(where: str, what: str) -> str:
    mend = _MEND.get(what)
    if mend is None:
        return f"{where}: {what}"
    return f"{where} holds {what} that may be a real person's; send {mend}"


def _in_value(value: Any, where: str, now_s: float, depth: int = 0) -> Iterator[Found]:  # noqa: ANN401
    if depth > MAX_DEPTH:
        yield where, f"nested more than {MAX_DEPTH} deep, so nobody can look through it"
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from ((where, what) for what in _in_text(str(key), now_s))
            yield from _in_field(str(key), inner, f'{where}, "{key}",')
            yield from _in_value(inner, where, now_s, depth + 1)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for inner in value:
            yield from _in_value(inner, where, now_s, depth + 1)
    elif value is not None and not isinstance(value, bool):
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        yield from ((where, what) for what in _in_text(text, now_s))


def _in_url_fields(url: str) -> Iterator[Found]:
    for field in url.partition("?")[2].split("&"):
        key, _, value = field.partition("=")
        yield from _in_field(_decoded(key), _decoded(value), "the query")


def _in_field(key: str, value: Any, where: str) -> Iterator[Found]:  # noqa: ANN401
    """A field that says what it holds must hold what cannot be a real one."""
    what = _what_it_holds(key)
    values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    for each in values:
        if what and isinstance(each, str | int) and not _is_synthetic(what, str(each)):
            yield where, what


def _is_synthetic(what: str, text: str) -> bool:
    text = text.strip()
    if not text:
        return True
    if what == _NAME:
        return "SINTETIS" in text
    pattern = {
        _NUMBER: _SYNTHETIC_NUMBER,
        _PASSPORT: _SYNTHETIC_PASSPORT,
        _MAIL: _SYNTHETIC_MAIL,
    }[what]
    return pattern.fullmatch(text) is not None


def _in_text(text: str, now_s: float) -> Iterator[str]:
    """Identity numbers anywhere in a text, however often it is percent-encoded."""
    for _ in range(_TIMES_DECODED):
        numbers = [each.group() for each in _PLAIN_NUMBER.finditer(text)]
        numbers += [each.group() for each in _GROUPED_NUMBER.finditer(text)]
        if any(_is_real(re.sub(r"\D", "", number), now_s) for number in numbers):
            yield _NUMBER
            return
        decoded = _decoded(text)
        if decoded == text:
            return
        text = decoded


def _decoded(text: str) -> str:
    """Percent-decoded once; beyond ASCII it may come out garbled, which hides no digit."""
    return _ENCODED.sub(lambda found: chr(int(found[1], 16)), text.replace("+", " "))


def _is_real(digits: str, now_s: float) -> bool:
    province, regency, day, month = (int(digits[at : at + 2]) for at in (0, 2, 6, 8))
    possible_place = province in _PROVINCES and (
        1 <= regency <= _LARGEST_REGENCY or regency in _CITIES
    )
    possible_date = (1 <= day <= 31 or 41 <= day <= 71) and 1 <= month <= 12  # noqa: PLR2004
    is_moment = abs(int(digits) - now_s * 1e6) < _DAY_US
    return possible_place and possible_date and not is_moment
