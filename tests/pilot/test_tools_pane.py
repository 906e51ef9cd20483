"""The tools beside the conversation: which are on, what they cost, made, copied, deleted and found."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, OptionList

from meshtui.sandbox import Sandbox, Settings
from meshtui.ui.screens.tool_editor import ToolEditor
from meshtui.ui.screens.tool_new import ToolNew
from meshtui.ui.widgets.json_area import JsonArea
from tests.bench import Bench, workbench

pytestmark = pytest.mark.anyio

SIZES = [(80, 24), (120, 40), (160, 50)]


def write_tool(home: Path, name: str, description: str = "", **schema: Any) -> Path:
    """Write a tool's file."""
    path = home / "tools" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    parameters = {"type": "object", "properties": {}, **schema}
    path.write_text(json.dumps({"name": name, "description": description, "parameters": parameters}))
    return path


@asynccontextmanager
async def listing(home: Path, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Bench]:
    """The workbench with the list of tools in view."""
    with Sandbox(Settings(rpm=100_000)) as box:
        async with workbench(home, box.url, "sandbox/echo", size=size) as bench:
            await bench.press("alt+o")
            await bench.holds(lambda: bench.screen.tool_list.list.has_focus, "the list of tools")
            yield bench


async def making(bench: Bench, source: str) -> ToolNew:
    """Open the dialog for new tools at a source."""
    await bench.press("n")
    await bench.holds(lambda: isinstance(bench.app.screen, ToolNew), "the dialog")
    dialog = bench.app.screen
    assert isinstance(dialog, ToolNew)
    for _ in range(4):
        if dialog._source != source:
            await bench.press("f2")
    await bench.holds(lambda: bench.app.focused is not None, "the focus")
    return dialog


@pytest.mark.parametrize("size", SIZES)
async def test_a_tool_that_is_turned_on_goes_out_with_the_next_message(tmp_path: Path, size: tuple[int, int]) -> None:
    write_tool(tmp_path, "forecast", "The weather to come")
    write_tool(tmp_path, "rate", "What money is worth")
    async with listing(tmp_path, size) as bench:
        await bench.wait("0 of 2 on", "[ ] forecast", "The weather to come", "by hand · ~")
        await bench.press("space")
        await bench.wait("1 of 2 on", "[✓] forecast", "Tools · 1", "tokens with every request")
        await bench.press("c")
        await bench.wait("tool_choice required")
        turn = await bench.answered("hello")
        assert [tool["function"]["name"] for tool in turn.request["tools"]] == ["forecast"]
        assert turn.request["tool_choice"] == "required"
        await bench.press("alt+o")
        await bench.press("c", "c")
        await bench.wait("must call forecast", "◆ must be called")
        assert bench.session.draft.tool_choice == {"type": "function", "function": {"name": "forecast"}}
        await bench.press("space")
        await bench.wait("0 of 2 on")
        assert not bench.session.draft.tools


async def test_where_one_pane_has_room_a_message_that_is_sent_brings_the_conversation_back(tmp_path: Path) -> None:
    write_tool(tmp_path, "forecast", "The weather to come")
    async with listing(tmp_path, (80, 24)) as bench:
        await bench.press("space")
        await bench.answered("hello from below")
        await bench.wait("hello from below")
        assert not bench.screen.tool_list.region


async def test_the_keys_of_the_template_are_not_those_of_the_tools(tmp_path: Path) -> None:
    write_tool(tmp_path, "forecast")
    async with listing(tmp_path) as bench:
        await bench.holds(lambda: "n new tool" in bench.shown().splitlines()[-1], "the keys of the tools")
        line = bench.shown().splitlines()[-1]
        assert not any(word in line for word in ("run", "save", "preview"))
        turn = await bench.answered("hello")
        bench.screen.tool_list.list.focus()
        await bench.press("f5")
        await bench.holds(lambda: bench.turn is not turn, "another answer")
        await bench.over()


async def test_an_edit_that_was_left_is_saved_by_what_is_sent_next(tmp_path: Path) -> None:
    path = write_tool(tmp_path, "forecast", "The weather to come")
    async with listing(tmp_path) as bench:
        before = json.loads(path.read_text())
        await bench.press("enter")
        await bench.holds(lambda: isinstance(bench.app.screen, ToolEditor), "the editor")
        await bench.press("f6")
        await bench.wait("not saved")
        while isinstance(bench.app.screen, ToolEditor):
            await bench.press("escape")
        await bench.wait("forecast*", "not saved")
        await bench.press("space")
        await bench.wait("not saved: sending saves it")
        turn = await bench.answered("hello")
        await bench.wait("[✓] forecast", "The weather to come")
        assert "not saved" not in bench.shown() and "forecast*" not in bench.shown()
        assert json.loads(path.read_text()) != before
        assert turn.request["tools"][0]["function"]["parameters"]["additionalProperties"] is False


