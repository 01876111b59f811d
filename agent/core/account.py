"""All numbers behind what the leader says of a service, as values.

Nothing here is kept: an account is taken when somebody asks why a service is or is not an incident,
and costs the detection nothing. Times are stream time in seconds, votes are branch equivalents,
evidence is in nats; lists of offices are bounded, with the whole count beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.core.coincidence import Chance
from agent.core.declared import Declared
from agent.core.detector import ChannelDetector
from agent.core.model import (
    NATION,
    Alarm,
    Assessment,
    Attendance,
    Channel,
    Evidence,
    Spread,
)
from agent.core.regional import Lack
from agent.core.scale import Suspicion

VOTES_SHOWN = 40
_FEWEST_OF_A_REGION = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One office's vote, and whether people would call it failing."""

    branch: str
    vote: float
    failing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A group that is looked past, and the votes of its offices."""

    group: str
    votes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A suspicion under test: what began after its guard, for it and against it."""

    since_s: float
    guard_ends_s: float
    """Results that began by then confirm nothing."""
    guard_left_s: float
    fresh: int
    fresh_bad: int
    speaks_for: float
    """Beyond the worst groups."""
    needed: float
    """A2."""
    speaks_against: float
    """At most 0."""
    cleared_at: float
    """B2: cleared when both together fall to minus this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Healing:
    """How far the recovery of an alarm has come."""

    score: float
    """Nats, of ``score_needed``."""
    score_needed: float
    members: int
    unwell: float
    """Members that are not well: of a national alarm those beyond the worst groups."""
    unwell_below: float
    well_since_s: float
    """The end that will be written if it holds."""
    held_s: float | None
    """How long all of it holds, None while it does not."""
    shown_after_s: float
    closed_after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An alarm that stands, with what is needed for its end."""

    alarm: Alarm
    healing: Healing
    spread: Spread
    crept: bool
    """Declared because office after office came into a long trouble of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """The group that comes nearest to a region's trouble, and what it lacks."""

    group: str
    voting: int
    reporting: int
    lack: Lack


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelAccount:
    """One of the two questions asked of a service."""

    channel: Channel
    votes: tuple[Vote, ...]
    """The heaviest first, at most ``VOTES_SHOWN``."""
    voting: int
    weight: float
    """All votes together."""
    dropped: tuple[Held, ...]
    score: float
    """What remains of the votes beyond the dropped groups."""
    needed: float
    """A1."""
    may_be_national: bool
    """The roster is large enough to speak of the nation."""
    trial: Trial | None
    standing: tuple[Standing, ...]
    quarantined: tuple[str, ...]
    evidence: Evidence
    """Of the whole nation now, whatever stands; who is known to be well again is not in it."""
    spread: Spread
    chance: Chance
    """Of as many offices failing now by coincidence."""
    nearest: Nearest | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccount:
    """A service as the leader sees it at one moment."""

    at_s: float
    assessment: Assessment
    attendance: Attendance
    channels: tuple[ChannelAccount, ...]
    guard_s: float
    hold_s: float
    """How long an alarm waits for a suspected service upstream, at most."""


def of(
    detector: ChannelDetector,
    now_s: float,
    *,
    alarms: Sequence[Alarm],
    now: Evidence,
    chance: Chance,
    spread: Callable[[Evidence, str], Spread],
) -> ChannelAccount:
    """The account of one channel; ``now`` is what fails now in the whole nation."""
    votes = detector.workings.seen.votes
    failing = frozenset(now.failing)
    ranked = sorted(votes, key=lambda branch: (-votes[branch], branch))
    return ChannelAccount(
        channel=detector.channel,
        votes=tuple(
            Vote(branch=each, vote=votes[each], failing=each in failing)
            for each in ranked[:VOTES_SHOWN]
        ),
        voting=len(votes),
        weight=sum(votes.values()),
        dropped=_dropped(detector),
        score=detector.score(),
        needed=detector.a1,
        may_be_national=detector.may_be_national,
        trial=_trial(detector, detector.suspicion, now_s) if detector.suspicion else None,
        standing=tuple(
            _standing(detector, alarm, now_s, spread(alarm.evidence, alarm.group))
            for alarm in alarms
        ),
        quarantined=tuple(sorted(detector.quarantined)),
        evidence=now,
        spread=spread(now, NATION),
        chance=chance,
        nearest=_nearest(detector),
    )


def _dropped(detector: ChannelDetector) -> tuple[Held, ...]:
    votes, groups = detector.workings.seen.votes, detector.workings.groups
    return tuple(
        Held(group=group, votes=sum(votes.get(b, 0.0) for b in groups.members[group]))
        for group in groups.worst(votes)
    )


def _trial(detector: ChannelDetector, suspicion: Suspicion, now_s: float) -> Trial:
    speaks_for, speaks_against = suspicion.scale.weighed(suspicion)
    guard_ends_s = suspicion.since_s + detector.workings.tuning.guard_s
    return Trial(
        since_s=suspicion.since_s,
        guard_ends_s=guard_ends_s,
        guard_left_s=max(0.0, guard_ends_s - now_s),
        fresh=suspicion.fresh,
        fresh_bad=suspicion.fresh_bad,
        speaks_for=speaks_for,
        needed=suspicion.scale.a2,
        speaks_against=speaks_against,
        cleared_at=suspicion.scale.b2,
    )


def _standing(detector: ChannelDetector, alarm: Alarm, now_s: float, spread: Spread) -> Standing:
    declared = detector.alarms[alarm.group]
    return Standing(
        alarm=alarm,
        healing=_healing(detector, declared, now_s),
        spread=spread,
        crept=declared.national and declared.threshold == detector.creep != detector.a1,
    )


def _healing(detector: ChannelDetector, declared: Declared, now_s: float) -> Healing:
    tuning, takes_part = detector.workings.tuning, detector.workings.seen.takes_part
    unwell = {b: 1.0 for b in declared.recovery.unwell() if takes_part(b)}
    beyond = detector.workings.groups.beyond_worst(unwell)
    since_s = declared.recovering_s
    return Healing(
        score=declared.recovery.v,
        score_needed=tuning.recovery_score,
        members=len(declared.recovery.members),
        unwell=beyond if declared.national else float(len(unwell)),
        unwell_below=declared.needed,
        well_since_s=declared.recovery.well_since_s,
        held_s=None if since_s is None else now_s - since_s,
        shown_after_s=tuning.show_recovery_s,
        closed_after_s=tuning.close_s,
    )


def _nearest(detector: ChannelDetector) -> Nearest | None:
    """The group with the most votes that is not told; of two alike the smaller one."""
    work = detector.workings
    if not detector.may_be_national:
        return None
    votes, members = work.seen.votes, work.groups.members
    held = {
        group: sum(votes.get(branch, 0.0) for branch in inside)
        for group, inside in members.items()
        if group not in detector.alarms
    }
    if not any(held.values()):
        return None
    group = min(held, key=lambda each: (-held[each], len(members[each]), each))
    lack = work.regions.lacks(group, work.seen)
    voting = sum(branch in votes for branch in members[group])
    if lack is None or voting < _FEWEST_OF_A_REGION:
        return None
    reporting = sum(work.seen.takes_part(branch) for branch in members[group])
    return Nearest(group=group, voting=voting, reporting=reporting, lack=lack)
