"""The exact messages that a run of a template would send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from meshtui.core.chat import Message
from meshtui.core.text import clean
from meshtui.ui.commands import Where, bindings
from meshtui.ui.widgets.hints import hints_content


class TemplatePreview(ModalScreen[None]):
    """Shows messages as they go out, and in words what they would take."""

    PLACES: ClassVar[tuple[Where, ...]] = ("preview",)
    BINDINGS = bindings("preview")

    def __init__(self, messages: Sequence[Message], quote: str) -> None:
        super().__init__()
        self._messages, self._quote = messages, quote

    def compose(self) -> ComposeResult:
        """One message after the other."""
        with Vertical(classes="dialog -wide"):
            yield Static(Content(f"What would be sent · {clean(self._quote)}"), classes="title")
            with VerticalScroll():
                for message in self._messages:
                    yield Static(Content.styled(message.role, "bold $primary"))
                    yield Static(Content(clean(message.text) + "\n"))
            yield Static(hints_content(self.app, [("preview.close", "closes")]), classes="note", markup=False)

    def on_mount(self) -> None:
        """Take the focus, so that the page scrolls by keys."""
        self.query_one(VerticalScroll).focus()
