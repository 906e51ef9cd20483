"""What a transcript posts: facts and wishes of the user, never an act."""

from __future__ import annotations

from textual.message import Message


class ActionChosen(Message, namespace="transcript"):
    """An action of a card or of a call was chosen, by key or click."""

    def __init__(self, key: str, action: str, about: str = "") -> None:
        super().__init__()
        self.key = key
        """Of the entry."""
        self.action = action
        """The `name` of the action."""
        self.about = about
        """The key of the call, where it is a call's."""


class CursorMoved(Message, namespace="transcript"):
    """The cursor stands on another block, or on none (`key` is None)."""

    def __init__(self, key: str | None, kind: str) -> None:
        super().__init__()
        self.key = key
        self.kind = kind


class LinkChosen(Message, namespace="transcript"):
    """A link or a file was chosen. Nothing was opened."""

    def __init__(self, target: str) -> None:
        super().__init__()
        self.target = target


class LinksAsked(Message, namespace="transcript"):
    """The links of a message are wanted, as pairs of text and target."""

    def __init__(self, key: str, links: list[tuple[str, str]]) -> None:
        super().__init__()
        self.key = key
        self.links = links


class CopyRequested(Message, namespace="transcript"):
    """A text is to be copied; `what` names it, such as "message" or "code"."""

    def __init__(self, text: str, what: str) -> None:
        super().__init__()
        self.text = text
        self.what = what


class FindChanged(Message, namespace="transcript"):
    """A search found more, or its current hit moved. `current` counts from 1; 0 is none."""

    def __init__(self, current: int, total: int, done: bool) -> None:
        super().__init__()
        self.current = current
        self.total = total
        self.done = done
