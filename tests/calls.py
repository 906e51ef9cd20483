"""Streamed answers with tool calls, piece by piece, and the tools that they call."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from meshtui.sandbox import Sandbox, Script

WEATHER: Mapping[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "maximum": 7}},
    "required": ["city"],
    "additionalProperties": False,
}


def put_tool(home: Path, name: str, parameters: Mapping[str, Any] = WEATHER, **more: Any) -> Path:
    """Write a tool of the user; `more` are members beside `function`, such as its responder."""
    path = home / "tools" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    definition = {"type": "function", "function": {"name": name, "parameters": dict(parameters)}}
    path.write_text(json.dumps({**definition, **more}))
    return path


def pieces(text: str, size: int = 20) -> list[str]:
    """Cut a text as a provider streams it."""
    return [text[at : at + size] for at in range(0, len(text), size)]


def calling(
    *calls: tuple[str, str | Sequence[str]], ids: Iterable[str] = (), pause: float = 0.0, text: str = ""
) -> Script:
    """Return a streamed answer that makes these calls: names, and arguments whole or in pieces."""
    deltas: list[dict[str, Any]] = [{"role": "assistant"}]
    if text:
        deltas.append({"content": text})
    known = list(ids)
    for index, (name, arguments) in enumerate(calls):
        id = known[index] if index < len(known) else f"call_{index + 1}"
        deltas.append(_fragment(index, id=id, type="function", function={"name": name, "arguments": ""}))
        arriving = pieces(arguments) if isinstance(arguments, str) else arguments
        deltas += [_fragment(index, function={"arguments": piece}) for piece in arriving]
    chunks = [_chunk(delta) for delta in deltas]
    chunks.append(_chunk({}, "tool_calls"))
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    chunks.append({"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [], "usage": usage})
    frames = tuple(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks)
    return Script(chunks=(*frames, b"data: [DONE]\n\n"), pause=pause)


def saying(text: str) -> Script:
    """Return a streamed answer of text alone."""
    return Script(chunks=said(text))


def said(*texts: str) -> tuple[bytes, ...]:
    """Return the frames of an answer that says these texts, one after another, and of its end."""
    chunks = [_chunk({"role": "assistant", "content": text}) for text in texts]
    frames = tuple(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in [*chunks, _chunk({}, "stop")])
    return (*frames, b"data: [DONE]\n\n")


def _fragment(index: int, **members: Any) -> dict[str, Any]:
    return {"tool_calls": [{"index": index, **members}]}


def _chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def sent_last(box: Sandbox) -> list[dict[str, Any]]:
    """Return the messages of the last chat request that a sandbox saw."""
    bodies = [request["body"] for request in box.requests if request["path"].endswith("/chat/completions")]
    messages: list[dict[str, Any]] = bodies[-1]["messages"]
    return messages
