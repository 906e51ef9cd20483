"""Choosing a model: a filter over the gateway's catalogue, and any id that is typed in full."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from meshtui.core.catalog import ModelCard
from meshtui.core.model_search import ModelIndex
from meshtui.core.text import one_line

SHOWN = 300
"""Rows drawn at once; typing narrows the rest down faster than anyone scrolls."""


class ModelChooser(ModalScreen[str | None]):
    """Returns the id of the chosen model, or None."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Close"),
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("pagedown", "move(10)", show=False),
        Binding("pageup", "move(-10)", show=False),
    ]

    def __init__(self, cards: Sequence[ModelCard], current: str, notice: str = "") -> None:
        super().__init__()
        self._cards, self._current, self._notice = cards, current, notice
        self._shown: list[ModelCard] = []

    def compose(self) -> ComposeResult:
        """A line to type in over the list."""
        with Vertical(classes="dialog -wide"):
            yield Static("Choose a model", classes="title", markup=False)
            yield Input(placeholder="type to filter, or a model id in full")
            yield OptionList(markup=False)
            yield Static("", id="count", markup=False)

    def on_mount(self) -> None:
        """Show everything, with the model in use under the cursor."""
        self._show("")

    def show_cards(self, cards: Sequence[ModelCard], notice: str = "") -> None:
        """Take in a catalogue that arrived while the list was open."""
        self._cards, self._notice = cards, notice
        self._show(self.query_one(Input).value)

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        self._show(event.value)

    def _show(self, query: str) -> None:
        found = ModelIndex(self._cards).find(query)
        self._shown = found[:SHOWN]
        rows = self.query_one(OptionList)
        rows.clear_options()
        rows.add_options([Option(self._row(card)) for card in self._shown])
        if self._shown:
            ids = [card.id for card in self._shown]
            rows.highlighted = ids.index(self._current) if self._current in ids and not query else 0
        count = f"{len(found)} of {len(self._cards)} models" if self._cards else "no catalogue"
        typed = f" · enter takes “{one_line(query, 60)}” as it is" if query.strip() and not found else ""
        self.query_one("#count", Static).update(
            Content(" · ".join(filter(None, (count, one_line(self._notice, 160)))) + typed)
        )

    def _row(self, card: ModelCard) -> Content:
        mark = "● " if card.id == self._current else "  "
        return Content.assemble(
            mark,
            (f"{one_line(card.id, 48):<42}", "bold"),
            f" {card.context_words:>6}  {card.price:<16} ",
            (", ".join(card.capabilities), "$text-muted"),
        )

    def action_move(self, rows: int) -> None:
        """Move the cursor of the list while the focus stays in the filter."""
        options = self.query_one(OptionList)
        if options.option_count:
            place = (options.highlighted or 0) + rows
            options.highlighted = max(0, min(place, options.option_count - 1))

    @on(Input.Submitted)
    def _take(self, event: Input.Submitted) -> None:
        place = self.query_one(OptionList).highlighted
        if self._shown and place is not None:
            self.dismiss(self._shown[place].id)
        elif event.value.strip():
            self.dismiss(event.value.strip())

    @on(OptionList.OptionSelected)
    def _click(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._shown[event.option_index].id)
