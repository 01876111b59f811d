"""Makes the metrics that ``metric_catalogue.yaml`` describes, and hands them out by name."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable
from importlib import resources
from typing import Any, TypeVar

import yaml
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily

CATALOGUE = "metric_catalogue.yaml"
_PREFIX = "pantau_"
OF_THE_PROCESS = {
    "process_virtual_memory_bytes": "gauge",
    "process_resident_memory_bytes": "gauge",
    "process_start_time_seconds": "gauge",
    "process_cpu_seconds": "counter",
    "process_open_fds": "gauge",
    "process_max_fds": "gauge",
}
"""What the metrics client says of the process beside the catalogue, under the names that every
program has; by family, on systems with ``/proc``. Agents that share a process show the same."""
Metric = Counter | Gauge | Histogram
M = TypeVar("M", Counter, Gauge, Histogram)


def exposed_families() -> dict[str, str]:
    """The type of every family in an exposition, by its full name."""
    ours = {_PREFIX + name: str(entry["type"]) for name, entry in read_catalogue().items()}
    return ours | OF_THE_PROCESS


@functools.cache
def read_catalogue() -> dict[str, dict[str, Any]]:
    """Every metric by its short name: type, help, labels, buckets, and what it is for."""
    text = resources.files(__package__).joinpath(CATALOGUE).read_text("utf-8")
    catalogue: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return catalogue


def empty_gauge(name: str) -> GaugeMetricFamily:
    """A gauge of the catalogue without a series, for a collector to fill in one scrape."""
    entry = read_catalogue()[name]
    return GaugeMetricFamily(_PREFIX + name, entry["help"], labels=entry.get("labels", ()))


class Metrics:
    """All metrics of one registry, but those that are made in each scrape."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._metrics = {
            name: _make(name, entry, registry)
            for name, entry in read_catalogue().items()
            if not entry.get("made_in_each_scrape", False)
        }

    def counter(self, name: str, *labels: str) -> Counter:
        """The counter with these label values, in the catalogue's order."""
        return self._child(name, Counter, labels)

    def gauge(self, name: str, *labels: str) -> Gauge:
        """The gauge with these label values."""
        return self._child(name, Gauge, labels)

    def histogram(self, name: str, *labels: str) -> Histogram:
        """The histogram with these label values."""
        return self._child(name, Histogram, labels)

    def begin(self, name: str, *values: Iterable[str]) -> None:
        """Let every combination of label values stand at zero."""
        for labels in itertools.product(*values):
            self._metrics[name].labels(*(str(label) for label in labels))

    def forget(self, name: str) -> None:
        """Drop all series of a metric that lists what holds now."""
        self._metrics[name].clear()

    def _child(self, name: str, kind: type[M], labels: tuple[str, ...]) -> M:
        metric = self._metrics[name]
        if not isinstance(metric, kind):
            raise TypeError(f"{name} is a {type(metric).__name__}")
        return metric.labels(*labels) if labels else metric


def _make(name: str, entry: dict[str, Any], registry: CollectorRegistry) -> Metric:
    full, labels = _PREFIX + name, entry.get("labels", ())
    if entry["type"] == "counter":
        return Counter(full, entry["help"], labels, registry=registry)
    if entry["type"] == "gauge":
        return Gauge(full, entry["help"], labels, registry=registry)
    return Histogram(full, entry["help"], labels, registry=registry, buckets=entry["buckets"])
