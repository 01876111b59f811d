"""The pages beside the README stay true: what they point to is there, what they explain is all."""

import argparse
import re
import shlex
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from agent.__main__ import parser
from agent.core.blame import Blame
from agent.core.model import Outcome, ServiceState, Severity
from agent.core.vocabulary import severity_tag, state_name

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *DEPLOY.rglob("*.md")])
STATES = (ROOT / "docs/states-and-messages.md").read_text()


of_every_page = pytest.mark.parametrize("page", PAGES, ids=lambda each: str(each.relative_to(ROOT)))
SHOWN = re.compile(r"`pantau (?P<said>[^`]+)`|^ +pantau (?P<block>(?:.*\\\n)*.*)", re.MULTILINE)


def commands(page: Path) -> Iterator[list[str]]:
    """The words after ``pantau``, of a block and of a line, up to a pipe or a list of choices."""
    for shown in SHOWN.finditer(page.read_text()):
        words = (shown["said"] or shown["block"]).replace("\\\n", " ").split("|")[0]
        yield shlex.split(words, comments=True)


def options_of(words: list[str]) -> set[str]:
    """Every option that the command takes which the words begin with; :class:`KeyError` if none."""
    found: argparse.ArgumentParser = parser()
    options: set[str] = set()
    for word in words:
        options |= set(found._option_string_actions)
        choices = [a for a in found._actions if isinstance(a, argparse._SubParsersAction)]
        if not choices:
            return options
        if not word.startswith("-"):
            found = choices[0].choices[word]
    return options | set(found._option_string_actions)


@of_every_page
def test_what_a_page_points_to_is_there(page: Path):
    text = page.read_text()
    links = set(re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text))
    missing = [each for each in links if not (page.parent / each).exists()]
    tests = set(re.findall(r"\btests/[\w/]+\w(?:\.py)?", text))
    assert missing + [each for each in tests if not (ROOT / each).exists()] == []


@of_every_page
def test_a_command_that_a_page_shows_is_one_that_the_program_takes(page: Path):
    for words in commands(page):
        unknown = {each for each in words if each.startswith("--")} - options_of(words)
        assert not unknown, f"pantau {shlex.join(words)}"


def test_the_page_of_deployment_shows_commands_as_they_are_typed():
    page = (DEPLOY / "README.md").read_text()
    typed = [m["block"] for m in SHOWN.finditer(page) if m["block"]]
    assert len(typed) > 5
    for each in typed:
        parser().parse_args(shlex.split(each.replace("\\\n", " ")))


def test_the_page_of_deployment_names_every_folder_beside_it():
    page = (DEPLOY / "README.md").read_text()
    beside = {each.name for each in DEPLOY.iterdir() if each.is_dir() and each.name[0] not in "._"}
    assert {name for name in beside if f"| [{name}](" not in page} == set()


@pytest.mark.parametrize("words", [Outcome, ServiceState, Severity, Blame])
def test_every_word_of_a_state_is_explained(words: type[StrEnum]):
    assert [each.value for each in words if f"`{each.value}`" not in STATES] == []


def test_states_and_severities_are_named_as_people_read_them():
    assert [s for s in Severity if severity_tag(s, "id") not in STATES] == []
    known = (s for s in ServiceState if state_name(s, "id").lower() not in STATES.lower())
    assert list(known) == []
