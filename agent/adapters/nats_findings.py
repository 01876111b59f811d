"""What is found where an exchange is looked over: one thing, how bad it is, and its mend."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from agent.ports import ExchangeError


class Level(Enum):
    """How bad a finding is."""

    OK = "ok"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    what: str
    mend: str = ""


def wrong(what: str, mend: str) -> Finding:
    """Something that a person has to mend."""
    return Finding(level=Level.WRONG, what=what, mend=mend)


def ok(what: str) -> Finding:
    """Something that is as it must be."""
    return Finding(level=Level.OK, what=what)


def unknown(what: str, error: ExchangeError) -> Finding:
    """Something that could not be looked at."""
    return Finding(level=Level.UNKNOWN, what=f"{what}: cannot be told ({error})")
