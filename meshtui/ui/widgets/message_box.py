"""One further message of a template: its role and its text."""

from __future__ import annotations

from dataclasses import replace

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Click
from textual.message import Message as UiMessage
from textual.widgets import Static

from meshtui.core.chat import Message, Role
from meshtui.ui.widgets.slot_text import SlotText

ROLES: tuple[Role, ...] = ("user", "assistant", "system", "tool")


class MessageBox(Vertical):
    """One further message of the template: its role, which a click or enter changes, and its text."""

    DEFAULT_CSS = """
    MessageBox {
        height: auto;
        .role { width: 1fr; color: $primary; padding: 0 1; &:focus { text-style: reverse; } }
        .remove { width: 4; color: $text-muted; }
        Horizontal { height: 1; }
    }
    """

    class RoleChanged(UiMessage):
        """The message has another role."""

    class Removed(UiMessage):
        """This message is to be taken away."""

        def __init__(self, box: MessageBox) -> None:
            super().__init__()
            self.box = box

    def __init__(self, message: Message) -> None:
        super().__init__()
        self.message = message
        self._role: Role = message.role

    def compose(self) -> ComposeResult:
        """The role over the text; a message with other parts than text is shown and not edited."""
        with Horizontal():
            yield Static(self._role_words(), classes="role", markup=False)
            yield Static("✕", classes="remove", markup=False)
        text = SlotText(self.message.text)
        text.read_only = isinstance(self.message.content, tuple)
        yield text

    def _role_words(self) -> str:
        return f"{self._role} ▾"

    @property
    def value(self) -> Message:
        """The message as it stands."""
        if isinstance(self.message.content, tuple):
            return replace(self.message, role=self._role)
        return replace(self.message, role=self._role, content=self.query_one(SlotText).text)

    def turn_role(self) -> None:
        """Take the next role."""
        self._role = ROLES[(ROLES.index(self._role) + 1) % len(ROLES)]
        self.query_one(".role", Static).update(Content(self._role_words()))

    def on_click(self, event: Click) -> None:
        """Change the role, or ask to be taken away."""
        classes = event.widget.classes if event.widget else frozenset()
        if "role" in classes:
            self.turn_role()
            self.post_message(self.RoleChanged())
        elif "remove" in classes:
            self.post_message(self.Removed(self))
