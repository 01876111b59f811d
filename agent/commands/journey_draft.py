"""Drafts a journey in YAML from what a browser recorded (HAR) or an API says of itself (OpenAPI).

A recording holds an officer's working day: tokens, cookies, people. Nothing of their values
is taken over but the shape, and what was left out is listed for whoever reads the draft.
A token that an answer gave and a later request carried becomes a capture, for without it nothing
after the sign-in would work.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

from agent.core.real_identity import applicant_field, without_identities
from agent.core.schema import SchemaMistake
from agent.core.shape import answer_of

Json = Any
"""What was read from a file that is not ours, of any shape."""
SERVICE = "pilih.layanan"
"""Stands where a person has to choose a service of nation.yaml."""
_MOST_STEPS, _MOST_FIELDS = 50, 8
_SECRET_FIELDS = re.compile(
    "(user_?name|pass(word|code)?|sandi|secret|client_?id|client_?secret|otp|pin)", re.IGNORECASE
)
_LONG_ID = re.compile(r"[0-9a-fA-F-]{16,}|\d{6,}")
_METHODS = ("get", "post")
_KINDS: Mapping[type, str] = {
    bool: "true or false",
    int: "number",
    float: "number",
    str: "text",
    list: "list",
    dict: "object",
}
_SCHEMA_KINDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "array": "list",
    "object": "object",
}


class NotADraft(ValueError):  # noqa: N818 - a fact about the file
    """The file is neither a recording nor a description of an API."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """A journey to be read and finished by a person."""

    name: str
    steps: list[dict[str, Json]] = field(default_factory=list)
    removed: dict[str, int] = field(default_factory=dict)
    """What was left out, and how often."""

    def leave_out(self, what: str, times: int = 1) -> None:
        """Note something that is not taken over."""
        if times:
            self.removed[what] = self.removed.get(what, 0) + times

    def text(self) -> str:
        """The YAML, with the list of what was left out on top."""
        left_out = [f"{what} ({times})" for what, times in sorted(self.removed.items())]
        head = [
            "# A draft. Read it before it runs: choose each step's service and role, take out what",
            "# writes (or mark it sandbox_only), and say what every answer must hold.",
            f"# Left out: {', '.join(left_out) or 'nothing'}.",
        ]
        whole = {"journey": self.name, "about": "A draft.", "steps": self.steps}
        body = yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=100)
        return "\n".join(head) + "\n" + body


def draft_of(text: str, name: str, file: str) -> Draft:
    """The draft of the text of ``file``, to be saved beside it. Raises :class:`NotADraft`."""
    try:
        document = json.loads(text)
    except ValueError:
        try:
            document = yaml.safe_load(text)
        except yaml.YAMLError:
            document = None
    entries = _at(document, "log", "entries")
    if isinstance(entries, list):
        return _of_recording(entries, name)
    paths = _at(document, "paths")
    if isinstance(paths, dict):
        return _of_description(document, paths, name, file)
    raise NotADraft("neither a HAR recording (log.entries) nor an OpenAPI document (paths)")


# --- a recording


def _of_recording(entries: Sequence[Json], name: str) -> Draft:
    draft = Draft(name=name)
    tokens: dict[str, str] = {}
    """Values of answers, and what they are captured as."""
    for entry in entries:
        request, response = _at(entry, "request"), _at(entry, "response")
        answer = _json(_at(response, "content", "text"))
        if not isinstance(request, dict) or not isinstance(answer, dict | list):
            draft.leave_out("requests that no JSON answered")
        elif str(request.get("method", "")).lower() not in _METHODS:
            draft.leave_out(f"requests that {request.get('method')}")
        elif len(draft.steps) < _MOST_STEPS:
            draft.steps.append(_recorded_step(request, answer, tokens, draft))
        else:
            draft.leave_out(f"requests beyond {_MOST_STEPS}")
    return draft


def _recorded_step(
    request: Mapping[str, Json], answer: Json, tokens: dict[str, str], draft: Draft
) -> dict[str, Json]:
    url, method = urlsplit(str(request.get("url", ""))), str(request["method"]).upper()
    path = without_identities(url.path or "/")
    asked: dict[str, Json] = {"method": method, "path": path}
    if path != url.path:
        draft.leave_out("identities in paths")
    if _LONG_ID.search(path):
        draft.leave_out("long numbers in paths", 1)
        asked["path"] = _LONG_ID.sub("0", path)
    if method == "GET" and url.query:
        asked["params"] = {key: _emptied(key, value, draft) for key, value in parse_qsl(url.query)}
    if method == "POST":
        asked |= _body(_at(request, "postData") or {}, draft)
    headers = {str(each.get("name", "")): str(each.get("value", "")) for each in _dicts(request)}
    draft.leave_out("cookies", sum(name.lower() == "cookie" for name in headers))
    bearer = next((v for k, v in headers.items() if k.lower() == "authorization"), "")
    captured = tokens.get(bearer.removeprefix("Bearer "))
    if captured:
        asked["headers"] = {"Authorization": f"Bearer {{captured.{captured}}}"}
    elif bearer:
        draft.leave_out("authorisation")
    step: dict[str, Json] = {
        "step": f"{len(draft.steps) + 1} {method} {asked['path'][:60]}",
        "service": SERVICE,
        "role": _role(url.hostname or "target"),
        "request": asked,
    }
    if isinstance(answer, dict):
        step |= _expected(answer, tokens)
    return step


def _dicts(request: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    headers = request.get("headers")
    yield from (each for each in headers or () if isinstance(each, dict))


def _body(posted: Json, draft: Draft) -> dict[str, Json]:
    text = str(_at(posted, "text") or "")
    body = _json(text)
    if isinstance(body, dict | list):
        return {"json": _shape(body, draft)}
    if "urlencoded" in str(_at(posted, "mimeType") or ""):
        return {"form": {key: _emptied(key, value, draft) for key, value in parse_qsl(text)}}
    draft.leave_out("bodies that are no JSON or form", int(bool(text)))
    return {}


def _shape(value: Json, draft: Draft, key: str = "") -> Json:
    if isinstance(value, dict):
        return {str(name): _shape(each, draft, str(name)) for name, each in value.items()}
    if isinstance(value, list):
        return [_shape(each, draft, key) for each in value[:1]]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        draft.leave_out("values of bodies")
        return 0
    return _emptied(key, str(value), draft)


def _emptied(key: str, value: str, draft: Draft) -> str:
    """What stands for a value: the synthetic applicant's, a credential, or nothing."""
    of_applicant = applicant_field(key)
    if of_applicant is not None:
        draft.leave_out("identities in fields")
        return f"{{applicant.{of_applicant}}}"
    if _SECRET_FIELDS.fullmatch(key):
        draft.leave_out("credentials")
        return f"{{credentials.{re.sub('[^A-Za-z0-9_-]', '_', key)}}}"
    draft.leave_out("values of bodies", int(bool(value)))
    return ""


