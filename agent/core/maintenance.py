"""Planned work: when which services of which offices are expected to be in trouble.

A window is written in nation.yaml, or by ``pantau maintenance add`` as a record that the leader
reads. It lasts once from one moment to another, or every week from a time of day by the clocks of a
zone. Moments are seconds since 1970 on the exchange's stream time: no office's clock decides when
a window begins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, timezone

from agent.core import vocabulary
from agent.core.model import is_name
from agent.core.open_enum import OpenEnum
from agent.core.order import MAX_AUTHOR, MAX_REASON, NEVER_S

PREFIX = "maintenance."
LONGEST_S = 7 * 86_400.0
LONGEST_WEEKLY_S = 86_400.0
MOST_SERVICES = 20
MOST_PLACES = 20
"""Of one window: active ones travel in the bulletin."""
MAX_PLACE = 128
"""Characters of one of them."""
MOST_RECORDS = 40
"""Windows that people add stand in so many records, which are used again."""
_WEEK_DAYS = 7


class Mode(OpenEnum):
    """What the agents do meanwhile."""

    MUTE = "mute"
    """Probing goes on and the trouble is judged; nothing of it is told."""
    SKIP = "skip"
    """The offices do not probe it either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One time that a window lasts, from its first moment up to, and without, its last."""

    from_s: float
    until_s: float

    def holds(self, at_s: float) -> bool:
        """Whether it lasts at that moment."""
        return self.from_s <= at_s < self.until_s


def zone_of(name: str) -> timezone:
    """The clocks of an Indonesian zone, which are never put back: no time zone data is needed."""
    return timezone(timedelta(hours=vocabulary.hours_ahead(name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """Every week at a time of day."""

    days: tuple[int, ...]
    """On which it begins; 0 is Monday."""
    minute: int
    """Of the day, at which it begins by the clocks of ``zone``."""
    lasts_s: float
    zone: str
    """IANA time zone."""

    def last(self, at_s: float) -> Span | None:
        """The newest span that has begun by ``at_s``."""
        return next((each for each in self._around(at_s, -1) if each.from_s <= at_s), None)

    def next(self, at_s: float) -> Span | None:
        """The first span that begins after ``at_s``."""
        return next((each for each in self._around(at_s, 1) if each.from_s > at_s), None)

    def _around(self, at_s: float, step: int) -> Iterator[Span]:
        """Its spans from the day of ``at_s`` on, a week to one side."""
        zone = zone_of(self.zone)
        today = datetime.fromtimestamp(at_s, zone).date()
        begins = time(*divmod(self.minute, 60))
        for distance in range(_WEEK_DAYS + 1):
            day = today + timedelta(days=step * distance)
            if day.weekday() in self.days:
                from_s = datetime.combine(day, begins, zone).timestamp()
                yield Span(from_s=from_s, until_s=from_s + self.lasts_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Planned work on some services, of some offices or all."""

    id: str
    services: tuple[str, ...] = ()
    """None: every service."""
    where: tuple[str, ...] = ()
    """Ids of offices, zones, and groups such as ``province:papua``; none: the nation."""
    mode: Mode = Mode.MUTE
    span: Span | None = None
    """Of one that does not come again, and that is not counted from when it was stored."""
    weekly: Weekly | None = None
    for_s: float | None = None
    """How long one lasts that begins when the exchange stores it."""
    ended: bool = False
    """People ended it when the exchange stored this."""
    author: str = ""
    reason: str = ""
    ended_by: str = ""

    def dated(self, stored_s: float) -> Window:
        """As it is obeyed: by the exchange's time, not by the clock of whoever wrote it.

        ``stored_s``: stream time at which the exchange stored it.
        """
        after = self
        if after.for_s is not None:
            span = Span(from_s=stored_s, until_s=stored_s + after.for_s)
            after = replace(after, span=span, for_s=None)
        if after.ended and after.span is not None and after.span.until_s > stored_s:
            from_s = min(after.span.from_s, stored_s)
            after = replace(after, span=Span(from_s=from_s, until_s=stored_s))
        return after

    def last(self, at_s: float) -> Span | None:
        """The newest span that has begun by ``at_s``; it may be over."""
        if self.weekly is not None:
            return self.weekly.last(at_s)
        begun = self.span is not None and self.span.from_s <= at_s
        return self.span if begun else None

    def active(self, at_s: float) -> Span | None:
        """The span that lasts at ``at_s``; None: it is no time of this window."""
        span = self.last(at_s)
        return span if span is not None and span.holds(at_s) else None

    def next_change_s(self, at_s: float) -> float | None:
        """When it begins or ends next, after ``at_s``; None: never."""
        if (active := self.active(at_s)) is not None:
            return active.until_s
        upcoming = self.weekly.next(at_s) if self.weekly is not None else self.span
        return upcoming.from_s if upcoming is not None and upcoming.from_s > at_s else None

    def over(self, at_s: float) -> bool:
        """It lasts no more, and never will again."""
        return self.active(at_s) is None and self.next_change_s(at_s) is None

    @property
    def record(self) -> str:
        """The name of the record that carries it."""
        return f"{PREFIX}{self.id}"

    @property
    def sound(self) -> bool:
        """Whether it may be obeyed, whoever wrote it: bounded, and once."""
        lasts_s = self.for_s if self.span is None else self.span.until_s - self.span.from_s
        bounded = len(self.services) <= MOST_SERVICES and len(self.where) <= MOST_PLACES
        once = self.weekly is None and lasts_s is not None and 0 <= lasts_s <= LONGEST_S
        meant = self.span is None or 0 <= self.span.from_s < NEVER_S
        named = all(map(is_name, (self.id, *self.services)))
        return bounded and once and meant and named and self._brief and self.mode.known

    @property
    def _brief(self) -> bool:
        """What it names and says fits into the bulletin, and into a line."""
        said = len(self.reason) <= MAX_REASON
        by = max(len(self.author), len(self.ended_by)) <= MAX_AUTHOR
        return said and by and all(len(place) <= MAX_PLACE for place in self.where)
