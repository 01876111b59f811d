"""Identities that cannot belong to anyone.

A test number matches ``^49\\d{2}00\\d{6}0000$``: province 49 is unassigned, district 00 and sequence
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
    number = int.from_bytes(hashlib.sha256(branch.encode()).digest()[:4], "big")
    day, month = 1 + number % 28, 1 + number // 28 % 12
    return Applicant(
        nik=f"49{number % 100:02}00{day:02}{month:02}900000",
        name=f"SINTETIS PROBE {branch.upper()}",
        passport=f"SYN{number % 1_000_000:06}",
        email=f"probe-{branch}@example.invalid",
    )
