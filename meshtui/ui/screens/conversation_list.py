"""The list of conversations: find one, open it, name it, put it away."""

from __future__ import annotations

import time
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from meshtui.core.text import one_line
from meshtui.session import Conversation, Session, StoreError
from meshtui.ui.commands import Where, bindings
from meshtui.ui.keyed import keyed
from meshtui.ui.widgets.filter_line import FilterLine
from meshtui.ui.widgets.hints import Hint, hints_content
from meshtui.ui.words import age_words

FILTER = "type to filter by title, model or profile"
HINTS: tuple[Hint, ...] = (
    ("⏎", "opens", "open"),
    ("conversations.rename", "renames"),
    ("conversations.delete", "deletes"),
    ("conversations.restore", "undoes"),
    ("conversations.close", "closes"),
)


class ConversationList(ModalScreen[str | None]):
    """Returns the id of the conversation to open, or None."""

    PLACES: ClassVar[tuple[Where, ...]] = ("conversations",)
    BINDINGS = bindings("conversations")

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._rows: list[Conversation] = []
        self._deleted: list[str] = []
        self._renaming: str | None = None

    def compose(self) -> ComposeResult:
        """A line to type in over the list."""
        with Vertical(classes="dialog -wide -list"):
            yield Static("Conversations", classes="title", markup=False)
            yield FilterLine(placeholder=FILTER)
            yield OptionList(markup=False)
            yield Static(hints_content(self.app, HINTS), classes="note", markup=False)

    def on_mount(self) -> None:
        """Show all, the newest first."""
        self._show("")

    def _show(self, filter: str, note: str = "") -> None:
        try:
            self._rows = self._session.conversations(filter)
        except StoreError as error:
            self._rows, note = [], str(error)
        options = self.query_one(OptionList)
        place = options.highlighted or 0
        options.clear_options()
        options.add_options([Option(_row(row, time.time())) for row in self._rows])
        if self._rows:
            options.highlighted = min(place, len(self._rows) - 1)
        if not self._rows and filter.strip() and not note:
            note = f"no conversation fits “{one_line(filter, 40)}”"
        hints = hints_content(self.app, HINTS[-1:] if note else HINTS)
        self.query_one(".note", Static).update(Content.assemble(note, "  ", hints) if note else hints)

    @property
    def _chosen(self) -> Conversation | None:
        place = self.query_one(OptionList).highlighted
        return self._rows[place] if place is not None and place < len(self._rows) else None

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        if self._renaming is None:
            self._show(event.value)

    def action_move(self, rows: int) -> None:
        """Move the cursor of the list while the focus stays in the filter."""
        options = self.query_one(OptionList)
        if options.option_count:
            options.highlighted = max(0, min((options.highlighted or 0) + rows, options.option_count - 1))

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        if self._renaming is not None:
            id, self._renaming = self._renaming, None
            if event.value.strip():
                self._session.rename(id, one_line(event.value, 80))
            self._ask("", FILTER)
            self._show("")
        else:
            self.action_open()

    def action_open(self) -> None:
        """Open the conversation under the cursor."""
        if self._chosen is not None:
            self.dismiss(self._chosen.id)

    @on(OptionList.OptionSelected)
    def _click(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._rows[event.option_index].id)

    def action_rename(self) -> None:
        """Take another title for the conversation under the cursor."""
        row = self._chosen
        if row is not None:
            self._renaming = row.id
            self._ask(row.title, "the new title")

    def _ask(self, value: str, placeholder: str) -> None:
        line = self.query_one(Input)
        line.placeholder = placeholder
        line.value = value
        line.focus()

    def action_delete(self) -> None:
        """Put the conversation under the cursor away; it can be brought back."""
        row = self._chosen
        if row is not None and self._renaming is None:
            self._session.delete(row.id)
            self._deleted.append(row.id)
            again = keyed(self, "{conversations.restore} brings it back")
            self._show(self.query_one(Input).value, f"“{one_line(row.title, 40)}” deleted · {again}")

    def action_restore(self) -> None:
        """Bring the conversation deleted last back."""
        if self._deleted:
            self._session.restore(self._deleted.pop())
            self._show(self.query_one(Input).value)

    def action_back(self) -> None:
        """Leave the renaming, or the list."""
        if self._renaming is not None:
            self._renaming = None
            self._ask("", FILTER)
        else:
            self.dismiss(None)


def _row(row: Conversation, now: float) -> Content:
    turns = f"{row.turns} turn" + ("" if row.turns == 1 else "s")
    return Content.assemble(
        (f"{one_line(row.title, 44) or 'untitled':<46}", "bold"),
        f"{age_words(now - row.updated_at):>8}  ",
        (f"{turns:<9} {one_line(row.model, 32)}", "$text-muted"),
    )
