"""What takes the focus is in sight, whether it is laid out before or after: no chance decides what is seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.containers import VerticalScroll
from textual.widgets import Input

from meshtui.ui.compat import CalmApp
from meshtui.ui.widgets.slot_text import SlotField
from tests.hands import rest
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
