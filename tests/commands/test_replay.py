"""`pantau replay` says what would have been told, and what its answer has to be read with."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from agent.__main__ import main
from agent.commands import replay_report
from agent.simulation.play_settings import NATION_FILE
from tests.support import recorded_play
from tests.support.recorded_play import RecordedPlay

OK, CONFIGURATION, UNKNOWN = 0, 2, 3


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> RecordedPlay:
    return recorded_play.play(tmp_path_factory.mktemp("play"))


@pytest.fixture(scope="module")
def nation(played: RecordedPlay, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The nation's file of these twelve offices."""
    return write_nation(tmp_path_factory.mktemp("nation"), played, {})


def write_nation(folder: Path, played: RecordedPlay, tuning: dict[str, Any]) -> Path:
    written = yaml.safe_load(NATION_FILE.read_text())
    offices = played.mandate.branches
    written["roster"] = [
        {**each, "hub": offices[each["id"]].hub}
        for each in written["roster"]
        if each["id"] in offices
    ]
    written["tuning"] = tuning
    file = folder / "nation.yaml"
    file.write_text(json.dumps(written))  # JSON is YAML.
    return file


def pantau(*words: str | Path) -> int:
    return main(["replay", *map(str, words)])


def as_json(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, dict[str, Any]]:
    code = pantau(*words, "--json")
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, found


def test_as_json_it_is_one_object_with_the_incident_and_its_messages(
    played: RecordedPlay, nation: Path, capsys: pytest.CaptureFixture[str]
):
    code, found = as_json(capsys, *played.files, "--config", nation)
    assert code == OK
    (incident,) = found["incidents"]
    assert (incident["scope"], incident["root_service"]) == ("national", "simponi.billing")
    opened_s = datetime.fromisoformat(incident["opened"]).timestamp()
    assert opened_s == pytest.approx(played.incident.opened_s, abs=0.6)
    assert incident["closed"] is not None
    assert incident["offices_failing"] == played.incident.peak
    told = {"root_messages": played.roots, "thread_messages": played.replies}
    assert found["messages"] == told
    assert {key: incident[key] for key in told} == told
    assert [each["kind"] for each in found["focus_orders"]][:1] == ["detect"]
    assert (found["wrong_lines"], found["gaps"]) == (0, [])


def test_in_a_pipe_it_is_plain_lines(
    played: RecordedPlay, nation: Path, capsys: pytest.CaptureFixture[str]
):
    assert pantau(*played.files, "--config", nation) == OK
    first, *others = capsys.readouterr().out.splitlines()
    assert first.startswith("national: simponi.billing: severity partial, opened 2025-10-09 ")
    assert others[0].startswith(f"1 incident, 1 message and {played.replies} replies from ")
    assert any("recorded under another nation.yaml" in each for each in others)


def test_under_a_configuration_with_a_higher_threshold_nothing_opens(
    played: RecordedPlay, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    stubborn = {each: {"a1_floor": 12.0} for each in ("fail", "slow", "patient")}
    config = write_nation(tmp_path, played, stubborn)
    code, found = as_json(capsys, *played.files, "--config", config)
    assert code == OK
    assert found["incidents"] == []
    assert found["messages"] == {"root_messages": 0, "thread_messages": 0}


def test_wrong_and_cut_off_lines_are_told_at_the_end_and_passed_over(
    played: RecordedPlay, nation: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    leader = played.folder / f"{played.leaders()[0]}.jsonl.gz"
    good = gzip.decompress(leader.read_bytes()).splitlines(keepends=True)
    spoiled = tmp_path / "spoiled"
    spoiled.write_bytes(
        b"".join([*good[:40], b"\x1b[31mred\n", b'{"at":1e999,"kind":"stale"}\n', *good[40:]])[:-9]
    )
    assert pantau(spoiled, "--config", nation) == OK
    out = capsys.readouterr().out
    told = out.splitlines()
    assert told[-4] == "3 wrong lines passed over:"
    lines = [41, 42, len(good) + 2]
    places = [each.split(": ")[0] for each in told[-3:]]
    assert places == [f"{spoiled}:{line}" for line in lines]
    assert "\x1b" not in out
    assert told[0].startswith("national: simponi.billing")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"nothing of ours\n",
        b"\x1f\x8bnothing of ours",
        b"\x00" * 9_999,
        b"[" * 99_999,
    ],
)
def test_a_file_that_holds_no_record_is_unknown_and_no_traceback(
    nation: Path, tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "statuses").write_bytes(content)
    assert pantau(tmp_path / "statuses", "--config", nation) == UNKNOWN
    captured = capsys.readouterr()
    assert captured.err.startswith("nothing that can be replayed was recorded here")
    assert captured.out == ""
    code, found = as_json(capsys, tmp_path / "statuses", "--config", nation)
    assert (code, found["records"], found["from"]) == (UNKNOWN, 0, None)


