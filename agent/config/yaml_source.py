"""YAML as people mean it, with the line of every value; it knows nothing of what the values mean.

The usual loaders change what was written (``no`` becomes false, ``012`` ten, ``12:30:45`` a number
of seconds), keep the last of two equal keys, and let forty lines of aliases fill the memory. Here
only ``true``, ``false``, ``null`` and plain decimal numbers are more than text; aliases, anchors,
tags and repeated keys are mistakes; size and depth are bounded. Sequences become tuples.

A file is examined to its end, so that all its mistakes can be told together with those that a model
finds later (:func:`examine`). Where there is no model to ask, :func:`read_yaml` raises.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from agent.config.mistakes import KeyPath, Lines, Mistake, refuse
from agent.config.yaml_builder import Builder, Hopeless

MAX_BYTES = 1024 * 1024

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file as it was written. ``value`` may hold secrets: let go of it once it is checked."""

    value: Any = field(repr=False)
    lines: Lines
    mistakes: tuple[Mistake, ...] = ()
    unreadable: frozenset[KeyPath] = frozenset()
    """Where a mistake left no value; what a model says of such a place is no news."""


def read_yaml(file: Path) -> Source:
    """Read ``file``; raises :class:`ConfigurationError` with every mistake in its writing."""
    source = examine(file)
    refuse(source.mistakes)
    return source


def examine(file: Path, *, environ: Mapping[str, str] | None = None) -> Source:
    """Read ``file`` as far as it can be read; never raises: its mistakes are in the result.

    With ``environ``, ``${NAME}`` and ``${NAME:-default}`` in values are replaced, and stay text;
    ``$${`` stands for ``${``.
    """
    try:
        with file.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return _unread(file, 1, f"the file cannot be read: {error.strerror}")
    if len(raw) > MAX_BYTES:
        return _unread(file, 1, f"the file is larger than {MAX_BYTES} bytes; shorten it")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return _unread(file, line, "this is not UTF-8; save the file as UTF-8")
    return examine_text(text, file, environ=environ)


def examine_text(text: str, file: Path, *, environ: Mapping[str, str] | None = None) -> Source:
    """As :func:`examine`, of a text that is already read; ``file`` only names it."""
    odd = _CONTROL.search(text)
    if odd is not None:
        line = text.count("\n", 0, odd.start()) + 1
        return _unread(file, line, "a control character; remove it")
    builder = Builder(str(file), environ)
    try:
        for event in yaml.parse(text, Loader=_PARSER):
            builder.take(event)
    except Hopeless:
        builder.give_up()
    except yaml.YAMLError as error:
        builder.give_up()
        builder.note(_line(error), _syntax(error))
    return Source(
        value=builder.value,
        lines=Lines(file=str(file), by_path=builder.by_path),
        mistakes=tuple(builder.mistakes),
        unreadable=frozenset(builder.unreadable),
    )


def _unread(file: Path, line: int, what: str) -> Source:
    return Source(
        value=None,
        lines=Lines(file=str(file)),
        mistakes=(Mistake(file=str(file), line=line, what=what),),
        unreadable=frozenset({()}),
    )


def _line(error: yaml.YAMLError) -> int:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return mark.line + 1 if mark else 1


def _syntax(error: yaml.YAMLError) -> str:
    # Only the parser's own words: its snippet of the text may hold a secret.
    problem = getattr(error, "problem", None) or "it cannot be parsed"
    return f"this is not YAML: {problem}; look at indentation, quotes and brackets here or above"
