"""What is painted first: it looks as the workbench will and takes what is typed, while the rest is imported."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import Screen

from meshtui.ui.commands import bindings
from meshtui.ui.keyed import is_key_of
from meshtui.ui.widgets.prompt import Prompt
from meshtui.ui.widgets.top import Front, KeyLine, TopLine


class Opening(Screen[object]):
    """Shown for a moment. `submitted` is what enter was pressed for already."""

    BINDINGS = bindings("anywhere", "prompt")

    def __init__(self, front: Front) -> None:
        super().__init__()
        self._front = front
        self.submitted = ""
        self._taken = 0

    def compose(self) -> ComposeResult:
        """As the workbench, with nothing in it yet."""
        yield TopLine(self._front, id="top")
        yield Container(id="conversation")
        yield Prompt(id="prompt")
        yield KeyLine(id="keys")

    def take(self) -> tuple[str, str]:
        """Hand over what was submitted until now, and what was typed after it."""
        prompt = self.query_one(Prompt)
        taken = self.submitted, prompt.value
        prompt.take()
        self.submitted = ""
        return taken

    def on_key(self, event: events.Key) -> None:
        """Take what was typed before the prompt had the focus, before what it has itself: a browser gives it late."""
        prompt = self.query_one(Prompt)
        if self.focused not in (None, prompt):
            return
        if event.is_printable and event.character:
            prompt.insert(event.character, (0, self._taken) if self.focused else None)
            self._taken += 1
            prompt.focus()
        elif is_key_of(self, "prompt.send", event.key):
            self._take(prompt.value)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing can be done yet but typing and leaving."""
        return action in ("choose_model", "new_conversation", "list_conversations", "help", "send", "newline")

    @on(Prompt.Submitted)
    def _submit(self, event: Prompt.Submitted) -> None:
        self._take(event.text)

    def _take(self, text: str) -> None:
        if text.strip() and not self.submitted:
            self.submitted = text
            self.query_one(Prompt).take()
