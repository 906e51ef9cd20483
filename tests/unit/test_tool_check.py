"""Tool definitions are checked: JSON, the tool object, JSON Schema, strict mode, each with its place."""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Sequence
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_specifications import REGISTRY

from meshtui.core.calls.verdict import verdict
from meshtui.core.schema.metaschema import schema_fault
from meshtui.core.tools.check import check_text, check_tool, check_tools, tokens_of
from meshtui.core.tools.file_check import check_file
from meshtui.core.tools.finding import Finding
from meshtui.core.tools.fixes import mended, mended_all
from tests.cases import load, needs_cases

KEYWORDS = sorted(
    name
    for vocabulary in ("core", "applicator", "unevaluated", "validation", "meta-data", "format-annotation", "content")
    for name in REGISTRY.contents(f"https://json-schema.org/draft/2020-12/meta/{vocabulary}")["properties"]
)
CASES: list[dict[str, Any]] = load("tools.json").get("tools", [])


@needs_cases
@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_each_definition_gets_the_verdict_given(case: dict[str, Any]) -> None:
    expect = case["expect"]
    text = case.get("text", json.dumps(case.get("tool")))
    value, findings = check_text(text)
    assert any(finding.code == "not json" for finding in findings) is (expect["json"] != "ok")
    if expect["json"] != "ok":
        assert value is None and findings[0].line and findings[0].column
        return
    errors = [finding for finding in findings if finding.severity == "error" or finding.kind == "strict"]
    assert sorted({one.code for one in errors if one.kind == "tool"}) == sorted(expect["tool_faults"])
    if "schema_2020_12" in expect:
        assert schema_state(findings) == expect["schema_2020_12"]
        assert sorted({one.code for one in errors if one.kind == "strict"}) == sorted(expect["strict_faults"])
    assert {(one.kind, one.code) for one in findings} == {(one.kind, one.code) for one in check_tool(value)}


def schema_state(findings: Sequence[Finding]) -> str:
    """Return what a definition's findings say of its schema, in the words of the cases."""
    codes = {finding.code for finding in findings if finding.kind == "schema" and finding.severity == "error"}
    if not codes:
        return "valid"
    return "unresolvable" if codes == {"unresolvable"} else "invalid"


def tool(parameters: Any, **members: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "x", "parameters": parameters, **members}}


def closed(**properties: Any) -> dict[str, Any]:
    names = list(properties)
    return {"type": "object", "properties": properties, "required": names, "additionalProperties": False}


def codes(definition: object, kind: str = "strict") -> list[tuple[str, str]]:
    return [
        (one.code, one.path.removeprefix("$.function.parameters")) for one in check_tool(definition) if one.kind == kind
    ]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (closed(a={"type": "string"}), []),
        (closed(a={"anyOf": [closed(b={"type": "integer"}), {"type": "null"}]}), []),
        (closed(a={"type": ["object", "null"], "properties": {}}), [("additional: not false", ".properties.a")]),
        (
            {**closed(a={"$ref": "#/$defs/d"}), "$defs": {"d": {"type": "object", "additionalProperties": False}}},
            [],
        ),
        (
            {
                **closed(a={"$ref": "#/$defs/d"}),
                "$defs": {"d": {"properties": {"b": {"type": "null"}}, "type": "object"}},
            },
            [("additional: not false", '["$defs"].d'), ("required: not every property", '["$defs"].d')],
        ),
        (
            closed(a={"type": "array", "items": {"type": "object", "additionalProperties": True}}),
            [("additional: not false", ".properties.a.items.additionalProperties")],
        ),
        (closed(a={"oneOf": [{"type": "string"}]}), [("keyword: oneOf", ".properties.a.oneOf")]),
        (closed(a={"allOf": [{"type": "string"}]}), [("keyword: allOf", ".properties.a.allOf")]),
        (closed(a={"type": "string", "format": "uri"}), [("keyword: format", ".properties.a.format")]),
        (closed(a={"type": "string", "minLength": 1, "title": "T", "x-y": 1}), []),
        (closed(default={"type": "string"}), []),
        (
            {**closed(a={"$ref": "#/$defs/d", "description": "A"}), "$defs": {"d": {"type": "string"}}},
            [("keyword: beside $ref", '.properties.a["$ref"]')],
        ),
        (
            {**closed(a={"type": "string"}), "anyOf": [{}]},
            [("root: anyOf", ".anyOf"), ("keyword: no type", ".anyOf[0]")],
        ),
        (
            closed(a={"type": "integer", "enum": list(range(1001))}),
            [("limit: enum values", "")],
        ),
        (
            closed(a={"type": "string", "enum": [f"{number:060}" for number in range(251)]}),
            [("limit: enum length", "")],
        ),
        (closed(**{f"p{number}": {"type": "null"} for number in range(5001)}), [("limit: properties", "")]),
        (closed(a={"type": "string", "const": "x" * 120_000}), [("limit: string length", "")]),
    ],
)
def test_strict_mode_is_told_by_rule_and_place(schema: Any, expected: list[tuple[str, str]]) -> None:
    assert codes(tool(schema)) == expected
    assert schema_state(check_tool(tool(schema))) == "valid"


