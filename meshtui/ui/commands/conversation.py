"""The commands of the conversation, while it has the focus, and what the prompt's own keys do."""

from __future__ import annotations

from meshtui.ui.commands.command import Command, Where

SHOWN = ("copy", "fold", "links")
"""What the key line names while the conversation has the focus."""


def _own(where: Where, prefix: str, *rows: tuple[str, str, str, str, str]) -> tuple[Command, ...]:
    """Return commands that hold for what has the focus alone, so that the palette cannot run them."""
    return tuple(
        Command(f"{prefix}.{name}", title, key, action, help, where, name in SHOWN, in_palette=False)
        for name, title, key, action, help in rows
    )


CONVERSATION: tuple[Command, ...] = (
    *_own(
        "conversation",
        "transcript",
        ("previous", "Block before", "alt+up,k", "move(-1)", "Go to the block above."),
        ("next", "Next block", "alt+down,j", "move(1)", "Go to the block below."),
        ("copy", "Copy", "y", "copy", "Copy the block under the cursor, or the request id of a card."),
        ("fold", "Fold", "enter,space", "fold", "Fold or unfold reasoning and long calls."),
        ("links", "Links", "o", "links", "Show the links of the message, to open or to copy."),
        ("up", "Up", "up", "scroll(-1)", "Scroll up."),
        ("down", "Down", "down", "scroll(1)", "Scroll down."),
        ("page-up", "Page up", "pageup", "page(-1)", "Scroll up by a screen."),
        ("page-down", "Page down", "pagedown", "page(1)", "Scroll down by a screen."),
        ("home", "First", "home,ctrl+home", "top", "Go to the beginning."),
        ("end", "Last", "end,ctrl+end", "bottom", "Go to the end, and stay there while text arrives."),
    ),
    *_own(
        "typing",
        "prompt",
        ("older", "Earlier prompt", "up", "older", "On the first line: bring back the prompt before."),
        ("newer", "Later prompt", "down", "newer", "On the last line: go forward again through the prompts."),
        ("unfold", "Unfold", "ctrl+e", "unfold", "Show a folded paste in full; else go to the end of the line."),
    ),
)
