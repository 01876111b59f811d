"""Where trouble stands, and which trouble is a part of another.

A region's trouble is a part of the nation's with the same root, and of that of a wider region: one
that holds all of its offices and more. And whatever needs a service is a part of that service's
open incident, in its own place or a wider one, even if it was told first: by the graph alone, for
what stands behind a broken step may change with every result.

What fails is never a part of what is merely slow.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from agent.core.graph import Graph
from agent.core.groups import ROSTER
from agent.core.model import Alarm, AlarmPhase, Channel, Scope, Trouble
from agent.core.regional import MOST

Place = tuple[Scope, str]
"""Scope and group: where an incident is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What stands at one place."""

    place: Place
    open: Mapping[str, Collection[str]]
    """The roots of its open incidents, and the services that each drags along."""
    alarms: dict[str, list[Alarm]] = field(default_factory=dict)
    """By service; closed ones too, for one tick."""

    @property
    def regional(self) -> bool:
        """Below the nation."""
        return self.place[0] is Scope.REGIONAL

    @property
    def live(self) -> list[str]:
        """Services with an alarm that is not closed."""
        return [service for service in self.alarms if self.standing(service)]

    def standing(self, service: str) -> list[Alarm]:
        """The alarms of a service that are not closed."""
        alarms = self.alarms.get(service, ())
        return [alarm for alarm in alarms if alarm.phase is not AlarmPhase.CLOSED]

    def fails(self, service: str) -> bool:
        """A service fails here, and is not only slow."""
        return any(alarm.channel is Channel.FAIL for alarm in self.standing(service))

    def beside(self, service: str, root: str) -> bool:
        """A region's service fails at the offices of another trouble: what lies between is broken.

        Two services that do not need each other and fail at the same few offices share those
        offices' way to the centre; they are told as one. What was so once stays so while the
        other's incident is open.
        """
        if not self.regional or self.place[1] == ROSTER or service == root:
            return False
        failing, others = self._offices(service), self._offices(root)
        same = bool(failing) and len(failing & others) >= MOST * max(len(failing), len(others))
        return same or service in self.open.get(root, ())

    def _offices(self, service: str) -> set[str]:
        return {b for alarm in self.standing(service) for b in alarm.evidence.failing}


OpenRoots = Mapping[Place, Mapping[str, Collection[str]]]
"""Of each place the roots of its open incidents, and the services that each drags along."""


def sites(alarms: Iterable[Alarm], open_roots: OpenRoots) -> list[Site]:
    """Every place with an alarm or an open incident, the nation first."""
    found = {place: Site(place=place, open=roots) for place, roots in open_roots.items()}
    for alarm in alarms:
        place = (alarm.scope, alarm.group)
        site = found.setdefault(place, Site(place=place, open={}))
        site.alarms.setdefault(alarm.service, []).append(alarm)
    return [found[place] for place in sorted(found)]


def wider(
    site: Site, everywhere: Sequence[Site], members: Mapping[str, Sequence[str]]
) -> list[Site]:
    """The places that hold this one and more, the widest first; ``members`` are those of groups."""
    if not site.regional:
        return []
    inside = set(members.get(site.place[1], ()))
    holding = [
        (len(outside), other)
        for other in everywhere
        if other.regional and inside and inside < (outside := set(members.get(other.place[1], ())))
    ]
    nation = [other for other in everywhere if not other.regional]
    return [*nation, *(other for _, other in sorted(holding, key=lambda each: -each[0]))]


def whole(root: str, site: Site, around: Sequence[Site], graph: Graph) -> Trouble | None:
    """The trouble that an open incident of this root is a part of; ``around`` are wider places."""
    for other in (*around, site):
        for above in (*graph.upstream(root), root):
            if (other is not site or above != root) and takes(above, other, root, site):
                return Trouble(group=other.place[1], root=above)
        if other is not site and other.standing(root) and not site.standing(root):
            return Trouble(group=other.place[1], root=root)
    return None


def takes(above: str, other: Site, service: str, site: Site) -> bool:
    """The open incident of ``above`` at another site is large enough for what ``service`` has."""
    return above in other.open and (other.fails(above) or not site.fails(service))
