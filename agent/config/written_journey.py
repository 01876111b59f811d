"""Journeys in YAML, for people who write no Python; they become classes like all the others.

    journey: billing-look
    about: The counter asks for a code that nobody issued.
    steps:
      - step: billing inquiry
        service: simponi.billing
        role: simponi
        slow_after_s: 1.5
        request: {path: "/billing/{applicant.billing_code}"}
        expect:
          - {value: status, equals: tidak ditemukan}
        capture: {asked: kode_billing}

``value`` and ``capture`` are JMESPath expressions on the answer. ``schema`` holds the JSON Schema
that the answer has to fit, or ``{file: answer.schema.json}``; ``openapi`` names a file and an
operation of it. In every text of a request
``{applicant.nik}`` (``name``, ``passport``, ``email``, ``billing_code``), ``{credentials.KEY}`` of
the step's own target, and ``{captured.NAME}`` of an earlier step are filled in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, Field, model_validator

from agent.config.checking import Strict, check, nearest
from agent.config.kinds import Header, Line, Name
from agent.config.mistakes import KeyPath, Mistake
from agent.config.written_shape import AnswerOfOperation, WrittenShape
from agent.config.yaml_source import examine
from agent.probe import (
    Applicant,
    Failure,
    FailureKind,
    Journey,
    Reply,
    Shape,
    StepBroken,
    step,
)

_PLACE = re.compile(r"\{([a-z_]+)\.([A-Za-z0-9_-]+)\}")
_ABOUT_APPLICANTS = frozenset(field.name for field in fields(Applicant))
_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "text": str,
    "whole number": int,
    "number": (int, float),
    "true or false": bool,
    "list": list,
    "object": dict,
}


_REQUEST_PARTS = ("path", "params", "headers", "body", "form")
_KEYS = {"body": "json"}
"""Parts of a request that are called otherwise in the file."""


def _expression(text: str) -> str:
    try:
        jmespath.compile(text)
    except JMESPathError:
        raise ValueError(
            'is no JMESPath expression; write one such as "data.status" or "items[0].id"'
        ) from None
    return text


def _path(text: str) -> str:
    if not text.startswith("/") or text.startswith("//"):
        raise ValueError("must be a path below the target, beginning with one slash")
    return text


Expression = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_expression)]
Scalar = str | int | float | bool


class WrittenRequest(Strict):
    """What a step sends."""

    method: Literal["GET", "POST", "DELETE"] = "GET"
    path: Annotated[str, Field(max_length=500), AfterValidator(_path)]
    params: dict[str, str] = Field(default_factory=dict)
    headers: dict[Header, Header] = Field(default_factory=dict)
    body: Any = Field(default=None, alias="json")
    form: dict[str, str] | None = None

    @model_validator(mode="after")
    def _fits_the_method(self) -> Self:
        if self.method != "POST" and (self.body is not None or self.form is not None):
            raise ValueError("only a POST carries json or form; take it out, or write method: POST")
        if self.method != "GET" and self.params:
            raise ValueError("params are for a GET; write them into the path")
        if self.body is not None and self.form is not None:
            raise ValueError("holds both json and form; leave one")
        return self


class Expectation(Strict):
    """What a value of the answer must be; its absence or another kind is a changed contract."""

    value: Expression
    kind: Literal["text", "whole number", "number", "true or false", "list", "object"] | None = None
    equals: Scalar | None = None
    one_of: tuple[Scalar, ...] = ()
    at_least: float | int | None = None
    below: float | int | None = None
    flow: bool = False
    """It tells of work that must move: an age, a rate, a write that must arrive."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if (self.at_least is not None or self.below is not None) and self.kind not in (
            None,
            "number",
            "whole number",
        ):
            raise ValueError("at_least and below are for numbers; take them out, or change kind")
        return self

    @property
    def words(self) -> str:
        """What is expected, for people."""
        said = [f'"{self.value}" is there']
        if self.equals is not None:
            said = [f'"{self.value}" is "{self.equals}"']
        if self.one_of:
            said = [f'"{self.value}" is one of {", ".join(map(str, self.one_of))}']
        if self.at_least is not None:
            said.append(f"at least {self.at_least:g}")
        if self.below is not None:
            said.append(f"below {self.below:g}")
        return ", ".join(said)

    def hold(self, document: Any) -> None:  # noqa: ANN401 - JSON
        """Raise :class:`StepBroken` unless the answer is as expected."""
        found = jmespath.search(self.value, document)
        if found is None:
            raise _changed(f'the field "{self.value}" is missing')
        kind = self.kind or (
            "number" if self.at_least is not None or self.below is not None else None
        )
        if kind is not None and not _is(kind, found):
            raise _changed(f'"{self.value}": {kind} became {_kind_of(found)}')
        if not self._is_met(found):
            how = FailureKind.FLOW if self.flow else FailureKind.UNEXPECTED
            raise StepBroken(Failure(kind=how, detail=f"expected: {self.words}"))

    def _is_met(self, found: Any) -> bool:  # noqa: ANN401 - JSON
        return (
            (self.equals is None or _same(found, self.equals))
            and (not self.one_of or any(_same(found, each) for each in self.one_of))
            and (self.at_least is None or found >= self.at_least)
            and (self.below is None or found < self.below)
        )


