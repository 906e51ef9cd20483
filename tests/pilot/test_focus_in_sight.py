"""What takes the focus is in sight, whether it is laid out before or after: no chance decides what is seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.containers import VerticalScroll
from textual.events import MouseScrollUp
from textual.geometry import Region
from textual.widget import Widget
from textual.widgets import Input, TextArea

from meshtui.sandbox import Sandbox
from meshtui.ui.compat import CalmApp
from meshtui.ui.screens.tool_editor import ToolEditor
from meshtui.ui.widgets.param_field import ParamText
from meshtui.ui.widgets.slot_text import SlotField
from tests.bench import Bench, workbench
from tests.calls import put_tool
from tests.hands import Hands, rest
from tests.template_pane import field, opened

pytestmark = pytest.mark.anyio


class Bare(CalmApp[None]):
    """An app with nothing in it."""

    def __init__(self) -> None:
        super().__init__()
        self.put_on("textual-dark")


@pytest.mark.parametrize("is_late", [False, True], ids=["at once", "when it is laid out"])
async def test_what_is_focused_is_scrolled_to(is_late: bool) -> None:
    app = Bare()
    async with app.run_test(size=(80, 24)):
        rows = [Input() for _ in range(30)]
        await app.screen.mount(VerticalScroll(*rows))
        if is_late:
            await rest(app)
        app.screen.set_focus(rows[20])
        await rest(app)
        assert app.screen.can_view_entire(rows[20]) and not app.screen.can_view_partial(rows[0])
        app.screen.set_focus(rows[21], scroll_visible=False)
        before = app.screen.query_one(VerticalScroll).scroll_y
        app.screen.set_focus(rows[0], scroll_visible=False)
        await rest(app)
        assert app.screen.query_one(VerticalScroll).scroll_y == before


@pytest.mark.parametrize("is_late", [False, True], ids=["at once", "when it is laid out"])
async def test_an_opened_template_shows_its_texts_as_far_as_its_first_open_slot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_late: bool
) -> None:
    def focus_late(self: SlotField, scroll_visible: bool = True) -> SlotField:
        self.call_after_refresh(self.screen.set_focus, self, scroll_visible)
        return self

    if is_late:
        monkeypatch.setattr(SlotField, "focus", focus_late)
    async with opened(tmp_path, (80, 24)) as (bench, _):
        slot, parts = field(bench, "company"), bench.screen.query_one("#parts", VerticalScroll)
        await bench.holds(lambda: slot.has_focus, "the first slot without a value")
        await bench.pilot.pause()
        assert slot.region.bottom == parts.region.bottom and parts.scroll_y > 0


def is_seen(widget: Widget) -> bool:
    """Whether a widget is on the screen as it stands, whole."""
    place = widget.screen.find_widget(widget)
    return place.visible_region == place.region and bool(place.region)


def cursor_line(text: TextArea) -> Region:
    """Return the line of a text's cursor, as far as it is to be seen."""
    line = Region(text.content_region.x, text.cursor_screen_offset.y, 1, 1)
    return line.intersection(text.screen.find_widget(text).visible_region)


async def shrunk(bench: Bench) -> None:
    """Give the terminal much room, and take it again."""
    await bench.pilot.resize_terminal(120, 40)
    await bench.pilot.resize_terminal(80, 24)


async def test_a_smaller_terminal_brings_what_has_the_focus_into_sight() -> None:
    app = Bare()
    async with app.run_test(size=(80, 100)):
        rows = [Input() for _ in range(30)]
        await app.screen.mount(VerticalScroll(*rows))
        rows[20].focus()
        await rest(app)
        await Hands(app).resize_terminal(80, 24)
        assert is_seen(rows[20]) and rows[20].region.bottom == 24  # no further than it takes


async def test_what_is_typed_into_comes_into_sight_and_what_is_scrolled_by_hand_stays() -> None:
    app = Bare()
    async with app.run_test(size=(80, 24)):
        rows = [Input() for _ in range(30)]
        holder = VerticalScroll(*rows)
        await app.screen.mount(holder)
        rows[20].focus()
        await rest(app)
        await Hands(app).press("a")
        app.post_message(MouseScrollUp(None, 1, 1, 0, 0, 0, False, False, False, 1, 1))
        holder.scroll_home(animate=False, immediate=True)
        await rest(app)
        app.screen.refresh(layout=True)
        await rest(app)
        assert not is_seen(rows[20])
        await Hands(app).press("b")
        assert rows[20].value == "ab" and is_seen(rows[20])
        holder.scroll_home(animate=False, immediate=True)
        await Hands(app).press("backspace")
        assert is_seen(rows[20])
        holder.scroll_home(animate=False, immediate=True)
        await Hands(app).press("f5", "pagedown")
        assert not is_seen(rows[20])


@pytest.mark.parametrize("place", ["end", "home"])
async def test_of_a_text_higher_than_the_screen_the_line_of_the_cursor_is_in_sight(place: str) -> None:
    app = Bare()
    async with app.run_test(size=(80, 100)):
        text = TextArea("\n".join(map(str, range(40))))
        text.styles.height = "auto"
        await app.screen.mount(VerticalScroll(Input(), text, *(Input() for _ in range(10))))
        text.focus()
        await rest(app)
        await Hands(app).press(f"ctrl+{place}")
        text.move_cursor(text.document.end if place == "end" else (0, 0))
        await rest(app)
        await Hands(app).resize_terminal(80, 12)
        assert cursor_line(text)
        await Hands(app).press("enter", "enter", "x", "enter")
        assert cursor_line(text)


async def test_a_slot_is_in_sight_in_the_new_size_and_what_is_typed_is_seen(tmp_path: Path) -> None:
    async with opened(tmp_path, (80, 24)) as (bench, _):
        await bench.type("Acme")
        await shrunk(bench)
        assert field(bench, "company").has_focus and is_seen(field(bench, "company"))
        bench.screen.query_one("#parts", VerticalScroll).scroll_home(animate=False, immediate=True)
        await bench.type(" Inc")
        assert "Acme Inc" in bench.shown()


async def test_a_parameter_is_in_sight_in_the_new_size(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, size=(120, 40)) as bench:
        await bench.screen.run_action("show_pane('params')")
        await bench.holds(lambda: len(bench.screen.query(ParamText)) > 14, "the fields")
        bench.screen.query(ParamText)[14].focus()
        await bench.pilot.pause()
        await bench.pilot.resize_terminal(80, 24)
        assert bench.app.focused is bench.screen.query(ParamText)[14] and is_seen(bench.screen.query(ParamText)[14])


async def test_a_field_of_the_tool_editor_is_in_sight_in_the_new_size(box: Sandbox, home: Path) -> None:
    put_tool(home, "get_weather")
    async with workbench(home, box.url, size=(80, 60)) as bench:
        await bench.screen.run_action("show_pane('tools')")
        await bench.holds(lambda: bench.screen.tool_list.chosen is not None, "the tool")
        await bench.press("e")
        await bench.holds(lambda: isinstance(bench.app.screen, ToolEditor), "the tool editor")
        fields = [one for one in bench.app.screen.focus_chain if isinstance(one, (Input, TextArea))]
        for one in fields:
            await bench.pilot.resize_terminal(80, 60)
            one.focus()
            await bench.pilot.pause()
            await bench.pilot.resize_terminal(80, 24)
            assert bench.app.focused is one
            assert is_seen(one) or (isinstance(one, TextArea) and cursor_line(one)), f"{one}\n{bench.shown()}"
