"""The results that every detector is given: the same ones, decided by seed, office and slot.

Base probes are the national plan's: one slot every T/N seconds, each another office's, in the order
of the shuffled roster. A year of them is 63 million, nearly all good, so only the bad ones are
drawn: within a stretch of one rate the number of good results before the next bad one is geometric.
Any other probe (a local re-probe, a focus) is decided by its office and its moment alone, so two
detectors that ask at the same moment get the same answer.

A slot is a number counted through the whole nation: slot ``m`` begins at ``phase + m * T / N`` and
belongs to the office of rank ``m mod N``. Times are seconds since the beginning of the trace.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from math import ceil, log, log1p

from agent.core import schedule
from agent.core.model import Channel
from agent.simulation.trials import episodes
from agent.simulation.trials.episodes import Episode
from agent.simulation.trials.failure_rate import failure_rates
from agent.simulation.trials.world import Setting

_MASK = (1 << 64) - 1
_LOST_BASE, _RESULT, _LAG = 1, 2, 3
"""What a number is drawn for."""


class Dice:
    """Uniform numbers as a function of what they are for: the same question, the same answer.

    A finaliser of 64-bit hashes (Stafford's thirteenth mix, as splitmix64 uses it).
    """

    __slots__ = ("_seed",)

    def __init__(self, seed: str) -> None:
        self._seed = random.Random(seed).getrandbits(64)

    def uniform(self, use: int, one: int, other: int = 0) -> float:
        """A number in [0, 1)."""
        z = self._seed + use * 0x9E3779B97F4A7C15
        z = ((z + one * 0xD1B54A32D192ED03) ^ (other * 0x8CB92BA72F3D8DD7)) & _MASK
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return (z ^ (z >> 31)) * 2.0**-64


class Trace:
    """One channel's results of a stretch of time."""

    def __init__(
        self,
        setting: Setting,
        seed: int,
        *,
        until_s: float,
        channel: Channel = Channel.FAIL,
        planted: Sequence[Episode] = (),
        nuisance: bool = True,
    ) -> None:
        """``planted`` comes on top of the nuisance of the setting's world, if that is wanted."""
        self.setting = setting
        self.seed = seed
        self.channel = channel
        self.until_s = until_s
        self.offices = episodes.offices(setting, seed)
        befalling = episodes.nuisance(setting, seed, until_s) if nuisance else []
        self.episodes: tuple[Episode, ...] = (*befalling, *planted)
        self.rates = failure_rates(
            [office.background(channel) for office in self.offices], self.episodes
        )
        ranks = schedule.ranks(branch.id for branch in setting.branches)
        places = {branch.id: place for place, branch in enumerate(setting.branches)}
        self.order = tuple(places[name] for name in ranks)
        """Offices by rank."""
        self._period_s = setting.period_s
        self.rank = tuple(ranks[branch.id] for branch in setting.branches)
        self.size = setting.size
        self.spacing_s = setting.period_s / setting.size
        self._lost_share = setting.world.lost_share
        self._lag_mean_s = setting.world.lag_mean_s
        self._lag_least_s = tuple(office.lag_least_s for office in self.offices)
        self._dice = Dice(f"{seed}/{channel}")
        self.phase_s = self._dice.uniform(0, 0) * setting.period_s
        self.bad = sorted(slot for place in range(setting.size) for slot in self._bad_of(place))
        """The slots whose result is bad and was not lost, in the order of time."""

    # --- the national plan

    def start_of(self, slot: int) -> float:
        """When a slot's probe begins."""
        return self.phase_s + slot * self.spacing_s

    def office_of(self, slot: int) -> int:
        """Whose slot it is."""
        return self.order[slot % self.size]

    def next_slot(self, place: int, after_s: float) -> int:
        """An office's first slot at or after a moment."""
        rank, size = self.rank[place], self.size
        periods = (after_s - self.phase_s) / self._period_s - rank / size
        return ceil(periods - 1e-9) * size + rank

    def lost(self, slot: int) -> bool:
        """Whether nothing is ever heard of a slot's probe."""
        return self._dice.uniform(_LOST_BASE, slot) < self._lost_share

    def _bad_of(self, place: int) -> Iterator[int]:
        """Slots of one office with a bad result that was not lost, in the order of time."""
        draw = random.Random(f"{self.seed}/{self.channel}/{place}")
        size = len(self.order)
        for start_s, end_s, rate in self.rates[place].stretches(self.until_s):
            slot, end = self.next_slot(place, start_s), self.next_slot(place, end_s)
            while (slot := slot + size * good_before_bad(draw, rate)) < end:
                if not self.lost(slot):
                    yield slot
                slot += size

    # --- any other probe

    def probe(self, place: int, at_s: float) -> bool | None:
        """The result of an office's probe at any moment: whether it is bad; None if it is lost."""
        lost_share = self._lost_share
        drawn = self._dice.uniform(_RESULT, place, round(at_s * 1000.0))
        if drawn < lost_share:
            return None
        return drawn - lost_share < (1.0 - lost_share) * self.rates[place].at(at_s)

    def lag_s(self, place: int, at_s: float) -> float:
        """How long after its start a result of an office is heard of."""
        share = self._dice.uniform(_LAG, place, round(at_s * 1000.0))
        return self._lag_least_s[place] - self._lag_mean_s * log1p(-share)


def good_before_bad(draw: random.Random, rate: float) -> int:
    """How many good results come before the next bad one; many when there is none."""
    if rate >= 1.0:
        return 0
    if rate <= 0.0:
        return 1 << 40
    return int(log(1.0 - draw.random()) / log1p(-rate))
