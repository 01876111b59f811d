"""`pantau import`: a draft that loads, and holds nothing of what was recorded."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from agent.commands import import_journey
from agent.config.written_journey import journey_written_in

NIK = "3509214507900001"
SECRETS = (NIK, "Budi", "rahasia", "eyJhbGciOi", "kukis", "C1234567", "budi@example.org", "4711")


def entry(
    method: str,
    url: str,
    answer: object,
    *,
    body: str = "",
    mime: str = "application/json",
    **headers: str,
) -> dict[str, Any]:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    posted = {"postData": {"mimeType": mime, "text": body}} if body else {}
    return {
        "request": {
            "method": method,
            "url": url,
            "headers": [{"name": name, "value": value} for name, value in headers.items()],
            **posted,
        },
        "response": {"status": 200, "content": {"mimeType": "application/json", "text": text}},
    }


RECORDING = {
    "log": {
        "entries": [
            entry("GET", "https://simkim.example.invalid/logo.svg", "<svg/>"),
            entry(
                "POST",
                "https://simkim.example.invalid/sso/token",
                {"access_token": "eyJhbGciOi", "expires_in": 3600},
                body=json.dumps({"username": "Budi", "password": "rahasia"}),
                Cookie="s=kukis",
            ),
            entry(
                "GET",
                f"https://simkim.example.invalid/v2/pemohon/{NIK}?paspor=C1234567&halaman=4711",
                {"status": "diproses", "nama": "Budi", "umur": 36},
                Authorization="Bearer eyJhbGciOi",
            ),
            entry(
                "POST",
                "https://dukcapil.example.invalid/cari",
                {"jumlah": 1},
                body=json.dumps(
                    {"nik": NIK, "surel": "budi@example.org", "loket": 4711, "x": [{}]}
                ),
                Authorization="Basic eyJhbGciOi",
            ),
            entry("DELETE", "https://simkim.example.invalid/berkas/4711", {}),
        ]
    }
}
OPENAPI = """
openapi: 3.0.3
paths:
  /kuota/{kantor}:
    get:
      operationId: slots
      responses:
        "200":
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Kuota"}
    post: {responses: {}}
components:
  schemas:
    Kuota:
      required: [status, sisa]
      properties:
        status: {type: string}
        sisa: {type: integer}
        catatan: {type: string}
"""


@pytest.fixture
def pantau(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def run(content: str) -> tuple[int, str, str]:
        file = tmp_path / "recorded"
        file.write_text(content)
        parser = argparse.ArgumentParser()
        import_journey.register(parser.add_subparsers())
        arguments = parser.parse_args(["import", str(file), "--name", "draf"])
        code = arguments.run(arguments)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def loaded(folder: Path, draft: str):
    file = folder / "draf.yaml"
    file.write_text(draft)
    journey, mistakes = journey_written_in(file)
    assert not mistakes, [str(each) for each in mistakes]
    assert journey is not None
    return journey


def test_the_draft_of_a_recording_loads_and_holds_nothing_of_it(tmp_path: Path, pantau):
    code, out, err = pantau(json.dumps(RECORDING))
    assert code == 0
    assert [each for each in SECRETS if each in out + err] == []
    journey = loaded(tmp_path, out)
    assert [each.role for each in journey.steps] == ["simkim", "simkim", "dukcapil"]
    for part in (
        'username: "{credentials.username}"'.replace('"', "'"),
        "Authorization: Bearer {captured.token_1}",
        "token_1: access_token",
        "path: /v2/pemohon/{applicant.nik}",
        "paspor: '{applicant.passport}'",
        "surel: '{applicant.email}'",
    ):
        assert part in out, part


def test_what_was_left_out_is_told(pantau):
    _, out, err = pantau(json.dumps(RECORDING))
    for what in (
        "authorisation: 1",
        "cookies: 1",
        "credentials: 2",
        "identities in paths: 1",
        "identities in fields: 3",
        "requests that DELETE: 1",
        "requests that no JSON answered: 1",
        "values of bodies: 2",
    ):
        assert f"left out: {what}" in err
    assert "# Left out: authorisation (1), cookies (1)" in out


def test_the_draft_of_a_description_reads_and_expects_what_is_required(tmp_path: Path, pantau):
    code, out, err = pantau(OPENAPI)
    assert code == 0
    (step,) = loaded(tmp_path, out).steps
    assert step.id == "slots"
    assert "path: /kuota/0" in out
    assert "kind: whole number" in out
    assert "catatan" not in out
    assert "left out: operations that may write: 1" in err


def test_the_draft_of_a_description_agrees_on_the_whole_answer_by_reference(tmp_path: Path, pantau):
    _, out, err = pantau(OPENAPI)
    assert "openapi:\n    file: recorded\n    operation: GET /kuota/{kantor}\n" in out
    assert loaded(tmp_path, out).steps
    assert "shapes of answers" not in err


def test_a_described_answer_that_is_not_understood_is_left_out_and_told(tmp_path: Path, pantau):
    _, out, err = pantau(OPENAPI.replace("sisa: {type: integer}", "sisa: {not: {}}"))
    assert "openapi:" not in out
    assert loaded(tmp_path, out).steps
    assert "left out: shapes of answers that are not described, or not understood: 1" in err


@pytest.mark.parametrize("content", ["", "[]", "{}", "log: 3", "a: [", '{"log": {"entries": 3}}'])
def test_another_file_is_refused_in_one_line(pantau, content: str):
    code, out, err = pantau(content)
    assert (code, out) == (2, "")
    assert "neither a HAR recording" in err


@pytest.mark.parametrize(
    "content",
    [
        '{"log": {"entries": [3, {}, {"request": {}, "response": {"content": {"text": "{}"}}}]}}',
        '{"paths": {"/a": 3, "/b": {"get": 3}, "/c": {"get": {"responses": 3}}}}',
    ],
)
def test_a_strange_file_is_drafted_as_far_as_it_goes(pantau, content: str):
    assert pantau(content)[0] == 0


def test_a_file_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]):
    parser = argparse.ArgumentParser()
    import_journey.register(parser.add_subparsers())
    arguments = parser.parse_args(["import", "nowhere.har"])
    assert arguments.run(arguments) == 2
    assert "cannot be read" in capsys.readouterr().err
