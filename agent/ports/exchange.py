"""The door to the other offices: records that travel, are watched, and are compared and set."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

MAX_VALUE_BYTES = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A value of the exchange with its revision; revision 0 means absent."""

    name: str
    value: bytes = b""
    revision: int = 0
    stored_s: float = 0.0
    """Stream time at which the engine stored it, seconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPut:
    """A branch's status, newest value."""

    record: Record
    """``name`` is the branch: taken from the subject, never from the payload."""
    live: bool
    """False while the snapshot is replayed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeatPut:
    """A branch's heartbeat."""

    record: Record
    live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """The snapshot is complete; what follows is live."""

    generation: float
    """Creation time of the store: another one means that revisions began again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """A branch sent nothing for ``silent_after_s``; told once per silence."""

    branch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """This watch is blind for now; silences are not judged until the next Synced."""

    why: str


WatchEvent = StatusPut | BeatPut | Synced | Silent | Stale


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A public record."""

    record: Record
    live: bool
    """False for what stood before we listened: it may be hours old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeHealth:
    """How the exchange answers this office."""

    connected: bool
    """A hint only; the acknowledgement is the proof."""
    acknowledged_age_s: float | None
    """Seconds since the engine last acknowledged anything of ours; None: never."""
    generation: float | None = None
    detail: str = ""


class Exchange(Protocol):
    """How branches share verdicts, elect a leader and keep the state of incidents.

    Durations are on the caller's boot-time clock. Every call ends within its own deadline with a
    result or an :class:`ExchangeError`; nothing is queued while disconnected. Values are bytes up
    to ``MAX_VALUE_BYTES``; names follow ``agent.core.model.is_name``; else :class:`Invalid`.
    """

    async def start(self) -> None:
        """Connect and make sure that the store exists.

        Returns within the connect timeout even when the engine is down: then it raises
        :class:`Unavailable` and goes on trying in the background. :class:`Denied` on refused
        credentials.
        """
        ...

    async def publish(self, value: bytes) -> int:
        """Replace this branch's status; returns its revision."""
        ...

    async def beat(self, value: bytes) -> int:
        """Replace this branch's heartbeat; its acknowledgement proves that the exchange answers."""
        ...

    async def own_status(self) -> Record:
        """This branch's own status record, to resume from; revision 0 when there is none."""
        ...

    def watch(self, silent_after_s: float) -> AsyncIterator[WatchEvent]:
        """All branches' statuses and beats, for ever: snapshot, Synced, live; the leader's.

        Silent at most once per silence, never while stale, nor before ``silent_after_s`` has
        passed since Synced. Stale at most 15 s after updates stop reaching us.
        """
        ...

    async def read(self, name: str) -> Record:
        """A coordination record; revision 0 when absent."""
        ...

    async def records(self, prefix: str) -> Sequence[Record]:
        """All coordination records whose name begins with ``prefix``, in name order."""
        ...

    async def compare_and_set(self, name: str, value: bytes, expect: int) -> int:
        """Write a coordination record if its revision is still ``expect`` (0: absent)."""
        ...

    async def announce(self, name: str, value: bytes) -> int:
        """Replace a public record, ``bulletin`` or ``beat``; only the leader does."""
        ...

    def announcements(self) -> AsyncIterator[Announced]:
        """The public records: their present values, then every change, for ever; every agent's.

        Supervised like :meth:`watch`: an engine that goes and comes back ends nothing, and the
        newest values are given again after it, as not live.
        """
        ...

    async def write_ledger(self, day: str, value: bytes) -> int:
        """Replace this branch's availability ledger of one day, ``yyyymmdd``."""
        ...

    async def own_ledger(self, day: str) -> Record:
        """This branch's ledger of that day, to count on from; revision 0 when there is none."""
        ...

    def health(self) -> ExchangeHealth:
        """How the engine answers now."""
        ...

    async def close(self) -> None:
        """Let go of everything; may be called twice."""
        ...
