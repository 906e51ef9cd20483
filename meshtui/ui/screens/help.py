"""The help page: every command with its key, from the one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from meshtui.ui.commands import COMMANDS, Where

IN_THE_CONVERSATION = (
    ("j k", "move by block; alt+↓ and alt+↑ do so from anywhere"),
    ("↑ ↓ pgup pgdn", "scroll; end goes to the end and stays there"),
    ("y", "copy the block under the cursor, or the request id of a card"),
    ("space", "fold or unfold reasoning and long calls"),
    ("o", "the links of the message, to open or to copy"),
    ("r m k c w", "on a card: what it offers, by its letter"),
)
WIDTH = 17


class HelpPage(ModalScreen[None]):
    """Shows the keys and what they do; `keys` are those in force, by command id, `places` where one is."""

    BINDINGS = [Binding("escape,f1,q", "dismiss(None)", "Close")]

    def __init__(self, keys: Mapping[str, str], places: Sequence[Where]) -> None:
        super().__init__()
        self._keys, self._places = keys, places

    def compose(self) -> ComposeResult:
        """One line per command, then the keys of the conversation."""
        with VerticalScroll(classes="dialog -wide"):
            yield Static("Keys", classes="title", markup=False)
            rows = [
                _row(self._keys.get(command.id, "").replace(",", " "), f"{command.help}")
                for command in COMMANDS
                if self._keys.get(command.id) and command.where in self._places
            ]
            yield Static(Content("\n").join(rows))
            if "conversation" in self._places:
                yield Static("\nIn the conversation", classes="title", markup=False)
                yield Static(Content("\n").join(_row(key, text) for key, text in IN_THE_CONVERSATION))
            yield Static("\nesc closes · ctrl+p finds every command by name", classes="note", markup=False)

    def on_mount(self) -> None:
        """Take the focus, so that the page scrolls by keys."""
        self.query_one(VerticalScroll).focus()


def _row(keys: str, text: str) -> Content:
    first = keys.split(" ")[0] if len(keys) > WIDTH else keys
    return Content.assemble((f"{first:<{WIDTH}}", "bold $primary"), " ", text)
