"""The attached files of the next message, as a line above the prompt."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

from meshtui.core.text import one_line


class Chips(Static):
    """Shows what is attached; nothing is shown where nothing is."""

    DEFAULT_CSS = """
    Chips { height: auto; max-height: 3; display: none; padding: 0 1; &.-any { display: block; } }
    """

    def show(self, labels: Sequence[str]) -> None:
        """Draw the chips."""
        self.set_class(bool(labels), "-any")
        chips = [Content.styled(f" {one_line(label, 60)} ", "reverse $primary") for label in labels]
        hint = Content.styled("  backspace in an empty prompt takes the last away", "$text-muted")
        self.update(Content.assemble(Content(" ").join(chips), hint) if labels else Content(""))
