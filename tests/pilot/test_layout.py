"""The layout: what is seen at every size, nothing over anything else, every pane reached by key and by mouse."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import combinations
from pathlib import Path
from typing import cast

import pytest
from textual.geometry import Region

from meshtui.sandbox import Sandbox
from meshtui.ui.panes.model import ModelPane
from meshtui.ui.panes.template import TemplatePane
from meshtui.ui.panes.usage import UsagePane
from meshtui.ui.screens.compare import Compare
from meshtui.ui.screens.help import HelpPage
from meshtui.ui.screens.jump import Jump
from meshtui.ui.screens.paning import PANES, Pane
from meshtui.ui.widgets.edge import Edge
from meshtui.ui.widgets.pane_tabs import PaneTabs
from meshtui.ui.widgets.slot_text import SlotField
from meshtui.ui.widgets.state import StateLine
from meshtui.ui.widgets.top import KeyLine
from tests.bench import Bench, workbench
from tests.template_pane import BOT

pytestmark = pytest.mark.anyio

SIZES = [(60, 15), (80, 24), (100, 30), (140, 40), (200, 60)]


@asynccontextmanager
async def opened(home: Path, url: str, size: tuple[int, int], model: str = "sandbox/haiku") -> AsyncIterator[Bench]:
    """The workbench with a template open beside an answer."""
    folder = home / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bot.toml").write_text(BOT)
    async with workbench(home, url, model, size=size) as bench:
        bench.screen.open_template(folder / "bot.toml")
        await bench.holds(lambda: len(bench.screen.query(SlotField)) == 2, "the slots")
        for field in bench.screen.query(SlotField):
            field.load_text("x")
        await bench.pilot.pause()
        await bench.screen.run_action("run_template")
        await bench.holds(lambda: bench.screen.last_turn is not None, "a run")
        await bench.over()
        bench.screen.action_front_template(True)
        await bench.pilot.pause()
        yield bench


def seen(bench: Bench) -> dict[str, Region]:
    """Return the regions of the parts that are on the screen, by their ids."""
    names = ("top", "tabs", "template", "left-edge", "conversation", "right-edge", "side", "state", "prompt", "keys")
    parts = {name: bench.screen.query_one(f"#{name}") for name in names}
    return {name: part.region for name, part in parts.items() if part.display and part.region}


def lies_apart(bench: Bench, size: tuple[int, int]) -> None:
    """Fail where parts lie over one another, or beyond the screen."""
    parts = seen(bench)
    whole = Region(0, 0, *size)
    for name, region in parts.items():
        assert whole.contains_region(region), f"{name} {region} leaves {size}"
    for (one, first), (two, second) in combinations(parts.items(), 2):
        assert not first.overlaps(second), f"{one} {first} lies over {two} {second} at {size}"


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_every_pane_is_reached_and_nothing_lies_over_it(box: Sandbox, home: Path, size: tuple[int, int]) -> None:
    async with opened(home, box.url, size) as bench:
        for pane in PANES:
            await bench.screen.action_show_pane(pane)
            await bench.pilot.pause()
            await bench.holds(lambda pane=pane: bench.screen.pane_in_front == pane, f"{pane} in front")  # type: ignore[misc]
            lies_apart(bench, size)
            if pane == "usage":
                await bench.wait("this run")
            focused = bench.app.focused
            assert focused is not None and focused.region.area > 0, f"{pane}: what has the focus is not to be seen"
            assert {"top", "state", "prompt", "keys"} <= set(seen(bench)), f"{pane} covers a line"
        await bench.press("f6")
        assert bench.prompt.has_focus and "conversation" in seen(bench)


async def test_columns_follow_the_size_class(box: Sandbox, home: Path) -> None:
    async with opened(home, box.url, (140, 40)) as bench:
        assert {"template", "conversation", "side"} <= set(seen(bench)) and "tabs" not in seen(bench)
        await bench.pilot.resize_terminal(120, 40)
        await bench.pilot.pause()
        assert {"template", "conversation"} <= set(seen(bench)) and not {"side", "tabs"} & set(seen(bench))
        await bench.holds(
            lambda: all(
                part in str(bench.screen.query_one(StateLine).content)
                for part in ("haiku", "$0.50 in, $1.50 out /M", "$0.0000")
            ),
            "model, price and usage in one line",
        )
        await bench.pilot.resize_terminal(80, 24)
        await bench.pilot.pause()
        assert "tabs" in seen(bench) and "side" not in seen(bench)
        assert ("template" in seen(bench)) != ("conversation" in seen(bench))
        tabs = bench.screen.query_one(PaneTabs).render_line(0).text
        assert all(name in tabs for name in PANES.values())


async def test_tabs_are_clicked_in_a_narrow_terminal(box: Sandbox, home: Path) -> None:
    async with opened(home, box.url, (80, 24)) as bench:
        tabs = bench.screen.query_one(PaneTabs)
        for name, kind in (("Usage", UsagePane), ("Model", ModelPane), ("Params", TemplatePane)):
            await bench.pilot.click(tabs, offset=(tabs.render_line(0).text.index(name) + 1, 0))
            await bench.holds(lambda kind=kind: bench.screen.query_one(kind).region.area, name)  # type: ignore[misc]
        await bench.wait("temperature")


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_jumping_leads_to_every_pane_and_field(box: Sandbox, home: Path, size: tuple[int, int]) -> None:
    async with opened(home, box.url, size) as bench:
        for letter, pane in (("u", "usage"), ("p", "params"), ("c", "conversation"), ("m", "model"), ("t", "template")):
            await bench.press("ctrl+o")
            await bench.holds(lambda: isinstance(bench.app.screen, Jump), "the letters")
            letters = list(bench.app.screen.query(".letter"))
            assert letters and all(Region(0, 0, *size).contains_region(one.region) for one in letters)
            await bench.press(letter)
            await bench.holds(lambda pane=pane: bench.screen.pane_in_front == pane, pane)  # type: ignore[misc]
        await bench.pilot.pause()
        first = next(iter(bench.screen.query(SlotField)))
        bench.prompt.focus()
        await bench.screen.action_show_pane("template")
        await bench.press("ctrl+o", "s")
        await bench.holds(lambda: first.has_focus or size[1] < 24, "the first slot")
        assert bench.screen.editor.has_focus_within
        await bench.press("ctrl+o", "i")
        await bench.holds(lambda: bench.prompt.has_focus, "the prompt")
        await bench.press("ctrl+o", "escape")
        await bench.holds(lambda: bench.app.screen is bench.screen, "the letters gone")
        assert bench.prompt.has_focus and bench.prompt.text == ""


async def test_a_column_is_made_wider_by_keys_and_by_the_mouse_and_kept(box: Sandbox, home: Path) -> None:
    async with opened(home, box.url, (160, 50)) as bench:
        editor = bench.screen.editor
        before = editor.region.width
        await bench.press("alt+shift+right")
        await bench.holds(lambda: editor.region.width == before + 4, "a wider pane")
        await bench.press("alt+shift+left", "alt+shift+left")
        await bench.holds(lambda: editor.region.width == before - 4, "a narrower pane")
        edge = bench.screen.query_one("#left-edge", Edge)
        await bench.pilot.mouse_down(edge, offset=(0, 5))
        await bench.pilot.hover(edge, offset=(-10, 5))
        await bench.pilot.mouse_up(edge, offset=(0, 5))
        await bench.holds(lambda: editor.region.width == before - 14, "the pane where the mouse let go")
        await bench.screen.action_show_pane("usage")
        side = bench.screen.query_one("#side")
        was = side.region.width
        await bench.press("alt+shift+right")
        await bench.holds(lambda: side.region.width == was + 4, "a wider right column")
        for _ in range(40):
            await bench.press("alt+shift+right")
        lies_apart(bench, (160, 50))
        assert bench.screen.pane.region.width >= 30
        kept = side.region.width
    async with workbench(home, box.url, size=(160, 50)) as bench:
        assert bench.screen.query_one("#side").region.width == kept
        await bench.pilot.resize_terminal(110, 40)
        await bench.pilot.pause()
        assert "side" not in seen(bench), "another size class has a layout of its own"


async def test_the_right_column_is_hidden_and_stays_hidden(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, size=(160, 50)) as bench:
        assert "side" in seen(bench)
        await bench.press("alt+m")
        await bench.holds(lambda: "side" not in seen(bench), "no right column")
        await bench.wait("sandbox/haiku")
    async with workbench(home, box.url, size=(160, 50)) as bench:
        assert "side" not in seen(bench)
        await bench.press("alt+m")
        await bench.holds(lambda: "side" in seen(bench), "the right column")
    async with workbench(home, box.url, size=(110, 40)) as bench:
        assert "side" not in seen(bench)
        await bench.press("alt+m")
        await bench.holds(lambda: "side" in seen(bench), "the right column, unfolded in a medium terminal")
        lies_apart(bench, (110, 40))


async def test_the_template_comes_back_with_its_conversation(box: Sandbox, home: Path) -> None:
    async with opened(home, box.url, (140, 40)) as bench:
        await bench.pilot.pause()
    async with workbench(home, box.url, size=(140, 40)) as bench:
        await bench.holds(lambda: "template" in seen(bench) and bench.screen.query(SlotField), "the template again")
        assert bench.prompt.has_focus, "what is typed at once goes to the prompt"
        bench.screen.close_pane()
    async with workbench(home, box.url, size=(140, 40)) as bench:
        await bench.pilot.pause()
        assert "template" not in seen(bench)
        await bench.press("f9")
        await bench.holds(lambda: bench.screen.query(SlotField), "the template that was open last")


async def test_zoom_shows_the_pane_in_use_alone(box: Sandbox, home: Path) -> None:
    async with opened(home, box.url, (160, 50)) as bench:
        for pane, part in (("usage", "side"), ("template", "template"), ("conversation", "conversation")):
            await bench.screen.action_show_pane(cast("Pane", pane))
            await bench.pilot.pause()
            await bench.press("f10")
            await bench.holds(
                lambda part=part: {"template", "conversation", "side"} & set(seen(bench)) == {part},  # type: ignore[misc]
                f"{part} alone",
            )
            assert seen(bench)[part].width == 160
            await bench.press("f10")
            await bench.holds(lambda: {"template", "conversation", "side"} <= set(seen(bench)), "all again")


async def test_going_from_pane_to_pane(box: Sandbox, home: Path) -> None:
    async with opened(home, box.url, (80, 24)) as bench:
        await bench.screen.action_show_pane("template")
        await bench.pilot.pause()
        order = []
        for _ in PANES:
            order.append(bench.screen.pane_in_front)
            here = order[-1]
            await bench.press("alt+right")
            await bench.holds(lambda here=here: bench.screen.pane_in_front != here, f"away from {here}")  # type: ignore[misc]
            await bench.pilot.pause()
        assert set(order) == set(PANES)
        await bench.press("alt+left")
        await bench.holds(lambda: bench.screen.pane_in_front == order[-1], "the pane before")


async def test_another_size_while_text_streams_keeps_the_place(slow: Sandbox, home: Path) -> None:
    async with workbench(home, slow.url, "sandbox/markdown", size=(120, 40)) as bench:
        await bench.ask("hello")
        await bench.holds(lambda: bench.transcript.max_scroll_y > 10, "more than a screen of text")
        await bench.press("f7", "home")
        for size in ((80, 24), (60, 15), (200, 30), (100, 30)):
            await bench.pilot.resize_terminal(*size)
            await bench.pilot.pause()
            assert bench.transcript.scroll_y <= 2, size
            assert not bench.transcript.at_end or bench.transcript.max_scroll_y == 0, size
            lies_apart(bench, size)
        await bench.press("end")
        for size in ((140, 40), (80, 24)):
            await bench.pilot.resize_terminal(*size)
            await bench.pilot.pause()
            await bench.holds(lambda: bench.transcript.at_end, f"the end at {size}")
        await bench.press("escape")


async def test_a_terminal_too_small_is_told(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url) as bench:
        for size in ((30, 8), (12, 5), (39, 40)):
            await bench.pilot.resize_terminal(*size)
            await bench.pilot.pause()
            assert "too small" in bench.shown().splitlines()[0]
        await bench.pilot.resize_terminal(80, 24)
        await bench.pilot.pause()
        assert "too small" not in bench.shown()
        await bench.answered("hello")


# The key line and the help page


async def test_a_click_on_the_key_line_runs_the_command_where_the_focus_is(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, size=(120, 40)) as bench:
        await bench.answered("hello")
        await bench.press("f7")
        await bench.holds(lambda: "y copy" in key_line(bench), "the conversation's keys")
        await bench.pilot.click("#keys", offset=(key_line(bench).index("y copy") + 2, 0))
        await bench.holds(lambda: bench.app.clipboard, "a copy")
        await bench.pilot.click("#keys", offset=(key_line(bench).index("f1 help") + 2, 0))
        await bench.holds(lambda: isinstance(bench.app.screen, HelpPage), "the help page")


def key_line(bench: Bench) -> str:
    """What the last line of the screen in front says."""
    return bench.app.screen.query_one(KeyLine).render_line(0).text


async def test_the_key_line_says_what_works_now(slow: Sandbox, home: Path) -> None:
    async with opened(home, slow.url, (120, 40)) as bench:
        bench.prompt.focus()
        await bench.holds(lambda: "⏎ send" in key_line(bench), "send, in the prompt")
        assert "esc stop" not in key_line(bench)
        bench.screen.editor.focus_first()
        await bench.holds(lambda: key_line(bench).strip().startswith("f5 run"), "run first, in the template")
        assert "⏎ send" not in key_line(bench)
        await bench.press("f7")
        await bench.holds(lambda: "y copy" in key_line(bench) and "esc prompt" in key_line(bench), "the conversation's")
        bench.session.choose_model("sandbox/markdown")
        await bench.ask("more")
        await bench.holds(lambda: "esc stop" in key_line(bench), "stop, while it streams")
        await bench.press("escape")
        await bench.holds(lambda: "esc stop" not in key_line(bench), "no stop any more")


async def test_help_begins_with_the_pane_in_use_and_is_searched_by_typing(box: Sandbox, home: Path) -> None:
    async with opened(home, box.url, (120, 40)) as bench:

        async def first_words(pane: Pane | None) -> str:
            if pane is not None:
                await bench.screen.action_show_pane(pane)
                await bench.pilot.pause()
            await bench.press("f1")
            await bench.holds(lambda: isinstance(bench.app.screen, HelpPage), "the help page")
            await bench.pilot.pause()
            text = str(bench.app.screen.query_one("#commands").render())
            await bench.press("f1")
            await bench.holds(lambda: bench.app.screen is bench.screen, "the help page gone")
            return text

        for pane, title in (("template", "Template"), ("conversation", "Conversation"), ("usage", "Usage")):
            assert (await first_words(cast("Pane", pane))).startswith(title)
        await bench.press("f6")
        assert (await first_words(None)).startswith("Prompt\nHere you type")
        await bench.press("f1")
        await bench.type("sort model")
        await bench.wait("Sort by another figure")
        await bench.type(" zzz")
        await bench.wait("No command says that")


@pytest.mark.parametrize(("opens", "title"), [("f2", "Models"), ("alt+u", "Usage page"), ("ctrl+r", "Conversations")])
async def test_help_works_on_other_screens(box: Sandbox, home: Path, opens: str, title: str) -> None:
    async with workbench(home, box.url, size=(120, 40)) as bench:
        await bench.press(opens)
        await bench.holds(lambda: bench.app.screen is not bench.screen, "another screen")
        under = bench.app.screen
        await bench.press("f1")
        await bench.holds(lambda: isinstance(bench.app.screen, HelpPage), "the help page")
        await bench.wait(title)
        await bench.press("escape")
        await bench.holds(lambda: bench.app.screen is under, "back where it was")


async def test_faults_of_chosen_keys_are_told_on_the_screen(box: Sandbox, home: Path) -> None:
    keys = {"foo.bar": "f5", "turn.retry": "x", "prompt.send": "ctrl+k"}
    async with workbench(home, box.url, keys=keys) as bench:
        await bench.holds(lambda: any("foo.bar" in notice for notice in bench.notices()), "the unknown command")
        assert any("needed for typing" in notice for notice in bench.notices())
        await bench.type("hello")
        await bench.press("ctrl+k")
        await bench.holds(lambda: bench.screen.last_turn is not None, "sent by the key that was chosen")


async def test_what_shows_another_conversation_brings_it_to_the_front(box: Sandbox, home: Path) -> None:
    async with opened(home, box.url, (80, 24)) as bench:
        assert bench.screen.pane_in_front == "template"
        bench.prompt.focus()
        bench.prompt.load_text("Name a fruit")
        bench.screen.compare_with(["sandbox/haiku", "sandbox/echo"])
        await bench.holds(lambda: isinstance(bench.app.screen, Compare), "the lanes")
        comparison = bench.screen.comparison
        await bench.holds(lambda: comparison is not None and all(lane.turn.ended for lane in comparison.lanes), "ends")
        await bench.press("enter")
        await bench.holds(lambda: bench.screen.is_current, "one was kept")
        assert bench.screen.pane_in_front == "conversation"
        for key in ("ctrl+n", "ctrl+f"):
            await bench.press("f9")
            await bench.holds(lambda: bench.screen.editor.has_focus_within, "the template")
            await bench.press("escape")
            await bench.holds(lambda: bench.prompt.has_focus, "the prompt")
            assert bench.screen.pane_in_front == "template"
            await bench.press(key)
            await bench.holds(lambda: bench.screen.pane_in_front == "conversation", key)
            await bench.press("escape")
