"""Links and files: seen in full, then opened or copied; never opened unasked."""

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

from meshtui.core.text import clean, one_line
from meshtui.ui.commands import Where, bindings
from meshtui.ui.widgets.hints import Hint, hints_content

HINTS: tuple[Hint, ...] = (("links.open", "opens"), ("links.copy", "copies"), ("links.close", "closes"))


class Links(ModalScreen[tuple[str, str] | None]):
    """Returns what to do (`open` or `copy`) and with which target, or None."""

    PLACES: ClassVar[tuple[Where, ...]] = ("links",)
    BINDINGS = bindings("links")

    def __init__(self, links: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._links = links

    def compose(self) -> ComposeResult:
        """The links by text and true target."""
        with Vertical(classes="dialog -wide -list"):
            yield Static("Links", classes="title", markup=False)
            yield OptionList(*(Option(_row(text, target)) for text, target in self._links), markup=False)
            yield Static(hints_content(self.app, HINTS), classes="note", markup=False)

    def on_mount(self) -> None:
        """Begin at the first."""
        options = self.query_one(OptionList)
        options.highlighted = 0
        options.focus()

    def _choose(self, what: str) -> None:
        place = self.query_one(OptionList).highlighted
        if place is not None:
            self.dismiss((what, self._links[place][1]))

    def action_copy(self) -> None:
        """Copy the target under the cursor."""
        self._choose("copy")

    def action_open(self) -> None:
        """Open the target under the cursor."""
        self._choose("open")

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self._choose("open")


def _row(text: str, target: str) -> Content:
    if not text or text == target:
        return Content(clean(target))
    return Content.assemble((one_line(text, 60), "bold"), "\n  ", (clean(target[:400]), "$text-muted"))
