"""One row of the command table."""

from __future__ import annotations

from typing import Literal, NamedTuple

from textual.binding import Binding

Where = Literal[
    "everywhere",
    "anywhere",
    "prompt",
    "conversation",
    "compare",
    "template",
    "tools",
    "tool editor",
    "schema",
    "new tool",
    "round",
    "approval",
    "call-differences",
    "jump",
    "finding",
    "replacing",
    "params",
    "typing",
    "help",
    "models",
    "fallbacks",
    "conversations",
    "templates",
    "sets",
    "versions",
    "gateway",
    "preview",
    "conflict",
    "lane-choice",
    "table",
    "standings",
    "model pane",
    "usage pane",
    "usage",
    "format",
    "profiles",
    "key",
    "links",
    "ask",
    "question",
    "tour",
    "themes",
]
"""A place where a command holds: the workbench, one of its panes, or a screen over it."""


class Command(NamedTuple):
    """One thing a user can do. `key` is the default; `action` is Textual's name of it on the workbench screen.

    In `help` `{turn.stop}` stands for the key of another command.
    """

    id: str
    title: str
    key: str
    action: str
    help: str
    where: Where = "anywhere"
    shown: bool = False
    priority: bool = False
    in_palette: bool = True

    def binding(self) -> Binding:
        """Return the key binding of this command; its id lets the config file change the key."""
        return Binding(
            self.key, self.action, self.title, id=self.id, show=self.shown, priority=self.priority, tooltip=self.help
        )


_WORDS = {
    "escape": "esc",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "delete": "del",
    "plus": "+",
    "minus": "-",
    "slash": "/",
    "at": "@",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "underscore": "_",
    "backslash": "\\",
    "circumflex_accent": "^",
    "question_mark": "?",
    "full_stop": ".",
    "comma": ",",
}


def key_words(key: str) -> str:
    """Return Textual's name of a key as users read it: `ctrl+right_square_bracket` as `ctrl+]`."""
    *modifiers, name = key.split("+")
    return "+".join([*modifiers, _WORDS.get(name, name)])


def short_key(words: str) -> str:
    """Return a key as users read it in as few cells as there are: `^p` for ctrl+p, `⏎` for enter."""
    return words.replace("ctrl+", "^").replace("enter", "⏎")
