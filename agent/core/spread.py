"""How wide a trouble is, for people: offices failing of offices reporting, place by place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from agent.core.model import Branch, Spread
from agent.core.vocabulary import zone_name

ZONES = ("WIB", "WITA", "WIT")
"""From west to east, as people name them."""

_Table = dict[str, tuple[int, int]]


def of(failing: Collection[str], present: Iterable[str], branches: Mapping[str, Branch]) -> Spread:
    """The spread of ``failing`` among ``present``; of provinces and carriers only those hit."""
    bad = frozenset(failing)
    zones: _Table = {}
    provinces: _Table = {}
    carriers: _Table = {}
    for branch in present:
        where = branches[branch]
        _count(zones, zone_name(where.zone), branch in bad)
        _count(provinces, where.province, branch in bad)
        if where.carrier:
            _count(carriers, where.carrier, branch in bad)
    return Spread(
        zones={zone: zones[zone] for zone in ZONES if zone in zones},
        provinces=_hit(provinces),
        carriers=_hit(carriers),
    )


def _count(table: _Table, place: str, bad: bool) -> None:  # noqa: FBT001 - the one thing counted
    hit, whole = table.get(place, (0, 0))
    table[place] = (hit + bad, whole + 1)


def _hit(table: _Table) -> _Table:
    return {place: counted for place, counted in table.items() if counted[0]}
