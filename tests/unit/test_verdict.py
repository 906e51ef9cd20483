"""Arguments of calls are checked: faults by path, whole or arriving, bounded whatever the schema is."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from meshtui.core.calls.verdict import LiveVerdict, verdict

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 2},
        "days": {"type": "integer", "minimum": 1, "maximum": 9},
        "unit": {"enum": ["c", "f"]},
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"price": {"type": "number"}, "a b": {"type": "boolean"}},
                "required": ["price"],
                "additionalProperties": False,
            },
        },
        "when": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
    "required": ["city"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("arguments", "faults"),
    [
        ('{"city": "Rome"}', []),
        ("{}", ["$.city: required and missing"]),
        ('{"city": 5}', ["$.city: expected string, got integer 5"]),
        ('{"city": "Rome", "days": 12}', ["$.days: expected at most 9, got 12"]),
        ('{"city": "Rome", "days": true}', ["$.days: expected integer, got true"]),
        ('{"city": "Rome", "unit": "k"}', ['$.unit: expected one of "c", "f", got "k"']),
        (
            '{"city": "Rome", "items": [{"price": 1}, {"price": "2"}]}',
            ['$.items[1].price: expected number, got string "2"'],
        ),
        ('{"city": "Rome", "items": [{}]}', ["$.items[0].price: required and missing"]),
        ('{"city": "Rome", "items": [{"price": 1, "a b": 1}]}', ['$.items[0]["a b"]: expected boolean, got integer 1']),
        ('{"city": "Rome", "when": 5}', ["$.when: expected string or null, got integer 5"]),
    ],
)
def test_a_fault_is_told_by_path_with_what_was_expected_and_what_came(arguments: str, faults: list[str]) -> None:
    said = verdict(arguments, SCHEMA)
    assert [str(fault) for fault in said.faults] == faults
    assert said.state == ("misfits" if faults else "fits")
    assert json.loads(json.dumps(said.to_json()))["state"] == said.state


def test_an_unknown_property_is_told_while_it_arrives() -> None:
    said = LiveVerdict(SCHEMA).feed('{"city": "Ro')
    assert said.state == "fits"
    said = LiveVerdict(SCHEMA).feed('{"city": "Rome", "items": [{"colour": "r')
    assert [fault.path for fault in said.faults] == ["$.items[0].colour"]


def test_closed_alternatives_are_told_apart_while_they_arrive() -> None:
    def closed(name: str) -> dict[str, Any]:
        return {"type": "object", "properties": {name: {}, "z": {"type": "integer"}}, "additionalProperties": False}

    schema = {"properties": {"one": {"anyOf": [closed("a"), closed("b")]}}}
    text = '{"one": {"b": 1, "z": 2, "y": 3}}'
    live = LiveVerdict(schema)
    states = [live.feed(char).state for char in text]
    assert states.index("misfits") == text.index("3")
    assert live.finish() == verdict(text, schema)


@pytest.mark.parametrize(
    ("arguments", "parameters", "state", "words"),
    [
        ("", SCHEMA, "not_json", "line 1, column 1: there is no value"),
        ('{"city": Rome}', SCHEMA, "not_json", "line 1, column 10"),
        ('{"city": NaN}', SCHEMA, "not_json", "NaN"),
        ('["Rome"]', SCHEMA, "not_object", "expected object, got array of 1 item"),
        ('"{}"', SCHEMA, "not_object", "got string"),
        ("{}", None, "no_schema", "no schema"),
        ("{}", {"type": "dict"}, "bad_schema", "'dict'"),
        ("{}", [], "bad_schema", "no object"),
        ("{}", {"$ref": "#/$defs/none"}, "bad_schema", "leads to no schema"),
        ("{}", {"$ref": "https://example.test/x.json"}, "bad_schema", "nothing is fetched"),
        ("{}", {"$ref": "#"}, "bad_schema", "without end"),
        ("{}", {"x": {1, 2}}, "bad_schema", "JSON"),
        ('{"a":' * 300 + "1" + "}" * 300, {}, "not_json", "deeper than 200"),
        ('{"a": ' + "9" * 5_000 + "}", {}, "not_json", "4,000"),
        ('{"city": "Rome", "city": "Oslo"}', SCHEMA, "fits", "stands twice"),
    ],
)
def test_what_cannot_be_checked_is_one_sentence(arguments: str, parameters: Any, state: str, words: str) -> None:
    said = verdict(arguments, parameters)
    assert said.state == state and words in said.sentence and said.sentence.count("\n") == 0
    live = LiveVerdict(parameters)
    for place in range(0, len(arguments), 7):
        live.feed(arguments[place : place + 7])
    assert live.finish().state == state


@pytest.mark.parametrize(
    ("schema", "text", "known_at"),
    [
        ({"properties": {"a": {"type": "string"}}}, '{"a": 5}', "5"),
        ({"properties": {"a": {"type": "integer"}}}, '{"a": true}', "t"),
        ({"properties": {"a": {"type": "boolean"}}}, '{"a": null}', "n"),
        ({"properties": {"a": {"type": "array"}}}, '{"a": {}}', "{}}"),
        ({"properties": {"a": {"maxLength": 2}}}, '{"a": "xyz"}', "z"),
        ({"properties": {"a": {"enum": ["cat", "car"]}}}, '{"a": "cup"}', "u"),
        ({"properties": {"a": {"const": {"b": [1, 2]}}}}, '{"a": {"b": [1, true]}}', "t"),
        ({"properties": {"a": {"maxItems": 1}}}, '{"a": [1, 2]}', "2"),
        ({"properties": {"a": {"maximum": 9}}}, '{"a": 10}', "}"),
        ({"properties": {"a": {"pattern": "^b"}}}, '{"a": "c"}', "}"),
        ({"properties": {"a": {"required": ["b"]}}}, '{"a": {"c": 1}}', "}}"),
        ({"additionalProperties": False}, '{"a": 1}', "1"),
        ({"properties": {"a": {"anyOf": [{"type": "null"}, {"type": "string"}]}}}, '{"a": [1]}', "[1]"),
    ],
)
def test_a_fault_is_known_as_soon_as_it_can_be(schema: dict[str, Any], text: str, known_at: str) -> None:
    live = LiveVerdict(schema)
    states = [live.feed(char).state for char in text]
    first = states.index("misfits")
    assert first <= text.index(known_at) + len(known_at) - 1
    assert first >= text.index(known_at) - (known_at == "}")
    assert set(states[first:]) == {"misfits"}


@pytest.mark.parametrize(
    ("schema", "value", "state", "note"),
    [
        ({"properties": {"a": {"pattern": "^(a+)+$"}}}, {"a": "a" * 5_000 + "!"}, "misfits", ""),
        (
            {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "properties": {"a": {"$ref": "#"}, "b": {"pattern": "^(a+)+$"}},
            },
            {"a": {"a": {"b": "a" * 5_000 + "!"}}},
            "misfits",
            "",
        ),
        ({"properties": {"a": {"pattern": "^(?=a)(a+)+$"}}}, {"a": "a" * 50 + "!"}, "fits", "was not tried"),
        ({"properties": {"a": {"pattern": r"^(a+)+\1$"}}}, {"a": "a" * 50 + "!"}, "fits", "was not tried"),
        ({"patternProperties": {"^(a+)+$": {"type": "null"}}}, {"a" * 200 + "!": 1}, "fits", ""),
        (
            {"patternProperties": {"^(a+)+$": {}}, "unevaluatedProperties": False},
            {"a" * 200 + "!": 1},
            "fits",
            "was not checked",
        ),
        ({"properties": {"a": {"pattern": r"^(?=.*[A-Z])(?=.*\d).{8,}$"}}}, {"a": "Abcdefg1"}, "fits", ""),
        ({"properties": {"a": {"pattern": r"^(?=.*[A-Z])(?=.*\d).{8,}$"}}}, {"a": "abcdefg1"}, "misfits", ""),
        ({"properties": {"a": {"pattern": r"^\p{Lu}[^]$"}}}, {"a": "Éé"}, "fits", ""),
        (
            {
                "allOf": [{"$ref": "#/$defs/d0"}],
                "$defs": {f"d{one}": {"allOf": [{"$ref": f"#/$defs/d{one + 1}"}] * 2} for one in range(40)}
                | {"d40": {}},
            },
            {},
            "bad_schema",
            "",
        ),
        ({"properties": {"a": {"uniqueItems": True}}}, {"a": [{"b": one} for one in range(20_000)]}, "fits", ""),
        ({"additionalProperties": False}, {f"k{one}": 1 for one in range(20_000)}, "misfits", ""),
    ],
)
def test_a_hostile_schema_is_bounded_and_what_was_left_out_is_said(
    schema: dict[str, Any], value: Any, state: str, note: str
) -> None:
    begun = time.process_time()
    said = verdict(json.dumps(value), schema)
    assert time.process_time() - begun < 5
    assert said.state == state and len(said.faults) <= 20
    assert (note in " ".join(said.notes)) and bool(said.notes) is bool(note)
    assert all(len(str(fault)) < 1_000 for fault in said.faults)


ROW = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "sizes": {"type": "array", "items": {"type": "number", "minimum": 0}}},
    "required": ["name", "sizes"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("first", ["x", 5], ids=["fits", "misfits"])
def test_long_arguments_cost_their_length_while_they_arrive(first: Any) -> None:
    schema = {"type": "object", "properties": {"rows": {"type": "array", "items": ROW}}}

    def cost(rows: int) -> float:
        text = json.dumps(
            {"rows": [{"name": first, "sizes": []}, *({"name": "x", "sizes": [1, 2]} for _ in range(rows))]}
        )
        live = LiveVerdict(schema)
        begun = time.process_time()
        for place in range(0, len(text), 20):
            live.feed(text[place : place + 20])
        spent = time.process_time() - begun
        assert live.finish() == verdict(text, schema)
        return spent

    cost(100)
    assert cost(16_000) < 40 * max(cost(1_000), 0.005)


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        ('{"city":', "the value of 'city' and } are still to come"),
        ('{"city"', "a colon, the value of 'city' and } are still to come"),
        ('{"city": "Rome",', "a name, its value and } are still to come"),
        ('{"items": [1,', "a value and ]} are still to come"),
        ('{"city": "Rome"', ": } is still to come"),
        ('{"items": [', ": ]} is still to come"),
    ],
)
def test_what_is_still_to_come_of_broken_off_arguments_is_named(arguments: str, missing: str) -> None:
    assert missing in verdict(arguments, SCHEMA).sentence
