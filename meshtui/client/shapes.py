"""The shape of a text chunk: what stays the same around the few characters that change from event to event."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from meshtui.core.turn import ReasoningDelta, TextDelta

_DECODER = json.JSONDecoder(strict=False)
_PROBE = "\x00probe\x00"
scan = _DECODER.raw_decode


def parse(data: str) -> Any:
    """Return JSON as values; raw control characters in texts are let through, blanks around it too."""
    try:
        value, end = scan(data)
    except ValueError:
        return _DECODER.decode(data)
    return value if end == len(data) else _DECODER.decode(data)


@dataclass(frozen=True, slots=True)
class Shape:
    """The JSON before and after the one string that changes, and the delta which that string makes."""

    before: str
    after: str
    make: type[TextDelta] | type[ReasoningDelta]


_CHANGING: dict[str, type[TextDelta] | type[ReasoningDelta]] = {
    "content": TextDelta,
    "reasoning_content": ReasoningDelta,
    "reasoning": ReasoningDelta,
}


def shape_of(data: str) -> Shape | None:
    """Return the shape of a chunk, or None where no single string of it is the text of its one choice.

    Proven by one parse of the chunk with another string in that place. An unescaped `"content":` in valid JSON
    is always a key, so the place itself cannot be inside a text.
    """
    for name, make in _CHANGING.items():
        mark = f'"{name}":'
        at = data.find(mark)
        if at < 1 or data[at - 1] == "\\":
            continue
        start = at + len(mark)
        start += data[start : start + 1] == " "
        try:
            text, end = scan(data, start)
            probe = parse(data[:start] + json.dumps(_PROBE) + data[end:])
        except (ValueError, RecursionError):
            continue
        if not isinstance(text, str) or not text or len(probe["choices"]) != 1:
            continue
        choice = probe["choices"][0]
        delta = choice.get("delta")
        if isinstance(delta, dict) and delta.get(name) == _PROBE:
            return Shape(data[:start], data[end:], make)
    return None
