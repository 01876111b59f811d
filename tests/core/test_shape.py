"""How an answer differs from the shape that was agreed, in words without any of its values."""

from __future__ import annotations

import json
import re
import time

import pytest

from agent.core.schema import SchemaMistake
from agent.core.shape import answer_of, shape_of, told

FILE = {
    "type": "object",
    "required": ["no_permohonan", "status"],
    "properties": {
        "no_permohonan": {"type": "number"},
        "status": {"type": "string", "enum": ["diproses", "selesai"]},
        "biaya": {"type": ["integer", "null"], "minimum": 0},
        "riwayat": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "object", "required": ["pada"], "properties": {"pada": True}},
        },
    },
}
GOOD = {"no_permohonan": 7, "status": "diproses"}


@pytest.mark.parametrize(
    ("answer", "differences"),
    [
        (GOOD, ()),
        ({**GOOD, "biaya": None, "new": "x"}, ()),
        ({**GOOD, "biaya": 350000.0}, ()),
        ({**GOOD, "no_permohonan": "A7"}, ("no_permohonan: number became string",)),
        ({**GOOD, "no_permohonan": True}, ("no_permohonan: number became boolean",)),
        ({"status": "diproses"}, ("no_permohonan: missing",)),
        ({**GOOD, "biaya": 1.5}, ("biaya: integer or null became number",)),
        ({**GOOD, "biaya": -1}, ("biaya: outside the range that was agreed",)),
        ({**GOOD, "status": "BUDI"}, ("status: none of the values that were agreed",)),
        ({**GOOD, "riwayat": []}, ("riwayat: shorter than agreed",)),
        ({**GOOD, "riwayat": [{}, {}, 3]}, (
            "riwayat[].pada: missing", "riwayat[]: object became number",
        )),
        ([], ("the answer: object became array",)),
        (None, ("the answer: object became null",)),
    ],
)  # fmt: skip
def test_every_difference_is_told_by_its_place(answer, differences):
    assert shape_of(FILE).differences(answer) == differences


@pytest.mark.parametrize(
    ("schema", "good", "bad", "words"),
    [
        ({"type": "string", "nullable": True}, [None, "a"], 1, "string or null became number"),
        ({"const": 1}, [1], True, "not the value that was agreed"),
        ({"enum": [["a"], 0]}, [["a"], 0], False, "none of the values that were agreed"),
        ({"type": "string", "minLength": 1, "maxLength": 3}, ["abc"], "", "shorter than agreed"),
        ({"type": "string", "maxLength": 3}, ["abc"], "abcd", "longer than agreed"),
        ({"exclusiveMinimum": 0}, [0.1], 0, "outside the range that was agreed"),
        ({"minimum": 0, "exclusiveMinimum": True}, [1], 0, "outside the range that was agreed"),
        ({"maximum": 9, "exclusiveMaximum": True}, [8], 9, "outside the range that was agreed"),
        ({"additionalProperties": False}, [{}], {"a": 1}, "fields that were not agreed: 1"),
        (
            {"additionalProperties": {"type": "string"}},
            [{"3201010101010001": "a"}],
            {"3201010101010001": 1},
            "*: string became number",
        ),
        (
            {"allOf": [{"required": ["a"]}, {"required": ["b"]}]},
            [{"a": 1, "b": 1}],
            {"a": 1},
            "b: ",
        ),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, ["a", None], 1, "string became number"),
        ({"anyOf": [{"type": "integer"}, {"type": "number"}]}, [1], "1", "integer became string"),
        ({"properties": {"a": False}}, [{}], {"a": 1}, "a: not agreed"),
    ],
)
def test_what_is_understood_of_json_schema(schema, good, bad, words):
    shape = shape_of(schema)
    assert [shape.differences(each) for each in good] == [()] * len(good)
    assert words in told(shape.differences(bad))


def test_of_several_alternatives_the_nearest_is_told():
    alternatives = [{"type": "object", "required": ["a", "b", "c"]}, {"required": ["a", "b"]}]
    assert shape_of({"anyOf": alternatives}).differences({"a": 1}) == ("b: missing",)


