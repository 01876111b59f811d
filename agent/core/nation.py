"""The leader's view of the nation: every branch's newest status in, assessments out.

It keeps who takes part, feeds the two detectors of each service, and says on each tick what all
verdicts together mean. Times are stream time, seconds since 1970 by the exchange's clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent.core import account, census, groups, reading, shared_controls, spread
from agent.core.account import ServiceAccount
from agent.core.census import Census
from agent.core.declared import Declared
from agent.core.detector import Blip, ChannelDetector
from agent.core.focus import Director, Interest, heaviest
from agent.core.groups import ROSTER
from agent.core.model import (
    NATION,
    Alarm,
    AlarmPhase,
    Assessment,
    Attendance,
    Branch,
    Channel,
    Evidence,
    Focus,
    Outcome,
    Scope,
    Spread,
    Status,
)
from agent.core.reading import Observed
from agent.core.reasons import Reasons, Watched
from agent.core.tuning import STATUS_S, Tuning

_MOST = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What the leader sees on one tick."""

    at_s: float
    assessments: Mapping[str, Assessment]
    attendance: Attendance
    blips: tuple[Blip, ...] = ()
    focus: Focus | None = None
    """What all offices are to look at more closely."""
    controls_ignored: tuple[str, ...] = ()
    """Shared controls that are broken themselves and count nowhere."""


