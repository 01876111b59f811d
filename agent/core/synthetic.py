r"""Identities that cannot belong to anyone.

A test number matches ``^49\d{2}00\d{6}0000$``: province 49 is unassigned, district 00 and sequence
0000 are never issued. Passports are ``SYN`` and six digits, the name says what it is, the mail
domain cannot exist, and no claim of the state carries the billing code of fifteen zeros.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """A synthetic identity."""

    nik: str
    name: str
    passport: str
    email: str
    billing_code: str = "0" * 15


def applicant_for(branch: str) -> Applicant:
    """The one applicant of a branch: the same in every run, and told from other branches'."""
    digest = hashlib.sha256(branch.encode()).digest()
    serial = int.from_bytes(digest[:4], "big") % 1_000_000
    # Each part of the number takes digits of its own: two branches share one in over a million.
    number, town = divmod(int.from_bytes(digest[4:12], "big"), 100)
    number, day = divmod(number, 28)
    number, month = divmod(number, 12)
    year = 60 + number % 40
    return Applicant(
        nik=f"49{town:02}00{day + 1:02}{month + 1:02}{year}0000",
        name=f"SINTETIS PROBE {branch.upper()}",
        passport=f"SYN{serial:06}",
        email=f"probe-{branch}@example.invalid",
    )
