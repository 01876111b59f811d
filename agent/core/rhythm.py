"""How long each step usually takes at this very office in this hour of the week.

The same day of the last four weeks is asked, out of the office's own availability ledger: of each
hour the mean and spread of ln(seconds) of its good runs (:mod:`agent.core.lesson`). Of the weeks
the median speaks; of an even number the slower of the two in the middle, so that two weeks of
holidays do not teach that the nation is idle. The spread is that within an hour and that between
the weeks together: where one Monday is often half as busy again as another, more is borne. Slow is
what takes longer than all three of

    twice the usual                         a person notices
    exp(mean + 3 spread)                    it is rare in good weeks
    the usual and 0.2 s                     fast services do not chatter

An hour teaches if it had ten results and the service was slow, failing or in maintenance for less
than a twentieth of it. If fewer than two weeks teach, the hours before and after are taken in too,
of the same day; never in place of an hour that was in trouble, or a rush that is slow each Monday
would be measured by its quiet neighbours. If that does not do either, nothing is known, and only
the step's own threshold counts.

The usual is never said to be above the step's threshold, nor below 0.05 s. So a year of creeping
slowness teaches no office that slow is normal.

What this cannot see:

- A creep from week to week, slower than the median follows. The threshold alone catches it.
- A calendar. The first morning after a long holiday, or a campaign, is measured by ordinary weeks.
  Up to half as busy again is borne in silence; twice as slow as ever is told, and is true.
- A change for good. What became slower by more than twice is slow until fewer than two of the four
  weeks are from before: three weeks at most, for slow hours do not teach. Then nothing is known for
  two more, and from then on the new pace is the usual. An operator who does not want to wait sets
  ``usual_factor: 0`` for three weeks, and the lessons go on meanwhile.
- The first two weeks of an office or a step, hours in which an office has no runs, and offices that
  probe more rarely than every 18 minutes: ten results in three hours are the least.
- Anything within an hour. A load that climbs steeply is known by its mean and a wider spread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from math import exp, hypot, log
from statistics import median_high, stdev

from agent.core import ledger, lesson, vocabulary
from agent.core.ledger import HOURS, Day
from agent.core.lesson import NO_LESSON, Hours, Lesson
from agent.core.model import StepName
from agent.core.standing import State
from agent.core.tuning import Tuning

WEEKS = 4
LEAST_WEEKS = 2
ENOUGH = 10
"""Results that say how an hour was."""
TROUBLE_SHARE = 0.05
"""An hour with more of it slow, failing or in maintenance teaches nothing."""
LEAST_USUAL_S = 0.05
MOST_USUAL_S = 10.0
"""A step's deadline: of steps that have no threshold."""
_TROUBLE = (State.SLOW, State.FAILING, State.MAINTENANCE)
_HOUR_S = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """How long a step usually takes in one hour of the week."""

    duration_s: float
    limit_s: float
    """What takes longer is slow, whatever the step's own threshold says."""
    weekday: int
    """0 is Monday."""
    hour: int

    def __str__(self) -> str:
        """For a verdict's reason: ``0.60 s on Tuesdays at 9``."""
        day = vocabulary.weekday_name(self.weekday, "en")
        return f"{self.duration_s:.2f} s on {day}s at {self.hour}"


Usuals = Mapping[str, Usual]
"""By step of one journey, as far as it is known."""
NOTHING_KNOWN: Usuals = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """What is usual at one office on one day."""

    day: str = ""
    """``yyyymmdd`` in the office's zone."""
    hours_ahead: int = 0
    """Of that zone, ahead of UTC."""
    hours: Sequence[Mapping[str, Usuals]] = field(default=())
    """By hour: journey -> step -> what is usual."""

    def usual(self, journey: str, wall_s: float) -> Usuals:
        """What is usual for a journey at ``wall_s``, since 1970; on another day nothing is known.

        So between midnight and the moment when the new day's ledgers were read, thresholds count.
        """
        day, hour = ledger.place(wall_s, self.hours_ahead)
        if day != self.day:
            return NOTHING_KNOWN
        return self.hours[hour].get(journey, NOTHING_KNOWN)


