"""Pieces of a reply that are not simply a string: parts, reasoning under its names, calls, spoken answers."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any

from meshtui.core.chat import AudioPart, Part, part_from_wire
from meshtui.core.turn import Delta, MediaDelta, ReasoningDelta, TextDelta, ToolFragment


def reasoning_of(delta: Mapping[str, Any]) -> str:
    """Return the reasoning in a delta or message: the first name that holds any, never two of them."""
    for name in ("reasoning_content", "reasoning"):
        value = delta.get(name)
        if isinstance(value, str) and value:
            return value
    rows = delta.get("reasoning_details")
    if not isinstance(rows, list):
        return ""
    texts = (row.get("text") or row.get("summary") for row in rows if isinstance(row, dict))
    return "".join(text for text in texts if isinstance(text, str))


def split_content(parts: list[Any], *, reasoning_came: bool) -> Iterator[Delta]:
    """Yield deltas for a list of content parts; thinking parts are reasoning, unless that came by name already."""
    for part in parts:
        if isinstance(part, str):
            part = {"type": "text", "text": part}
        if not isinstance(part, dict):
            continue
        text = part.get("text")
        if part.get("type") in ("thinking", "reasoning"):
            thought = _thought(part.get("thinking") or text)
            if thought and not reasoning_came:
                yield ReasoningDelta(thought)
        elif part.get("type") in ("text", "output_text", None) and isinstance(text, str):
            if text:
                yield TextDelta(text)
        else:
            yield MediaDelta(part_from_wire(part))


def _thought(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        texts = (part.get("text") for part in value if isinstance(part, dict))
        return "".join(text for text in texts if isinstance(text, str))
    return ""


class SpokenAnswer:
    """Sound that arrives in pieces, each base64 of its own; its transcript is text of the answer."""

    __slots__ = ("_format", "_sound")

    def __init__(self) -> None:
        self._sound = bytearray()
        self._format = "wav"

    def add(self, audio: Mapping[str, Any]) -> str:
        """Take one piece in and return the words that came with it."""
        data, words, form = audio.get("data"), audio.get("transcript"), audio.get("format")
        if isinstance(form, str) and form:
            self._format = form
        if isinstance(data, str):
            try:
                self._sound += base64.b64decode(data)
            except (binascii.Error, ValueError):
                return words if isinstance(words, str) else ""
        return words if isinstance(words, str) else ""

    def take(self) -> Part | None:
        """Return the sound so far as one part, once."""
        if not self._sound:
            return None
        whole = base64.b64encode(self._sound).decode()
        self._sound = bytearray()
        return AudioPart(self._format, "data", whole)


def number_calls(calls: Any, ids: list[str]) -> None:
    """Give tool-call pieces without an index one: a new id begins a call, anything else belongs to the latest.

    `ids` are those of the calls so far, in order, and grow.
    """
    for call in calls if isinstance(calls, list) else ():
        if not isinstance(call, dict):
            continue
        index, call_id = call.get("index"), str(call.get("id") or "")
        if isinstance(index, int) and not isinstance(index, bool):
            ids.extend([""] * (min(index, 1000) + 1 - len(ids)))
            continue
        if call_id in ids and call_id:
            call["index"] = ids.index(call_id)
        else:
            if call_id or not ids:
                ids.append(call_id)
            call["index"] = len(ids) - 1


def fragment(call: Mapping[str, Any]) -> ToolFragment:
    """Return one piece of a tool call; members outside the contract are kept, they may have to go back."""
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    index, call_id, name, arguments = call.get("index"), call.get("id"), function.get("name"), function.get("arguments")
    if arguments is not None and not isinstance(arguments, str):
        arguments = json.dumps(arguments, ensure_ascii=False)
    extra = {
        key: value
        for key, value in call.items()
        if key not in ("index", "id", "type", "function") and value is not None
    }
    return ToolFragment(
        index if isinstance(index, int) and not isinstance(index, bool) else None,
        str(call_id) if call_id not in (None, "") else None,
        name if isinstance(name, str) and name else None,
        arguments,
        extra,
    )


def name_calls(completion: dict[str, Any]) -> None:
    """Give the tool calls of a whole completion an id where they have none, so that they can be answered."""
    choices = completion.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        message = choice.get("message") if isinstance(choice, dict) else None
        calls = message.get("tool_calls") if isinstance(message, dict) else None
        for number, call in enumerate(calls if isinstance(calls, list) else (), 1):
            if isinstance(call, dict) and not call.get("id"):
                call["id"] = f"call_{number}"
