"""The pages beside the README stay true: what they point to is there, what they explain is all."""

import re
from enum import StrEnum
from pathlib import Path

import pytest

from agent.core.blame import Blame
from agent.core.model import Outcome, ServiceState, Severity
from agent.core.vocabulary import severity_tag, state_name

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md")))
STATES = (ROOT / "docs/states-and-messages.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_points_to_is_there(page: Path):
    text = page.read_text()
    links = set(re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text))
    missing = [each for each in links if not (page.parent / each).exists()]
    tests = set(re.findall(r"\btests/[\w/]+\w(?:\.py)?", text))
    assert missing + [each for each in tests if not (ROOT / each).exists()] == []


@pytest.mark.parametrize("words", [Outcome, ServiceState, Severity, Blame])
def test_every_word_of_a_state_is_explained(words: type[StrEnum]):
    assert [each.value for each in words if f"`{each.value}`" not in STATES] == []


def test_states_and_severities_are_named_as_people_read_them():
    assert [s for s in Severity if severity_tag(s, "id") not in STATES] == []
    known = (s for s in ServiceState if state_name(s, "id").lower() not in STATES.lower())
    assert list(known) == []
