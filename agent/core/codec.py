"""Frozen dataclasses to JSON and back, by their own type hints.

For the records that hubs and agents write for each other (bulletin, incidents, lease). The status
of a branch, which every office sends over whatever line it has, has a tighter form of its own in
agent.core.wire. Unknown fields are ignored, absent ones take their defaults; anything else that
does not fit raises :class:`WireError`, and nothing else does.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")
MAX_BYTES = 65_536
_MAX_NUMBER = 1e300


class WireError(ValueError):
    """Bytes of another agent that are not what they should be."""


def to_bytes(value: Any) -> bytes:
    """A dataclass as compact JSON."""
    return json.dumps(plain(value), separators=(",", ":"), ensure_ascii=False).encode()


def from_bytes(kind: type[T], value: bytes) -> T:
    """A dataclass of type ``kind`` from JSON bytes. Raises :class:`WireError`."""
    built = _build(kind, parse(value), kind.__name__)
    return typing.cast("T", built)


def parse(value: bytes) -> Any:
    """JSON from bytes of somebody else. Raises :class:`WireError`."""
    if len(value) > MAX_BYTES:
        raise WireError(f"{len(value)} bytes are too many")
    try:
        return json.loads(value, parse_constant=_refuse)
    except RecursionError:
        raise WireError("nested too deep") from None
    except ValueError as error:
        raise WireError(f"not JSON: {error}") from None


def text(value: str, where: str) -> str:
    """The text itself. Raises :class:`WireError` for half a character, which cannot be written."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise WireError(f"{where}: not a text") from None
    return value


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no number here")


def plain(value: Any) -> Any:
    """A value of dataclasses, enums, tuples and mappings as plain JSON types."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            f.name: plain(getattr(value, f.name))
            for f in fields(value)
            if f.default is MISSING or getattr(value, f.name) != f.default
        }
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if isinstance(value, StrEnum):
        return value.value
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _build(kind: Any, value: Any, where: str) -> Any:
    if is_dataclass(kind) and isinstance(kind, type):
        return _build_dataclass(kind, value, where)
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        return _build_union(kind, value, where)
    if origin is tuple:
        return _build_tuple(typing.get_args(kind), value, where)
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, dict):
            raise WireError(f"{where}: an object was due")
        of = typing.get_args(kind)[1]
        return {text(key, where): _build(of, each, where) for key, each in value.items()}
    return _build_scalar(kind, value, where)


def _build_dataclass(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise WireError(f"{where}: an object was due")
    hints = _hints(kind)
    known = {
        f.name: _build(hints[f.name], value[f.name], f"{where}.{f.name}")
        for f in fields(kind)
        if f.name in value
    }
    try:
        return kind(**known)
    except TypeError:
        raise WireError(f"{where}: a field is missing") from None


def _build_union(kind: Any, value: Any, where: str) -> Any:
    options = [option for option in typing.get_args(kind) if option is not types.NoneType]
    if value is None:
        return None
    return _build(options[0], value, where)


def _build_tuple(of: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise WireError(f"{where}: a list was due")
    if len(of) == 2 and of[1] is Ellipsis:  # noqa: PLR2004 - tuple[X, ...]
        return tuple(_build(of[0], each, where) for each in value)
    if len(value) != len(of):
        raise WireError(f"{where}: {len(of)} values were due")
    return tuple(_build(kind, each, where) for kind, each in zip(of, value, strict=True))


def _build_scalar(kind: Any, value: Any, where: str) -> Any:
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        try:
            return kind(value)
        except ValueError:
            raise WireError(f"{where}: {value!r:.60} is unknown") from None
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        if not -_MAX_NUMBER <= value <= _MAX_NUMBER:
            raise WireError(f"{where}: not finite")
        return float(value)
    if kind is str and isinstance(value, str):
        return text(value, where)
    if kind is Any or (isinstance(value, kind) and (kind is bool or not isinstance(value, bool))):
        return value
    raise WireError(f"{where}: {kind.__name__} was due")
