"""A recording stays within its size, leaves out what changes nothing, and survives what befalls it.

What is written is always read back by the reader that ``pantau replay`` uses.
"""

from __future__ import annotations

import gzip
import random
import resource
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.adapters.recording_file import OLDER, RecordingFile
from agent.adapters.recording_reader import RecordingReader, merged
from agent.ports import (
    BeatPut,
    Record,
    Recorded,
    RecordedEvent,
    Silent,
    StatusPut,
    TermBegan,
)

MIB = 1 << 20
NOW_S = 1_760_000_000.0
NOISE = random.Random(1).randbytes(4_000).hex().encode()


def status(number: int, branch: str = "jember", size: int = 600) -> StatusPut:
    value = (f'{{"number":{number},"' + "ring" * (size // 4) + '"}').encode()
    record = Record(name=branch, value=value, revision=number, stored_s=NOW_S + number)
    return StatusPut(record=record, live=True)


def beat(branch: str, at_s: float, *, live: bool = True) -> BeatPut:
    return BeatPut(record=Record(name=branch, stored_s=at_s), live=live)


def write(path: Path, numbers: Sequence[int], *, max_bytes: int = MIB, close: bool = True) -> None:
    file = RecordingFile(path, max_bytes)
    for number in numbers:
        file.record(status(number), NOW_S + number)
    if close:
        file.close()
    else:
        file.store()


def read(*paths: Path) -> list[Recorded]:
    return list(merged([RecordingReader(path) for path in paths]))


def numbers(found: Sequence[Recorded]) -> list[int]:
    return [each.event.record.revision for each in found if isinstance(each.event, StatusPut)]


def on_disk(path: Path) -> list[Path]:
    return sorted(path.parent.iterdir())


@pytest.fixture(params=["statuses.jsonl", "statuses.jsonl.gz"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / "recording" / str(request.param)


def test_what_is_recorded_is_read_back_in_its_order(path: Path):
    write(path, range(200))
    assert numbers(read(path)) == list(range(200))
    assert on_disk(path) == [path]


def test_two_files_together_stay_within_the_size_and_hold_the_newest(path: Path):
    older = path.with_name(path.name + OLDER)
    file = RecordingFile(path, MIB)
    biggest = 0
    for number in range(500):
        value = random.Random(number).randbytes(4_000).hex().encode()
        record = Record(name="jember", value=value, revision=number)
        file.record(StatusPut(record=record, live=True), NOW_S + number)
        biggest = max(biggest, sum(each.stat().st_size for each in path.parent.glob("*")))
    file.close()
    assert on_disk(path) == [path, older]
    assert MIB // 2 < biggest <= MIB
    kept = numbers(read(path, older))
    assert kept == list(range(kept[0], 500))
    assert kept[0] > 0


def test_a_new_start_goes_on_in_the_same_file(path: Path):
    write(path, range(10))
    write(path, range(10, 20))
    assert numbers(read(path)) == list(range(20))


def test_a_recorder_that_was_killed_costs_nothing_that_was_stored(path: Path):
    write(path, range(10), close=False)
    assert numbers(read(path)) == list(range(10))
    write(path, range(10, 20), close=False)
    assert numbers(read(path)) == list(range(20))


def test_what_was_cut_off_in_the_middle_is_told_and_the_rest_is_read(path: Path):
    write(path, range(10), close=False)
    path.write_bytes(path.read_bytes()[:-40])
    write(path, range(10, 20))
    reader = RecordingReader(path)
    found = numbers(list(reader))
    assert found[-10:] == list(range(10, 20))
    assert 0 < len(found) < 20
    (wrong,) = reader.wrong
    assert str(wrong).startswith(f"{path}:{len(found) - 9}: not JSON")


def test_a_file_that_somebody_took_away_is_begun_anew(path: Path):
    file = RecordingFile(path, MIB)
    file.record(status(1), NOW_S)
    file.store()
    path.rename(path.with_name("taken"))
    file.record(status(2), NOW_S)
    file.close()
    assert numbers(read(path)) == [2]
    assert numbers(read(path.with_name("taken"))) == [1]


def test_a_packed_file_that_was_ended_well_is_read_by_others(tmp_path: Path):
    path = tmp_path / "statuses.jsonl.gz"
    write(path, range(100))
    write(path, range(100, 200))
    text = gzip.decompress(path.read_bytes())
    assert text.count(b'"kind":"status"') == 200
    done = subprocess.run(["gzip", "--test", str(path)], check=False)  # noqa: S607 - any gzip
    assert done.returncode == 0


def test_what_others_packed_is_read(tmp_path: Path):
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    write(plain, range(1_000), max_bytes=4 * MIB)
    half = plain.stat().st_size // 2
    whole = plain.read_bytes()
    packed.write_bytes(gzip.compress(whole[:half]) + gzip.compress(whole[half:]))
    assert numbers(read(packed)) == list(range(1_000))


# --- what is worth a line


def kept(events: Sequence[tuple[RecordedEvent, float]], tmp_path: Path) -> list[Recorded]:
    file = RecordingFile(tmp_path / "kept", MIB)
    for event, at_s in events:
        file.record(event, at_s)
    file.close()
    return read(tmp_path / "kept")


def test_beats_of_an_office_that_is_there_are_left_out_but_one_in_twenty_seconds(tmp_path: Path):
    beats = [(beat("jember", NOW_S + s), NOW_S + s) for s in range(0, 100, 10)]
    found = kept(beats, tmp_path)
    assert [each.at_s - NOW_S for each in found] == [0, 20, 40, 60, 80]


def test_a_beat_that_ends_a_silence_is_kept(tmp_path: Path):
    events: list[tuple[RecordedEvent, float]] = [
        (status(1), NOW_S),
        (beat("jember", NOW_S + 10), NOW_S + 10),
        (Silent(branch="jember"), NOW_S + 15),
        (beat("jember", NOW_S + 16), NOW_S + 16),
    ]
    found = [each.event for each in kept(events, tmp_path)]
    assert found == [events[0][0], events[2][0], events[3][0]]


def test_a_new_leader_and_its_snapshot_are_kept_whole(tmp_path: Path):
    events: list[tuple[RecordedEvent, float]] = [
        (beat("jember", NOW_S), NOW_S),
        (TermBegan(branch="medan", term=2, nation="r1:a"), NOW_S + 1),
        (beat("jember", NOW_S, live=False), NOW_S + 1),
        (beat("jember", NOW_S + 2), NOW_S + 2),
        (beat("jember", NOW_S + 3), NOW_S + 3),
    ]
    assert [each.event for each in kept(events, tmp_path)] == [event for event, _ in events[:4]]


# --- a disk that does not want


@contextmanager
def room_for(path: Path, more_bytes: int) -> Iterator[None]:
    """No file may grow beyond what this one is, and a little."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + more_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_loses_what_waited_and_nothing_before_or_after(path: Path):
    file = RecordingFile(path, 64 * MIB)
    for number in range(1_000):
        file.record(status(number, size=4_000), NOW_S + number)
    file.store()
    size = path.stat().st_size
    file.take(StatusPut(record=Record(name="jember", value=NOISE), live=True), NOW_S)
    with room_for(path, 100), pytest.raises(OSError, match="room"):
        file.store()
    assert file.waiting == 0
    assert path.stat().st_size == size
    file.record(status(1_000), NOW_S + 1_000)
    file.close()
    assert numbers(read(path)) == list(range(1_001))


def test_a_disk_without_any_room_is_an_error_and_no_more():
    file = RecordingFile(Path("/dev/full"), MIB)
    file.take(status(1), NOW_S)
    with pytest.raises(OSError, match="space"):
        file.store()
    assert file.waiting == 0


def test_a_folder_that_is_a_file_is_an_error_each_time_and_then_none(tmp_path: Path):
    blocked = tmp_path / "blocked"
    blocked.write_text("in the way")
    file = RecordingFile(blocked / "statuses", MIB)
    for number in range(2):
        file.take(status(number), NOW_S)
        with pytest.raises(OSError, match="blocked"):
            file.store()
    blocked.unlink()
    file.record(status(2), NOW_S)
    file.close()
    assert numbers(read(blocked / "statuses")) == [2]
