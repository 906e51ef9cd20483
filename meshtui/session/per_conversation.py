"""A small value that each conversation has of its own; a new one begins with the value of the last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meshtui.session.session import Session


class PerConversation:
    """One value per conversation, kept in the store's state under `name`. Its values are JSON."""

    def __init__(self, session: Session, name: str, default: Any) -> None:
        self._session, self._name, self._default = session, name, default
        self._known: dict[str, Any] = {}

    def _key_of(self, conversation_id: str | None) -> str:
        return self._name if conversation_id is None else f"{self._name} {conversation_id}"

    @property
    def _key(self) -> str:
        conversation = self._session.conversation
        return self._key_of(None if conversation is None else conversation.id)

    @property
    def value(self) -> Any:
        """The value of the current conversation."""
        return self._value(self._key)

    def value_of(self, conversation_id: str) -> Any:
        """Return the value of any conversation."""
        return self._value(self._key_of(conversation_id))

    def _value(self, key: str) -> Any:
        if key not in self._known:
            kept = self._session.recall(key)
            if kept is None:
                kept = self._session.recall(self._name)
            self._known[key] = self._default if kept is None else kept
        return self._known[key]

    def is_own(self, conversation_id: str | None) -> bool:
        """Whether a conversation has a value of its own, rather than that of the last."""
        return conversation_id is not None and self._session.recall(self._key_of(conversation_id)) is not None

    def put(self, value: Any) -> None:
        """Keep another value for the current conversation, and for those that are begun from now on."""
        for key in dict.fromkeys((self._key, self._name)):
            self._known[key] = value
            self._session.keep_quietly(key, value)

    def settle(self) -> None:
        """Something is sent: what holds now stays with this conversation, and is what the next one begins with."""
        value = self.value
        for key in (self._key, self._name):
            if self._session.recall(key) != value:
                self._session.keep_quietly(key, value)
                self._known[key] = value
