"""The national detector of one channel of one service: is it the nation, a region, or nobody?

In one sentence for on-call: *after dropping the worst two provinces or carriers, and counting no
office more than once, the equivalent of at least A1 solidly failing offices remains, and results
that began more than G seconds after the first suspicion confirm it.*

    idle      -> suspect    on either scale, the quick or the patient: see agent.core.scale
    suspect   -> declared   fresh results confirm it
    suspect   -> idle       they do not (a blip: who was good since is forgiven), or it fades
    idle      -> declared   offices that creep into a lasting trouble of their own, one after the
                            other, lose their votes each; creep of them beyond the worst groups are
                            the nation's after all
    declared  -> recovering -> closed, or back: see agent.core.declared

The guard G is as long as the longest blip that nobody wants to hear of; it is compared with the
starts of results, never with arrivals. Groups below the nation are judged while the nation is
quiet, by their own contrast to the rest. Good results count against a suspicion only where there
was evidence for it. Each result costs O(1); the sums over branches are taken only while the votes
add up to something.

The class is the state, its methods the inputs: results, ticks, and who may vote. Times are stream
time in seconds, evidence is in nats, votes in branch equivalents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.core.alarms import Alarms
from agent.core.declared import Declared
from agent.core.focus import FocusKind, Interest
from agent.core.groups import ROSTER, Groups
from agent.core.model import NATION, AlarmPhase, Channel, Scope
from agent.core.onsets import Onsets
from agent.core.reading import Observed
from agent.core.regional import FEWEST, TOLERANCE, Region, Regions, Seen
from agent.core.scale import Finding, Scale, Suspicion
from agent.core.tuning import Tuning

_ROUNDING = 1e-4
"""Statuses carry W rounded; a level counts as that much more, so that a full vote stays full."""
SOLID = 0.5
"""A vote from which an office is counted as failing, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blip:
    """A suspicion that came to nothing: logged and counted, never told."""

    service: str
    channel: Channel
    since_s: float
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Workings:
    """What a detector goes by, for whoever explains it: to be read only."""

    seen: Seen
    groups: Groups
    regions: Regions
    tuning: Tuning


