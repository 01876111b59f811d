"""The values of a scenario as people write them: durations, scopes, starts, and what kinds take.

Every function raises ValueError, which says how to write the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from agent.simulation.scenario import ZONES, Kind, Reach, Scope

_DAYS = re.compile(r"(\d+)\+(\d{1,2}):(\d{2})(?::(\d{2}))?")
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d|)")
_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LISTED = re.compile(r"(offices|provinces)\s*:\s*\[(.*)\]")
_START = re.compile(r"(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?) (WIB|WITA|WIT)")
_OFFSET_H = {"WIB": 7, "WITA": 8, "WIT": 9}


def parse_duration_s(value: object) -> float:
    """Seconds of ``d+hh:mm``, ``d+hh:mm:ss``, ``40s``, ``5m``, ``6h``, ``2d`` or a plain number."""
    written = str(value).strip()
    if match := _DAYS.fullmatch(written):
        days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return days * 86400.0 + hours * 3600.0 + minutes * 60.0 + seconds
    if span := _SPAN.fullmatch(written):
        return float(span[1]) * _SECONDS[span[2]]
    raise ValueError(f'"{written}" is no duration; write d+hh:mm (as 0+06:30), 40s, 5m, 6h or 2d')


def parse_scope(value: object) -> Scope:
    """A scope as the contract writes it."""
    if isinstance(value, Mapping) and len(value) == 1:
        # The unquoted spelling: YAML makes `{offices: [jember]}` of it.
        [(word, names)] = value.items()
        listed = ",".join(str(name) for name in names) if isinstance(names, tuple) else None
        value = f"{word}:[{listed}]" if listed is not None else f"{word}:{names}"
    written = str(value).strip()
    if written == Reach.ALL:
        return Scope()
    if match := _LISTED.fullmatch(written):
        names = tuple(name.strip(" \"'") for name in match[2].split(",") if name.strip())
        if names:
            return Scope(reach=Reach(match[1]), names=names)
    word, _, rest = written.partition(":")
    if word == Reach.ZONE and rest.strip() in ZONES:
        return Scope(reach=Reach.ZONE, names=(rest.strip(),))
    if word == Reach.SHARE and (share := _share(rest)) is not None:
        return Scope(reach=Reach.SHARE, share=share)
    raise ValueError(
        f'"{written}" is no scope; write all, provinces:[Bali], tz:WIB (or WITA, WIT), '
        "offices:[jember] or share:0.4"
    )


def _share(written: str) -> float | None:
    try:
        share = float(written)
    except ValueError:
        return None
    return share if 0.0 <= share <= 1.0 else None


def parse_start(value: object) -> datetime:
    """The local wall clock and zone at offset 0."""
    match = _START.fullmatch(str(value))
    try:
        if match:
            zone = timezone(timedelta(hours=_OFFSET_H[match[2]]), match[2])
            return datetime.fromisoformat(match[1]).replace(tzinfo=zone)
    except ValueError:
        pass  # The pattern fits, the date does not exist: told below.
    raise ValueError(f'"{value}" is no start; write it as "2019-05-06T10:00 WITA"')


# --- what each kind takes ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parameter:
    """One setting of a kind: what it may be, and what it is when it is not written."""

    check: Callable[[object], float | str]
    default: float | str | None = None
    """None: nothing unless it is written."""


def number(low: float, high: float, unit: str) -> Callable[[object], float]:
    """A reader of numbers of ``unit`` between two borders."""

    def check(value: object) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        raise ValueError(f"write {unit} from {low:g} to {high:g}, not {value!r}")

    return check


def text(value: object) -> str:
    """Words; a number is taken as it was written."""
    if isinstance(value, str | int | float):
        return str(value)
    raise ValueError("write a text")


def _status(value: object) -> float:
    if not isinstance(value, int) or not 200 <= value <= 599:  # noqa: PLR2004 - HTTP's own borders
        raise ValueError(f"write an HTTP status from 200 to 599, not {value!r}")
    return value


_RATIO = Parameter(number(0.0, 1.0, "a share"), 1.0)

PARAMETERS: Mapping[Kind, Mapping[str, Parameter]] = {
    Kind.LATENCY: {
        "factor": Parameter(number(0.01, 1e6, "a factor")),
        "ms": Parameter(number(0.0, 3.6e6, "milliseconds")),
    },
    Kind.HTTP: {
        "code": Parameter(_status, 503.0),
        "ratio": _RATIO,
        "body": Parameter(text, ""),
    },
    Kind.TIMEOUT: {"ratio": _RATIO},
    Kind.REFUSE: {},
    Kind.RESET: {"ratio": _RATIO},
    Kind.DNS: {"rcode": Parameter(text, "NXDOMAIN")},
    Kind.TLS: {"reason": Parameter(text, "certificate has expired")},
    Kind.AUTH_FAIL: {"ratio": _RATIO},
    Kind.SCHEMA_DRIFT: {"change": Parameter(text, "every field has another name")},
    Kind.QUEUE_STUCK: {"drain": Parameter(number(0.0, 1.0, "a share"), 0.0)},
    Kind.RANDOM_APPROVE: {"ratio": _RATIO},
    Kind.STALE: {"lag": Parameter(parse_duration_s, 3600.0)},
    Kind.LOSS: {"ratio": _RATIO},
    Kind.CLOSED: {},
}
"""What each kind takes."""
