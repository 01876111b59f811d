"""Values out of a YAML parser's events, without recursion, and the line of each.

Scalars, keys, mappings and sequences are all there is. Everything else that YAML offers is noted as
a mistake, and reading goes on where that makes sense.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from agent.config.mistakes import KeyPath, Mistake

MAX_DEPTH = 32

_WORDS = {"true": True, "false": False, "null": None, "": None}
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})(\.[0-9]{1,30})?([eE][-+]?[0-9]{1,2})?")
_VARIABLE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?\}|\$\{")


class Hopeless(Exception):  # noqa: N818 - ends the reading, and is seen nowhere else
    """The mistake is one after which reading on makes no sense; it has been noted."""


@dataclass(slots=True)
class _Open:
    """A mapping or sequence that is being read."""

    path: KeyPath
    value: dict[str, object] | list[object]
    key: str | None = None
    repeated: bool = False

    @property
    def expects_key(self) -> bool:
        return isinstance(self.value, dict) and self.key is None

    @property
    def next_path(self) -> KeyPath:
        return (*self.path, len(self.value) if self.key is None else self.key)

    def put(self, value: object) -> None:
        if isinstance(self.value, list):
            self.value.append(value)
            return
        if self.key is not None and not self.repeated:
            self.value[self.key] = value
        self.key, self.repeated = None, False


class Builder:
    """Takes events one by one; afterwards ``value`` is the document's value."""

    def __init__(self, file: str, environ: Mapping[str, str] | None) -> None:
        self.value: object = None
        self.by_path: dict[KeyPath, int] = {}
        self.mistakes: list[Mistake] = []
        self.unreadable: set[KeyPath] = set()
        self._file = file
        self._environ = environ
        self._open: list[_Open] = []
        self._documents = 0

    def note(self, line: int, what: str) -> None:
        """Note a mistake."""
        self.mistakes.append(Mistake(file=self._file, line=line, what=what))

    def give_up(self) -> None:
        """Leave no value: a part of one would only lead to mistakes that are none."""
        self.value = None
        self.unreadable.add(())

    def take(self, event: yaml.Event) -> None:
        """Take the next event; raises :class:`Hopeless`."""
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._stop(line, "a second document begins; keep one document in a file")
        elif isinstance(event, yaml.CollectionEndEvent):
            done = self._open.pop()
            self._put(tuple(done.value) if isinstance(done.value, list) else done.value)
        elif isinstance(event, yaml.NodeEvent):
            if self._open and self._open[-1].expects_key:
                self._key(self._open[-1], event, line)
            else:
                self._node(event, line)

    def _stop(self, line: int, what: str) -> None:
        self.note(line, what)
        raise Hopeless

    def _put(self, value: object) -> None:
        if self._open:
            self._open[-1].put(value)
        else:
            self.value = value

    def _key(self, mapping: _Open, event: yaml.NodeEvent, line: int) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            self._stop(line, "a key that is no text; write `key: value`")
            return
        self._refuse_marks(event, line)
        mapping.key = key = str(event.value)
        path = mapping.next_path
        if path in self.by_path:
            mapping.repeated = True
            first = self.by_path[path]
            self.note(line, f'"{key}" stands here and in line {first}; keep one of them')
        self.by_path.setdefault(path, line)

    def _node(self, event: yaml.NodeEvent, line: int) -> None:
        path = self._open[-1].next_path if self._open else ()
        self.by_path.setdefault(path, line)
        if isinstance(event, yaml.AliasEvent):
            self.note(line, "an alias (*name); write the value itself")
            self.unreadable.add(path)
            self._put(None)
            return
        self._refuse_marks(event, line)
        if isinstance(event, yaml.ScalarEvent):
            self._put(self._scalar(event, path, line))
        elif len(self._open) >= MAX_DEPTH:
            self._stop(line, f"nested deeper than {MAX_DEPTH} levels; nothing here needs that")
        else:
            mapping = isinstance(event, yaml.MappingStartEvent)
            self._open.append(_Open(path, {} if mapping else []))

    def _refuse_marks(self, event: yaml.NodeEvent, line: int) -> None:
        if event.anchor is not None:
            self.note(line, "an anchor (&name); remove it, values are not shared")
        if getattr(event, "tag", None) not in (None, "!"):
            self.note(line, "a tag (!name); remove it, the type is known without it")

    def _scalar(self, event: yaml.ScalarEvent, path: KeyPath, line: int) -> object:
        text = str(event.value)
        if self._environ is not None and "${" in text:
            replaced, wrong = interpolate(text, self._environ)
            for what in wrong:
                self.note(line, what)
                self.unreadable.add(path)
            return replaced
        return text if event.style else resolve(text)


def resolve(text: str) -> object:
    """What a plain scalar is: a word of YAML 1.2, a decimal number, or the text it is."""
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    return text


def interpolate(text: str, environ: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Replace ``${NAME}`` and ``${NAME:-default}``; also tells what is wrong with them.

    As in the shell, a variable that is empty takes its default too.
    """
    wrong: list[str] = []

    def replace(match: re.Match[str]) -> str:
        name, has_default, default = match.groups()
        if match.group() == "$${":
            return "${"
        if name is None:
            wrong.append("`${` begins no variable; write ${NAME}, or $${ for the characters")
            return ""
        value = environ.get(name, "")
        if not value and not has_default:
            wrong.append(f"the environment variable {name} is not set; set it, or give a default")
        return value or default or ""

    return _VARIABLE.sub(replace, text), tuple(wrong)