def test_a_schema_may_refer_to_itself_and_its_own_parts():
    tree = {
        "$ref": "#/$defs/node",
        "$defs": {
            "node": {
                "type": "object",
                "properties": {"anak": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
            }
        },
    }
    shape = shape_of(tree)
    assert shape.differences({"anak": [{"anak": []}]}) == ()
    assert shape.differences({"anak": [{"anak": [1]}]}) == ("anak[].anak[]: object became number",)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ([], "must be an object"),
        ({"type": "text"}, "a type must be one of"),
        ({"properties": {"a": {"not": {}}}}, 'the schema, a: the keyword "not"'),
        ({"props": {}}, '"props" is not understood'),
        ({"required": "a"}, "required must be a list"),
        ({"properties": []}, "properties must be an object"),
        ({"items": {"$ref": "https://example.org/a.json"}}, "must stay within the document"),
        ({"$ref": "other.json#/a"}, "must stay within the document"),
        ({"$ref": "#/$defs/a"}, "has no #/$defs/a"),
        ({"$ref": "#"}, "leads back to itself"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_when_it_is_read(schema, words):
    with pytest.raises(SchemaMistake, match=re.escape(words)):
        shape_of(schema)


# --- what an answer may do to it


def test_many_differences_are_counted_and_few_are_told():
    schema = {"required": [f"f{n}" for n in range(5)]}
    words = told(shape_of(schema).differences({}))
    assert words == "f0: missing; f1: missing; f2: missing; and 2 more"


def test_no_value_and_no_name_of_the_answer_is_told():
    schema = {"additionalProperties": False, "properties": {"a": {"enum": [1]}}}
    words = told(shape_of(schema).differences({"a": "Budi", "3201010101010001": "Budi"}))
    assert "Budi" not in words
    assert "3201" not in words
    assert words.count(":") == 3


@pytest.mark.parametrize(
    "answer",
    [
        json.loads("[" * 400 + "]" * 400),
        [[0] * 1000] * 1000,
        [{str(n): n for n in range(1000)}] * 1000,
    ],
    ids=["deep", "long", "wide"],
)
def test_a_hostile_answer_costs_no_more_than_a_moment(answer):
    anything = {
        "anyOf": [
            {"type": "array", "items": {"$ref": "#"}},
            {"type": "object", "additionalProperties": {"$ref": "#"}},
            {"type": "integer"},
        ]
    }
    started_s = time.process_time()
    shape_of(anything).differences(answer)
    assert time.process_time() - started_s < 2.0


# --- OpenAPI

SIMPONI = {
    "openapi": "3.0.3",
    "paths": {
        "/billing/{kode}": {
            "parameters": [],
            "get": {
                "operationId": "lihatBilling",
                "responses": {
                    "404": {"description": "none"},
                    "200": {"$ref": "#/components/responses/Billing"},
                },
            },
            "delete": {"responses": {"204": {"description": "gone"}}},
        }
    },
    "components": {
        "responses": {
            "Billing": {
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Billing"}}
                }
            }
        },
        "schemas": {
            "Billing": {
                "type": "object",
                "required": ["status"],
                "properties": {"status": {"type": "string", "x-pemilik": "simponi"}},
            }
        },
    },
}


@pytest.mark.parametrize("name", ["lihatBilling", "GET /billing/{kode}"])
def test_the_good_answer_of_an_operation_is_found_by_its_name(name):
    shape = answer_of(SIMPONI, name)
    assert shape.differences({"status": "tidak ditemukan"}) == ()
    assert shape.differences({"status": 4}) == ("status: string became number",)


@pytest.mark.parametrize(
    ("document", "name", "words"),
    [
        (SIMPONI, "lihat", "no operation of that name"),
        (SIMPONI, "DELETE /billing/{kode}", "no good answer"),
        ([], "lihatBilling", "no operation of that name"),
    ],
)
def test_an_operation_that_is_not_described_is_refused(document, name, words):
    with pytest.raises(SchemaMistake, match=words):
        answer_of(document, name)
