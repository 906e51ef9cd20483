"""An editor for JSON: line numbers, colours, and changes from elsewhere that leave the cursor where it was."""

from __future__ import annotations

import re

from rich.style import Style as RichStyle
from rich.text import Text
from textual.color import Color
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult, Location

from meshtui.core.text import clean, row_and_column

_TOKEN = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*"(?=\s*:))|(?P<text>"(?:[^"\\]|\\.)*"?)|(?P<word>-?\d[\d.eE+-]*|\b[a-z]+\b)'
)
_LOOKS = {
    "key": ("primary", "cyan", RichStyle(bold=True)),
    "text": ("success", "green", RichStyle()),
    "word": ("warning", "yellow", RichStyle()),
}
_ODD = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u2028-\u202e\u2066-\u2069\ud800-\udfff]"  # compiled when first used
"""What Textual would take for the end of a line, or for no cell; what else `clean` replaces has a cell of its own."""
_AWAY = 0x100000
"""How far away, in a plane for private use, is what stands for each of those in Textual's document."""
_KEPT = (
    "[\U00100000-\U00100008\U0010000b-\U0010001f\U0010007f-\U0010009f\U001000ad"
    "\U00102028-\U0010202e\U00102066-\U00102069\U0010d800-\U0010dfff]"
)
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
        super().__init__(_kept(text), id=id, show_line_numbers=True, placeholder=placeholder)
        self.indent_width = 2

    @property
    def text(self) -> str:
        """What stands here, each character as it came; only LF, CR LF and CR end a line."""
        return _given(super().text)

    @text.setter
    def text(self, text: str) -> None:
        self.load_text(text)

    def load_text(self, text: str) -> None:
        """Make it say this, with nothing to undo."""
        super().load_text(_kept(text))

    def edit(self, edit: Edit) -> EditResult:
        """Do what is typed, pasted or replaced."""
        edit.text = _kept(edit.text)
        return super().edit(edit)

    def get_text_range(self, start: Location, end: Location) -> str:
        """Return the text between two places."""
        return _given(super().get_text_range(start, end))

    def get_line(self, line_index: int) -> Text:
        """Return a line in colours; JSON has no text over several lines, so each line stands for itself."""
        line = Text(clean(_given(self.document.get_line(line_index))), end="", no_wrap=True)
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


def _kept(text: str) -> str:
    """Return a text as Textual's document keeps all of it: in one line and in a cell each what it would not."""
    ends = set(re.findall("\r\n|\r|\n", text))
    if len(ends) > 1:
        text = text.replace("\r", chr(_AWAY + 13))  # it would make them all the same
    return re.sub(_ODD, lambda found: chr(_AWAY + ord(found[0])), text)


def _given(text: str) -> str:
    """Return what was kept as it came."""
    return re.sub(_KEPT, lambda found: chr(ord(found[0]) - _AWAY), text)
