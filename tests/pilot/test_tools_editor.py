"""The tool editor: form and JSON in step, findings, what is kept, saved and changed by others."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, Static, TextArea

from meshtui.core.tools.edit import ToolEdit, pretty
from meshtui.sandbox import Sandbox, Settings
from meshtui.ui.screens.file_conflict import FileConflict
from meshtui.ui.screens.tool_editor import ToolEditor
from meshtui.ui.tool_inspection import Inspection, inspect_edit
from meshtui.ui.widgets.choice_line import ChoiceLine
from meshtui.ui.widgets.findings import Findings
from meshtui.ui.widgets.json_area import JsonArea
from meshtui.ui.widgets.responder_form import ResponderForm
from meshtui.ui.widgets.schema_form import SchemaForm
from tests.bench import Bench, workbench
from tests.cases import load, needs_cases

pytestmark = pytest.mark.anyio

FILE = """\
# ours
name = "get_weather"
description = "The weather at a place."

[parameters]
type = "object"
required = ["city"]
additionalProperties = false

[parameters.properties.city]
type = "string"
description = "The city"
pattern = "^[A-Z]" # begins big
x-note = "kept"
"""
SIZES = [(80, 24), (160, 50)]


@asynccontextmanager
async def editing(
    home: Path, size: tuple[int, int] = (160, 50), text: str = FILE, name: str = "get_weather.toml"
) -> AsyncIterator[Bench]:
    """The workbench with a tool in the editor."""
    path = home / "tools" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with Sandbox(Settings(rpm=100_000)) as box:
        async with workbench(home, box.url, "sandbox/tools", size=size) as bench:
            await bench.press("alt+o")
            await bench.holds(lambda: bench.screen.tool_list.chosen is not None, "the tool in the list")
            await bench.press("enter")
            await bench.holds(lambda: isinstance(bench.app.screen, ToolEditor), "the editor")
            await bench.holds(lambda: bench.app.focused is not None, "the focus")
            yield bench


def editor(bench: Bench) -> ToolEditor:
    """The editor."""
    return next(screen for screen in bench.app.screen_stack if isinstance(screen, ToolEditor))


def area(bench: Bench, id: str = "definition") -> JsonArea:
    """A text of the editor."""
    return editor(bench).query_one(f"#{id}", JsonArea)


def form(bench: Bench, id: str = "parameters") -> SchemaForm:
    """A tree of the editor."""
    return editor(bench).query_one(f"#{id}", SchemaForm)


def function(bench: Bench) -> dict[str, Any]:
    """The function object as the JSON has it now."""
    value: dict[str, Any] = json.loads(area(bench).text)["function"]
    return value


def parameters_of(bench: Bench) -> dict[str, Any]:
    """The schema of the arguments as the JSON has it now."""
    value: dict[str, Any] = function(bench)["parameters"]
    return value


async def put(bench: Bench, text: str, id: str = "definition") -> None:
    """Let a text be another one, as if it were typed, and wait for it to be looked at."""
    area(bench, id).text = text
    await settled(bench)


async def settled(bench: Bench) -> None:
    """Wait until what was typed is looked at."""
    await bench.pilot.pause()
    await bench.holds(lambda: not editor(bench)._stale and not editor(bench)._checking, "the check")


@pytest.mark.parametrize("size", SIZES)
async def test_a_property_typed_in_the_form_is_in_the_json_and_nothing_else_changes(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with editing(tmp_path, size) as bench:
        form(bench).focus_first()
        await bench.holds(lambda: form(bench).list.has_focus, "the tree")
        await bench.press("a")
        await bench.holds(lambda: getattr(bench.app.focused, "id", "") == "field-name", "the name of the new one")
        await bench.type("days")
        await bench.press("enter", "i", "space")
        await bench.press("enter")
        await bench.type("How far ahead")
        await bench.press("enter", "enter")
        await bench.type("1, 2, 3")
        await bench.press("enter", "enter")
        await settled(bench)
        assert parameters_of(bench)["required"] == ["city", "days"]
        await bench.press("r")
        await settled(bench)
        assert parameters_of(bench)["required"] == ["city"]
        parameters = function(bench)["parameters"]
        assert parameters["properties"]["days"] == {
            "type": "integer",
            "description": "How far ahead",
            "enum": [1, 2, 3],
        }
        assert parameters["properties"]["city"] == {
            "type": "string",
            "description": "The city",
            "pattern": "^[A-Z]",
            "x-note": "kept",
        }
        assert "+ pattern, x-note" in bench.shown()
        assert form(bench).list.has_focus


async def test_keys_that_come_faster_than_the_screen_are_all_in_the_name(tmp_path: Path) -> None:
    async with editing(tmp_path) as bench:
        form(bench).focus_first()
        await bench.press("a")
        await bench.holds(lambda: getattr(bench.app.focused, "id", "") == "field-name", "the name of the new one")
        await bench.type("measurement_units")
        await settled(bench)
        assert list(function(bench)["parameters"]["properties"]) == ["city", "measurement_units"]


async def test_what_is_typed_as_json_is_in_the_form_at_once(tmp_path: Path) -> None:
    async with editing(tmp_path) as bench:
        value = json.loads(area(bench).text)
        value["function"]["name"] = "forecast"
        value["function"]["parameters"]["properties"]["where"] = {
            "type": "object",
            "properties": {"lat": {"type": ["number", "null"]}},
        }
        await put(bench, pretty(value))
        assert editor(bench).query_one("#function-name", Input).value == "forecast"
        await bench.wait("where  object", "lat  number or null", "get_weather*")


async def test_while_the_json_is_broken_the_form_shows_the_last_good_state_and_nothing_is_lost(tmp_path: Path) -> None:
    async with editing(tmp_path) as bench:
        broken = area(bench).text.replace('"description"', "description", 1)
        await put(bench, broken)
        await bench.wait("The JSON cannot be read, line 5", "the form shows what could be read last", "city*  string")
        assert editor(bench).query_one("#function-name", Input).disabled
        form(bench).focus_first()
        await bench.press("a", "x")
        assert area(bench).text == broken
        await bench.press("ctrl+s")
        await bench.wait("Not saved yet: the definition, line 5, column")
        await put(bench, broken.replace("description", '"description"', 1))
        assert not editor(bench).query_one("#function-name", Input).disabled
        assert "cannot be read" not in bench.shown()


@pytest.mark.parametrize("size", SIZES)
async def test_a_finding_is_gone_to_and_fixed_by_a_key_and_undone(tmp_path: Path, size: tuple[int, int]) -> None:
    text = (
        FILE.replace('"city"]', "]")
        .replace("required = [", "strict = true\nrequired = [")
        .replace("strict = true\n", "")
    )
    text = text.replace('description = "The weather', 'strict = true\ndescription = "The weather')
    async with editing(tmp_path, size, text) as bench:
        await bench.wait("✗1", "strict mode wants every property required: city is not")
        row = editor(bench).query_one(Findings).chosen
        assert row is not None and row.is_error
        await bench.press("f3", "f8")
        await bench.holds(lambda: area(bench).has_focus, "the place in the JSON")
        assert area(bench).cursor_location[0] == (row.line or 0) - 1
        await bench.press("f6")
        await settled(bench)
        assert function(bench)["parameters"]["required"] == ["city"]
        await bench.wait("no findings")
        await bench.press("ctrl+z")
        await settled(bench)
        assert function(bench)["parameters"]["required"] == []


async def test_one_key_makes_a_loose_schema_fit_strict_mode(tmp_path: Path) -> None:
    text = (
        'name = "a"\n[parameters]\ntype = "object"\n[parameters.properties.b]\ntype = "object"\n'
        '[parameters.properties.b.properties.c]\ntype = "string"\n'
    )
    async with editing(tmp_path, (100, 40), text) as bench:
        await bench.press("f7")
        await settled(bench)
        schema = function(bench)["parameters"]
        inner = schema["properties"]["b"]
        assert schema["additionalProperties"] is False and schema["required"] == ["b"]
        assert inner["additionalProperties"] is False and inner["required"] == ["c"]


async def test_an_edit_is_there_again_after_the_program_was_killed_until_it_is_saved(tmp_path: Path) -> None:
    path = tmp_path / "tools" / "get_weather.toml"
    async with editing(tmp_path) as bench:
        broken = area(bench).text.replace("The city", 'The "city')
        area(bench).text = broken
        opened, edits = editor(bench).opened, bench.screen.tool_edits
        await bench.holds(lambda: edits.kept(opened) is not None, "the edit on disk")
        bench.app.pop_screen()  # nothing of the editor's own leaving is run, as when it is killed
        await bench.pilot.pause()
    assert path.read_text() == FILE
    async with editing(tmp_path) as bench:
        await bench.wait("it is back", "not saved")
        assert area(bench).text == broken
        await put(bench, broken.replace('The "city', "The town"))
        await bench.press("ctrl+s")
        await bench.wait("is saved")
        saved = path.read_text()
        assert saved == FILE.replace("The city", "The town")
        await bench.press("escape")
        await bench.wait("get_weather")
        assert "get_weather*" not in bench.shown()


async def test_a_file_changed_by_another_program_is_read_again_or_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "tools" / "get_weather.toml"
    async with editing(tmp_path) as bench:
        path.write_text(FILE.replace("The city", "The place"))
        os.utime(path, (1, 1))
        editor(bench)._look_at_file()
        await settled(bench)
        assert function(bench)["parameters"]["properties"]["city"]["description"] == "The place"
        name = editor(bench).query_one("#function-name", Input)
        name.value = "mine"
        await settled(bench)
        path.write_text(FILE.replace("The city", "Theirs"))
        await bench.press("ctrl+s")
        await bench.holds(lambda: isinstance(bench.app.screen, FileConflict), "the question")
        await bench.press("t")
        await bench.holds(lambda: isinstance(bench.app.screen, ToolEditor), "the editor")
        await settled(bench)
        assert function(bench)["name"] == "get_weather"
        assert function(bench)["parameters"]["properties"]["city"]["description"] == "Theirs"


@pytest.mark.parametrize("size", SIZES)
async def test_rules_and_a_command_are_checked_as_they_are_typed_and_saved(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    path = tmp_path / "tools" / "get_weather.toml"
    async with editing(tmp_path, size) as bench:
        await bench.press("f2", "f2")
        await bench.holds(lambda: isinstance(bench.app.focused, ChoiceLine), "the kinds")
        await bench.press("right")
        await put(bench, '[{"when": {"city": "Paris"}}]', "rules")
        await bench.wait("✗ rule 1 has neither a result nor an error")
        await put(bench, '[{"when": {"city": "Paris"}, "result": 21}]', "rules")
        await bench.holds(lambda: "✗" not in bench.shown(), "no fault any more")
        editor(bench).query_one(ChoiceLine).focus()
        kind = editor(bench).query_one("#kind", ChoiceLine)
        kind.focus()
        await bench.press("right")
        await bench.wait("type the program and its arguments", "asked before each call")
        editor(bench).query_one("#argv", Input).value = "python3 'my weather.py'"
        await settled(bench)
        await bench.wait("python3 · 'my weather.py'")
        await bench.press("ctrl+s")
        await bench.wait("is saved")
        saved = path.read_text()
        assert 'kind = "command"' in saved and 'argv = ["python3", "my weather.py"]' in saved
        assert "city" in saved.partition("[[responder.rules]]")[2]


async def test_what_answers_calls_is_undone_where_it_is_edited_and_nothing_else_is(tmp_path: Path) -> None:
    async with editing(tmp_path) as bench:
        definition = editor(bench).query_one("#definition", TextArea)
        await put(bench, definition.text.replace("The city", "A town"), "definition")
        before = definition.text
        await bench.press("f2", "f2")
        await bench.holds(lambda: isinstance(bench.app.focused, ChoiceLine), "the kinds")
        form = editor(bench).query_one(ResponderForm)
        started = form.kind
        await bench.press("right", "right")
        ended = form.kind
        argv, timeout = (editor(bench).query_one(f"#{id}", Input) for id in ("argv", "timeout"))
        was = timeout.value
        argv.focus()
        await bench.type("cat -n")
        timeout.focus()
        await bench.type("9")
        await bench.press("ctrl+z")
        assert (timeout.value, argv.value, form.kind) == (was, "cat -n", ended)
        await bench.press("ctrl+z")
        assert argv.value == "" and form.kind == ended
        await bench.press("ctrl+y")
        assert argv.value == "cat -n"
        await bench.press("ctrl+z", "ctrl+z", "ctrl+z", "ctrl+z")
        assert form.kind == started and definition.text == before, "what is not seen is not undone"
        await settled(bench)
        assert editor(bench).edit.kind == started


async def test_rules_are_undone_where_they_are_typed_and_the_kind_before_them(tmp_path: Path) -> None:
    async with editing(tmp_path) as bench:
        await bench.press("f2", "f2")
        await bench.holds(lambda: isinstance(bench.app.focused, ChoiceLine), "the kinds")
        form, rules = editor(bench).query_one(ResponderForm), editor(bench).query_one("#rules", TextArea)
        await bench.press("c")
        await bench.holds(lambda: form.kind == "canned", "canned rules")
        rules.focus()
        await bench.type("[1]")
        await settled(bench)
        await bench.press("ctrl+z")
        assert (rules.text, form.kind) == ("", "canned")
        await bench.press("ctrl+z")
        assert form.kind == "hand"
        await bench.press("ctrl+y", "ctrl+y")
        assert (rules.text, form.kind) == ("[1]", "canned")


async def test_the_schema_of_results_is_edited_by_the_same_form(tmp_path: Path) -> None:
    async with editing(tmp_path) as bench:
        await bench.press("f2")
        await bench.holds(lambda: form(bench, "result").list.has_focus, "the tree of the result")
        await bench.press("a")
        await bench.holds(lambda: getattr(bench.app.focused, "id", "") == "field-name", "the name of the new one")
        await bench.type("degrees")
        await bench.press("enter", "n", "space")
        await settled(bench)
        assert json.loads(area(bench, "output").text)["properties"]["degrees"] == {"type": "number"}
        await put(bench, '{"type": "objekt"}', "output")
        await bench.wait("result: ")
        assert editor(bench).inspection.errors


async def test_what_is_no_form_can_be_said_in_the_json_alone(tmp_path: Path) -> None:
    definition = {"type": "web_search", "search_context_size": "low"}
    async with editing(tmp_path, text=json.dumps(definition), name="search.json") as bench:
        await bench.wait("This is no function tool")
        assert json.loads(area(bench).text) == definition
        await put(bench, area(bench).text.replace("low", "high"))
        await bench.press("ctrl+s")
        await bench.wait("is saved")
        assert json.loads((tmp_path / "tools" / "search.json").read_text())["search_context_size"] == "high"


async def test_the_editor_is_left_and_its_words_are_where_they_belong(tmp_path: Path) -> None:
    async with editing(tmp_path, (80, 24)) as bench:
        assert "esc back" in bench.shown() and "^s save" in bench.shown()
        await bench.press("f3")
        await bench.holds(lambda: isinstance(bench.app.focused, TextArea), "the JSON")
        await bench.press("f3")
        await bench.holds(lambda: not area(bench).display or not area(bench).region, "the form alone")
        await bench.press("escape")
        await bench.holds(lambda: not isinstance(bench.app.screen, ToolEditor), "the workbench")
        assert bench.screen.query_one("#top", Static).is_mounted


async def test_a_name_of_another_tool_is_refused_where_it_was_typed(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "weather.toml").write_text(FILE.replace("get_weather", "weather"))
    async with editing(tmp_path) as bench:
        await bench.press("alt+n")
        await bench.type("weather")
        await bench.press("enter")
        await bench.wait("There is a tool 'weather' already.")
        await bench.press("2", "enter")
        await bench.holds(lambda: editor(bench).opened.key == "weather2", "the new name")
        assert bench.app.screen is editor(bench) and (tmp_path / "tools" / "weather2.toml").exists()


@pytest.mark.parametrize("field", ["tree", "field-name", "field-types", "field-description", "field-flags"])
async def test_one_escape_leaves_the_editor_from_everywhere(tmp_path: Path, field: str) -> None:
    async with editing(tmp_path, (80, 24)) as bench:
        form(bench).focus_first()
        await bench.press("down")
        await bench.holds(lambda: not form(bench).query_one("#field-name").disabled, "the fields of the city")
        if field != "tree":
            form(bench).query_one(f"#{field}").focus()
            await bench.holds(lambda: getattr(bench.app.focused, "id", "") == field, "the field")
        await bench.press("escape")
        await bench.holds(lambda: not isinstance(bench.app.screen, ToolEditor), "the workbench")


async def test_a_word_typed_into_the_row_of_types_changes_no_type(tmp_path: Path) -> None:
    async with editing(tmp_path) as bench:
        form(bench).focus_first()
        await bench.press("t")
        await bench.holds(lambda: getattr(bench.app.focused, "id", "") == "field-types", "the types")
        before = function(bench)["parameters"]
        await bench.type("acity")
        await settled(bench)
        assert function(bench)["parameters"] == before
        await bench.press("space")
        await settled(bench)
        assert function(bench)["parameters"]["type"] == "integer"
        await bench.press("ctrl+z")
        await settled(bench)
        assert function(bench)["parameters"] == before
        await bench.press("left", "space", "space")
        await settled(bench)
        assert function(bench)["parameters"]["type"] == "string"  # taking what holds does not take it away


async def click(bench: Bench, words: str) -> None:
    """Click on words that are shown."""
    await bench.wait(words)
    rows = bench.shown().replace("\u00a0", " ").split("\n")
    line, column = next((y, row.index(words)) for y, row in enumerate(rows) if words in row)
    assert await bench.pilot.click(offset=(column + 1, line))
    await bench.pilot.pause()


async def test_everything_goes_by_the_mouse_alone(tmp_path: Path) -> None:
    path = tmp_path / "tools" / "get_weather.toml"
    async with editing(tmp_path, (120, 40)) as bench:
        await click(bench, "a add")
        await bench.holds(lambda: getattr(bench.app.focused, "id", "") == "field-name", "the name of the new one")
        await bench.type("days")
        await click(bench, "·integer")
        await click(bench, "·null")
        await click(bench, "✓required")
        await click(bench, "○true")
        await settled(bench)
        function_now = function(bench)
        assert function_now["parameters"]["properties"]["days"] == {"type": ["integer", "null"]}
        assert function_now["strict"] is True
        await bench.wait("strict mode")
        await click(bench, "strict mode")
        await bench.holds(lambda: area(bench).has_focus, "the place in the JSON")
        await click(bench, "f7 fix all")
        await settled(bench)
        assert function(bench)["parameters"]["required"] == ["city", "days"]
        await click(bench, "days*")
        await click(bench, "x remove")
        await settled(bench)
        assert list(function(bench)["parameters"]["properties"]) == ["city"]
        await click(bench, "Responder")
        await click(bench, "○canned")
        await bench.wait("The first rule whose")
        await click(bench, "^s save")
        await bench.holds(lambda: "canned" in path.read_text(), "the file")
        await click(bench, "esc back")
        await bench.holds(lambda: not isinstance(bench.app.screen, ToolEditor), "the workbench")


async def test_variants_lists_and_moves_are_made_in_the_tree(tmp_path: Path) -> None:
    async with editing(tmp_path) as bench:
        form(bench).focus_first()
        await bench.holds(lambda: form(bench).list.has_focus, "the tree")
        await bench.press("a")
        await bench.holds(lambda: getattr(bench.app.focused, "id", "") == "field-name", "the name of the new one")
        await bench.type("stops")
        await bench.press("enter", "a", "space", "shift+tab", "shift+tab", "c")
        await settled(bench)
        assert function(bench)["parameters"]["properties"]["stops"] == {"type": "array", "items": {"type": "string"}}
        await bench.holds(lambda: getattr(form(bench).row, "name", "") == "items", "the items")
        await bench.press("o")
        await settled(bench)
        items = function(bench)["parameters"]["properties"]["stops"]["items"]
        assert len(items["anyOf"]) == 2 and items["anyOf"][0] == {"type": "string"}
        await bench.press("up", "K")
        await settled(bench)
        assert list(function(bench)["parameters"]["properties"]) == ["stops", "city"]
        await bench.press("x")
        await settled(bench)
        assert list(function(bench)["parameters"]["properties"]) == ["city"]
        await bench.press("ctrl+z")
        await settled(bench)
        assert list(function(bench)["parameters"]["properties"]) == ["stops", "city"]


async def test_typing_never_waits_for_the_check_and_the_newest_text_is_looked_at_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, looked = threading.Event(), list[str]()

    def slowly(edit: ToolEdit) -> Inspection:
        looked.append(edit.definition)
        assert held.wait(20)
        return inspect_edit(edit)

    async with editing(tmp_path) as bench:
        monkeypatch.setattr("meshtui.ui.screens.tool_view.inspect_edit", slowly)
        area(bench).focus()
        await bench.holds(lambda: area(bench).has_focus, "the JSON")
        area(bench).move_cursor((3, area(bench).document[3].index("get_weather")))
        await bench.type("a")
        await bench.holds(lambda: looked, "the first check")
        await bench.type("_much_longer_name_than_")
        await bench.holds(lambda: "a_much_longer_name_than_get_weather" in area(bench).text, "all that was typed")
        assert len(looked) == 1
        held.set()
        await settled(bench)
        assert editor(bench).query_one("#function-name", Input).value == "a_much_longer_name_than_get_weather"
        assert len(looked) == 2


async def test_a_wrong_name_is_marked_in_the_form(tmp_path: Path) -> None:
    async with editing(tmp_path, (80, 24), FILE.replace("get_weather", "get weather!")) as bench:
        await bench.wait("✗ name", "[f6] OpenAI, Anthropic")
        await bench.press("tab", "f8")
        await bench.holds(lambda: getattr(bench.app.focused, "id", "") == "function-name", "the name")
        await bench.press("f6")
        await settled(bench)
        assert function(bench)["name"] == "get_weather_"
        assert "✗ name" not in bench.shown()


async def test_a_name_that_stands_twice_is_not_lost_by_an_edit_in_the_form(tmp_path: Path) -> None:
    async with editing(tmp_path) as bench:
        twice = area(bench).text.replace('"name": "get_weather",', '"name": "one",\n    "name": "get_weather",')
        await put(bench, twice)
        await bench.wait("The JSON cannot be read", "stands twice")
        form(bench).focus_first()
        await bench.press("a", "x")
        assert area(bench).text == twice


@needs_cases
async def test_every_definition_of_the_shared_cases_stands_as_it_is_and_is_looked_at(tmp_path: Path) -> None:
    cases = load("tools.json")["tools"]
    async with editing(tmp_path, (100, 30)) as bench:
        for case in cases:
            text = case["text"] if "text" in case else pretty(case["tool"])
            editor(bench).put(ToolEdit(text))
            await settled(bench)
            found = editor(bench).inspection
            assert area(bench).text == text, case["id"]
            wrong = case["expect"]["json"] != "ok" or case["expect"]["tool_faults"]
            assert not wrong or found.findings or found.broken, case["id"]
            assert "\x1b" not in bench.shown(), case["id"]