class ChannelDetector:
    """One channel of one service at the leader."""

    def __init__(
        self,
        service: str,
        channel: Channel,
        groups: Groups,
        tuning: Tuning,
        period_s: float,
        votes: Callable[[str], bool],
    ) -> None:
        """``votes`` tells whether a branch takes part now; ``period_s`` is the journey's T."""
        self.service = service
        self.channel = channel
        self.blips: list[Blip] = []
        self.settled = False
        """A suspicion came to nothing since the last look at it, on whichever scale."""
        self._groups = groups
        self._tuning = tuning
        self._period_s = period_s
        self._takes_part = votes
        self._alarms = Alarms(groups, period_s)
        self.quick = Scale(
            tuning.channel(channel),
            tuning,
            groups,
            votes,
            quarantine_s=tuning.quarantine_s,
            member_s=tuning.member_s,
        )
        self._scales = (self.quick, *self._patient())
        self._newest_bad: set[str] = set()
        self._last_s: dict[str, float] = {}
        size = len(groups.roster)
        self._onsets = Onsets(
            groups,
            fewest=tuning.focus.onsets,
            window_s=self.quick.numbers.onset_runs * period_s / max(1, size),
        )
        self._seen = Seen(
            votes=self.quick.votes,
            first_bad_s=self.quick.first_bad_s,
            last_bad_s=self.quick.last_bad_s,
            takes_part=votes,
        )
        self.creep = max(tuning.creep_floor, tuning.creep_share * size)
        self._regions = Regions(groups, tuning, a1=self.quick.a1, period_s=period_s)
        self.workings = Workings(
            seen=self._seen, groups=groups, regions=self._regions, tuning=tuning
        )
        self.may_be_national = (
            size >= tuning.small_roster and groups.provinces >= tuning.small_provinces
        )

    def _patient(self) -> Sequence[Scale]:
        """The other scale of the fail channel. A slow service is seldom slow so seldom."""
        if self.channel is not Channel.FAIL:
            return ()
        tuning = self._tuning
        return (
            Scale(
                tuning.patient,
                tuning,
                self._groups,
                self.quick.counts,
                quarantine_s=tuning.patient_quarantine_s,
                member_s=tuning.patient_member_s,
            ),
        )

    # --- inputs

    def hear(
        self,
        branch: str,
        results: Iterable[Observed],
        *,
        unseen_good: int,
        p0: float,
        level: float,
        now_s: float,
        blind: bool,
    ) -> None:
        """Take a branch's new results, oldest first, and the W that its status states."""
        self.quick.pass_over(branch, unseen_good, p0)
        for result in results:
            bad = self.channel.is_bad(result.outcome)
            self._take(branch, result.started_s, bad=bad, p0=p0, now_s=now_s, blind=blind)
        stated = level + _ROUNDING if level > 0 else 0.0
        self.quick.put(branch, min(self.quick.w.get(branch, 0.0), stated))

    def adopt(
        self,
        branch: str,
        level: float,
        last_bad_s: float | None,
        hot_since_s: float | None = None,
    ) -> None:
        """Take over the level of a branch that was not heard before, and since when it is high."""
        quick = self.quick
        quick.put(branch, min(level + _ROUNDING if level > 0 else 0.0, quick.numbers.cap))
        if level > 0 and last_bad_s is not None:
            quick.first_bad_s.setdefault(branch, last_bad_s)
            quick.last_bad_s[branch] = last_bad_s
        if level > 0 and hot_since_s is not None:
            first_s = quick.first_bad_s.get(branch, hot_since_s)
            quick.first_bad_s[branch] = min(hot_since_s, first_s)
            quick.hot_since_s[branch] = hot_since_s

    def resume(  # noqa: PLR0913 - what an incident's record says of its alarm, each by its name
        self,
        *,
        scope: Scope,
        group: str,
        since_s: float,
        declared_s: float,
        members: Iterable[str],
        recovering: bool,
        now_s: float,
        ended_s: float | None = None,
    ) -> None:
        """Stand where the leader before stood: an incident of this service is open."""
        if group in self._alarms:
            return
        alarm = self._alarms.declare(
            scope=scope,
            group=group,
            since_s=since_s,
            now_s=now_s,
            members=tuple(members),
            rate=SOLID,
            scale=self.quick,
        )
        alarm.declared_s = declared_s
        if recovering:
            well_since_s = now_s if ended_s is None else ended_s
            alarm.recovery.trust(self._tuning.recovery_score, well_since_s)
            alarm.recovering_s, alarm.phase = now_s, AlarmPhase.RECOVERING

    def revote(self, branch: str) -> None:
        """Whether the branch may vote has changed."""
        for scale in self._scales:
            scale.revote(branch)

    def tick(self, now_s: float, *, blind: bool) -> None:
        """Let time pass: silence and holding are inputs too. Closed alarms are shown once."""
        self._alarms.drop_closed()
        self._quarantine(now_s)
        self._forget(now_s)
        if not blind:
            self._creep(now_s)
        for scale in self._scales:
            if scale.suspicion is not None:
                self._test(scale, now_s, blind=blind)
            elif not blind and scale.votes:
                self._suspect(scale, None)
        if not blind:
            self._judge_groups(now_s)
        for alarm in self._alarms:
            alarm.advance(now_s, self._tuning, self._groups, self._takes_part, blind=blind)
            if not alarm.open:
                self._forgive(alarm)

    # --- outputs

    @property
    def suspicion(self) -> Suspicion | None:
        """What is suspected now; if on both scales, what the quick one says."""
        return next((s.suspicion for s in self._scales if s.suspicion is not None), None)

    @property
    def alarms(self) -> Mapping[str, Declared]:
        """The alarms that stand, and those just closed, by group."""
        return self._alarms.by_group

    @property
    def national(self) -> Declared | None:
        """The national alarm, if there is one."""
        return self._alarms.national

    @property
    def quarantined(self) -> set[str]:
        """Offices whose own long trouble does not vote."""
        return self.quick.quarantined

    @property
    def a1(self) -> float:
        """Branch equivalents at which the service is suspected."""
        return self.quick.a1

    @property
    def is_patiently_suspicious(self) -> bool:
        """The patient scale is half way to a suspicion."""
        return any(2 * scale.total() >= scale.a1 for scale in self._scales[1:])

    def failing(self, group: str) -> tuple[str, ...]:
        """Offices of a group that count as failing for people, in roster order.

        A solid vote on the scale that speaks, or any vote of an office whose newest result is bad:
        at the declaration many have been asked only once since it began.
        """
        inside = self._groups.roster if group in (NATION, ROSTER) else self._groups.members[group]
        alarm = self.alarms.get(group)
        votes = alarm.scale.votes if alarm is not None else {}
        return tuple(
            branch for branch in inside if self._fails(branch) or votes.get(branch, 0.0) >= SOLID
        )

    def _fails(self, branch: str) -> bool:
        least = 0.0 if branch in self._newest_bad else SOLID
        value = self.vote(branch)
        return value > 0 and value >= least

    def score(self) -> float:
        """What remains of the votes beyond the worst groups, branch equivalents."""
        return self.quick.score()

    def vote(self, branch: str) -> float:
        """One branch's vote now."""
        return self.quick.votes.get(branch, 0.0)

    def gathering(self) -> frozenset[str]:
        """Groups below the nation of which two offices or more vote, trouble or not."""
        votes = self._seen.votes
        if not self.may_be_national:
            return frozenset({ROSTER} if len(votes) >= FEWEST else ())
        return frozenset(self._regions.voted_against(self._seen) if votes else ())

    def interest(self, now_s: float) -> Interest | None:
        """How much this service would be worth a closer look of the whole nation."""
        focus, alarm = self._tuning.focus, self.national
        if alarm is not None:
            recovering = alarm.open and alarm.recovery.d >= focus.recovery_score
            return self._interest(FocusKind.RECOVER, alarm.recovery.d) if recovering else None
        if not self.may_be_national:
            return None
        share = max(self._share(scale) for scale in self._scales)
        wanted = self.suspicion is not None or share + TOLERANCE >= focus.suspicion_share
        if wanted or self._onsets.together(now_s, self.quick.w):
            return self._interest(FocusKind.DETECT, share)
        return None

    def _share(self, scale: Scale) -> float:
        """How near to suspicion, as a share of A1; 0 while that is far."""
        likely = scale.total() >= self._tuning.focus.suspicion_share * scale.a1
        return scale.score() / scale.a1 if likely else 0.0

    def _interest(self, kind: FocusKind, weight: float) -> Interest:
        return Interest(service=self.service, kind=kind, weight=weight)

    # --- one result

    def _take(
        self, branch: str, started_s: float, *, bad: bool, p0: float, now_s: float, blind: bool
    ) -> None:
        (self._newest_bad.add if bad else self._newest_bad.discard)(branch)
        self._last_s[branch] = started_s
        fresh_failure = bad and branch not in self.quick.w
        before = [scale.w.get(branch, 0.0) for scale in self._scales]
        for scale in self._scales:
            scale.take(branch, started_s, bad=bad, p0=p0)
        counts = self.quick.counts(branch)
        self._alarms.observe(branch, started_s, bad=bad, counts=counts, on=self.quick)
        if fresh_failure and counts:
            self._onsets.note(branch, started_s)
        late = now_s - started_s > self._tuning.stale_s
        for scale, held in zip(self._scales, before, strict=True):
            if not scale.counts(branch):
                continue
            if scale.suspicion is None:
                # What comes late, or is said to be old, begins no suspicion before its time.
                if bad and not blind:
                    self._suspect(scale, None if late else started_s)
            elif (bad or held > 0) and not late and self._is_fresh(scale.suspicion, started_s):
                scale.test_with(scale.suspicion, branch, bad=bad, p0=p0)
                self._test(scale, now_s, blind=blind)

    def _is_fresh(self, suspicion: Suspicion, started_s: float) -> bool:
        return started_s > suspicion.since_s + self._tuning.guard_s

    def _forget(self, now_s: float) -> None:
        """Who has nothing to report was well in each period since, also for the patient scale."""
        for scale in self._scales[1:]:
            if scale.total() < scale.a1 / 2:
                continue
            for branch in [b for b in scale.w if b not in self.quick.w and self._takes_part(b)]:
                good = int((now_s - self._last_s.get(branch, now_s)) // self._period_s)
                if good > 0:
                    self._last_s[branch] += good * self._period_s
                    scale.pass_over(branch, good, scale.numbers.p0_floor)

    # --- the nation

    def _suspect(self, scale: Scale, started_s: float | None) -> None:
        """Open a suspicion when enough votes remain."""
        if self.may_be_national and self.national is None and scale.suspects():
            scale.suspect(started_s)

    def _test(self, scale: Scale, now_s: float, *, blind: bool) -> None:
        suspicion = scale.suspicion
        if suspicion is None:
            return
        finding = scale.finding(suspicion, now_s, blind=blind)
        if finding is Finding.CONFIRMED:
            self._go_national(suspicion, now_s)
        elif finding is not Finding.OPEN:
            self._clear(suspicion, finding, now_s)

    def _clear(self, suspicion: Suspicion, finding: Finding, now_s: float) -> None:
        scale, lasted_s = suspicion.scale, now_s - suspicion.since_s
        scale.suspicion, self.settled = None, True
        if scale is self.quick:
            self.blips.append(
                Blip(
                    service=self.service,
                    channel=self.channel,
                    since_s=suspicion.since_s,
                    duration_s=lasted_s,
                )
            )
        if finding is Finding.CLEARED or lasted_s > self._tuning.suspicion_limit_s:
            for branch in [b for b in scale.w if suspicion.z.get(b, 0.0) <= 0]:
                self._absolve(branch, scale)

    def _absolve(self, branch: str, scale: Scale) -> None:
        """Forget a branch's evidence on a scale; what the quick one forgives, both do."""
        for each in self._scales if scale is self.quick else (scale,):
            each.put(branch, 0.0)

    def _go_national(self, suspicion: Suspicion, now_s: float) -> None:
        scale = suspicion.scale
        votes, rate = scale.score(), suspicion.rate
        members = frozenset(self.quick.votes) | frozenset(scale.votes)
        since_s = self._alarms.beginning(scale, members, suspicion.since_s)
        alarm = self._become_national(since_s, now_s, members, rate, scale)
        alarm.score, alarm.threshold = votes, scale.a1

    def _become_national(
        self, since_s: float, now_s: float, members: frozenset[str], rate: float, scale: Scale
    ) -> Declared:
        for each in self._scales:
            each.suspicion = None
        self._alarms.close_all()
        return self._alarms.declare(
            scope=Scope.NATIONAL,
            group=NATION,
            since_s=since_s,
            now_s=now_s,
            members=members,
            rate=rate,
            scale=scale,
        )

    def _forgive(self, alarm: Declared) -> None:
        """What failed before the end belongs to what is over, also of those who failed once."""
        unwell = alarm.recovery.unwell()
        known = {branch for scale in self._scales for branch in scale.w}
        for branch in [b for b in known if self._alarms.covers(alarm, b)]:
            last_s = max(scale.last_bad_s.get(branch, 0.0) for scale in self._scales)
            over = last_s <= alarm.recovery.well_since_s
            if (branch in alarm.recovery.members or over) and branch not in unwell:
                self._absolve(branch, self.quick)

    # --- groups below the nation

    def _judge_groups(self, now_s: float) -> None:
        if not self._is_quiet or not self.quick.votes:
            return
        for region in self._regions_in_trouble():
            if not self._alarms.tells_of(region):
                self._go_regional(region, now_s)

    def _go_regional(self, region: Region, now_s: float) -> None:
        self._alarms.absorb_into(region)
        alarm = self._alarms.declare(
            scope=Scope.REGIONAL,
            group=region.group,
            since_s=region.since_s,
            now_s=now_s,
            members=region.failing,
            rate=1.0,
            scale=self.quick,
        )
        alarm.score, alarm.threshold = region.score, region.threshold

    @property
    def _is_quiet(self) -> bool:
        """Neither is the nation's alarm open, nor does the quick scale suspect one."""
        return self.quick.suspicion is None and self.national is None

    def _regions_in_trouble(self) -> list[Region]:
        if self.may_be_national:
            return self._regions.in_trouble(self._seen, self.alarms)
        whole = self._regions.whole_roster(self._seen) if ROSTER not in self._alarms else None
        return [whole] if whole else []

    # --- offices that are always bad

    def _quarantine(self, now_s: float) -> None:
        for scale in self._scales:
            scale.quarantine(now_s, quiet=self._is_quiet, spared=self._alarms.members())
            # Who no longer counts on the quick scale counts on neither.
            for branch in self.quarantined & scale.votes.keys():
                scale.revote(branch)

    def _creep(self, now_s: float) -> None:
        """So many offices in a trouble of their own, beyond the worst groups, are the nation's."""
        put_away = {branch: 1.0 for branch in self.quarantined if self._takes_part(branch)}
        if len(put_away) < self.creep or not self.may_be_national or self.national is not None:
            return
        beyond = self._groups.beyond_worst(put_away)
        if beyond + TOLERANCE < self.creep:
            return
        self.quick.quarantined -= put_away.keys()
        for branch in put_away:
            self.quick.revote(branch)
        members = frozenset(self.quick.votes)
        since_s = min(self.quick.first_bad_s.get(branch, now_s) for branch in put_away)
        alarm = self._become_national(since_s, now_s, members, 1.0, self.quick)
        alarm.score, alarm.threshold = beyond, self.creep
