"""Journeys are found by path, loaded anew, and their mistakes are told like all others."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.config.journeys import journey_called, load_journeys
from agent.ports import ConfigurationError

JOURNEY = '''
from __future__ import annotations
from dataclasses import dataclass
from agent.probe import Journey, step

@dataclass
class Found:
    """Dataclasses look their module up while they are made."""
    number: int

class One(Journey):
    name = "NAME"

    @step("first", service="cetak", role="simkim", requests=2)
    async def first(self) -> None: ...
'''


def write(folder: Path, file: str, name: str) -> Path:
    path = folder / file
    path.write_text(JOURNEY.replace("NAME", name))
    return path


def test_a_folder_gives_the_journeys_of_its_files_and_a_file_its_own(tmp_path: Path):
    write(tmp_path, "a.py", "satu")
    write(tmp_path, "_draft.py", "draft")
    other = write(tmp_path / "..", f"{tmp_path.name}_other.py", "dua")
    found = load_journeys([tmp_path, other, other])
    assert not found.mistakes
    assert sorted(found.by_name) == ["dua", "satu"]
    assert found.steps["satu"][0].requests == 2


def test_loading_again_takes_the_new_code(tmp_path: Path):
    file = write(tmp_path, "a.py", "satu")
    first = load_journeys([file]).by_name["satu"]
    file.write_text(JOURNEY.replace("NAME", "satu").replace("requests=2", "requests=30"))
    second = load_journeys([file]).by_name["satu"]
    assert (first.steps[0].requests, second.steps[0].requests) == (2, 30)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("x = 1\nimport nothing_like_it", 2, "ModuleNotFoundError"),
        ("def broken(:\n", 1, "SyntaxError"),
        ("x = 1\n\nraise SystemExit(3)", 3, "SystemExit"),
        ("from agent.probe import Journey\nclass A(Journey):\n    name = 'a'", 2, "one step"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_told_with_its_line_and_the_others_are_loaded(
    tmp_path: Path, text: str, line: int, words: str
):
    write(tmp_path, "good.py", "satu")
    (tmp_path / "bad.py").write_text(text)
    found = load_journeys([tmp_path])
    assert list(found.by_name) == ["satu"]
    (mistake,) = found.mistakes
    assert (Path(mistake.file).name, mistake.line) == ("bad.py", line)
    assert words in mistake.what


def test_two_journeys_of_one_name_are_a_mistake(tmp_path: Path):
    write(tmp_path, "a.py", "satu")
    write(tmp_path, "b.py", "satu")
    (mistake,) = load_journeys([tmp_path]).mistakes
    assert 'the journey "satu" is also in' in mistake.what


def test_on_the_command_line_a_journey_is_a_name_or_a_file(tmp_path: Path):
    file = write(tmp_path, "a.py", "satu")
    assert journey_called("satu", [tmp_path]).name == "satu"
    assert journey_called(str(file), []).name == "satu"
    with pytest.raises(ConfigurationError, match='did you mean "satu"'):
        journey_called("sattu", [tmp_path])
