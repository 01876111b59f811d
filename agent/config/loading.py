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
from agent.config.kinds import beside
from agent.config.mistakes import Mistake, refuse
from agent.config.nation import Nation, nation_hash
from agent.config.nation_checks import nation_mistakes
from agent.config.secret_files import secret_files, with_secrets
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
    files = _Files(file, environ)
    journeys = load_journeys(files.probe_paths())
    files.mistakes += journeys.mistakes
    if files.branch and files.nation and not journeys.mistakes:
        files.mistakes += journey_mistakes(files.nation, files.branch, journeys.steps)
    refuse(files.mistakes)
    nation = _whole(files.nation)
    return Configuration(
        branch=_whole(files.branch),
        nation=nation,
        nation_hash=nation_hash(nation),
        journeys=journeys,
    )


def load_branch(file: Path, environ: Mapping[str, str] = os.environ) -> BranchSettings:
    """Load branch.yaml, held against the nation's file that it names, without the journeys."""
    files = _Files(file, environ)
    refuse(files.mistakes)
    return _whole(files.branch)


def load_nation(file: Path) -> Nation:
    """Load nation.yaml. Raises :class:`ConfigurationError` with every mistake in it."""
    nation, _, mistakes = _nation(file)
    refuse(mistakes)
    return _whole(nation)


class _Files:
    """branch.yaml and the nation's file that it names, as far as they are sound."""

    def __init__(self, file: Path, environ: Mapping[str, str]) -> None:
        self.nation: Nation | None = None
        self._folder = file.parent
        written = examine(file, environ=environ)
        places = secret_files(written, self._folder, is_secret)
        self._written = with_secrets(written, self._folder, is_secret)
        self.branch, found = check(BranchSettings, self._written, self._folder)
        self.mistakes = list(found)
        if self.branch:
            # Set once, here, where it is made.
            self.branch._lines = self._written.lines  # noqa: SLF001
            self.branch._secret_files = places  # noqa: SLF001
        for named in self._paths("nation"):
            self.nation, nation, more = _nation(named)
            self.mistakes += [*more, *branch_mistakes(self._written, nation)]

    def probe_paths(self) -> tuple[Path, ...]:
        """Where journeys are, as far as it is written, whatever else is wrong."""
        return self._paths("probe_paths")

    def _paths(self, key: str) -> tuple[Path, ...]:
        value = self._written.value
        listed = value.get(key) if isinstance(value, dict) else None
        texts = enumerate(listed) if isinstance(listed, tuple) else [(None, listed)]
        return tuple(
            beside(self._folder, each)
            for index, each in texts
            if isinstance(each, str) and not {(key,), (key, index)} & self._written.unreadable
        )


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
