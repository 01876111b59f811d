"""The world of the trials as a recording shows it: every rate with its interval, or why not.

In this order, since each step needs the ones before: real outages are cut out; blips are found and
their results put aside; each office's episodes are told from its background, those of several
offices of a province or carrier joined to regional outages; what is left is background, in which
weather is looked for. The rates of the background are first taken from onsets alone, and once more
when the episodes are known.

All of it is one service and one channel, as the world is. Offices that the recording does not hold
are taken to be like those that it does. What the world has and nothing recorded can tell (how
offices differ in their bursts, how bad a partial trouble is) stays as assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

from agent.core.groups import Groups
from agent.core.model import Channel
from agent.core.tuning import Tuning
from agent.simulation.refit import (
    background,
    bursts,
    nationwide,
    regions,
    reports,
    troubles,
    weather,
)
from agent.simulation.refit.background import Background
from agent.simulation.refit.bursts import Told
from agent.simulation.refit.cuts import (
    Cut,
    Results,
    cut,
    is_cut,
    seconds,
    unmarked,
    without,
)
from agent.simulation.refit.estimate import Estimate
from agent.simulation.refit.history import BIN_S, Bad, History
from agent.simulation.refit.nationwide import Chain
from agent.simulation.refit.regions import Sorted
from agent.simulation.refit.reports import Lags
from agent.simulation.refit.weather import Weather
from agent.simulation.trials.spells import Spell, at_least
from agent.simulation.trials.world import YEAR_S, World

_LEAST_P0 = 1e-4
_PRIOR = 1.0
WIDE = "all over the nation, and told by nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to fit, and what is known beforehand."""

    service: str
    channel: Channel
    groups: Groups
    period_s: float
    """Seconds between two base results of an office."""
    assumed: World = field(default_factory=World)

    @property
    def seen_s(self) -> float:
        """Troubles of offices and regions are counted from this length on.

        Until the next slot, and two results soon after it.
        """
        return self.period_s + 2.0 * min(self.period_s, Tuning().reprobe_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """How much was recorded, without what was cut out. Years."""

    office_years: float
    nation_years: float
    """With half of the roster's offices heard, or of those that ever were."""
    offices: int

    @property
    def days(self) -> float:
        """The nation's, in days."""
        return self.nation_years * YEAR_S / 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything that was found."""

    blips: tuple[Chain, ...]
    sorted: Sorted
    told: Mapping[str, Told]
    weather: tuple[Weather, ...]
    background: Mapping[Channel, Background]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What came of it."""

    world: World
    estimates: tuple[Estimate, ...]
    exposure: Exposure
    seen: Seen
    cuts: tuple[Cut, ...]
    """What was to be cut out, and what had to be."""
    seen_s: float
    """Troubles of offices and regions are counted from this length on."""
    late_share: float | None
    """Of the bad results: longer on their way than confirms anything; None: unknown."""
    unplaced: int
    """Bad results whose time is unknown; they are left out."""


def fit(history: History, question: Question, cuts: Iterable[Cut] = ()) -> Fit:
    """Fit one service and channel."""
    series = history.services[question.service].series
    known = list(cuts)
    slot_s = question.period_s / max(1, len(history.watched))
    known += _wide(cut(series[question.channel], known), question, slot_s)
    results = {channel: cut(each, known) for channel, each in series.items()}
    watched = {office: without(each, known) for office, each in history.watched.items()}
    seen = _look(history, question, results, slot_s, known)
    exposure = _exposure(watched)
    lags = list(_lags(history, known))
    estimates = (
        *_estimates(history, question, seen, exposure),
        *reports.lags(lags, question.assumed),
    )
    return Fit(
        world=_world(question.assumed, estimates),
        estimates=estimates,
        exposure=exposure,
        seen=seen,
        cuts=tuple(sorted(known, key=lambda each: each.from_s)),
        seen_s=question.seen_s,
        late_share=reports.late_share(lags),
        unplaced=sum(each.unplaced for each in series[question.channel].values()),
    )


def _lags(history: History, cuts: Sequence[Cut]) -> Iterator[Lags]:
    for each in history.lags.values():
        kept = [lag for lag in each if not is_cut(lag.at_s, cuts)]
        if kept:
            yield Lags.of(kept)


def _world(assumed: World, estimates: Iterable[Estimate]) -> World:
    values: dict[str, Any] = {each.name: each.value for each in estimates}
    return replace(assumed, **values)


def _estimates(
    history: History, question: Question, seen: Seen, exposure: Exposure
) -> Iterator[Estimate]:
    assumed, years = question.assumed, exposure.nation_years
    mine = seen.background[question.channel]
    search = troubles.Search(
        period_s=question.period_s,
        seen_s=question.seen_s,
        rates=[each.p0 for each in mine.rates] or [assumed.p0_median],
    )
    yield from background.estimates(seen.background, question.channel, assumed)
    yield from troubles.of_offices(seen.sorted.bursts, exposure.office_years, search, assumed)
    yield from troubles.of_regions(seen.sorted.regions, years, question.seen_s, assumed)
    yield from nationwide.estimates(nationwide.doubles(seen.blips), years, assumed)
    yield from weather.estimates(seen.weather, years, assumed)
    yield reports.lost(history.services[question.service].quiet, question.period_s, assumed)


def _exposure(watched: Mapping[str, Sequence[Spell]]) -> Exposure:
    half = max(1, ceil(len(watched) / 2))
    together = at_least(half, [spell for each in watched.values() for spell in each])
    return Exposure(
        office_years=sum(seconds(each) for each in watched.values()) / YEAR_S,
        nation_years=seconds(together) / YEAR_S,
        offices=len(watched),
    )


def _bads(results: Mapping[str, Results]) -> dict[str, tuple[Bad, ...]]:
    return {office: each.bads for office, each in results.items()}


def _wide(results: Mapping[str, Results], question: Question, slot_s: float) -> list[Cut]:
    found = nationwide.chains(_bads(results), question.groups, slot_s)
    return [
        Cut(
            from_s=each.start_s - question.period_s,
            until_s=each.end_s + question.period_s,
            why=WIDE,
        )
        for each in found
        if each.lasting_s > nationwide.BLIP_MOST_S
    ]


def _look(
    history: History,
    question: Question,
    results: Mapping[Channel, Mapping[str, Results]],
    slot_s: float,
    cuts: Sequence[Cut],
) -> Seen:
    blips = nationwide.chains(_bads(results[question.channel]), question.groups, slot_s)
    calm = {
        channel: {
            office: replace(each, bads=_aside(office, each.bads, blips))
            for office, each in of_offices.items()
        }
        for channel, of_offices in results.items()
    }
    told = {
        channel: {office: _tell(each, question.period_s) for office, each in of_offices.items()}
        for channel, of_offices in calm.items()
    }
    mine = told[question.channel]
    storms = weather.find(
        (bad.at_s for each in mine.values() for bad in each.background),
        _bins(history, question, cuts),
    )
    return Seen(
        blips=tuple(blips),
        told=mine,
        sorted=regions.sort(
            {office: each.episodes for office, each in mine.items()},
            question.groups,
            question.period_s,
        ),
        weather=tuple(storms),
        background={
            channel: Background.of(calm[channel], told[channel], history.watched, storms)
            for channel in Channel
        },
    )


def _aside(office: str, bads: Sequence[Bad], blips: Sequence[Chain]) -> tuple[Bad, ...]:
    """Without what belongs to blips. By time, which is the same in both channels."""
    spells = [(each.start_s, each.end_s) for each in blips if office in each.offices]
    if not spells:
        return tuple(bads)
    return unmarked(
        bads,
        [
            place
            for place, bad in enumerate(bads)
            if any(start_s <= bad.at_s <= end_s for start_s, end_s in spells)
        ],
    )


def _tell(results: Results, period_s: float) -> Told:
    """With the rate of onsets first, which episodes hardly touch; then with the background's."""
    onsets = sum(bad.before_s is not None for bad in results.bads)
    good = max(1, results.results - len(results.bads))
    first = bursts.tell(results.bads, p0=_p0(onsets, good), period_s=period_s)
    outside = max(1, results.results - first.inside)
    return bursts.tell(results.bads, p0=_p0(len(first.background), outside), period_s=period_s)


def _p0(bad: int, of: int) -> float:
    return max(_LEAST_P0, (bad + _PRIOR) / (of + _PRIOR / _LEAST_P0 / 10.0))


def _bins(history: History, question: Question, cuts: Sequence[Cut]) -> dict[int, int]:
    """Results by bin, of the bins that no cut touches."""
    return {
        number: count
        for number, count in history.services[question.service].bins.items()
        if not any(
            each.from_s < (number + 1) * BIN_S and each.until_s > number * BIN_S for each in cuts
        )
    }
