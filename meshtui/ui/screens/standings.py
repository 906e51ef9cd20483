"""What all votes say: a tally and a rating per template and model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import DataTable, Static

from meshtui.core.rating import Vote, standings
from meshtui.core.text import one_line
from meshtui.ui.commands import Where, bindings
from meshtui.ui.keyed import keyed
from meshtui.ui.widgets.hints import Hint, hints_content

HINTS: tuple[Hint, ...] = (("standings.together", "counts templates apart or together"), ("standings.close", "closes"))


class Standings(ModalScreen[None]):
    """Shows the standings, per template or over all of them."""

    DEFAULT_CSS = """
    Standings DataTable { height: auto; max-height: 18; background: $panel; }
    """
    PLACES: ClassVar[tuple[Where, ...]] = ("standings",)
    BINDINGS = bindings("standings")

    def __init__(self, votes: Sequence[Vote]) -> None:
        super().__init__()
        self._votes, self._apart = votes, True

    def compose(self) -> ComposeResult:
        """The table, and what it counts."""
        with Vertical(classes="dialog -wide"):
            yield Static("Votes", classes="title", markup=False)
            yield DataTable(cursor_type="row")
            yield Static("", id="counted", classes="note", markup=False)

    def on_mount(self) -> None:
        """Show what there is."""
        self.query_one(DataTable).add_columns("model", "template", "rating", "won", "lost", "blind")
        self._fill()
        self.query_one(DataTable).focus()

    def _fill(self) -> None:
        table = self.query_one(DataTable)
        table.clear()
        for one in standings(self._votes, by_template=self._apart):
            cells = (one_line(one.model, 44), one_line(one.template, 24) or "–", f"{one.rating:.0f}")
            table.add_row(*(Text(cell) for cell in (*cells, str(one.won), str(one.lost), str(one.blind))))
        how = "each template apart" if self._apart else "all templates together"
        count = len(self._votes)
        words = (
            f"{count} vote{'' if count == 1 else 's'}, {how} · everyone begins at 1000"
            if count
            else "Nobody has voted yet: {compare.vote} votes for the lane in front, {compare.blind} hides the names"
            " before."
        )
        hints = hints_content(self.app, HINTS if count else HINTS[1:])
        self.query_one("#counted", Static).update(Content("\n").join([Content(keyed(self, words)), hints]))

    def action_together(self) -> None:
        """Count each template apart, or all together."""
        self._apart = not self._apart
        self._fill()
