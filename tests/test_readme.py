"""The README stays true to the tree: what it points to is there, and what it names can be run."""

import re
from pathlib import Path

import pytest

from agent.__main__ import COMMANDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
LINKS = sorted(set(re.findall(r"\]\(([^)#]+)\)", README)))
TESTS = sorted(set(re.findall(r"tests/[\w/.]+", README)))
MAKE = sorted(set(re.findall(r"make ([a-z-]+)(?=`|\n)", README)))


def test_it_is_short_enough_to_be_read():
    assert len(README.splitlines()) < 200


@pytest.mark.parametrize("target", LINKS + TESTS)
def test_what_it_points_to_is_there(target: str):
    assert (ROOT / target).exists()


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`pantau (\w+)", README))))
def test_the_commands_it_names_exist(command: str):
    assert command in COMMANDS


def test_it_names_every_command_there_is():
    named = set(re.findall(r"`pantau (\w+)", README))
    assert set(COMMANDS) <= named


@pytest.mark.parametrize("goal", MAKE)
def test_the_goals_of_make_it_names_exist(goal: str):
    assert re.search(rf"^{goal}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_the_layers_it_draws_are_those_that_are_checked():
    checked = (ROOT / "pyproject.toml").read_text()
    for layer in ("commands", "simulation", "app", "pipeline", "adapters", "config", "ports"):
        assert layer in README
        assert layer in checked
