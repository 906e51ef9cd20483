"""What the screen says of keys is what they do: the letters of a jump, the key line and the help page of each place."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.content import Content
from textual.geometry import Region
from textual.widgets import Static

from meshtui.sandbox import Sandbox
from meshtui.ui.screens.compare import Compare
from meshtui.ui.screens.jump import Jump
from meshtui.ui.screens.lanes_table import LanesTable
from meshtui.ui.screens.model_picker import ModelPicker
from meshtui.ui.screens.tool_new import ToolNew
from meshtui.ui.widgets.slot_text import SlotField
from meshtui.ui.widgets.top import KeyLine
from tests.bench import Bench, workbench
from tests.template_pane import BOT

pytestmark = pytest.mark.anyio


def letters(bench: Bench) -> dict[str, Region]:
    """Return where the letters of a jump stand."""
    return {str(one.render()).strip(): one.region for one in bench.app.screen.query(".letter")}


async def test_the_letters_of_a_jump_stay_over_their_places_in_another_size(box: Sandbox, home: Path) -> None:
    folder = home / "templates"
    folder.mkdir(parents=True)
    (folder / "bot.toml").write_text(BOT)
    async with workbench(home, box.url, size=(140, 40)) as bench:
        bench.screen.open_template(folder / "bot.toml")
        await bench.holds(lambda: len(bench.screen.query(SlotField)) == 2, "the slots")
        await bench.press("f6", "ctrl+o")
        await bench.holds(lambda: isinstance(bench.app.screen, Jump) and len(letters(bench)) > 5, "the letters")
        before = letters(bench)
        for size in ((200, 60), (80, 24)):
            await bench.pilot.resize_terminal(*size)
            await bench.holds(lambda: letters(bench) not in ({}, before), f"the letters, moved for {size}")  # noqa: B023
            before = letters(bench)
            prompt = bench.prompt.region
            await bench.holds(lambda: letters(bench)["i"].offset == bench.prompt.region.offset, "i over the prompt")
            assert isinstance(bench.app.screen, Jump) and prompt.area
            assert all(Region(0, 0, *size).contains_region(one) for one in letters(bench).values())
        await bench.press("u")
        await bench.holds(lambda: bench.screen.pane_in_front == "usage", "the pane that the letter stands for")
        assert bench.app.screen is bench.screen and bench.prompt.text == ""


async def test_every_hint_that_is_no_command_can_be_clicked(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, size=(120, 40)) as bench:
        await bench.screen.run_action("new_tool")
        await bench.holds(lambda: isinstance(bench.app.screen, ToolNew), "the page")
        note = bench.app.screen.query_one(".note", Static)
        before = bench.app.focused
        await bench.pilot.click(note, offset=(note.render_line(0).text.index("goes on") + 1, 0))
        await bench.holds(lambda: bench.app.focused is not before, "the next field")
        assert bench.app.is_running


async def test_the_key_line_is_whole_from_the_first_frame(
    box: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, update = list[str](), KeyLine.update

    def noted(line: KeyLine, content: Content) -> None:
        said.append(content.plain)
        update(line, content)

    monkeypatch.setattr(KeyLine, "update", noted)
    async with workbench(home, box.url, size=(80, 24)) as bench:
        await bench.wait("f1 help")
    assert said and all("⏎ send" in line and "f2 model" in line for line in said), said


async def test_the_key_line_behind_a_dialog_offers_nothing_that_was_not_offered(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, size=(120, 40)) as bench:
        line = bench.screen.query_one(KeyLine)
        await bench.press("alt+o")
        await bench.holds(lambda: "esc prompt" in line.render_line(0).text, "the keys of the tools")
        assert "run" not in line.render_line(0).text
        await bench.press("n")
        await bench.holds(lambda: isinstance(bench.app.screen, ToolNew), "the page")
        await bench.pilot.pause()
        assert "f5 run" not in line.render_line(0).text, "there is no template to run"


async def test_the_key_line_tells_what_became_possible_behind_a_dialog(slow: Sandbox, home: Path) -> None:
    async with workbench(home, slow.url, size=(120, 40)) as bench:
        bench.session.keep("compared", ["sandbox/reasoning", "sandbox/reasoning"])
        await bench.type("hello")
        await bench.press("ctrl+l")
        await bench.holds(lambda: isinstance(bench.app.screen, ModelPicker), "the picker")
        await bench.press("enter")
        await bench.wait("streaming", "s stop")
        await bench.press("t")
        await bench.holds(lambda: isinstance(bench.app.screen, LanesTable), "the table")
        lanes = next(screen for screen in bench.app.screen_stack if isinstance(screen, Compare))
        await bench.holds(lambda: lanes._clock is None and not lanes.comparison.running, "the end of the lanes")
        await bench.press("escape")
        await bench.wait("r retry")
        assert "s stop" not in lanes.query_one(KeyLine).render_line(0).text
