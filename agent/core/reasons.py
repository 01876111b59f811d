"""What speaks for an alarm or a suspicion: who fails, at which step, and by what chance.

The detectors say whether; this says why, from the newest result of every branch and from the rates
that their statuses state. Times are stream time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from agent.core import coincidence
from agent.core.coincidence import RAREST, Chance
from agent.core.declared import Declared
from agent.core.detector import ChannelDetector
from agent.core.evidence import outlives
from agent.core.groups import ROSTER, Groups
from agent.core.model import (
    NATION,
    Alarm,
    AlarmPhase,
    Channel,
    Evidence,
    Grounds,
    Outcome,
    Scope,
    Status,
)
from agent.core.reading import Observed
from agent.core.tuning import Tuning

_STANDS_PERIODS = 2.0
"""So long the result of one journey stands against another that did not get through: each comes
once in a period, and is sometimes lost."""


class Watched:
    """One service: two detectors, and the newest result of every branch."""

    def __init__(self, channels: Mapping[Channel, ChannelDetector], period_s: float) -> None:
        self.channels = channels
        self.period_s = period_s
        self.newest: dict[str, Observed] = {}
        self.newest_bad: dict[Channel, dict[str, Observed]] = {c: {} for c in Channel}

    def remember(self, branch: str, result: Observed) -> None:
        before = self.newest.get(branch)
        if before is None or not outlives(before, result, _STANDS_PERIODS * self.period_s):
            self.newest[branch] = result
        for channel, newest in self.newest_bad.items():
            if channel.is_bad(result.outcome):
                newest[branch] = result


class Reasons:
    """Evidence, grounds and chances of the services of one nation."""

    def __init__(
        self,
        groups: Groups,
        tuning: Tuning,
        statuses: Mapping[str, Status],
        present: Callable[[str], tuple[str, ...]],
    ) -> None:
        """``statuses``, the newest of each branch, lives on; ``present``: who takes part."""
        self._groups = groups
        self._tuning = tuning
        self._statuses = statuses
        self._present = present

    def grounds(self, watched: Watched, alarms: Sequence[Alarm], now_s: float) -> Grounds | None:
        """Of what the word for the service comes from: the nation's alarm, a suspicion, a region's.

        Rounded, and of an alarm what was true when it was declared: the bulletin tells it to all.
        """
        standing = [alarm for alarm in alarms if alarm.phase is not AlarmPhase.CLOSED]
        suspecting = [d for d in watched.channels.values() if d.suspicion is not None]
        national = any(alarm.scope is Scope.NATIONAL for alarm in standing)
        if suspecting and not national:
            return self._grounds_of_suspicion(watched, suspecting[0], now_s)
        if not standing:
            return None
        worst = max(standing, key=lambda a: (a.scope is Scope.NATIONAL, a.channel is Channel.FAIL))
        return Grounds(
            channel=worst.channel,
            since_s=round(worst.since_s, 1),
            score=round(worst.evidence.score, 1),
            threshold=round(worst.evidence.threshold, 2),
        )

    def _grounds_of_suspicion(
        self, watched: Watched, detector: ChannelDetector, now_s: float
    ) -> Grounds | None:
        suspicion = detector.suspicion
        if suspicion is None:
            return None
        return Grounds(
            channel=detector.channel,
            since_s=round(suspicion.since_s, 1),
            score=round(suspicion.scale.score(), 1),
            threshold=round(suspicion.scale.a1, 2),
            fresh=round(suspicion.scale.weighed(suspicion)[0], 1),
            fresh_needed=round(suspicion.scale.a2, 2),
            coincidence=self.chance(watched, detector.channel, NATION, now_s).told,
        )

    def evidence(self, watched: Watched, channel: Channel, alarm: Declared) -> Evidence:
        """Why an alarm stands."""
        recovery = alarm.recovery
        well = recovery.members - recovery.unwell().keys()
        return replace(
            self._evidence_in(watched, channel, alarm.group, well),
            score=alarm.score,
            threshold=alarm.threshold,
            coincidence=self._smallest(watched, channel, alarm),
        )

    def _smallest(self, watched: Watched, channel: Channel, alarm: Declared) -> float | None:
        """The smallest chance of the alarm's life; once it is as small as is told, no more work."""
        if alarm.coincidence is None or alarm.coincidence > RAREST:
            now = self.chance(watched, channel, alarm.group, alarm.declared_s).told
            known = [c for c in (alarm.coincidence, now) if c is not None]
            alarm.coincidence = min(known, default=None)
        return alarm.coincidence

    def nationwide(self, watched: Watched, channel: Channel) -> Evidence:
        """What fails in the whole nation now, whether or not that is an alarm."""
        alarm = watched.channels[channel].national
        if alarm is not None:
            return self.evidence(watched, channel, alarm)
        return self._evidence_in(watched, channel, NATION, frozenset())

    def _evidence_in(
        self, watched: Watched, channel: Channel, group: str, well: Collection[str]
    ) -> Evidence:
        """What fails in a group now, apart from those that are known to be ``well``."""
        failing = tuple(b for b in watched.channels[channel].failing(group) if b not in well)
        newest = watched.newest_bad[channel]
        seen = [newest[b] for b in failing if b in newest]
        steps = Counter(result.step for result in seen).most_common(1)
        codes = Counter(result.code for result in seen if result.code).most_common(1)
        return Evidence(
            failing=failing,
            reporting=len(self._present(group)),
            first_step=steps[0][0] if steps else None,
            code=codes[0][0] if codes else None,
            code_share=codes[0][1] / len(seen) if codes else 0.0,
            drift=sum(result.outcome is Outcome.DRIFT for result in seen),
        )

    def chance(self, watched: Watched, channel: Channel, group: str, asked_s: float) -> Chance:
        """Of as many failing by coincidence; who has long been bad by ``asked_s`` counts for none.

        A trouble of its own that an office has had for longer than teaches it anything is no chance
        meeting of others.
        """
        detector = watched.channels[channel]
        first_bad_s = detector.workings.seen.first_bad_s
        oldest_s = asked_s - self._tuning.quarantine_s
        bad = [
            branch
            for branch in detector.failing(group)
            if branch in watched.newest
            and channel.is_bad(watched.newest[branch].outcome)
            and first_bad_s.get(branch, oldest_s) > oldest_s
        ]
        if not bad:
            return Chance()
        looks = coincidence.looks_per_year(
            len(self._groups.roster), watched.period_s, self._tuning.focus.rate_per_s
        )
        rates = self._rates(detector, group)
        if group == NATION:
            return coincidence.national(bad, rates, self._groups, looks)
        places = 1 if group == ROSTER else len(self._groups.members)
        return coincidence.regional(bad, rates, places, looks)

    def _rates(self, detector: ChannelDetector, group: str) -> dict[str, float]:
        """How often each office that takes part is bad by itself, where that is known."""
        numbers = self._tuning.channel(detector.channel)
        rates: dict[str, float] = {}
        for branch in self._present(group):
            told = self._statuses[branch].services.get(detector.service)
            p0 = told.channel(detector.channel).p0 if told is not None else None
            rate = None if p0 is None else coincidence.rate(p0, numbers)
            if rate is not None:
                rates[branch] = rate
        return rates
