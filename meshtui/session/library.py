"""The session's use-cases that touch the disk alone: conversations, what was typed, small state of the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from meshtui.core.text import looks_like_key
from meshtui.core.turn import Turn
from meshtui.store.history import Conversation, Node, Store

_LEFT = "left in a new conversation"
"""The name of the state that says whether what was typed last stands in a conversation that is still empty."""


class Library:
    """Finding, opening and keeping conversations; `conversation` and `nodes` are the current one and its branch."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.conversation: Conversation | None = None
        self.nodes: list[Node] = []

    def open(self, conversation_id: str | None = None) -> list[Node]:
        """Make a conversation current; return its messages, first to last.

        Where none is named it is the latest, or a new one where that was left with a text in it that was not sent.
        """
        if conversation_id is not None:
            self._leave(False)
        elif self.recall(_LEFT) and self.store.draft(None):
            self.new()
            return self.nodes
        found = self.store.conversation(conversation_id) if conversation_id else self.store.latest()
        self.conversation = found
        self.nodes = self.store.history(found.head_id) if found and found.head_id else []
        return self.nodes

    def show_branch(self, node_id: str) -> None:
        """Make the branch that ends with a node the one on which its conversation goes on; raises StoreError."""
        nodes = self.store.history(node_id)
        if nodes:
            self.store.move_head(nodes[-1].conversation_id, node_id)
            self.conversation, self.nodes = self.store.conversation(nodes[-1].conversation_id), nodes

    def siblings(self, node_id: str) -> list[Node]:
        """Return a node and the other answers to the same message, oldest first."""
        return self.store.siblings(node_id)

    def offered(self, turn: Turn) -> Sequence[Mapping[str, Any]]:
        """Return the tools that the request of a turn offered; the request of one that ended is not kept in memory."""
        if not turn.ended:
            return turn.request.get("tools") or ()
        return self.store.offered(turn.id)

    def new(self) -> None:
        """Begin an empty conversation; nothing is stored before something is sent."""
        self.conversation, self.nodes = None, []

    def conversations(self, filter: str = "", limit: int = 200) -> list[Conversation]:
        """Return the conversations used last, newest first, that hold every word of `filter`."""
        return self.store.conversations(limit, filter)

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title."""
        self.store.rename(conversation_id, title)
        self._refresh(conversation_id)

    def delete(self, conversation_id: str) -> None:
        """Put a conversation out of the list; `restore` brings it back."""
        self.store.delete(conversation_id)

    def is_deleted(self, conversation_id: str) -> bool:
        """Whether a conversation is out of the list."""
        found = self.store.conversation(conversation_id)
        return found is None or found.deleted_at is not None

    def restore(self, conversation_id: str) -> None:
        """Bring a deleted conversation back."""
        self.store.restore(conversation_id)

    def _refresh(self, conversation_id: str) -> None:
        if self.conversation is not None and self.conversation.id == conversation_id:
            self.conversation = self.store.conversation(conversation_id)

    def save_typed(self, text: str) -> None:
        """Keep what stands in the prompt of the current conversation; an API key is not kept."""
        text = "" if looks_like_key(text) else text
        self.store.save_draft(self.conversation.id if self.conversation else None, text)
        self._leave(self.conversation is None and bool(text))

    def _leave(self, new: bool) -> None:
        if new != bool(self.recall(_LEFT)):
            self.keep(_LEFT, new)

    def typed(self) -> str:
        """Return what stood in the prompt of the current conversation."""
        return self.store.draft(self.conversation.id if self.conversation else None)

    def remember(self, text: str) -> None:
        """Put a text among the prompts sent before, so that it can be found again; blanks alone, or a key, are none."""
        if not looks_like_key(text):
            self.store.remember_prompt(text)

    def prompts(self, filter: str = "", limit: int = 200) -> list[str]:
        """Return the prompts sent before, newest first, that contain `filter`."""
        return self.store.prompts(limit, filter)

    def recall(self, name: str, default: Any = None) -> Any:
        """Return a small value kept under a name."""
        return self.store.state(name, default)

    def keep(self, name: str, value: Any) -> None:
        """Keep a small value under a name."""
        self.store.save_state(name, value)