class WrittenStep(Strict):
    """One step."""

    step: Line
    service: Name
    role: Name
    slow_after_s: float | int | None = Field(default=None, gt=0, le=25)
    sandbox_only: bool = False
    consent: Name | None = None
    always: bool = False
    needs: tuple[Name, ...] = ()
    """Captured values without which there is nothing to do: the step is then passed over."""
    request: WrittenRequest
    status: tuple[int, ...] = ()
    """Statuses that are good; none: any below 400."""
    expect: tuple[Expectation, ...] = ()
    capture: dict[Name, Expression] = Field(default_factory=dict)
    agreed: WrittenShape = Field(default=None, alias="schema")
    openapi: AnswerOfOperation | None = None

    @model_validator(mode="after")
    def _deletes_in_a_sandbox(self) -> Self:
        if self.request.method == "DELETE" and not self.sandbox_only:
            raise ValueError("a step that deletes must say sandbox_only: true")
        return self

    @model_validator(mode="after")
    def _agrees_on_one_shape(self) -> Self:
        if self.agreed is not None and self.openapi is not None:
            raise ValueError("holds both schema and openapi; leave one")
        return self

    @property
    def shape(self) -> Shape | None:
        """What the whole answer has to look like; None: nothing was agreed."""
        return self.openapi.shape if self.openapi is not None else self.agreed


class WrittenJourney(Strict):
    """A file of one journey."""

    journey: Name
    about: Line
    steps: tuple[WrittenStep, ...] = Field(min_length=1, max_length=50)


def journey_written_in(file: Path) -> tuple[type[Journey] | None, tuple[Mistake, ...]]:
    """The journey of a YAML file, and every mistake in it."""
    source = examine(file)
    written, mistakes = check(WrittenJourney, source, file.parent)
    if written is not None:
        mistakes += tuple(source.lines.mistake(path, what) for path, what in _misfits(written))
    return (None if mistakes or written is None else compiled(written)), mistakes


def _misfits(written: WrittenJourney) -> Iterator[tuple[KeyPath, str]]:
    """What does not fit together: names used twice, and places that nothing fills."""
    captured: set[str] = set()
    seen: set[str] = set()
    for index, each in enumerate(written.steps):
        if each.step in seen:
            yield ("steps", index, "step"), f'the step "{each.step}" is there twice; rename one'
        for part in _REQUEST_PARTS:
            for group, key in _places(getattr(each.request, part)):
                if what := _unfilled(group, key, captured):
                    yield ("steps", index, "request", _KEYS.get(part, part)), what
        for name in each.needs:
            if what := _unfilled("captured", name, captured):
                yield ("steps", index, "needs"), what
        seen.add(each.step)
        captured |= each.capture.keys()


