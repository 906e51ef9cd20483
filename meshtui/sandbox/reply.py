"""A reply as a value, and its two forms on the wire: one completion object, or the frames of a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring as quoted
from typing import Any

from .wire import DONE, Frame

# Characters of a tool call's arguments in one delta, and deltas of a sound.
FRAGMENT = 5
AUDIO_PIECES = 8


def compact(value: object) -> str:
    """JSON without idle white space."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call; arguments is JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model says: reasoning and text token by token, tool calls, pictures (data URIs), sound.

    silent: the reasoning is counted but not sent.
    """

    tokens: Sequence[str] = ()
    reasoning: Sequence[str] = ()
    calls: tuple[Call, ...] = ()
    images: tuple[str, ...] = ()
    audio: Mapping[str, Any] | None = None
    finish: str = "stop"
    silent: bool = False

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.tokens)


@dataclass(frozen=True, slots=True)
class Pace:
    """When each token is due: after ttft seconds, then speed tokens per second (0: at once)."""

    speed: float = 0.0
    ttft: float = 0.0

    def due(self, number: int) -> float:
        """Seconds after the start; at speed 0 a hair apart, so that merged streams take turns."""
        return self.ttft + (number / self.speed if self.speed else number * 1e-9)


@dataclass(frozen=True, slots=True)
class Form:
    """What a reply is wrapped in: ids, the served model, and the switches that decide field names and places."""

    id: str
    created: int
    model: str
    usage: Mapping[str, Any]
    cost: str | float | None = None
    cost_in_usage: float | None = None
    usage_place: str = "empty-choices"
    reasoning_name: str = "reasoning_content"
    images: str = "parts"

    def usage_object(self) -> dict[str, Any]:
        """The usage object, with the cost inside where the switch says so."""
        usage = dict(self.usage)
        if self.cost_in_usage is not None:
            usage["cost"] = self.cost_in_usage
        return usage

    def with_usage(self) -> dict[str, Any]:
        """The members that tell usage and cost."""
        members: dict[str, Any] = {"usage": self.usage_object()}
        if self.cost is not None:
            members["cost"] = self.cost
        return members


def completion(reply: Reply, form: Form) -> dict[str, Any]:
    """The body of a reply that is not streamed."""
    text = reply.text
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if reply.images:
        if form.images == "parts":
            parts: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
            message["content"] = parts + [_image_part(uri) for uri in reply.images]
        else:
            message["content"] = text + "".join(_image_text(uri) for uri in reply.images)
    if reply.calls:
        message["content"] = text or None
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in reply.calls
        ]
    if reply.audio is not None:
        message["audio"] = reply.audio
    if reply.reasoning and not reply.silent:
        _add_reasoning(message, "".join(reply.reasoning), form.reasoning_name)
    choice = {"index": 0, "message": message, "finish_reason": reply.finish, "logprobs": None}
    body: dict[str, Any] = {
        "id": form.id,
        "object": "chat.completion",
        "created": form.created,
        "model": form.model,
        "choices": [choice],
        "usage": None,
        "system_fingerprint": None,
    }
    if form.usage_place != "nowhere":
        body.update(form.with_usage())
    return body


def _image_part(uri: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": uri}}


def _image_text(uri: str) -> str:
    return f"\n\n![picture]({uri})"


def _add_reasoning(message: dict[str, Any], text: str, name: str) -> None:
    if name == "think":
        content = message["content"]
        if content is None or isinstance(content, str):
            message["content"] = f"<think>\n{text}\n</think>\n\n{content or ''}"
        return
    message.update(_reasoning_delta(text, name))


def _reasoning_delta(text: str, name: str) -> dict[str, Any]:
    details = [{"type": "reasoning.text", "text": text, "format": "unknown", "index": 0}]
    match name:
        case "reasoning_details":
            return {"reasoning_details": details}
        case "both":
            return {"reasoning": text, "reasoning_details": details}
        case _:
            return {name: text}


def stream(reply: Reply, form: Form, pace: Pace) -> Iterator[Frame]:
    """The frames of a streamed reply, [DONE] included."""
    writer = _Writer(form, pace)
    yield writer.delta({"role": "assistant", "content": ""}, step=0)
    yield from _reasoning_frames(reply, form, writer)
    yield from writer.text(reply.tokens)
    for uri in reply.images:
        content = [_image_part(uri)] if form.images == "parts" else _image_text(uri)
        yield writer.delta({"content": content})
    if reply.audio is not None:
        yield from _audio_frames(reply.audio, writer)
    for index, call in enumerate(reply.calls):
        yield from _call_frames(index, call, writer)
    yield writer.delta({}, finish=reply.finish)
    if form.usage_place == "empty-choices":
        yield writer.frame({"choices": [], **form.with_usage()})
    elif form.usage_place == "last-delta":
        choice = {"index": 0, "delta": {"content": ""}, "finish_reason": None}
        yield writer.frame({"choices": [choice], **form.with_usage()})
    yield Frame(writer.due(), DONE)


class _Writer:
    """Numbers the frames of one stream, so that each knows when it is due."""

    def __init__(self, form: Form, pace: Pace) -> None:
        self._form = form
        self._pace = pace
        self._number = 0
        self._base = {
            "id": form.id,
            "object": "chat.completion.chunk",
            "created": form.created,
            "model": form.model,
        }
        self._always = form.with_usage() if form.usage_place == "every-chunk" else {}

    def due(self, step: int = 0) -> float:
        self._number += step
        return self._pace.due(self._number)

    def frame(self, members: Mapping[str, Any], step: int = 0) -> Frame:
        return Frame(self.due(step), compact({**self._base, **self._always, **members}))

    def delta(self, delta: Mapping[str, Any], *, finish: str | None = None, step: int = 1) -> Frame:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        members: dict[str, Any] = {"choices": [choice]}
        if finish is not None:
            step = 0
            if self._form.usage_place == "with-finish":
                members.update(self._form.with_usage())
        return self.frame(members, step)

    def text(self, tokens: Sequence[str]) -> Iterator[Frame]:
        """Text token by token; the constant part of the JSON is made once (a few µs a token matter here)."""
        sample = compact(
            {
                **self._base,
                **self._always,
                "choices": [{"index": 0, "delta": {"content": 0}, "finish_reason": None}],
            }
        )
        head, _, tail = sample.rpartition('{"content":0}')
        head, tail = head + '{"content":', "}" + tail
        speed, ttft, number = self._pace.speed, self._pace.ttft, self._number
        gap = 1 / speed if speed else 1e-9
        for token in tokens:
            number += 1
            yield Frame(ttft + number * gap, head + quoted(token) + tail)
        self._number = number


def _reasoning_frames(reply: Reply, form: Form, writer: _Writer) -> Iterator[Frame]:
    if not reply.reasoning or reply.silent:
        return
    if form.reasoning_name == "think":
        yield from writer.text(["<think>\n", *reply.reasoning, "\n</think>\n\n"])
        return
    for token in reply.reasoning:
        yield writer.delta(_reasoning_delta(token, form.reasoning_name))


def _audio_frames(audio: Mapping[str, Any], writer: _Writer) -> Iterator[Frame]:
    data = audio["data"]
    # A multiple of 4 keeps each piece decodable on its own.
    size = max(4, len(data) // AUDIO_PIECES // 4 * 4)
    yield writer.delta({"audio": {"id": audio["id"], "transcript": audio["transcript"]}})
    for start in range(0, len(data), size):
        yield writer.delta({"audio": {"id": audio["id"], "data": data[start : start + size]}})
    yield writer.delta({"audio": {"id": audio["id"], "expires_at": audio["expires_at"]}})


def _fragments(call: Call) -> list[str]:
    return [call.arguments[start : start + FRAGMENT] for start in range(0, len(call.arguments), FRAGMENT)]


def paced(reply: Reply) -> int:
    """How many frames of a stream of this reply wait for their turn."""
    media = len(reply.images) + (AUDIO_PIECES + 2 if reply.audio is not None else 0)
    calls = sum(1 + len(_fragments(call)) for call in reply.calls)
    return len(reply.tokens) + (0 if reply.silent else len(reply.reasoning)) + media + calls


def _call_frames(index: int, call: Call, writer: _Writer) -> Iterator[Frame]:
    first = {"index": index, "id": call.id, "type": "function", "function": {"name": call.name, "arguments": ""}}
    yield writer.delta({"tool_calls": [first]})
    for piece in _fragments(call):
        yield writer.delta({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
