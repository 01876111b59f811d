"""Each office as the leader sees it: how it takes part, and its newest word on every service.

For dashboards of a nation whose offices nobody can scrape. The leader's metrics show it, and those
of no other agent: only who hears all offices can say it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from agent.core.model import Attendance, Outcome


class Part(StrEnum):
    """How an office takes part in the national verdict. A closed set: it labels a metric."""

    REPORTING = "reporting"
    ABSTAINING = "abstaining"
    SILENT = "silent"
    MAINTENANCE = "maintenance"
    UNHEARD = "unheard"
    """Not heard since this leader began, and not yet long enough to be called silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """All offices of the roster at one moment."""

    parts: Mapping[str, Part]
    """By office, every one of them."""
    words: Mapping[str, Mapping[str, Outcome]]
    """By service and office: the results that still stand, of offices that take part."""

    def word(self, office: str, service: str) -> Outcome:
        """What an office says of a service; ``VOID`` where it says nothing that stands."""
        return self.words.get(service, {}).get(office, Outcome.VOID)


def of(
    roster: Iterable[str],
    attendance: Attendance,
    words: Mapping[str, Mapping[str, Outcome]],
) -> Census:
    """Planned work comes before silence, and silence before what was said last."""
    parts: dict[str, Part] = dict.fromkeys(roster, Part.REPORTING)
    for part, offices in (
        (Part.ABSTAINING, attendance.abstaining),
        (Part.UNHEARD, attendance.unheard),
        (Part.SILENT, attendance.silent),
        (Part.MAINTENANCE, attendance.maintenance),
    ):
        parts |= dict.fromkeys(offices, part)
    return Census(parts=parts, words=words)
