"""The line engine: Markdown source comes in, in any pieces; rows of text come out.

What is complete is read once and kept; only the last line, and the paragraph it belongs to, are read again when
more arrives. The rows at any moment are those of the whole source so far, however it came in pieces. The engine
is no widget and draws nothing: a `Palette` makes strips of its rows.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from meshtui.core.text import clean
from meshtui.ui.widgets.markdown_inline import References
from meshtui.ui.widgets.markdown_leaves import Edge, Leaf
from meshtui.ui.widgets.markdown_paragraph import Paragraph
from meshtui.ui.widgets.markdown_reader import BlockReader
from meshtui.ui.widgets.markdown_styles import Row
from meshtui.ui.widgets.markdown_table import Table

_LONG = 512
"""Characters of an incomplete line after which it is read for good, where that is safe."""


@dataclass(frozen=True, slots=True)
class DocumentLink:
    """A link of a document: what it says, where it leads, and the leaf and offset where it stands."""

    text: str
    target: str
    leaf: int
    offset: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where a search matches: the leaf, and start and end in its text."""

    leaf: int
    start: int
    end: int


class Rows:
    """Leaves one below the other as rows. Methods that need a width take it; the last width is kept."""

    def __init__(self) -> None:
        self.leaves: list[Leaf] = []
        self._heights: list[int] = []
        self._starts: list[int] = [0]
        self._width = 0
        self._changed = 0
        self._last: tuple[int, Leaf | None, int] = (-1, None, 0)

    def append(self, piece: str) -> None:
        """Add source text at the end, where the rows are made of a source."""
        raise TypeError("these rows do not grow")

    def count(self, width: int) -> int:
        """Return how many rows there are at `width` cells."""
        if width != self._width:
            self._width = width
            self.forget_rows(0)
            self._last = (-1, None, 0)
        leaves, heights, starts = self.leaves, self._heights, self._starts
        first, at = len(heights), starts[-1]
        if first == len(leaves):
            return at
        for index in range(first, len(leaves)):
            leaf = leaves[index]
            height = leaf.measure(width)
            if height:
                height += leaf.gap_rows
            heights.append(height)
            at += height
            starts.append(at)
        self._note_change(first)
        return at

    def _note_change(self, first: int) -> None:
        """Note which rows may differ, now that the leaves from `first` on are measured anew."""
        leaf, last = self.leaves[first], self.leaves[-1]
        settled = leaf.settled_rows()
        row = self._starts[first]
        if settled and self._last == (first, leaf, leaf.look):
            row += leaf.gap_rows + settled
        if last is not leaf:
            last.settled_rows()
        self._last = (len(self.leaves) - 1, last, last.look)
        self._changed = min(self._changed, row)

    def take_changed(self) -> int:
        """Return the first row that may differ since this was last asked; asked after `count`."""
        changed, self._changed = min(self._changed, self._starts[-1]), 1 << 40
        return changed

    def forget_rows(self, first: int) -> None:
        """Forget the heights of the leaves from `first` on."""
        if first < len(self._starts):
            self._changed = min(self._changed, self._starts[first]) if first >= len(self.leaves) else self._changed
        del self._heights[first:]
        del self._starts[first + 1 :]

    def place(self, number: int) -> tuple[int, int]:
        """Return the leaf that row `number` belongs to, and its row in it: -1 for the blank row before it."""
        index = min(bisect_right(self._starts, number) - 1, len(self.leaves) - 1)
        return index, number - self._starts[index] - self.leaves[index].gap_rows

    def row(self, number: int) -> tuple[int, Row]:
        """Return the leaf that row `number` belongs to, and the row. `count` was called before."""
        index, within = self.place(number)
        leaf = self.leaves[index]
        if within < 0:
            return index, leaf.gap_row()
        return index, leaf.row(within, self._width)

    def row_of(self, leaf: int, offset: int = 0) -> int:
        """Return the number of the row that shows the character at `offset` of a leaf's text."""
        found = self.leaves[leaf]
        return self._starts[leaf] + found.gap_rows + found.row_at(offset, self._width)

    def rows_of(self, leaf: int) -> tuple[int, int]:
        """Return the first row of a leaf (its gap not counted) and the one after its last."""
        return self._starts[leaf] + self.leaves[leaf].gap_rows, self._starts[leaf + 1]

    def find(self, pattern: re.Pattern[str]) -> Iterator[Hit]:
        """Find all hits of `pattern` in the text, leaf by leaf."""
        for index, leaf in enumerate(self.leaves):
            for match in pattern.finditer(leaf.text):
                if match.end() > match.start():
                    yield Hit(index, match.start(), match.end())

    def copy(self, start: tuple[int, int], end: tuple[int, int] | None) -> str:
        """Return the text between two places (leaf, offset), clean: no wraps, no borders, no indentation."""
        leaves = self.leaves
        last = len(leaves) - 1 if end is None else min(end[0], len(leaves) - 1)
        pieces: list[str] = []
        for index in range(max(start[0], 0), last + 1):
            leaf = leaves[index]
            text = leaf.text
            stop = end[1] if end is not None and index == end[0] else len(text)
            begin = start[1] if index == start[0] else 0
            if pieces:
                pieces.append("\n\n" if leaf.gap_rows else "\n")
            pieces.append((leaf.copied if begin == 0 else "") + text[begin:stop])
        return "".join(pieces)