async def test_letters_and_home_and_end_move_in_the_list_too(tmp_path: Path) -> None:
    for name in ("one", "three", "two"):
        write_tool(tmp_path, name)
    async with listing(tmp_path) as bench:
        seen = []
        for key in ("j", "j", "k", "end", "home"):
            await bench.press(key)
            row = bench.screen.tool_list.chosen
            seen.append(row.name if row else "")
        assert seen == ["three", "two", "three", "two", "one"]


async def test_a_click_on_the_box_turns_a_tool_on_and_a_click_on_its_name_opens_it(tmp_path: Path) -> None:
    write_tool(tmp_path, "forecast")
    async with listing(tmp_path) as bench:
        assert await bench.pilot.click(bench.screen.tool_list.list, offset=(1, 1))
        await bench.wait("[✓] forecast")
        assert await bench.pilot.click(bench.screen.tool_list.list, offset=(8, 1))
        await bench.holds(lambda: isinstance(bench.app.screen, ToolEditor), "the editor")


async def test_faults_are_marked_and_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    write_tool(tmp_path, "bad", type="objekt")
    (tmp_path / "tools" / "torn.toml").write_text("name = ")
    async with listing(tmp_path) as bench:
        await bench.wait("bad ✗", "torn cannot be read", "torn.toml", within=bench.screen.tool_list)
        await bench.press("down", "space")
        await bench.wait("0 of 2 on")


async def test_no_tools_say_what_to_do_and_the_filter_finds_one_of_many(tmp_path: Path) -> None:
    async with listing(tmp_path, (80, 24)) as bench:
        await bench.wait("No tools yet", "n makes one")
        for number in range(30):
            write_tool(tmp_path, f"tool_{number:02}", "the odd one" if number == 17 else "")
        await bench.press("alt+o", "alt+o")
        await bench.wait("0 of 30 on")
        await bench.press("slash")
        await bench.type("odd")
        await bench.press("enter", "space")
        await bench.wait("[✓] tool_17")
        assert "tool_03" not in bench.shown()
        await bench.press("slash", "escape")
        await bench.wait("tool_16")


async def test_a_tool_is_deleted_at_once_and_comes_back(tmp_path: Path) -> None:
    path = write_tool(tmp_path, "forecast")
    text = path.read_text()
    async with listing(tmp_path) as bench:
        await bench.press("x")
        await bench.holds(lambda: not path.exists(), "the deletion")
        await bench.wait("z brings it back")
        await bench.press("z")
        await bench.holds(path.exists, "the file")
        await bench.wait("[ ] forecast")
        assert path.read_text() == text


async def test_the_file_of_a_tool_that_is_named_with_a_blank_fits_the_name_that_f6_makes(tmp_path: Path) -> None:
    async with listing(tmp_path, (80, 24)) as bench:
        await making(bench, "nothing")
        await bench.press("enter")
        await bench.wait("Give the tool a name")
        await bench.type("get time")
        await bench.press("enter")
        await bench.holds(lambda: isinstance(bench.app.screen, ToolEditor), "the editor")
        path = tmp_path / "tools" / "get_time.toml"
        assert 'name = "get time"' in path.read_text()
        await bench.press("f6", "ctrl+s")
        await bench.wait("get_time.toml is saved")
        assert 'name = "get_time"' in path.read_text()


async def test_a_tool_is_made_from_nothing_and_is_on_and_open(tmp_path: Path) -> None:
    async with listing(tmp_path, (80, 24)) as bench:
        await making(bench, "nothing")
        await bench.press("enter")
        await bench.wait("Give the tool a name")
        await bench.type("get_time")
        await bench.press("enter")
        await bench.holds(lambda: isinstance(bench.app.screen, ToolEditor), "the editor")
        assert (tmp_path / "tools" / "get_time.toml").exists()
        assert [tool["function"]["name"] for tool in bench.session.draft.tools] == ["get_time"]


async def test_a_paste_that_cannot_be_read_is_told_and_stays_until_it_can(tmp_path: Path) -> None:
    async with listing(tmp_path) as bench:
        dialog = await making(bench, "definition")
        area = dialog.query_one(JsonArea)
        area.text = '{"name": "rate", "input_schema": {"type": "object"}'
        await bench.wait("✗ line 1, column 5", "this is not JSON")
        await bench.press("ctrl+s")
        assert bench.app.screen is dialog
        await bench.press("escape")
        dialog = await making(bench, "definition")
        area = dialog.query_one(JsonArea)
        assert area.text.startswith('{"name": "rate"')
        area.text += "}"
        await bench.wait("[✓] rate")
        await bench.press("ctrl+s")
        await bench.holds(lambda: isinstance(bench.app.screen, ToolEditor), "the editor")
        assert 'name = "rate"' in (tmp_path / "tools" / "rate.toml").read_text()


