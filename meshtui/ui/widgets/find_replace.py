"""Two lines over a template's texts: what to find, and what to put in its place."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static


class FindReplace(Vertical):
    """Enter finds the next, or replaces where the second line has the focus; ctrl+j there replaces all."""

    DEFAULT_CSS = """
    FindReplace {
        height: auto; display: none; background: $panel; padding: 0 1;
        &.-open { display: block; }
        Input { height: 1; border: none; padding: 0; background: $panel; }
        Input:focus { border: none; background: $surface; }
        Static { height: auto; color: $text-muted; }
    }
    """
    BINDINGS = [Binding("escape", "close", "Close", show=False)]

    class Asked(Message):
        """Find the next (`what` is find), replace this one and find the next (replace), or replace all (all)."""

        def __init__(self, what: str, text: str, new: str) -> None:
            super().__init__()
            self.what, self.text, self.new = what, text, new

    class Closed(Message):
        """The search is over."""

    def compose(self) -> ComposeResult:
        """The lines, and what their keys do."""
        yield Input(placeholder="find", id="find-text")
        yield Input(placeholder="replace by", id="new-text")
        yield Static("", id="find-note", markup=False)

    def open(self, text: str) -> None:
        """Show the lines, with a text to find."""
        self.add_class("-open")
        line = self.query_one("#find-text", Input)
        if text and "\n" not in text:
            line.value = text
        line.focus()
        self.say("enter next · tab replace · esc closes")

    def say(self, words: str) -> None:
        """Say what came of it."""
        self.query_one("#find-note", Static).update(Content(words))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._ask("find" if event.input.id == "find-text" else "replace")

    def on_key(self, event: events.Key) -> None:
        """Replace all by the key that is a new line elsewhere."""
        if event.key == "ctrl+j":
            event.stop()
            self._ask("all")

    def _ask(self, what: str) -> None:
        text = self.query_one("#find-text", Input).value
        if text:
            self.post_message(self.Asked(what, text, self.query_one("#new-text", Input).value))

    def action_close(self) -> None:
        """Hide the lines."""
        self.remove_class("-open")
        self.post_message(self.Closed())