def test_one_office_alone_says_nothing_of_the_nation(
    played: RecordedPlay, nation: Path, capsys: pytest.CaptureFixture[str]
):
    office = next(each for each in played.files if each.name.split(".")[0] not in played.leaders())
    assert pantau(office, "--config", nation) == UNKNOWN
    assert "too few offices reported for anything national to be said" in capsys.readouterr().out


def test_what_an_office_calls_its_configuration_cannot_speak_to_the_terminal(
    played: RecordedPlay, nation: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    lines = gzip.decompress((played.folder / "medan.jsonl.gz").read_bytes())
    ours = played.mandate.revision.encode()
    (tmp_path / "hostile").write_bytes(lines.replace(ours, b"\\\\u001b[2J"))
    pantau(tmp_path / "hostile", "--config", nation)
    out = capsys.readouterr().out
    assert "?[2J (" in out
    assert "\x1b" not in out


def test_a_file_that_is_not_there_is_a_mistake_for_a_person(
    nation: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert pantau(tmp_path / "none", "--config", nation) == CONFIGURATION
    assert capsys.readouterr().err == f"{tmp_path}/none: No such file or directory\n"
    assert pantau(tmp_path, "--config", nation) == CONFIGURATION
    assert capsys.readouterr().err == f"{tmp_path}: Is a directory\n"


def test_mistakes_of_the_configuration_are_told_with_their_lines(
    played: RecordedPlay, nation: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    wrong = tmp_path / "nation.yaml"
    wrong.write_text("revision: x\n")
    assert pantau(played.files[0], "--config", wrong) == CONFIGURATION
    assert f"{wrong}:1: revision: must be a whole number" in capsys.readouterr().err
    (tmp_path / "none.py").write_text("")
    code = pantau(played.files[0], "--config", nation, "--probes", tmp_path / "none.py")
    assert code == CONFIGURATION
    assert "is in no probe path; name its folder with --probes" in capsys.readouterr().err


def test_the_object_has_the_shape_that_others_read(
    played: RecordedPlay, nation: Path, capsys: pytest.CaptureFixture[str]
):
    _, found = as_json(capsys, *played.files, "--config", nation)
    assert list(found) == [
        "nation", "recorded_under", "from", "until", "records", "incidents", "messages", "blips",
        "focus_orders", "gaps", "assessed_seconds", "blind_seconds", "unknown_offices",
        "unwatched_services", "unreadable_statuses", "wrong_lines", "first_wrong_lines",
    ]  # fmt: skip
    assert list(found["incidents"][0]) == [
        "scope", "group", "root_service", "affected", "severity", "opened", "closed",
        "offices_failing", "offices_reporting", "root_messages", "thread_messages",
    ]  # fmt: skip


def test_on_a_terminal_the_incidents_are_a_table(
    played: RecordedPlay, nation: Path, capsys: pytest.CaptureFixture[str]
):
    _, found = as_json(capsys, *played.files, "--config", nation)
    console = Console(force_terminal=True, width=120, record=True)
    replay_report.show(found, console)
    shown = console.export_text()
    assert "What would have been told (WIB)" in shown
    assert "│ national: simponi.billing │ partial  │ 2025-10-09" in shown
