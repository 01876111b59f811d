"""Recording waits for nobody: what has no room is counted, and told once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from structlog.testing import LogCapture

from agent.adapters import status_recording
from agent.adapters.recording_reader import RecordingReader
from agent.adapters.status_recording import QUEUED, StatusRecording
from agent.clock import BootClock
from agent.ports import Drop, Record, Recorder, StatusPut
from tests.support.tally import Tally

pytestmark = pytest.mark.anyio

MIB = 1 << 20
NOW_S = 1_760_000_000.0


def status(number: int) -> StatusPut:
    return StatusPut(record=Record(name="jember", value=b"{}", revision=number), live=True)


@pytest.fixture
def logged() -> Iterator[LogCapture]:
    capture = LogCapture()
    before = structlog.get_config()
    structlog.configure(processors=[capture], cache_logger_on_first_use=False)
    yield capture
    structlog.configure(**before)


def begun(path: Path, meters: Tally) -> StatusRecording:
    recording = StatusRecording(path, MIB, BootClock(), meters)
    recording.start()
    return recording


def said(logged: LogCapture) -> list[str]:
    return [entry["event"] for entry in logged.entries]


def is_recorder(recording: StatusRecording) -> Recorder:
    return recording


async def test_everything_is_on_the_disk_once_it_is_closed(tmp_path: Path):
    meters = Tally()
    recording = begun(tmp_path / "deep" / "statuses.gz", meters)
    for number in range(2_000):
        is_recorder(recording).record(status(number), NOW_S + number)
    await recording.close()
    found = list(RecordingReader(tmp_path / "deep" / "statuses.gz"))
    assert [each.at_s for each in found] == [NOW_S + number for number in range(2_000)]
    assert not meters.drops


async def test_a_full_disk_is_counted_line_by_line_logged_once_and_stops_nothing(
    logged: LogCapture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(status_recording, "STORE_S", 0.0)
    meters = Tally()
    recording = begun(Path("/dev/full"), meters)
    for number in range(500):
        recording.record(status(number), NOW_S)
    await recording.close()
    assert meters.drops == {Drop.RECORDING: 500}
    assert said(logged) == ["recording_fails"]


async def test_a_disk_that_takes_again_is_told(
    tmp_path: Path, logged: LogCapture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(status_recording, "STORE_S", 0.0)
    blocked, meters = tmp_path / "blocked", Tally()
    blocked.write_text("in the way")
    recording = StatusRecording(blocked / "statuses", MIB, BootClock(), meters)
    for number in range(3):
        recording._file.take(status(number), NOW_S)
        recording._store(last=False)
    blocked.unlink()
    recording.start()
    recording.record(status(3), NOW_S)
    await recording.close()
    assert meters.drops == {Drop.RECORDING: 3}
    assert said(logged) == ["recording_fails", "recording_again"]
    assert len(list(RecordingReader(blocked / "statuses"))) == 1


async def test_a_disk_that_hangs_fills_the_queue_and_then_drops(
    tmp_path: Path, logged: LogCapture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(status_recording, "STORE_S", 0.0)
    monkeypatch.setattr(status_recording, "CLOSE_S", 0.1)
    meters, recording = Tally(), StatusRecording(tmp_path / "x", MIB, BootClock(), Tally())
    recording._meters = meters
    hangs = threading.Event()
    entered = threading.Event()

    def hang() -> None:
        entered.set()
        hangs.wait(30.0)

    monkeypatch.setattr(recording._file, "store", hang)
    recording.start()
    recording.record(status(0), NOW_S)
    assert entered.wait(5.0)
    for number in range(QUEUED + 7):
        recording.record(status(number), NOW_S)
    assert meters.drops == {Drop.RECORDING: 7}
    assert said(logged) == ["recording_behind"]
    await recording.close()
    hangs.set()
