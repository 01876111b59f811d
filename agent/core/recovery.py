"""When a declared alarm may be called over: as much evidence as it took to declare it.

Over the results of the alarm's members a CUSUM runs the other way, for "as good as before" against
"still half as bad":

    good  V <- V + ln((1 - pg) / (1 - pb))        pb = max(p / 2, 5 %)   still bad
    bad   V <- max(0, V + ln(pg / pb))            pg = max(p / 10, 1 %)  good again

p is the members' own rate of bad results. It is frozen while V rises, and what was seen meanwhile
is learned once V has fallen back to zero: then it was no recovery. Besides V, the members
themselves must look well: two good results in a row each, or one once V leaves no doubt, so that a
few whose second result is late or lost do not hold up the nation. The end is back-dated to the last
moment at which V was zero.
"""

from __future__ import annotations

from math import log

_RATE_MEMORY = 50.0
_WELL = 2
"""Good results in a row after which a member is well."""
_NO_DOUBT = 16.0
"""V, in nats, from which one good result is enough: twice of what shows a recovery."""
_V_LIMIT = 24.0
"""V never runs so far ahead that a relapse would have to eat it up for minutes."""


class Recovery:
    """The recovery evidence of one alarm. Mutable; times are stream time, V in nats."""

    def __init__(self, members: frozenset[str], rate: float, now_s: float) -> None:
        self.v = 0.0
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
        self.v, self.well_since_s = score, well_since_s
        self._streaks = dict.fromkeys(self._streaks, _WELL)

    def admit(self, branch: str) -> None:
        """Count a branch that broke after the declaration."""
        self._streaks.setdefault(branch, 0)

    def observe(self, branch: str, *, bad: bool, started_s: float) -> None:
        """One more result of a member; others are ignored."""
        if branch not in self._streaks:
            return
        still_bad, good_again = max(self.rate / 2, 0.05), max(self.rate / 10, 0.01)
        if self.v == 0.0:
            self.well_since_s = started_s
        self._seen, self._seen_bad = self._seen + 1, self._seen_bad + bad
        if bad:
            self._streaks[branch] = 0
            self._good_since_s.pop(branch, None)
            self.v = max(0.0, self.v + log(good_again / still_bad))
        else:
            self._streaks[branch] += 1
            self._good_since_s.setdefault(branch, started_s)
            self.v = min(_V_LIMIT, self.v + log((1 - good_again) / (1 - still_bad)))
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
