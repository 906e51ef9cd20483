"""The palette: what it offers does something that is seen, or says in a sentence why it does not."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import isawaitable
from pathlib import Path

import pytest
from textual.app import SystemCommand
from textual.command import CommandList, CommandPalette
from textual.screen import Screen

from meshtui.sandbox import Sandbox
from tests.bench import Bench, workbench
from tests.calls import calling, put_tool
from tests.template_pane import FILLED_BOT

pytestmark = pytest.mark.anyio

APART = ("Quit", "Screenshot")
"""What ends the program, and what writes a file at once; the latter says so from a thread."""


@pytest.fixture(autouse=True)
def no_other_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """No editor, pager or clipboard of this machine takes part."""
    monkeypatch.setenv("EDITOR", "no-such-editor")
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("PAGER", "no-such-pager")
    monkeypatch.setattr("meshtui.ui.clipboard._by_tool", lambda text: True)


def offered(bench: Bench) -> Sequence[SystemCommand]:
    """Return what the palette offers on the screen in front."""
    return [one for one in bench.app.get_system_commands(bench.app.screen) if not one.title.startswith(APART)]


def titles(bench: Bench) -> list[str]:
    """Return the titles that the palette offers, without the keys."""
    return [one.title.partition("  (")[0] for one in offered(bench)]


def seen(bench: Bench) -> tuple[object, ...]:
    """Return all by which a user notices that something was done."""
    return [*bench.app.screen_stack], bench.app.focused, bench.shown(), len(bench.notices())


async def silent(bench: Bench, one: SystemCommand) -> bool:
    """Run a command; whether nothing was to be seen of it, and nothing was said."""
    before = seen(bench)
    done = one.callback()
    if isawaitable(done):
        await done
    await bench.pilot.pause()
    if one.title.startswith("Prompt ") and bench.app.focused is bench.prompt:
        return not bench.prompt.region.area  # one is there already, and types on
    if seen(bench) != before:
        return False
    try:
        await bench.holds(lambda: seen(bench) != before, one.title)  # what a worker says
    except AssertionError:
        return True
    return False


def fresh(bench: Bench, classes: frozenset[str]) -> bool:
    """Whether the workbench stands as it opened."""
    here = bench.app.screen is bench.screen and bench.app.focused is bench.prompt
    return here and bench.screen.classes == classes


async def back(bench: Bench) -> None:
    """Close what stands over the workbench, go to the prompt, and let notices go."""
    while bench.app.screen is not bench.screen:
        screen: Screen[object] = bench.app.screen
        screen.dismiss(None)
        await bench.pilot.pause()
    bench.screen.close_pane()
    bench.app.clear_notifications()
    await bench.pilot.pause()


async def test_no_command_of_the_palette_is_silent_in_a_fresh_workbench(box: Sandbox, home: Path) -> None:
    wrong, done, opened = list[str](), 0, 0
    while True:
        opened += 1
        async with workbench(home / str(opened), box.url, size=(80, 24)) as bench:
            classes = bench.screen.classes
            commands = offered(bench)
            for one in commands[done:]:
                done += 1
                if await silent(bench, one):
                    wrong.append(one.title)
                await back(bench)
                if not fresh(bench, classes):
                    break  # the next one in another
        if done == len(commands):
            break
    assert done > 40 and wrong == []


async def test_the_opening_list_begins_with_what_the_key_line_shows(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, size=(80, 24)) as bench:
        await bench.press("ctrl+p")
        await bench.wait("Model (f2)", "Compare (ctrl+l)", "Templates (f12)", "Jump (ctrl+o)", "New (ctrl+n)")
        listed = bench.app.screen.query_one(CommandList)
        words = [str(listed.get_option_at_index(place).prompt) for place in range(listed.option_count)]
        assert words[0].startswith("Model") and not any("Answer again" in one for one in words)
        await bench.press("escape")
        await bench.holds(lambda: not isinstance(bench.app.screen, CommandPalette), "the workbench")
        await bench.press("alt+1")
        await bench.holds(lambda: bench.screen.tool_list.list.has_focus, "the list of tools")
        assert titles(bench)[:2] == ["Tool on or off", "Edit tool"], "what has the focus comes first"


async def test_what_is_done_to_calls_is_offered_while_there_are_calls(box: Sandbox, home: Path) -> None:
    put_tool(home, "get_weather")
    box.script(calling(("get_weather", '{"city": "Oslo"}')))
    async with workbench(home, box.url, size=(80, 24)) as bench:
        of_calls = {"Answer again", "Add a call", "As it came", "Next call", "Drop call", "Send results"}
        assert not of_calls & {*titles(bench)}
        assert bench.session.tools is not None
        bench.session.tools.turn_only(["get_weather"])
        await bench.ask("go")
        await bench.holds(lambda: bench.screen.panel.has_focus_within, "the focus in the panel")
        assert of_calls <= {*titles(bench)} and titles(bench).index("Send results") == 0


async def test_what_is_done_to_a_template_is_offered_while_one_is_open(box: Sandbox, home: Path) -> None:
    folder = home / "templates"
    folder.mkdir(parents=True)
    (folder / "bot.toml").write_text(FILLED_BOT)
    async with workbench(home, box.url, size=(80, 24)) as bench:
        of_template = {"Run", "Save", "Preview", "Compare versions", "Next doubt", "Add message"}
        assert not of_template & {*titles(bench)}
        bench.screen.open_template(folder / "bot.toml")
        await bench.holds(lambda: of_template <= {*titles(bench)}, "the commands of the template")
        await bench.press("f6")
        add = next(one for one in offered(bench) if one.title.startswith("Add message"))
        before = len(bench.screen.editor.texts)
        assert not await silent(bench, add)
        assert len(bench.screen.editor.texts) == before + 1 and bench.screen.pane_in_front == "template"
        await bench.press("insert")
        assert len(bench.screen.editor.texts) == before + 2, "its key"


async def test_nothing_is_done_to_a_tool_that_nobody_sees(box: Sandbox, home: Path) -> None:
    path = put_tool(home, "get_weather")
    async with workbench(home, box.url, size=(80, 24)) as bench:
        for title in ("Delete tool", "Tool on or off", "Edit tool"):
            bench.screen.close_pane()
            await bench.pilot.pause()
            assert not await silent(bench, next(one for one in offered(bench) if one.title.startswith(title)))
            await bench.wait("Go to the tool first")
            assert bench.screen.tool_list.list.has_focus and path.exists() and bench.app.screen is bench.screen
        await bench.press("x")
        await bench.holds(lambda: not path.exists(), "the tool under the cursor deleted")
