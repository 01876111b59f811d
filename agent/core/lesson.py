"""What the good runs of one hour teach: how long a step took at this office, in four characters.

A lesson is the number of results, and the mean and spread of ln(seconds): durations differ by
factors, so that a centre twice as slow is as far away at night as in the rush. Lessons are kept in
the availability ledger of their day, by journey, step and hour; the usual of a later week is made
of them (:mod:`agent.core.rhythm`).

    {"lessons": {"issuance": {"sign in": "AAAAAAAA...yoJH"}}}

Each hour of a step is written as four digits of base 64 (that of RFC 4648, ``A`` is 0), the first
hour begins at midnight, and hours without results at the end of a day are left out:

    1    number, 63 and more are one
    2-3  mean, from half a millisecond upwards in steps of 1/400, to 14 s
    4    spread, in steps of 1/25, to 2.5

Written and read back a lesson moves by an eighth of a per cent at most, and not at all the second
time: a restart in the middle of an hour costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import log, sqrt

from agent.core.codec import WireError, text

HOURS = 24
MOST_WRITTEN = 63
"""Results of an hour that are told apart; ten are enough to know what is usual."""
_LEAST_LN = log(0.0005)
_LN_STEP = 1 / 400
_SPREAD_STEP = 1 / 25
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BASE = len(_DIGITS)
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_WIDTH = 4
_NOTHING = _DIGITS[0] * _WIDTH
_MOST_STEPS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What so many results say together of one step in one hour."""

    number: int = 0
    mean: float = 0.0
    """Of ln(seconds)."""
    squares: float = 0.0
    """Sum of the squared distances from the mean."""

    @property
    def spread(self) -> float:
        """Standard deviation of ln(seconds)."""
        return sqrt(self.squares / self.number) if self.number else 0.0

    def hear(self, duration_s: float) -> Lesson:
        """The lesson with one more result."""
        return self.join(Lesson(number=1, mean=max(_LEAST_LN, log(max(duration_s, 1e-9)))))

    def join(self, other: Lesson) -> Lesson:
        """Both together, as if one office had heard all of it (Chan, Golub and LeVeque 1983)."""
        number = self.number + other.number
        if number == 0:
            return self
        apart = other.mean - self.mean
        return Lesson(
            number=number,
            mean=self.mean + apart * other.number / number,
            squares=self.squares
            + other.squares
            + apart * apart * self.number * other.number / number,
        )


NO_LESSON = Lesson()
_NO_HOURS = (NO_LESSON,) * HOURS

Hours = tuple[Lesson, ...]
"""One step's day: ``HOURS`` lessons."""
Lessons = Mapping[str, Mapping[str, Hours]]
"""By journey and step."""


def hours_of(lessons: Lessons, journey: str, step: str) -> Hours:
    """One step's day, also if nothing was heard of it."""
    return lessons.get(journey, {}).get(step, _NO_HOURS)


def heard(lessons: Lessons, journey: str, step: str, hour: int, duration_s: float) -> Lessons:
    """The lessons after one more good result in the hour that begins at ``hour`` o'clock."""
    hours = hours_of(lessons, journey, step)
    hours = (*hours[:hour], hours[hour].hear(duration_s), *hours[hour + 1 :])
    return {**lessons, journey: {**lessons.get(journey, {}), step: hours}}


def joined(lessons: Lessons, later: Lessons) -> Lessons:
    """Both together, hour by hour."""
    whole: dict[str, Mapping[str, Hours]] = dict(lessons)
    for journey, steps in later.items():
        mine = lessons.get(journey, {})
        whole[journey] = {
            **mine,
            **{
                step: tuple(
                    a.join(b) for a, b in zip(mine.get(step, _NO_HOURS), hours, strict=True)
                )
                for step, hours in steps.items()
            },
        }
    return whole


# --- how they are stored


def written(lessons: Lessons) -> dict[str, dict[str, str]]:
    """The lessons as text, for the ledger."""
    return {
        journey: {step: _written_hours(hours) for step, hours in steps.items()}
        for journey, steps in lessons.items()
    }


def read(value: object) -> Lessons:
    """The lessons from what a ledger holds. Raises :class:`WireError`."""
    journeys = {journey: _object(steps) for journey, steps in _object(value).items()}
    if sum(map(len, journeys.values())) > _MOST_STEPS:
        raise WireError(f"lessons: of more than {_MOST_STEPS} steps")
    return {
        text(journey, "a journey"): {
            text(step, "a step"): _read_hours(hours) for step, hours in steps.items()
        }
        for journey, steps in journeys.items()
    }


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise WireError("lessons: an object was due")
    return value


def _written_hours(hours: Hours) -> str:
    hourly = [_written(lesson) for lesson in hours]
    while hourly and hourly[-1] == _NOTHING:
        hourly.pop()
    return "".join(hourly)


def _written(lesson: Lesson) -> str:
    if lesson.number == 0:
        return _NOTHING
    high, low = divmod(_level((lesson.mean - _LEAST_LN) / _LN_STEP, _BASE * _BASE), _BASE)
    spread = _level(lesson.spread / _SPREAD_STEP, _BASE)
    return "".join(_DIGITS[n] for n in (min(lesson.number, MOST_WRITTEN), high, low, spread))


def _level(value: float, levels: int) -> int:
    return min(levels - 1, max(0, round(value)))


def _read_hours(value: object) -> Hours:
    if not isinstance(value, str) or len(value) > _WIDTH * HOURS or len(value) % _WIDTH:
        raise WireError(f"a step: at most {HOURS} hours of {_WIDTH} characters were due")
    hours = tuple(_read_all(value))
    return hours + _NO_HOURS[len(hours) :]


def _read_all(value: str) -> Iterator[Lesson]:
    try:
        digits = [_VALUES[each] for each in value]
    except KeyError:
        raise WireError("a step: digits of base 64 were due") from None
    for at in range(0, len(digits), _WIDTH):
        yield _lesson(*digits[at : at + _WIDTH])


def _lesson(number: int, high: int, low: int, spread: int) -> Lesson:
    if number == 0:
        return NO_LESSON
    return Lesson(
        number=number,
        mean=_LEAST_LN + _LN_STEP * (high * _BASE + low),
        squares=number * (_SPREAD_STEP * spread) ** 2,
    )
