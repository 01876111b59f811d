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

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from agent.core import evidence
from agent.core.groups import ROSTER, Groups
from agent.core.model import NATION, AlarmPhase, Channel, Scope
from agent.core.reading import Observed
from agent.core.recovery import Recovery
from agent.core.tuning import Tuning

TOLERANCE = 1e-9
_ROUNDING = 1e-4
"""Statuses carry W rounded; a level counts as that much more, so that a full vote stays full."""
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
    absorbed: bool = False

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
        size = len(groups.roster)
        self.a1 = self._numbers.a1(size)
        self.a2 = self._numbers.a2(size)
        self.b2 = self._numbers.b2(size)
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

    def adopt(self, branch: str, level: float, last_bad_s: float | None) -> None:
        """Take over the level of a branch that was not heard before."""
        self._set(branch, min(level + _ROUNDING if level > 0 else 0.0, self._numbers.cap))
        if level > 0 and last_bad_s is not None:
            self._first_bad_s.setdefault(branch, last_bad_s)
            self._last_bad_s[branch] = last_bad_s

    def resume(
        self,
        *,
        scope: Scope,
        group: str,
        since_s: float,
        declared_s: float,
        members: Iterable[str],
        recovering: bool,
        now_s: float,
    ) -> None:
        """Stand where the leader before stood: an incident of this service is open."""
        if group in self.alarms:
            return
        self._declare(scope, group, since_s, now_s, frozenset(members), rate=SOLID)
        alarm = self.alarms[group]
        alarm.declared_s = declared_s
        if recovering:
            alarm.recovery.trust(self._tuning.recovery_score)
            alarm.recovering_s, alarm.phase = now_s, AlarmPhase.RECOVERING

    def revote(self, branch: str) -> None:
        """Whether the branch may vote has changed."""
        self._set(branch, self._w.get(branch, 0.0))

    def tick(self, now_s: float, *, blind: bool) -> None:
        """Let time pass: silence and holding are inputs too. Closed alarms are shown once."""
        self.alarms = {g: a for g, a in self.alarms.items() if a.phase is not AlarmPhase.CLOSED}
        self._quarantine(now_s)
        if self.suspicion is not None:
            self._test(now_s, blind=blind)
        elif not blind and self._votes:
            self._suspect(None)
        if not blind:
            self._judge_groups(now_s)
        for alarm in self.alarms.values():
            self._let_recover(alarm, now_s)

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

    # --- one result

    def _take(
        self, branch: str, started_s: float, *, bad: bool, p0: float, now_s: float, blind: bool
    ) -> None:
        before = self._w.get(branch, 0.0)
        (self._newest_bad.add if bad else self._newest_bad.discard)(branch)
        if bad:
            self._first_bad_s.setdefault(branch, started_s)
            self._last_bad_s[branch] = max(started_s, self._last_bad_s.get(branch, started_s))
        self._set(branch, evidence.weigh(before, bad=bad, p0=p0, tuning=self._numbers))
        counts = self._takes_part(branch) and branch not in self.quarantined
        for alarm in self.alarms.values():
            if bad and counts and self._belongs(branch, alarm) and self._solid_member(branch):
                alarm.recovery.admit(branch)
            alarm.recovery.observe(branch, bad=bad, started_s=started_s)
        if not counts:
            return
        if self.suspicion is None:
            if bad and not blind:
                self._suspect(started_s)
            return
        late = now_s - started_s > self._tuning.stale_s
        if late or started_s <= self.suspicion.since_s + self._tuning.guard_s:
            return
        if bad or before > 0:
            self._test_with(branch, bad=bad, p0=p0)
            self._test(now_s, blind=blind)

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

    def _solid_member(self, branch: str) -> bool:
        return self._w.get(branch, 0.0) >= 0.6 * self._numbers.cap

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
        cap = self._numbers.cap
        against = {b: z / cap for b, z in suspicion.z.items() if z > 0 and self._takes_part(b)}
        spoken_for = self._groups.beyond_worst(against)
        good = sum(z for b, z in suspicion.z.items() if z < 0 and self._takes_part(b)) / cap
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
        first = min(self._first_bad_s.get(b, suspicion.since_s) for b in members)
        since_s = max(first, suspicion.since_s - 2 * self._period_s)
        self.suspicion = None
        for alarm in self.alarms.values():
            alarm.phase, alarm.absorbed = AlarmPhase.CLOSED, True
        self._declare(Scope.NATIONAL, NATION, since_s, now_s, members, rate)
        self.alarms[NATION].score, self.alarms[NATION].threshold = votes, self.a1

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

    def _let_recover(self, alarm: Declared, now_s: float) -> None:
        if alarm.phase is AlarmPhase.CLOSED:
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
            for branch in recovery.members - set(unwell):
                self._set(branch, 0.0)
        elif held_s + TOLERANCE >= self._tuning.show_recovery_s:
            alarm.phase = AlarmPhase.RECOVERING

    # --- groups below the nation

    def _judge_groups(self, now_s: float) -> None:
        if self.suspicion is not None or NATION in self.alarms or not self._votes:
            return
        if not self.may_be_national:
            self._judge_roster(now_s)
            return
        qualifying = {
            group: inside
            for group in self._touched()
            if group not in self.alarms and (inside := self._qualifies(group))
        }
        for group in smallest_that_tell(qualifying, self._groups.members):
            failing = qualifying[group]
            if any(failing <= alarm.recovery.members for alarm in self.alarms.values()):
                continue
            since_s = min(self._first_bad_s[branch] for branch in failing)
            self._declare(Scope.REGIONAL, group, since_s, now_s, failing, rate=1.0)
            self.alarms[group].score = sum(self._votes[branch] for branch in failing)
            self.alarms[group].threshold = self._tuning.regional_score

    def _touched(self) -> list[str]:
        touched = {
            group
            for group, inside in self._groups.members.items()
            if sum(branch in self._votes for branch in inside) >= 2  # noqa: PLR2004
        }
        return sorted(touched)

    def _qualifies(self, group: str) -> frozenset[str]:
        """The offices that make a group a regional trouble, or none."""
        inside = [b for b in self._groups.members[group] if self._takes_part(b)]
        voting = [b for b in inside if b in self._votes]
        inside_set = set(inside)
        outside = {b: u for b, u in self._votes.items() if b not in inside_set}
        others = sum(self._takes_part(b) for b in self._groups.roster) - len(inside)
        mean_inside = sum(self._votes[b] for b in voting) / max(1, len(inside))
        mean_outside = sum(outside.values()) / max(1, others)
        if mean_inside < self._tuning.regional_contrast * mean_outside:
            return frozenset()
        if len(self._groups.members[group]) > self._tuning.small_group:
            return self._large_group(inside, voting)
        return self._small_group(inside, voting, outside)

    def _large_group(self, inside: list[str], voting: list[str]) -> frozenset[str]:
        weight = sum(self._votes[b] for b in voting)
        enough = max(self._tuning.regional_score, self._tuning.regional_share * len(inside))
        if weight + TOLERANCE < enough or not self._beyond_guard(voting):
            return frozenset()
        return frozenset(voting)

    def _small_group(
        self, inside: list[str], voting: list[str], outside: Mapping[str, float]
    ) -> frozenset[str]:
        full = [b for b in voting if self._votes[b] >= 1.0 - TOLERANCE]
        fresh = self._beyond_guard(full)
        if len(fresh) < max(2.0, self._tuning.small_group_share * len(inside)):
            return frozenset()
        starts = [self._first_bad_s[b] for b in fresh]
        if max(starts) - min(starts) > 2 * self._period_s:
            return frozenset()
        if outside and self._groups.beyond_worst(outside) >= self.a1 / 2:
            return frozenset()
        return frozenset(fresh)

    def _beyond_guard(self, branches: list[str]) -> list[str]:
        """Those with a bad result that began later than the first evidence of all plus G."""
        if not branches:
            return []
        first_s = min(self._first_bad_s[b] for b in branches)
        border_s = first_s + self._tuning.guard_s
        return [b for b in branches if self._last_bad_s[b] > border_s]

    def _judge_roster(self, now_s: float) -> None:
        """A pilot too small to speak of the nation: all that report fail, and go on failing."""
        inside = [b for b in self._groups.roster if self._takes_part(b)]
        full = [b for b in inside if self._votes.get(b, 0.0) >= 1.0 - TOLERANCE]
        all_fail = len(full) == len(inside) >= 3  # noqa: PLR2004
        if ROSTER in self.alarms or not all_fail or len(self._beyond_guard(full)) < len(full):
            return
        since_s = min(self._first_bad_s[b] for b in full)
        self._declare(Scope.REGIONAL, ROSTER, since_s, now_s, frozenset(full), rate=1.0)
        self.alarms[ROSTER].score = self.alarms[ROSTER].threshold = float(len(full))

    # --- offices that are always bad

    def _quarantine(self, now_s: float) -> None:
        """An office at half its cap for 15 minutes of quiet loses its vote until it is well."""
        members = {b for alarm in self.alarms.values() for b in alarm.recovery.members}
        quiet = self.suspicion is None and NATION not in self.alarms
        for branch, w in self._w.items():
            hot = w >= self._numbers.cap / 2 and quiet and branch not in members
            if not hot:
                self._hot_since_s.pop(branch, None)
            elif now_s - self._hot_since_s.setdefault(branch, now_s) >= self._tuning.quarantine_s:
                self.quarantined.add(branch)
                self._votes.pop(branch, None)


def smallest_that_tell(
    qualifying: Mapping[str, frozenset[str]], members: Mapping[str, tuple[str, ...]]
) -> list[str]:
    """Of overlapping groups that qualify, the smallest that holds 80 % of their failing offices."""
    left = dict(qualifying)
    told: list[str] = []
    while left:
        seed = max(left, key=lambda group: (len(left[group]), group))
        together = [group for group in left if left[group] & left[seed]]
        failing = frozenset().union(*(left[group] for group in together))
        holding = [g for g in together if len(left[g]) >= 0.8 * len(failing)] or [seed]
        told.append(min(holding, key=lambda group: (len(members[group]), group)))
        for group in together:
            del left[group]
    return told
