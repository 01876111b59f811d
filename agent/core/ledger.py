"""The availability ledger: for how many seconds each service stood how, at one office, by hour.

A day is the day of the office's own zone, and its hours are those of the clock on its wall: who
reads the report asks how the counters' day went, and a day of UTC would end at 07.00, 08.00 or
09.00, just when they open. Indonesia's zones are whole hours ahead of UTC and know no summer time,
so a day always has 24 hours, and a national report can put the hours of all zones side by side
(``hours_ahead``) without splitting one.

How long something took comes from the boot-time clock; where on the calendar it lies comes from the
wall clock at the end of it, and each stretch is laid down backwards from there. So a wall clock
that steps changes no length. Set forward, it leaves hours that are short; set back, it finds hours
that are full, and a full hour takes no more: no service ever has more than 3600 s in one. A
suspended machine's time counts, as unknown once the last result is too old. While no agent runs,
nobody counts: what an hour lacks is unknown, and must never be read as ok.

Time is kept in whole milliseconds, so that adding loses nothing, and stored in whole seconds:

    {"v":1, "branch":"jember", "day":"20260131", "ahead":7,
     "services":{"simponi.billing":[[3600], [3480,0,95,25], [], [1800]]}}

An hour is ``[ok, slow, failing, unknown, maintenance]``, the first one begins at midnight. Zeros at
the end of an hour, and empty hours at the end of a day, are left out. What the hours teach of the
pace of each step stands beside it (:mod:`agent.core.lesson`); where both do not fit, the seconds
stay and the lessons go, all of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import accumulate, pairwise
from typing import TypeVar

from agent.core import codec, lesson
from agent.core.codec import WireError
from agent.core.lesson import Lessons
from agent.core.model import is_name
from agent.core.standing import State

T = TypeVar("T")

VERSION = 1
MAX_LEDGER_BYTES = 16_384
HOURS = lesson.HOURS
DAY_FORMAT = "%Y%m%d"
_READS = (1, 2)
_MAX_SERVICES = 64
_HOUR_S = 3_600
_HOUR_MS = 3_600_000
_MOST_AHEAD_HOURS = 14
_EPOCH = date(1970, 1, 1)
_PLACES = {state: place for place, state in enumerate(State)}

Hour = tuple[int, ...]
"""Milliseconds by state, in the order of ``State``."""

_EMPTY: Hour = (0,) * len(State)
_EMPTY_DAY: tuple[Hour, ...] = (_EMPTY,) * HOURS


# --- what is counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One office's ledger of one day."""

    branch: str
    name: str
    """``yyyymmdd`` in the office's zone."""
    hours_ahead: int
    """Of that zone, ahead of UTC."""
    services: Mapping[str, tuple[Hour, ...]] = field(default_factory=dict)
    lessons: Lessons = field(default_factory=dict)
    """What good runs taught of the pace of each step."""

    def seconds(self, service: str, hour: int, state: State) -> float:
        """Seconds that a service stood so in the hour that begins at ``hour`` o'clock."""
        return self.services.get(service, _EMPTY_DAY)[hour][_PLACES[state]] / 1000

    def spend(self, hour: int, spent_ms: int, states: Mapping[str, State]) -> Day:
        """The day after ``spent_ms`` more of this hour; a full hour takes no more."""
        spent = {
            name: _spent(self.services.get(name, _EMPTY_DAY), hour, spent_ms, _PLACES[state])
            for name, state in states.items()
        }
        return replace(self, services={**self.services, **spent})

    def add(self, later: Day) -> Day:
        """What stands here, and on top of it what ``later`` counted, as far as hours have room."""
        added = {
            name: tuple(map(_topped_up, self.services.get(name, _EMPTY_DAY), hours))
            for name, hours in later.services.items()
        }
        return replace(
            self,
            services={**self.services, **added},
            lessons=lesson.joined(self.lessons, later.lessons),
        )

    def teach(self, hour: int, journey: str, step: str, duration_s: float) -> Day:
        """The day after one more good result of a step."""
        return replace(self, lessons=lesson.heard(self.lessons, journey, step, hour, duration_s))

    def without_lessons(self) -> Day:
        """The seconds alone."""
        return replace(self, lessons={})


def _spent(hours: tuple[Hour, ...], at: int, spent_ms: int, place: int) -> tuple[Hour, ...]:
    hour = hours[at]
    taken_ms = min(spent_ms, _HOUR_MS - sum(hour))
    hour = (*hour[:place], hour[place] + taken_ms, *hour[place + 1 :])
    return (*hours[:at], hour, *hours[at + 1 :])


def _topped_up(hour: Hour, more: Hour) -> Hour:
    taken = _shares(more, min(sum(more), _HOUR_MS - sum(hour)))
    return tuple(a + b for a, b in zip(hour, taken, strict=True))


