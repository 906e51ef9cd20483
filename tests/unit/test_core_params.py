"""The table of parameters: complete, honest about ranges, and read and written without loss."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from meshtui.client.types import ChatCompletionParams
from meshtui.core.json.text import has_null, json_to_edit, json_value
from meshtui.core.params import BY_NAME, PARAMS, format_fault, param_faults
from meshtui.core.schema.metaschema import schema_fault

ELSEWHERE = {"messages", "model", "template", "variables"}
VALUES: list[Any] = [-3, -2, -1, 0, 0.5, 1, 1.5, 2, 2.5, True, "auto", "none", "x" * 257, [], ["text"], [{}], {}]


def is_taken(name: str, value: Any) -> bool:
    """Whether the client would send a parameter."""
    try:
        ChatCompletionParams.model_validate({"messages": [], name: value})
    except ValidationError:
        return False
    return True


def test_every_field_of_a_request_is_in_the_table() -> None:
    assert {param.name for param in PARAMS} == set(ChatCompletionParams.model_fields) - ELSEWHERE
    for name in ("image", "audio"):
        annotation = ChatCompletionParams.model_fields[name].annotation
        model = next(one for one in annotation.__args__ if hasattr(one, "model_fields"))  # type: ignore[union-attr]
        assert {param.name for param in BY_NAME[name].members} == set(model.model_fields)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (param.name, value)
        for param in PARAMS
        for value in VALUES
        # The check here is stricter about types where the client converts, and about what a format has to hold.
        if not (param.kind in ("number", "int") and isinstance(value, bool))
        and not (param.kind == "bool" and not isinstance(value, bool))
        and not (param.name == "response_format" and isinstance(value, dict))
        and not (param.name == "tools" and value == [{}])
        and not (param.name == "stop" and value == "auto")
    ],
)
def test_the_table_refuses_what_the_client_refuses(name: str, value: Any) -> None:
    if BY_NAME[name].kind == "lines" and isinstance(value, str):
        return  # a single text counts as a list of one
    assert (BY_NAME[name].fault(value) == "") is is_taken(name, value)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("temperature", "9", "0 to 2 is allowed, not 9"),
        ("temperature", "warm", "a number is expected, such as 0.7"),
        ("temperature", "0,7", "with a point"),
        ("temperature", "1e999", "a number is expected"),
        ("max_tokens", "0", "1 is the least"),
        ("max_tokens", "1.5", "a whole number is expected"),
        ("timeout", "0", "above 0"),
        ("user", "x" * 257, "257 characters: at most 256"),
        ("cache", "maybe", "true or false"),
        ("reasoning_effort", "xhigh", "high, medium, low, none"),
        ("modalities", "text\nsmell", "not 'smell'"),
        ("audio", '{"format": "ogg"}', "format: wav, mp3"),
        ("image", '{"n": 11}', "n: 1 to 10"),
        ("reasoning", '{"effort": "low", "max_tokens": 5}', "effort or max_tokens, not both"),
        ("reasoning", '{\n  "effort": low}', "line 2, column 13"),
        ("tags", '{"team": 5}', "team: a text is expected"),
        ("tools", "{}", "a JSON list of objects"),
        ("tool_choice", "some", "none, auto, required or an object"),
        ("image", '{"n": 1, "n": 2}', "'n' stands twice"),
        ("image", '{"guidance_scale": NaN}', "NaN is no JSON number"),
        ("stop", '"open', "in quotes"),
        ("response_format", '{"type": "xml"}', '"json_object" or "json_schema"'),
    ],
)
def test_what_is_wrong_is_one_sentence(name: str, text: str, words: str) -> None:
    param = BY_NAME[name]
    try:
        said = param.fault(param.read(text))
    except ValueError as error:
        said = str(error)
    assert words in said and "\n" not in said


@given(st.lists(st.text(), max_size=5))
def test_a_list_is_written_and_read_without_loss(items: list[str]) -> None:
    assert BY_NAME["stop"].read(BY_NAME["stop"].text(items)) == items


@given(st.recursive(st.booleans() | st.integers() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)))
def test_json_is_written_and_read_without_loss(value: Any) -> None:
    assert json_value(json_to_edit(value)) == value and not has_null(value)


@pytest.mark.parametrize("param", PARAMS, ids=lambda param: param.name)
def test_each_says_what_it_wants_and_does(param: Any) -> None:
    assert param.help.endswith(".") and param.wants
    assert len(param.wants) < 80


def test_faults_are_told_by_name() -> None:
    assert param_faults({"temperature": 3, "top_p": 0.5, "unknown": object(), "seed": None}) == {
        "temperature": "0 to 2 is allowed, not 3"
    }


SCHEMAS: list[Any] = [
    {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False},
    {"type": "objekt"},
    {"type": ["string", "null"]},
    {"type": ["string", "string"]},
    {"properties": {"a": {"type": "strin"}}},
    {"properties": []},
    {"required": "a"},
    {"required": ["a", "a"]},
    {"required": [1]},
    {"items": {"minLength": -1}},
    {"items": [{"type": "string"}]},
    {"anyOf": []},
    {"anyOf": [{"type": 5}]},
    {"enum": "a"},
    {"enum": [None, 1]},
    {"multipleOf": 0},
    {"$defs": {"x": {"type": "x"}}, "$ref": "#/$defs/x"},
    {"minimum": "1"},
    {"description": 5},
    {"maxItems": 2.0},
    {"maxItems": 2.5},
    {"x-own": {"type": "x"}},
    {"not": True},
    {"type": []},
    {"type": {}},
    {},
    [],
    "schema",
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=json.dumps)
def test_the_check_of_a_schema_agrees_with_jsonschema(schema: Any) -> None:
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
        right = True
    except jsonschema.SchemaError:
        right = False
    assert (schema_fault(schema) == "") is right


def test_the_fault_of_a_schema_says_where() -> None:
    assert schema_fault({"properties": {"age": {"type": "int"}}}).startswith("$.properties.age.type: one of string")
    inner = {"name": "x", "schema": {"type": "object"}}
    assert format_fault({"type": "json_schema", "json_schema": inner}) == ""
    assert "name is expected" in format_fault({"type": "json_schema", "json_schema": {"schema": {}}})
    assert format_fault({"type": "json_object"}) == ""
