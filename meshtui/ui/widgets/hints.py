"""One line of what can be done on a screen: each a key, and a click."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content
from textual.style import Style

Hint = tuple[str, str, str]
"""The key, what it does, and the screen's action; without an action the key is only said."""


def hints_content(hints: Iterable[Hint]) -> Content:
    """Return the hints as a line, those with an action to be clicked."""
    parts = []
    for key, words, action in hints:
        part = Content.assemble((key, "bold $primary"), " ", words)
        parts.append(part.stylize(Style.from_meta({"@click": f"screen.{action}"})) if action else part)
    return Content("  ").join(parts)