def _shares(parts: Sequence[int], whole: int) -> Hour:
    """Whole numbers in proportion to ``parts`` that come to ``whole`` exactly."""
    total = max(1, sum(parts))
    marks = [(2 * so_far * whole + total) // (2 * total) for so_far in accumulate(parts)]
    return tuple(b - a for a, b in pairwise([0, *marks]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """One office's days that are not yet safely stored."""

    branch: str
    hours_ahead: int
    days: Mapping[str, Day] = field(default_factory=dict)

    def today(self, wall_s: float) -> str:
        """The name of the day that it is at this office; ``wall_s`` since 1970."""
        return place(wall_s, self.hours_ahead)[0]

    def spend(self, from_s: float, to_s: float, states: Mapping[str, State]) -> Ledger:
        """The ledger after this time, split over hours and days; wall time, since 1970."""
        days = dict(self.days)
        at_ms, end_ms = _ms(from_s), _ms(to_s)
        while at_ms < end_ms:
            day, hour = divmod(self._hour(at_ms), HOURS)
            next_ms = min(end_ms, (at_ms // _HOUR_MS + 1) * _HOUR_MS)
            name = _name(day)
            days[name] = days.get(name, self._day(name)).spend(hour, next_ms - at_ms, states)
            at_ms = next_ms
        return replace(self, days=days)

    def teach(self, at_s: float, journey: str, step: str, duration_s: float) -> Ledger:
        """The ledger after one more good result of a step, which ended at ``at_s``, wall time."""
        name, hour = place(at_s, self.hours_ahead)
        day = self.days.get(name, self._day(name))
        return replace(self, days={**self.days, name: day.teach(hour, journey, step, duration_s)})

    def join(self, stood: Day) -> Ledger:
        """With what was stored of a day before any of it was counted here; once for each day.

        Raises ValueError when the hours of ``stood`` are those of another zone.
        """
        if stood.hours_ahead != self.hours_ahead:
            raise ValueError(f"hours of a zone {stood.hours_ahead} h ahead of UTC")
        counted = self.days.get(stood.name, self._day(stood.name))
        return replace(self, days={**self.days, stood.name: stood.add(counted)})

    def forget(self, name: str) -> Ledger:
        """Without a day."""
        return replace(self, days={n: day for n, day in self.days.items() if n != name})

    def _day(self, name: str) -> Day:
        return Day(branch=self.branch, name=name, hours_ahead=self.hours_ahead)

    def _hour(self, at_ms: int) -> int:
        """Hours since 1970 by the office's own clock."""
        return at_ms // _HOUR_MS + self.hours_ahead


def place(wall_s: float, hours_ahead: int) -> tuple[str, int]:
    """The day's name and the hour of it at ``wall_s``, since 1970, so far ahead of UTC."""
    day, hour = divmod(_ms(wall_s) // _HOUR_MS + hours_ahead, HOURS)
    return _name(day), hour


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _name(days_since_1970: int) -> str:
    return (_EPOCH + timedelta(days=days_since_1970)).strftime(DAY_FORMAT)


# --- how it is stored


def encode(day: Day) -> bytes:
    """The day as bytes. Raises ValueError if it does not fit, which a test rules out."""
    body = {
        "v": VERSION,
        "branch": day.branch,
        "day": day.name,
        "ahead": day.hours_ahead,
        "services": {name: _written(hours) for name, hours in day.services.items()},
    }
    if day.lessons:
        body["lessons"] = lesson.written(day.lessons)
    value = json.dumps(body, separators=(",", ":")).encode()
    if len(value) > MAX_LEDGER_BYTES:
        raise ValueError(f"a ledger of {len(value)} bytes does not fit")
    return value


def _written(hours: Sequence[Hour]) -> list[list[int]]:
    written = [_without_end(_shares(hour, round(sum(hour) / 1000)), 0) for hour in hours]
    return _without_end(written, [])


def _without_end(values: Sequence[T], empty: T) -> list[T]:
    kept = list(values)
    while kept and kept[-1] == empty:
        kept.pop()
    return kept


def decode(branch: str, name: str, value: bytes) -> Day:
    """The day that ``branch`` stored under this name. Raises :class:`WireError`."""
    if len(value) > MAX_LEDGER_BYTES:
        raise WireError(f"{len(value)} bytes are too many")
    body = codec.parse(value)
    if not isinstance(body, dict) or body.get("v") not in _READS:
        raise WireError("not a ledger of a version that is read here")
    if body.get("branch") != branch or body.get("day") != name:
        raise WireError("the payload names another branch or day than its subject")
    services = body.get("services", {})
    if not isinstance(services, dict) or len(services) > _MAX_SERVICES:
        raise WireError(f"services: an object of at most {_MAX_SERVICES} was due")
    return Day(
        branch=branch,
        name=name,
        hours_ahead=_number(body.get("ahead"), "ahead", _MOST_AHEAD_HOURS),
        services={_service(key): _read_hours(hours) for key, hours in services.items()},
        lessons=lesson.read(body.get("lessons", {})),
    )


def _read_hours(value: object) -> tuple[Hour, ...]:
    if not isinstance(value, list) or len(value) > HOURS:
        raise WireError(f"a service: at most {HOURS} hours were due")
    hours = tuple(_read_hour(each) for each in value)
    return hours + _EMPTY_DAY[len(hours) :]


def _read_hour(value: object) -> Hour:
    if not isinstance(value, list) or len(value) > len(State):
        raise WireError(f"an hour: at most {len(State)} numbers of seconds were due")
    seconds = [_number(each, "an hour", _HOUR_S) for each in value]
    if sum(seconds) > _HOUR_S:
        raise WireError(f"an hour of {sum(seconds)} s")
    hour = tuple(1000 * each for each in seconds)
    return hour + _EMPTY[len(hour) :]


def _number(value: object, where: str, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise WireError(f"{where}: a whole number from 0 to {most} was due")
    return value


def _service(name: str) -> str:
    if not is_name(name):
        raise WireError("a service of an impossible name")
    return name
