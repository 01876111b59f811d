"""What one branch remembers of one service, in O(1) per result.

Two capped Bernoulli CUSUMs (Page 1954), one per channel, after Liu, Zhang and Mei (arXiv
1603.08652), who combine such local sums by shrinkage:

    bad   W <- min(cap, W + ln(p1 / p0))
    good  W <- max(0,   W - ln((1 - p0) / (1 - p1)))
    vote  u  = max(0, (W / cap - h) / (1 - h))          a branch counts at most once

p1 is the design rate of bad results in trouble; p0 is this branch's own rate in good times, learned
from the national plan's runs alone (local re-probes oversample bad minutes). All logarithms are
natural: W is in nats.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import log
from typing import Protocol

from agent.core.model import (
    COUNTED,
    RING_SIZE,
    Channel,
    ChannelState,
    Outcome,
    RingEntry,
    ServiceStatus,
    Verdict,
)
from agent.core.tuning import ChannelTuning, Tuning

LEARNING_BLOCK = 128
LEARNING_MEMORY = 8000
PUBLISH_VOTE_CHANGE = 0.2
_FOR_EVER = 2**62


def weigh(w: float, *, bad: bool, p0: float, tuning: ChannelTuning) -> float:
    """W after one more result, in nats, between 0 and the cap."""
    if bad:
        return min(tuning.cap, w + step_up(p0, tuning))
    return max(0.0, w - step_down(p0, tuning))


def step_up(p0: float, tuning: ChannelTuning) -> float:
    """Evidence of one bad result, nats."""
    return log(tuning.p1 / bounded_p0(p0, tuning))


def step_down(p0: float, tuning: ChannelTuning) -> float:
    """Evidence against, of one good result, nats."""
    return log((1.0 - bounded_p0(p0, tuning)) / (1.0 - tuning.p1))


def bounded_p0(p0: float, tuning: ChannelTuning) -> float:
    """A learned rate within its bounds; whatever a branch claims, it moves no further."""
    # Not by min and max, which take longer: every step of every office comes through here.
    if p0 > tuning.p0_ceiling:
        return tuning.p0_ceiling
    if p0 > tuning.p0_floor:
        return p0
    return tuning.p0_floor


def vote(w: float, tuning: ChannelTuning, soft_threshold: float) -> float:
    """Branch equivalents of W, from 0 to 1."""
    return max(0.0, (w / tuning.cap - soft_threshold) / (1.0 - soft_threshold))


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """One channel's W, its learned p0, and the block of results that p0 learns from next."""

    w: float = 0.0
    p0: float = 0.0
    block: int = 0
    block_bad: int = 0

    def observe(self, *, bad: bool, learn: bool, tuning: ChannelTuning) -> Learning:
        """The channel after one more result; it learns nothing while there is much evidence."""
        w = weigh(self.w, bad=bad, p0=self.p0, tuning=tuning)
        if not learn or self.w > tuning.cap / 2:
            return self._with(w)
        return self._learn(w, 1, int(bad), tuning)

    def observe_ok(self, count: int, *, learn: bool, tuning: ChannelTuning) -> Learning:
        """The channel after ``count`` good results in a row: equal to so many single ones.

        A long good stretch costs one step per block that p0 learns from, whatever its length; so a
        simulated year is as long as its failures.
        """
        after = self
        while count > 0:
            some = min(count, after._good_alike(learn=learn, tuning=tuning))
            w = max(0.0, after.w - some * step_down(after.p0, tuning))
            learns = learn and after.w <= tuning.cap / 2
            after = after._learn(w, some, 0, tuning) if learns else after._with(w)
            count -= some
        return after

    def _good_alike(self, *, learn: bool, tuning: ChannelTuning) -> int:
        """How many good results in a row do the same: until learning begins, or a block is full."""
        if not learn:
            return _FOR_EVER
        above = self.w - tuning.cap / 2
        return (
            int(above // step_down(self.p0, tuning)) + 1
            if above > 0
            else LEARNING_BLOCK - self.block
        )

    def _with(self, w: float) -> Learning:
        """The channel with another W: mostly the same one, at the cap or at nothing."""
        if w == self.w:
            return self
        return Learning(w=w, p0=self.p0, block=self.block, block_bad=self.block_bad)

    def _learn(self, w: float, results: int, bad: int, tuning: ChannelTuning) -> Learning:
        """With W, after results that p0 learns from once their block is full."""
        block, block_bad = self.block + results, self.block_bad + bad
        if block < LEARNING_BLOCK:
            return Learning(w=w, p0=self.p0, block=block, block_bad=block_bad)
        weight = LEARNING_BLOCK / LEARNING_MEMORY
        p0 = self.p0 + weight * (block_bad / LEARNING_BLOCK - self.p0)
        return Learning(w=w, p0=bounded_p0(p0, tuning))


class Result(Protocol):
    """A result of a service, whoever keeps it."""

    @property
    def started_s(self) -> float:
        """When the step began."""
        ...

    @property
    def outcome(self) -> Outcome:
        """What it came to."""
        ...

    @property
    def step(self) -> str:
        """The id of the step."""
        ...

    @property
    def blocked_by(self) -> str | None:
        """The broken service that kept the step from running."""
        ...


def outlives(before: Result, after: Result, for_s: float) -> bool:
    """Whether a result says more of a service, for so long, than the one that came after it.

    A step that a broken one kept from running speaks of its own journey's way alone. Where the step
    of another journey has just reached the same service, what that one found is what is known.
    """
    direct = before.outcome is not Outcome.VOID and before.step != after.step
    return direct and after.blocked_by is not None and after.started_s - before.started_s <= for_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A result in the ring; ``started_s`` is on the branch's own boot-time clock."""

    started_s: float
    outcome: Outcome
    step: str
    code: str | None = None
    blocked_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """All that one branch remembers of one service."""

    counts: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    fail: Learning = field(default_factory=Learning)
    slow: Learning = field(default_factory=Learning)
    ring: tuple[Kept, ...] = ()
    hot_since_s: tuple[float | None, float | None] = (None, None)
    """Since when W (fail, slow) has been half its cap or more, on the branch's own clock."""
    published_votes: tuple[float, float] = (0.0, 0.0)
    """The votes (fail, slow) that the others have seen."""

    @property
    def suspicious(self) -> bool:
        """There is evidence against the service in either channel."""
        return self.fail.w > 0 or self.slow.w > 0

    def votes(self, tuning: Tuning) -> tuple[float, float]:
        """The votes in both channels, fail first."""
        return (
            vote(self.fail.w, tuning.fail, tuning.soft_threshold),
            vote(self.slow.w, tuning.slow, tuning.soft_threshold),
        )

    def observe(self, verdict: Verdict, tuning: Tuning, *, learn: bool) -> Memory:
        """The memory after one more verdict; a void one is counted and changes nothing else."""
        at = COUNTED.index(verdict.outcome)
        counts = tuple(n + (i == at) for i, n in enumerate(self.counts))
        kept = Kept(
            started_s=verdict.started_s,
            outcome=verdict.outcome,
            step=verdict.step,
            code=verdict.code,
            blocked_by=verdict.blocked_by,
        )
        after = replace(
            self,
            counts=(counts[0], counts[1], counts[2], counts[3], counts[4]),
            ring=(*self.ring, kept)[-RING_SIZE:],
        )
        if verdict.outcome is Outcome.VOID:
            return after
        fail = self.fail.observe(
            bad=Channel.FAIL.is_bad(verdict.outcome), learn=learn, tuning=tuning.fail
        )
        slow = self.slow.observe(
            bad=Channel.SLOW.is_bad(verdict.outcome), learn=learn, tuning=tuning.slow
        )
        return replace(
            after,
            fail=fail,
            slow=slow,
            hot_since_s=(
                _heat(self.hot_since_s[0], fail.w, tuning.fail, verdict.started_s),
                _heat(self.hot_since_s[1], slow.w, tuning.slow, verdict.started_s),
            ),
        )

    def status(self, now_s: float) -> ServiceStatus:
        """The memory as a status carries it; ages are counted back from ``now_s``."""
        return ServiceStatus(
            counts=self.counts,
            fail=_state(self.fail, self.hot_since_s[0], now_s),
            slow=_state(self.slow, self.hot_since_s[1], now_s),
            ring=tuple(
                RingEntry(
                    age_s=max(0.0, now_s - kept.started_s),
                    outcome=kept.outcome,
                    step=kept.step,
                    code=kept.code,
                    blocked_by=kept.blocked_by,
                )
                for kept in self.ring
            ),
        )


def is_hot(w: float, tuning: ChannelTuning) -> bool:
    """Half the cap or more: if it lasts while the nation is well, this branch's own trouble."""
    return w >= tuning.cap / 2


def _heat(since_s: float | None, w: float, tuning: ChannelTuning, started_s: float) -> float | None:
    if not is_hot(w, tuning):
        return None
    return started_s if since_s is None else since_s


def _state(channel: Learning, hot_since_s: float | None, now_s: float) -> ChannelState:
    hot_s = None if hot_since_s is None else max(0.0, now_s - hot_since_s)
    return ChannelState(w=channel.w, p0=channel.p0, hot_s=hot_s)


def fresh(tuning: Tuning) -> Memory:
    """A branch that has seen nothing yet: rates at their floors."""
    return Memory(fail=Learning(p0=tuning.fail.p0_floor), slow=Learning(p0=tuning.slow.p0_floor))


def resume(status: ServiceStatus, tuning: Tuning) -> Memory:
    """What a restarted branch takes back from its own last status; old results stay old."""
    return Memory(
        counts=status.counts,
        fail=Learning(
            w=min(status.fail.w, tuning.fail.cap), p0=bounded_p0(status.fail.p0, tuning.fail)
        ),
        slow=Learning(
            w=min(status.slow.w, tuning.slow.cap), p0=bounded_p0(status.slow.p0, tuning.slow)
        ),
    )


def worth_telling(before: Memory, after: Memory, tuning: Tuning, *, watched: bool) -> bool:
    """Whether the others need to hear of the result that led from ``before`` to ``after``.

    ``watched``: the bulletin shows suspicion, a focus or an incident for this service. Otherwise
    only news travels: a bad result, any result while there is evidence, its return to zero, a vote
    that moved by 0.2 since it was last told.
    """
    if watched or before.suspicious or after.suspicious:
        return True
    moved = zip(after.votes(tuning), after.published_votes, strict=True)
    return any(abs(now - told) >= PUBLISH_VOTE_CHANGE for now, told in moved)
