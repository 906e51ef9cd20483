"""An editor for JSON: line numbers, colours, and changes from elsewhere that leave the cursor where it was."""

from __future__ import annotations

import re

from rich.style import Style as RichStyle
from rich.text import Text
from textual.color import Color
from textual.widgets import TextArea

from meshtui.core.text import row_and_column

_TOKEN = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*"(?=\s*:))|(?P<text>"(?:[^"\\]|\\.)*"?)|(?P<word>-?\d[\d.eE+-]*|\b[a-z]+\b)'
)
_LOOKS = {
    "key": ("primary", "cyan", RichStyle(bold=True)),
    "text": ("success", "green", RichStyle()),
    "word": ("warning", "yellow", RichStyle()),
}
_LONGEST_COLOURED = 2_000
"""A longer line stands without colours: finding them in it would be felt."""


class JsonArea(TextArea):
    """Edits JSON. tab goes on to the next widget, so that the keyboard alone gets out of it."""

    DEFAULT_CSS = """
    JsonArea {
        height: 1fr; min-height: 3; border: tall $border-blurred; padding: 0; background: $surface;
        &:focus { border: tall $border; }
    }
    """

    def __init__(self, text: str = "", *, id: str | None = None, placeholder: str = "") -> None:
        super().__init__(text, id=id, show_line_numbers=True, placeholder=placeholder)
        self.indent_width = 2

    def get_line(self, line_index: int) -> Text:
        """Return a line in colours; JSON has no text over several lines, so each line stands for itself."""
        line = super().get_line(line_index)
        if len(line.plain) <= _LONGEST_COLOURED:
            for match in _TOKEN.finditer(line.plain):
                name, otherwise, shape = _LOOKS[match.lastgroup or "word"]
                colour = getattr(self.app.current_theme, name, None) or otherwise
                line.stylize(shape + RichStyle(color=Color.parse(str(colour)).rich_color), *match.span())
        return line

    def put(self, text: str) -> None:
        """Make it say this, as one step to undo: only what differs is replaced."""
        now = self.text
        if text == now:
            return
        start, longest = 0, min(len(now), len(text))
        while start < longest and now[start] == text[start]:
            start += 1
        end = 0
        while end < longest - start and now[-1 - end] == text[-1 - end]:
            end += 1
        self.history.checkpoint()
        last = len(now) - end
        self.replace(text[start : len(text) - end], row_and_column(now, start), row_and_column(now, last))
        self.history.checkpoint()

    def go_to(self, line: int, column: int) -> None:
        """Put the cursor at a place, both from 1, and take the focus."""
        self.focus()
        row = min(max(line - 1, 0), self.document.line_count - 1)
        self.move_cursor((row, min(max(column - 1, 0), len(self.document[row]))), center=True)
