"""Keys that a user chose: they run what they stand for where one types too, and what cannot be used changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input, Static

from meshtui.sandbox import Sandbox
from meshtui.ui.commands import short_key
from meshtui.ui.screens.conversation_list import ConversationList
from meshtui.ui.screens.key_entry import KeyEntry
from meshtui.ui.screens.model_picker import ModelPicker
from meshtui.ui.widgets.find_replace import FindReplace
from meshtui.ui.widgets.top import KeyLine
from tests.bench import workbench

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("key", ["ctrl+k", "alt+n", "f11", "ctrl+c"])
async def test_a_chosen_key_runs_while_one_types(box: Sandbox, home: Path, key: str) -> None:
    async with workbench(home, box.url, keys={"model.choose": key}) as bench:
        line, shown = bench.screen.query_one(KeyLine), short_key(key)
        await bench.holds(lambda: f"{shown} model" in line.render_line(0).text, "the key in the key line")
        await bench.type("one two")
        await bench.press("home")
        sent = "n" if key == "alt+n" else None  # terminals say the character of a key with alt
        bench.app.post_message(events.Key(key, sent))
        await bench.holds(lambda: isinstance(bench.app.screen, ModelPicker), "the models")
        await bench.press("escape")
        await bench.holds(lambda: bench.app.screen is bench.screen, "the workbench")
        assert bench.prompt.text == "one two"
        await bench.press("f2")
        await bench.pilot.pause()
        assert bench.app.screen is bench.screen, "the old key still runs it"


async def test_a_key_that_was_taken_is_shown_nowhere(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, keys={"app.help": "f12"}) as bench:
        await bench.wait("palette open a prompt template", "f12     all keys", "f12 help")
        assert "no key" not in bench.shown() and "templates" not in bench.screen.query_one(KeyLine).render_line(0).text
        await bench.press("f12")
        await bench.wait("Here you type the next message")
        await bench.press("f12")
        await bench.holds(lambda: bench.app.screen is bench.screen, "the help page left by the same key")


async def test_the_card_of_a_lane_names_the_keys_in_force(box: Sandbox, home: Path) -> None:
    keys = {"compare.retry": "f5", "compare.continue": "alt+c"}
    async with workbench(home, box.url, keys=keys, size=(120, 40)) as bench:
        await bench.type("compare me")
        bench.screen.compare_with(["sandbox/fault-cut", "sandbox/haiku"])
        await bench.wait("[f5] retry", "[alt+c] continue", "[m]odel")
        await bench.press("alt+c")
        await bench.holds(lambda: bench.app.screen is bench.screen, "the conversation, which goes on")


async def test_moving_in_the_prompt_stays_where_its_memory_has_another_key(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, keys={"prompt.older": "ctrl+up", "prompt.unfold": "f9"}) as bench:
        await bench.answered("before")
        await bench.type("one")
        await bench.press("ctrl+j")
        await bench.type("two")
        await bench.press("up", "home", "ctrl+e")
        assert bench.prompt.cursor_location == (0, 3) and bench.prompt.text == "one\ntwo"
        await bench.press("up", "ctrl+up")
        await bench.holds(lambda: bench.prompt.text == "before", "the prompt before")


async def test_replacing_all_has_a_key_of_its_own_and_a_click(box: Sandbox, home: Path) -> None:
    folder = home / "templates"
    folder.mkdir(parents=True)
    (folder / "bot.toml").write_text('system = "a cat, a cat"\n[[messages]]\nrole = "user"\ncontent = "cat?"\n')
    async with workbench(home, box.url, keys={"replacing.all": "alt+r"}, size=(120, 40)) as bench:
        bench.screen.open_template(folder / "bot.toml")
        await bench.holds(lambda: len(bench.screen.editor.texts) == 2, "the texts")
        await bench.screen.run_action("show_pane('template')")
        for key, old, new in (("", "cat", "dog"), ("alt+r", "dog", "cow")):
            bench.screen.editor.focus_first()
            await bench.press("ctrl+f")
            lines = bench.screen.query_one(FindReplace)
            await bench.holds(lambda: lines.has_focus_within, "the lines")  # noqa: B023
            for id, word in (("#find-text", old), ("#new-text", new)):
                lines.query_one(id, Input).value = word
            await bench.press("enter")
            await bench.wait("alt+r replaces all")
            note = lines.query_one("#find-note", Static)
            rows = [note.render_line(y).text for y in range(note.size.height)]
            y, x = next((y, row.index("replaces all")) for y, row in enumerate(rows) if "replaces all" in row)
            await (bench.press(key) if key else bench.pilot.click(note, offset=(x + 3, y)))
            await bench.wait("3 replaced")
            assert [text.text for text in bench.screen.editor.texts] == [f"a {new}, a {new}", f"{new}?"]
            await bench.press("escape")


async def test_enter_begins_a_new_line_where_another_key_sends(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, keys={"prompt.send": "ctrl+s", "prompt.newline": "enter"}) as bench:
        await bench.wait("Type a message below and press ctrl+s.")
        await bench.type("one")
        await bench.press("enter")
        await bench.type("two")
        await bench.holds(lambda: bench.prompt.text == "one\ntwo", "two lines")
        await bench.press("ctrl+s")
        await bench.holds(lambda: bench.screen.last_turn is not None and not bench.prompt.text, "sent")
        await bench.over()


async def test_a_chosen_key_of_the_text_is_the_texts_again_where_the_command_does_not_hold(
    box: Sandbox, home: Path
) -> None:
    async with workbench(home, box.url, keys={"turn.retry": "ctrl+k"}) as bench:
        await bench.type("one two")
        await bench.press("home", "ctrl+k")
        await bench.holds(lambda: bench.prompt.text == "", "the line deleted: there is nothing to ask again")


async def test_a_key_that_cannot_be_used_leaves_the_default(box: Sandbox, home: Path) -> None:
    keys = {"model.choose": "m", "conversation.new": "ctrl+m", "turn.retry": "ctrl+i"}
    async with workbench(home, box.url, keys=keys) as bench:
        await bench.holds(lambda: len(bench.notices()) == 3, "a sentence for each")
        assert all("so f2 stays" in one or "so ctrl+n stays" in one or "so f5 stays" in one for one in bench.notices())
        await bench.type("mm")
        await bench.holds(lambda: bench.prompt.text == "mm", "letters are typed")
        await bench.press("f2")
        await bench.holds(lambda: isinstance(bench.app.screen, ModelPicker), "the models by the default key")
        await bench.press("escape")
        await bench.press("enter")
        await bench.wait("mm")
        await bench.holds(lambda: bench.screen.last_turn is not None, "sent by enter, which terminals send for ctrl+m")
        await bench.over()
        first = bench.turn
        await bench.press("f5")
        await bench.holds(lambda: bench.turn is not first, "asked again")
        await bench.over()


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what the system's own tool is given to copy."""
    found = list[str]()

    def by_tool(text: str) -> bool:
        found.append(text)
        return True

    monkeypatch.setattr("meshtui.ui.clipboard._by_tool", by_tool)
    return found


