"""The help page: every command with its key, from the one table."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from meshtui.ui.commands import COMMANDS


class HelpPage(ModalScreen[None]):
    """Shows the keys and what they do."""

    BINDINGS = [Binding("escape,f1,q", "dismiss(None)", "Close")]

    def __init__(self, keys: dict[str, str]) -> None:
        super().__init__()
        self._keys = keys

    def compose(self) -> ComposeResult:
        """One line per command."""
        with VerticalScroll(classes="dialog -wide"):
            yield Static("Keys", classes="title", markup=False)
            rows = [
                Content.assemble((f"{self._keys.get(c.id) or '–':<24}", "bold $primary"), f"{c.title:<16}", c.help)
                for c in COMMANDS
            ]
            yield Static(Content("\n").join(rows))
            yield Static(
                "\nIn the conversation: ↑ ↓ scroll, j k move by block, y copies what is under the cursor,\n"
                "space folds, and the keys on a card do what the card says. esc closes this page.",
                markup=False,
            )
