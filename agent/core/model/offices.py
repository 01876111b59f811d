"""The nation: who watches, and what is watched."""

from __future__ import annotations

import re
from dataclasses import dataclass

NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,127}")
"""What a branch, a service or a record may be called; see :func:`is_name`."""


def is_name(text: str) -> bool:
    """Tell whether ``text`` may name a branch, service or record: ``NAME``, no empty token."""
    return NAME.fullmatch(text) is not None and "" not in text.split(".")


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where an office stands, for maps alone."""

    latitude_degrees: float
    longitude_degrees: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """An office of the roster: a vantage point, never a thing probed."""

    id: str
    name: str
    province: str
    island: str
    zone: str
    """IANA time zone, for example ``Asia/Jayapura``."""
    carrier: str | None = None
    egress: str | None = None
    weight: float = 1.0
    """Passports a working day, relative; impact only, never detection."""
    hub: bool = False
    """May be elected leader, and holds the Slack secrets."""
    position: Position | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One central API, the unit of judgement."""

    id: str
    name_id: str
    name_en: str
    needs: tuple[str, ...] = ()
    sign_in: bool = False
