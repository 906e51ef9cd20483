"""One message of a transcript as a reader deals with it: what stands where, links, blocks, copying."""

from __future__ import annotations

from collections.abc import Iterator

from meshtui.ui.widgets.markdown_code import Code
from meshtui.ui.widgets.markdown_lines import MarkdownLines, Rows
from meshtui.ui.widgets.transcript_calls import CallsLeaf
from meshtui.ui.widgets.transcript_drawn import Drawn, Spot
from meshtui.ui.widgets.transcript_entry_rows import EntryRows
from meshtui.ui.widgets.transcript_sections import BODY, HEADER, Block, blocks_of

Place = tuple[int, int, int]
"""A place in an entry: section, leaf, offset in the text of the leaf."""


class EntryView(EntryRows):
    """The rows of an entry, asked for what stands in them."""

    def spot(self, row: int, x: int) -> Spot | None:
        """Return what a click on column `x` of a row means, beside the links in the text."""
        section, within = self._at(row)
        if section is None or within < 0:
            return None
        index, inner = section.rows.place(within)
        leaf = section.rows.leaves[index]
        return leaf.spot(inner, x) if isinstance(leaf, Drawn | CallsLeaf) else None

    def link(self, section: int, leaf: int, offset: int) -> str | None:
        """Return where the link at a place leads, or None."""
        found = self._section(section)
        for link in found.rows.leaves[leaf].links if found is not None else ():
            if link.start <= offset < link.end:
                return link.target
        return None

    def links(self) -> list[tuple[str, str]]:
        """Return text and target of all links of the message."""
        body = self._section(BODY)
        if body is None or not isinstance(body.rows, MarkdownLines):
            return []
        return [(link.text, link.target) for link in body.rows.links()]

    def blocks(self) -> list[Block]:
        """Return what the cursor can stand on, from top to bottom; first the message itself."""
        return blocks_of(self._sections or (), self.entry)

    def rows_of(self, block: Block) -> tuple[int, int]:
        """Return the first row of a block in the entry, and the one after its last."""
        if block.kind == "message":
            return 0, max(self.height - 1, 1)
        section = self._section(block.section)
        if section is None or (block.leaf >= len(section.rows.leaves) and block.kind != "tool"):
            return 0, 1
        top = section.start + section.gap
        if block.kind == "tool":
            start, end, _ = self._calls.rows_of(block.leaf)
            return top + start, top + end
        if block.kind == "card":
            return top, top + section.rows.count(self.width)
        section.rows.count(self.width)  # text may have come since it was laid out
        start, end = section.rows.rows_of(block.leaf)
        return top + start, top + end

    def cell_of(self, block: Block) -> int:
        """Return the first cell of a block: calls may stand side by side."""
        return self._calls.rows_of(block.leaf)[2] if block.kind == "tool" else 0

    def block_at(self, row: int, x: int) -> Block | None:
        """Return the innermost block at a cell."""
        place = self._calls.place_at(self._at(row)[1], x)
        for block in reversed(self.blocks()):
            start, end = self.rows_of(block)
            if start <= row < end and (block.kind != "tool" or block.leaf == place):
                return block
        return None

    def row_of(self, place: Place) -> int:
        """Return the row of the entry that shows a place."""
        section = self._section(place[0])
        if section is None or not section.rows.leaves:
            return 0
        section.rows.count(self.width)
        leaf = min(place[1], len(section.rows.leaves) - 1)
        return section.start + section.gap + section.rows.row_of(leaf, place[2])

    def searched(self) -> Iterator[tuple[int, Rows]]:
        """Return the sections that a search looks through."""
        for section in self._sections or ():
            if section.number != HEADER:
                yield section.number, section.rows

    def code(self, block: Block) -> str:
        """Return the code of a code block as it came."""
        section = self._section(block.section)
        leaf = section.rows.leaves[block.leaf] if section is not None else None
        return leaf.source if isinstance(leaf, Code) else ""

    def copy(self, start: Place | None, end: Place | None) -> str:
        """Return the text between two places of the entry (None: its beginning, its end), clean."""
        pieces: list[str] = []
        for section in self._sections or ():
            number = section.number
            if (start is not None and number < start[0]) or (end is not None and number > end[0]):
                continue
            first = start[1:] if start is not None and number == start[0] else (0, 0)
            last = end[1:] if end is not None and number == end[0] else None
            piece = section.rows.copy((first[0], first[1]), (last[0], last[1]) if last is not None else None)
            if piece.strip():
                pieces.append(piece)
        return "\n\n".join(pieces)
