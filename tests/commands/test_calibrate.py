"""`pantau calibrate`: what a recording shows, what it is too short for, and what to change."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, fields
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from agent.__main__ import main
from agent.commands import calibrate, calibrate_report
from agent.commands.calibrate_words import NAMES
from agent.config.nation import TuningOverrides
from agent.simulation.play_settings import NATION_FILE
from agent.simulation.refit.thresholds import Thresholds
from agent.simulation.trials import planted
from agent.simulation.trials.traces import Trace
from agent.simulation.trials.world import Setting, World, real
from tests.support import recorded_world
from tests.support.foretold import Foretold
from tests.support.recorded_world import SERVICE

OK, CONFIGURATION, UNKNOWN = 0, 2, 3
OUTAGE = "2025-10-09T16:52..2025-10-09T17:00"
"""As people say it: in WIB, and not to the second."""


@dataclass(frozen=True, slots=True)
class Recorded:
    recording: Path
    nation: Path


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Two hours of twenty offices, with many bursts; for four minutes all of it is down."""
    folder = tmp_path_factory.mktemp("month")
    offices = real()[::7][:20]
    written = yaml.safe_load(NATION_FILE.read_text())
    names = {each.id for each in offices}
    written["roster"] = [each for each in written["roster"] if each["id"] in names]
    written["roster"][0]["hub"] = True
    (folder / "nation.yaml").write_text(json.dumps(written))  # JSON is YAML.
    outage = planted.among(range(20), p1=1.0, start_s=3600.0, end_s=3840.0)
    trace = Trace(
        Setting(
            name="real",
            branches=offices,
            world=World(bursts_per_office=3000.0, burst_median_s=300.0),
        ),
        1,
        until_s=7200.0,
        planted=outage.episodes,
    )
    wrong = [b"\x1b[31mred\n"]
    file = recorded_world.record(trace, folder / "statuses.jsonl", wrong=wrong)
    return Recorded(recording=file, nation=folder / "nation.yaml")


def pantau(*words: str | Path) -> int:
    return main(["calibrate", *map(str, words)])


def said(month: Recorded, *words: str) -> list[str]:
    with redirect_stdout(StringIO()) as out:
        assert pantau(month.recording, "--config", month.nation, "--years", "0", *words) == OK
    return out.getvalue().splitlines()


@pytest.fixture(scope="module")
def found(month: Recorded) -> dict[str, Any]:
    (line,) = said(month, "--json")
    read: dict[str, Any] = json.loads(line)
    return read


@pytest.fixture(scope="module")
def plain(month: Recorded) -> list[str]:
    return said(month)


def test_the_object_holds_every_number_of_the_world(found: dict[str, Any]):
    kept_as_they_are = {
        "burst_shape", "burst_p_least", "burst_p_most", "regional_p_least", "regional_p_most",
    }  # fmt: skip
    assert set(found["estimates"]) == {each.name for each in fields(World)} - kept_as_they_are
    assert list(found["estimates"]) == list(NAMES)
    assert list(found) == [
        "nation", "recorded_under", "from", "until", "records", "service", "channel",
        "bad_results", "offices", "office_years", "days", "left_out", "estimates",
        "counted_from_seconds", "late_share", "unplaced_results", "thresholds",
        "unreadable_statuses", "wrong_lines", "first_wrong_lines",
    ]  # fmt: skip
    for each in found["estimates"].values():
        assert list(each) == ["value", "low", "high", "events", "assumed", "kept"]


def test_the_noisiest_service_is_taken_and_what_its_recording_shows_is_estimated(
    found: dict[str, Any],
):
    assert (found["service"], found["channel"], found["offices"]) == (SERVICE, "fail", 20)
    bursts = found["estimates"]["bursts_per_office"]
    assert 40.0 < bursts["low"] < bursts["value"] < bursts["high"]
    assert bursts["events"] >= 3
    lost = found["estimates"]["lost_share"]
    assert lost["low"] <= 0.01 <= lost["high"]
    assert found["thresholds"] is None


def test_what_two_hours_cannot_show_stays_with_what_was_seen(found: dict[str, Any]):
    blips = found["estimates"]["blips"]
    assert blips["kept"] == "0 seen, 0.0 due"
    assert (blips["value"], blips["assumed"], blips["low"]) == (100.0, 100.0, None)


def test_an_outage_that_is_told_as_national_is_left_out_and_listed(found: dict[str, Any]):
    (cut,) = found["left_out"]
    assert cut["why"] == f"told as national: {SERVICE}"
    assert "2025-10-09T09:53:00" < cut["from"] < "2025-10-09T09:54:30"
    assert "2025-10-09T09:57:00" < cut["until"] < "2025-10-09T10:01:00"


def test_an_outage_may_be_named(month: Recorded):
    out = said(month, "--outage", OUTAGE)
    named = next(each for each in out if each.endswith("named with --outage"))
    assert named == (
        "left out, from 2025-10-09 16:52:00 to 2025-10-09 17:00:00: named with --outage"
    )


def test_what_is_named_as_nuisance_is_not_taken_for_real(month: Recorded):
    out = said(month, "--nuisance", OUTAGE)
    assert not any("told as national:" in each for each in out)
    assert any(each.endswith("all over the nation, and told by nobody") for each in out)


