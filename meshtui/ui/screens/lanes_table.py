"""All figures of all lanes in one table, sorted by any of them, the best of each marked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import DataTable, Static

from meshtui.core.text import one_line
from meshtui.session import Comparison, Figures, Lane
from meshtui.ui.commands import Where, bindings
from meshtui.ui.widgets.hints import Hint, hints_content

_Value = Callable[[Lane, Figures], Any]
COLUMNS: tuple[tuple[str, _Value, Callable[[Any], str], int], ...] = (
    ("order", lambda lane, f: f.place, str, -1),
    ("first s", lambda lane, f: f.first, lambda v: f"{v:.2f}", -1),
    ("total s", lambda lane, f: f.total, lambda v: f"{v:.2f}", -1),
    ("tok/s", lambda lane, f: f.speed, lambda v: f"{v:.0f}", 1),
    ("tokens", lambda lane, f: f.tokens, lambda v: f"{v:,}", 0),
    ("words", lambda lane, f: len(str(lane.turn.content).split()), lambda v: f"{v:,}", 0),
    ("cost", lambda lane, f: f.charge.amount, str, -1),
    ("finish", lambda lane, f: (lane.turn.problem.code if lane.turn.problem else f.finish) or None, str, 0),
)
"""Heading, value, its words, and what is best: the least (-1), the most (1), neither."""


HINTS: tuple[Hint, ...] = (
    ("table.sort", "or a heading sorts"),
    ("table.reverse", "reverses"),
    ("table.close", "closes"),
)
MOST_ROWS = 18
"""So many lines of the table are shown at once."""


class WholeColumns(DataTable[Text]):
    """A table that goes from column to column, none of which is ever cut; the screen fills it."""

    class Moved(Message):
        """Other columns are wanted: so many further, or before."""

        def __init__(self, columns: int) -> None:
            super().__init__()
            self.columns = columns

    def action_cursor_right(self) -> None:
        """Show the next column."""
        self.post_message(self.Moved(1))

    def action_cursor_left(self) -> None:
        """Show the column before."""
        self.post_message(self.Moved(-1))

    def action_scroll_end(self) -> None:
        """Show the last columns."""
        self.post_message(self.Moved(len(COLUMNS)))

    def action_scroll_home(self) -> None:
        """Show the first columns."""
        self.post_message(self.Moved(-len(COLUMNS)))


class LanesTable(ModalScreen[None]):
    """Shows the table; a click on a heading, or a key, sorts by it. Columns without room are a key or a click away."""

    DEFAULT_CSS = """
    LanesTable .dialog { width: 96%; max-width: 130; }
    LanesTable DataTable { height: auto; max-height: 18; background: $panel; overflow-x: hidden; }
    """
    PLACES: ClassVar[tuple[Where, ...]] = ("table",)
    BINDINGS = bindings("table")

    def __init__(self, comparison: Comparison, names: Mapping[str, str]) -> None:
        super().__init__()
        self._comparison, self._names = comparison, names
        self._by, self._reverse = -1, False
        self._first = 0

    def compose(self) -> ComposeResult:
        """The table, and how it is sorted."""
        with Vertical(classes="dialog -wide"):
            yield Static("Lanes", classes="title", markup=False)
            yield WholeColumns(cursor_type="row", zebra_stripes=False)
            yield Static("", id="sorted", classes="note", markup=False)

    def on_mount(self) -> None:
        """Follow the lanes while they stream."""
        self.set_interval(0.5, self._follow)
        self.query_one(WholeColumns).focus()

    def on_resize(self) -> None:
        """Show what is there, in as many columns as there is room for."""
        self.call_after_refresh(self._fill)

    def _follow(self) -> None:
        if self._comparison.running:
            self._fill()

    def _fill(self) -> None:
        table = self.query_one(WholeColumns)
        names, rows = ["lane", "state", *(column[0] for column in COLUMNS)], self._rows()
        widths = [max(map(cell_len, [name, *(row[n].plain for row in rows)])) for n, name in enumerate(names)]
        used = [width + 2 * table.cell_padding for width in widths]
        room = table.size.width - (table.styles.scrollbar_size_vertical if len(rows) >= MOST_ROWS else 0)
        self._first = max(min(self._first, _last_first(used[2:], room - sum(used[:2]))), 0)
        count = _fitting(used[2 + self._first :], room - sum(used[:2]))
        shown = [0, 1, *range(2 + self._first, 2 + self._first + count)]
        at = table.cursor_row
        table.clear(columns=True)
        for n in shown:
            table.add_column(names[n], key=str(n), width=widths[n])
        for row in rows:
            table.add_row(*(row[n] for n in shown))
        table.move_cursor(row=min(at, max(len(rows) - 1, 0)))
        self._tell(names[2 : 2 + self._first], names[2 + self._first + count :])

    def _tell(self, before: list[str], after: list[str]) -> None:
        """Say how the table is sorted, and which columns are out of sight on which side."""
        order = COLUMNS[self._by][0] if self._by >= 0 else "place on the screen"
        more: list[Hint] = [("←", f"more: {', '.join(before)}", "shift(-1)")] if before else []
        more += [("→", f"more: {', '.join(after)}", "shift(1)")] if after else []
        lines = [hints_content(self.app, more)] if more else []
        said = Content(f"by {order}{', reversed' if self._reverse else ''} · ★ best  ")
        lines.append(Content.assemble(said, hints_content(self.app, HINTS)))
        self.query_one("#sorted", Static).update(Content("\n").join(lines))

    def _rows(self) -> list[list[Text]]:
        """Return the cells of each lane, in the order that was chosen."""
        rows = [(lane, self._comparison.figures(lane)) for lane in self._comparison.lanes]
        whole = [(lane, figures) for lane, figures in rows if lane.succeeded]
        best = [_best([value(lane, figures) for lane, figures in whole], way) for _, value, _, way in COLUMNS]
        if self._by >= 0:
            value = COLUMNS[self._by][1]
            known = [row for row in rows if value(*row) is not None]
            known.sort(key=lambda row: value(*row), reverse=self._reverse)
            rows = [*known, *(row for row in rows if value(*row) is None)]
        found = []
        for lane, figures in rows:
            cells = [Text(one_line(self._names.get(lane.node.id, lane.label), 36)), Text(lane.turn.state.value)]
            found.append(cells + [_cell(n, lane, figures, good) for n, good in enumerate(best)])
        return found

    @on(WholeColumns.Moved)
    def _moved(self, event: WholeColumns.Moved) -> None:
        self.action_shift(event.columns)

    def action_shift(self, columns: int) -> None:
        """Show the columns further on, or before."""
        self._first = max(self._first + columns, 0)
        self._fill()

    def action_sort(self, step: int) -> None:
        """Sort by the next column."""
        self._by = (self._by + 1 + step) % (len(COLUMNS) + 1) - 1
        self._fill()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self._reverse = not self._reverse
        self._fill()

    @on(DataTable.HeaderSelected)
    def _sort_by(self, event: DataTable.HeaderSelected) -> None:
        by = int(event.column_key.value or 0) - 2
        self._reverse = by == self._by and not self._reverse
        self._by = max(by, -1)
        self._fill()


def _cell(column: int, lane: Lane, figures: Figures, best: Any) -> Text:
    """Return one figure of a lane, marked where it is the best."""
    name, value, words, _ = COLUMNS[column]
    found = value(lane, figures)
    text = "–" if found is None else words(found) if name != "cost" else str(figures.charge)
    text = "unknown" if name == "cost" and found is None else text
    text = f"~{text}" if name == "tokens" and figures.guessed and found else text
    mark = lane.succeeded and best is not None and found == best
    return Text(f"{text} ★" if mark else one_line(text, 24), style="bold" if mark else "")


def _fitting(widths: Sequence[int], room: int) -> int:
    """Return how many columns fit beside each other, one at least."""
    count = sum(sum(widths[: n + 1]) <= room for n in range(len(widths)))
    return max(count, min(1, len(widths)))


def _last_first(widths: Sequence[int], room: int) -> int:
    """Return the first column of those at the end that fit beside each other."""
    return len(widths) - _fitting(widths[::-1], room)


def _best(values: list[Any], way: int) -> Any:
    """Return the best of the known values where there are several different ones."""
    known = [value for value in values if value is not None]
    if not way or len(set(known)) < 2:
        return None
    return max(known) if way > 0 else min(known)