async def test_what_is_selected_in_any_text_is_copied_as_everything_is(
    box: Sandbox, home: Path, copied: list[str]
) -> None:
    async with workbench(home, box.url, keys={"app.copy": "alt+c"}) as bench:
        await bench.type("copy me")
        await bench.press("shift+home", "alt+c")
        await bench.holds(lambda: copied == ["copy me"], "a copy by the system's own tool")
        await bench.press("ctrl+f")
        await bench.type("find me")
        await bench.press("shift+home", "alt+c")
        await bench.holds(lambda: copied == ["copy me", "find me"], "a copy from the line that finds")
        await bench.press("escape", "home", "alt+c")
        await bench.holds(lambda: any("alt+c copies" in notice for notice in bench.notices()), "the key in force")


async def test_a_dialog_copies_by_the_same_way(box: Sandbox, home: Path, copied: list[str]) -> None:
    async with workbench(home, box.url) as bench:
        await bench.press("ctrl+r")
        await bench.holds(lambda: isinstance(bench.app.screen, ConversationList), "the list")
        line = bench.app.screen.query_one(Input)
        await bench.type("find me")
        await bench.press("shift+home", "ctrl+c")
        await bench.holds(lambda: copied == ["find me"], "a copy by the system's own tool")
        await bench.holds(lambda: bench.notices() == ["Selection: copied to the clipboard"], "how it was copied")
        await bench.press("ctrl+x", "ctrl+x", "ctrl+v", "ctrl+v")
        assert line.value == "find mefind me", "what was cut is not there to be pasted"
        await bench.holds(lambda: copied == ["find me"] * 2, "the cut, and nothing where nothing is selected")


async def test_a_hidden_text_is_not_copied_out(box: Sandbox, home: Path, copied: list[str]) -> None:
    async with workbench(home, box.url) as bench:
        bench.screen.action_enter_key()
        await bench.holds(lambda: isinstance(bench.app.screen, KeyEntry), "the line for a key")
        await bench.type("rsk_01JDEMO000000000000000000")
        await bench.press("shift+home", "ctrl+x", "ctrl+v")
        await bench.holds(lambda: bench.notices() == ["What is hidden is not copied out of meshtui."], "why not")
        assert copied == [] and bench.app.screen.query_one(Input).value == "rsk_01JDEMO000000000000000000"
