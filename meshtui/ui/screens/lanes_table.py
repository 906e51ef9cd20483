"""All figures of all lanes in one table, sorted by any of them, the best of each marked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import DataTable, Static

from meshtui.core.text import one_line
from meshtui.session import Comparison, Figures, Lane
from meshtui.ui.commands import Where, bindings

if TYPE_CHECKING:
    from meshtui.ui.app import MeshApp

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


class LanesTable(ModalScreen[None]):
    """Shows the table; a click on a heading, or a key, sorts by it."""

    DEFAULT_CSS = """
    LanesTable .dialog { width: 96%; max-width: 130; }
    LanesTable DataTable { height: auto; max-height: 18; background: $panel; }
    """
    PLACES: ClassVar[tuple[Where, ...]] = ("table",)
    BINDINGS = bindings("table")

    def __init__(self, comparison: Comparison, names: Mapping[str, str]) -> None:
        super().__init__()
        self._comparison, self._names = comparison, names
        self._by, self._reverse = -1, False

    def compose(self) -> ComposeResult:
        """The table, and how it is sorted."""
        with Vertical(classes="dialog -wide"):
            yield Static("Lanes", classes="title", markup=False)
            yield DataTable(cursor_type="row", zebra_stripes=False)
            yield Static("", id="sorted", classes="note", markup=False)

    def on_mount(self) -> None:
        """Show what is there, and follow it while lanes stream."""
        table = self.query_one(DataTable)
        for name in ("lane", "state", *(column[0] for column in COLUMNS)):
            table.add_column(name, key=name)
        self._fill()
        self.set_interval(0.5, self._follow)
        table.focus()

    def _follow(self) -> None:
        if self._comparison.running:
            self._fill()

    def _fill(self) -> None:
        table = self.query_one(DataTable)
        rows = [(lane, self._comparison.figures(lane)) for lane in self._comparison.lanes]
        whole = [(lane, figures) for lane, figures in rows if lane.succeeded]
        best = [_best([value(lane, figures) for lane, figures in whole], way) for _, value, _, way in COLUMNS]
        if self._by >= 0:
            value = COLUMNS[self._by][1]
            known = [row for row in rows if value(*row) is not None]
            known.sort(key=lambda row: value(*row), reverse=self._reverse)
            rows = [*known, *(row for row in rows if value(*row) is None)]
        at = table.cursor_row
        table.clear()
        for lane, figures in rows:
            cells = [Text(one_line(self._names.get(lane.node.id, lane.label), 36)), Text(lane.turn.state.value)]
            for (name, value, words, _), good in zip(COLUMNS, best, strict=True):
                found = value(lane, figures)
                text = "–" if found is None else words(found) if name != "cost" else str(figures.charge)
                text = "unknown" if name == "cost" and found is None else text
                text = f"~{text}" if name == "tokens" and figures.guessed and found else text
                mark = lane.succeeded and good is not None and found == good
                cells.append(Text(f"{text} ★" if mark else one_line(text, 24), style="bold" if mark else ""))
            table.add_row(*cells)
        table.move_cursor(row=min(at, max(len(rows) - 1, 0)))
        order = COLUMNS[self._by][0] if self._by >= 0 else "place on the screen"
        keys = "{table.sort} or a click on a heading sorts · {table.reverse} reverses · {table.close} closes"
        self.query_one("#sorted", Static).update(
            f"by {order}{', reversed' if self._reverse else ''} · ★ best · {cast('MeshApp', self.app).keyed(keys)}"
        )

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
        by = event.column_index - 2
        self._reverse = by == self._by and not self._reverse
        self._by = max(by, -1)
        self._fill()


def _best(values: list[Any], way: int) -> Any:
    """Return the best of the known values where there are several different ones."""
    known = [value for value in values if value is not None]
    if not way or len(set(known)) < 2:
        return None
    return max(known) if way > 0 else min(known)
