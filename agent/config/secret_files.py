"""Secrets that stand in files of their own: ``password_file: path`` instead of ``password: ...``.

The content becomes the value of the key without ``_file``, so that a model knows one key only. It
is read at loading; where the file was is kept, so that a secret that changes while the agent runs
can be read again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from agent.config.kinds import one_line
from agent.config.mistakes import KeyPath, Mistake
from agent.config.yaml_source import Source

MAX_SECRET_BYTES = 64 * 1024
_SUFFIX = "_file"

IsSecret = Callable[[KeyPath], bool]
"""Tells of the path of a key, without ``_file``, whether a secret belongs there."""


def secret_files(source: Source, folder: Path, is_secret: IsSecret) -> dict[KeyPath, Path]:
    """Where the secrets are that stand in files, by the path of their key without ``_file``.

    To be asked before :func:`with_secrets`, which takes those keys out.
    """
    found: dict[KeyPath, Path] = {}
    for path in _file_keys(source.value, ()):
        place = (*path[:-1], str(path[-1]).removesuffix(_SUFFIX))
        name = _at(source.value, path[:-1])[path[-1]]
        if is_secret(place) and isinstance(name, str):
            found[place] = folder / name
    return found


def read_again(file: Path) -> str | None:
    """The secret that ``file`` holds now; None when it cannot be read or used."""
    text, _ = _read(file)
    try:
        return one_line(text) if text is not None else None
    except ValueError:
        return None


def with_secrets(source: Source, folder: Path, is_secret: IsSecret) -> Source:
    """``source`` with its secret files read; their paths are relative to ``folder``."""
    value = source.value
    mistakes: list[Mistake] = []
    places: dict[KeyPath, int] = {}
    unreadable: set[KeyPath] = set()
    for path in list(_file_keys(value, ())):
        place = (*path[:-1], str(path[-1]).removesuffix(_SUFFIX))
        if not is_secret(place):
            continue
        mapping = _at(value, path[:-1])
        places[place] = source.lines.line(path)
        content, wrong = _secret(mapping, str(path[-1]), str(place[-1]), folder)
        mapping.pop(path[-1])
        mapping.setdefault(place[-1], content)
        if path in source.unreadable:
            unreadable.add(place)
        elif wrong:
            mistakes.append(source.lines.mistake(path, wrong))
            unreadable.add(place)
    return replace(
        source,
        lines=replace(source.lines, by_path={**places, **source.lines.by_path}),
        mistakes=(*source.mistakes, *mistakes),
        unreadable=source.unreadable | unreadable,
    )


def _file_keys(value: object, path: KeyPath) -> Iterator[KeyPath]:
    if isinstance(value, tuple):
        for index, each in enumerate(value):
            yield from _file_keys(each, (*path, index))
    elif isinstance(value, dict):
        for key, each in value.items():
            if key.endswith(_SUFFIX):
                yield (*path, key)
            yield from _file_keys(each, (*path, key))


def _at(value: Any, path: KeyPath) -> dict[str | int, object]:  # noqa: ANN401 - a YAML value
    found = value
    for part in path:
        found = found[part]
    return cast(dict[str | int, object], found)


def _secret(
    mapping: dict[str | int, object], key: str, place: str, folder: Path
) -> tuple[str | None, str | None]:
    name = mapping[key]
    if place in mapping:
        return None, f"{place} is given too; keep one of the two"
    if not isinstance(name, str):
        return None, "must be the path of a file"
    return _read(folder / name)


def _read(file: Path) -> tuple[str | None, str | None]:
    """The content of ``file`` without surrounding space, or what is wrong with it."""
    try:
        if not file.is_file():
            return None, f"{file} is missing, or no plain file"
        with file.open("rb") as stream:
            raw = stream.read(MAX_SECRET_BYTES + 1)
    except OSError as error:
        return None, f"{file} cannot be read: {error.strerror}"
    if len(raw) > MAX_SECRET_BYTES:
        return None, f"{file} is larger than {MAX_SECRET_BYTES} bytes; is it the right file?"
    text = raw.decode("utf-8", errors="replace").strip()
    if "\ufffd" in text:
        return None, f"{file} is not UTF-8; is it the right file?"
    return (text, None) if text else (None, f"{file} is empty")
