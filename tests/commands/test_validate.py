"""`pantau validate` tells every mistake, or what the configuration means, and never a secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.__main__ import main
from tests.config.conftest import BRANCH, NATION, PROBE, Office

ROOT = Path(__file__).parents[2]
CANARY = "kenari-9d1f-yang-tidak-boleh-tampak"


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("SIMKIM_PASSWORD", "SIMPONI_KEY", "DUKCAPIL_KEY", "MPASPOR_PASSWORD"):
        monkeypatch.setenv(name, CANARY)
    return ROOT / "deploy/examples/jember.yaml"


def pantau(*words: str) -> int:
    return main(["validate", *words])


def test_in_a_pipe_a_good_configuration_is_told_in_plain_lines(
    example: Path, capsys: pytest.CaptureFixture[str]
):
    assert pantau("--config", str(example)) == 0
    out = capsys.readouterr().out
    assert "jember: one of 145 offices in 37 provinces, 7 hubs" in out
    assert "journey issuance: each office every 145.0 s, quiet 1.00 runs/s, at most 4.00" in out
    assert "target simkim: quiet 13.0 requests/s, at most 52.0" in out
    assert "Not probed here: biometrics: writes, and simkim is no sandbox" in out
    assert "Not probed here: watch-list: no budget in the nation's file" in out
    assert "National: 7 offices at the least" in out
    assert "Regional: 2 offices at the least" in out
    assert "Neither: " in out
    assert "─" not in out
    assert CANARY not in out


def test_as_json_it_is_one_object(example: Path, capsys: pytest.CaptureFixture[str]):
    assert pantau("--config", str(example), "--json") == 0
    out = capsys.readouterr().out
    found = json.loads(out)
    assert found["ok"] is True
    assert found["offices"] == 145
    assert found["journeys"][0]["period_s"] == 72.5
    assert CANARY not in out


def test_receivers_beside_slack_are_listed_by_their_hosts_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("BOT_TOKEN", CANARY)
    office = Office(tmp_path)
    office.write("nation.yaml", NATION)
    office.write("probes/printing.py", PROBE)
    office.write("secrets/password", CANARY)
    address = f"https://switch.example.invalid/{CANARY}?{CANARY}"
    receiver = f'{{kind: deadman, name: switch, url: "{address}"}}'
    office.write("branch.yaml", f"{BRANCH}receivers: [{receiver}]\n")
    assert pantau("--config", str(office.branch)) == 0
    assert pantau("--config", str(office.branch), "--json") == 0
    out = capsys.readouterr().out
    assert out.count("switch (deadman) at https://switch.example.invalid") == 2
    assert CANARY not in out


def test_mistakes_are_told_all_at_once_with_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "branch.yaml"
    file.write_text("branch: jember\nnation: none.yaml\nx: 1\n")
    assert pantau("--config", str(file)) == 2
    told = capsys.readouterr().err.splitlines()
    assert f"{file}:3: x: is no known key" in "\n".join(told)
    assert told[-1].endswith("mistakes; nothing was started")
    assert pantau("--config", str(file), "--json") == 2
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] is False
    assert len(found["mistakes"]) == len(told) - 1
