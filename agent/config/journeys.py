"""Finds the journeys in the configured files and folders, in Python or YAML, and loads them.

A journey is trusted code, but its mistakes are a person's all the same: whatever goes wrong while
loading one is told with file and line, and the others are loaded.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from agent.config.checking import nearest
from agent.config.mistakes import Mistake, refuse
from agent.config.written_journey import journey_written_in
from agent.core.model import StepName
from agent.probe import Journey

_DETAIL = 200
_SUFFIXES = (".py", ".yaml", ".yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Journeys:
    """The journeys that were found, by name, and what is wrong with the others."""

    by_name: Mapping[str, type[Journey]] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()

    @property
    def steps(self) -> dict[str, tuple[StepName, ...]]:
        """The steps of each, for checks and metrics."""
        return {name: journey.steps for name, journey in self.by_name.items()}


def load_journeys(paths: Iterable[Path]) -> Journeys:
    """Load every journey in ``paths``: files, or folders of files whose name has no underscore."""
    found: dict[str, tuple[type[Journey], Path]] = {}
    mistakes: list[Mistake] = []
    for file in _files(paths, mistakes):
        for journey in _journeys_in(file, mistakes):
            if journey.name in found:
                other = found[journey.name][1]
                what = f'the journey "{journey.name}" is also in {other}; rename one'
                mistakes.append(Mistake(file=str(file), line=1, what=what))
            else:
                found[journey.name] = (journey, file)
    return Journeys(
        by_name={name: journey for name, (journey, _) in found.items()}, mistakes=tuple(mistakes)
    )


def journey_called(called: str, paths: Iterable[Path]) -> type[Journey]:
    """The journey that a person means: a name found in ``paths``, or the only one of a file.

    Raises :class:`agent.ports.ConfigurationError`.
    """
    file = Path(called)
    if file.suffix in _SUFFIXES:
        journeys = load_journeys([file])
        refuse(journeys.mistakes)
        if len(journeys.by_name) == 1:
            return next(iter(journeys.by_name.values()))
        what = f"holds {len(journeys.by_name)} journeys; name one of them"
        refuse([Mistake(file=called, line=1, what=what)])
    journeys = load_journeys(paths)
    if called not in journeys.by_name:
        what = f"no such journey; {nearest(called, journeys.by_name)}"
        refuse([*journeys.mistakes, Mistake(file=called, line=1, what=what)])
    return journeys.by_name[called]


def _files(paths: Iterable[Path], mistakes: list[Mistake]) -> Iterator[Path]:
    seen: set[Path] = set()
    for path in paths:
        files = [path]
        if path.is_dir():
            files = sorted(each for each in path.glob("[!_.]*") if each.suffix in _SUFFIXES)
        if not files or not files[0].is_file():
            what = "no journeys here; name a folder of Python or YAML files, or one file"
            mistakes.append(Mistake(file=str(path), line=1, what=what))
            continue
        for file in files:
            if file.resolve() not in seen:
                seen.add(file.resolve())
                yield file


def _journeys_in(file: Path, mistakes: list[Mistake]) -> list[type[Journey]]:
    if file.suffix != ".py":
        written, found = journey_written_in(file)
        mistakes += found
        return [] if written is None else [written]
    try:
        module = _module(file)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a person's mistake of any kind
        mistakes.append(_mistake(file, error))
        return []
    return [
        each
        for each in vars(module).values()
        if isinstance(each, type)
        and issubclass(each, Journey)
        and each.__module__ == module.__name__
    ]


def _module(file: Path) -> ModuleType:
    """Run ``file`` as a module of its own name, anew each time: a reload takes the new code."""
    name = f"pantau_journeys_{hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError("not a Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(name)
    sys.modules[name] = module  # Dataclasses and annotations look their module up there.
    try:
        spec.loader.exec_module(module)
    except BaseException:
        _restore(name, before)
        raise
    return module


def _restore(name: str, before: ModuleType | None) -> None:
    if before is None:
        sys.modules.pop(name, None)
    else:
        sys.modules[name] = before


def _mistake(file: Path, error: BaseException) -> Mistake:
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == str(file) and frame.lineno is not None
    ]
    if isinstance(error, SyntaxError) and error.lineno is not None:
        lines.append(error.lineno)
    first = (str(error).splitlines() or [""])[0][:_DETAIL]
    return Mistake(
        file=str(file),
        line=lines[-1] if lines else 1,
        what=f"the journey cannot be loaded: {type(error).__name__}: {first}",
    )
