"""The question before a tool's command runs on this machine."""

from __future__ import annotations

import shlex
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from meshtui.core.text import clean, one_line
from meshtui.session import Approval, Pending, Plan
from meshtui.ui.commands import Where, bindings
from meshtui.ui.keyed import keyed

_LONGEST = 4_000
"""Characters of a word of the command that are shown; the question scrolls."""

WARNING = (
    "It would run on this machine with your rights: it can read and change your files and use the network."
    " The gateway's key is not in its environment."
)


class ApprovalQuestion(ModalScreen[Approval]):
    """Returns whether a command may run: once, in this conversation, or not; the focus begins on not."""

    PLACES: ClassVar[tuple[Where, ...]] = ("approval",)
    BINDINGS = bindings("approval")
    DEFAULT_CSS = """
    ApprovalQuestion VerticalScroll { height: auto; max-height: 100%; }
    ApprovalQuestion .warning { color: $text-warning; margin-bottom: 1; }
    ApprovalQuestion .buttons { dock: bottom; }
    """

    def __init__(self, pending: Pending, plan: Plan) -> None:
        super().__init__()
        self._pending, self._plan = pending, plan

    def compose(self) -> ComposeResult:
        """What would run, with what, and the answers."""
        name = one_line(self._pending.call.name, 60)
        with Vertical(classes="dialog -wide"):
            with VerticalScroll(can_focus=True):
                yield Static(Content(f"Run the command of {name}?"), classes="title")
                yield Static(Content(WARNING), classes="warning")
                yield Static(self._facts())
            with Horizontal(classes="buttons"):
                yield Button(Content(keyed(self, "Refuse ({approval.refuse})")), variant="primary", id="refuse")
                yield Button(Content(keyed(self, "Once ({approval.once})")), id="once")
                yield Button(Content(keyed(self, "In this conversation ({approval.conversation})")), id="conversation")

    def _facts(self) -> Content:
        plan = self._plan
        names = ", ".join(one_line(name, 80) for name in plan.environment)
        arguments = clean(self._pending.call.arguments[:2000])
        if len(self._pending.call.arguments) > 2000:
            arguments += f"\n… {len(self._pending.call.arguments) / 1000:,.0f} kB in all"
        facts = [
            ("command", " ".join(map(_word, plan.argv))),
            ("program", one_line(plan.program, 400)),
            ("folder", one_line(str(plan.folder), 400)),
            ("variables", names or "only PATH, HOME and the language"),
            ("time", f"it is stopped after {plan.timeout:g} s"),
            ("named by", one_line(str(plan.file), 400)),
            ("arguments", arguments or "{}"),
        ]
        lines = [Content.assemble((f"{label:<10} ", "$text-muted"), Content(text)) for label, text in facts]
        return Content("\n").join(lines)

    def on_mount(self) -> None:
        """Begin on the careful answer."""
        self.query_one("#refuse").focus()

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        said = event.button.id
        self.dismiss("once" if said == "once" else "conversation" if said == "conversation" else "refuse")


def _word(word: str) -> str:
    """Return a word of a command as a shell would have it, every character to be seen."""
    shown = clean(word[:_LONGEST]).replace("\n", "⏎").replace("\t", "⇥")
    return shlex.quote(shown) + (f"… {len(word) - _LONGEST:,} characters more" if len(word) > _LONGEST else "")
