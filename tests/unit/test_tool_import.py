"""Tools out of other people's shapes and out of texts that are pasted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.core.tools.from_example import schema_of, tool_from_example
from meshtui.core.tools.from_text import form_of, tools_in_text
from meshtui.core.tools.responder import responder_from, responder_value, rules_from
from meshtui.core.tools.shapes import import_tools
from meshtui.core.tools.tool import Command, Responder, Rule, Tool

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WIRE = {
    "type": "function",
    "function": {"name": "get_weather", "description": "The weather", "parameters": SCHEMA, "strict": True},
}
ANTHROPIC = {"name": "get_weather", "description": "The weather", "input_schema": SCHEMA, "strict": True}
MCP = {"name": "get_weather", "description": "The weather", "inputSchema": SCHEMA, "strict": True}
GEMINI_SCHEMA = {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}, "required": ["city"]}


def imported(value: object) -> list[Tool]:
    return [found.tool for found in import_tools(value)]


@pytest.mark.parametrize(
    "value",
    [
        WIRE,
        [WIRE],
        {"model": "m", "messages": [], "tools": [WIRE]},
        WIRE["function"],
        {"type": "function", **WIRE["function"]},  # type: ignore[dict-item]
        {"functions": [WIRE["function"]]},
        ANTHROPIC,
        {"type": "custom", **ANTHROPIC},
        {"tools": [ANTHROPIC]},
        MCP,
        {"jsonrpc": "2.0", "id": 1, "result": {"tools": [MCP]}},
        {"tools": [{"functionDeclarations": [{**WIRE["function"], "parameters": GEMINI_SCHEMA}]}]},  # type: ignore[dict-item]
        [{"function_declarations": [{**WIRE["function"], "parameters": GEMINI_SCHEMA}]}],  # type: ignore[dict-item]
        {"toolConfig": {"tools": [{"toolSpec": {**MCP, "inputSchema": {"json": SCHEMA}}}]}},
    ],
)
def test_every_shape_gives_the_same_tool(value: object) -> None:
    (tool,) = imported(value)
    assert tool.definition == WIRE and tool.output is None and tool.responder == Responder()


def test_what_an_mcp_tool_returns_is_kept_and_what_has_no_place_is_said() -> None:
    (found,) = import_tools({**MCP, "outputSchema": {"type": "object"}, "annotations": {"readOnlyHint": True}})
    assert found.tool.output == {"type": "object"} and "annotations" in found.notes[0]
    (plain,) = import_tools({"name": "a", "title": "Ask", "inputSchema": {}})
    assert plain.tool.description == "Ask" and not plain.notes


def test_members_of_anthropic_stay_beside_the_function() -> None:
    (tool,) = imported({**ANTHROPIC, "cache_control": {"type": "ephemeral"}})
    assert tool.definition == {**WIRE, "cache_control": {"type": "ephemeral"}}


def test_tools_of_other_types_stay_as_they_are() -> None:
    row = {"type": "web_search_20250305", "name": "web_search", "max_uses": 5}
    assert imported({"tools": [row]})[0].definition == row


def test_a_bare_schema_takes_its_title_for_a_name() -> None:
    (tool,) = imported({"title": "Get Weather!", "description": "The weather", **SCHEMA})
    assert (tool.name, tool.description, tool.parameters) == ("Get_Weather", "The weather", SCHEMA)


def test_null_in_gemini_becomes_a_type() -> None:
    schema = {"type": "OBJECT", "properties": {"a": {"type": "ARRAY", "nullable": True, "items": {"type": "INTEGER"}}}}
    (tool,) = imported({"functionDeclarations": [{"name": "f", "parameters": schema, "response": {"type": "STRING"}}]})
    assert tool.parameters["properties"]["a"] == {"type": ["array", "null"], "items": {"type": "integer"}}
    assert tool.output == {"type": "string"}


@pytest.mark.parametrize(
    "value", [[], 5, None, "text", [1], {}, {"tools": []}, {"tools": [[]]}, {"name": 5, "parameters": {}}]
)
def test_what_holds_no_tool_is_said_in_one_sentence(value: object) -> None:
    with pytest.raises(ValueError, match="^[^\n]+$"):
        imported(value)


BODY = json.dumps({"model": "m", "tools": [ANTHROPIC], "messages": [{"role": "user", "content": "it's"}]})
CURL = """curl https://api.example.com/v1/messages \\
  -H "x-api-key: $KEY" -H 'content-type: application/json' \\
  %s
