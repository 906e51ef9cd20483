"""The edge between two columns, which the mouse drags."""

from __future__ import annotations

from typing import Literal

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

GRIP = 3
"""Rows of the mark in the middle that shows where to take hold."""


class Edge(Widget):
    """A column one cell wide. It says where it was dragged to; the screen sets the widths."""

    DEFAULT_CSS = """
    Edge {
        width: 1; height: 1fr; display: none; color: $border-blurred; background: $background;
        &:hover { color: $primary; }
        &.-held { color: $primary; }
    }
    """
    ALLOW_SELECT = False

    class Dragged(Message):
        """The edge `side` was dragged to a column of the screen; `done` says that the mouse let go."""

        def __init__(self, side: Literal["left", "right"], column: int, *, done: bool) -> None:
            super().__init__()
            self.side, self.column, self.done = side, column, done

    def __init__(self, side: Literal["left", "right"], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.side: Literal["left", "right"] = side
        self.tooltip = "drag to make the column wider or narrower"

    def render_line(self, y: int) -> Strip:
        """Draw the grip."""
        first = (self.size.height - GRIP) // 2
        held = self.has_class("-held") or self.mouse_hover
        mark = "┃" if held or first <= y < first + GRIP else " "
        return Strip([Segment(mark, self.rich_style)])

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold."""
        event.stop()
        self.capture_mouse()
        self.add_class("-held")

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the mouse."""
        if self.has_class("-held"):
            event.stop()
            self.post_message(self.Dragged(self.side, int(event.screen_x), done=False))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go."""
        if self.has_class("-held"):
            event.stop()
            self.release_mouse()
            self.remove_class("-held")
            self.post_message(self.Dragged(self.side, int(event.screen_x), done=True))
