"""How the tool calls of two answers to the same message differ, by path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from meshtui.core.answer_difference import compare_calls
from meshtui.core.text import one_line
from meshtui.session import Node
from meshtui.ui.commands import Where, bindings
from meshtui.ui.widgets.differences import change_line
from meshtui.ui.widgets.hints import Hint, hints_content

HINTS: tuple[Hint, ...] = (
    ("differences.before", "the answer before"),
    ("differences.next", "the next one"),
    ("differences.close", "closes"),
)


class CallDifferences(ModalScreen[None]):
    """Shows the differences of one answer from another; left and right choose the other."""

    PLACES: ClassVar[tuple[Where, ...]] = ("call-differences",)
    BINDINGS = bindings("call-differences")
    DEFAULT_CSS = """
    CallDifferences VerticalScroll { height: auto; max-height: 24; }
    CallDifferences Static { height: auto; }
    """

    def __init__(self, answers: Sequence[Node], id: str) -> None:
        super().__init__()
        self._answers = answers
        self._here = next(place for place, node in enumerate(answers) if node.id == id)
        self._other = self._here - 1 if self._here else 1

    def compose(self) -> ComposeResult:
        """What is compared, and the differences."""
        with Vertical(classes="dialog -wide"):
            yield Static(id="differences-title", classes="title")
            with VerticalScroll():
                yield Static(id="differences")
            yield Static(hints_content(self.app, HINTS), classes="note")

    def on_mount(self) -> None:
        """Show the differences from the answer before."""
        self._show()

    def action_other(self, step: int) -> None:
        """Compare with another answer."""
        count = len(self._answers)
        other = (self._other + step) % count
        self._other = other if other != self._here else (other + step) % count
        self._show()

    def _show(self) -> None:
        one, two = self._answers[self._other], self._answers[self._here]
        title = f"Calls of {self._called(self._here)} against {self._called(self._other)}"
        changes = compare_calls(one.message.tool_calls, two.message.tool_calls)
        lines = [change_line(change) for change in changes] or [Content("The calls are the same, in names and values.")]
        self.query_one("#differences-title", Static).update(Content(title))
        self.query_one("#differences", Static).update(Content("\n").join(lines))

    def _called(self, place: int) -> str:
        turn = self._answers[place].turn
        model = one_line(turn.model, 40) if turn is not None else "edited here"
        return f"answer {place + 1} ({model or 'default model'})"
