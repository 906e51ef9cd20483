"""Rounds as values: which canned rule answers, what goes back, what a request becomes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from meshtui.core.calls.rounds import (
    answers,
    call_object,
    fits,
    free_id,
    matching,
    next_request,
    result_fault,
    with_tools,
)
from meshtui.core.chat import Message, ToolCall
from meshtui.core.json.place import keys_from
from meshtui.core.json.text import text_of
from meshtui.core.schema.example import example
from meshtui.core.tools.tool import Rule
from meshtui.core.usage import total_usage

ARGUMENTS: dict[str, Any] = {"city": "Rome", "n": 1, "on": True, "a": {"b": [10, {"c d": None}]}, "x.y": 5}


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({}, True),
        ({"city": "Rome"}, True),
        ({"$.city": "Rome"}, True),
        ({"city": "rome"}, False),
        ({"town": None}, False),
        ({"a.b[0]": 10}, True),
        ({"$.a.b.0": 10}, True),
        ({"a.b[-1]": {"c d": None}}, True),
        ({"a.b[1]['c d']": None}, True),
        ({'$.a.b[1]["c d"]': None}, True),
        ({"a.b[7]": 10}, False),
        ({"a.b.c": 10}, False),
        ({"city.x": 1}, False),
        ({"x.y": 5}, True),
        ({"n": 1.0}, True),
        ({"n": True}, False),
        ({"on": 1}, False),
        ({"a": {"b": [10]}}, False),
        ({"city": "Rome", "n": 2}, False),
        ({"$": ARGUMENTS}, True),
        ({"a[": 1}, False),
    ],
)
def test_a_rule_answers_by_values_at_paths(when: dict[str, Any], holds: bool) -> None:
    assert fits(Rule("x", when), "tool", ARGUMENTS) is holds


def test_a_path_that_is_none_is_one_sentence() -> None:
    assert keys_from("$") == () and keys_from("a[0].b") == ("a", 0, "b")
    for path in ("a[", f"a[{'9' * 5000}]", '$["\\x"]'):
        with pytest.raises(ValueError, match="is no path: write"):
            keys_from(path)
    assert not fits(Rule(1, {f"a.{'9' * 5000}": 1}), "any", {"a": [1]}), "no place is that far"


def test_the_first_rule_that_fits_answers_and_one_for_another_tool_never_does() -> None:
    rules = [Rule(1, tool="other"), Rule(2, {"city": "Oslo"}), Rule(3, tool="get"), Rule(4)]
    call = ToolCall("c", "get", json.dumps({"city": "Rome"}))
    found = matching(rules, call)
    assert found is not None and found[0] == 3 and found[1].result == 3
    assert matching(rules[:2], call) is None
    assert matching([Rule(1, {"$": {}})], ToolCall("c", "get", " ")) is not None, "no text is no arguments"


def test_a_text_is_sent_as_it_is_and_anything_else_as_json() -> None:
    assert [text_of(value) for value in ("a b", {"a": "é"}, [1], None, True, 1.5)] == [
        "a b", '{"a": "é"}', "[1]", "null", "true", "1.5"
    ]  # fmt: skip


def test_the_next_request_repeats_all_but_what_forced_the_call() -> None:
    call = ToolCall("c", "get", "{}")
    said = [Message("assistant", None, tool_calls=(call,)), Message("tool", "1", tool_call_id="c")]
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "tools": [{"a": 1}], "temperature": 0}
    for choice, kept in (("required", None), ({"type": "function"}, None), ("auto", "auto"), ("none", "none")):
        request = next_request({**body, "tool_choice": choice}, said)
        assert [message["role"] for message in request["messages"]] == ["user", "assistant", "tool"]
        assert request.get("tool_choice") == kept
        assert {name: request[name] for name in ("model", "tools", "temperature")} == {
            name: body[name] for name in ("model", "tools", "temperature")
        }
    assert body["messages"] == [{"role": "user", "content": "hi"}], "the request before is as it was"


def test_a_request_loses_its_tools_where_none_is_on_unless_it_brings_results() -> None:
    body = {"messages": [{"role": "user"}], "tools": [{"a": 1}], "tool_choice": "required"}
    assert with_tools(body, (), None) == {"messages": [{"role": "user"}]}
    assert with_tools(body, [{"b": 2}], "auto") == {**body, "tools": [{"b": 2}], "tool_choice": "auto"}
    results = {**body, "messages": [{"role": "tool"}]}
    assert with_tools(results, (), None)["tools"] == [{"a": 1}]
    assert "tool_choice" not in with_tools(results, [{"b": 2}], "required")


def test_results_are_read_from_what_follows_a_message() -> None:
    rows = [Message("tool", "1", tool_call_id="a"), Message("tool", "2", tool_call_id="b"), Message("user", "so")]
    found = answers([*rows, Message("tool", "3", tool_call_id="c")])
    assert found == {"a": rows[0], "b": rows[1]}


def test_ids_made_here_are_free() -> None:
    assert free_id({"call_2", "call_3"}, "call") == "call_4"


def test_usage_adds_up_by_number() -> None:
    one = {"prompt_tokens": 1, "details": {"cached": 2}, "model": "x", "flag": True}
    assert total_usage([one, None, one, {"details": None}]) == {"prompt_tokens": 2, "details": {"cached": 4}}


def test_a_call_is_told_with_its_verdict() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    tools = [{"type": "function", "function": {"name": "get", "parameters": schema}}, {"type": "web_search"}]
    bad = call_object(ToolCall("c", "get", '{"n": "x"}'), tools)
    assert list(bad) == ["id", "name", "arguments", "parsed", "verdict"] and bad["parsed"] == {"n": "x"}
    assert bad["verdict"]["state"] == "misfits" and bad["verdict"]["faults"][0]["path"] == "$.n"
    states = [
        call_object(ToolCall("c", name, text), given)["verdict"]["state"]
        for name, text, given in (
            ("get", '{"n": 1}', tools), ("get", "{", tools), ("other", "{}", tools), ("get", "{}", None)
        )
    ]  # fmt: skip
    assert states == ["fits", "not_json", "unknown_tool", "unknown_tool"]


def test_a_result_is_checked_against_the_schema_of_results() -> None:
    schema = {"type": "object", "required": ["degrees"], "properties": {"degrees": {"type": "number"}}}
    assert result_fault('{"degrees": 1}', schema) == "" == result_fault("anything", None)
    assert "output schema: $.degrees" in result_fault('{"degrees": "hot"}', schema)
    assert "output schema" in result_fault("a plain text", schema)
    assert result_fault("a plain text", {"type": "string"}) == ""
    assert "cannot be used" in result_fault("1", {"type": "strin"})
    assert result_fault("1", {"$ref": "#"}).startswith("The result was not checked: ")


def test_an_example_shows_everything_that_a_result_may_have() -> None:
    schema = {
        "type": "object",
        "required": ["degrees"],
        "properties": {
            "degrees": {"type": "number"},
            "sky": {"enum": ["clear", "rain"]},
            "days": {"type": "array", "items": {"type": "object", "properties": {"date": {"type": "string"}}}},
        },
    }
    made = example(schema)
    assert set(made) == {"degrees", "sky", "days"} and made["sky"] in ("clear", "rain")
    assert len(made["days"]) == 1 and set(made["days"][0]) == {"date"}
    assert result_fault(json.dumps(made), schema) == "" and example(schema) == made
