"""The line over a pane that has several views: the one in front reversed, a click brings another."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.message import Message
from textual.style import Style
from textual.widgets import Static


class ViewTabs(Static):
    """Names views. A click on one asks for it."""

    DEFAULT_CSS = """
    ViewTabs {
        height: 1; text-wrap: nowrap; text-overflow: ellipsis; padding: 0 1; link-style: none; link-color: $foreground;
    }
    """

    class Asked(Message):
        """A view was clicked."""

        def __init__(self, view: str) -> None:
            super().__init__()
            self.view = view

    def show(self, tabs: Sequence[tuple[str, str]], front: str, hint: str = "") -> None:
        """Show tabs, each a view and its words."""
        parts = [
            Content.styled(f" {words} ", "reverse bold" if view == front else "$text-muted").stylize(
                Style.from_meta({"@click": f"ask({view!r})"})
            )
            for view, words in tabs
        ]
        self.update(Content.assemble(*parts, (f"  {hint}" if hint else "", "$text-muted")))

    def action_ask(self, view: str) -> None:
        """Ask for the view that was clicked."""
        self.post_message(self.Asked(view))
