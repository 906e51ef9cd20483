"""A file was changed here and by another program: the difference, and the choice of one side."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from meshtui.core.text import clean
from meshtui.ui.commands import Where, bindings
from meshtui.ui.keyed import keyed
from meshtui.ui.widgets.differences import diff_content


class FileConflict(ModalScreen[str | None]):
    """Returns `mine`, `theirs` or None for neither yet."""

    PLACES: ClassVar[tuple[Where, ...]] = ("conflict",)
    BINDINGS = bindings("conflict")

    def __init__(self, name: str, mine: str, theirs: str | None) -> None:
        super().__init__()
        self._file, self._mine, self._theirs = name, mine, theirs

    def compose(self) -> ComposeResult:
        """What differs, and the answers."""
        gone = self._theirs is None
        title = f"{self._file} was deleted by another program" if gone else f"{self._file} was changed on both sides"
        with Vertical(classes="dialog -wide"):
            yield Static(Content(clean(title)), classes="title")
            with VerticalScroll():
                yield Static(diff_content(self._theirs or "", self._mine), id="difference")
            yield Static(
                "[-only in the file-]  {+only here+} · comments of the file stay with either choice",
                classes="note",
                markup=False,
            )
            with Horizontal(classes="buttons"):
                yield Button(Content(keyed(self, "Write mine ({conflict.mine})")), id="mine")
                yield Button(Content(keyed(self, "Take theirs ({conflict.theirs})")), id="theirs", disabled=gone)
                yield Button(Content(keyed(self, "Later ({conflict.close})")), id="later", variant="primary")

    def on_mount(self) -> None:
        """Begin on the answer that changes nothing."""
        self.query_one("#later").focus()

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id if event.button.id != "later" else None)
