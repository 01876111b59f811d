"""The shape that an answer was agreed to have, and how another one differs, told readably.

A shape is written as JSON Schema, or stands in an OpenAPI document beside its operation. What is
told of a difference is where it is and what became of it (``no_permohonan: number became string``),
never a value: it may be about a person. Nor a name that the schema does not know. ``oneOf`` is read
as ``anyOf``: that a document's alternatives overlap is no fault of the answer.

Answers are hostile: depth, entries of lists and the work in all are bounded. What lies beyond is
not compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agent.core.schema import Schema, described_answer, examine, followed, types_of

MOST_TOLD = 3
"""Differences named in words; of more it is said how many."""
_MOST_FOUND = 20
_MOST_DEPTH = 24
_MOST_ENTRIES = 100
_MOST_COMPARED = 20_000


class Shape:
    """What an answer is held against; made by :func:`shape_of` or :func:`answer_of`."""

    def __init__(self, schema: Schema, document: Schema) -> None:
        """``schema`` is one part of ``document``, in which its references are looked up."""
        examine(schema, document)
        self._schema = schema
        self._document = document

    def differences(self, answer: Any) -> tuple[str, ...]:  # noqa: ANN401 - JSON
        """How ``answer`` differs, each in a few words; empty: it is as agreed."""
        comparison = _Comparison(self._document)
        comparison.compare(self._schema, answer, "", 0)
        return tuple(comparison.found)


def shape_of(schema: Schema) -> Shape:
    """The shape that a JSON Schema describes. Raises :class:`agent.core.schema.SchemaMistake`."""
    return Shape(schema, schema)


def answer_of(document: Schema, operation: str) -> Shape:
    """The shape of the good answer to an operation of an OpenAPI document.

    ``operation`` is its ``operationId``, or its method and path: ``GET /billing/{kode}``. Raises
    :class:`agent.core.schema.SchemaMistake`.
    """
    return Shape(described_answer(document, operation), document)


def told(differences: Sequence[str]) -> str:
    """The first differences in one line, and how many more there are."""
    more = len(differences) - MOST_TOLD
    return "; ".join(differences[:MOST_TOLD]) + (f"; and {more} more" if more > 0 else "")


class _Comparison:
    """One answer held against one shape."""

    def __init__(self, document: Schema) -> None:
        self._document = document
        self._left = _MOST_COMPARED
        self.found: dict[str, None] = {}
        """Differences in the order in which they were found, each once."""

    def compare(self, schema: Schema, value: Any, place: str, depth: int) -> None:  # noqa: ANN401
        """Note how ``value`` differs from ``schema``."""
        self._left -= 1
        if self._left < 0 or depth > _MOST_DEPTH or len(self.found) >= _MOST_FOUND:
            return
        schema = followed(self._document, schema)
        if schema is False:
            self._note(place, "not agreed")
        elif schema is not True and not (value is None and schema.get("nullable") is True):
            self._compare(schema, value, place, depth)

    def _compare(
        self,
        schema: Mapping[str, Schema],
        value: Any,  # noqa: ANN401 - JSON
        place: str,
        depth: int,
    ) -> None:
        types = types_of(schema)
        if types and not any(_is(each, value) for each in types):
            self._note(place, f"{' or '.join(types)} became {_type_of(value)}")
            return
        self._alternatives(schema, value, place, depth)
        self._contents(schema, value, place)
        if isinstance(value, Mapping):
            self._object(schema, value, place, depth)
        elif isinstance(value, list):
            self._list(schema, value, place, depth)

    def _note(self, place: str, what: str) -> None:
        self.found[f"{place or 'the answer'}: {what}"] = None

    def _alternatives(
        self,
        schema: Mapping[str, Schema],
        value: Any,  # noqa: ANN401 - JSON
        place: str,
        depth: int,
    ) -> None:
        for part in schema.get("allOf", ()):
            self.compare(part, value, place, depth + 1)
        for keyword in ("anyOf", "oneOf"):
            tried = [self._apart(each, value, place, depth) for each in schema.get(keyword, ())]
            if tried and all(tried):
                nearest: dict[str, None] = min(tried, key=len)
                self.found |= nearest

    def _apart(self, schema: Schema, value: Any, place: str, depth: int) -> dict[str, None]:  # noqa: ANN401
        """The differences from one of several alternatives, which need not be those told."""
        kept, self.found = self.found, {}
        self.compare(schema, value, place, depth + 1)
        apart, self.found = self.found, kept
        return apart

    def _contents(self, schema: Mapping[str, Schema], value: Any, place: str) -> None:  # noqa: ANN401
        if "enum" in schema and not any(_same(value, each) for each in schema["enum"]):
            self._note(place, "none of the values that were agreed")
        if "const" in schema and not _same(value, schema["const"]):
            self._note(place, "not the value that was agreed")
        if isinstance(value, str | list):
            unit = "Length" if isinstance(value, str) else "Items"
            least, most = _number(schema, f"min{unit}"), _number(schema, f"max{unit}")
            if least is not None and len(value) < least:
                self._note(place, "shorter than agreed")
            if most is not None and len(value) > most:
                self._note(place, "longer than agreed")
        elif _is("number", value) and not _within(schema, value):
            self._note(place, "outside the range that was agreed")

    def _object(
        self, schema: Mapping[str, Schema], value: Mapping[str, Any], place: str, depth: int
    ) -> None:
        for name in schema.get("required", ()):
            if name not in value:
                self._note(_below(place, str(name)), "missing")
        properties = schema.get("properties", {})
        for name, part in properties.items():
            if name in value:
                self.compare(part, value[name], _below(place, str(name)), depth + 1)
        others = [name for name in value if name not in properties]
        rest = schema.get("additionalProperties", True)
        if rest is False and others:
            self._note(place, f"fields that were not agreed: {len(others)}")
        elif isinstance(rest, Mapping):
            for name in others[:_MOST_ENTRIES]:
                self.compare(rest, value[name], _below(place, "*"), depth + 1)

    def _list(
        self, schema: Mapping[str, Schema], value: Sequence[Any], place: str, depth: int
    ) -> None:
        for each in value[:_MOST_ENTRIES] if "items" in schema else ():
            self.compare(schema["items"], each, f"{place}[]", depth + 1)


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _is(kind: str, value: Any) -> bool:  # noqa: ANN401 - JSON
    if isinstance(value, bool) or value is None:
        return kind == ("null" if value is None else "boolean")
    if kind == "integer":
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    kinds = {"object": Mapping, "array": list, "string": str, "number": (int, float)}
    return isinstance(value, kinds.get(kind, ()))  # type: ignore[arg-type]


def _type_of(value: Any) -> str:  # noqa: ANN401 - JSON
    kinds = ("object", "array", "string", "boolean", "number", "null")
    return next((kind for kind in kinds if _is(kind, value)), "something else")


def _same(value: Any, agreed: Any) -> bool:  # noqa: ANN401 - JSON
    """Equal as JSON is: ``1`` and ``true`` are not, a list is one however it was written."""
    if isinstance(agreed, list | tuple):
        return (
            isinstance(value, list) and len(value) == len(agreed) and all(map(_same, value, agreed))
        )
    return isinstance(value, bool) == isinstance(agreed, bool) and bool(value == agreed)


def _number(schema: Mapping[str, Schema], keyword: str) -> float | None:
    value = schema.get(keyword)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _within(schema: Mapping[str, Schema], value: float) -> bool:
    """``exclusiveMinimum`` is a number in JSON Schema, and a word on ``minimum`` in OpenAPI 3.0."""
    least, most = _number(schema, "minimum"), _number(schema, "maximum")
    above, below = _number(schema, "exclusiveMinimum"), _number(schema, "exclusiveMaximum")
    if schema.get("exclusiveMinimum") is True:
        least, above = None, least
    if schema.get("exclusiveMaximum") is True:
        most, below = None, most
    return (
        (least is None or value >= least)
        and (most is None or value <= most)
        and (above is None or value > above)
        and (below is None or value < below)
    )
