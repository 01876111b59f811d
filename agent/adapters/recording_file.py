"""A recording on the disk: two files of bounded size, the present one and the one before it.

Beats of offices that are known to be there change nothing and are left out, but for one in a while
that proves that the recorder was at work. Lines gather in memory and are written together. A packed
file is a row of gzip members: a new one begins whenever the file is not as it was left, so that
what a crash or a full disk cut off spoils nothing that comes after it.
"""

from __future__ import annotations

import zlib
from contextlib import suppress
from errno import ENOSPC
from pathlib import Path

from agent.adapters.recording_lines import encode
from agent.ports import BeatPut, RecordedEvent, Silent, StatusPut, TermBegan

GATHERED_BYTES = 65_536
PULSE_S = 20.0
"""When no line was kept for so long, the next beat is."""
GZIP = 16 + zlib.MAX_WBITS
MEMBER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00"
"""How each of our members begins: deflate, no name, no time."""
OLDER = ".1"


class RecordingFile:
    """Implements :class:`agent.ports.Recorder` for whom it is no matter to wait for the disk."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        """``max_bytes`` of the present file and the older one together."""
        self.waiting = 0
        """Lines that are not on the disk yet."""
        self._path = path
        self._half_bytes = max_bytes // 2
        self._sieve = _Sieve()
        self._gathered = bytearray()
        self._end: int | None = None
        """Where we left the file; None: it has yet to be looked at."""
        self._packs = path.suffix == ".gz"
        self._packer = zlib.compressobj(wbits=GZIP)

    @property
    def full(self) -> bool:
        """So much has gathered that it should be stored."""
        return len(self._gathered) >= GATHERED_BYTES

    def record(self, event: RecordedEvent, at_s: float) -> None:
        """Take, and store when enough has gathered. Raises OSError."""
        self.take(event, at_s)
        if self.full:
            self.store()

    def take(self, event: RecordedEvent, at_s: float) -> None:
        """Keep the line of an event, in memory for now."""
        if self._sieve.keeps(event, at_s):
            self._gathered += encode(event, at_s)
            self.waiting += 1

    def store(self) -> None:
        """Write what waits. Raises OSError: then that is lost, and the next may succeed."""
        lines, self._gathered, self.waiting = bytes(self._gathered), bytearray(), 0
        if not lines:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._size() + len(lines) + GATHERED_BYTES > self._half_bytes:
            self._turn()
        self._append(lines)

    def close(self) -> None:
        """Write what waits, and end the file well. Raises OSError."""
        self.store()
        self._finish()

    def _size(self) -> int:
        return self._path.stat().st_size if self._path.exists() else 0

    def _turn(self) -> None:
        """The present file becomes the older one."""
        self._finish()
        if self._path.exists():
            self._path.replace(self._path.with_name(self._path.name + OLDER))

    def _finish(self) -> None:
        if self._packs and self._end is not None and self._end == self._size():
            self._append(b"", last=True)
        self._end = None

    def _append(self, lines: bytes, *, last: bool = False) -> None:
        with self._path.open("ab", buffering=0) as file:
            begin = file.tell()
            if begin != self._end:
                self._packer = zlib.compressobj(wbits=GZIP)
                # Whatever a line was cut off by, the next one begins afresh.
                lines = b"\n" + lines if begin else lines
            content = self._packed(lines, last=last) if self._packs else lines
            self._end = None
            if file.write(content) != len(content):
                with suppress(OSError):
                    file.truncate(begin)
                raise OSError(ENOSPC, "no room for all of it")
            self._end = begin + len(content)

    def _packed(self, lines: bytes, *, last: bool) -> bytes:
        """Packed so that a reader gets all of it, even if nothing follows."""
        how = zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH
        return self._packer.compress(lines) + self._packer.flush(how)


class _Sieve:
    """Leaves out the beats of offices that are known to be there."""

    def __init__(self) -> None:
        self._there: set[str] = set()
        self._kept_s = float("-inf")

    def keeps(self, event: RecordedEvent, at_s: float) -> bool:
        """Whether this event is worth a line."""
        known = isinstance(event, BeatPut) and event.live and event.record.name in self._there
        if known and 0.0 <= at_s - self._kept_s < PULSE_S:
            return False
        match event:
            case TermBegan():
                self._there.clear()
            case Silent(branch=branch):
                self._there.discard(branch)
            case StatusPut(record=record, live=True) | BeatPut(record=record, live=True):
                self._there.add(record.name)
        self._kept_s = at_s
        return True
