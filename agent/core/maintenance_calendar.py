"""All planned work together: whom each window means, and which trouble is expected or left over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from agent.core import groups
from agent.core.graph import Graph
from agent.core.groups import Groups
from agent.core.maintenance import Mode, Span, Window
from agent.core.model import Branch, PlannedNotice

GRACE_S = 180.0
"""A trouble that begins so soon after a window is work that was not finished: offices that did not
probe need as long to see it."""

FEW = 0.2
"""Such a share of the offices may fail beyond a window's, and it is the planned trouble yet."""


def places_of(branch: Branch) -> frozenset[str]:
    """Every place by which a window can name this office."""
    return frozenset({branch.id, branch.zone, *groups.of([branch]).belongs_to[branch.id]})


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """All windows, and whom and what each of them means."""

    windows: tuple[Window, ...] = ()
    groups: Groups | None = None
    branches: Mapping[str, Branch] = field(default_factory=dict)
    graph: Graph | None = None

    def with_windows(self, more: Iterable[Window]) -> Calendar:
        """The same with more windows."""
        return replace(self, windows=(*self.windows, *more))

    def active(self, at_s: float) -> tuple[tuple[Window, Span], ...]:
        """Windows that last at ``at_s``, the one that ends first before the others."""
        found = [(each, span) for each in self.windows if (span := each.active(at_s)) is not None]
        return tuple(sorted(found, key=lambda each: (each[1].until_s, each[0].id)))

    def until_s(
        self, service: str, failing: Iterable[str], at_s: float, *, partly: bool = False
    ) -> float | None:
        """Until when a trouble of ``service`` at these offices is planned; None: it is not.

        ``partly``: all of the offices but a few suffice. So what was planned once stays so when
        one more fails, and not when the nation does.
        """
        offices = frozenset(failing)
        ends = (
            span.until_s
            for window, span in self.active(at_s)
            if self._expects(window, service, offices, partly=partly)
        )
        return max(ends, default=None)

    def works_on(self, service: str, at_s: float) -> bool:
        """Work on ``service`` goes on at ``at_s``, at whichever offices."""
        return any(self._means(window, service) for window, _ in self.active(at_s))

    def overran_s(
        self, service: str, failing: Iterable[str], since_s: float, at_s: float
    ) -> float | None:
        """When the window ended in which this trouble began, or in the wake of which."""
        offices = frozenset(failing)
        ends = (
            span.until_s
            for window in self.windows
            if (span := window.last(at_s)) is not None and self._expects(window, service, offices)
            if span.until_s <= at_s and since_s < span.until_s + GRACE_S
        )
        return max(ends, default=None)

    def maintained(self, services: Iterable[str], branch: str, at_s: float) -> frozenset[str]:
        """Those of ``services`` on which work is planned at this office at that time."""
        here = [
            window
            for window, _ in self.active(at_s)
            if not window.where or branch in self._inside(window)
        ]
        return frozenset(
            each for each in services if any(not w.services or each in w.services for w in here)
        )

    def notices(self, at_s: float) -> tuple[PlannedNotice, ...]:
        """What goes on at ``at_s``, as every agent hears of it."""
        return tuple(
            PlannedNotice(
                id=window.id,
                until_s=span.until_s,
                services=window.services,
                where=window.where,
                skip=window.mode is Mode.SKIP,
            )
            for window, span in self.active(at_s)
        )

    def offices(self, at_s: float) -> frozenset[str]:
        """Offices that are in maintenance themselves, with all their services."""
        whole = (window for window, _ in self.active(at_s) if window.where and not window.services)
        return frozenset().union(*map(self._inside, whole))

    def _expects(
        self, window: Window, service: str, offices: frozenset[str], *, partly: bool = False
    ) -> bool:
        """A trouble that reaches beyond a window's offices is not the planned one."""
        if not self._means(window, service):
            return False
        if not window.where:
            return True
        inside = self._inside(window)
        if partly:
            return len(offices - inside) <= max(1, FEW * len(offices))
        return bool(offices) and offices <= inside

    def _means(self, window: Window, service: str) -> bool:
        """What nobody probes is not known to be the root of what needs it."""
        if not window.services or service in window.services:
            return True
        if window.mode is not Mode.SKIP or self.graph is None:
            return False
        return any(service in self.graph.downstream(each) for each in window.services)

    def _inside(self, window: Window) -> frozenset[str]:
        members = self.groups.members if self.groups is not None else {}
        named = {branch for place in window.where for branch in members.get(place, ())}
        return frozenset(
            branch.id
            for branch in self.branches.values()
            if branch.id in named or branch.id in window.where or branch.zone in window.where
        )
