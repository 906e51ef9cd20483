"""Arguments of calls are checked: faults by path, whole or arriving, bounded whatever the schema is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from meshtui.core.verdict import LiveVerdict, partial_verdict, verdict

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
    said = partial_verdict('{"city": "Ro', SCHEMA)
    assert said.state == "fits"
    said = partial_verdict('{"city": "Rome", "items": [{"colour": "r', SCHEMA)
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
