r"""One line of a recording: what an office published, or what a leader's watch showed.

    {"at":1760000012.5,"kind":"status","branch":"jember","stored":1760000012.4,"revision":3841,
     "live":true,"value":"{\"v\":1,...}"}

``at`` is when the recorder took note, by the leader's stream time; the own status of an office
(kind ``own``) bears that office's wall clock. A value is kept byte by byte, each as the character
of that number, so that a replay reads exactly what the leader read, sound or not. Beats and the
reasons of a blind watch are kept without their words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from agent.core import codec
from agent.core.codec import WireError
from agent.core.model import is_name
from agent.ports import (
    BeatPut,
    MaintenancePut,
    OrderPut,
    OwnStatus,
    Record,
    RecordedEvent,
    Silent,
    Stale,
    StatusPut,
    Synced,
    TermBegan,
)

MAX_LINE_BYTES = codec.MAX_BYTES
_DECIMALS = 6
_LATEST_S = 2.5e11
"""Later than any date that can be written."""


class Kind(StrEnum):
    """What a line tells."""

    TERM = "term"
    STATUS = "status"
    BEAT = "beat"
    SYNCED = "synced"
    SILENT = "silent"
    STALE = "stale"
    OWN = "own"
    ORDER = "order"
    """A decision of a person; ``branch`` is the name of its record."""
    MAINTENANCE = "maintenance"
    """Planned work that a person added; the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line as it is written; what is at its default is left out."""

    at: float
    kind: Kind
    branch: str = ""
    stored: float = 0.0
    revision: int = 0
    live: bool = False
    value: str = ""
    generation: float = 0.0
    term: int = 0
    nation: str = ""


def encode(event: RecordedEvent, at_s: float) -> bytes:
    """The line of an event, with its end."""
    return codec.to_bytes(_line(event, round(at_s, _DECIMALS))) + b"\n"


def decode(line: bytes) -> tuple[RecordedEvent, float]:
    """The event of a line, and when it was. Raises :class:`WireError`."""
    read = codec.from_bytes(Line, line)
    for moment in (read.at, read.stored):
        if not 0 <= moment <= _LATEST_S:
            raise WireError("a time that no calendar knows")
    needs_branch = read.kind not in (Kind.SYNCED, Kind.STALE)
    if needs_branch and not is_name(read.branch):
        raise WireError("an impossible branch")
    return _event(read), read.at


def _line(event: RecordedEvent, at: float) -> Line:
    match event:
        case StatusPut(record=record, live=live):
            return _put(Kind.STATUS, at, record, live=live)
        case BeatPut(record=record, live=live):
            return _put(Kind.BEAT, at, replace(record, revision=0, value=b""), live=live)
        case OwnStatus(record=record):
            return _put(Kind.OWN, at, record, live=True)
        case OrderPut(record=record) | MaintenancePut(record=record):
            kind = Kind.ORDER if isinstance(event, OrderPut) else Kind.MAINTENANCE
            return _put(kind, at, record, live=True)
        case TermBegan(branch=branch, term=term, nation=nation):
            return Line(at=at, kind=Kind.TERM, branch=branch, term=term, nation=nation)
        case _:
            return _of_the_watch(event, at)


def _put(kind: Kind, at: float, record: Record, *, live: bool) -> Line:
    return Line(
        at=at,
        kind=kind,
        branch=record.name,
        stored=round(record.stored_s, _DECIMALS),
        revision=record.revision,
        live=live,
        value=record.value.decode("latin-1"),
    )


def _of_the_watch(event: Synced | Silent | Stale, at: float) -> Line:
    match event:
        case Synced(generation=generation):
            return Line(at=at, kind=Kind.SYNCED, generation=generation)
        case Silent(branch=branch):
            return Line(at=at, kind=Kind.SILENT, branch=branch)
        case Stale():
            return Line(at=at, kind=Kind.STALE)


def _event(line: Line) -> RecordedEvent:
    match line.kind:
        case Kind.TERM:
            return TermBegan(branch=line.branch, term=line.term, nation=line.nation)
        case Kind.SYNCED:
            return Synced(generation=line.generation)
        case Kind.SILENT:
            return Silent(branch=line.branch)
        case Kind.STALE:
            return Stale(why="as recorded")
        case _:
            return _put_event(line, _record(line))


def _put_event(line: Line, record: Record) -> RecordedEvent:
    if line.kind is Kind.OWN:
        return OwnStatus(record=record)
    if line.kind is Kind.ORDER:
        return OrderPut(record=record)
    if line.kind is Kind.MAINTENANCE:
        return MaintenancePut(record=record)
    of = StatusPut if line.kind is Kind.STATUS else BeatPut
    return of(record=record, live=line.live)


def _record(line: Line) -> Record:
    try:
        value = line.value.encode("latin-1")
    except UnicodeEncodeError:
        raise WireError("value: characters that are no bytes") from None
    return Record(name=line.branch, value=value, revision=line.revision, stored_s=line.stored)