def test_strict_faults_are_errors_where_strict_is_asked_for() -> None:
    loose = {"type": "object", "properties": {}}
    assert {one.severity for one in check_tool(tool(loose))} == {"warning"}
    assert {one.severity for one in check_tool(tool(loose, strict=True))} == {"error"}


@pytest.mark.parametrize(
    ("definition", "code"),
    [
        ([], "tool is not an object"),
        ({"function": {"name": "x"}}, "type is not function"),
        ({"type": "function", "function": "x"}, "no function object"),
        ({"type": "function", "function": {"name": 5}}, "name"),
        ({"type": "function", "function": {}}, "name"),
        ({"type": "function", "function": {"name": "größe"}}, "name"),
        ({"type": "function", "function": {"name": "x\n"}}, "name"),
        (tool(None), "parameters is not an object"),
        (tool({}), "parameters: root type is not object"),
        (tool(closed(), description=5), "description is not a string"),
        (tool(closed(), strict=1), "strict is not a boolean"),
    ],
)
def test_a_fault_of_the_tool_object_is_told(definition: object, code: str) -> None:
    assert [one.code for one in check_tool(definition) if one.severity == "error" and one.kind == "tool"] == [code]


def test_tools_of_one_name_are_told_together() -> None:
    found = check_tools([tool(closed()), tool(closed())])
    assert [(one.code, one.path) for one in found] == [("name twice", "$[1].function.name")]


@pytest.mark.parametrize(
    ("address", "state"),
    [
        ("#", "valid"),
        ("#/$defs/d", "valid"),
        ("#there", "valid"),
        ("https://json-schema.org/draft/2020-12/schema", "valid"),
        ("#/$defs/none", "unresolvable"),
        ("#nowhere", "unresolvable"),
        ("https://example.test/schema.json", "unresolvable"),
        ("other.json", "unresolvable"),
        ("http://[", "unresolvable"),
        ("#/$defs/d/title", "unresolvable"),
    ],
)
def test_a_reference_is_followed_here_only(address: str, state: str) -> None:
    schema = {**closed(a={"$ref": address}), "$defs": {"d": {"type": "null", "title": "T", "$anchor": "there"}}}
    findings = check_tool(tool(schema))
    assert schema_state(findings) == state
    dead = [one.path for one in findings if one.kind == "schema"]
    assert dead == ([] if state == "valid" else ['$.function.parameters.properties.a["$ref"]'])


@pytest.mark.parametrize(
    ("definitions", "rings"),
    [
        ({"a": {"$ref": "#/$defs/a"}}, ['["$defs"].a["$ref"]']),
        ({"a": {"$ref": "#/$defs/b~1%7E1"}, "b//": {"$ref": "#/$defs/a"}}, ['["$defs"].a["$ref"]']),
        ({"a": {"type": "object", "properties": {"next": {"$ref": "#/$defs/a"}}}}, []),
        ({"a": {"anyOf": [{"type": "null"}, {"$ref": "#"}]}}, []),
    ],
)
def test_references_in_a_ring_are_named_once(definitions: dict[str, Any], rings: list[str]) -> None:
    schema = {**closed(x={"$ref": "#/$defs/a"}), "$defs": definitions}
    found = [one for one in check_tool(tool(schema)) if one.code == "endless reference"]
    assert all(one.severity == "warning" for one in found)
    assert schema_state(check_tool(tool(schema))) == "valid"
    assert [one.path.removeprefix("$.function.parameters") for one in found] == rings


