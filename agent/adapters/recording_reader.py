"""Reads recordings back, packed or plain, whatever a crash, a full disk or a person did to them.

A line that cannot be read is remembered with its file and number, and the next one is read. Nothing
is held but a block and a line: a file may be larger than the memory.
"""

from __future__ import annotations

import heapq
import mmap
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from agent.adapters.recording_file import GZIP, MEMBER
from agent.adapters.recording_lines import MAX_LINE_BYTES, decode
from agent.core.codec import WireError
from agent.ports import Recorded

BLOCK_BYTES = 65_536
TOLD = 20
"""Wrong lines told of each file; all are counted."""
_GZIP_BEGINS = b"\x1f\x8b"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongLine:
    """A line that was passed over."""

    file: str
    line: int
    """From 1, in the unpacked text."""
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


class RecordingReader:
    """One file of a recording. Raises OSError where it cannot be opened or read at all."""

    def __init__(self, path: Path) -> None:
        self.wrong: list[WrongLine] = []
        """The first ``TOLD`` of them."""
        self.wrong_count = 0
        self.size_bytes = path.stat().st_size
        self.read_bytes = 0
        self._path = path
        self._line = 0

    def __iter__(self) -> Iterator[Recorded]:
        for line in self._lines():
            if not line.strip():
                continue
            try:
                event, at_s = decode(line)
            except WireError as error:
                self._note(str(error), self._line)
                continue
            yield Recorded(at_s=at_s, source=str(self._path), event=event)

    def _lines(self) -> Iterator[bytes]:
        """Line by line; one that is too long is cut, so that it is told and not kept."""
        rest = b""
        for block in self._blocks():
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                self._line += 1
                yield line
            rest = rest[: MAX_LINE_BYTES + 1]
        self._line += 1
        yield rest

    def _blocks(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            packed = file.read(len(_GZIP_BEGINS)) == _GZIP_BEGINS
            file.seek(0)
            yield from self._unpacked(file) if packed else self._plain(file)

    def _plain(self, file: BinaryIO) -> Iterator[bytes]:
        while block := file.read(BLOCK_BYTES):
            self.read_bytes += len(block)
            yield block

    def _unpacked(self, file: BinaryIO) -> Iterator[bytes]:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            begin = 0
            while begin < len(whole):
                end = whole.find(MEMBER, begin + 1)
                end = len(whole) if end < 0 else end
                yield from self._members(whole, begin, end)
                begin = self.read_bytes = end

    def _members(self, whole: mmap.mmap, begin: int, end: int) -> Iterator[bytes]:
        """What is packed between two places; the last member there may have no end."""
        unpacker = zlib.decompressobj(wbits=GZIP)
        try:
            for at in range(begin, end, BLOCK_BYTES):
                packed = whole[at : min(at + BLOCK_BYTES, end)]
                while packed:
                    if unpacker.eof:
                        unpacker = zlib.decompressobj(wbits=GZIP)
                    yield unpacker.decompress(packed, BLOCK_BYTES)
                    packed = unpacker.unconsumed_tail or unpacker.unused_data
                self.read_bytes = at
            yield unpacker.flush()
        except zlib.error:
            self._note("packed lines that cannot be read, up to the next good ones", self._line + 1)

    def _note(self, what: str, line: int) -> None:
        self.wrong_count += 1
        if len(self.wrong) < TOLD:
            self.wrong.append(WrongLine(file=str(self._path), line=line, what=what))


def merged(readers: Iterable[RecordingReader]) -> Iterator[Recorded]:
    """All events of several recordings, by their time; of one recording in its own order."""
    return heapq.merge(*readers, key=lambda recorded: recorded.at_s)