def compiled(written: WrittenJourney) -> type[Journey]:
    """The class that the same journey would be in Python."""
    members: dict[str, Any] = {"name": written.journey, "__doc__": written.about}
    for place, each in enumerate(written.steps):
        members[f"step_{place}"] = step(
            each.step,
            service=each.service,
            role=each.role,
            slow_after_s=each.slow_after_s,
            sandbox_only=each.sandbox_only,
            consent=each.consent,
            always=each.always,
        )(_method(each))
    return type(written.journey, (Journey,), members)


def _method(written: WrittenStep) -> Callable[[Journey], Any]:
    async def perform(journey: Journey) -> None:
        captured: dict[str, str] = vars(journey).setdefault("captured", {})
        if any(name not in captured for name in written.needs):
            return
        reply = await _send(journey, written, captured)
        good = written.status or (reply.status,)
        journey.expect(
            reply.status in good and (bool(written.status) or reply.status < 400),  # noqa: PLR2004
            f"HTTP {' or '.join(map(str, good))}" if written.status else "a good answer",
        )
        if not written.expect and not written.capture and written.shape is None:
            return
        document = (
            reply.json() if written.shape is None else journey.expect_shape(reply, written.shape)
        )
        for name, expression in written.capture.items():
            found = jmespath.search(expression, document)
            if not isinstance(found, Scalar):
                raise _changed(f'the field "{expression}" is missing, or no single value')
            captured[name] = str(found)
        for expectation in written.expect:
            expectation.hold(document)

    return perform


async def _send(journey: Journey, written: WrittenStep, captured: Mapping[str, str]) -> Reply:
    request = written.request
    fill = partial(_filled, fill=partial(_value, journey, written.role, captured))
    path, headers = fill(request.path), fill(request.headers)
    if request.method == "GET":
        return await journey.get(path, params=fill(request.params), headers=headers)
    if request.method == "DELETE":
        return await journey.delete(path, headers=headers)
    return await journey.post(
        path, json=fill(request.body), form=fill(request.form), headers=headers
    )


def _value(journey: Journey, role: str, captured: Mapping[str, str], group: str, key: str) -> str:
    if group == "applicant":
        return str(getattr(journey.applicant, key))
    return captured[key] if group == "captured" else journey.credentials(role)[key]


def _filled(value: Any, *, fill: Callable[[str, str], str]) -> Any:  # noqa: ANN401 - JSON
    """A value of a request with everything filled in."""
    if isinstance(value, str):
        return _PLACE.sub(lambda found: fill(found[1], found[2]), value)
    if isinstance(value, Mapping):
        return {_filled(key, fill=fill): _filled(each, fill=fill) for key, each in value.items()}
    return [_filled(each, fill=fill) for each in value] if isinstance(value, tuple) else value


def _places(value: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - JSON
    """What has to be filled into a part of a request."""
    found: list[tuple[str, str]] = []

    def note(group: str, key: str) -> str:
        found.append((group, key))
        return ""

    _filled(value, fill=note)
    return found


def _unfilled(group: str, key: str, captured: Collection[str]) -> str | None:
    """Why nothing fills a place; None when something does."""
    if group == "credentials":
        return None
    known = {"applicant": _ABOUT_APPLICANTS, "captured": captured}.get(group)
    if known is None:
        return f'nothing fills "{group}.{key}"; write applicant, credentials or captured'
    return None if key in known else f'nothing fills "{group}.{key}"; {nearest(key, known)}'


def _changed(detail: str) -> StepBroken:
    return StepBroken(Failure(kind=FailureKind.CONTRACT, detail=detail))


def _is(kind: str, found: Any) -> bool:  # noqa: ANN401 - JSON
    if isinstance(found, bool):
        return kind == "true or false"
    return isinstance(found, _KINDS[kind])


def _kind_of(found: Any) -> str:  # noqa: ANN401 - JSON
    return next((kind for kind in _KINDS if _is(kind, found)), "nothing")


def _same(found: Any, wanted: Scalar) -> bool:  # noqa: ANN401 - JSON
    return isinstance(found, bool) == isinstance(wanted, bool) and bool(found == wanted)