"""


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(WIRE, indent=2),
        "\n [" + json.dumps(WIRE) + "]",
        'name = "get_weather"\ndescription = "The weather"\nstrict = true\nparameters_json = \'\'\''
        + json.dumps(SCHEMA)
        + "'''",
        CURL % ("-d '" + BODY.replace("'", "'\\''") + "'"),
        CURL % ("--data-raw=$'" + BODY.replace("\\", "\\\\").replace("'", "\\'") + "'"),
        CURL % ("--json $'" + BODY.replace("'", "\\u0027") + "'"),
        "$ curl -X POST u -d'" + BODY.replace("'", "'\\''") + "'",
    ],
)
def test_texts_of_several_kinds_give_the_same_tool(text: str) -> None:
    (found,) = tools_in_text(text)
    assert found.tool.definition == WIRE


def test_a_character_that_a_browser_writes_as_two_halves_is_one() -> None:
    body = r'{"name": "a", "description": "\ud83d\ude00", "input_schema": {}}'
    (found,) = tools_in_text(f"curl u -d $'{body}'")
    assert found.tool.description == "\U0001f600"


def test_python_is_known_by_its_looks() -> None:
    (found,) = tools_in_text("import os\n\ndef go(place: str) -> None:\n    '''Go there.'''\n")
    assert found.tool.name == "go" and form_of("@tool\ndef x(): ...") == "python"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ('{"name": }', "line 1, column 10"),
        ('{"name": "a", "name": "b"}', "twice"),
        ("[parameters]\nx = ", "TOML"),
        ("curl u", "no body"),
        ("curl u -d @body.json", "body.json"),
        ("curl u -d 'x", "cannot be read"),
        ("curl u -d x=1", "not JSON"),
        ("import os", "no public function"),
        ("nothing like it", "not JSON"),
    ],
)
def test_what_is_wrong_with_a_text_is_said(text: str, words: str) -> None:
    with pytest.raises(ValueError, match="^[^\n]+$") as error:
        tools_in_text(text)
    assert words in str(error.value)


def test_an_example_gives_a_schema_that_it_fits() -> None:
    tool = tool_from_example("book", {"when": "2026-01-02", "rows": [{"a": 1}, {"a": 1.5, "b": None}], "more": []})
    assert tool.parameters == {
        "type": "object",
        "properties": {
            "when": {"type": "string", "format": "date"},
            "rows": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"a": {"type": "number"}, "b": {"type": "null"}},
                    "required": ["a"],
                },
            },
            "more": {"type": "array", "items": {}},
        },
        "required": ["when", "rows", "more"],
    }
    with pytest.raises(ValueError, match="must be an object"):
        tool_from_example("book", [1])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=15,
)


@given(VALUES)
def test_every_example_fits_its_schema(value: Any) -> None:
    import jsonschema

    assert jsonschema.Draft202012Validator(schema_of(value)).is_valid(value)


# Rules


@pytest.mark.parametrize(
    ("value", "rules"),
    [
        ([{"when": {"city": "Paris"}, "result": 5}], [Rule(5, {"city": "Paris"})]),
        ({"rules": [{"match": {"a": 1}, "output": None, "delay": 2}]}, [Rule(None, {"a": 1}, latency=2.0)]),
        ({"get_weather": {"temperature": 21}}, [Rule({"temperature": 21}, tool="get_weather")]),
        ({"a": "sunny", "b": [1, 2]}, [Rule("sunny", tool="a"), Rule([1, 2], tool="b")]),
        ({"a": [{"where": "Rome"}, {"time": 9}]}, [Rule([{"where": "Rome"}, {"time": 9}], tool="a")]),
        ({"a": {"result": [{"whn": 1}]}}, [Rule([{"whn": 1}], tool="a")]),
        ({"a": [{"whn": 1}, "a text"]}, [Rule([{"whn": 1}, "a text"], tool="a")]),
        (
            {"a": [{"arguments": {"x": 1}, "content": "one"}, {"error": "gone"}]},
            [Rule("one", {"x": 1}, "a"), Rule(None, {}, "a", 0.0, "gone")],
        ),
        ({"a": {"result": 1}}, [Rule(1, tool="a")]),
        ({"name": "a", "result": 1}, [Rule(1, tool="a")]),
        (
            [{"tool": "a", "error": True, "result": "no such city"}],
            [Rule("no such city", {}, "a", 0.0, "no such city")],
        ),
        ([{"error": {"code": 5}}], [Rule(None, {}, "", 0.0, '{"code": 5}')]),
        ([], []),
    ],
)
def test_rules_are_read_as_people_write_them(value: object, rules: list[Rule]) -> None:
    assert list(rules_from(value)) == rules


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (5, "not a number"),
        ([5], "rule 1 is a number"),
        ([{"whn": {}, "result": 1}], "'whn'"),
        ([{"when": [], "result": 1}], "when is a list"),
        ([{"when": {}}], "neither a result nor an error"),
        ([{"result": 1, "output": 2}], "says result twice: result, output"),
        ([{"result": 1}, {"result": 1, "latency": "1s"}], "rule 2: latency"),
        ([{"result": 1, "latency": -1}], "from 0 to 3600"),
        ([{"result": 1, "latency": 10**400}], "from 0 to 3600"),
        ({"a": [{"tool": "b", "result": 1}]}, "another tool, b"),
        ({"get_weather": [{"whn": 1}]}, "rule 1 of get_weather: 'whn' is no part of a rule: did you mean 'when'?"),
        ({"a": [{"city": "Rome"}, {"reslt": 1}]}, "rule 2 of a: 'reslt' is no part of a rule: did you mean 'result'?"),
        ({"a": [{"wehn": {}, "output": 1}]}, "'wehn'"),
        ({"a": [{"results": 1}]}, 'goes into {"result": […]}'),
    ],
)
def test_a_faulty_rule_is_named(value: object, words: str) -> None:
    with pytest.raises(ValueError, match="^[^\n]+$") as error:
        rules_from(value)
    assert words in str(error.value)


def test_a_responder_without_a_kind_is_what_its_members_are_for() -> None:
    command = Command(("python3", "w.py"), 5.0, "bin", ("TZ",))
    value = {"argv": ["python3", "w.py"], "timeout": 5, "folder": "bin", "environment": ["TZ"], "x-note": 1}
    assert responder_from(value) == Responder("command", (), command)
    assert responder_from({"rules": [{"result": 1}]}) == Responder("canned", (Rule(1),))
    assert responder_from(None) == responder_from({}) == Responder()
    assert responder_from(responder_value(Responder("hand", (Rule(None),), command))) == Responder(
        "hand", (Rule(None),), command
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"kind": "command"}, "needs argv"),
        ({"kind": "magic"}, "'magic'"),
        ({"argv": "ls -l"}, "without a shell"),
        ({"argv": []}, "list of texts"),
        ({"argv": ["a"], "timeout": 0}, "timeout is 0"),
        ({"argv": ["a"], "environment": "TZ"}, "environment"),
        ({"argv": ["a"], "folder": 1}, "folder"),
        ({"rules": 5}, "rules"),
        ([], "responder is a list"),
    ],
)
def test_a_faulty_responder_is_said(value: object, words: str) -> None:
    with pytest.raises(ValueError, match="^[^\n]+$") as error:
        responder_from(value)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        (WIRE, ""),
        ({"type": "web_search"}, ""),
        ({"type": "function", "function": {"name": " "}}, "a name"),
        ({"type": "function", "function": {"name": "f", "parameters": [1]}}, "a list"),
        ({"type": "function", "function": {"name": "f.g", "parameters": {"type": 5}}}, ""),
    ],
)
def test_what_keeps_a_tool_from_being_sent_is_said(definition: dict[str, Any], words: str) -> None:
    fault = Tool(definition).fault
    assert words in fault and bool(fault) is bool(words)
