"""The line that finds text in the conversation."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from meshtui.ui.commands import bindings
from meshtui.ui.keyed import keyed


class FindLine(Horizontal):
    """A line to type in; enter goes to the next hit, shift+tab or up to the one before, escape closes it."""

    DEFAULT_CSS = """
    FindLine {
        height: 1;
        display: none;
        background: $panel;
        &.-open { display: block; }
        Static { width: auto; padding: 0 1; }
        Input { width: 1fr; border: none; height: 1; padding: 0; background: $panel; }
        Input:focus { border: none; background: $surface; }
    }
    """
    BINDINGS = bindings("finding")

    class Sought(Message):
        """Another text is sought; an empty one ends the search."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Stepped(Message):
        """The next hit is wanted (1) or the one before (-1)."""

        def __init__(self, steps: int) -> None:
            super().__init__()
            self.steps = steps

    class Closed(Message):
        """The search is over."""

    def compose(self) -> ComposeResult:
        """A word, the line, the count."""
        yield Static("find", markup=False)
        yield Input(select_on_focus=True)
        yield Static("", id="found", markup=False)

    def open(self) -> None:
        """Show the line and go to it."""
        self.add_class("-open")
        self.query_one(Input).focus()

    @property
    def is_open(self) -> bool:
        """Whether it is shown."""
        return self.has_class("-open")

    def show_found(self, current: int, total: int, done: bool) -> None:
        """Say how many hits there are and which one is shown."""
        count = f"{current} of {total}{'' if done else '+'}" if total else "nothing found" if done else "…"
        text = count if self.query_one(Input).value else ""
        keys = keyed(self, "enter next · {finding.up} previous · {finding.close} closes")
        self.query_one("#found", Static).update(Content(f"{text} · {keys}".lstrip(" ·")))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Sought(event.value))

    @on(Input.Submitted)
    def _next(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Stepped(1))

    def action_step(self, steps: int) -> None:
        """Go to another hit."""
        self.post_message(self.Stepped(steps))

    def action_close(self) -> None:
        """Hide the line and end the search."""
        self.remove_class("-open")
        self.post_message(self.Closed())