async def test_of_several_tools_found_the_ticked_ones_are_made(tmp_path: Path) -> None:
    source = tmp_path / "weather.py"
    source.write_text(
        'def forecast(city: str, days: int = 3) -> str:\n    """The weather to come."""\n\n\n'
        'def now(city: str) -> str:\n    """The weather now."""\n\n\nraise SystemExit("never run")\n'
    )
    async with listing(tmp_path) as bench:
        dialog = await making(bench, "python")
        dialog.query_one("#new-path", Input).value = str(source)
        await bench.wait("[✓] forecast", "[✓] now")
        found = dialog.query_one("#new-found", OptionList)
        found.focus()
        await bench.pilot.pause()
        await bench.press("enter")
        await bench.wait("[ ] forecast")
        await bench.press("ctrl+s")
        await bench.holds(lambda: isinstance(bench.app.screen, ToolEditor), "the editor")
        assert [path.name for path in (tmp_path / "tools").iterdir()] == ["now.toml"]


async def test_a_tool_is_made_from_an_example_of_its_arguments_in_json(tmp_path: Path) -> None:
    async with listing(tmp_path) as bench:
        dialog = await making(bench, "example")
        dialog.query_one("#new-name", Input).value = "book"
        dialog.query_one(JsonArea).text = '{"seats": 2, "where": {"row": "A"}}'
        dialog.query_one("#new-form").focus()
        await bench.pilot.pause()
        await bench.press("right", "ctrl+s")
        await bench.holds(lambda: isinstance(bench.app.screen, ToolEditor), "the editor")
        made = json.loads((tmp_path / "tools" / "book.json").read_text())
        assert made["function"]["parameters"]["properties"]["seats"]["type"] == "integer"
        assert made["function"]["parameters"]["properties"]["where"]["properties"]["row"]["type"] == "string"


async def test_everything_about_tools_is_in_the_palette(tmp_path: Path) -> None:
    write_tool(tmp_path, "forecast")
    async with listing(tmp_path) as bench:
        titles = " ".join(command.title for command in bench.app.get_system_commands(bench.screen))
        for words in ("Tools", "Tool on or off", "Edit tool", "New tool", "Copy tool", "Delete tool", "Tool choice"):
            assert words in titles
        await bench.press("e")
        await bench.holds(lambda: isinstance(bench.app.screen, ToolEditor), "the editor")
        titles = " ".join(command.title for command in bench.app.get_system_commands(bench.app.screen))
        for words in ("Save", "Form/JSON", "Fix all", "Add property", "Move up", "Variants", "Drop the edit"):
            assert words in titles


async def test_a_copy_is_another_file_that_can_be_edited_apart(tmp_path: Path) -> None:
    write_tool(tmp_path, "forecast", "The weather to come")
    async with listing(tmp_path, (80, 24)) as bench:
        await bench.press("D")
        await bench.wait("Name of the copy of forecast", "forecast-copy")
        await bench.press("enter")
        await bench.wait("0 of 2 on", "forecast-copy is a copy of forecast")
        bench.screen.show_top()  # as where the list of models arrives, or a bill
        await bench.pilot.pause()
        assert "forecast-copy is a copy of forecast" in bench.shown()
        copy = tmp_path / "tools" / "forecast-copy.json"
        assert json.loads(copy.read_text())["description"] == "The weather to come"


async def test_a_copy_under_a_name_that_is_taken_is_refused_where_it_was_typed(tmp_path: Path) -> None:
    write_tool(tmp_path, "forecast")
    write_tool(tmp_path, "weather")
    async with listing(tmp_path, (80, 24)) as bench:
        await bench.press("D")
        await bench.type("weather")
        await bench.press("enter")
        await bench.wait("There is a tool 'weather' already.")
        assert bench.app.screen.query_one(Input).value == "weather"
        await bench.press("2", "enter")
        await bench.wait("weather2 is a copy of forecast")


async def test_the_keys_of_tools_and_parameters_go_from_one_to_the_other_and_back(tmp_path: Path) -> None:
    write_tool(tmp_path, "forecast")
    async with listing(tmp_path, (80, 24)) as bench:
        await bench.press("alt+p")
        await bench.holds(lambda: bench.screen.editor.view == "params", "the parameters")
        await bench.press("alt+o")
        await bench.holds(lambda: bench.screen.tool_list.list.has_focus, "the list of tools")
        await bench.press("alt+o")
        await bench.holds(lambda: bench.prompt.has_focus, "the prompt")
        assert not bench.screen.has_class("-templated")


async def test_what_is_said_of_keys_follows_the_keys_that_were_chosen(tmp_path: Path) -> None:
    keys = {"tools.new": "f11", "new-tool.make": "ctrl+k", "new-tool.source": ""}
    with Sandbox(Settings(rpm=100_000)) as box:
        async with workbench(tmp_path, box.url, "sandbox/echo", size=(120, 40), keys=keys) as bench:
            await bench.press("alt+o")
            await bench.wait("f11 new", "space on/off")
            await bench.press("f11")
            await bench.wait("New tool from", "^k makes it", "esc closes")
            lines = bench.shown().splitlines()
            row = next(number for number, line in enumerate(lines) if "another source" in line)
            await bench.pilot.click(offset=(lines[row].index("another source") + 1, row))
            await bench.wait("Paste a definition")
