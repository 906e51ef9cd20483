"""What a document is made of in the end: leaves, each a text laid out in rows.

A leaf knows its text, how many rows it takes at a width and what each row shows. Leaves that grow keep what
cannot change any more and lay out the rest.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter
from typing import Protocol

from meshtui.ui.widgets.markdown_inline import Link, Run
from meshtui.ui.widgets.markdown_styles import Part, Row, S
from meshtui.ui.widgets.markdown_wrap import cells, crop

LEAST = 12
"""Cells that text keeps beside its indentation, however deep it is nested."""

Edge = tuple[tuple[str, int], ...]
"""What stands left of the text: pieces of text with their styles."""

_END_OF_RUN = itemgetter(1)


class Gap(Protocol):
    """What decides whether a blank row stands before a leaf."""

    loose: bool


class Leaf:
    """A piece of the document, at the end of its own row.

    `first` and `rest` are what stands left of its first and its other rows. The blank row before it
    is drawn with `between`, where `gap` is loose.
    """

    __slots__ = ("between", "copied", "first", "gap", "indent", "rest")

    def __init__(self) -> None:
        self.first: Edge = ()
        self.rest: Edge = ()
        self.between: Edge = ()
        self.gap: Gap | None = None
        self.indent = 0
        self.copied = ""
        """What stands for `first` when the leaf is copied as a whole, such as "- "."""

    def place(self, first: Edge, rest: Edge, between: Edge, gap: Gap | None) -> None:
        """Set what stands left of the leaf, and before it."""
        self.first, self.rest, self.between, self.gap = first, rest, between, gap
        self.indent = max(edge_width(first), edge_width(rest))

    def room(self, width: int) -> int:
        """Return how many cells of `width` the text has."""
        return max(width - self.indent, min(LEAST, width), 1)

    def before(self, index: int, width: int) -> list[Part]:
        """Return what stands left of row `index`, cut where it would leave the text no room."""
        edge = self.first if index == 0 else self.rest
        if not edge:
            return []
        if self.indent <= width - min(LEAST, width):
            return [(text, style, -1) for text, style in edge]
        space = width - self.room(width)
        parts: list[Part] = []
        for text, style in edge:
            text = crop(text, space)
            space -= cells(text)
            if text:
                parts.append((text, style, -1))
        return parts

    @property
    def gap_rows(self) -> int:
        """Blank rows before this leaf: 0 or 1."""
        return 1 if self.gap is not None and self.gap.loose else 0

    def gap_row(self) -> Row:
        """Return the blank row before this leaf."""
        return Row([(text, style, -1) for text, style in self.between])

    @property
    def links(self) -> list[Link]:
        """Links in the text."""
        return []

    @property
    def text(self) -> str:
        """The text as a reader would copy it."""
        raise NotImplementedError

    def measure(self, width: int) -> int:
        """Return how many rows the leaf takes, the gap not counted."""
        raise NotImplementedError

    def settled_rows(self) -> int:
        """Return how many rows are the same since this was last asked."""
        return 0

    @property
    def look(self) -> int:
        """A number that changes with the look of all rows."""
        return 0

    def row(self, index: int, width: int) -> Row:
        """Return row `index`; `measure` was called with the same width."""
        raise NotImplementedError

    def row_at(self, offset: int, width: int) -> int:
        """Return the row that shows the character at `offset` of the text."""
        raise NotImplementedError


def edge_width(edge: Edge) -> int:
    """Return the cells that `edge` takes."""
    return sum(cells(text) for text, _ in edge)


def cut_runs(text: str, runs: list[Run], start: int, end: int, base: int, shift: int = 0) -> list[Part]:
    """Return `text[start:end]` in parts by `runs`; `shift` is added to the offsets.

    A run holds flags, which are joined to the style `base`, or a style of its own.
    """
    if start >= end:
        return []
    if not runs:
        return [(text[start:end], base, start + shift)]
    parts: list[Part] = []
    at = start
    for index in range(bisect_right(runs, start, key=_END_OF_RUN), len(runs)):
        run_start, run_end, flags = runs[index]
        if run_start >= end:
            break
        if run_start > at:
            parts.append((text[at:run_start], base, at + shift))
            at = run_start
        stop = min(run_end, end)
        parts.append((text[at:stop], base | flags if flags < 256 else flags, at + shift))
        at = stop
    if at < end:
        parts.append((text[at:end], base, at + shift))
    return parts


class Rule(Leaf):
    """A thematic break."""

    __slots__ = ()

    @property
    def text(self) -> str:
        """Nothing worth copying but the sign itself."""
        return "---"

    def measure(self, width: int) -> int:
        """One row."""
        return 1

    def row(self, index: int, width: int) -> Row:
        """Return the line."""
        return Row([*self.before(0, width), ("─" * self.room(width), S["rule"], 0)])

    def row_at(self, offset: int, width: int) -> int:
        """The only row."""
        return 0


class Blank(Leaf):
    """The place of a list item without content: its bullet, nothing else. `item` is that item."""

    __slots__ = ("item",)

    def __init__(self, item: object) -> None:
        super().__init__()
        self.item = item

    @property
    def text(self) -> str:
        """Nothing."""
        return ""

    def measure(self, width: int) -> int:
        """One row."""
        return 1

    def row(self, index: int, width: int) -> Row:
        """Return the bullet."""
        return Row(self.before(0, width))

    def row_at(self, offset: int, width: int) -> int:
        """The only row."""
        return 0
