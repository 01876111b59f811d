"""Whatever a file of a recording holds, it is read to its end, line by line, in little memory."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path

import pytest

from agent.adapters.recording_reader import TOLD, RecordingReader, merged
from agent.ports import Silent

GOOD = b'{"at":12.5,"kind":"silent","branch":"jember"}'


def reader(folder: Path, content: bytes, name: str = "statuses") -> RecordingReader:
    (folder / name).write_bytes(content)
    return RecordingReader(folder / name)


def test_wrong_lines_are_told_with_file_and_number_and_the_good_ones_are_read(tmp_path: Path):
    content = b"\n".join([GOOD, b"{", b"", b"\xff\xfe", GOOD, b'{"at":1}', GOOD[:20]])
    found = reader(tmp_path, content)
    assert [each.event for each in found] == [Silent(branch="jember")] * 2
    assert [wrong.line for wrong in found.wrong] == [2, 4, 6, 7]
    assert str(found.wrong[2]) == f"{tmp_path}/statuses:6: Line: a field is missing"


def test_a_last_line_without_its_end_is_read_if_it_is_whole(tmp_path: Path):
    assert len(list(reader(tmp_path, GOOD))) == 1


def test_an_empty_file_holds_nothing_and_is_not_wrong(tmp_path: Path):
    found = reader(tmp_path, b"")
    assert list(found) == []
    assert found.wrong_count == 0


def test_of_very_many_wrong_lines_the_first_are_told_and_all_are_counted(tmp_path: Path):
    found = reader(tmp_path, b"x\n" * 1_000)
    assert list(found) == []
    assert (found.wrong_count, len(found.wrong)) == (1_000, TOLD)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "packed"])
def test_a_line_without_end_costs_no_memory_and_no_other_line(tmp_path: Path, pack: type[bytes]):
    content = pack(GOOD + b"\n" + b"x" * 30_000_000 + b"\n" + GOOD)
    found = reader(tmp_path, content)
    tracemalloc.start()
    try:
        assert len(list(found)) == 2
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    (wrong,) = found.wrong
    assert wrong.line == 2
    assert wrong.what.endswith("bytes are too many")


def test_spoiled_packed_bytes_are_told_and_the_next_member_is_read(tmp_path: Path):
    first, second = (gzip.compress(GOOD + b"\n", mtime=0) for _ in range(2))
    spoiled = first[:20] + b"\x55" * 12 + first[32:]
    found = reader(tmp_path, spoiled + second)
    assert len(list(found)) == 1
    assert found.wrong[0].what.startswith("packed lines that cannot be read")


def test_a_packed_file_that_ends_too_soon_is_read_as_far_as_it_goes(tmp_path: Path):
    lines = b"".join(b'{"at":%d,"kind":"silent","branch":"a%d"}\n' % (n, n * n) for n in range(900))
    packed = gzip.compress(lines)
    found = reader(tmp_path, packed[: len(packed) // 2])
    assert 100 < len(list(found)) < 900
    assert found.wrong_count == 1


def test_several_recordings_are_read_by_their_time(tmp_path: Path):
    files = [
        reader(tmp_path, b"".join(b'{"at":%d,"kind":"stale"}\n' % at for at in times), name)
        for name, times in (("a", (1, 4, 6)), ("b", (2, 3, 9)))
    ]
    found = [(each.at_s, Path(each.source).name) for each in merged(files)]
    assert found == [(1, "a"), (2, "b"), (3, "b"), (4, "a"), (6, "a"), (9, "b")]


def test_it_says_how_far_it_has_read(tmp_path: Path):
    found = reader(tmp_path, (GOOD + b"\n") * 10_000)
    for _ in found:
        assert found.read_bytes <= found.size_bytes
    assert found.read_bytes == found.size_bytes
