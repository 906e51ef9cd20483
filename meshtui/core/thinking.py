"""Reasoning that some models write into their answer, between `<think>` and `</think>` at its beginning.

The turn keeps the answer as it came; views show the two apart.
"""

from __future__ import annotations

OPEN, CLOSE = "<think>", "</think>"


class ThinkSplitter:
    """Splits a growing answer into reasoning and text, in any cutting of it."""

    __slots__ = ("_held", "_mode")

    def __init__(self) -> None:
        self._mode = "start"
        self._held = ""

    def feed(self, piece: str) -> tuple[str, str]:
        """Return what of `piece`, and of what was held back, is reasoning and what is text."""
        if self._mode == "text":
            return "", piece
        held, self._held = self._held + piece, ""
        if self._mode == "start":
            begun = held.lstrip()
            if len(begun) < len(OPEN) and OPEN.startswith(begun):
                self._held = held
                return "", ""
            if not begun.startswith(OPEN):
                self._mode = "text"
                return "", held
            self._mode, held = "thinking", begun[len(OPEN) :]
        end = held.find(CLOSE)
        if end >= 0:
            self._mode = "text"
            return held[:end], held[end + len(CLOSE) :].lstrip("\n")
        keep = next((n for n in range(len(CLOSE) - 1, 0, -1) if held.endswith(CLOSE[:n])), 0)
        if keep:
            held, self._held = held[:-keep], held[-keep:]
        return held, ""

    def flush(self) -> tuple[str, str]:
        """Return what was held back when the answer is over."""
        held, self._held = self._held, ""
        return (held, "") if self._mode == "thinking" else ("", held)
