"""The daily digest: which offices take no part, why, and since when; said once a day.

One office's trouble is no national message. But somebody has to know of an office that has been
silent for a week, and that another is silent only because the calendar closes it. Each kind has a
line of its own, names are bounded, and the rest is counted.

On a day on which all is well nothing is said unless that is wanted: a message of nothing every
morning is soon read by nobody, and that Pantau itself is dead is for the dead man's switch to tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from agent.core import vocabulary
from agent.core.model import Branch
from agent.core.open_enum import OpenEnum

NAMES_KEPT = 12
"""Of each kind; a record of all kinds at their worst has to fit into 16 kB."""
LATEST_S = 6 * 3_600.0
"""A digest that could not be begun for so long is left out: it is the next day's."""


class Absence(OpenEnum):
    """How an office takes no part, or not the whole part."""

    SILENT = "silent"
    ABSTAINING = "abstaining"
    """Its own controls fail: it cannot see."""
    OWN_TROUBLE = "own-trouble"
    """It has been failing alone for long, and does not vote on those services."""
    MISMATCHED = "mismatched"
    """It runs under another configuration."""
    MAINTENANCE = "maintenance"
    CLOSED = "closed"
    """Silent, and closed by the calendar."""

    @property
    def planned(self) -> bool:
        """Nobody has to do anything about it."""
        return self in (Absence.MAINTENANCE, Absence.CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """One office."""

    name: str
    since_s: float
    """Stream time since which this is so, as far as this leader has seen."""
    earlier: bool = False
    """It was so already when this leader began."""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absentees:
    """All offices of one kind: how many, and the first of them."""

    kind: Absence
    count: int
    first: tuple[Absent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What one day's digest says."""

    at_s: float
    """Stream time of it."""
    zone: str
    """IANA name of the zone in which its times are told."""
    roster: int
    reporting: int
    absent: tuple[Absentees, ...] = ()
    """By kind, none empty."""

    @property
    def all_well(self) -> bool:
        """Nothing is missing that anybody would have to look into."""
        return all(each.kind.planned for each in self.absent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """Days on which offices are closed, so that their silence is expected."""

    first: date
    last: date
    offices: frozenset[str] = frozenset()
    """Their ids; empty: all."""

    def covers(self, branch: Branch, at_s: float) -> bool:
        """Whether this office is closed at stream time ``at_s``, by the days of its own zone."""
        here = not self.offices or branch.id in self.offices
        return here and self.first <= _there(at_s, branch.zone).date() <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestPlan:
    """Where and when it is told. Without a channel it is not."""

    channel: str | None = None
    hour: int = 7
    minute: int = 30
    zone: str = "Asia/Jakarta"
    quiet_days: bool = False
    """Also on days on which all is well."""
    closures: tuple[Closure, ...] = ()

    def day_due(self, at_s: float) -> str | None:
        """The day whose digest is due at stream time ``at_s``, ``yyyymmdd``; None: none is."""
        there = _there(at_s, self.zone)
        begins = there.replace(hour=self.hour, minute=self.minute, second=0, microsecond=0)
        late_s = (there - begins).total_seconds()
        if self.channel is None or not 0 <= late_s < LATEST_S:
            return None
        return f"{there:%Y%m%d}"

    def closed(self, branches: Mapping[str, Branch], branch: str, at_s: float) -> bool:
        """Whether the calendar closes this office now."""
        known = branches.get(branch)
        return known is not None and any(each.covers(known, at_s) for each in self.closures)


def _there(at_s: float, zone: str) -> datetime:
    return datetime.fromtimestamp(at_s, timezone(timedelta(hours=vocabulary.hours_ahead(zone))))
