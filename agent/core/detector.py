"""The national detector of one channel of one service: is it the nation, a region, or nobody?

In one sentence for on-call: *after dropping the worst two provinces or carriers, and counting no
office more than once, the equivalent of at least A1 solidly failing offices remains, and results
that began more than G seconds after the first suspicion confirm it.*

    idle      -> suspect    beyond_worst(u) >= A1; t_on = start of that result
    suspect   -> declared   only results begun after t_on + G count, in a fresh sequential test per
                            branch:  Z_b in [-cap, cap];  z = beyond_worst(max(Z, 0) / cap),
                            n = sum(min(Z, 0) / cap);  z >= A2 and z + n >= 0 and the u still stand
    suspect   -> idle       z + n <= -B2 (a blip: offices with Z <= 0 are forgiven their W), or the
                            u fell below A1 / 2, or ten minutes passed
    idle      -> declared   offices that creep into a lasting trouble of their own, one after the
                            other, lose their votes each; creep of them beyond the worst groups are
                            the nation's after all
    declared  -> recovering -> closed, or back: see agent.core.recovery

The guard G is as long as the longest blip that nobody wants to hear of; it is compared with the
starts of results, never with arrivals. Groups below the nation are judged while the nation is
quiet, by their own contrast to the rest. Good results count against a suspicion only where there
was evidence for it. Each result costs O(1); the sums over branches are taken only while the votes
add up to something.

The class is the state, its methods the inputs: results, ticks, and who may vote. Times are stream
time in seconds, evidence is in nats, votes in branch equivalents.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from agent.core import evidence
from agent.core.focus import FocusKind, Interest
from agent.core.groups import ROSTER, Groups
from agent.core.model import NATION, AlarmPhase, Channel, Scope
from agent.core.reading import Observed
from agent.core.recovery import Recovery
from agent.core.regional import MOST, TOLERANCE, Region, Regions, Seen
from agent.core.tuning import Tuning

_ROUNDING = 1e-4
"""Statuses carry W rounded; a level counts as that much more, so that a full vote stays full."""
_ONSETS_KEPT = 64
SOLID = 0.5
"""A vote from which an office is counted as failing, for people."""


@dataclass(slots=True, kw_only=True)
class Suspicion:
    """A suspicion under test."""

    since_s: float
    z: dict[str, float] = field(default_factory=dict)
    fresh: int = 0
    fresh_bad: int = 0


@dataclass(slots=True, kw_only=True)
class Declared:
    """A declared alarm of this channel, for the nation or one group."""

    scope: Scope
    group: str
    since_s: float
    declared_s: float
    recovery: Recovery
    needed: float
    """Unwell members below which the alarm can recover."""
    score: float = 0.0
    threshold: float = 0.0
    recovering_s: float | None = None
    phase: AlarmPhase = AlarmPhase.DECLARED
    coincidence: float | None = None
    """The smallest chance of it so far, for people; see :mod:`agent.core.coincidence`."""

    @property
    def national(self) -> bool:
        """It is the nation's."""
        return self.scope is Scope.NATIONAL


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
        self.suspicion: Suspicion | None = None
        self.alarms: dict[str, Declared] = {}
        self.blips: list[Blip] = []
        self.quarantined: set[str] = set()
        self._groups = groups
        self._tuning = tuning
        self._numbers = tuning.channel(channel)
        self._period_s = period_s
        self._takes_part = votes
        self._w: dict[str, float] = {}
        self._votes: dict[str, float] = {}
        self._first_bad_s: dict[str, float] = {}
        self._last_bad_s: dict[str, float] = {}
        self._hot_since_s: dict[str, float] = {}
        self._newest_bad: set[str] = set()
        self._onsets: deque[tuple[float, str]] = deque(maxlen=_ONSETS_KEPT)
        self._onset_window_s = self._numbers.onset_runs * period_s / max(1, len(groups.roster))
        self._seen = Seen(
            votes=self._votes,
            first_bad_s=self._first_bad_s,
            last_bad_s=self._last_bad_s,
            takes_part=votes,
        )
        size = len(groups.roster)
        self.a1 = self._numbers.a1(size)
        self.a2 = self._numbers.a2(size)
        self.b2 = self._numbers.b2(size)
        self.creep = max(tuning.creep_floor, tuning.creep_share * size)
        self._regions = Regions(groups, tuning, a1=self.a1, period_s=period_s)
        self.workings = Workings(
            seen=self._seen, groups=groups, regions=self._regions, tuning=tuning
        )
        self.may_be_national = (
            size >= tuning.small_roster and groups.provinces >= tuning.small_provinces
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
        w = self._w.get(branch, 0.0)
        for _ in range(min(unseen_good, 64) if w > 0 else 0):
            w = evidence.weigh(w, bad=False, p0=p0, tuning=self._numbers)
        self._set(branch, w)
        for result in results:
            bad = self.channel.is_bad(result.outcome)
            self._take(branch, result.started_s, bad=bad, p0=p0, now_s=now_s, blind=blind)
        self._set(branch, min(self._w.get(branch, 0.0), level + _ROUNDING if level > 0 else 0.0))

    def adopt(
        self,
        branch: str,
        level: float,
        last_bad_s: float | None,
        hot_since_s: float | None = None,
    ) -> None:
        """Take over the level of a branch that was not heard before, and since when it is high."""
        self._set(branch, min(level + _ROUNDING if level > 0 else 0.0, self._numbers.cap))
        if level > 0 and last_bad_s is not None:
            self._first_bad_s.setdefault(branch, last_bad_s)
            self._last_bad_s[branch] = last_bad_s
        if level > 0 and hot_since_s is not None:
            self._first_bad_s[branch] = min(hot_since_s, self._first_bad_s.get(branch, hot_since_s))
            self._hot_since_s[branch] = hot_since_s

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
        if group in self.alarms:
            return
        self._declare(scope, group, since_s, now_s, frozenset(members), rate=SOLID)
        alarm = self.alarms[group]
        alarm.declared_s = declared_s
        if recovering:
            well_since_s = now_s if ended_s is None else ended_s
            alarm.recovery.trust(self._tuning.recovery_score, well_since_s)
            alarm.recovering_s, alarm.phase = now_s, AlarmPhase.RECOVERING

    def revote(self, branch: str) -> None:
        """Whether the branch may vote has changed."""
        self._set(branch, self._w.get(branch, 0.0))

    def tick(self, now_s: float, *, blind: bool) -> None:
        """Let time pass: silence and holding are inputs too. Closed alarms are shown once."""
        self.alarms = {g: a for g, a in self.alarms.items() if a.phase is not AlarmPhase.CLOSED}
        self._quarantine(now_s)
        if not blind:
            self._creep(now_s)
        if self.suspicion is not None:
            self._test(now_s, blind=blind)
        elif not blind and self._votes:
            self._suspect(None)
        if not blind:
            self._judge_groups(now_s)
        for alarm in self.alarms.values():
            self._let_recover(alarm, now_s, blind=blind)

    # --- outputs

    @property
    def national(self) -> Declared | None:
        """The national alarm, if there is one."""
        return self.alarms.get(NATION)

    def failing(self, group: str) -> tuple[str, ...]:
        """Offices of a group that count as failing for people, in roster order.

        A solid vote, or any vote of an office whose newest result is bad: at the declaration many
        have been asked only once since it began.
        """
        inside = self._groups.roster if group in (NATION, ROSTER) else self._groups.members[group]
        return tuple(branch for branch in inside if self._fails(branch))

    def _fails(self, branch: str) -> bool:
        least = 0.0 if branch in self._newest_bad else SOLID
        value = self._votes.get(branch, 0.0)
        return value > 0 and value >= least

    def score(self) -> float:
        """What remains of the votes beyond the worst groups, branch equivalents."""
        return self._groups.beyond_worst(self._votes) if self._votes else 0.0

    def vote(self, branch: str) -> float:
        """One branch's vote now."""
        return self._votes.get(branch, 0.0)

    def weighed(self, suspicion: Suspicion) -> tuple[float, float]:
        """What fresh results say for a suspicion beyond the worst groups, and against it (<= 0)."""
        cap = self._numbers.cap
        against = {b: z / cap for b, z in suspicion.z.items() if z > 0 and self._takes_part(b)}
        good = sum(z for b, z in suspicion.z.items() if z < 0 and self._takes_part(b)) / cap
        return self._groups.beyond_worst(against), good

    def interest(self, now_s: float) -> Interest | None:
        """How much this service would be worth a closer look of the whole nation."""
        focus, alarm = self._tuning.focus, self.national
        if alarm is not None:
            showing = alarm.recovery.v >= focus.recovery_score
            recovering = showing and alarm.phase is not AlarmPhase.CLOSED
            return self._interest(FocusKind.RECOVER, alarm.recovery.v) if recovering else None
        if not self.may_be_national:
            return None
        likely = sum(self._votes.values()) >= focus.suspicion_share * self.a1
        share = self.score() / self.a1 if likely else 0.0
        wanted = self.suspicion is not None or share + TOLERANCE >= focus.suspicion_share
        if wanted or self._begin_together(now_s):
            return self._interest(FocusKind.DETECT, share)
        return None

    def _interest(self, kind: FocusKind, weight: float) -> Interest:
        return Interest(service=self.service, kind=kind, weight=weight)

    def _begin_together(self, now_s: float) -> bool:
        """A few offices that share no fate began to fail within a few runs of the nation."""
        while self._onsets and now_s - self._onsets[0][0] > self._onset_window_s:
            self._onsets.popleft()
        branches = {branch for _, branch in self._onsets if branch in self._w}
        if len(branches) < self._tuning.focus.onsets:
            return False
        fates = [set(self._groups.dropped_with[branch]) for branch in branches]
        return not set.intersection(*fates)

    # --- one result

    def _take(
        self, branch: str, started_s: float, *, bad: bool, p0: float, now_s: float, blind: bool
    ) -> None:
        before = self._w.get(branch, 0.0)
        self._remember(branch, started_s, bad=bad)
        self._set(branch, evidence.weigh(before, bad=bad, p0=p0, tuning=self._numbers))
        counts = self._takes_part(branch) and branch not in self.quarantined
        self._tell_alarms(branch, started_s, bad=bad, admit=counts)
        if not counts:
            return
        if bad and before <= 0:
            self._onsets.append((started_s, branch))
        late = now_s - started_s > self._tuning.stale_s
        if self.suspicion is None:
            if bad and not blind:
                # What comes late, or is said to be old, begins no suspicion before its time.
                self._suspect(None if late else started_s)
            return
        if late or started_s <= self.suspicion.since_s + self._tuning.guard_s:
            return
        if bad or before > 0:
            self._test_with(branch, bad=bad, p0=p0)
            self._test(now_s, blind=blind)

    def _remember(self, branch: str, started_s: float, *, bad: bool) -> None:
        if not bad:
            self._newest_bad.discard(branch)
            return
        self._newest_bad.add(branch)
        self._first_bad_s.setdefault(branch, started_s)
        self._last_bad_s[branch] = max(started_s, self._last_bad_s.get(branch, started_s))

    def _tell_alarms(self, branch: str, started_s: float, *, bad: bool, admit: bool) -> None:
        solid = self._w.get(branch, 0.0) >= 0.6 * self._numbers.cap
        for alarm in self.alarms.values():
            if bad and admit and solid and self._belongs(branch, alarm):
                alarm.recovery.admit(branch)
            alarm.recovery.observe(branch, bad=bad, started_s=started_s)

    def _set(self, branch: str, w: float) -> None:
        if w <= 0.0:
            for book in (self._w, self._votes, self._first_bad_s, self._hot_since_s):
                book.pop(branch, None)
            self.quarantined.discard(branch)
            return
        self._w[branch] = w
        value = evidence.vote(w, self._numbers, self._tuning.soft_threshold)
        if value > 0 and branch not in self.quarantined and self._takes_part(branch):
            self._votes[branch] = value
        else:
            self._votes.pop(branch, None)

    def _belongs(self, branch: str, alarm: Declared) -> bool:
        if alarm.group in (NATION, ROSTER):
            return True
        return branch in self._groups.members[alarm.group]

    # --- the nation

    def _suspect(self, started_s: float | None) -> None:
        """Open a suspicion when enough votes remain; without a result, from the newest bad one."""
        if not self.may_be_national or NATION in self.alarms:
            return
        if sum(self._votes.values()) + TOLERANCE < self.a1 or self.score() + TOLERANCE < self.a1:
            return
        since_s = started_s
        if since_s is None:
            since_s = max(self._last_bad_s[branch] for branch in self._votes)
        self.suspicion = Suspicion(since_s=since_s)

    def _test_with(self, branch: str, *, bad: bool, p0: float) -> None:
        suspicion = self.suspicion
        if suspicion is None:
            return
        suspicion.fresh += 1
        suspicion.fresh_bad += bad
        up = evidence.step_up(p0, self._numbers)
        step = up if bad else -evidence.step_down(p0, self._numbers)
        cap = self._numbers.cap
        suspicion.z[branch] = min(cap, max(-cap, suspicion.z.get(branch, 0.0) + step))

    def _test(self, now_s: float, *, blind: bool) -> None:
        suspicion = self.suspicion
        if suspicion is None:
            return
        spoken_for, good = self.weighed(suspicion)
        votes = self.score()
        confirmed = spoken_for + TOLERANCE >= self.a2 and spoken_for + good + TOLERANCE >= 0
        if confirmed and votes + TOLERANCE >= self.a1 and not blind:
            self._go_national(suspicion, votes, now_s)
        elif spoken_for + good - TOLERANCE <= -self.b2:
            self._clear(suspicion, now_s, forgive=True)
        elif (
            sum(self._votes.values()) < self.a1 / 2
            or now_s - suspicion.since_s > self._tuning.suspicion_limit_s
        ):
            self._clear(suspicion, now_s, forgive=False)

    def _clear(self, suspicion: Suspicion, now_s: float, *, forgive: bool) -> None:
        self.suspicion = None
        self.blips.append(
            Blip(
                service=self.service,
                channel=self.channel,
                since_s=suspicion.since_s,
                duration_s=now_s - suspicion.since_s,
            )
        )
        expired = now_s - suspicion.since_s > self._tuning.suspicion_limit_s
        for branch in list(self._w) if forgive or expired else ():
            if suspicion.z.get(branch, 0.0) <= 0:
                self._set(branch, 0.0)

    def _go_national(self, suspicion: Suspicion, votes: float, now_s: float) -> None:
        rate = suspicion.fresh_bad / max(1, suspicion.fresh)
        members = frozenset(self._votes)
        self._become_national(self._beginning(members, suspicion.since_s), now_s, members, rate)
        self.alarms[NATION].score, self.alarms[NATION].threshold = votes, self.a1

    def _beginning(self, members: Iterable[str], suspected_s: float) -> float:
        """The first failure of the nation's trouble.

        Offices that a region's alarm holds, or whose trouble is a period older than that of half of
        them, lend it no beginning: everybody is asked once in a period.
        """
        regional = {b for alarm in self.alarms.values() for b in alarm.recovery.members}
        firsts = sorted(
            self._first_bad_s.get(branch, suspected_s)
            for branch in members
            if branch not in regional
        )
        if not firsts:
            return suspected_s
        middle_s = firsts[len(firsts) // 2]
        return next(at_s for at_s in firsts if at_s >= middle_s - self._period_s)

    def _become_national(
        self, since_s: float, now_s: float, members: frozenset[str], rate: float
    ) -> None:
        self.suspicion = None
        for alarm in self.alarms.values():
            alarm.phase = AlarmPhase.CLOSED
        self._declare(Scope.NATIONAL, NATION, since_s, now_s, members, rate)

    def _declare(
        self,
        scope: Scope,
        group: str,
        since_s: float,
        now_s: float,
        members: frozenset[str],
        rate: float,
    ) -> None:
        needed = self.a1 if scope is Scope.NATIONAL else max(1.0, 0.5 * len(members))
        self.alarms[group] = Declared(
            scope=scope,
            group=group,
            since_s=since_s,
            declared_s=now_s,
            recovery=Recovery(members, rate, now_s),
            needed=0.75 * needed,
        )

    def _let_recover(self, alarm: Declared, now_s: float, *, blind: bool) -> None:
        if alarm.phase is AlarmPhase.CLOSED:
            return
        if blind:
            # Nothing is called over unseen: what held before must hold anew once we see.
            alarm.recovering_s = now_s if alarm.recovering_s is not None else None
            return
        recovery = alarm.recovery
        recovery.release(now_s, self._tuning.member_s)
        unwell = {b: 1.0 for b in recovery.unwell() if self._takes_part(b)}
        bad = self._groups.beyond_worst(unwell) if alarm.national else sum(unwell.values())
        few = len(recovery.members) < alarm.needed
        well = (recovery.v >= self._tuning.recovery_score or few) and bad < alarm.needed
        if not well:
            alarm.recovering_s, alarm.phase = None, AlarmPhase.DECLARED
            return
        if alarm.recovering_s is None:
            alarm.recovering_s = now_s
        held_s = now_s - alarm.recovering_s
        if held_s + TOLERANCE >= self._tuning.close_s:
            alarm.phase = AlarmPhase.CLOSED
            self._forgive(alarm)
        elif held_s + TOLERANCE >= self._tuning.show_recovery_s:
            alarm.phase = AlarmPhase.RECOVERING

    def _forgive(self, alarm: Declared) -> None:
        """What failed before the end belongs to what is over, also of those who failed once."""
        unwell = alarm.recovery.unwell()
        for branch in [b for b in self._w if self._belongs(b, alarm)]:
            over = self._last_bad_s.get(branch, 0.0) <= alarm.recovery.well_since_s
            if (branch in alarm.recovery.members or over) and branch not in unwell:
                self._set(branch, 0.0)

    # --- groups below the nation

    def _judge_groups(self, now_s: float) -> None:
        if self.suspicion is not None or NATION in self.alarms or not self._votes:
            return
        for region in self._regions_in_trouble():
            if self._is_told(region):
                continue
            self._absorb_into(region)
            self._declare(
                Scope.REGIONAL, region.group, region.since_s, now_s, region.failing, rate=1.0
            )
            alarm = self.alarms[region.group]
            alarm.score, alarm.threshold = region.score, region.threshold

    def _is_told(self, region: Region) -> bool:
        """Most of its failing offices belong to a group that is told already."""
        told = [b for b in region.failing if any(self._belongs(b, a) for a in self._open())]
        return len(told) >= MOST * len(region.failing)

    def _absorb_into(self, region: Region) -> None:
        """A trouble that outgrew its group is the wider group's, and no longer told by itself."""
        for alarm in self._open():
            if alarm.recovery.members <= region.failing:
                alarm.phase = AlarmPhase.CLOSED

    def _open(self) -> list[Declared]:
        return [a for a in self.alarms.values() if a.phase is not AlarmPhase.CLOSED]

    def _regions_in_trouble(self) -> list[Region]:
        if self.may_be_national:
            return self._regions.in_trouble(self._seen, self.alarms)
        whole = self._regions.whole_roster(self._seen) if ROSTER not in self.alarms else None
        return [whole] if whole else []

    # --- offices that are always bad

    def _quarantine(self, now_s: float) -> None:
        """An office at half its cap for 15 minutes of quiet loses its vote until it is well."""
        members = {b for alarm in self.alarms.values() for b in alarm.recovery.members}
        quiet = self.suspicion is None and NATION not in self.alarms
        for branch, w in self._w.items():
            hot = evidence.is_hot(w, self._numbers) and quiet and branch not in members
            if not hot:
                self._hot_since_s.pop(branch, None)
            elif now_s - self._hot_since_s.setdefault(branch, now_s) >= self._tuning.quarantine_s:
                self.quarantined.add(branch)
                self._votes.pop(branch, None)

    def _creep(self, now_s: float) -> None:
        """So many offices in a trouble of their own, beyond the worst groups, are the nation's."""
        put_away = {branch: 1.0 for branch in self.quarantined if self._takes_part(branch)}
        if len(put_away) < self.creep or not self.may_be_national or NATION in self.alarms:
            return
        beyond = self._groups.beyond_worst(put_away)
        if beyond + TOLERANCE < self.creep:
            return
        self.quarantined -= put_away.keys()
        for branch in put_away:
            self.revote(branch)
        members = frozenset(self._votes)
        since_s = min(self._first_bad_s.get(branch, now_s) for branch in put_away)
        self._become_national(since_s, now_s, members, rate=1.0)
        self.alarms[NATION].score, self.alarms[NATION].threshold = beyond, self.creep
