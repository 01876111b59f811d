"""Our detector beside the rules of other products and the oracle, on the very same results.

Three questions: how soon is an outage seen, how often is a nation told that has none, and how often
is a region's outage called the nation's. Each trial asks all of them at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from agent.core.model import Scope
from agent.simulation.trials import oracle, peers
from agent.simulation.trials.case import Trial, column, or_never
from agent.simulation.trials.ours import Ours
from agent.simulation.trials.soon import Soon
from agent.simulation.trials.statistics import Interval, median, p95, poisson_interval
from agent.simulation.trials.years import Years

OURS = "Pantau"
ORACLE = "oracle, blips waited out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One kind of outage: seconds to each one's first alarm."""

    soon: Soon
    trials: int

    @property
    def name(self) -> str:
        """As in the head of the table."""
        return f"f={self.soon.share:g}, p1={self.soon.p1:g}"

    def play(self, seed: int) -> Trial:
        """One outage."""
        trace, outage = self.soon.trace(seed)
        heard = peers.Heard(trace)
        delays = {
            name: peers.delay_s(peer.alarms(heard), outage.start_s, outage.end_s)
            for name, peer in peers.PEERS.items()
        }
        ours = Ours(trace, learned=True).play(until_national=True)
        delays[OURS] = ours.delay_s(Scope.NATIONAL, outage.start_s)
        delays[ORACLE] = oracle.blip_aware_delay_s(trace, outage)
        return Trial(measures={name: or_never(delay_s) for name, delay_s in delays.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A region's outage: 1 for each that calls it the nation's."""

    soon: Soon
    trials: int
    name: str = "regional called national"

    def play(self, seed: int) -> Trial:
        """One outage."""
        trace, outage = self.soon.trace(seed)
        heard = peers.Heard(trace)
        told: dict[str, bool] = {
            name: peers.delay_s(peer.alarms(heard), outage.start_s, outage.end_s) is not None
            for name, peer in peers.PEERS.items()
        }
        ours = Ours(trace, learned=True).play(outage.end_s)
        told[OURS] = ours.delay_s(Scope.NATIONAL, outage.start_s) is not None
        return Trial(measures={name: float(national) for name, national in told.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Nuisance:
    """The peers in the very years that are also played for ours, as a case of its own."""

    years: Years
    trials: int
    name: str = "false nationals"

    def play(self, seed: int) -> Trial:
        """One stretch."""
        heard = peers.Heard(self.years.trace(seed))
        return Trial(
            measures={
                name: float(len(peers.false_nationals(peer.alarms(heard))))
                for name, peer in peers.PEERS.items()
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One detector in the table."""

    name: str
    false: int | None
    """False nationals in all years; None: it was not asked."""
    years: float
    per_year: Interval | None
    called_national: float | None
    """Share of the regional outages that it called national."""
    median_s: Mapping[str, float]
    p95_s: Mapping[str, float]
    missed: Mapping[str, float]
    """Share of the outages of a cell that it never saw."""


def standings(
    cells: Mapping[str, Sequence[Trial]],
    regions: Sequence[Trial],
    nuisance: Sequence[Trial],
    years: float,
    ours_false: int,
) -> list[Standing]:
    """The table, ours first and the oracle last; ``years`` of nuisance in all."""
    false = {name: int(sum(column(nuisance, name))) for name in peers.PEERS}
    false[OURS] = ours_false
    return [
        _standing(name, cells, regions, false.get(name), years)
        for name in (OURS, *peers.PEERS, ORACLE)
    ]


def _standing(
    name: str,
    cells: Mapping[str, Sequence[Trial]],
    regions: Sequence[Trial],
    false: int | None,
    years: float,
) -> Standing:
    delays = {cell: column(trials, name) for cell, trials in cells.items()}
    asked = name != ORACLE and bool(regions)
    return Standing(
        name=name,
        false=false,
        years=years,
        per_year=None if false is None else poisson_interval(false, years),
        called_national=sum(column(regions, name)) / len(regions) if asked else None,
        median_s={cell: median(each) for cell, each in delays.items()},
        p95_s={cell: p95(each) for cell, each in delays.items()},
        missed={cell: each.count(inf) / len(each) for cell, each in delays.items()},
    )
