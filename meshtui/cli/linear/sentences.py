"""A stream of text as lines to be read aloud: whole lines, or whole sentences of a long one, each told once."""

from __future__ import annotations

import re

SHORTEST = 60
"""A sentence is told before its line is over from so many characters on."""

_END = re.compile(r"(?<=[^\W\d][^\W\d])[.!?…:]+[\"'”’)\]*_]*\s+|[。！？]")
_FENCES = ("```", "~~~")


class Sentences:
    """Cuts what streams in. Code and tables are cut at line ends alone."""

    def __init__(self) -> None:
        self._held = ""
        self._in_code = False

    def feed(self, text: str) -> list[str]:
        """Take more text in; return what is whole now."""
        *lines, self._held = (self._held + text).split("\n")
        for line in lines:
            if line.lstrip().startswith(_FENCES):
                self._in_code = not self._in_code
        return [*lines, *self._sentences()]

    def _sentences(self) -> list[str]:
        if self._in_code or len(self._held) < SHORTEST or self._held.lstrip().startswith(("|", *_FENCES)):
            return []
        ends = [match.end() for match in _END.finditer(self._held) if match.end() >= SHORTEST]
        if not ends:
            return []
        told, self._held = self._held[: ends[-1]].rstrip(), self._held[ends[-1] :]
        return [told]

    def rest(self) -> list[str]:
        """Return what is left at the end."""
        held, self._held = self._held, ""
        return [held] if held.strip() else []
