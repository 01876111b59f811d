"""What the Dockerfile promises, read from its words: nobody has to build it to see one broken."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import agent

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
INSTRUCTIONS = [line.split(maxsplit=1) for line in LINES if line and not line.startswith("#")]
BUILDS = [number for number, (name, _) in enumerate(INSTRUCTIONS) if name == "FROM"]
RUNNING = INSTRUCTIONS[BUILDS[-1] :]


def said(name: str) -> list[str]:
    """What follows each ``name`` in the stage that runs."""
    return [words for instruction, words in RUNNING if instruction == name]


def test_no_installer_is_left_in_the_stage_that_runs():
    assert len(BUILDS) == 2
    (only,) = said("RUN")
    assert "pip uninstall --yes" in only
    assert " install " not in only
    assert said("COPY") == ["--from=build /opt/pantau /opt/pantau"]


def test_no_file_of_the_base_makes_root():
    assert "-perm /6000 -exec chmod a-s" in said("RUN")[0]


def test_it_runs_as_a_number_that_is_not_root():
    assert said("USER") == ["10001:10001"]


def test_the_agent_is_process_one_and_gets_the_signal_itself():
    (entrypoint,) = said("ENTRYPOINT")
    assert json.loads(entrypoint) == ["pantau"]


def test_what_comes_from_an_index_is_a_wheel_and_held_to_a_hash():
    commands = " ".join(words for name, words in INSTRUCTIONS if name == "RUN").split("&&")
    installs = [each for each in commands if re.search(r"\bpip\b.* install ", each)]
    from_index = [each for each in installs if "--no-index" not in each]
    assert len(from_index) == 2
    for each in from_index:
        assert "--require-hashes" in each
        assert "--only-binary :all:" in each


def test_its_version_is_the_programs():
    assert f"VERSION={agent.__version__}" in said("ARG")


@pytest.mark.parametrize("label", ["title", "description", "licenses", "version", "revision"])
def test_it_carries_the_label(label: str):
    assert f"org.opencontainers.image.{label}=" in " ".join(said("LABEL"))
