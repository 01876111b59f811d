"""A secret may stand in a file of its own, and never appears anywhere else."""

from pathlib import Path

import pytest

from agent.config.secret_files import with_secrets
from agent.config.yaml_source import Source, examine_text

CANARY = "kenari-9d1f"


def read(folder: Path, text: str) -> Source:
    source = examine_text(text, folder / "branch.yaml")
    return with_secrets(source, folder, lambda path: path[-1] in ("token", "password"))


def test_the_content_becomes_the_value_of_the_key_without_file(tmp_path: Path):
    (tmp_path / "token").write_text(f"\n {CANARY}\n")
    source = read(tmp_path, "a: [{token_file: token, ca_file: ca.pem}]")
    assert source.value == {"a": ({"token": CANARY, "ca_file": "ca.pem"},)}
    assert source.lines.line(("a", 0, "token")) == 1
    assert CANARY not in repr(source)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("token_file: none", "is missing, or no plain file"),
        ("token_file: .", "is missing, or no plain file"),
        ("token_file: empty", "is empty"),
        ("token_file: bytes", "is not UTF-8"),
        ("token_file: huge", "larger than"),
        ("token_file: 7", "must be the path of a file"),
        (f"token: {CANARY}\ntoken_file: empty", "token is given too; keep one of the two"),
    ],
)
def test_a_secret_that_cannot_be_read_is_a_mistake(tmp_path: Path, written: str, words: str):
    (tmp_path / "empty").write_text(" \n")
    (tmp_path / "bytes").write_bytes(CANARY.encode() + b"\xff")
    (tmp_path / "huge").write_text(CANARY * 20_000)
    source = read(tmp_path, f"x: 1\n{written}")
    (mistake,) = source.mistakes
    assert words in mistake.what
    assert mistake.line == len(written.splitlines()) + 1
    assert ("token",) in source.unreadable
    assert CANARY not in str(mistake) + repr(source)