class MarkdownLines(Rows):
    """A growing Markdown document as rows.

    `edge` stands left of every row. All methods that need a width take it; a document is laid out for one
    width at a time, so that calls with changing widths cost more.
    """

    def __init__(self, source: str = "", edge: Edge = ()) -> None:
        super().__init__()
        self._references = References()
        self._reader = BlockReader(self._references, edge)
        self.leaves = self._reader.leaves
        self._partial = ""
        self._long = False
        self._held = ""
        self._definers: dict[int, dict[str, Any]] = {}
        if source:
            self.append(source)

    def append(self, piece: str) -> None:
        """Add source text at the end. Control characters are made visible here."""
        piece = self._held + piece
        self._held = "\r" if piece.endswith("\r") else ""
        piece = clean(piece[:-1] if self._held else piece)
        if "\N{SYMBOL FOR CARRIAGE RETURN}\n" in piece:
            piece = piece.replace("\N{SYMBOL FOR CARRIAGE RETURN}\n", "\n")
        reader = self._reader
        reader.undo()
        if self._long:
            head, newline, piece = piece.partition("\n")
            reader.extend(head)
            self._long = not newline
        if not self._long:
            *lines, self._partial = (self._partial + piece).split("\n")
            for line in lines:
                reader.read_line(line)
            self._read_partial()
        self._settle()

    def _read_partial(self) -> None:
        if len(self._partial) > _LONG and self._reader.begin_long_line(self._partial):
            self._long, self._partial = True, ""
        elif self._partial:
            self._reader.try_line(self._partial)

    def _settle(self) -> None:
        """Take over what changed: link definitions, and which heights are to be measured anew."""
        leaves, reader = self.leaves, self._reader
        first = min(reader.dirty, len(self._heights))
        for index in [index for index in self._definers if index >= first]:
            del self._definers[index]
        for index in range(first, len(leaves)):
            leaf = leaves[index]
            if isinstance(leaf, Paragraph):
                leaf.refresh()
                if leaf.defined:
                    self._definers[index] = leaf.defined
        if self._definers or self._references:
            first = min(first, self._read_again(self._define()))
        reader.dirty = len(leaves)
        self.forget_rows(first)

    def _define(self) -> set[str]:
        """Set the link definitions to those of the document; return the labels that changed."""
        now: dict[str, Any] = {}
        for index in sorted(self._definers):
            for label, reference in self._definers[index].items():
                now.setdefault(label, reference)
        before = self._references
        if now == before:
            return set()
        changed = {label for label in now.keys() | before.keys() if now.get(label) != dict.get(before, label)}
        before.clear()
        before.update(now)
        return changed

    def _read_again(self, changed: set[str]) -> int:
        """Read the leaves again that ask for one of the changed labels; return the first of them."""
        first = len(self.leaves)
        if not changed:
            return first
        for index, leaf in enumerate(self.leaves):
            if isinstance(leaf, Paragraph | Table) and not leaf.asked.isdisjoint(changed):
                leaf.read_again()
                first = min(first, index)
        return first

    def links(self) -> list[DocumentLink]:
        """Return the links in their order."""
        return [
            DocumentLink(leaf.text[link.start : link.end], link.target, index, link.start)
            for index, leaf in enumerate(self.leaves)
            for link in leaf.links
        ]
