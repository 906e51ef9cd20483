"""The workbench as a whole: every command by keyboard, every size, foreign text everywhere, other looks."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from stat import S_IMODE
from typing import Any

import pytest
from textual.color import Color
from textual.widgets import Static

from meshtui.sandbox import Sandbox, Settings
from meshtui.ui.commands import COMMANDS
from tests import hostile
from tests.bench import Bench, make_app, workbench
from tests.workbench import opened

pytestmark = pytest.mark.anyio

HERE = [command for command in COMMANDS if command.where in ("anywhere", "prompt", "conversation")]
LATER = {"Stop", "Retry", "Copy answer", "Tour"}
"""Offered only while an answer streams, when there is one, or in the demo."""
SIZES = [(40, 12), (60, 16), (80, 24), (100, 30), (120, 40), (160, 50), (200, 60), (41, 60), (200, 12), (80, 24)]


@pytest.fixture(autouse=True)
def no_other_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """No editor, pager or browser of this machine takes part."""
    monkeypatch.setenv("EDITOR", "true")
    monkeypatch.setenv("PAGER", "true")
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setattr("meshtui.ui.app.MeshApp.suspend", lambda self: nullcontext())


async def back(bench: Bench) -> None:
    """Close whatever stands over the workbench, by the keyboard alone."""
    for _ in range(4):
        if bench.app.screen is bench.screen:
            return
        await bench.press("escape")
        await bench.pilot.pause()
    assert bench.app.screen is bench.screen, f"escape does not leave {bench.app.screen}"


# Every command


@pytest.mark.parametrize("with_answer", [False, True])
async def test_every_command_is_reached_by_its_key_and_none_raises(box: Sandbox, home: Path, with_answer: bool) -> None:
    async with workbench(home, box.url) as bench:
        if with_answer:
            await bench.answered("hello")
        for command in HERE:
            for key in command.key.split(",") if command.key else ():
                if command.id != "app.quit":
                    await bench.press("f6", key)
                    await bench.pilot.pause()
                    await back(bench)
                    assert bench.app.is_running and bench.app.return_code in (None, 0), command.id
        assert bench.app._exception is None


@pytest.mark.parametrize("with_answer", [False, True])
async def test_every_command_is_reached_from_the_palette(box: Sandbox, home: Path, with_answer: bool) -> None:
    async with workbench(home, box.url) as bench:
        if with_answer:
            await bench.answered("hello")
        offered = {system.title.partition("  (")[0] for system in bench.app.get_system_commands(bench.screen)}
        missing = {command.title for command in HERE if command.in_palette} - offered
        assert missing == ({"Stop", "Tour"} if with_answer else LATER), f"not in the palette: {missing}"
        for command in HERE:
            if command.in_palette and command.id not in ("app.quit", "app.palette"):
                await bench.screen.run_action(command.action)
                await bench.pilot.pause()
                await back(bench)
                assert bench.app._exception is None, command.id


async def test_the_palette_finds_a_command_by_name_and_runs_it(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url) as bench:
        await bench.answered("hello")
        await bench.press("ctrl+p")
        await bench.pilot.pause()
        await bench.type("New")
        await bench.wait("Begin an empty conversation")
        await bench.press("enter")
        await bench.wait("A new conversation")
        assert bench.session.conversation is None and bench.app.screen is bench.screen


async def test_keys_in_sentences_are_those_in_force(box: Sandbox, home: Path) -> None:
    keys = {"usage.show": "alt+z", "turn.retry": "ctrl+y", "params.show": "", "focus.conversation": "alt+j"}
    async with workbench(home, box.url, "sandbox/fault-cut", keys=keys, size=(160, 40)) as bench:
        await bench.wait("alt+z more")
        await bench.answered("hello")
        await bench.wait("The answer was cut off · ctrl+y retries · alt+j goes to it")
        words = "{model.choose:4}a model, {params.show}, {no.command}"
        assert bench.app.keyed(words) == "f2  a model, “Parameters” in the palette, {no.command}"
    async with workbench(home / "other", box.url, "sandbox/fault-402") as bench:
        await bench.answered("hello")
        await bench.wait("Spend limit reached · f7 goes to it")


async def test_a_key_of_the_users_own_replaces_the_default(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, keys={"conversation.new": "f9"}) as bench:
        await bench.answered("hello")
        await bench.press("f9")
        await bench.wait("A new conversation")


async def test_the_help_page_names_every_command(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, size=(120, 60)) as bench:
        await bench.press("f1")
        await bench.wait("Here you type the next message", "Send what stands in the prompt.")
        told = " ".join(str(bench.app.screen.query_one("#commands", Static).content).split())
        assert not [command.id for command in HERE if command.key and command.help not in told]
        await bench.press("escape")
        assert bench.app.screen is bench.screen


async def test_the_focus_moves_between_prompt_and_conversation(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, "sandbox/markdown") as bench:
        await bench.answered("hello")
        await bench.press("f7")
        await bench.holds(lambda: bench.transcript.has_focus, "the conversation")
        await bench.press("f6")
        await bench.holds(lambda: bench.prompt.has_focus, "the prompt")
        await bench.press("alt+up")
        await bench.holds(lambda: bench.transcript.has_focus and bench.transcript.cursor, "a block")
        await bench.press("k", "k", "j", "y")
        await bench.holds(lambda: bench.app.clipboard, "a copy")
        assert bench.prompt.text == ""
        await bench.press("escape")
        await bench.holds(lambda: bench.prompt.has_focus, "the prompt")


# Stopping and copying


async def test_ctrl_c_stops_what_streams_and_never_leaves(home: Path) -> None:
    with Sandbox(Settings(speed=40)) as slow:
        async with workbench(home, slow.url, "sandbox/markdown") as bench:
            turn = await bench.ask("hello")
            await bench.holds(lambda: turn.content, "text")
            await bench.press("ctrl+c")
            await bench.over(turn)
            assert turn.state.value == "stopped"
            await bench.press("ctrl+c")
            await bench.holds(lambda: any("ctrl+q" in notice for notice in bench.notices()), "how to leave")
            assert bench.app.is_running


async def test_ctrl_c_copies_what_is_selected_in_the_prompt(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url) as bench:
        await bench.type("copy me")
        await bench.press("shift+home", "ctrl+c")
        await bench.holds(lambda: bench.app.clipboard == "copy me", "the copy")


async def test_f8_copies_the_answer_as_it_came(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, "sandbox/markdown") as bench:
        turn = await bench.answered("hello")
        await bench.press("f8")
        await bench.holds(lambda: bench.app.clipboard == str(turn.content), "the answer")


async def test_a_mouse_selection_is_copied_without_what_was_drawn(box: Sandbox, home: Path) -> None:
    box.script(hostile.reply({"text": "first line of it\n\nsecond paragraph"}, {"content"}))
    async with workbench(home, box.url) as bench:
        await bench.answered("hello")
        rows = bench.shown().splitlines()
        first = next(y for y, row in enumerate(rows) if "first line" in row)
        last = next(y for y, row in enumerate(rows) if "second paragraph" in row)
        x = rows[first].index("first line")
        await bench.pilot.mouse_down(offset=(x, first))
        await bench.pilot.hover(offset=(x + 30, last))
        await bench.pilot.mouse_up(offset=(x + 30, last))
        await bench.pilot.pause()
        assert bench.app.clipboard == "", "a mere selection was copied"
        await bench.press("ctrl+c")
        await bench.holds(lambda: bench.app.clipboard, "the copy")
        assert bench.app.clipboard.strip() == "first line of it\n\nsecond paragraph"


# Leaving


async def test_what_still_reads_the_history_while_the_program_ends_is_no_failure(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url) as bench:
        read: list[str] = []

        def late() -> None:
            """What a timer does that was due in between."""
            read.append("tried")
            bench.session.conversations()

        bench.screen.call_later(bench.app.leave)
        bench.screen.call_later(late)
        await bench.holds(lambda: read, "a late reader")
        assert bench.app._exception is None and bench.app.return_code == 0
        assert not (home / "state" / "crash.log").exists()


def test_nobody_else_reads_the_last_crash(home: Path) -> None:
    log = home / "state" / "crash.log"
    log.parent.mkdir(parents=True)
    log.write_text("one from before")
    log.chmod(0o644)
    try:
        raise ValueError("what was typed")
    except ValueError:
        make_app(home, "http://127.0.0.1:9").last_words()
    assert S_IMODE(log.stat().st_mode) == 0o600 and log.read_text().endswith("ValueError: what was typed\n")


# Sizes


async def test_any_size_shows_prompt_and_conversation(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, "sandbox/markdown") as bench:
        await bench.answered("hello")
        bench.session.choose_model("sandbox/fault-422")
        await bench.answered("and this?")
        for columns, rows in SIZES:
            await bench.pilot.resize_terminal(columns, rows)
            await bench.pilot.pause()
            lines = bench.shown().splitlines()
            assert len(lines) == rows
            assert bench.prompt.region.height >= 3 and bench.prompt.region.bottom <= rows, (columns, rows)
            assert bench.transcript.region.height >= 3, (columns, rows)
            assert bench.screen.query_one("#keys").region.bottom == rows
            assert bench.transcript.at_end


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (200, 60)])
async def test_every_dialog_fits_and_closes_in_any_size(box: Sandbox, home: Path, size: tuple[int, int]) -> None:
    async with workbench(home, box.url, size=size) as bench:
        await bench.answered("hello")
        for command in HERE:
            if command.id in ("app.quit", "app.palette") or not command.in_palette:
                continue
            await bench.screen.run_action(command.action)
            await bench.pilot.pause()
            if bench.app.screen is not bench.screen:
                for dialog in bench.app.screen.query(".dialog"):
                    region = dialog.region
                    assert region.x >= 0 and region.y >= 0, command.id
                    assert region.right <= size[0] and region.bottom <= size[1], command.id
                focused = bench.app.focused
                if focused is not None:
                    visible = focused.visible_region if hasattr(focused, "visible_region") else focused.region
                    assert visible.area > 0, f"{command.id}: what has the focus cannot be seen"
            await back(bench)


async def test_80_by_24_leaves_room_to_read(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, size=(80, 24)) as bench:
        await bench.answered("hello")
        assert bench.transcript.region.height >= 16
        assert all(len(line) <= 80 for line in bench.shown().splitlines())


# Foreign text


async def test_foreign_text_is_data_wherever_it_stands(box: Sandbox, home: Path) -> None:
    case: dict[str, Any] = {
        "id": "x",
        "text": "[red]not red[/red] [@click=app.quit]quit[/] \x1b[2J\u202e",
        "where": {"content", "reasoning", "tool_name", "tool_arguments", "model_id", "finish_reason"},
    }
    box.script(hostile.reply(case, case["where"]), hostile.refusal(case))
    async with workbench(home, box.url, size=(120, 40)) as bench:
        bench.session.choose_model("a/[red]model[/red]\x1b[2J")
        turn = await bench.answered("title [bold]of[/bold] \x1b[2J [/]")
        await bench.wait("[red]not red[/red]", "title [bold]of[/bold]", "a/[red]model[/red]")
        await bench.answered("again")
        await bench.wait("[@click=app.quit]quit[/]", "req_01HOSTILE[red]not")
        assert "\x1b" not in bench.shown() and "\u202e" not in bench.shown()
        await bench.press("ctrl+r")
        await bench.wait("title [bold]of[/bold]")
        assert "\x1b" not in bench.shown()
        await bench.press("f2", "escape", "f9", "f10", "escape", "f2")
        await bench.pilot.pause()
        assert "\x1b" not in bench.shown()
        await back(bench)
        for action in ("recall_prompt", "find"):
            await bench.screen.run_action(action)
            await bench.pilot.pause()
            assert "\x1b" not in bench.shown()
            await back(bench)
        assert turn.served_model == case["text"]


async def test_a_click_on_foreign_markup_does_nothing(box: Sandbox, home: Path) -> None:
    box.script(hostile.reply({"text": "[@click=app.quit]press[/] [x](javascript:alert(1))"}, {"content"}))
    async with workbench(home, box.url) as bench:
        await bench.answered("hello")
        rows = bench.shown().splitlines()
        y = next(y for y, row in enumerate(rows) if "press" in row)
        await bench.pilot.click(offset=(rows[y].index("press") + 1, y))
        await bench.pilot.pause()
        assert bench.app.is_running and bench.app.return_code is None


async def test_arguments_that_are_no_json_are_shown_as_they_came(box: Sandbox, home: Path) -> None:
    texts = ["[not red] at all", "{not json at all}", '{"a": [1, 2], "b": "x  y"']
    box.script(*(hostile.reply({"text": text}, {"tool_arguments"}) for text in texts))
    async with workbench(home, box.url) as bench:
        for text in texts[:2]:
            await bench.answered("call it")
            await bench.holds(lambda text=text: text in bench.shown(), text)  # type: ignore[misc]
        await bench.answered("call it")
        await bench.holds(lambda: '"b": "x  y"' in bench.shown(), "JSON, laid out")


# Looks


async def test_every_shipped_theme_is_readable(box: Sandbox, home: Path) -> None:
    from meshtui.ui.theming import read_theme, shipped_folder, theme_files

    async with workbench(home, box.url, "sandbox/markdown") as bench:
        await bench.answered("hello")
        bench.session.choose_model("sandbox/fault-429-rpm")
        await bench.answered("and now?")
        for name, path in theme_files(shipped_folder()).items():
            if read_theme(path).ansi:
                continue  # its colours are the terminal's affair
            bench.app.theme = name
            await bench.pilot.pause()
            faint = set()
            for strip in bench.app.screen._compositor.render_strips():
                for segment in strip:
                    style = segment.style
                    if style is None or style.color is None or style.bgcolor is None:
                        continue
                    if not any(character.isalnum() for character in segment.text):
                        continue
                    front, behind = Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor)
                    if contrast(front, behind) < 2.5:
                        faint.add((segment.text.strip(), front.hex, behind.hex))
            assert not faint, f"{name}: {sorted(faint)[:5]}"


def contrast(one: Color, other: Color) -> float:
    """Return the contrast of two colours as WCAG counts it, from 1 to 21."""
    dark, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: Color) -> float:
    """Return the relative luminance of a colour, from 0 to 1."""
    shares = [part / 255 for part in (colour.r, colour.g, colour.b)]
    red, green, blue = (s / 12.92 if s <= 0.03928 else float(((s + 0.055) / 1.055) ** 2.4) for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


async def test_without_colour_everything_is_still_said(
    box: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with workbench(home, box.url, "sandbox/markdown", size=(120, 40)) as bench:
        await bench.answered("hello")
        bench.session.choose_model("sandbox/fault-422")
        await bench.answered("and now?")
        await bench.wait("422", "[r]etry", "failed")
        for strip in bench.app.screen._compositor.render_strips():
            for segment in strip:
                for colour in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                    if colour is not None and colour.triplet is not None:
                        assert len(set(colour.triplet)) == 1, segment


async def test_the_demo_is_marked_and_a_gateway_is_not(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url) as bench:
        assert "DEMO" not in bench.shown()


async def test_the_history_of_another_program_is_opened_at_the_start(box: Sandbox, home: Path) -> None:
    async with opened(home, box) as session:
        await session.run(session.say("from the command line"))
    async with workbench(home, box.url) as bench:
        await bench.wait("from the command line")


async def test_pages_and_the_find_line_name_the_keys_in_force(box: Sandbox, home: Path) -> None:
    keys = {"usage.by": "d", "usage.close": "x", "finding.up": "f7", "help.close": "f8"}
    async with workbench(home, box.url, keys=keys, size=(120, 40)) as bench:
        bench.screen.action_show_usage()
        await bench.wait("d by day", "x closes")
        await bench.press("x")
        await bench.press("ctrl+f")
        await bench.type("zz")
        await bench.wait("f7 previous", "esc closes")
        await bench.press("escape", "f1")
        await bench.wait("f8 closes", "ctrl+p runs any command")
