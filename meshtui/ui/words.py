"""What several panes and screens say in the same words."""

from __future__ import annotations

FOLDER_WORDS = {"project": "this project", "yours": "yours"}
"""Whose folder a template or a tool lies in."""

RESPONDER_WORDS = {"hand": "by hand", "canned": "canned", "command": "command"}
"""What answers the calls of a tool."""


def age_words(seconds: float) -> str:
    """Return how long ago something was, in few letters."""
    for size, letter in ((86400 * 365, "y"), (86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {letter}"
    return "now"
