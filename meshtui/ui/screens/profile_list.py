"""The list of profiles: which gateway and which key each has, and which one is in use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from meshtui.core.text import one_line
from meshtui.session import ProfileRow
from meshtui.ui.commands import Where, bindings
from meshtui.ui.widgets.hints import Hint, hints_content
from meshtui.ui.widgets.markdown_wrap import ellipsis

HINTS: tuple[Hint, ...] = (("⏎", "switches", ""), ("profiles.close", "closes"))
WHERE = "Profiles are made in the config file: `meshtui config path` names it."


class ProfileList(ModalScreen[str | None]):
    """Returns the name of the profile to switch to, or None."""

    PLACES: ClassVar[tuple[Where, ...]] = ("profiles",)
    BINDINGS = bindings("profiles")

    def __init__(self, rows: Sequence[ProfileRow], current: str) -> None:
        super().__init__()
        self._rows, self._current = rows, current

    def compose(self) -> ComposeResult:
        """Two lines for each profile: its name and key, its gateway or why it cannot be used."""
        with Vertical(classes="dialog -wide -list"):
            yield Static("Profiles", classes="title", markup=False)
            yield OptionList(*(Option(self._row(row)) for row in self._rows), markup=False)
            yield Static(Content("\n").join([Content(WHERE), hints_content(self.app, HINTS)]), classes="note")

    def on_mount(self) -> None:
        """Begin on the profile in use."""
        options = self.query_one(OptionList)
        names = [row.name for row in self._rows]
        options.highlighted = names.index(self._current) if self._current in names else 0
        options.focus()

    def _row(self, row: ProfileRow) -> Content:
        name = ellipsis(one_line(row.name, 40), 24)
        return Content.assemble(
            ("● " if row.name == self._current else "  ", "$text-warning"),
            (f"{name:<24} ", "bold"),
            one_line(row.key, 40),
            (f" · {one_line(row.model, 40)}" if row.model else "", "$text-muted"),
            "\n    ",
            (one_line(row.fault or row.base_url, 300), "$text-error" if row.fault else "$text-muted"),
        )

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._rows[event.option_index].name)
