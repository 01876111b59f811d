"""What a leader's metrics say of every office, made anew for each scrape.

A collector of its own: nothing is kept between two scrapes, so that an agent that leads no more
shows none of it, and an assessment does no work for dashboards that nobody looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import product

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from agent.adapters.metric_catalogue import empty_gauge
from agent.core.census import Census
from agent.core.model import Branch, Outcome

Asks = Callable[[], Census | None]
"""Every office as this agent sees it; None: it does not lead."""

ATTENDANCE, STATE = "office_attendance", "office_service_state"
INFO, POSITION = "office_info", "office_position_degrees"
_STATES = {
    Outcome.VOID: -1.0,
    Outcome.OK: 0.0,
    Outcome.SLOW: 1.0,
    Outcome.FAIL: 2.0,
    Outcome.DRIFT: 3.0,
}
"""One series for each office and service: an outcome as a label would make five."""


class OfficeCollector(Collector):
    """Shows the census of the moment."""

    def __init__(
        self,
        roster: Collection[Branch],
        services: Collection[str],
        registry: CollectorRegistry,
    ) -> None:
        self.asks: Asks = lambda: None
        self._roster = tuple(roster)
        self._services = tuple(services)
        registry.register(self)

    def describe(self) -> list[Metric]:
        """The names that this collector takes; asked for when there is no census yet."""
        return [empty_gauge(name) for name in (INFO, POSITION, ATTENDANCE, STATE)]

    def collect(self) -> Iterator[Metric]:
        """Every family, empty where this agent does not lead.

        Who the offices are is the same everywhere; told by all, 145 agents would say it 145 times.
        """
        census = self.asks()
        roster = self._roster if census is not None else ()
        yield _places(roster)
        yield _positions(roster)
        yield _attendance(census)
        yield self._states(census)

    def _states(self, census: Census | None) -> GaugeMetricFamily:
        family = empty_gauge(STATE)
        if census is not None:
            for office, service in product(census.parts, self._services):
                family.add_metric((office, service), _STATES[census.word(office, service)])
        return family


def _places(roster: Iterable[Branch]) -> GaugeMetricFamily:
    family = empty_gauge(INFO)
    for each in roster:
        family.add_metric((each.id, each.name, each.province, each.island, each.zone), 1.0)
    return family


def _positions(roster: Iterable[Branch]) -> GaugeMetricFamily:
    family = empty_gauge(POSITION)
    for each in roster:
        if each.position is not None:
            family.add_metric((each.id, "latitude"), each.position.latitude_degrees)
            family.add_metric((each.id, "longitude"), each.position.longitude_degrees)
    return family


def _attendance(census: Census | None) -> GaugeMetricFamily:
    family = empty_gauge(ATTENDANCE)
    if census is not None:
        for office, part in census.parts.items():
            family.add_metric((office, part.value), 1.0)
    return family
