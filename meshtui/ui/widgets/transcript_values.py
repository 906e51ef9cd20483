"""What a transcript shows, as plain values. Nothing here knows where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["user", "assistant", "system", "tool"]
Tone = Literal["plain", "muted", "good", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Label:
    """A short text with a tone, such as the model, the state, the time or the tokens of a message."""

    text: str
    tone: Tone = "muted"


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be done from where it stands, by its key or by a click.

    `name` is what `Transcript.ActionChosen` reports. Where `key` occurs in `label` it is marked in it.
    """

    key: str
    label: str
    name: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of a card: what it says, and of what."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Card:
    """What went wrong, or needs an answer, in the place of the answer."""

    headline: str
    facts: tuple[Fact, ...] = ()
    actions: tuple[Action, ...] = ()
    request_id: str = ""
    tone: Tone = "warn"


@dataclass(frozen=True, slots=True)
class Pointer:
    """A place in a text as it came, counted from 1, to which a sign points."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool by the model, or the result of one: `arguments` as they came, complete or not."""

    key: str
    name: str
    arguments: str = ""
    state: Label | None = None
    notes: tuple[Label, ...] = ()
    """Lines below the arguments: verdict, repairs."""
    sign: str = "⚙"
    marks: tuple[str, ...] = ()
    """Paths (`$.items[2].price`) whose lines are marked as wrong."""
    pointer: Pointer | None = None
    """Where the arguments stop being JSON."""
    actions: tuple[Action, ...] = ()
    """What can be done with it, by a key while the cursor stands on it, or by a click."""
    live: bool = False
    """Whether more arguments may come: folded, their end is shown."""
    raw: bool = False
    """Whether the arguments are shown as they came."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that belongs to a message, sent or received."""

    path: str
    type: str
    size: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A message of the conversation with all that belongs to it.

    `text` and `reasoning` are what is there when the entry is added; more comes through
    `Transcript.append_text` and `append_reasoning`. In an update None leaves them as they are.
    """

    key: str
    role: Role
    header: tuple[Label, ...] = ()
    text: str | None = None
    reasoning: str | None = None
    reasoning_label: str = ""
    """Beside the word "reasoning" on its line, such as its time."""
    tool_calls: tuple[ToolCall, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    card: Card | None = None
    footer: tuple[Label, ...] = ()
