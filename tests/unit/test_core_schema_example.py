"""Values made for a JSON Schema fit it, for our own table and for every satisfiable schema of the shared cases."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshtui.core.schema.example import example, value_for
from meshtui.core.schema.pattern_text import text_matching
from tests.cases import load, needs_cases

OBJECT: dict[str, Any] = {"type": "object"}

SCHEMAS: dict[str, Any] = {
    "empty": {},
    "true": True,
    "scalars": {
        **OBJECT,
        "properties": {
            "text": {"type": "string"},
            "whole": {"type": "integer"},
            "number": {"type": "number"},
            "flag": {"type": "boolean"},
            "nothing": {"type": "null"},
        },
        "required": ["text", "whole", "number", "flag", "nothing"],
    },
    "ranges": {
        **OBJECT,
        "properties": {
            "a": {"type": "integer", "minimum": 7, "maximum": 7},
            "b": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001},
            "c": {"type": "integer", "exclusiveMinimum": 9, "maximum": 10},
            "d": {"type": "integer", "multipleOf": 15, "minimum": 31, "maximum": 60},
            "e": {"type": "number", "multipleOf": 0.25, "minimum": -1, "maximum": -0.5},
            "f": {"type": "integer", "maximum": -1000},
        },
        "required": ["a", "b", "c", "d", "e", "f"],
    },
    "lengths": {"type": "string", "minLength": 200, "maxLength": 201},
    "short": {"type": "string", "maxLength": 2},
    "enum": {"enum": ["red", "green", None]},
    "enum-of-a-type": {"type": "integer", "enum": ["1", 1, 2]},
    "const": {"const": {"deep": [1, 2]}},
    "nested": {
        **OBJECT,
        "properties": {
            "a": {
                **OBJECT,
                "properties": {"b": {**OBJECT, "required": ["c"], "properties": {"c": {"const": 1}}}},
                "required": ["b"],
            }
        },
        "required": ["a"],
    },
    "closed": {**OBJECT, "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False},
    "open": {**OBJECT, "additionalProperties": {"type": "integer"}, "minProperties": 3},
    "patterned": {
        **OBJECT,
        "patternProperties": {"^x_[a-z]{3}$": {"type": "boolean"}},
        "additionalProperties": False,
        "minProperties": 2,
    },
    "required-but-undescribed": {**OBJECT, "required": ["anything"]},
    "dependent": {
        **OBJECT,
        "properties": {"card": {"const": 1}, "code": {"type": "integer"}},
        "required": ["card"],
        "dependentRequired": {"card": ["code"]},
    },
    "array": {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 4, "maxItems": 4},
    "unique": {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "minItems": 5},
    "unique-enum": {"type": "array", "items": {"enum": ["a", "b", "c"]}, "uniqueItems": True, "minItems": 3},
    "tuple": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False},
    "contains": {"type": "array", "items": {"type": "integer"}, "contains": {"const": 5}, "minContains": 2},
    "empty-array": {"type": "array", "items": {"type": "string"}, "maxItems": 0},
    "nullable": {"type": ["null", "string"]},
    "anyOf": {"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 3}]},
    "oneOf": {
        "oneOf": [
            {
                **OBJECT,
                "properties": {"kind": {"const": "circle"}, "radius": {"type": "number"}},
                "required": ["kind", "radius"],
                "additionalProperties": False,
            },
            {
                **OBJECT,
                "properties": {"kind": {"const": "square"}, "side": {"type": "number"}},
                "required": ["kind", "side"],
                "additionalProperties": False,
            },
        ]
    },
    "anyOf-beside-properties": {
        **OBJECT,
        "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
    },
    "allOf": {
        "allOf": [
            {**OBJECT, "properties": {"a": {"type": "integer"}}, "required": ["a"]},
            {"properties": {"a": {"minimum": 50}}},
        ]
    },
    "if-then": {
        **OBJECT,
        "properties": {"country": {"enum": ["US", "NL"]}, "zip": {"type": "string"}},
        "required": ["country", "zip"],
        "if": {"properties": {"country": {"const": "US"}}},
        "then": {"properties": {"zip": {"pattern": "^[0-9]{5}$"}}},
    },
    "ref": {
        **OBJECT,
        "$defs": {
            "money": {
                **OBJECT,
                "properties": {"amount": {"type": "string", "pattern": r"^\d+\.\d{2}$"}},
                "required": ["amount"],
            }
        },
        "properties": {"price": {"$ref": "#/$defs/money"}},
        "required": ["price"],
    },
    "ref-with-siblings": {"$defs": {"n": {"type": "integer"}}, "$ref": "#/$defs/n", "minimum": 90},
    "a-slash-in-a-pointer": {"$defs": {"x": {"y": {"type": "integer"}}}, "$ref": "#/$defs/x%2Fy"},
    "anchor": {"$defs": {"n": {"$anchor": "num", "type": "integer"}}, "$ref": "#num"},
    "recursive": {
        **OBJECT,
        "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#"}}},
        "required": ["name", "children"],
    },
    "recursive-anyOf": {
        "$defs": {
            "tree": {
                "anyOf": [
                    {
                        **OBJECT,
                        "properties": {"left": {"$ref": "#/$defs/tree"}, "right": {"$ref": "#/$defs/tree"}},
                        "required": ["left", "right"],
                    },
                    {"type": "integer"},
                ]
            }
        },
        "$ref": "#/$defs/tree",
    },
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_values_fit_their_schema(name: str) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMAS[name])
    for number in range(40):
        validator.validate(value_for(SCHEMAS[name], f"mark {number}", "Is it warm in Rome?"))


@pytest.mark.parametrize("kind", ["date", "date-time", "email", "uuid", "ipv4", "ipv6", "uri", "regex", "json-pointer"])
def test_formats_are_kept(kind: str) -> None:
    schema = {"type": "string", "format": kind}
    checker = jsonschema.FormatChecker()
    jsonschema.Draft202012Validator(schema, format_checker=checker).validate(value_for(schema, "m"))


PATTERNS = [
    r"^[A-Z]{2}-\d{4}$",
    r"^(foo|bar)+$",
    r"^#?[0-9a-fA-F]{6}$",
    r"^\+?[1-9]\d{1,14}$",
    r"^(?:[01]\d|2[0-3]):[0-5]\d$",
    r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$",
    r"[\w.-]+/[\w.-]+",
    r"^.{10,}$",
    r"^(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])$",
    r"^a\.b\\c$",
    r"^[\]\-x]+$",
    r"^\x41B?$",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_text_matches_its_pattern(pattern: str) -> None:
    import random

    for seed in range(30):
        assert re.search(pattern, text_matching(pattern, random.Random(seed)))


def test_a_long_pattern_text_reaches_the_minimum_length() -> None:
    text = value_for({"type": "string", "pattern": "^[a-z]+$", "minLength": 40}, "m")
    assert len(text) >= 40 and re.fullmatch("[a-z]+", text)


@pytest.mark.parametrize("pattern", ["(", "[a", "a{", "(?<=x)y", "\\", "*"])
def test_a_pattern_that_cannot_be_read_still_gives_a_text(pattern: str) -> None:
    assert isinstance(value_for({"type": "string", "pattern": pattern}, "m"), str)


def test_the_same_mark_gives_the_same_value_and_another_one_another() -> None:
    schema = SCHEMAS["scalars"]
    assert value_for(schema, "a") == value_for(schema, "a")
    assert len({str(value_for(schema, str(number))) for number in range(20)}) > 5


def test_words_of_the_question_find_their_way_into_the_arguments() -> None:
    schema = {
        **OBJECT,
        "properties": {"city": {"type": "string"}, "query": {"type": "string"}},
        "required": ["city", "query"],
    }
    assert value_for(schema, "m", "How warm is it in Lisbon today?") == {
        "city": "Lisbon",
        "query": "How warm is it in Lisbon today?",
    }


def test_a_default_that_fits_is_taken_and_one_that_does_not_is_not() -> None:
    assert value_for({"type": "string", "default": "celsius"}, "m") == "celsius"
    assert value_for({"type": "integer", "minimum": 5, "default": 1}, "m") >= 5


def test_what_nothing_can_fit_gives_an_empty_object() -> None:
    assert value_for({**OBJECT, "required": ["a"], "additionalProperties": False}, "m") == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
KEYWORDS = st.sampled_from(
    ["type", "properties", "required", "items", "enum", "anyOf", "oneOf", "allOf", "$ref", "pattern", "minimum"]
    + ["additionalProperties", "prefixItems", "if", "then", "format", "minLength", "default", "examples", "$defs"]
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(KEYWORDS, JSON | st.sampled_from(["object", "string", "#", "#/$defs/a"]), max_size=6))
def test_nonsense_never_raises(schema: dict[str, Any]) -> None:
    value_for(schema, "m", "hint")


def _nested(keyword: str, schema: Any, depth: int) -> Any:
    for _ in range(depth):
        schema = {"type": "array", "minItems": 60, keyword: [schema] if keyword == "allOf" else schema}
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": [{"$ref": "#"}]},
        _nested("allOf", {}, 3_000),
        {"$ref": "#nowhere", "properties": {"a": _nested("items", {}, 3_000)}},
        _nested("items", {"type": "string"}, 6),
        {"type": "array", "minItems": 10**9, "items": {"type": "string"}},
        {"type": "string", "minLength": 10**10},
        {"type": "string", "minLength": 10**10, "pattern": "^a+$"},
        {"type": "string", "pattern": "(a{99999}){99999}"},
        {"type": "string", "pattern": "((){99999}){99999}"},
        {"type": "string", "default": "a" * 40 + "!", "pattern": "^(a+)+$"},
        {"type": "object", "patternProperties": {"(a+)+$": {}}, "required": ["a" * 40 + "!"]},
    ],
    ids=range(11),
)
def test_a_schema_that_asks_for_too_much_is_given_up_soon(schema: Any) -> None:
    began = time.thread_time()
    made = example(schema)
    assert time.thread_time() - began < 3.0
    assert len(json.dumps(made)) < 1_000_000


def _shared() -> dict[str, Any]:
    found = {}
    for row in load("tools.json").get("tools", []):
        tool = row.get("tool")
        function = tool.get("function", tool) if isinstance(tool, dict) else None
        if isinstance(function, dict) and "parameters" in function:
            found[row["id"]] = (function["parameters"], row["expect"].get("schema_2020_12"))
    return found


SHARED = _shared()
# Requires a property that it forbids: nothing fits.
UNSATISFIABLE = {"strict-required-stranger"}


@needs_cases
@pytest.mark.parametrize("name", SHARED)
def test_arguments_fit_the_schemas_of_the_shared_cases(name: str) -> None:
    schema, verdict = SHARED[name]
    for number in range(10):
        value = value_for(schema, f"mark {number}", "What is the weather in Rome?")
        if verdict == "valid" and name not in UNSATISFIABLE:
            jsonschema.Draft202012Validator(schema).validate(value)
