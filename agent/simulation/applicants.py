"""The synthetic people in whose name simulated offices ask. None of them can exist.

Identity numbers begin with a province that was never assigned and end in a sequence that is never
issued; passports are ``SYN`` and digits; mail goes to ``example.invalid``.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from agent.probe import Applicant
from agent.simulation.scenario import stable_share

_FILE = Path(__file__).with_name("synthetic_applicants.json")


def applicant_of(office: str) -> Applicant:
    """The applicant of an office: the first one written down for it, else one made from its id."""
    return _written().get(office) or _made(office)


@cache
def _written() -> dict[str, Applicant]:
    records = json.loads(_FILE.read_text(encoding="utf-8"))
    return {
        record["branch"]: Applicant(
            nik=record["nik"],
            name=record["name"],
            passport=record["passport"],
            email=record["email"],
            billing_code=record["billing_inquiry"],
        )
        for record in reversed(records)
    }


def _made(office: str) -> Applicant:
    number = int(stable_share(office) * 900_000) + 100_000
    day = number % 28 + 1
    return Applicant(
        nik=f"49{number % 100:02d}00{day:02d}01900000",
        name=f"SINTETIS PROBE {office.upper()}",
        passport=f"SYN{number}",
        email=f"probe-{office}@example.invalid",
        billing_code="0" * 15,
    )
