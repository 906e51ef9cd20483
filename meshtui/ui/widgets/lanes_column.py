"""One column of the lanes: what stands over it, and its answer as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.strip import Strip

from meshtui.core.text import one_line
from meshtui.ui.widgets.markdown_lines import Rows
from meshtui.ui.widgets.markdown_styles import Palette, Part, Row, S
from meshtui.ui.widgets.markdown_wrap import cells, ellipsis
from meshtui.ui.widgets.transcript_drawn import TONES, Spot
from meshtui.ui.widgets.transcript_entry import EntryView
from meshtui.ui.widgets.transcript_values import Entry, Label

ROOMY = 62
"""Cells from which on all figures of a lane stand in one line."""
_SKIPPED = 1
"""Rows of an entry that a column has no use for: its head says it."""


@dataclass(frozen=True, slots=True)
class Head:
    """What stands over a column: a name, marks such as the order of arrival, the state, figures."""

    name: str
    marks: tuple[Label, ...] = ()
    state: Label = Label("")
    figures: tuple[Label, ...] = ()


class Column:
    """A lane as it is drawn: its rows for one width, and which of them are in sight.

    `other` are rows shown instead of the answer, such as its differences from another one.
    """

    def __init__(self, key: str) -> None:
        self.key = key
        self.head = Head("")
        self.view = EntryView(Entry(key, "assistant"), 0)
        self.other: Rows | None = None
        self.top = 0
        self.follow = True
        self.width = 0
        self._strips: dict[int, Strip] = {}

    # Rows

    def measure(self, width: int) -> int:
        """Lay the answer out for a width; return the first row that changed."""
        if width != self.width:
            self.width = width
            self.view.strips.clear()
            self._strips.clear()
        if self.other is not None:
            self.other.count(width)
            return 0
        self.view.measure(width)
        return max(self.view.take_changed() - _SKIPPED, 0)

    @property
    def is_complete(self) -> bool:
        """Whether all of a long text is laid out."""
        return self.other is not None or self.view.is_complete

    @property
    def count(self) -> int:
        """How many rows there are."""
        if self.other is not None:
            return self.other.count(self.width)
        return max(self.view.height - 1 - _SKIPPED, 0)

    def show(self, other: Rows | None) -> None:
        """Show other rows instead of the answer, or the answer again."""
        self.other = other
        self._strips.clear()
        self.view.strips.clear()
        self.view.width = 0

    def restyle(self) -> None:
        """Make every strip anew: the colours changed."""
        self._strips.clear()
        self.view.strips.clear()

    def strip(self, number: int, palette: Palette) -> Strip:
        """Return a row as a strip of the column's width."""
        if not 0 <= number < self.count:
            return palette.strip(Row(()), self.width)
        if self.other is not None:
            strip = self._strips.get(number)
            if strip is None:
                strip = self._strips[number] = palette.strip(self.other.row(number)[1], self.width)
            return strip
        key = number + _SKIPPED, False
        strip = self.view.strips.get(key)
        if strip is None or strip.cell_length != self.width:
            strip = self.view.strips[key] = palette.strip(self.view.row(key[0])[2], self.width)
        return strip

    def spot(self, number: int, x: int) -> Spot | None:
        """Return what a click on a cell of a row means, where it means something."""
        if self.other is not None or not 0 <= number < self.count:
            return None
        return self.view.spot(number + _SKIPPED, x)

    # Scrolling

    def settle(self, height: int) -> None:
        """Keep the rows in sight within what there is: at the end while it is followed."""
        last = max(self.count - height, 0)
        self.top = last if self.follow else min(max(self.top, 0), last)

    def scroll(self, rows: int, height: int) -> None:
        """Scroll by so many rows; at the end the column follows it again."""
        self.settle(height)
        last = max(self.count - height, 0)
        self.top = min(max(self.top + rows, 0), last)
        self.follow = self.top >= last

    # The head

    def head_rows(self) -> int:
        """Return how many rows the head takes at the column's width."""
        return 3 if self.width >= ROOMY else 4

    def head_row(self, number: int, place: int, focused: bool, height: int) -> Row:
        """Return a row of the head: name and marks, state and figures, and a line that tells where one is."""
        last = self.head_rows() - 1
        if number == 0:
            return _name_row(self.head, place, focused, self.width)
        if number == last:
            return _rule(self, focused, height)
        figures = self.head.figures
        if last == 2:
            labels: Sequence[Label] = (self.head.state, *figures)
        else:
            labels = (self.head.state, *figures[:2]) if number == 1 else figures[2:]
        return Row([("  ", 0, -1), *joined(labels, self.width - 2)])


def _name_row(head: Head, place: int, focused: bool, width: int) -> Row:
    marks = joined(head.marks, width // 2)
    used = sum(cells(part[0]) for part in marks)
    number = f"{'▶' if focused else ' '}{place} "
    name = ellipsis(one_line(head.name), max(width - cells(number) - used - 2, 4))
    gap = max(width - cells(number) - cells(name) - used - 1, 1)
    style = S["cursor"] if focused else S["role"]
    return Row([(number, style, -1), (name, style, -1), (" " * gap, 0, -1), *marks])


def _rule(column: Column, focused: bool, height: int) -> Row:
    below = column.count - column.top - height
    words = f" {min(column.top + height, column.count)}/{column.count}{' ↓' if below > 0 else ''} " if below > 0 else ""
    line = ("━" if focused else "─") * max(column.width - len(words), 0)
    return Row([(line, S["cursor"] if focused else S["rule"], -1), (words, S["warn"], -1)])


def joined(labels: Sequence[Label], width: int) -> list[Part]:
    """Return labels in a row with dots between them, as many as there is room for."""
    parts: list[Part] = []
    used = 0
    for label in labels:
        text = one_line(label.text)
        if not text:
            continue
        gap = " · " if parts else ""
        room = width - used - len(gap)
        if room < min(cells(text), 4):
            break
        text = ellipsis(text, room)
        if gap:
            parts.append((gap, S["field"], -1))
        parts.append((text, TONES[label.tone], -1))
        used += len(gap) + cells(text)
    return parts
