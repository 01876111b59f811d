"""Chooses the offices of a simulation: those a scenario names, then the nation in small."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import TypeVar

from agent.core.model import Branch
from agent.simulation.scenario import Scenario

T = TypeVar("T")


def choose(
    branches: Sequence[Branch], count: int, scenario: Scenario | None = None
) -> list[Branch]:
    """Choose ``count`` offices, fewer if there are no more.

    First come those that the scenario names, in its order, so that it does what it says in any
    size. Then a fixed order: the first office of every province, the zones in turn, then the second
    of every province, and so on.
    """
    by_id = {branch.id: branch for branch in branches}
    named = scenario.named_offices if scenario else ()
    chosen = {office: by_id[office] for office in named if office in by_id}
    # Named offices stand first in their provinces, so that these are not the next to be taken.
    for branch in _spread([*chosen.values(), *branches]):
        chosen.setdefault(branch.id, branch)
    return list(chosen.values())[:count]


def _spread(branches: Sequence[Branch]) -> list[Branch]:
    zones: dict[str, dict[str, list[Branch]]] = {}
    for branch in {each.id: each for each in branches}.values():
        zones.setdefault(branch.zone, {}).setdefault(branch.province, []).append(branch)
    provinces = _in_turn(provinces.values() for provinces in zones.values())
    return _in_turn(provinces)


def _in_turn(rows: Iterable[Iterable[T]]) -> list[T]:
    """Everybody's first, then everybody's second, and so on."""
    return [each for column in zip_longest(*rows) for each in column if each is not None]
