"""Characters cut between two events: halves of surrogate pairs in JSON escapes, joined per choice and field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from meshtui.core.text import REPLACEMENT, whole_characters

_FIELDS = ("content", "reasoning_content", "reasoning", "refusal")


class PairJoiner:
    """Makes every text of a payload encodable; a high half at the end of a streamed field waits for its low half."""

    __slots__ = ("_halves",)

    def __init__(self) -> None:
        self._halves: dict[tuple[int, str], str] = {}

    @property
    def waiting(self) -> bool:
        """Whether a half waits for the other."""
        return bool(self._halves)

    def join(self, payload: dict[str, Any]) -> None:
        """Replace the texts of `payload` in place."""
        choices = payload.get("choices")
        streamed: list[tuple[int, dict[str, Any]]] = []
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict) and isinstance(choice.get("delta"), dict):
                index = choice.get("index")
                streamed.append((index if isinstance(index, int) else 0, choice["delta"]))
        for index, delta in streamed:
            for name in _FIELDS:
                if isinstance(delta.get(name), str):
                    delta[name] = self._feed((index, name), delta[name])
            self._join_calls(index, delta.get("tool_calls"))
        for name, value in payload.items():
            payload[name] = _encodable(value)

    def _join_calls(self, index: int, calls: Any) -> None:
        for place, call in enumerate(calls if isinstance(calls, list) else ()):
            function = call.get("function") if isinstance(call, dict) else None
            if isinstance(function, dict) and isinstance(function.get("arguments"), str):
                key = f"call {call.get('index', place)}"
                function["arguments"] = self._feed((index, key), function["arguments"])

    def _feed(self, key: tuple[int, str], text: str) -> str:
        text = self._halves.pop(key, "") + text
        if text and "\ud800" <= text[-1] <= "\udbff":
            self._halves[key], text = text[-1], text[:-1]
        return whole_characters(text)

    def flush(self, index: int) -> Iterator[tuple[str, str]]:
        """Yield (field, replacement character) for the halves of a choice's text that no other half followed."""
        for key in [key for key in self._halves if key[0] == index]:
            del self._halves[key]
            if key[1] in _FIELDS:
                yield key[1], REPLACEMENT


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return whole_characters(value)
    if isinstance(value, dict):
        return {_encodable(name): _encodable(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_encodable(member) for member in value]
    return value