def weeks_before(day: str) -> tuple[str, ...]:
    """The names of the days whose ledgers are to be read for ``day``: 7, 14, 21 and 28 before."""
    there = datetime.strptime(day, ledger.DAY_FORMAT)  # noqa: DTZ007 - a day's name, in any zone
    weeks = (there - timedelta(weeks=week) for week in range(1, WEEKS + 1))
    return tuple(before.strftime(ledger.DAY_FORMAT) for before in weeks)


def learn(
    day: str,
    hours_ahead: int,
    weeks: Sequence[Day],
    journeys: Mapping[str, Sequence[StepName]],
    tuning: Tuning,
) -> Rhythm:
    """What is usual on ``day``, by the ledgers of the weeks before; those of another zone are none.

    ``journeys`` are the steps as they are declared today: a step that moved to another service, or
    got another threshold, is judged as it is now.
    """
    teaching = [each for each in weeks if each.hours_ahead == hours_ahead]
    weekday = datetime.strptime(day, ledger.DAY_FORMAT).weekday()  # noqa: DTZ007 - as above
    hours: list[dict[str, Usuals]] = [{} for _ in range(HOURS)]
    for journey, steps in journeys.items():
        for hour, usuals in enumerate(_by_hour(teaching, journey, steps, weekday, tuning)):
            if usuals:
                hours[hour][journey] = usuals
    return Rhythm(day=day, hours_ahead=hours_ahead, hours=hours)


def _by_hour(
    weeks: Sequence[Day], journey: str, steps: Sequence[StepName], weekday: int, tuning: Tuning
) -> Iterator[Usuals]:
    taught = {step.id: [_teaching(week, journey, step) for week in weeks] for step in steps}
    for hour in range(HOURS):
        said = ((step, _word(taught[step.id], hour)) for step in steps)
        yield {
            step.id: _usual(step, word, weekday, hour, tuning)
            for step, word in said
            if word is not None
        }


# --- what the weeks teach

Taught = Sequence[Lesson | None]
"""One step's hours of one week; None was in trouble."""


def _teaching(week: Day, journey: str, step: StepName) -> Taught:
    hours: Hours = lesson.hours_of(week.lessons, journey, step.id)
    return [
        None if _in_trouble(week, step.service, hour) else each for hour, each in enumerate(hours)
    ]


def _in_trouble(week: Day, service: str, hour: int) -> bool:
    spent_s = sum(week.seconds(service, hour, state) for state in _TROUBLE)
    return spent_s > TROUBLE_SHARE * _HOUR_S


def _word(weeks: Sequence[Taught], hour: int) -> tuple[float, float] | None:
    """Mean and spread of ln(seconds) in this hour, None if too little is known."""
    return _agreed(weeks, hour, _alone) or _agreed(weeks, hour, _with_neighbours)


def _agreed(
    weeks: Sequence[Taught], hour: int, told: Callable[[Taught, int], Lesson]
) -> tuple[float, float] | None:
    lessons = [each for week in weeks if (each := told(week, hour)).number >= ENOUGH]
    if len(lessons) < LEAST_WEEKS:
        return None
    means = [each.mean for each in lessons]
    within = median_high(each.spread for each in lessons)
    return median_high(means), hypot(within, stdev(means))


def _alone(week: Taught, hour: int) -> Lesson:
    return week[hour] or NO_LESSON


def _with_neighbours(week: Taught, hour: int) -> Lesson:
    if week[hour] is None:
        return NO_LESSON
    near = week[max(0, hour - 1) : hour + 2]
    return reduce(Lesson.join, (each for each in near if each is not None), NO_LESSON)


# --- what is slow


def _usual(
    step: StepName, word: tuple[float, float], weekday: int, hour: int, tuning: Tuning
) -> Usual:
    mean, spread = word
    most_s = MOST_USUAL_S if step.slow_after_s is None else step.slow_after_s
    duration_s = min(most_s, max(LEAST_USUAL_S, exp(mean)))
    return Usual(
        duration_s=duration_s,
        limit_s=max(
            tuning.usual_factor * duration_s,
            exp(max(log(duration_s), mean) + tuning.usual_spreads * spread),
            duration_s + tuning.usual_margin_s,
        ),
        weekday=weekday,
        hour=hour,
    )
