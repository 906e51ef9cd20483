"""JSON laid out as it arrives: a line per member, each with its place in the tree.

The text is not parsed: duplicate names and mistakes stay to be seen, no character that matters is added or lost.
Laying out costs what is new, however much came before.
"""

from __future__ import annotations

import json
import re

from meshtui.core.text import clean

DEEPEST = 12
"""Levels that are indented; what is nested deeper stands on one line."""

_BEGINS_AS_JSON = re.compile(r"\s*(?:[\[{]\s*)+(?:[\"\]}\d-]|(?:true|false|null)\b|\Z)")
"""Other texts are shown as they came: laying them out would leave out their blanks."""
LONGEST = 2_000
"""Characters after which a line is broken, so that a text that grows is not measured again and again."""
_UNDECIDED = 256
"""Characters after which it is no more asked whether a text begins as JSON."""
_TOKEN = re.compile(r'"[^"\\\n]{0,1000}"|[{}\[\],:"]|[ \t\r\n]+|[^{}\[\],:" \t\r\n]+')
_IN_TEXT = re.compile(r'["\\\n]|[^"\\\n]+')
_STEP = re.compile(r'\.([^.\[]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]')

Step = str | int


class JsonLayout:
    """The lines of a growing text; with `raw` it is shown as it came.

    `lines` are those that are complete, clean; `open` is the last one, which may still change.
    """

    def __init__(self, *, raw: bool = False) -> None:
        self.lines: list[str] = []
        self.size = 0
        """Characters read."""
        self._asked_raw = raw
        self._raw = raw
        self._head = ""
        self._begin()

    def _begin(self) -> None:
        self.lines.clear()
        self._open: list[str] = []
        self._length = 0
        self._open_at: tuple[int, Step] = (-1, "")
        self._places: list[tuple[int, Step]] = []
        self._frames: list[tuple[int, bool, int]] = []
        """Of each open bracket: its line, whether it is an object's, and how many members came before."""
        self._inside = self._escaped = self._opened = self._breaks = False
        self._name: list[str] | None = None
        self._awaits_name = False
        self._found: dict[str, int | None] = {}

    @property
    def open(self) -> str:
        """The line that may still change, clean."""
        if len(self._open) > 1:
            self._open = ["".join(self._open)]
        return self._open[0] if self._open else ""

    def feed(self, text: str) -> None:
        """Take more text in."""
        self.size += len(text)
        if not self._asked_raw and len(self._head) < _UNDECIDED:
            self._head += text
            raw = _BEGINS_AS_JSON.match(self._head) is None
            if raw != self._raw:
                self._raw, text = raw, self._head
                self._begin()
        if self._raw:
            first, *others = text.split("\n")
            self._show(first)
            for line in others:
                self._end_line()
                self._show(line)
            return
        at = 0
        while at < len(text):
            at = self._read_text(text, at) if self._inside else self._read_token(text, at)

    # Reading

    def _read_text(self, text: str, at: int) -> int:
        """Read on inside a quoted text."""
        if self._escaped:
            self._escaped = False
            self._put(text[at])
            return at + 1
        match = _IN_TEXT.match(text, at)
        piece = match[0] if match is not None else text[at]
        if piece == "\n":  # no JSON, and to be seen as what it is
            self._end_line()
        else:
            self._put(piece)
        if piece == "\\":
            self._escaped = True
        elif piece == '"':
            self._inside = False
            self._end_name()
        return at + len(piece)

    def _put(self, piece: str) -> None:
        self._show(piece)
        if self._name is not None:
            self._name.append(piece)

    def _show(self, piece: str) -> None:
        """Add to the open line; where it grows too long, go on in another."""
        while self._length + len(piece) > LONGEST:
            room = LONGEST - self._length
            self._open.append(clean(piece[:room]))
            self._end_line()
            piece = piece[room:]
        self._open.append(piece if piece.isprintable() else clean(piece))
        self._length += len(piece)

    def _read_token(self, text: str, at: int) -> int:
        match = _TOKEN.match(text, at)
        piece = match[0] if match is not None else text[at]
        if piece[0] in " \t\r\n":
            return at + len(piece)
        if piece in "}]":
            self._close(piece)
        else:
            self._break_line()
            if piece in "{[":
                self._frames.append((len(self.lines), piece == "{", 0))
                self._awaits_name = piece == "{"
                self._opened = True
                self._breaks = len(self._frames) <= DEEPEST
            elif piece == ",":
                self._next_member()
            elif piece[0] == '"':
                self._name = [piece] if self._awaits_name else None
                if piece == '"':
                    self._inside = True
                else:
                    self._end_name()
            self._show(": " if piece == ":" else ", " if piece == "," and not self._breaks else piece)
        return at + len(piece)

    def _break_line(self) -> None:
        """Begin the line that an opened bracket or a comma asked for."""
        if self._breaks:
            self._end_line()
            self._show("  " * len(self._frames))
            if self._frames:
                line, named, count = self._frames[-1]
                self._open_at = line, ("" if named else count)
        self._breaks = self._opened = False

    def _next_member(self) -> None:
        self._breaks = len(self._frames) <= DEEPEST
        if self._frames:
            line, named, count = self._frames[-1]
            self._frames[-1] = line, named, count + 1
            self._awaits_name = named

    def _close(self, bracket: str) -> None:
        opened, shallow = self._opened, len(self._frames) <= DEEPEST
        if self._frames:
            self._frames.pop()
        self._breaks = self._opened = self._awaits_name = False
        if not opened and shallow:
            self._end_line()
            self._show("  " * len(self._frames))
        self._show(bracket)

    def _end_name(self) -> None:
        if self._name is None:
            return
        if self._open_at[1] == "":
            self._open_at = self._open_at[0], _decoded("".join(self._name))
        self._name, self._awaits_name = None, False

    def _end_line(self) -> None:
        self.lines.append("".join(self._open))
        self._places.append(self._open_at)
        self._open, self._length, self._open_at = [], 0, (-1, "")

    # Finding

    def line_of(self, path: str) -> int | None:
        """Return the line that shows a path such as `$.items[2].price`, or the nearest above it that is there.

        None where nothing of it is laid out yet, or where the text is shown as it came.
        """
        if self._raw:
            return None
        if path not in self._found:
            line = self._search(path)
            if line is None or line >= len(self.lines):
                return line
            self._found[path] = line
        return self._found[path]

    def _search(self, path: str) -> int | None:
        at = 0
        places = [*self._places, self._open_at]
        for match in _STEP.finditer(path.removeprefix("$")):
            step: Step = match[1] if match[1] is not None else int(match[2]) if match[2] else _decoded(match[3])
            place = at, step
            try:
                at = places.index(place, at)
            except ValueError:
                return at
        return at if self.lines or self._open else None


def _decoded(name: str) -> str:
    try:
        return str(json.loads(name))
    except (ValueError, RecursionError):
        return name.strip('"')
