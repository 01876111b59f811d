"""Holds a file against its model, and tells what is wrong in words, each with its line.

Pydantic's own report would repeat values, which may be secret, and names types that only
programmers know. Here every error becomes one line for the person who wrote the file.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from agent.config.mistakes import KeyPath, Mistake
from agent.config.yaml_source import Source


class Strict(BaseModel):
    """A model that takes nothing for something else, knows all its keys, and never changes."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=True
    )


M = TypeVar("M", bound=Strict)
Error = Mapping[str, Any]
"""One entry of pydantic's report."""

_WORDS = {
    "string_type": 'must be text; put it in quotes: "..."',
    "bool_type": "must be true or false; no other word is read as one",
    "int_type": "must be a whole number; write it without quotes and leading zeros",
    "int_from_float": "must be a whole number; write it without a decimal point",
    "float_type": "must be a number; write it without quotes and units",
    "tuple_type": "must be a list; write [a, b], or a line `- ...` for each",
    "dict_type": "must be `key: value` pairs, indented below it",
    "model_type": "must be `key: value` pairs, indented below it",
    "model_attributes_type": "must be `key: value` pairs, indented below it",
    "greater_than": "must be more than {gt}; raise it",
    "greater_than_equal": "must be {ge} or more; raise it",
    "less_than": "must be less than {lt}; lower it",
    "less_than_equal": "must be {le} or less; lower it",
    "too_short": "needs at least {min_length}; add what is missing",
    "too_long": "holds more than {max_length}; take some out",
    "string_too_short": "must not be empty; fill it in, or leave the key out",
    "string_too_long": "is longer than {max_length} characters; shorten it",
    "literal_error": "must be {expected}; write one of these",
}


def check(model: type[M], source: Source, folder: Path) -> tuple[M | None, tuple[Mistake, ...]]:
    """The model of ``source``, or None, and all mistakes so far; paths are below ``folder``."""
    if () in source.unreadable:
        return None, source.mistakes
    try:
        checked = model.model_validate(source.value, context={"folder": folder})
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
    else:
        return checked, source.mistakes
    paths = [_path(each) for each in found]
    return None, (
        *source.mistakes,
        *(
            source.lines.mistake(path, _words(model, path, each))
            for path, each in zip(paths, found, strict=True)
            if not _blamed(path, source) and not _miscounted(path, each, paths)
        ),
    )


def nearest(wrong: str, known: Iterable[str]) -> str:
    """``did you mean ...?``, or what is known, for a name that is not."""
    names = sorted(known)
    close = difflib.get_close_matches(wrong, names, n=1, cutoff=0.6)
    if close:
        return f'did you mean "{close[0]}"?'
    shown = ", ".join(names[:12]) or "none"
    return f"known: {shown}{', ...' if len(names) > 12 else ''}"  # noqa: PLR2004 - fits a line


def entries(value: object, key: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The mappings in the list ``key`` of an unchecked file, with their positions.

    What is of another kind is left out: the model tells that.
    """
    listed = value.get(key) if isinstance(value, dict) else None
    for index, each in enumerate(listed if isinstance(listed, tuple) else ()):
        if isinstance(each, dict):
            yield index, each


def _path(error: Error) -> KeyPath:
    return tuple(part for part in error["loc"] if part != "[key]")


def _blamed(path: KeyPath, source: Source) -> bool:
    return any(path[:length] in source.unreadable for length in range(len(path) + 1))


def _miscounted(path: KeyPath, error: Error, paths: Iterable[KeyPath]) -> bool:
    """A list is not too short because its entries are wrong; those are told."""
    below = (each for each in paths if len(each) > len(path) and each[: len(path)] == path)
    return error["type"] == "too_short" and any(below)


def _words(model: type[Strict], path: KeyPath, error: Error) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        return f"is missing; add `{path[-1]}: ...`"
    if kind == "extra_forbidden":
        return f"is no known key; {nearest(str(path[-1]), _keys_at(model, path[:-1]))}"
    if kind == "value_error":
        return str(context["error"])
    return _WORDS[kind].format(**context) if kind in _WORDS else str(error["msg"])


def _keys_at(model: type[Strict], path: KeyPath) -> tuple[str, ...]:
    annotation: Any = model
    for part in path:
        annotation = _inside(_model(annotation), part)
    found = _model(annotation)
    if not (isinstance(found, type) and issubclass(found, BaseModel)):
        return ()
    return tuple(each.alias or name for name, each in found.model_fields.items())


def _inside(annotation: Any, part: str | int) -> Any:  # noqa: ANN401 - annotations have no type
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, each in annotation.model_fields.items():
            if part in (name, each.alias):
                return each.annotation
        return None
    inner = [each for each in get_args(annotation) if each is not ...]
    return inner[-1] if inner else None


def _model(annotation: Any) -> Any:  # noqa: ANN401 - the same
    """``annotation`` without Annotated and Optional around it."""
    if get_origin(annotation) is Annotated:
        return _model(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return _model(next(each for each in get_args(annotation) if each is not type(None)))
    return annotation
