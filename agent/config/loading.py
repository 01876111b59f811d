"""From paths to checked settings: all files are read to their ends, then all mistakes are told."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from agent.config.branch import BranchSettings, is_secret
from agent.config.branch_checks import branch_mistakes, journey_mistakes
from agent.config.checking import check
from agent.config.journeys import Journeys, load_journeys
from agent.config.mistakes import Mistake, refuse
from agent.config.nation import Nation, nation_hash
from agent.config.nation_checks import nation_mistakes
from agent.config.secret_files import with_secrets
from agent.config.yaml_source import Source, examine
from agent.ports import ConfigurationError

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Everything that an agent is told by people."""

    branch: BranchSettings
    nation: Nation
    nation_hash: str
    journeys: Journeys


def load(file: Path, environ: Mapping[str, str] = os.environ) -> Configuration:
    """Load branch.yaml, the nation's file that it names, and the journeys of both.

    Raises :class:`ConfigurationError` with every mistake in any of them. Loading again reads files
    of secrets again, and runs the journeys' files again.
    """
    branch, nation, mistakes = _both(file, environ)
    journeys = load_journeys(branch.probe_paths) if branch else Journeys()
    mistakes += journeys.mistakes
    if branch and nation:
        mistakes += journey_mistakes(nation, branch, journeys.steps)
    refuse(mistakes)
    branch, nation = _whole(branch), _whole(nation)
    return Configuration(
        branch=branch, nation=nation, nation_hash=nation_hash(nation), journeys=journeys
    )


def load_branch(file: Path, environ: Mapping[str, str] = os.environ) -> BranchSettings:
    """Load branch.yaml, held against the nation's file that it names, without the journeys."""
    branch, _, mistakes = _both(file, environ)
    refuse(mistakes)
    return _whole(branch)


def load_nation(file: Path) -> Nation:
    """Load nation.yaml. Raises :class:`ConfigurationError` with every mistake in it."""
    nation, _, mistakes = _nation(file)
    refuse(mistakes)
    return _whole(nation)


def _both(
    file: Path, environ: Mapping[str, str]
) -> tuple[BranchSettings | None, Nation | None, list[Mistake]]:
    written = with_secrets(examine(file, environ=environ), file.parent, is_secret)
    branch, found = check(BranchSettings, written, file.parent)
    if branch:
        branch._lines = written.lines  # noqa: SLF001 - set once, here, where it is made
    mistakes = list(found)
    named = written.value.get("nation") if isinstance(written.value, dict) else None
    if not isinstance(named, str):
        return branch, None, mistakes
    nation, nation_written, more = _nation(file.parent / named)
    mistakes += [*more, *branch_mistakes(written, nation_written)]
    return branch, nation, mistakes


def _nation(file: Path) -> tuple[Nation | None, Source, list[Mistake]]:
    written = examine(file)
    nation, mistakes = check(Nation, written, file.parent)
    if nation:
        nation._lines = written.lines  # noqa: SLF001 - set once, here, where it is made
    return nation, written, [*mistakes, *nation_mistakes(written)]


def _whole(checked: T | None) -> T:
    if checked is None:
        raise ConfigurationError(["a file did not pass, and no mistake was found in it"])
    return checked
