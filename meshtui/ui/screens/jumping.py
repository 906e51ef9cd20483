"""The part of the workbench that knows where one can jump to."""

from __future__ import annotations

from collections.abc import Iterator

from textual.dom import NoScreen
from textual.errors import NoWidget
from textual.geometry import Offset
from textual.widget import Widget
from textual.widgets import Checkbox, Input, OptionList, Select, TextArea

from meshtui.ui.screens.jump import Jump, Place
from meshtui.ui.screens.paning import PANES, Pane, Paning
from meshtui.ui.widgets.pane_tabs import PaneTabs
from meshtui.ui.widgets.slot_text import SlotField

LETTERS: dict[str, str] = {
    "template": "t",
    "tools": "o",
    "params": "p",
    "conversation": "c",
    "model": "m",
    "usage": "u",
    "prompt": "i",
}
"""The letters of the panes, which are always the same; fields have those that are left."""

REST = "sdfghjklaqwervbnxyz123456789"


class Jumping(Paning):
    """Shows a letter over each pane and field, and goes where a letter is pressed."""

    def action_jump(self) -> None:
        """Show a letter over each pane and field; press one to go there."""
        fields: dict[str, Widget] = {}

        def look() -> list[Place]:
            seen = list(self._fields())
            kept = {letter: field for letter, field in fields.items() if field in seen}
            new = [field for field in seen if field not in kept.values()]
            fields.clear()
            fields.update(kept | dict(zip((one for one in REST if one not in kept), new, strict=False)))
            prompt = Place(LETTERS["prompt"], "prompt", "prompt", _corner(self.prompt))
            named = (Place(letter, f"field {letter}", "", _corner(field)) for letter, field in fields.items())
            return [*self._panes(), prompt, *named]

        def chosen(id: str | None) -> None:
            if id is None:
                return
            if id == "prompt":
                self.action_focus_prompt()
            elif id in PANES:
                self.call_later(self.action_show_pane, id)
            elif (field := fields.get(id.removeprefix("field "))) is not None and field.is_mounted:
                field.focus()

        self.app.push_screen(Jump(look), chosen)

    def _panes(self) -> Iterator[Place]:
        tabs = self.query_one(PaneTabs)
        for pane, name in PANES.items():
            at = tabs.place_of(pane) if tabs.display else None
            if at is None:
                at = self._corner_of(pane)
            yield Place(LETTERS[pane], pane, name.lower(), at)

    def _corner_of(self, pane: Pane) -> Offset | None:
        if pane in ("template", "tools", "params"):
            return _corner(self.editor) if pane == self._view_of_left else None
        widget = {"conversation": "#conversation", "model": "#model", "usage": "#usage"}[pane]
        return _corner(self.query_one(widget))

    @property
    def _view_of_left(self) -> str:
        return "params" if self.editor.view == "json" else self.editor.view

    def _fields(self) -> Iterator[Widget]:
        """Return what can be typed into or chosen from and is to be seen, the slots first."""
        found = [
            widget
            for widget in self.editor.query("*")
            if isinstance(widget, (TextArea, Input, OptionList, Select, Checkbox)) and widget.focusable
        ]
        for widget in sorted(found, key=lambda widget: not isinstance(widget, SlotField)):
            if _corner(widget) is not None:
                yield widget


def _corner(widget: Widget) -> Offset | None:
    """Return where a widget begins on the screen, None where nothing of it is to be seen."""
    try:
        seen = widget.screen.find_widget(widget).visible_region
    except (NoScreen, NoWidget):
        return None
    return seen.offset if seen else None
