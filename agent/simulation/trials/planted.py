"""The trouble that a trial is about, planted on top of everything else that befalls the offices."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.simulation.trials.episodes import Episode, Kind, blip, regional_offices
from agent.simulation.trials.world import Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A planted trouble: whom it hits, how badly and when. The truth of a trial."""

    start_s: float
    end_s: float
    offices: tuple[int, ...]
    """Places in the roster, in the order in which they are hit."""
    p1: float
    """Probability that a result of theirs is bad meanwhile."""
    episodes: tuple[Episode, ...]

    def flapping(self, on_s: float, off_s: float) -> Planted:
        """The same, there for ``on_s``, away for ``off_s`` and so on until its end."""
        episodes: list[Episode] = []
        start_s = self.start_s
        while start_s < self.end_s:
            end_s = min(start_s + on_s, self.end_s)
            episodes.append(_planted(self.offices, self.p1, start_s, end_s))
            start_s = end_s + off_s
        return replace(self, end_s=episodes[-1].end_s, episodes=tuple(episodes))

    def creeping(self, every_s: float) -> Planted:
        """The same, but another office joins every so often, as far as the end allows."""
        joins_s = [self.start_s + every_s * place for place in range(len(self.offices))]
        return replace(
            self,
            episodes=tuple(
                _planted((office,), self.p1, at_s, self.end_s)
                for office, at_s in zip(self.offices, joins_s, strict=True)
                if at_s < self.end_s
            ),
        )


def _planted(offices: tuple[int, ...], p1: float, start_s: float, end_s: float) -> Episode:
    return Episode(kind=Kind.PLANTED, start_s=start_s, end_s=end_s, offices=offices, p=p1)


def _count(share: float, setting: Setting) -> int:
    """A share in whole offices; a half counts as one."""
    return int(share * setting.size + 0.5)


def among(offices: Sequence[int], *, p1: float, start_s: float, end_s: float) -> Planted:
    """A trouble of exactly these offices."""
    chosen = tuple(offices)
    return Planted(
        start_s=start_s,
        end_s=end_s,
        offices=chosen,
        p1=p1,
        episodes=(_planted(chosen, p1, start_s, end_s),),
    )


def scattered(
    setting: Setting, draw: random.Random, *, share: float, p1: float, start_s: float, end_s: float
) -> Planted:
    """A share of all offices, anywhere."""
    chosen = draw.sample(range(setting.size), _count(share, setting))
    return among(chosen, p1=p1, start_s=start_s, end_s=end_s)


def by_province(
    setting: Setting, draw: random.Random, *, share: float, p1: float, start_s: float, end_s: float
) -> Planted:
    """A share of all offices, one whole province after the other; the last may be cut."""
    provinces = sorted({branch.province for branch in setting.branches})
    draw.shuffle(provinces)
    turn = {province: place for place, province in enumerate(provinces)}
    order = sorted(range(setting.size), key=lambda each: turn[setting.branches[each].province])
    return among(order[: _count(share, setting)], p1=p1, start_s=start_s, end_s=end_s)


def regional(
    setting: Setting, draw: random.Random, *, p1: float, start_s: float, end_s: float
) -> Planted:
    """Some offices of one province or carrier, as regional outages of this world go."""
    return among(regional_offices(setting, draw), p1=p1, start_s=start_s, end_s=end_s)


def liars(setting: Setting, draw: random.Random, *, count: int, end_s: float) -> Planted:
    """Offices that say all the time that everything fails."""
    chosen = draw.sample(range(setting.size), count)
    return among(chosen, p1=1.0, start_s=0.0, end_s=end_s)


def blips(setting: Setting, *, start_s: float, lasting_s: float, pause_s: float = 0.0) -> Planted:
    """A blip of the whole nation; with a pause, a second one as long comes after it."""
    episodes = [blip(start_s, lasting_s)]
    if pause_s > 0.0:
        episodes.append(blip(episodes[0].end_s + pause_s, lasting_s))
    return Planted(
        start_s=start_s,
        end_s=episodes[-1].end_s,
        offices=tuple(range(setting.size)),
        p1=1.0,
        episodes=tuple(episodes),
    )


def together(*troubles: Planted) -> Planted:
    """Several troubles as one."""
    return Planted(
        start_s=min(each.start_s for each in troubles),
        end_s=max(each.end_s for each in troubles),
        offices=tuple(dict.fromkeys(office for each in troubles for office in each.offices)),
        p1=max(each.p1 for each in troubles),
        episodes=tuple(episode for each in troubles for episode in each.episodes),
    )