# Places in the text


def test_findings_have_their_place_in_the_text() -> None:
    text = json.dumps(
        tool({"type": "object", "properties": {"a": {"type": "dict"}, "b c": {"type": "string"}}}), indent=2
    )
    _, findings = check_text(text)
    lines = text.splitlines()
    placed = {one.path: lines[(one.line or 0) - 1][(one.column or 0) - 1 :] for one in findings}
    assert placed["$.function.parameters.properties.a.type"] == '"dict"'
    assert placed['$.function.parameters.properties["b c"]'] == "{"
    assert placed["$.function.parameters"] == "{"


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [('{"a": 1,}', 1, 9), ("", 1, 1), ('{\n "a": tru\n}', 2, 7), ('{"a": NaN}', 1, 7), ('{"a": "\n"}', 1, 8)],
)
def test_text_that_is_no_json_is_told_by_line_and_column(text: str, line: int, column: int) -> None:
    value, findings = check_text(text)
    assert value is None
    assert [(one.code, one.line, one.column) for one in findings] == [("not json", line, column)]


def test_a_name_that_stands_twice_is_told_with_its_place() -> None:
    value, findings = check_text('{"type": "function", "function": {"name": "x",\n "name": "y"}}')
    assert value["function"]["name"] == "y"
    assert [(one.code, one.severity, one.line, one.column) for one in findings] == [("name twice", "warning", 2, 2)]


def test_half_a_surrogate_pair_is_told_and_mended() -> None:
    value, findings = check_text(json.dumps(tool(closed(), description="a \ud83d b")))
    assert [(one.code, one.path) for one in findings] == [("lone surrogate", "$.function.description")]
    assert mended(value, findings[0])["function"]["description"] == "a \ufffd b"


# What a file may hold that JSON does not


@pytest.mark.parametrize("value", [datetime.date(2026, 1, 1), float("nan"), float("inf"), {1: 2}, b"x"], ids=repr)
def test_a_value_that_json_does_not_have_is_told(value: object) -> None:
    findings = check_tool(tool({"type": "object", "properties": {}, "x": value}))
    assert [(one.kind, one.path) for one in findings] == [("json", "$.function.parameters.x")]


# Fixes


@pytest.mark.parametrize("case", [case for case in CASES if "tool" in case], ids=lambda case: str(case["id"]))
@needs_cases
def test_every_fix_does_what_it_says(case: dict[str, Any]) -> None:
    definition = case["tool"]
    before = json.dumps(definition)
    for finding in check_tool(definition):
        if finding.fix:
            again = check_tool(mended(definition, finding))
            assert (finding.code, finding.path) not in {(one.code, one.path) for one in again}
    assert json.dumps(definition) == before
    left = [one for one in check_tool(mended_all(definition)) if one.kind == "strict" and one.fix]
    assert left == []


def test_what_was_optional_may_be_null_in_strict_mode() -> None:
    optional = {
        "a": {"type": "string", "enum": ["x", "y"]},
        "b": {"$ref": "#/$defs/d"},
        "c": {"anyOf": [{"type": "string"}]},
        "d": {"oneOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "e": {"allOf": [{"type": "object", "properties": {"f": {}}}], "description": "E"},
    }
    schema = {"type": "object", "properties": optional, "$defs": {"d": closed()}}
    found = mended_all(tool(schema, strict=True))
    assert check_tool(found) == []
    properties = found["function"]["parameters"]["properties"]
    assert properties["a"] == {"type": ["string", "null"], "enum": ["x", "y", None]}
    assert properties["b"] == {"anyOf": [{"$ref": "#/$defs/d"}, {"type": "null"}]}
    assert all(
        verdict(json.dumps(dict.fromkeys(optional)), found["function"]["parameters"]).state == "fits" for _ in "1"
    )


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ({"type": "dict"}, {"type": "object"}),
        ({"type": "HashMap"}, {"type": "object"}),
        ({"type": ["str", "None"]}, {"type": ["string", "null"]}),
        ({"type": "any"}, {}),
        ({"type": "number", "minimum": 0, "exclusiveMinimum": True}, {"type": "number", "exclusiveMinimum": 0}),
        ({"type": "array", "items": [{"type": "string"}]}, {"type": "array", "prefixItems": [{"type": "string"}]}),
        ({"description": 5}, {"description": "5"}),
        ({"minLength": -1}, {}),
        ({"pattern": "([a-z"}, {}),
        ({"properties": [{"name": "q", "type": "null"}]}, {"properties": {"q": {"type": "null"}}}),
    ],
)
def test_what_is_no_schema_is_mended(wrong: dict[str, Any], right: dict[str, Any]) -> None:
    definition = tool({"type": "object", "properties": {"a": wrong}})
    found = [one for one in check_tool(definition) if one.kind == "schema"]
    fixed = mended(definition, found[0])
    assert fixed["function"]["parameters"]["properties"]["a"] == right
    assert schema_state(check_tool(fixed)) == "valid"


