"""The last door for foreign text: whatever a widget draws passes here before it becomes terminal output.

Views clean what they show (`core.text.clean`); this filter makes sure that a place that forgot does no harm.
"""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from meshtui.core.text import clean


class Door(LineFilter):
    """Replaces control characters in the segments of every line; lines that have none are left as they are."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments with every character that could act on the terminal made visible."""
        if all(control or clean(text) is text for text, _, control in segments):
            return segments
        return [
            segment if segment.control else Segment(clean(segment.text).replace("\n", " "), segment.style)
            for segment in segments
        ]
