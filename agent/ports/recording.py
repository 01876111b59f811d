"""The door to a recording: what an office published and what a leader saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from agent.ports.exchange import Record, WatchEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnStatus:
    """A status that the exchange took from this very branch."""

    record: Record
    """``stored_s`` is the office's own wall clock: the exchange answers a revision and no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TermBegan:
    """A leader begins, with nothing but what its watch will show."""

    branch: str
    term: int
    nation: str
    """Revision and hash of the nation.yaml that it judges by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPut:
    """A person's decision about an incident, as the leader read it."""

    record: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenancePut:
    """Planned work that a person added, as the leader read it."""

    record: Record


RecordedEvent = WatchEvent | OwnStatus | OrderPut | MaintenancePut | TermBegan


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event as a recording holds it."""

    at_s: float
    """Seconds since 1970: a leader's stream time, or an office's wall clock for its own status."""
    source: str
    """Whose recording it is; one file, one source."""
    event: RecordedEvent


class Recorder(Protocol):
    """Keeps what an office published and what a leader's watch showed, for replay and counting."""

    def record(self, event: RecordedEvent, at_s: float) -> None:
        """Note what happened at ``at_s``. Never waits or raises; what has no room is counted."""
        ...