def test_in_a_pipe_it_is_plain_lines(plain: list[str]):
    out = plain
    assert out[0].startswith(f"{SERVICE}, channel fail: 20 offices for 0.")
    assert any(each.startswith("bursts of one office: found ") for each in out)
    assert "blips of the nation: events 0, assumed 100 a year stays: 0 seen, 0.0 due" in out
    assert any("recorded under another nation.yaml" in each for each in out)


def test_wrong_lines_are_told_at_the_end_and_passed_over(month: Recorded, plain: list[str]):
    assert plain[-2] == "1 wrong line passed over:"
    assert plain[-1].startswith(f"{month.recording}:6: ")
    assert "\x1b" not in "".join(plain)


def test_on_a_terminal_it_is_a_table(found: dict[str, Any]):
    console = Console(force_terminal=True, width=200, record=True)
    calibrate_report.show(found, console)
    shown = console.export_text()
    assert "│ bursts of one office" in shown
    assert "0 seen, 0.0 due" in shown


# --- thresholds


def foretold(
    monkeypatch: pytest.MonkeyPatch, month: Recorded, false_by_guard_s: float, *words: str
) -> int:
    """With guards that are shorter, false nationals come every half year."""

    def rate(each: Thresholds) -> float:
        return 0.0 if each.guard_s >= false_by_guard_s else 2.0

    @contextmanager
    def players(_stage: object, on_play: Callable[[], None]) -> Iterator[Foretold]:
        on_play()
        yield Foretold(rate)

    monkeypatch.setattr(calibrate, "players", players)
    monkeypatch.setattr(calibrate, "LEAST_DAYS", 0.01)
    return pantau(month.recording, "--config", month.nation, *words)


def test_better_thresholds_are_printed_beside_the_present_ones_as_yaml_that_fits(
    month: Recorded, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert foretold(monkeypatch, month, 15.0) == OK
    out, err = capsys.readouterr()
    lines = out.splitlines()
    present = next(each for each in lines if each.startswith("present: "))
    proposed = next(each for each in lines if each.startswith("proposed: "))
    assert "guard 12 s, false nationals 10 in 5 years, a year 0.96 to 3.7" in present
    assert "guard 18 s, false nationals 0 in 5 years, a year 0 to 0.74" in proposed
    assert "told: 30% of offices, 100% of results" in proposed
    begin = lines.index("tuning:")
    end = next(n for n in range(begin + 1, len(lines)) if not lines[n].startswith(" "))
    tuning = yaml.safe_load("\n".join(lines[begin:end]))["tuning"]
    assert TuningOverrides.model_validate(tuning).whole.guard_s == 18.0
    assert "to show a goal of 0.1 a year takes 37 --years without any" in lines
    assert err.startswith("playing 5 years with the present thresholds, then ")
    assert err.endswith("for at most 15 years together\n")


def test_where_nothing_is_better_the_present_ones_stay(
    month: Recorded, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert foretold(monkeypatch, month, 99.0, "--json") == OK
    told = json.loads(capsys.readouterr().out)["thresholds"]
    assert (told["present_keeps"], told["proposed"], told["tuning"]) == (False, None, None)
    assert told["ended"] is True
    assert list(told["present"]) == [
        "a1", "a2", "b2", "guard_s", "false_nationals", "years", "low_per_year", "high_per_year",
        "delays",
    ]  # fmt: skip


# --- exit codes


@pytest.mark.parametrize("content", [b"", b"nothing of ours\n", b"\x1f\x8bnothing of ours"])
def test_a_file_that_holds_no_record_is_unknown(
    month: Recorded, tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "statuses").write_bytes(content)
    assert pantau(tmp_path / "statuses", "--config", month.nation) == UNKNOWN
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[0]) == ("", "nothing that can be read was recorded here")
    assert pantau(tmp_path / "statuses", "--config", month.nation, "--json") == UNKNOWN
    assert json.loads(capsys.readouterr().out)["from"] is None


def test_a_few_minutes_are_too_short_and_that_is_said(
    month: Recorded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    some = month.recording.read_bytes().splitlines(keepends=True)[:24]
    (tmp_path / "short").write_bytes(b"".join(some))
    assert pantau(tmp_path / "short", "--config", month.nation) == UNKNOWN
    out = capsys.readouterr().out
    assert "the recording is too short: nothing could be estimated" in out
    assert "no years were played, which a recording of less than a day is too short for" in out


def test_mistakes_are_told_with_exit_code_2(
    month: Recorded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert pantau(tmp_path / "none", "--config", month.nation) == CONFIGURATION
    assert capsys.readouterr().err == f"{tmp_path}/none: No such file or directory\n"
    code = pantau(month.recording, "--config", month.nation, "--service", "simponi")
    assert code == CONFIGURATION
    assert '"simponi" is exercised by no journey' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--outage", "yesterday"], "is not a time, two dots and a later time"),
        (["--outage", "2026-01-02..2026-01-01"], "is not a time, two dots and a later time"),
        (["--years", "0.01"], "must be 0, or 0.1 and more"),
        (["--years", "nan"], "must be a number between 0 and 1000"),
        (["--goal", "0"], "must be a number between 0.001 and 1000"),
        (["--channel", "loud"], "invalid choice"),
    ],
)
def test_wrong_words_are_wrong_usage(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as ended:
        pantau("statuses", "--config", "nation.yaml", *words)
    assert ended.value.code == CONFIGURATION
    assert complaint in capsys.readouterr().err
