"""The shape of an answer as a journey in YAML names it, and what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import pytest

from agent.config.written_journey import journey_written_in
from agent.core.synthetic import applicant_for
from agent.probe import Reply, Request, StepBroken

pytestmark = pytest.mark.anyio

SCHEMA = {"type": "object", "required": ["no"], "properties": {"no": {"type": "number"}}}
OPENAPI = {
    "paths": {
        "/a": {
            "get": {
                "operationId": "ask",
                "responses": {"200": {"content": {"application/json": {"schema": SCHEMA}}}},
            }
        }
    }
}
WAYS = {
    "written there": f"schema: {json.dumps(SCHEMA)}",
    "in a file": "schema: {file: answer.schema.json}",
    "of an operation": "openapi: {file: api.openapi.json, operation: ask}",
}


class Answering:
    """A session that answers one thing."""

    def __init__(self, status: int, body: object) -> None:
        self._reply = Reply(status=status, body=json.dumps(body).encode())

    async def send(self, request: Request) -> Reply:
        del request
        return self._reply


def step_that(folder: Path, agreed: str) -> Path:
    (folder / "answer.schema.json").write_text(json.dumps(SCHEMA))
    (folder / "api.openapi.json").write_text(json.dumps(OPENAPI))
    file = folder / "look.yaml"
    text = f"""
    journey: look
    about: Asks once.
    steps:
      - step: ask
        service: cetak
        role: simkim
        request: {{path: /a}}
        {agreed}
    """
    file.write_text(dedent(text))
    return file


async def told(folder: Path, agreed: str, body: object, status: int = 200) -> str | None:
    """The code and words of what broke the step; None: nothing did."""
    journey, mistakes = journey_written_in(step_that(folder, agreed))
    assert not mistakes, [str(each) for each in mistakes]
    assert journey is not None
    session = Answering(status, body)
    try:
        await journey(session=session, applicant=applicant_for("jember")).perform("ask")
    except StepBroken as broken:
        return f"{broken.failure.code}: {broken.failure.detail}"
    return None


@pytest.mark.parametrize("agreed", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"no": 1}, None),
        ({"no": "1"}, "contract: no: number became string"),
        ({}, "contract: no: missing"),
        ([], "contract: the answer: object became array"),
    ],
)
async def test_every_way_to_name_a_shape_holds_the_answer_to_it(
    tmp_path: Path, agreed, body, words
):
    assert await told(tmp_path, agreed, body) == words


async def test_a_bad_status_is_told_before_any_shape(tmp_path: Path):
    said = await told(tmp_path, WAYS["written there"], {}, status=503)
    assert said is not None
    assert said.startswith("http_503: HTTP 503")


@pytest.mark.parametrize(
    ("agreed", "words"),
    [
        ("schema: {type: text}", "steps.0.schema: the schema: a type must be one of"),
        ("schema: 3", "steps.0.schema: the schema: must be an object"),
        ("schema: {file: gone.json}", "gone.json:1: the file cannot be read"),
        ("schema: {$ref: 'https://example.org/a'}", "must stay within the document"),
        ("openapi: {file: api.openapi.json, operation: tell}", "no operation of that name"),
        ("openapi: {file: api.openapi.json}", "steps.0.openapi.operation: is missing"),
    ],
)
def test_a_shape_that_cannot_be_used_is_a_mistake_with_its_line(tmp_path: Path, agreed, words):
    journey, mistakes = journey_written_in(step_that(tmp_path, agreed))
    assert journey is None
    (mistake,) = mistakes
    assert mistake.line == 9
    assert words in str(mistake)


def test_one_step_has_one_shape(tmp_path: Path):
    both = f"schema: {{type: object}}\n        {WAYS['of an operation']}"
    _, mistakes = journey_written_in(step_that(tmp_path, both))
    assert ["holds both schema and openapi" in str(each) for each in mistakes] == [True]
