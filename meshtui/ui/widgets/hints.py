"""One line of what can be done in a place: each with its key, and a click."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from textual.app import App
from textual.content import Content
from textual.style import Style

from meshtui.ui.commands import short_key

if TYPE_CHECKING:
    from meshtui.ui.app import MeshApp

Hint = tuple[str, str] | tuple[str, str, str]
"""The id of a command and what it does here; or, of what is no command, the key, what it does and the action.

The action is the screen's where it does not begin with `app.`; without one the key is only said.
"""


def hints_content(app: App[Any], hints: Iterable[Hint]) -> Content:
    """Return the hints as a line, with the keys that are in force, each to be clicked."""
    parts = []
    for hint in hints:
        if len(hint) == 2:
            key, click = short_key(cast("MeshApp", app).key_of(hint[0])), f"app.run_command({hint[0]!r})"
        else:
            key, click = hint[0], hint[2] if hint[2].startswith("app.") or not hint[2] else f"screen.{hint[2]}"
        part = Content.assemble((key, "bold $primary"), "\u00a0" if key else "", hint[1])
        parts.append(part.stylize(Style.from_meta({"@click": click})) if click else part)
    return Content("  ").join(parts)
