"""The models that the gateway tries, in order, where the chosen one fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from meshtui.core.text import one_line
from meshtui.ui.commands import Where, bindings
from meshtui.ui.screens.model_picker import ModelPicker
from meshtui.ui.widgets.hints import Hint, hints_content

HINTS: tuple[Hint, ...] = (
    ("fallbacks.add", "chooses models"),
    ("fallbacks.up", "moves one up"),
    ("fallbacks.down", "down"),
    ("fallbacks.remove", "takes one away"),
    ("fallbacks.done", "is done"),
    ("fallbacks.close", "undoes"),
)
NONE = "No fallbacks: where the chosen model fails, the answer fails. Press a to choose some."


class FallbackList(ModalScreen[tuple[str, ...] | None]):
    """Returns the ids in order, or None where nothing is to change. `pick` opens the picker on ids already chosen."""

    PLACES: ClassVar[tuple[Where, ...]] = ("fallbacks",)
    BINDINGS = bindings("fallbacks")

    def __init__(self, ids: Sequence[str], pick: Callable[[Sequence[str]], ModelPicker]) -> None:
        super().__init__()
        self._ids, self._pick = list(ids), pick

    def compose(self) -> ComposeResult:
        """The list, numbered."""
        with Vertical(classes="dialog -wide -list"):
            yield Static("Fallback models", classes="title", markup=False)
            yield OptionList(markup=False)
            yield Static(hints_content(self.app, HINTS), classes="note", markup=False)

    def on_mount(self) -> None:
        """Show the list."""
        self._show(0)

    def _show(self, place: int) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        rows = [Content.assemble((f"{n}  ", "$text-muted"), one_line(id, 200)) for n, id in enumerate(self._ids, 1)]
        options.add_options([Option(row) for row in rows] or [Option(Content(NONE), disabled=True)])
        if self._ids:
            options.highlighted = max(0, min(place, len(self._ids) - 1))
        options.focus()

    @property
    def _place(self) -> int:
        return self.query_one(OptionList).highlighted or 0

    def action_shift(self, rows: int) -> None:
        """Move the model under the cursor."""
        here, there = self._place, self._place + rows
        if self._ids and 0 <= there < len(self._ids):
            self._ids[here], self._ids[there] = self._ids[there], self._ids[here]
            self._show(there)

    def action_remove(self) -> None:
        """Take the model under the cursor away."""
        if self._ids:
            place = self._place
            del self._ids[place]
            self._show(place)

    def action_add(self) -> None:
        """Choose models from the catalogue; their order is the one they are marked in."""

        def chosen(ids: tuple[str, ...] | None) -> None:
            if ids is not None:
                self._ids = list(ids)
                self._show(len(ids) - 1)

        self.app.push_screen(self._pick(self._ids), chosen)

    @on(OptionList.OptionSelected)
    def action_done(self) -> None:
        """Return the list as it stands."""
        self.dismiss(tuple(self._ids))
