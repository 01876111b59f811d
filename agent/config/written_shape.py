"""The shape of an answer as a journey in YAML names it: written there, or in a file beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BeforeValidator,
    Field,
    InstanceOf,
    PrivateAttr,
    ValidationInfo,
    model_validator,
)

from agent.config.checking import Strict
from agent.config.kinds import Place, beside
from agent.config.yaml_source import examine
from agent.core.schema import SchemaMistake
from agent.probe import Shape, answer_of, shape_of


def _document(file: Path) -> Any:  # noqa: ANN401 - JSON Schema
    """What a file of JSON or YAML holds. Raises ValueError with its first mistake."""
    source = examine(file)
    if source.mistakes:
        raise ValueError(str(source.mistakes[0]))
    return source.value


def _agreed(value: object, info: ValidationInfo) -> object:
    """The shape of a schema, or of ``{file: ...}``."""
    if value is None:
        return None
    if isinstance(value, dict) and value.keys() == {"file"}:
        folder = (info.context or {}).get("folder", Path())
        value = _document(beside(folder, str(value["file"])))
    return shape_of(value)


WrittenShape = Annotated[InstanceOf[Shape] | None, BeforeValidator(_agreed)]
"""A JSON Schema, or ``{file: ...}`` with one."""


class AnswerOfOperation(Strict):
    """A good answer that an OpenAPI document describes."""

    file: Place
    operation: Annotated[str, Field(min_length=1, max_length=300)]
    """``operationId``, or method and path."""
    _shape: Shape = PrivateAttr()

    @model_validator(mode="after")
    def _is_described(self) -> Self:
        try:
            self._shape = answer_of(_document(self.file), self.operation)
        except SchemaMistake as mistake:
            raise ValueError(f"{self.file}: {mistake}") from None
        return self

    @property
    def shape(self) -> Shape:
        """What the answer has to look like."""
        return self._shape