def _expected(answer: Mapping[str, Json], tokens: dict[str, str]) -> dict[str, Json]:
    """The fields that the answer had, and a capture of what may be a token."""
    fields = [key for key in answer if re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", key)][:_MOST_FIELDS]
    found: dict[str, Json] = {
        "expect": [
            {"value": key, "kind": _KINDS[type(answer[key])]}
            for key in fields
            if type(answer[key]) in _KINDS
        ]
    }
    secret = [k for k in fields if "token" in k.lower() and isinstance(answer[k], str)]
    for key in secret[:1]:
        name = f"token_{len(tokens) + 1}"
        tokens[answer[key]] = name
        found["capture"] = {name: key}
    return found


# --- a description


def _of_description(document: Json, paths: Mapping[str, Json], name: str, file: str) -> Draft:
    draft = Draft(name=name)
    for path, operations in paths.items():
        for method, operation in (operations if isinstance(operations, dict) else {}).items():
            if method.lower() in ("post", "put", "patch", "delete"):
                draft.leave_out("operations that may write")
            elif method.lower() == "get" and isinstance(operation, dict):
                if len(draft.steps) < _MOST_STEPS:
                    step = _described_step(document, str(path), operation)
                    draft.steps.append(step | _agreed(document, f"GET {path}", file, draft))
                else:
                    draft.leave_out(f"operations beyond {_MOST_STEPS}")
    return draft


def _described_step(document: Json, path: str, operation: Mapping[str, Json]) -> dict[str, Json]:
    named = str(operation.get("operationId") or operation.get("summary") or f"GET {path}")
    schema = _resolved(
        document, _at(_good_answer(operation), "content", "application/json", "schema")
    )
    properties = _at(schema, "properties")
    required = _at(schema, "required")
    step: dict[str, Json] = {
        "step": re.sub(r"\s+", " ", named)[:80],
        "service": SERVICE,
        "role": "target",
        "request": {"path": re.sub(r"\{[^}]*\}", "0", path)},
    }
    if isinstance(properties, dict):
        step["expect"] = [
            {"value": key, "kind": _SCHEMA_KINDS[kind]}
            for key, each in properties.items()
            if (not isinstance(required, list) or key in required)
            and (kind := str(_at(_resolved(document, each), "type"))) in _SCHEMA_KINDS
            and re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", str(key))
        ][:_MOST_FIELDS]
    return step


def _agreed(document: Json, operation: str, file: str, draft: Draft) -> dict[str, Json]:
    """The whole shape of the answer, by reference, where it is described and understood."""
    try:
        answer_of(document, operation)
    except SchemaMistake:
        draft.leave_out("shapes of answers that are not described, or not understood")
        return {}
    return {"openapi": {"file": file, "operation": operation}}


def _good_answer(operation: Mapping[str, Json]) -> Json:
    answers = operation.get("responses")
    if not isinstance(answers, dict):
        return None
    return next((each for code, each in answers.items() if str(code).startswith("2")), None)


def _resolved(document: Json, schema: Json) -> Json:
    """A schema without the reference that it may be; references into other files are let be."""
    for _ in range(8):
        reference = _at(schema, "$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return schema
        schema = _at(document, *reference.removeprefix("#/").split("/"))
    return schema


# --- what both share


def _at(value: Json, *keys: str) -> Json:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _json(text: Json) -> Json:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None


def _role(host: str) -> str:
    return re.sub("[^a-z0-9_-]", "-", host.lower().partition(".")[0]).strip("-_") or "target"
