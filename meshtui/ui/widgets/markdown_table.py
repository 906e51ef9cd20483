"""Tables: columns as wide as their cells need, rows laid out one by one as they come.

Where the columns do not fit, long cells are broken in their column; where there are too many columns even for
that, each row is shown as a list of "heading: cell" lines.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from meshtui.ui.widgets.markdown_inline import Inline, Link, References, Run, read_inline
from meshtui.ui.widgets.markdown_leaves import Leaf, cut_runs
from meshtui.ui.widgets.markdown_styles import Part, Row, S
from meshtui.ui.widgets.markdown_wrap import Span, cells, ellipsis, wrap

Cell = str | Inline
"""Text of a cell; plain where it has no marks, which saves memory in long tables."""

_DELIMITER = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_PIPE = re.compile(r"(?<!\\)\|")
_NARROWEST = 8
_MANY_ROWS = 256
_SEPARATOR = 3


def split_cells(line: str) -> list[str]:
    """Return the cells of a row of a table."""
    line = line.strip()
    if line.startswith("|"):
        line = line[1:]
    parts = _PIPE.split(line)
    if len(parts) > 1 and not parts[-1].strip():
        parts.pop()
    return [part.strip().replace("\\|", "|") for part in parts]


def read_alignments(header: str, delimiter: str) -> list[str] | None:
    """Return how the columns are aligned, where the two lines begin a table; None where they do not."""
    if "|" not in header or "-" not in delimiter or not _DELIMITER.fullmatch(delimiter):
        return None
    marks, heads = split_cells(delimiter), split_cells(header)
    if len(marks) != len(heads) or not any(heads):
        return None
    return [_alignment(mark) for mark in marks]


def _alignment(mark: str) -> str:
    if mark.startswith(":") and mark.endswith(":") and len(mark) > 1:
        return "center"
    return "right" if mark.endswith(":") else "left"


def share_width(wanted: Sequence[int], room: int) -> list[int] | None:
    """Share `room` cells among columns that want so many: what fits gets it, the others split the rest.

    None where some column would become narrower than eight cells that it needs.
    """
    if sum(wanted) <= room:
        return [max(width, 1) for width in wanted]
    shares = [0] * len(wanted)
    left, waiting = room, sorted(range(len(wanted)), key=lambda column: wanted[column])
    while waiting:
        column = waiting.pop(0)
        shares[column] = max(min(wanted[column], left // (len(waiting) + 1)), 1)
        left -= shares[column]
    if any(share < min(want, _NARROWEST) for share, want in zip(shares, wanted, strict=True)) or left < 0:
        return None
    return shares


class Table(Leaf):
    """A table; body rows may be added at the end."""

    __slots__ = (
        "_alignments",
        "_fits",
        "_head",
        "_open",
        "_open_wanted",
        "_recorded",
        "_references",
        "_rows",
        "_settled",
        "_shares",
        "_sources",
        "_starts",
        "_text_starts",
        "_wanted",
        "_widest_head",
        "_width",
        "_wrapped",
        "asked",
        "open_line",
    )

    def __init__(self, header: str, alignments: list[str], references: References) -> None:
        super().__init__()
        self._references = references
        self._alignments = alignments
        self.asked: set[str] = set()
        self.open_line: str | None = None
        self._open: tuple[Cell, ...] = ()
        self._sources: list[str] = []
        self._rows: list[tuple[Cell, ...]] = []
        self._wanted: list[int] = []
        self._shares: list[int] | None = []
        self._starts = array("L", [0])
        self._text_starts = array("L")
        self._width = self._settled = 0
        self._fits = False
        self._recorded: tuple[tuple[Cell, ...], int, list[list[Span]]] | None = None
        self._wrapped: tuple[int, list[list[Span]]] | None = None
        self._begin(header)

    def add_line(self, line: str) -> None:
        """Add a row that is complete."""
        row = self._read(line)
        self._sources.append(line)
        self._rows.append(row)
        self._text_starts.append(self._text_starts[-1] + self._length(row))
        self._wanted = _widest(self._wanted, row)
        self._open_wanted = self._wanted

    def change_open_line(self, line: str | None) -> None:
        """Set or take away the last row, which may still change."""
        self.open_line = line
        self._open = () if line is None else self._read(line)
        self._open_wanted = self._wanted if line is None else _widest(self._wanted, self._open)
        self._wrapped = None

    def read_again(self) -> None:
        """Read all cells again, because link definitions have changed."""
        sources, open_line = self._sources[1:], self.open_line
        self._begin(self._sources[0])
        for source in sources:
            self.add_line(source)
        self.change_open_line(open_line)

    def _begin(self, header: str) -> None:
        self.asked.clear()
        self._sources = [header]
        self._head = self._read(header)
        self._widest_head = max(cells(_text(cell)) for cell in self._head)
        self._rows = []
        self._wanted = self._open_wanted = [cells(_text(cell)) for cell in self._head]
        self._text_starts = array("L", [0, self._length(self._head)])
        self._width = 0

    def _read(self, line: str) -> tuple[Cell, ...]:
        sources = split_cells(line)
        columns = len(self._alignments)
        if len(sources) > columns:  # nothing of a row that is too long may vanish
            sources[columns - 1 :] = [" | ".join(sources[columns - 1 :])]
        row: list[Cell] = []
        for source in sources:
            self._references.asked.clear()
            inline = read_inline(source, self._references)
            self.asked |= self._references.asked
            row.append(inline if inline.runs or inline.links else inline.text)
        row.extend([""] * (columns - len(row)))
        return tuple(row)

    @staticmethod
    def _length(row: tuple[Cell, ...]) -> int:
        return sum(len(_text(cell)) + 1 for cell in row)

    def _all_rows(self) -> Iterable[tuple[Cell, ...]]:
        yield self._head
        yield from self._rows
        if self.open_line is not None:
            yield self._open

    @property
    def source(self) -> str:
        """The rows of the body and the head as they came, without the delimiter row."""
        return "\n".join([*self._sources, *([] if self.open_line is None else [self.open_line])])

    @property
    def text(self) -> str:
        """The cells, apart by tabs, a row per line."""
        return "\n".join("\t".join(_text(cell) for cell in row) for row in self._all_rows())

    @property
    def links(self) -> list[Link]:
        """Links in the cells."""
        found: list[Link] = []
        at = 0
        for row in self._all_rows():
            for cell in row:
                if isinstance(cell, Inline):
                    found.extend(Link(x.start + at, x.end + at, x.target) for x in cell.links)
                at += len(_text(cell)) + 1
        return found

    def measure(self, width: int) -> int:
        """Return the number of rows."""
        room = self.room(width)
        columns = len(self._alignments)
        most = max(room, 1)
        left = room - _SEPARATOR * (columns - 1)
        self._fits = sum(self._open_wanted) <= left
        # In a long table that must break its cells anyway, a row that is not complete widens no column:
        # each time all rows would be laid out again.
        wants = self._open_wanted if self._fits or len(self._rows) < _MANY_ROWS else self._wanted
        shares = share_width([min(want, most) for want in wants], left)
        if shares != self._shares or self._width != room:
            self._shares, self._width = shares, room
            self._starts = array("L", [0])
            self._wrapped, self._settled = None, 0
        if self._fits:  # a row each
            return len(self._rows) + (self.open_line is not None) + 2
        at = self._starts[-1]
        for number in range(len(self._starts) - 1, len(self._rows)):
            at += self._height(self._rows[number], shares, room)
            self._starts.append(at)
        if self.open_line is not None:
            at += self._height(self._open, shares, room)
        if shares is None:
            return max(at - 1, 1) if at else len(self._head)
        return self._height(self._head, shares, room) + 1 + at

    def settled_rows(self) -> int:
        """Return how many rows are the same since this was last asked."""
        settled, self._settled = self._settled, len(self._rows)
        if self._fits:
            return settled + 2 if settled else 0
        if not 0 < settled < len(self._starts) or self._shares is None:
            return 0
        return self._height(self._head, self._shares, self._width) + 1 + int(self._starts[settled])

    def _height(self, row: tuple[Cell, ...], shares: list[int] | None, room: int) -> int:
        if shares is None:
            return 1 + sum(len(spans) for spans in self._record(row, room))
        most = 1
        for cell, share in zip(row, shares, strict=True):
            text = _text(cell)
            if len(text) > share or not text.isascii() or "\n" in text:
                lines: list[Span] = []
                wrap(text, share, lines)
                most = max(most, len(lines))
        return most

    def _record(self, row: tuple[Cell, ...], room: int) -> list[list[Span]]:
        if self._recorded is None or self._recorded[0] is not row or self._recorded[1] != room:
            self._recorded = row, room, self._record_anew(row, room)
        return self._recorded[2]

    def _record_anew(self, row: tuple[Cell, ...], room: int) -> list[list[Span]]:
        width = max(room - self._label_width(room) - 2, 1)
        return [_wrapped(_text(cell), width) for cell in row]

    def _label_width(self, room: int) -> int:
        return min(self._widest_head, max(room // 3, 1))

    def row(self, index: int, width: int) -> Row:
        """Return row `index`."""
        before = self.before(index, width)
        room = self.room(width)
        shares = self._shares
        if shares is None:
            return Row([*before, *self._record_row(index, room)])
        head = self._height(self._head, shares, room)
        if index < head:
            return Row([*before, *self._cells_row(-1, self._head, index, shares)])
        if index == head:
            line = "─┼─".join("─" * share for share in shares)
            return Row([*before, (line, S["table-line"], -1)])
        number, row, line_number = self._find(index - head - 1)
        return Row([*before, *self._cells_row(number, row, line_number, shares)])

    def _find(self, at: int) -> tuple[int, tuple[Cell, ...], int]:
        if self._fits:
            return at, self._rows[at] if at < len(self._rows) else self._open, 0
        number = min(bisect_right(self._starts, at) - 1, len(self._rows))
        row = self._rows[number] if number < len(self._rows) else self._open
        return number, row, at - self._starts[number]

    def _spans(self, number: int, row: tuple[Cell, ...], shares: list[int]) -> list[list[Span]]:
        if self._wrapped is None or self._wrapped[0] != number:
            spans = [_wrapped(_text(cell), share) for cell, share in zip(row, shares, strict=True)]
            self._wrapped = number, spans
        return self._wrapped[1]

    def _cells_row(self, number: int, row: tuple[Cell, ...], index: int, shares: list[int]) -> list[Part]:
        parts: list[Part] = []
        at = self._text_starts[number + 1]
        base = S["table-head"] if number < 0 else S["text"]
        columns = zip(row, shares, self._alignments, self._spans(number, row, shares), strict=True)
        for column, (cell, share, alignment, spans) in enumerate(columns):
            if column:
                parts.append((" │ ", S["table-line"], -1))
            text = _text(cell)
            start, end = spans[index] if index < len(spans) else (0, 0)
            space = share - cells(text[start:end])
            left = space if alignment == "right" else space // 2 if alignment == "center" else 0
            if left:
                parts.append((" " * left, base, -1))
            parts += cut_runs(text, _runs(cell), start, end, base, at)
            if space - left:
                parts.append((" " * (space - left), base, -1))
            at += len(text) + 1
        return parts

    def _record_row(self, index: int, room: int) -> list[Part]:
        """Return a row of the layout in which each cell has a line of its own."""
        if not self._rows and self.open_line is None:
            text = _text(self._head[index])
            at = sum(len(_text(cell)) + 1 for cell in self._head[:index])
            return [(text, S["table-head"], at)]
        number, row, line = self._find(index)
        at = self._text_starts[number + 1]
        label_width = self._label_width(room)
        for cell, head, spans in zip(row, self._head, self._record(row, room), strict=True):
            if line < len(spans):
                start, end = spans[line]
                label = _text(head) if line == 0 else ""
                label = _fit(label, label_width)
                parts: list[Part] = [(label, S["table-head"], -1), (": " if line == 0 else "  ", 0, -1)]
                return parts + cut_runs(_text(cell), _runs(cell), start, end, S["text"], at)
            line -= len(spans)
            at += len(_text(cell)) + 1
        return []

    def row_at(self, offset: int, width: int) -> int:
        """Return the row of the character at `offset`: the first of its row of the table."""
        self.measure(width)
        number = bisect_right(self._text_starts, offset) - 2
        shares = self._shares
        if self._fits:
            return max(number, -2) + 2
        start = self._starts[min(number, len(self._starts) - 1)] if number >= 0 else 0
        if shares is None:
            return int(start)
        return 0 if number < 0 else self._height(self._head, shares, self.room(width)) + 1 + int(start)


def _text(cell: Cell) -> str:
    return cell if isinstance(cell, str) else cell.text


def _runs(cell: Cell) -> list[Run]:
    return [] if isinstance(cell, str) else cell.runs


def _wrapped(text: str, width: int) -> list[Span]:
    lines: list[Span] = []
    wrap(text, width, lines)
    return lines


def _widest(wanted: list[int], row: tuple[Cell, ...]) -> list[int]:
    return [max(want, cells(_text(cell))) for want, cell in zip(wanted, row, strict=True)]


def _fit(text: str, width: int) -> str:
    text = ellipsis(text, width)
    return text + " " * (width - cells(text))
