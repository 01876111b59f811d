"""One memory of the offices' evidence: their votes, and the test of what they make suspect.

A detector weighs on two scales. The quick one, whose W the offices state themselves, forgets a lone
failure after seven good results: it sees a broken service at once. The patient one remembers one
for some twenty: a fault that spoils every fifth run at a tenth of the offices adds up on it, while
the other forgets it again and again. Both count an office at most once and look past the worst
groups.

    suspect    beyond_worst(u) >= A1; t_on = start of that result
    confirmed  in results begun after t_on + G:  Z_b in [-cap, cap] per branch,
               z = beyond_worst(max(Z, 0) / cap), n = sum(min(Z, 0) / cap);
               z >= A2 and z + n >= 0 and the u still stand
    cleared    z + n <= -B2
    faded      the u fell below A1 / 2, or ten minutes passed
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import Enum

from agent.core import evidence
from agent.core.groups import Groups
from agent.core.regional import TOLERANCE
from agent.core.tuning import ChannelTuning, Tuning


@dataclass(slots=True, kw_only=True)
class Suspicion:
    """A suspicion under test."""

    since_s: float
    scale: Scale
    z: dict[str, float] = field(default_factory=dict)
    fresh: int = 0
    fresh_bad: int = 0

    @property
    def rate(self) -> float:
        """The share of bad results among the fresh ones."""
        return self.fresh_bad / max(1, self.fresh)


class Finding(Enum):
    """What the test of a suspicion has come to."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    CLEARED = "cleared"
    FADED = "faded"


class Scale:
    """The evidence of one channel of one service at all branches, in one memory.

    W is in nats, votes are branch equivalents, times are stream time in seconds.
    """

    def __init__(
        self,
        numbers: ChannelTuning,
        tuning: Tuning,
        groups: Groups,
        takes_part: Callable[[str], bool],
        *,
        quarantine_s: float,
        member_s: float,
    ) -> None:
        """``takes_part`` tells of a branch whether it may vote at all."""
        size = len(groups.roster)
        self.numbers = numbers
        self.a1, self.a2, self.b2 = numbers.a1(size), numbers.a2(size), numbers.b2(size)
        self.member_s = member_s
        self.suspicion: Suspicion | None = None
        self.quarantined: set[str] = set()
        self.w: dict[str, float] = {}
        self.votes: dict[str, float] = {}
        self.first_bad_s: dict[str, float] = {}
        self.last_bad_s: dict[str, float] = {}
        self.hot_since_s: dict[str, float] = {}
        self._tuning = tuning
        self._groups = groups
        self._takes_part = takes_part
        self._quarantine_s = quarantine_s

    # --- evidence

    def take(self, branch: str, started_s: float, *, bad: bool, p0: float) -> None:
        """One more result."""
        if bad:
            self.first_bad_s.setdefault(branch, started_s)
            self.last_bad_s[branch] = max(started_s, self.last_bad_s.get(branch, started_s))
        elif branch not in self.w:
            return
        before = self.w.get(branch, 0.0)
        self.put(branch, evidence.weigh(before, bad=bad, p0=p0, tuning=self.numbers))

    def pass_over(self, branch: str, good: int, p0: float) -> None:
        """So many good results that nobody saw."""
        w = self.w.get(branch, 0.0)
        if w > 0.0 and good > 0:
            self.put(branch, w - good * evidence.step_down(p0, self.numbers))

    def put(self, branch: str, w: float) -> None:
        """Let a branch's evidence be W, and its vote what that amounts to."""
        if w <= 0.0:
            for book in (self.w, self.votes, self.first_bad_s, self.hot_since_s):
                book.pop(branch, None)
            self.quarantined.discard(branch)
            return
        self.w[branch] = w
        vote = evidence.vote(w, self.numbers, self._tuning.soft_threshold)
        if vote > 0 and self.counts(branch):
            self.votes[branch] = vote
        else:
            self.votes.pop(branch, None)

    def counts(self, branch: str) -> bool:
        """The branch takes part, and is not always in trouble."""
        return branch not in self.quarantined and self._takes_part(branch)

    def revote(self, branch: str) -> None:
        """Whether the branch counts has changed."""
        self.put(branch, self.w.get(branch, 0.0))

    def solid(self, branch: str) -> bool:
        """There is enough evidence to make the branch a member of an alarm."""
        return self.w.get(branch, 0.0) >= 0.6 * self.numbers.cap

    def quarantine(self, now_s: float, *, quiet: bool, spared: Collection[str]) -> None:
        """A branch at half its cap for long, while all is quiet, loses its vote until it is well.

        ``spared``: members of open alarms.
        """
        for branch, w in self.w.items():
            if not (evidence.is_hot(w, self.numbers) and quiet and branch not in spared):
                self.hot_since_s.pop(branch, None)
            elif now_s - self.hot_since_s.setdefault(branch, now_s) >= self._quarantine_s:
                self.quarantined.add(branch)
                self.votes.pop(branch, None)

    # --- suspicion

    def total(self) -> float:
        """All votes together."""
        return sum(self.votes.values())

    def score(self) -> float:
        """What remains of the votes beyond the worst groups."""
        return self._groups.beyond_worst(self.votes) if self.votes else 0.0

    def suspects(self) -> bool:
        """Enough votes remain."""
        return self.total() + TOLERANCE >= self.a1 and self.score() + TOLERANCE >= self.a1

    def suspect(self, since_s: float | None) -> None:
        """Begin a test; without a moment, from the newest bad result of those that vote."""
        if since_s is None:
            since_s = max(self.last_bad_s[branch] for branch in self.votes)
        self.suspicion = Suspicion(since_s=since_s, scale=self)

    def test_with(self, suspicion: Suspicion, branch: str, *, bad: bool, p0: float) -> None:
        """A fresh result under test."""
        suspicion.fresh += 1
        suspicion.fresh_bad += bad
        numbers, cap = self.numbers, self.numbers.cap
        step = evidence.step_up(p0, numbers) if bad else -evidence.step_down(p0, numbers)
        suspicion.z[branch] = min(cap, max(-cap, suspicion.z.get(branch, 0.0) + step))

    def weighed(self, suspicion: Suspicion) -> tuple[float, float]:
        """What fresh results say for it beyond the worst groups, and against it (at most 0)."""
        cap = self.numbers.cap
        part = {b: z / cap for b, z in suspicion.z.items() if self._takes_part(b)}
        against = sum(z for z in part.values() if z < 0)
        return self._groups.beyond_worst({b: z for b, z in part.items() if z > 0}), against

    def finding(self, suspicion: Suspicion, now_s: float, *, blind: bool) -> Finding:
        """What the test has come to."""
        speaks_for, against = self.weighed(suspicion)
        confirmed = speaks_for + TOLERANCE >= self.a2 and speaks_for + against + TOLERANCE >= 0
        if confirmed and self.score() + TOLERANCE >= self.a1 and not blind:
            return Finding.CONFIRMED
        if speaks_for + against - TOLERANCE <= -self.b2:
            return Finding.CLEARED
        late = now_s - suspicion.since_s > self._tuning.suspicion_limit_s
        return Finding.FADED if late or self.total() < self.a1 / 2 else Finding.OPEN