def test_required_of_an_older_draft_moves_up() -> None:
    definition = tool({"type": "object", "properties": {"a": {"type": "string", "required": True}}})
    found = [one for one in check_tool(definition) if one.kind == "schema"]
    parameters = mended(definition, found[0])["function"]["parameters"]
    assert parameters == {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}


def test_the_flat_form_is_put_into_function() -> None:
    flat = {"type": "function", "name": "x", "parameters": closed(), "strict": True}
    found = check_tool(flat)
    assert [one.code for one in found] == ["no function object"]
    assert mended(flat, found[0]) == tool(closed(), strict=True)


# Agreement with the meta-schema, and bounds

_words = st.sampled_from(
    ["type", "properties", "items", "required", "enum", "minimum", "pattern", "$ref", "anyOf", "if"]
)
_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.sampled_from([-1, 0, 1, 2.0, 2.5]),
        st.sampled_from(["object", "string", "str", "#", "#/x", "^a", "("]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words | st.sampled_from(KEYWORDS), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=600, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYWORDS), _values, max_size=4))
def test_the_check_agrees_with_the_meta_schema(schema: dict[str, Any]) -> None:
    kind = jsonschema.Draft202012Validator
    meta = kind(kind.META_SCHEMA, format_checker=kind.FORMAT_CHECKER)
    assert (schema_fault(schema) == "") is meta.is_valid(schema), schema_fault(schema)


@settings(max_examples=200, deadline=None)
@given(_values)
def test_a_check_never_fails_whatever_stands_there(value: Any) -> None:
    for definition in (value, tool(value), {"type": "function", "function": value}):
        for finding in check_tool(definition):
            assert finding.message and finding.code
            if finding.fix and isinstance(definition, dict):
                check_tool(mended(definition, finding))
        if isinstance(definition, dict):
            mended_all(definition)
        assert tokens_of(definition) >= 1


@pytest.mark.parametrize(
    ("kind", "words"), [(None, "not null"), ([], "not an empty list"), ({}, "not an object"), ("str", "not 'str'")]
)
def test_a_type_that_is_none_is_shown_as_json_has_it(kind: Any, words: str) -> None:
    assert schema_fault({"type": kind}).endswith(words)


def _deep(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


def test_a_hostile_definition_is_bounded() -> None:
    text = (
        '{"type":"function","function":{"name":"x","parameters":'
        + '{"properties":{"a":' * 10_000
        + "{}"
        + "}}" * 10_002
    )
    assert [one.code for one in check_text(text)[1]] == ["too long or deep"]
    assert [one.code for one in check_tool(tool(_deep(10_000)))] == ["too long or deep"]
    for whole in (text, "[" * 100_000, '{"type": ' + "1" * 5_000 + "}"):
        (row,) = check_file(whole, "json")
        assert [one.code for one in row.findings] == ["too long or deep"] and not row.ok
    assert tokens_of(tool(_deep(10_000))) == 0
    many = {f"p{number}": {"type": "dict", "default": 1} for number in range(20_000)}
    begun = time.process_time()
    assert 0 < len(check_text(json.dumps(tool({"type": "object", "properties": many})))[1]) <= 1_000
    assert time.process_time() - begun < 5


def test_a_definition_is_checked_between_two_keystrokes() -> None:
    names = {
        f"p{number}": closed(a={"type": "string"}, b={"type": "array", "items": {"type": "dict"}})
        for number in range(80)
    }
    text = json.dumps(tool({"type": "object", "properties": names}), indent=2)
    assert len(text) > 20_000
    check_text(text)
    took = []
    for _ in range(5):
        begun = time.process_time()
        check_text(text)
        took.append(time.process_time() - begun)
    assert min(took) < 0.1
