"""Messages, their parts, and the draft of a request: what goes over the wire, as plain values.

Everything here turns into the JSON of `POST /v1/chat/completions` (contract, section 2) and back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]

STUB_RESULT = "No result: the call was interrupted before it was answered."


@dataclass(frozen=True, slots=True)
class TextPart:
    """A piece of text."""

    text: str

    def to_wire(self) -> dict[str, Any]:
        """Return the content part of the request."""
        return {"type": "text", "text": self.text}


@dataclass(frozen=True, slots=True)
class ImagePart:
    """A picture by https or data URI; `detail` is auto, low or high."""

    url: str
    detail: str = "auto"

    def to_wire(self) -> dict[str, Any]:
        """Return the content part of the request."""
        return {"type": "image_url", "image_url": {"url": self.url, "detail": self.detail}}


@dataclass(frozen=True, slots=True)
class VideoPart:
    """A video by https or data URI; `fps` is a string beside the URL, as the contract has it."""

    url: str
    fps: str | None = None

    def to_wire(self) -> dict[str, Any]:
        """Return the content part of the request."""
        part: dict[str, Any] = {"type": "video_url", "video_url": {"url": self.url}}
        if self.fps is not None:
            part["fps"] = self.fps
        return part


@dataclass(frozen=True, slots=True)
class AudioPart:
    """Sound of a given format, from exactly one source: base64 `data`, a `uri` or a `url`."""

    format: str
    source: Literal["data", "uri", "url"]
    value: str

    def to_wire(self) -> dict[str, Any]:
        """Return the content part of the request."""
        return {"type": "input_audio", "input_audio": {"format": self.format, self.source: self.value}}


@dataclass(frozen=True, slots=True)
class OtherPart:
    """A part of a type that this program does not know: kept whole, sent back as it came."""

    raw: Mapping[str, Any]

    def to_wire(self) -> dict[str, Any]:
        """Return the content part as it came."""
        return dict(self.raw)


Part = TextPart | ImagePart | VideoPart | AudioPart | OtherPart


def part_from_wire(raw: Mapping[str, Any]) -> Part:
    """Read one content part; whatever is not exactly as the contract has it stays an `OtherPart`."""
    kind = raw.get("type")
    part: Part | None = None
    if kind == "text" and isinstance(raw.get("text"), str):
        part = TextPart(raw["text"])
    elif kind == "image_url" and isinstance(raw.get("image_url"), Mapping):
        image = raw["image_url"]
        part = ImagePart(str(image.get("url", "")), str(image.get("detail") or "auto"))
    elif kind == "video_url" and isinstance(raw.get("video_url"), Mapping):
        fps = raw.get("fps")
        part = VideoPart(str(raw["video_url"].get("url", "")), None if fps is None else str(fps))
    elif kind == "input_audio" and isinstance(raw.get("input_audio"), Mapping):
        audio = raw["input_audio"]
        for source in ("data", "uri", "url"):
            if isinstance(audio.get(source), str):
                part = AudioPart(str(audio.get("format", "wav")), source, audio[source])
                break
    if part is None or (kind != "image_url" and part.to_wire() != dict(raw)):
        return OtherPart(dict(raw))
    return part if set(raw) <= {"type", kind} or kind == "video_url" else OtherPart(dict(raw))


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call the model made. `arguments` is the JSON text as it came, well-formed or not.

    `extra` holds members that must go back with the call (a thought signature, say); `notes` say what was
    repaired while the call was put together.
    """

    id: str
    name: str
    arguments: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_wire(self) -> dict[str, Any]:
        """Return the call as it goes back to the gateway in the assistant's message."""
        function = {"name": self.name, "arguments": self.arguments}
        return {"id": self.id, "type": "function", "function": function, **self.extra}

    @classmethod
    def from_wire(cls, raw: Mapping[str, Any]) -> ToolCall:
        """Read a call from a stored or received message."""
        function = raw.get("function") or {}
        extra = {k: v for k, v in raw.items() if k not in ("id", "type", "function", "index", "notes")}
        return cls(
            str(raw.get("id") or ""),
            str(function.get("name") or ""),
            str(function.get("arguments") or ""),
            extra,
            tuple(raw.get("notes") or ()),
        )


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation. `content` is text, a tuple of parts, or None for a reply of calls only.

    `notes` say what gave the result of a call, and that it tells of an error; they are stored and never sent.
    """

    role: Role
    content: str | tuple[Part, ...] | None = None
    name: str | None = None
    tool_call_id: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    reasoning: str = ""
    reasoning_details: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text of the message without its other parts."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content or () if isinstance(part, TextPart))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it that a gateway would accept as a message (contract, section 3, quirk 7)."""
        return not self.content and not self.tool_calls and self.role == "assistant"

    def to_wire(self) -> dict[str, Any]:
        """Return the message as it goes into a request."""
        content: Any = self.content
        if isinstance(content, tuple):
            content = [part.to_wire() for part in content]
        raw: dict[str, Any] = {"role": self.role, "content": content}
        if self.name is not None:
            raw["name"] = self.name
        if self.tool_call_id is not None:
            raw["tool_call_id"] = self.tool_call_id
        if self.tool_calls:
            raw["tool_calls"] = [call.to_wire() for call in self.tool_calls]
        if self.reasoning_details:
            raw["reasoning_details"] = [dict(row) for row in self.reasoning_details]
        return raw

    def to_json(self) -> dict[str, Any]:
        """Return the message for the store: the wire form and what never goes over the wire."""
        raw = self.to_wire()
        if self.reasoning:
            raw["reasoning"] = self.reasoning
        if self.notes:
            raw["notes"] = list(self.notes)
        for stored, call in zip(raw.get("tool_calls", ()), self.tool_calls, strict=True):
            if call.notes:
                stored["notes"] = list(call.notes)
        return raw

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Message:
        """Read a message from the store or from a request."""
        content = raw.get("content")
        if isinstance(content, list):
            content = tuple(part_from_wire(part) for part in content)
        return cls(
            raw["role"],
            content,
            raw.get("name"),
            raw.get("tool_call_id"),
            tuple(ToolCall.from_wire(call) for call in raw.get("tool_calls") or ()),
            raw.get("reasoning") or "",
            tuple(raw.get("reasoning_details") or ()),
            tuple(raw.get("notes") or ()),
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """What the user is about to send: everything of a request but the history before it.

    `params` holds further members of the request body under their wire names (temperature, max_tokens,
    response_format, …). `template` is expanded by the gateway; a template expanded here is already in
    `system` and `messages`.
    """

    model: str = ""
    messages: tuple[Message, ...] = ()
    system: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    tools: tuple[Mapping[str, Any], ...] = ()
    tool_choice: Any = None
    template: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    session_id: str | None = None
    stream: bool = True

    def request(self, history: Sequence[Message] = ()) -> dict[str, Any]:
        """Return the body of the request for this draft after `history`."""
        messages = [*history, *self.messages]
        if self.system:
            messages.insert(0, Message("system", self.system))
        body: dict[str, Any] = {}
        if self.model:
            body["model"] = self.model
        body["messages"] = [message.to_wire() for message in sealed(messages)]
        if self.template is not None:
            body["template"] = self.template
            body["variables"] = dict(self.variables)
        if self.tools:
            body["tools"] = [dict(tool) for tool in self.tools]
            if self.tool_choice is not None:
                body["tool_choice"] = self.tool_choice
        if self.session_id is not None:
            body["session_id"] = self.session_id
        body.update(self.params)
        if self.stream:
            body.setdefault("stream", True)
        return body


def sealed(messages: Iterable[Message]) -> list[Message]:
    """Return `messages` as strict routes accept them (contract, section 3, quirks 7 and 8).

    Empty assistant messages are left out; every tool call is answered exactly once, right after the message
    that made it, with a stub where no answer exists; answers to no call are left out.
    """
    kept: list[Message] = []
    waiting: list[str] = []

    def answer_the_rest() -> None:
        kept.extend(Message("tool", STUB_RESULT, tool_call_id=call_id) for call_id in waiting)
        waiting.clear()

    for message in messages:
        if message.is_empty:
            continue
        if message.role == "tool":
            if message.tool_call_id in waiting:
                waiting.remove(message.tool_call_id or "")
                kept.append(message)
            continue
        answer_the_rest()
        kept.append(message)
        waiting.extend(call.id for call in message.tool_calls)
    answer_the_rest()
    return kept