class Nation:
    """All that the leader knows. One instance per term: a new leader begins with a new one."""

    def __init__(
        self,
        *,
        branches: Sequence[Branch],
        periods_s: Mapping[str, float],
        tuning: Tuning,
        revision: str,
    ) -> None:
        """``periods_s``: T of each watched service; ``revision`` is nation.yaml's own hash."""
        self.groups = groups.of(branches)
        self._branches = {branch.id: branch for branch in branches}
        self._tuning = tuning
        self._revision = revision
        self._statuses: dict[str, Status] = {}
        self._awake: set[str] = set()
        self._silent: set[str] = set()
        self._present: set[str] = set()
        self._maintenance: frozenset[str] = frozenset()
        self._director: Director | None = None
        self._reasons = Reasons(self.groups, tuning, self._statuses, self.present)
        self._controls_ignored: tuple[str, ...] = ()
        self._services = {
            service: Watched(
                {
                    channel: ChannelDetector(
                        service, channel, self.groups, tuning, period_s, self._present.__contains__
                    )
                    for channel in Channel
                },
                period_s,
            )
            for service, period_s in periods_s.items()
        }

    # --- inputs

    def hear(self, branch: str, status: Status, sent_s: float, now_s: float) -> bool:
        """Take a branch's newest status, stored at ``sent_s``. False: no branch of the roster."""
        if branch not in self._branches:
            return False
        before = self._statuses.get(branch)
        self._statuses[branch] = status
        self._wake(branch, sent_s, now_s)
        blind = self._blind()
        for name, service in status.services.items():
            watched = self._services.get(name)
            if watched is None:
                continue
            earlier = before.services.get(name) if before else None
            if before is None:
                self._adopt(watched, branch, status, name, sent_s)
                continue
            news = reading.news(earlier, service, sent_s)
            for result in news.results:
                watched.remember(branch, result)
            telling = [r for r in news.results if r.outcome is not Outcome.VOID]
            for channel, detector in watched.channels.items():
                state = service.channel(channel)
                detector.hear(
                    branch,
                    telling,
                    unseen_good=news.unseen_good,
                    p0=state.p0,
                    level=state.w,
                    now_s=now_s,
                    blind=blind,
                )
        return True

    def beat(self, branch: str, sent_s: float, now_s: float) -> None:
        """A branch's heartbeat, stored at ``sent_s``: it is there, whatever it last said."""
        if branch in self._branches and branch not in self._awake:
            self._wake(branch, sent_s, now_s)

    def fall_silent(self, branch: str) -> None:
        """A branch has not been heard for the time that the exchange watches over."""
        if branch in self._branches:
            self._silent.add(branch)
            self._awake.discard(branch)
            self._attend(branch)

    def maintain(self, branches: Iterable[str]) -> None:
        """These offices and no others are in maintenance: they neither vote nor count."""
        before = self._maintenance
        self._maintenance = frozenset(branches) & self._branches.keys()
        for branch in before ^ self._maintenance:
            self._attend(branch)

    def resume(  # noqa: PLR0913 - what an incident's record says of its alarm, each by its name
        self,
        *,
        service: str,
        channels: Iterable[Channel],
        scope: Scope,
        group: str,
        since_s: float,
        declared_s: float,
        members: Iterable[str],
        recovering: bool,
        now_s: float,
        ended_s: float | None = None,
    ) -> None:
        """Stand where the leader before stood: an incident of this service is open.

        ``ended_s`` is the end that was written, if it was ``recovering``.
        """
        watched = self._services.get(service)
        known = [branch for branch in members if branch in self._branches]
        if watched is None or (group not in (NATION, ROSTER) and group not in self.groups.members):
            return
        for channel in channels:
            watched.channels[channel].resume(
                scope=scope,
                group=group,
                since_s=since_s,
                declared_s=declared_s,
                members=known,
                recovering=recovering,
                now_s=now_s,
                ended_s=ended_s,
            )

    # --- output

    def assess(self, now_s: float) -> Outlook:
        """Let time pass to ``now_s`` and say what stands."""
        blind = self._blind()
        blips: list[Blip] = []
        for watched in self._services.values():
            for detector in watched.channels.values():
                detector.tick(now_s, blind=blind)
                blips += detector.blips
                detector.blips.clear()
        return Outlook(
            at_s=now_s,
            assessments={
                name: self._assessment(name, watched, now_s)
                for name, watched in self._services.items()
            },
            attendance=self.attendance(),
            blips=tuple(blips),
            focus=self._focus(now_s, blind=blind),
            controls_ignored=self._judge_controls(),
        )

    def _focus(self, now_s: float, *, blind: bool) -> Focus | None:
        """A nation that is blind orders nothing: it could not read the answer."""
        if self._director is None:
            self._director = Director(self._tuning.focus, now_s)
        interests: list[Interest] = []
        decided: set[str] = set()
        for name, watched in self._services.items():
            detectors = watched.channels.values()
            if any(d.settled or d.national is not None for d in detectors):
                decided.add(name)
            for detector in detectors:
                detector.settled = False
            interests += [i for d in detectors if (i := d.interest(now_s)) is not None]
        return self._director.decide(now_s, () if blind else heaviest(interests), decided)

    def attendance(self) -> Attendance:
        """Who takes part, and who does not and why."""
        heard = self._statuses
        return Attendance(
            roster=len(self._branches),
            reporting=tuple(b for b in self.groups.roster if b in self._present),
            abstaining=tuple(
                sorted(b for b in self._awake if b in heard and not heard[b].sight.sees)
            ),
            silent=tuple(sorted(self._silent)),
            mismatched=tuple(sorted(b for b, s in heard.items() if s.nation != self._revision)),
            maintenance=tuple(sorted(self._maintenance)),
            unheard=tuple(
                b for b in self.groups.roster if b not in self._awake and b not in self._silent
            ),
        )

    def why_not(self, branch: str) -> str:
        """Why this office cannot see, in its own words; nothing when it can, or is not known."""
        status = self._statuses.get(branch)
        return (status.sight.why_not or "") if status is not None else ""

    def census(self, now_s: float) -> Census:
        """How each office takes part, and what it says of each service now."""
        words = {
            name: {branch: result.outcome for branch, result in self._standing(watched, now_s)}
            for name, watched in self._services.items()
        }
        return census.of(self.groups.roster, self.attendance(), words)

    def account(self, service: str, now_s: float) -> ServiceAccount | None:
        """All numbers behind what is said of a service now; None: it is not watched."""
        watched = self._services.get(service)
        if watched is None:
            return None
        assessment = self._assessment(service, watched, now_s)
        return ServiceAccount(
            at_s=now_s,
            assessment=assessment,
            attendance=self.attendance(),
            channels=tuple(
                account.of(
                    detector,
                    now_s,
                    alarms=[each for each in assessment.alarms if each.channel is channel],
                    now=self._reasons.nationwide(watched, channel),
                    chance=self._reasons.chance(watched, channel, NATION, now_s),
                    spread=self._spread,
                )
                for channel, detector in watched.channels.items()
            ),
            guard_s=self._tuning.guard_s,
            hold_s=self._tuning.hold_dependant_s,
        )

    # --- inside

    def _spread(self, evidence: Evidence, group: str) -> Spread:
        return spread.of(evidence.failing, self.present(group), self._branches)

    def _wake(self, branch: str, sent_s: float, now_s: float) -> None:
        """What was stored long ago (a snapshot's old value) proves no presence, nor silence."""
        if now_s - sent_s <= self._tuning.silent_after_s:
            self._awake.add(branch)
            self._silent.discard(branch)
        self._attend(branch)

    def _attend(self, branch: str) -> None:
        status = self._statuses.get(branch)
        present = (
            status is not None
            and status.sight.sees
            and branch in self._awake
            and branch not in self._maintenance
        )
        if present == (branch in self._present):
            return
        (self._present.add if present else self._present.discard)(branch)
        for watched in self._services.values():
            for detector in watched.channels.values():
                detector.revote(branch)

    def _judge_controls(self) -> tuple[str, ...]:
        """By all that are heard, those that cannot see among them: it may be why they cannot."""
        awake = self._awake - self._maintenance
        sights = {b: self._statuses[b].sight for b in awake if b in self._statuses}
        self._controls_ignored = shared_controls.ignored(
            sights, self._controls_ignored, self.groups
        )
        return self._controls_ignored

    def _blind(self) -> bool:
        return 2 * len(self._present) < len(self._branches) - len(self._maintenance)

    def _adopt(
        self, watched: Watched, branch: str, status: Status, name: str, sent_s: float
    ) -> None:
        """A branch heard for the first time: its levels stand, its old results do not vote."""
        service = status.services[name]
        for entry in service.ring:
            watched.remember(
                branch,
                Observed(
                    started_s=reading.started_s(entry.age_s, sent_s),
                    outcome=entry.outcome,
                    step=entry.step,
                    code=entry.code,
                    blocked_by=entry.blocked_by,
                ),
            )
        for channel, detector in watched.channels.items():
            bad = watched.newest_bad[channel].get(branch)
            level = service.channel(channel).w
            hot_s = service.channel(channel).hot_s
            detector.adopt(
                branch,
                level,
                bad.started_s if bad else sent_s,
                hot_since_s=None if hot_s is None else reading.started_s(hot_s, sent_s),
            )

    def _assessment(self, name: str, watched: Watched, now_s: float) -> Assessment:
        fail = watched.channels[Channel.FAIL]
        suspected = [d.suspicion for d in watched.channels.values() if d.suspicion is not None]
        blocked: dict[str, set[str]] = {}
        good = bad = reporting = 0
        for branch, result in self._standing(watched, now_s):
            reporting += 1
            if result.blocked_by is not None:
                blocked.setdefault(result.blocked_by, set()).add(branch)
            good += result.outcome in (Outcome.OK, Outcome.SLOW)
            bad += result.outcome.broken
        alarms = tuple(
            self._alarm(watched, channel, alarm)
            for channel, detector in watched.channels.items()
            for alarm in detector.alarms.values()
        )
        return Assessment(
            service=name,
            suspected=bool(suspected),
            suspected_since_s=min((s.since_s for s in suspected), default=None),
            alarms=alarms,
            blocked_by={root: frozenset(branches) for root, branches in blocked.items()},
            reporting=reporting,
            working=good > 0 and good >= _MOST * (good + bad),
            gathering=frozenset().union(*(d.gathering() for d in watched.channels.values())),
            quarantined=tuple(
                sorted(set().union(*(d.quarantined for d in watched.channels.values())))
            ),
            score=fail.score(),
            threshold=fail.a1,
            grounds=self._reasons.grounds(watched, alarms, now_s),
        )

    def _standing(self, watched: Watched, now_s: float) -> Iterator[tuple[str, Observed]]:
        """The newest result of every office that takes part, if it still says something."""
        oldest_s = now_s - self._tuning.result_expiry_periods * watched.period_s
        for branch, result in watched.newest.items():
            stands_s = STATUS_S if result.outcome is Outcome.OK else 0.0
            if branch in self._present and result.started_s + stands_s >= oldest_s:
                yield branch, result

    def _alarm(self, watched: Watched, channel: Channel, alarm: Declared) -> Alarm:
        recovering = alarm.phase is not AlarmPhase.DECLARED
        return Alarm(
            service=watched.channels[channel].service,
            channel=channel,
            scope=alarm.scope,
            group=alarm.group,
            phase=alarm.phase,
            since_s=alarm.since_s,
            declared_s=alarm.declared_s,
            recovering_s=alarm.recovering_s if recovering else None,
            ended_s=alarm.recovery.well_since_s if recovering else None,
            healing=alarm.recovery.d >= self._tuning.focus.recovery_score,
            evidence=self._reasons.evidence(watched, channel, alarm),
        )

    def present(self, group: str) -> tuple[str, ...]:
        """The branches of a group that take part now."""
        inside = self.groups.roster
        if group not in (NATION, ROSTER):
            inside = self.groups.members.get(group, ())
        return tuple(branch for branch in inside if branch in self._present)
