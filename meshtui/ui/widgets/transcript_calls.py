"""Several tool calls, or their results, as rows: side by side where there is room."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from meshtui.ui.widgets.markdown_leaves import Leaf
from meshtui.ui.widgets.markdown_styles import Part, Row
from meshtui.ui.widgets.markdown_wrap import cells
from meshtui.ui.widgets.transcript_call import CallCode, CallView
from meshtui.ui.widgets.transcript_drawn import Drawn, Spot
from meshtui.ui.widgets.transcript_values import Entry

WIDE = 100
"""Cells of a conversation from which on calls stand side by side."""
COLUMN = 36
"""Cells that a call takes at least beside others."""
_BETWEEN = 3
"""Cells between calls that stand side by side: the cursor is drawn in them."""


class CallsLeaf(Leaf):
    """Calls in their order: side by side where the width allows, else one below the other."""

    __slots__ = ("_bands", "_column", "_columns", "_starts", "_width", "views")

    def __init__(self) -> None:
        super().__init__()
        self.views: list[CallView] = []
        self._width = 0
        self._columns = 1
        self._column = 0
        self._bands: list[list[CallView]] = []
        self._starts: list[int] = [0]

    @property
    def text(self) -> str:
        """What is copied of all calls."""
        return "\n".join(leaf.text for view in self.views for leaf in view.rows.leaves)

    def measure(self, width: int) -> int:
        """Put the calls into bands of columns, and return the number of rows."""
        count = len(self.views)
        self._columns = max(min(count, (width + _BETWEEN) // (COLUMN + _BETWEEN)), 1) if width >= WIDE else 1
        self._column = (width - _BETWEEN * (self._columns - 1)) // self._columns
        self._bands = [self.views[at : at + self._columns] for at in range(0, count, self._columns)]
        starts = [0]
        for band in self._bands:
            starts.append(starts[-1] + 1 + max(view.rows.count(self._column) for view in band))
        self._starts = starts
        return max(starts[-1] - 1, 0)

    def row(self, index: int, width: int) -> Row:
        """Return row `index`: that of each call of its band."""
        number, within = self._band(index)
        parts: list[Part] = []
        band = self._bands[number]
        offset = self._offset(number * self._columns)
        row = Row(())
        for place, view in enumerate(band):
            row = Row(())
            if within < view.rows.count(self._column):
                leaf, row = view.rows.row(within)
                shift = offset + sum(_size(one) for one in view.rows.leaves[:leaf])
                parts += [(text, style, at if at < 0 else at + shift) for text, style, at in row.parts]
            if place < len(band) - 1:
                space = self._column - sum(cells(part[0]) for part in row.parts)
                parts += [(" " * max(space, 0), row.fill, -1), (" " * _BETWEEN, 0, -1)]
            offset += _size_of(view)
        return Row(parts, row.fill)

    def _band(self, index: int) -> tuple[int, int]:
        number = min(max(bisect_right(self._starts, index) - 1, 0), len(self._bands) - 1)
        return number, index - self._starts[number]

    def _offset(self, count: int) -> int:
        return sum(map(_size_of, self.views[:count]))

    def row_at(self, offset: int, width: int) -> int:
        """Return the row of the character at `offset`."""
        self.measure(width)
        for number, view in enumerate(self.views):
            if offset >= _size_of(view) and number < len(self.views) - 1:
                offset -= _size_of(view)
                continue
            for place, leaf in enumerate(view.rows.leaves):
                if offset < _size(leaf) or place == len(view.rows.leaves) - 1:
                    return self._starts[number // self._columns] + view.rows.row_of(place, max(offset, 0))
                offset -= _size(leaf)
        return 0

    def spot(self, row: int, x: int) -> Spot | None:
        """Return what a click on a cell means, None where it means nothing."""
        place = self.place_at(row, x)
        if place is None:
            return None
        view, number = self.views[place], self._band(row)[1]
        if number >= view.rows.count(self._column):
            return None
        index, within = view.rows.place(number)
        leaf = view.rows.leaves[index]
        return leaf.spot(within, x - self.rows_of(place)[2]) if isinstance(leaf, Drawn) else None

    def place_at(self, row: int, x: int) -> int | None:
        """Return which call stands at a cell."""
        number, _ = self._band(row)
        place = number * self._columns + min(max(x, 0) // (self._column + _BETWEEN), self._columns - 1)
        return place if place < len(self.views) else None

    def rows_of(self, place: int) -> tuple[int, int, int]:
        """Return the first row of a call, the one after its last, and its first cell."""
        if not self._bands or place >= len(self.views):
            return 0, 1, 0
        number, column = divmod(place, self._columns)
        start = self._starts[number]
        height = self.views[place].rows.count(self._column)
        return start, start + height, column * (self._column + _BETWEEN)

    @property
    def is_complete(self) -> bool:
        """Whether all that is shown is laid out."""
        return all(view.is_complete for view in self.views)

    def read_on(self, until: Callable[[], bool]) -> None:
        """Lay out more, until there is no more time; one piece at least."""
        for view in self.views:
            while not view.is_complete:
                view.read_on()
                if until():
                    return


def _size(leaf: Leaf) -> int:
    """Return how long the text of a leaf is, with its end."""
    if isinstance(leaf, CallCode):
        return leaf.size + (0 if leaf.open_line is None else len(leaf.open_line) + 1)
    return len(leaf.text) + 1


def _size_of(view: CallView) -> int:
    return sum(map(_size, view.rows.leaves))


def size_of_calls(entry: Entry) -> int:
    """Return how many characters the calls of an entry have."""
    return sum(len(call.arguments) for call in entry.tool_calls)
