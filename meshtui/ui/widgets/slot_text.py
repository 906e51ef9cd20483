"""Texts with slots: an editor that tells the slots apart as one types, and the field for the value of one."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rich.color import Color as RichColor
from rich.style import Style as RichStyle
from rich.text import Text
from textual import events
from textual.color import Color
from textual.message import Message
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult, Selection

from meshtui.core.slot_check import Doubt, inspect
from meshtui.core.template import scan
from meshtui.core.text import row_and_column
from meshtui.ui.keyed import is_key_of

_LOOKS = {
    "known": ("success", RichStyle(bold=True)),
    "empty": ("warning", RichStyle(bold=True, underline=True)),
    "missing": ("error", RichStyle(bold=True, reverse=True)),
    "near": ("warning", RichStyle(italic=True, underline=True)),
}
"""A colour and a shape for each: without colours the shapes tell them apart."""

_OVER_LINES = re.compile(r"\{\{[^\S\n]*\n|\n[^\S\n]*\}\}")


class SlotText(TextArea):
    """A text of a template. Slots look different with a value, with an empty one and without; near misses too."""

    DEFAULT_CSS = """
    SlotText {
        height: auto; min-height: 3; max-height: 14; padding: 0 1;
        border: tall $border-blurred; background: $surface;
        &:focus { border: tall $border; }
    }
    """

    def __init__(self, text: str, *, id: str | None = None, placeholder: str = "") -> None:
        super().__init__(text, id=id, highlight_cursor_line=False, placeholder=placeholder)
        self._values: Mapping[str, str] = {}
        self._spans: dict[int, list[tuple[int, int, str]]] | None = None

    def know(self, values: Mapping[str, str]) -> None:
        """Take the values there are; the slots are drawn again where that changes how they look."""
        before = {name: bool(value) for name, value in self._values.items()}
        self._values = values
        if before != {name: bool(value) for name, value in values.items()}:
            self._draw_again()

    def on_text_area_changed(self) -> None:
        """Draw the slots again: an undo, or a brace typed elsewhere, changes lines that were not typed in."""
        self._draw_again()

    def _draw_again(self) -> None:
        self._spans = None
        self.notify_style_update()  # forgets the lines that were drawn, but draws none
        self.refresh()

    def edit(self, edit: Edit) -> EditResult:
        """Forget where the slots stood before the lines are drawn again."""
        self._spans = None
        return super().edit(edit)

    def get_line(self, line_index: int) -> Text:
        """Return a line with its slots marked."""
        line = super().get_line(line_index)
        if self._spans is None:
            self._spans = self._find()
        for start, end, kind in (*self._in_line(line.plain), *self._spans.get(line_index, ())):
            colour, shape = _LOOKS[kind]
            line.stylize(shape + RichStyle(color=self._colour(colour)), start, end)
        return line

    def _colour(self, name: str) -> RichColor:
        theme = self.app.current_theme
        named = getattr(theme, name, None) or {"success": "green", "warning": "yellow", "error": "red"}[name]
        return Color.parse(named).rich_color

    def _find(self) -> dict[int, list[tuple[int, int, str]]]:
        """Return what is marked of slots that stand over several lines, by line; there are hardly ever any."""
        text = self.text
        spans: dict[int, list[tuple[int, int, str]]] = {}
        if _OVER_LINES.search(text) is None:
            return spans
        for slot in scan(text):
            if "\n" not in text[slot.start : slot.end]:
                continue
            row, column = row_and_column(text, slot.start)
            for number, part in enumerate(text[slot.start : slot.end].split("\n")):
                first = column if number == 0 else 0
                spans.setdefault(row + number, []).append((first, first + len(part), self._kind(slot.name)))
        return spans

    def _in_line(self, line: str) -> list[tuple[int, int, str]]:
        """Return what is marked of the slots within a line, and of what looks like one."""
        if "{" not in line:
            return []
        found = [(slot.start, slot.end, self._kind(slot.name)) for slot in scan(line)]
        doubts = inspect([line], self._values)
        return found + [(one.start, one.end, "near") for one in doubts if one.doubt is Doubt.NEAR and one.is_literal]

    def _kind(self, name: str) -> str:
        if name not in self._values:
            return "missing"
        return "known" if self._values[name] else "empty"

    def find_next(self, wanted: str, *, from_start: bool) -> bool:
        """Select the next place of a text, in any case; whether there is one."""
        text = self.text
        start = 0 if from_start else offset_of(text, max(self.selection.start, self.selection.end))
        match = re.compile(re.escape(wanted), re.IGNORECASE).search(text, start)
        if match is not None:
            self.selection = Selection(row_and_column(text, match.start()), row_and_column(text, match.end()))
        return match is not None

    def replace_all(self, wanted: str, new: str) -> int:
        """Replace every place of a text, in any case, as one step to undo; return how many there were."""
        pattern = re.compile(re.escape(wanted), re.IGNORECASE)
        text, count = pattern.subn(lambda match: new, self.text)
        if count and not self.read_only:
            self.replace(text, (0, 0), self.document.end)
        return 0 if self.read_only else count

    def go_to(self, start: int, end: int) -> None:
        """Select a stretch of the text, given by offsets, and take the focus."""
        text = self.text
        self.focus()
        self.move_cursor(row_and_column(text, start))
        self.move_cursor(row_and_column(text, end), select=True)


def offset_of(text: str, place: tuple[int, int]) -> int:
    """Return the offset of a line and a column, both from 0."""
    row, column = place
    start = 0
    for _ in range(row):
        start = text.index("\n", start) + 1
    return start + column


class SlotField(TextArea):
    """The value of one slot: what sends the prompt runs the template, a new line has the keys it has there."""

    DEFAULT_CSS = """
    SlotField {
        height: auto; min-height: 1; max-height: 6; width: 1fr; padding: 0 1; border: none; background: $surface;
        &:focus { border: none; background: $boost; }
        &.-missing { background: $error 25%; }
    }
    """

    class Entered(Message):
        """The template is to be run."""

    def __init__(self, slot: str, value: str | None) -> None:
        super().__init__(value or "", highlight_cursor_line=False)
        self.slot = slot

    async def on_key(self, event: events.Key) -> None:
        """Run, or begin a new line; everything else is editing."""
        if is_key_of(self, "prompt.send", event.key):
            event.stop()
            event.prevent_default()
            self.post_message(self.Entered())
        elif is_key_of(self, "prompt.newline", event.key):
            event.stop()
            event.prevent_default()
            self.insert("\n")
