"""What is understood of JSON Schema and OpenAPI: how an answer looks, and no more.

What only describes is passed over, and so are patterns, formats and multiples: they speak of
contents, and a pattern that backtracks would stop the agent. Anything else is a mistake of the
schema and refused when it is read, for a rule that is silently not looked at is worse than none.
References stay within their document: nothing is ever fetched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Schema = Any
"""JSON Schema as it was read from a file, or written in Python."""

_CHECKED = frozenset({
    "$ref", "additionalProperties", "allOf", "anyOf", "const", "enum", "exclusiveMaximum",
    "exclusiveMinimum", "items", "maxItems", "maxLength", "maximum", "minItems", "minLength",
    "minimum", "nullable", "oneOf", "properties", "required", "type",
})  # fmt: skip
_DESCRIBING = frozenset({
    "$comment", "$defs", "$id", "$schema", "default", "definitions", "deprecated", "description",
    "discriminator", "example", "examples", "externalDocs", "format", "multipleOf", "pattern",
    "readOnly", "title", "writeOnly", "xml",
})  # fmt: skip
_TYPES = ("object", "array", "string", "boolean", "integer", "number", "null")
_MOST_HOPS = 16
"""From one ``$ref`` to the next without any answer in between."""


class SchemaMistake(ValueError):  # noqa: N818 - what a person wrote
    """The schema itself cannot be used; the text says where and why, and holds no value of it."""


def examine(schema: Schema, document: Schema) -> None:
    """Look through all that ``schema``, a part of ``document``, can reach.

    Raises :class:`SchemaMistake`.
    """
    _Reading(document).read(schema, "the schema")


def described_answer(document: Schema, operation: str) -> Schema:
    """The schema of the good answer to an operation of an OpenAPI document.

    ``operation`` is its ``operationId``, or its method and path: ``GET /billing/{kode}``. Raises
    :class:`SchemaMistake`.
    """
    described = _operations(document)
    if operation not in described:
        raise SchemaMistake("the OpenAPI document has no operation of that name")
    answers = _mapping(described[operation].get("responses"))
    good = [answers[code] for code in sorted(answers, key=str) if str(code).startswith("2")]
    for answer in (*good, answers.get("default")):
        content = _mapping(_mapping(followed(document, answer)).get("content"))
        for media, each in content.items():
            if "json" in str(media) and "schema" in _mapping(each):
                return each["schema"]
    raise SchemaMistake("no good answer of that operation is described as JSON with a schema")


class _Reading:
    """Looks through everything that a schema can reach, once."""

    def __init__(self, document: Schema) -> None:
        self._document = document
        self._seen: set[int] = set()

    def read(self, schema: Schema, place: str) -> None:
        if isinstance(schema, bool) or id(schema) in self._seen:
            return
        if not isinstance(schema, Mapping):
            raise SchemaMistake(f"{place}: must be an object with keywords such as type")
        self._seen.add(id(schema))
        for keyword in schema:
            self._know(str(keyword), place)
        if "$ref" in schema:
            self.read(followed(self._document, schema), f"{place}, {schema['$ref']}")
        for each in types_of(schema):
            if each not in _TYPES:
                raise SchemaMistake(f"{place}: a type must be one of {', '.join(_TYPES)}")
        for name, part in _parts(schema, place):
            self.read(part, name)

    def _know(self, keyword: str, place: str) -> None:
        if keyword not in _CHECKED | _DESCRIBING and not keyword.startswith("x-"):
            raise SchemaMistake(
                f'{place}: the keyword "{keyword}" is not understood; say it otherwise, or take '
                "it out"
            )


def _parts(schema: Mapping[str, Schema], place: str) -> Iterator[tuple[str, Schema]]:
    """The schemas within one, each with its place."""
    if not isinstance(schema.get("properties", {}), Mapping):
        raise SchemaMistake(f"{place}: properties must be an object")
    for name, part in schema.get("properties", {}).items():
        yield f"{place}, {name}", part
    for keyword in ("items", "additionalProperties"):
        if keyword in schema:
            yield f"{place}, {keyword}", schema[keyword]
    for keyword in ("allOf", "anyOf", "oneOf"):
        for part in _listed(schema, keyword, place):
            yield f"{place}, {keyword}", part
    for keyword in ("required", "enum"):
        _listed(schema, keyword, place)


def _listed(schema: Mapping[str, Schema], keyword: str, place: str) -> Sequence[Schema]:
    listed = schema.get(keyword, ())
    if not isinstance(listed, list | tuple):
        raise SchemaMistake(f"{place}: {keyword} must be a list")
    return listed


def followed(document: Schema, schema: Schema) -> Schema:
    """What a schema refers to, if it does."""
    for _ in range(_MOST_HOPS):
        reference = schema.get("$ref") if isinstance(schema, Mapping) else None
        if reference is None:
            return schema
        schema = _pointed_at(document, str(reference))
    raise SchemaMistake("a $ref leads back to itself")


def _pointed_at(document: Schema, reference: str) -> Schema:
    if reference == "#":
        return document
    if not reference.startswith("#/"):
        raise SchemaMistake("a $ref must stay within the document and begin with #/")
    found = document
    for part in reference.removeprefix("#/").split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, Mapping) or name not in found:
            raise SchemaMistake(f"the document has no {reference}")
        found = found[name]
    return found


def _operations(document: Schema) -> dict[str, Mapping[str, Schema]]:
    found: dict[str, Mapping[str, Schema]] = {}
    for path, methods in _mapping(_mapping(document).get("paths")).items():
        for method, each in _mapping(methods).items():
            if isinstance(each, Mapping):
                found[f"{str(method).upper()} {path}"] = each
                if "operationId" in each:
                    found[str(each["operationId"])] = each
    return found


def _mapping(value: Schema) -> Mapping[str, Schema]:
    return value if isinstance(value, Mapping) else {}


def types_of(schema: Mapping[str, Schema]) -> tuple[str, ...]:
    """The types that are allowed; none: any."""
    written = schema.get("type", ())
    types = (written,) if isinstance(written, str) else tuple(map(str, written))
    return (*types, "null") if types and schema.get("nullable") is True else types
