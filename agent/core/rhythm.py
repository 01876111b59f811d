"""How long each step usually takes at this very office at this hour of the week.

The same day of the last four weeks is asked, out of the office's own availability ledger: of each
hour the mean and spread of ln(seconds) of its good runs (:mod:`agent.core.lesson`). Of the weeks
the median speaks; of an even number the slower of the two in the middle, so that two weeks of
holidays do not teach that the nation is idle. The spread is that within an hour and that between
the weeks together: where one Monday is often half as busy again as another, more is borne. A norm
is that of the middle of its hour; between two the usual moves evenly, by factors, for a morning's
load climbs steeply. Slow is what takes longer than all three of

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
  Up to half as slow again as in those is borne in silence; twice as slow is told, and is true.
- A change for good. What became slower by more than twice is slow until fewer than two of the four
  weeks are from before: three weeks at most, for slow hours do not teach. Then nothing is known for
  two more, and from then on the new pace is the usual. An operator who does not want to wait sets
  ``usual_factor: 0`` for three weeks, and the lessons go on meanwhile.
- The first two weeks of an office or a step, hours in which an office has no runs, and offices that
  probe more rarely than every 18 minutes: ten results in three hours are the least.
- What comes and goes within an hour of each week, such as a job at half past: it widens the spread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import reduce
from math import exp, hypot
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
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """How long a step usually takes at one moment of the week."""

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
class Norm:
    """What the weeks say of one step in the middle of one hour."""

    duration_s: float
    spread: float
    """Of ln(seconds)."""

    def towards(self, other: Norm, share: float) -> Norm:
        """What lies between, at this share of the way, and what varies as much as either."""
        return Norm(
            duration_s=self.duration_s ** (1.0 - share) * other.duration_s**share,
            spread=max(self.spread, other.spread),
        )

    def limit_s(self, tuning: Tuning) -> float:
        """What takes longer is slow."""
        return max(
            self.duration_s * tuning.usual_factor,
            self.duration_s * exp(self.spread * tuning.usual_spreads),
            self.duration_s + tuning.usual_margin_s,
        )


Norms = Mapping[str, Norm]
"""By step of one journey."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """What is usual at one office on one day."""

    day: str = ""
    """``yyyymmdd`` in the office's zone."""
    hours_ahead: int = 0
    """Of that zone, ahead of UTC."""
    hours: Sequence[Mapping[str, Norms]] = ()
    """By hour: journey -> step -> its norm."""
    tuning: Tuning = field(default_factory=Tuning)

    def usual(self, journey: str, wall_s: float) -> Usuals:
        """What is usual for a journey at ``wall_s``, since 1970; on another day nothing is known.

        So between midnight and the moment when the new day's ledgers were read, thresholds count.
        """
        day, hour = ledger.place(wall_s, self.hours_ahead)
        if day != self.day:
            return NOTHING_KNOWN
        near, share = _nearer_hour(hour, wall_s)
        neighbours = self._norms(near, journey)
        weekday = _date(day).weekday()
        found = {}
        for step, own in self._norms(hour, journey).items():
            norm = own.towards(neighbours.get(step, own), share)
            found[step] = Usual(
                duration_s=norm.duration_s,
                limit_s=norm.limit_s(self.tuning),
                weekday=weekday,
                hour=hour,
            )
        return found

    def _norms(self, hour: int, journey: str) -> Norms:
        return self.hours[hour].get(journey, {}) if 0 <= hour < HOURS else {}


def _nearer_hour(hour: int, wall_s: float) -> tuple[int, float]:
    """The neighbour of ``hour`` that is nearer, and at which share of the way to it we are.

    Zones are whole hours, so that the minutes are those of UTC.
    """
    past = round(1000 * wall_s) % _HOUR_MS / _HOUR_MS - 0.5
    return (hour + 1 if past > 0 else hour - 1), abs(past)


def weeks_before(day: str) -> tuple[str, ...]:
    """The names of the days whose ledgers are to be read for ``day``: 7, 14, 21 and 28 before."""
    weeks = (_date(day) - timedelta(weeks=week) for week in range(1, WEEKS + 1))
    return tuple(before.strftime(ledger.DAY_FORMAT) for before in weeks)


def _date(day: str) -> date:
    return datetime.strptime(day, ledger.DAY_FORMAT).date()  # noqa: DTZ007 - a day of any zone


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
    hours: list[dict[str, Norms]] = [{} for _ in range(HOURS)]
    for journey, steps in journeys.items():
        for hour, norms in enumerate(_by_hour(teaching, journey, steps)):
            if norms:
                hours[hour][journey] = norms
    return Rhythm(day=day, hours_ahead=hours_ahead, hours=hours, tuning=tuning)


def _by_hour(weeks: Sequence[Day], journey: str, steps: Sequence[StepName]) -> Iterator[Norms]:
    taught = {step: [_teaching(week, journey, step) for week in weeks] for step in steps}
    for hour in range(HOURS):
        said = {step: _norm(step, weekly, hour) for step, weekly in taught.items()}
        yield {step.id: norm for step, norm in said.items() if norm is not None}


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


def _norm(step: StepName, weeks: Sequence[Taught], hour: int) -> Norm | None:
    """What the weeks say of this hour, None if too little is known."""
    said = _agreed(weeks, hour, _alone) or _agreed(weeks, hour, _with_neighbours)
    if said is None:
        return None
    mean, spread = said
    most_s = MOST_USUAL_S if step.slow_after_s is None else step.slow_after_s
    return Norm(duration_s=min(most_s, max(LEAST_USUAL_S, exp(mean))), spread=spread)


def _agreed(
    weeks: Sequence[Taught], hour: int, told: Callable[[Taught, int], Lesson]
) -> tuple[float, float] | None:
    """Mean and spread of ln(seconds)."""
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
