"""A tool as the texts of its editor: read, written, kept, and told where it cannot be read."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from meshtui.core.tools.edit import ToolEdit
from meshtui.core.tools.tool import Command, Responder, Rule, Tool

DEFINITION: dict[str, Any] = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {}, "x-note": [None, 1.5]}},
    "cache_control": {"type": "ephemeral"},
}
RULES = (Rule({"degrees": 21}, {"city": "Paris"}, latency=0.5), Rule(None, error="no such city"))
COMMAND = Command(("python3", "my weather.py", "--units", "it's"), 5.0, "bin", ("TZ", "LANG"))


@pytest.mark.parametrize(
    "tool",
    [
        Tool(DEFINITION),
        Tool(DEFINITION, {"type": "string"}, Responder("canned", RULES)),
        Tool(DEFINITION, None, Responder("command", (), COMMAND)),
        Tool(DEFINITION, None, Responder("hand", RULES, COMMAND)),
    ],
)
def test_what_is_read_from_the_texts_is_the_tool_they_were_made_of(tool: Tool) -> None:
    edit = ToolEdit.of(tool)
    assert edit.tool() == tool
    assert ToolEdit.from_json(json.loads(json.dumps(edit.to_json()))) == edit


@pytest.mark.parametrize(
    ("part", "text", "says"),
    [
        ("definition", '{"type": }', "the definition, line 1, column 10"),
        ("definition", "[]", "the definition is no object"),
        ("output", "{", "the result's schema, line 1"),
        ("rules", "[{]", "the rules, line 1, column 3"),
        ("rules", "[[rules]]\nwhen = ", "the rules, "),
        ("rules", '[{"when": {}}]', "rule 1 has neither a result nor an error"),
        ("argv", "python3 'weather.py", "no closing quotation"),
        ("timeout", "soon", "'soon'"),
    ],
)
def test_a_text_that_cannot_be_read_is_told_in_one_sentence_and_kept(part: str, text: str, says: str) -> None:
    edit = replace(ToolEdit.of(Tool(DEFINITION, None, Responder("command", (), COMMAND))), **{part: text})
    with pytest.raises(ValueError) as caught:
        edit.tool()
    assert says in str(caught.value) and "\n" not in str(caught.value)
    assert getattr(ToolEdit.from_json(edit.to_json()), part) == text


def test_rules_are_read_from_json_and_from_toml_alike() -> None:
    written = '[[rules]]\nresult = {degrees = 21}\nwhen = {city = "Paris"}\nlatency = 0.5\n'
    edit = replace(ToolEdit.of(Tool(DEFINITION)), kind="canned", rules=written)
    assert edit.tool().responder == Responder("canned", RULES[:1])


def test_a_command_without_a_program_says_how_one_is_typed() -> None:
    with pytest.raises(ValueError, match="python3 weather.py"):
        replace(ToolEdit.of(Tool(DEFINITION)), kind="command").tool()
