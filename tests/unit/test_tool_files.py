"""Tools on disk: what is edited differs and nothing else, nothing is lost, in TOML and in JSON."""

from __future__ import annotations

import difflib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.core.tool import Command, Responder, Rule, Tool
from meshtui.store.paths import Paths
from meshtui.store.tool_files import ToolFiles
from meshtui.store.tool_toml import Form, tool_from, written

TOML = '''\
# What the weather desk gives us.
name = "get_weather"  # called by the model
description = """
The weather of a city.
Celsius always."""
strict = true

[parameters]
type = "object"
required = [ "city" ]   # the unit has a default
additionalProperties = false

# Where.
[parameters.properties.city]
type = "string"
description = 'As in "Paris"'
x-hint = 0x10

[parameters.properties.unit]
# never kelvin
enum = ["C", "F"]

[output]
type = "object"

[responder]
kind = "canned"
note = "from the desk"

[[responder.rules]]
# the usual one
when = { city = "Paris" }
output = { temperature = 21.0 }

[[responder.rules]]
result = "unknown"
latency = 0.5
'''

JSON = """\
{
    "type": "function",
    "function": {
        "name": "get_weather",
        "x-origin": [1, 2, {"a": null}],
        "parameters": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}},
        "description": "The weather"
    },
    "cache_control": {"type": "ephemeral"}
}
"""


def files(tmp_path: Path, project: bool = True) -> ToolFiles:
    """Two folders under `tmp_path`."""
    home = tmp_path / "home"
    return ToolFiles(Paths(home, home / "data", home / "state"), tmp_path / ".meshtui" if project else None)


def changed_lines(old: str, new: str) -> list[str]:
    """The lines that a diff shows."""
    rows = difflib.unified_diff(old.split("\n"), new.split("\n"), lineterm="", n=0)
    return [row for row in rows if not row.startswith(("---", "+++", "@@"))]


def with_function(tool: Tool, **members: Any) -> Tool:
    """The tool with members of its function object replaced."""
    return replace(tool, definition={**tool.definition, "function": {**tool.function, **members}})


def test_nothing_edited_is_nothing_changed() -> None:
    for text, form in ((TOML, "toml"), (JSON, "json"), (TOML.replace("\n", "\r\n"), "toml")):
        tool = tool_from(Path(f"w.{form}"), text)
        assert written(text, tool, "w", form) == text  # type: ignore[arg-type]


def test_only_edited_lines_differ() -> None:
    tool = tool_from(Path("w.toml"), TOML)
    parameters = json.loads(json.dumps(tool.parameters))
    parameters["properties"]["city"]["description"] = "A city"
    parameters["properties"]["days"] = {"type": "integer", "default": 3}
    parameters["required"].append("days")
    edited = with_function(tool, parameters=parameters)
    assert changed_lines(TOML, written(TOML, edited, "w")) == [
        '-required = [ "city" ]   # the unit has a default',
        '+required = [ "city", "days" ]   # the unit has a default',
        "-description = 'As in \"Paris\"'",
        '+description = "A city"',
        "+[parameters.properties.days]",
        '+type = "integer"',
        "+default = 3",
    ]


NAMES = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(["type", "a.b", "properties", "x_json"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=4)
FUNCTIONS = st.fixed_dictionaries(
    {"name": st.text(max_size=8)},
    optional={"description": st.text(), "parameters": OBJECTS | st.none(), "strict": VALUES, "x-more": VALUES},
)
RULES = st.builds(
    Rule,
    result=VALUES,
    when=st.dictionaries(NAMES, VALUES, max_size=2),
    tool=st.sampled_from(["", "other"]),
    latency=st.floats(0, 10),
    error=st.sampled_from(["", "gone"]),
)
TEXTS = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1), max_size=3).map(tuple)
COMMANDS = st.builds(
    Command,
    argv=TEXTS.filter(bool),
    timeout=st.floats(0.1, 100),
    folder=st.sampled_from(["", "bin"]),
    environment=TEXTS,
)
TOOLS = st.builds(
    lambda function, more, output, responder: Tool(
        {"type": "function", "function": function, **more}, output, responder
    ),
    FUNCTIONS,
    st.dictionaries(st.sampled_from(["cache_control", "defer"]), VALUES, max_size=1),
    st.none() | OBJECTS,
    st.builds(Responder, st.sampled_from(["hand", "canned"]), st.lists(RULES, max_size=3).map(tuple), st.none())
    | st.builds(Responder, st.just("command"), st.just(()), COMMANDS),
)


@pytest.mark.parametrize("form", ["toml", "json"])
@given(tool=TOOLS)
def test_a_tool_comes_back_as_it_was_written(form: Form, tool: Tool) -> None:
    text = written("", tool, "stem", form)
    assert exactly(tool_from(Path(f"stem.{form}"), text)) == exactly(tool)


@pytest.mark.parametrize("form", ["toml", "json"])
@given(old=TOOLS, tool=TOOLS)
def test_any_tool_can_be_written_over_any_other(form: Form, old: Tool, tool: Tool) -> None:
    text = "# kept\n" + written("", old, "stem", form) if form == "toml" else written("", old, "stem", form)
    new = written(text, tool, "stem", form)
    assert exactly(tool_from(Path(f"stem.{form}"), new)) == exactly(tool)
    assert form == "json" or new.startswith("# kept\n")


def exactly(tool: Tool) -> tuple[Any, ...]:
    """A tool with 1, 1.0 and true told apart."""
    return (
        json.dumps([tool.definition, tool.output], sort_keys=True),
        repr(tool.responder.kind),
        [
            json.dumps([rule.result, rule.when, rule.tool, rule.latency, rule.error], sort_keys=True)
            for rule in tool.responder.rules
        ],
        tool.responder.command,
    )
