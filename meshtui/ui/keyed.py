"""The keys in force, for whatever stands on the screen: in words that name commands, and of a key that was pressed."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.dom import DOMNode

if TYPE_CHECKING:
    from meshtui.ui.app import MeshApp


def keyed(node: DOMNode, words: str) -> str:
    """Return words with the keys in force in place of the commands in them: `{turn.stop} stops` as `esc stops`."""
    return cast("MeshApp", node.app).keyed(words)


def is_key_of(node: DOMNode, id: str, key: str) -> bool:
    """Whether a key is one of those of a command."""
    return key in cast("MeshApp", node.app).keymap.of(id)
