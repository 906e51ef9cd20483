"""A question with two answers, over everything."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from meshtui.core.text import clean
from meshtui.ui.commands import Where, bindings


class Question(ModalScreen[bool]):
    """Returns whether the user said yes; the focus begins on no, and escape is no."""

    PLACES: ClassVar[tuple[Where, ...]] = ("question",)
    BINDINGS = bindings("question")

    def __init__(self, title: str, text: str, yes: str, no: str = "No") -> None:
        super().__init__()
        self._title, self._text, self._yes, self._no = title, text, yes, no

    def compose(self) -> ComposeResult:
        """The question and its answers."""
        with Vertical(classes="dialog"):
            yield Static(Content(self._title), classes="title")
            yield Static(Content(clean(self._text)))
            with Horizontal(classes="buttons"):
                yield Button(Content(self._no), variant="primary", id="no")
                yield Button(Content(self._yes), id="yes")

    def on_mount(self) -> None:
        """Begin on the careful answer."""
        self.query_one("#no").focus()

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")
