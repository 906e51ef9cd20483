"""The list of models: one view that draws the rows in sight, however many there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from meshtui.core.catalogue import ModelCard
from meshtui.core.text import one_line
from meshtui.ui.widgets.markdown_wrap import cells, ellipsis, shown

MARKS = 4
"""Columns before the id: the place among the chosen, or the model in use; favourite or used lately."""

_KINDS = ("row", "muted", "cursor", "cursor-muted", "mark", "head")


class Columns(NamedTuple):
    """The widths of the columns in cells; 0 leaves one out."""

    id: int
    name: int
    context: int
    price: int
    can: int


def columns_for(width: int) -> Columns:
    """Return the widths of the columns for a list so many cells wide."""
    left = max(width - MARKS - 1, 20)
    context, price = (7, 16) if left >= 60 else (7, 14) if left >= 44 else (0, 0)
    left -= context + price
    name = min((left - 60) // 2, 30) if left >= 84 else 0
    can = max(min(left - name - 34, 46), 0)
    can = can if can >= 8 else 0
    return Columns(left - name - can, name, context, price, can)


class ModelList(ScrollView, can_focus=True):
    """Shows cards in the order given, with a cursor. Everything in a card is foreign and drawn as data."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"model-list--{kind}" for kind in _KINDS}
    DEFAULT_CSS = """
    ModelList {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        & > .model-list--row { text-style: bold; }
        & > .model-list--muted { color: $text-muted; }
        & > .model-list--mark { color: $text-warning; text-style: bold; }
        & > .model-list--head { color: $text-muted; text-style: underline; }
        & > .model-list--cursor { background: $block-cursor-blurred-background; text-style: bold; }
        & > .model-list--cursor-muted { background: $block-cursor-blurred-background; }
        &:focus > .model-list--cursor {
            background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold;
        }
        &:focus > .model-list--cursor-muted {
            background: $block-cursor-background; color: $block-cursor-foreground;
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,ctrl+home", "move(-1000000)", "First", show=False),
        Binding("end,ctrl+end", "move(1000000)", "Last", show=False),
        Binding("enter", "choose", "Choose", show=False),
    ]

    class Moved(Message):
        """The cursor stands on another row, or on none."""

    class Chosen(Message):
        """The row under the cursor was chosen, by enter or by a click on it."""

    class Starred(Message):
        """The star of the row under the cursor was clicked."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.cards: Sequence[ModelCard] = ()
        self.cursor = 0
        self.current = ""
        self.typed = ""
        """An id that stands at the end because it was typed, and is in no list."""
        self.favourites: Collection[str] = ()
        self.recents: Collection[str] = ()
        self.marked: Sequence[str] = ()
        self._columns = columns_for(80)
        self._styles: dict[str, Style] = {}

    @property
    def card(self) -> ModelCard | None:
        """The card under the cursor."""
        return self.cards[self.cursor] if self.cursor < len(self.cards) else None

    def show(self, cards: Sequence[ModelCard], cursor: int = 0) -> None:
        """Show other cards, with the cursor on one of them."""
        self.cards = cards
        self.virtual_size = Size(self.size.width, len(cards) + 1)
        self.refresh()
        self._move_to(cursor, tell=True)

    def action_move(self, rows: int) -> None:
        """Move the cursor by so many rows, as far as there are any."""
        self._move_to(self.cursor + rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor by so many pages."""
        self._move_to(self.cursor + pages * max(self.size.height - 2, 1))

    def action_choose(self) -> None:
        """Choose the row under the cursor."""
        self.post_message(self.Chosen())

    def _move_to(self, row: int, tell: bool = False) -> None:
        row = max(0, min(row, len(self.cards) - 1))
        if row != self.cursor or tell:
            self.cursor = row
            self.post_message(self.Moved())
        room = max(self.size.height - 1, 1)
        top = self.scroll_offset.y
        if row < top or row >= top + room:
            self.scroll_to(y=row if row < top else row - room + 1, animate=False, force=True, immediate=True)
        self.refresh()

    def on_resize(self) -> None:
        """Fit the columns to the width, and keep the cursor in sight."""
        self._columns = columns_for(self.scrollable_content_region.width)
        self._move_to(self.cursor)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw anew: the heading stays where it is."""
        super().watch_scroll_y(old_value, new_value)
        self.refresh(Region(0, 0, *self.size))

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the row clicked; a click on the row under the cursor chooses it."""
        row = self.scroll_offset.y + event.y - 1
        if event.y < 1 or row >= len(self.cards):
            return
        was = self.cursor
        self._move_to(row)
        if event.x in (2, 3):
            self.post_message(self.Starred())
        elif was == row:
            self.action_choose()

    # Drawing

    def notify_style_update(self) -> None:
        """Take new colours."""
        super().notify_style_update()
        self._styles.clear()

    def _style(self, kind: str) -> Style:
        if kind not in self._styles:
            self._styles[kind] = self.get_component_rich_style(f"model-list--{kind}", partial=False)
        return self._styles[kind]

    def render_line(self, y: int) -> Strip:
        """Draw the heading or one row."""
        width = self.scrollable_content_region.width
        if y == 0:
            return self._line(self._heading(), width, self._style("head"))
        row = self.scroll_offset.y + y - 1
        if row >= len(self.cards):
            return Strip.blank(width, self.rich_style)
        at_cursor = row == self.cursor
        return self._line(self._row(self.cards[row], at_cursor), width, self._style("cursor" if at_cursor else "row"))

    @staticmethod
    def _line(segments: list[Segment], width: int, fill: Style) -> Strip:
        strip = Strip(segments)
        return strip.extend_cell_length(width, fill).crop(0, width)

    def _heading(self) -> list[Segment]:
        at, style = self._columns, self._style("head")
        text = " " * MARKS + _fit("model", at.id) + _fit("name", at.name)
        text += "context".rjust(at.context)[-at.context :] if at.context else ""
        text += "  " + _fit("$/M in/out", at.price - 2) if at.price else ""
        return [Segment(text + _fit("can", at.can), style)]

    def _row(self, card: ModelCard, at_cursor: bool) -> list[Segment]:
        at = self._columns
        plain = self._style("cursor" if at_cursor else "row")
        muted = self._style("cursor-muted" if at_cursor else "muted")
        mark = plain if at_cursor else self._style("mark")
        star = "★ " if card.id in self.favourites else "· " if card.id in self.recents else "  "
        segments = [Segment(self._sign(card), mark), Segment(star, mark), Segment(_fit(card.id, at.id), plain)]
        rest = _fit(card.name if card.name != card.id else "", at.name)
        if card.id == self.typed:
            rest += "as typed"
        elif at.context:
            rest += card.context_words.rjust(at.context) + "  " + _fit(card.price.replace("$", ""), at.price - 2)
        rest += _fit(can_words(card) if card.id != self.typed else "", at.can)
        return [*segments, Segment(rest, muted)]

    def _sign(self, card: ModelCard) -> str:
        if card.id in self.marked:
            return f"{self.marked.index(card.id) + 1:<2}"[:2]
        return "● " if card.id == self.current else "  "


def can_words(card: ModelCard) -> str:
    """Return what a model can do in words; one that is no model for conversations says what it is."""
    return ", ".join(card.capabilities) if card.chats else f"{one_line(card.kind, 20)} model"


def _fit(text: str, width: int) -> str:
    """Return foreign text as one line of exactly `width` cells, a blank at its end."""
    if width <= 0:
        return ""
    line = shown(ellipsis(one_line(text, 4 * width), width - 1))
    return line + " " * (width - cells(line))
