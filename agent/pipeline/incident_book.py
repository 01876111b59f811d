"""The incidents of the nation as records of the exchange, changed only by compare-and-set.

The leader's tick and the delivery of messages change the same records. Each change is a pure
function of the newest incident: it is applied under a lock of its own record, and applied again to
what somebody else wrote if they were faster. A write without an answer may have happened: the
record is read again before anything else is done with it.

The right to write is asked for before every single write: a leader that slept conflicts with what
its successor wrote, and must not then apply its old view to the successor's record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from agent.core import codec
from agent.core.codec import WireError
from agent.core.incident import Incident
from agent.ports import Conflict, ExchangeError, Record, Unavailable

PREFIX = "incident."
_TRIES = 5

_log = structlog.get_logger(__name__)


class LeaseOver(ExchangeError):  # noqa: N818 - what happened, not an error of ours
    """We do not lead any more: nothing was written."""


class Records(Protocol):
    """What the book asks of the exchange."""

    async def records(self, prefix: str) -> Sequence[Record]:
        """As :meth:`agent.ports.Exchange.records`."""
        ...

    async def read(self, name: str) -> Record:
        """As :meth:`agent.ports.Exchange.read`."""
        ...

    async def compare_and_set(self, name: str, value: bytes, expect: int) -> int:
        """As :meth:`agent.ports.Exchange.compare_and_set`."""
        ...


class IncidentBook:
    """All incident records, as this leader knows them."""

    def __init__(self, exchange: Records, may_write: Callable[[], bool]) -> None:
        """``may_write``: our lease still holds."""
        self._exchange = exchange
        self._may_write = may_write
        self._incidents: dict[str, Incident] = {}
        self._revisions: dict[str, int] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._doubtful: set[str] = set()

    def incidents(self) -> Iterable[Incident]:
        """All that are known, closed ones too; a digest is none."""
        return tuple(each for each in self._incidents.values() if each.digest is None)

    def told(self) -> Iterable[Incident]:
        """Everything that is known and told: incidents and digests."""
        return tuple(self._incidents.values())

    def get(self, name: str) -> Incident | None:
        """One by the name of its record."""
        return self._incidents.get(name)

    def members(self, teller: Incident) -> list[Incident]:
        """The others that a storm's first tells of; a later incident of their names is none."""
        found = (self._incidents.get(name) for name in teller.members)
        return [each for each in found if each is not None and each.storm == teller.name]

    async def load(self) -> None:
        """Read everything anew, as a new leader does. Raises an ExchangeError."""
        for record in await self._exchange.records(PREFIX):
            self._take(record)

    async def change(
        self, name: str, how: Callable[[Incident | None], Incident | None]
    ) -> Incident | None:
        """Apply ``how`` to the newest incident of this name and write what it returns.

        ``how`` returning its argument, or None, writes nothing. It may be called more than once.
        Raises :class:`LeaseOver` if there is something to write and we may not any more, or another
        ExchangeError; after Unavailable the change may or may not have been applied.
        """
        async with self._lock(name):
            if name in self._doubtful:
                await self._read(name)
            for _ in range(_TRIES):
                before = self._incidents.get(name)
                after = how(before)
                if after is None or after is before:
                    return before
                if not self._may_write():
                    raise LeaseOver(f"{name}: the lease is over")
                try:
                    return await self._write(name, after)
                except Conflict:
                    await self._read(name)
            raise Conflict(f"{name}: others kept writing")

    async def read(self, name: str) -> Incident | None:
        """The newest incident of this name, from the exchange. Raises an ExchangeError."""
        async with self._lock(name):
            await self._read(name)
            return self._incidents.get(name)

    def _lock(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())

    async def _write(self, name: str, incident: Incident) -> Incident:
        expect = self._revisions.get(name, 0)
        try:
            revision = await self._exchange.compare_and_set(name, codec.to_bytes(incident), expect)
        except (Unavailable, asyncio.CancelledError):
            self._doubtful.add(name)
            raise
        return self._keep(name, incident, revision)

    async def _read(self, name: str) -> None:
        record = await self._exchange.read(name)
        self._doubtful.discard(name)
        if record.revision == 0:
            self._incidents.pop(name, None)
            self._revisions.pop(name, None)
        else:
            self._take(record)

    def _take(self, record: Record) -> None:
        try:
            incident = _incident(record)
        except WireError as error:
            _log.error("incident_unreadable", record=record.name, reason=str(error))
            self._revisions[record.name] = record.revision
            return
        self._keep(record.name, incident, record.revision)

    def _keep(self, name: str, incident: Incident, revision: int) -> Incident:
        """An incident's identity is the revision of the write that opened it."""
        if incident.opening == 0:
            incident = replace(incident, opening=revision)
        self._incidents[name] = incident
        self._revisions[name] = revision
        return incident


def _incident(record: Record) -> Incident:
    """The record's incident. Raises WireError for one that nobody could tell."""
    incident = codec.from_bytes(Incident, record.value)
    if incident.name != record.name:
        raise WireError("it bears another's name")
    if not incident.messages or incident.root_message.sequence != 0:
        raise WireError("it has no root message")
    return incident
