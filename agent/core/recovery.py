"""When a declared alarm may be called over: as much evidence as it took to declare it.

Over the results of the alarm's members a CUSUM runs the other way, for "as good as before" against
"still half as bad":

    good  V <- V + ln((1 - pg) / (1 - pb))        pb = max(p / 2, 5 %)   still bad
    bad   V <- max(0, V + ln(pg / pb))            pg = max(p / 10, 1 %)  good again

p is the members' own rate of bad results. It is frozen while V rises, and what was seen meanwhile
is learned once V has fallen back to zero: then it was no recovery. Besides V, the members
themselves must look well: two good results in a row each, or one once V leaves no doubt, so that a
few whose second result is late or lost do not hold up the nation.

A second CUSUM, D, weighs "as good as before" against "as bad as now" (p instead of p / 2). It rises
sooner and forgives a single bad result sooner, but takes half a recovery for one: it orders the
closer look, and its last zero is the likeliest moment of the change (the maximum likelihood
estimate; Page 1954), to which the end is back-dated.
"""

from __future__ import annotations

from math import log

_RATE_MEMORY = 50.0
_WELL = 2
"""Good results in a row after which a member is well."""
_NO_DOUBT = 16.0
"""V, in nats, from which one good result is enough: twice of what shows a recovery."""
_LIMIT = 24.0
"""V and D never run so far ahead that a relapse would have to eat them up for minutes."""


class Recovery:
    """The recovery evidence of one alarm. Mutable; times are stream time, V and D in nats."""

    def __init__(self, members: frozenset[str], rate: float, now_s: float) -> None:
        self.v = self.d = 0.0
        self.rate = rate
        self.well_since_s = now_s
        self._seen = self._seen_bad = 0
        self._streaks = dict.fromkeys(members, 0)
        self._good_since_s: dict[str, float] = {}

    @property
    def members(self) -> frozenset[str]:
        """The branches whose results decide."""
        return frozenset(self._streaks)

    def trust(self, score: float, well_since_s: float) -> None:
        """Take over a recovery that another leader saw: it stands until a bad result comes."""
        self.v = self.d = score
        self.well_since_s = well_since_s
        self._streaks = dict.fromkeys(self._streaks, _WELL)

    def admit(self, branch: str) -> None:
        """Count a branch that broke after the declaration."""
        self._streaks.setdefault(branch, 0)

    def observe(self, branch: str, *, bad: bool, started_s: float) -> None:
        """One more result of a member; others are ignored."""
        if branch not in self._streaks:
            return
        self._weigh(bad=bad, started_s=started_s)
        if bad:
            self._streaks[branch] = 0
            self._good_since_s.pop(branch, None)
        else:
            self._streaks[branch] += 1
            self._good_since_s.setdefault(branch, started_s)

    def _weigh(self, *, bad: bool, started_s: float) -> None:
        if self.d == 0.0:
            # A result that is heard late began before what is known to have been bad still.
            self.well_since_s = max(self.well_since_s, started_s)
        well = max(self.rate / 10, 0.01)
        self.v = _next(self.v, bad=bad, good=well, still=max(self.rate / 2, 0.05))
        self.d = _next(self.d, bad=bad, good=well, still=min(0.9, max(self.rate, 0.05)))
        self._seen, self._seen_bad = self._seen + 1, self._seen_bad + bad
        if self.v == 0.0:
            self._learn()

    def _learn(self) -> None:
        weight = 1.0 - (1.0 - 1.0 / _RATE_MEMORY) ** self._seen
        self.rate += weight * (self._seen_bad / self._seen - self.rate)
        self._seen = self._seen_bad = 0

    def release(self, now_s: float, good_for_s: float) -> None:
        """Let go of members that have been good, twice at least, for ``good_for_s``."""
        for branch, since_s in list(self._good_since_s.items()):
            if self._streaks[branch] >= _WELL and now_s - since_s >= good_for_s:
                del self._streaks[branch], self._good_since_s[branch]

    def unwell(self) -> dict[str, float]:
        """Members that have not been good for long enough, each counting 1."""
        enough = 1 if self.v >= _NO_DOUBT else _WELL
        return {branch: 1.0 for branch, streak in self._streaks.items() if streak < enough}


def _next(score: float, *, bad: bool, good: float, still: float) -> float:
    """A CUSUM after one more result, for the rate ``good`` against ``still``."""
    step = log(good / still) if bad else log((1 - good) / (1 - still))
    return min(_LIMIT, max(0.0, score + step))
