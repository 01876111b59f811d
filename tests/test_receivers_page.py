"""docs/receivers.md stays true: its files load, its verifier verifies, its document is ours."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.adapters.incident_document import REHEARSAL, document
from agent.adapters.webhook_receiver import signature
from agent.config.loading import load_branch
from agent.core.incident import Change
from agent.core.wording import Wording
from tests.adapters.receiver_contract import an_incident
from tests.config.conftest import BRANCH, CANARY, NATION

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "receivers.md").read_text()


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def genuine() -> Callable[..., bool]:
    names: dict[str, Any] = {}
    exec(block("python"), names)  # noqa: S102 - what the page tells people to run
    made: Callable[..., bool] = names["genuine"]
    return made


def test_its_settings_are_good(tmp_path: Path):
    (tmp_path / "nation.yaml").write_text(NATION)
    (tmp_path / "ca.pem").touch()
    (tmp_path / "secrets").mkdir()
    for name in ("password", "hook-secret"):
        (tmp_path / "secrets" / name).write_text(CANARY)
    for name in ("hook-url", "switch-url"):
        (tmp_path / "secrets" / name).write_text("https://x.example.invalid/")
    (tmp_path / "branch.yaml").write_text(BRANCH + block("yaml"))
    loaded = load_branch(tmp_path / "branch.yaml", {"BOT_TOKEN": CANARY})
    assert [each.kind for each in loaded.receivers] == ["alertmanager", "webhook", "deadman"]


def test_its_verifier_takes_what_is_ours_and_nothing_else(genuine: Callable[..., bool]):
    secret, body, now_s = b"rahasia" * 5, b'{"version": 1}', int(time.time())  # noqa: TID251 - as the page's code does
    good = signature(secret, now_s, body)
    assert genuine(secret, good, body)
    assert not genuine(secret, good, body + b" ")
    assert not genuine(b"another", good, body)
    assert not genuine(secret, signature(secret, now_s - 301, body), body)
    assert not genuine(secret, good.replace(f"t={now_s}", f"t={now_s + 1}"), body)
    for hostile in ("", "t=", "v1=x", f"t={now_s}", "t=x,v1=y", "é=1,t=²,v1=é"):
        assert not genuine(secret, hostile, body)


def test_its_verifier_is_ten_lines_or_fewer():
    assert len([line for line in block("python").splitlines() if line.strip()]) <= 10


def test_the_document_it_shows_has_the_fields_of_ours():
    shown = json.loads(block("json"))
    ours = document(an_incident(), an_incident().messages[0], Wording())
    assert list(shown) == list(ours)
    assert list(shown["incident"]) == list(ours["incident"])


def test_it_names_every_change_there_is():
    sentence = re.search(r"`change` is (.*?) or rehearsal", PAGE, re.DOTALL)
    assert sentence is not None
    assert set(re.findall(r"[a-z]+", sentence[1])) == {each.value for each in Change}, (
        "tell it there"
    )
    assert REHEARSAL in PAGE
