"""What was recorded, as results: by service, channel and office, good ones only counted.

Every bad result makes an office publish, so each stands in some status with its age, and so do the
results right before it; those that came in quiet times follow from the counts. Two statuses more
than ``UNHEARD_S`` apart say nothing of the time between them: that is a hole, and so is the time of
an office that could not see. Statuses that several recordings hold count once.

Times are stream time, seconds since 1970. In an office's own recording they are on its wall clock,
so of offices that recorded themselves only what happens to each alone is told to the second.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.core import reading
from agent.core.model import COUNTED, Channel, Outcome, ServiceStatus, Status
from agent.core.reading import Observed
from agent.core.tuning import STATUS_S
from agent.simulation.trials.spells import Spell

UNHEARD_S = STATUS_S + 60.0
BIN_S = 600.0
"""Width of the bins in which all results of a service are counted."""
_BOOTS_KEPT = 16


@dataclass(slots=True, kw_only=True)
class Bad:
    """One bad result."""

    at_s: float
    good_before: int
    """Good results since the bad one before it."""
    before_s: float | None
    """When the good result right before it began; None: a bad one or a hole came right before."""
    after_s: float | None = None
    """The same of the good one right after."""
    after_hole: bool = False
    """Nobody knows what came before."""


@dataclass(slots=True, kw_only=True)
class Series:
    """One channel's results of a service at an office, in order."""

    bads: list[Bad] = field(default_factory=list)
    results: int = 0
    unplaced: int = 0
    """Bad results known from the counts alone; they are left out."""
    _good: int = 0
    _good_s: float | None = None
    _hole: bool = True

    def add_good(self, count: int, last_s: float | None = None) -> None:
        """Good results; ``last_s`` is when the last one began, if that is known."""
        if count <= 0:
            return
        self.results += count
        self._good += count
        self._good_s = last_s
        if last_s is not None and self.bads and not self._hole and self._good == count:
            self.bads[-1].after_s = last_s

    def add_bad(self, at_s: float) -> None:
        """One bad result."""
        self.results += 1
        self.bads.append(
            Bad(at_s=at_s, good_before=self._good, before_s=self._good_s, after_hole=self._hole)
        )
        self._good, self._good_s, self._hole = 0, None, False

    def break_off(self) -> None:
        """A hole."""
        self._hole, self._good_s = True, None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How long after its start a bad result reached the leader."""

    at_s: float
    lag_s: float


@dataclass(slots=True, kw_only=True)
class Quiet:
    """An office without any evidence: how long, and how many results came."""

    seconds: float = 0.0
    results: int = 0


@dataclass(slots=True, kw_only=True)
class Service:
    """All that was recorded of one service."""

    series: Mapping[Channel, dict[str, Series]] = field(
        default_factory=lambda: {channel: defaultdict(Series) for channel in Channel}
    )
    bins: Counter[int] = field(default_factory=Counter)
    """Results of all offices by the number of the bin."""
    quiet: dict[str, Quiet] = field(default_factory=lambda: defaultdict(Quiet))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    status: Status
    stored_s: float
    quiet_s: dict[str, float]
    """Services without evidence at two statuses in a row -> when their newest result began."""


class History:
    """Feed it every status, then read it."""

    def __init__(self, offices: frozenset[str], services: frozenset[str]) -> None:
        """Of the roster and of its journeys; nothing else is taken."""
        self.services = {name: Service() for name in services}
        self.watched: dict[str, list[Spell]] = {}
        """When each office was heard and could see."""
        self.lags: dict[str, list[Lag]] = defaultdict(list)
        """By office, in what a leader recorded."""
        self._offices = offices
        self._heard: dict[str, _Heard] = {}
        self._former: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=_BOOTS_KEPT))

    def hear(self, branch: str, status: Status, stored_s: float, at_s: float | None) -> None:
        """Take a status, stored at ``stored_s``; a leader read it at ``at_s`` if it came live."""
        last = self._heard.get(branch)
        if branch not in self._offices or (last and self._is_known(branch, status, last)):
            return
        whole = last is not None and self._is_whole(status, stored_s, last)
        self._watch(branch, stored_s, whole=whole, sees=status.sight.sees)
        quiet_s: dict[str, float] = {}
        for name in status.services.keys() & self.services.keys():
            service = status.services[name]
            before = last.status.services.get(name) if last is not None and whole else None
            if before is None or last is None:
                self._break_off(name, branch)
                continue
            step = _Step(branch=branch, before=before, after=service, stored_s=stored_s)
            self._take(self.services[name], step)
            until_s = _quiet_until(self.services[name], step, last.quiet_s.get(name))
            if until_s is not None:
                quiet_s[name] = until_s
            if at_s is not None:
                self._note_lag(step, at_s)
        self._heard[branch] = _Heard(status=status, stored_s=stored_s, quiet_s=quiet_s)

    def _is_known(self, branch: str, status: Status, last: _Heard) -> bool:
        """It is a status that was read already, or one from before that."""
        if status.boot_id == last.status.boot_id:
            return status.uptime_s <= last.status.uptime_s
        if status.boot_id in self._former[branch]:
            return True
        self._former[branch].append(last.status.boot_id)
        return False

    def _is_whole(self, status: Status, stored_s: float, last: _Heard) -> bool:
        saw = status.sight.sees and last.status.sight.sees
        return saw and 0.0 <= stored_s - last.stored_s <= UNHEARD_S

    def _watch(self, branch: str, stored_s: float, *, whole: bool, sees: bool) -> None:
        spells = self.watched.setdefault(branch, [])
        if whole:
            spells[-1] = (spells[-1][0], stored_s)
        elif sees:
            spells.append((stored_s, stored_s))

    def _break_off(self, service: str, branch: str) -> None:
        for of_offices in self.services[service].series.values():
            of_offices[branch].break_off()

    def _take(self, service: Service, step: _Step) -> None:
        news = reading.news(step.before, step.after, step.stored_s)
        for channel, of_offices in service.series.items():
            series = of_offices[step.branch]
            in_ring = sum(channel.is_bad(each.outcome) for each in news.results)
            bad = sum(n for outcome, n in step.added.items() if channel.is_bad(outcome))
            unplaced = min(max(0, bad - in_ring), news.unseen_good)
            series.unplaced += unplaced
            series.add_good(news.unseen_good - unplaced)
            _append(series, channel, news.results)
        for result in news.results:
            if result.outcome is not Outcome.VOID:
                service.bins[int(result.started_s // BIN_S)] += 1
        if news.unseen_good and news.results:
            service.bins[int(news.results[0].started_s // BIN_S)] += news.unseen_good

    def _note_lag(self, step: _Step, at_s: float) -> None:
        """A bad result is published at once, so its age then is what it took at the office."""
        newest = step.after.ring[-1] if step.after.ring else None
        if newest is not None and step.results and Channel.SLOW.is_bad(newest.outcome):
            lag_s = max(0.0, newest.age_s + at_s - step.stored_s)
            self.lags[step.branch].append(Lag(at_s=at_s - lag_s, lag_s=lag_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """From one status of an office to the next, of one service."""

    branch: str
    before: ServiceStatus
    after: ServiceStatus
    stored_s: float

    @property
    def added(self) -> dict[Outcome, int]:
        pairs = zip(COUNTED, self.before.counts, self.after.counts, strict=True)
        return {outcome: new - old for outcome, old, new in pairs}

    @property
    def results(self) -> int:
        """How many came; void ones too, since they were due like any other."""
        return sum(self.added.values())

    @property
    def newest_s(self) -> float | None:
        """When the newest result began."""
        ring = self.after.ring
        return reading.started_s(ring[-1].age_s, self.stored_s) if ring else None

    @property
    def is_quiet(self) -> bool:
        """No evidence at either end, so what came in between followed the plan."""
        return not any(each.w for s in (self.before, self.after) for each in (s.fail, s.slow))


def _quiet_until(service: Service, step: _Step, since_s: float | None) -> float | None:
    """Note one more quiet step, and return the result up to which the quiet is noted.

    From one result to another no slot is cut: their distance says how many were due. A quiet
    begins with the first result of the plan after the evidence is gone.
    """
    if not step.is_quiet or step.results < 0:
        return None
    if not step.results:
        return since_s
    if since_s is not None and step.newest_s is not None:
        quiet = service.quiet[step.branch]
        quiet.seconds += step.newest_s - since_s
        quiet.results += step.results
    return step.newest_s


def _append(series: Series, channel: Channel, results: tuple[Observed, ...]) -> None:
    for result in results:
        if result.outcome is Outcome.VOID:
            continue
        if channel.is_bad(result.outcome):
            series.add_bad(result.started_s)
        else:
            series.add_good(1, result.started_s)
