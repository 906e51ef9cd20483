"""JSON read while it arrives: values as far as they are known, what is still open, the first fault and its place.

Every character is looked at once, however the text is cut. Nothing recurses. Stricter than Python's own reader:
no NaN, no infinity.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from meshtui.core.json.place import Keys, Place, place_of

DEEPEST = 200
"""Levels of lists and objects that are read."""

LONGEST_NUMBER = 4_000
"""Characters of a number; Python reads no whole number of more than 4,300 digits."""

_SPACE = re.compile(r"[ \t\n\r]*")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_NUMBER_RUN = re.compile(r"[-+.0-9eE]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?\Z")
_NUMBER_START = re.compile(r"-?(?:(?:0|[1-9][0-9]*)(?:\.(?:[0-9]+(?:[eE](?:[-+]?[0-9]*))?)?|[eE](?:[-+]?[0-9]*))?)?\Z")
_WORD_RUN = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_HEX = re.compile(r"[0-9a-fA-F]*")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}
_NOT_JSON = ("NaN", "Infinity", "True", "False", "None", "undefined", "nan", "inf")

ABSENT: Any = object()
"""Stands where no value has begun."""


@dataclass(slots=True)
class Frame:
    """A list or object that is open: its values so far, where it began, and the key of the member being read."""

    value: Any
    offset: int
    key: str | int = 0

    def put(self, value: Any) -> Any:
        """Put a value in for now; returns what stood under its name, ABSENT where nothing did."""
        if isinstance(self.value, list):
            self.value.append(value)
            return ABSENT
        before = self.value.get(self.key, ABSENT)
        self.value[self.key] = value
        return before

    def take_back(self, before: Any) -> None:
        """Take the value out again that `put` put in."""
        if isinstance(self.value, list):
            self.value.pop()
        elif before is ABSENT:
            del self.value[self.key]
        else:
            self.value[self.key] = before


@dataclass(slots=True)
class Unfinished:
    """A scalar that has begun and may go on: its text so far, or a number's characters."""

    kind: str
    text: str


@dataclass(slots=True)
class JsonStream:
    """Reads JSON piece by piece.

    `value` is the root (ABSENT before it begins), `stack` the open lists and objects from the root down, `doubled` the
    places of names that stand twice in one object, `starts` where the values of `wanted` paths begin. `fault` is the
    first fault: offset and sentence; nothing is read beyond it. `is_limit` says that it is one of our own bounds.
    """

    wanted: frozenset[Keys] = frozenset()
    value: Any = ABSENT
    stack: list[Frame] = field(default_factory=list)
    fault: tuple[int, str] | None = None
    is_limit: bool = False
    doubled: list[tuple[Keys, int]] = field(default_factory=list)
    starts: dict[Keys, int] = field(default_factory=dict)
    _state: str = "value"
    _rest: str = ""
    _offset: int = 0
    _text: list[str] | None = None
    _text_offset: int = 0
    _names: bool = False

    def feed(self, text: str) -> None:
        """Read on."""
        if self.fault is not None:
            return
        rest = self._rest + text
        place = 0
        while self.fault is None:
            if self._text is None:
                place = _SPACE.match(rest, place).end()  # type: ignore[union-attr]
            if place >= len(rest):
                break
            pieces = self._text
            after = self._token(rest, place) if pieces is None else self._string(pieces, rest, place)
            if after == place:
                break
            place = after
        self._rest = rest[place:]
        self._offset += place

    def finish(self) -> None:
        """Say that the text ends here: a number at its end is whole, anything open is a fault."""
        if self.fault is None and self._rest and self._text is None:
            rest = self._rest
            word = _WORD_RUN.match(rest)
            end = self._word(rest, 0, word.group(), last=True) if word else self._number(rest, 0, last=True)
            self._rest, self._offset = rest[end:], self._offset + end
        if self.fault is None and self._state != "end":
            self._fail(len(self._rest), self._missing())

    @property
    def complete(self) -> bool:
        """Whether the root is whole and nothing is wrong so far."""
        return self.fault is None and self._state == "end" and not self._rest

    @property
    def place(self) -> Keys:
        """The way to what is being read: the keys of every open list and object."""
        return tuple(frame.key for frame in self.stack)

    @property
    def unfinished(self) -> Unfinished | None:
        """The scalar value that has begun and is not whole."""
        if self._text is not None:
            return None if self._state == "name" else Unfinished("text", "".join(self._text))
        if not self._rest or self.fault is not None or self._state not in ("value", "first"):
            return None
        if self._rest[0] in "-0123456789":
            return Unfinished("number", self._rest)
        return Unfinished("word", self._rest)

    # Tokens

    def _token(self, rest: str, place: int) -> int:
        char = rest[place]
        state = self._state
        if state in ("value", "first"):
            if char == "]" and state == "first":
                return self._close(place)
            return self._begin(rest, place, char)
        if state == "after":
            return self._after(place, char)
        if state in ("name", "name or end"):
            if char == "}" and state == "name or end":
                return self._close(place)
            if char != '"':
                return self._fail(place, self._no_name(char, state))
            self._state, self._text, self._text_offset = "name", [], self._offset + place
            return place + 1
        if state == "colon":
            if char != ":":
                return self._fail(place, f"a colon is expected behind the name {self.stack[-1].key!r:.60}")
            self._state = "value"
            return place + 1
        return self._fail(place, "more text stands behind the end of the value")

    def _no_name(self, char: str, state: str) -> str:
        if char == "}":
            return "a comma stands before the closing }"
        if char == "'":
            return "a name stands in single quotes: double quotes are expected"
        if char == ",":
            return "a comma stands where a name is expected"
        return "a name in double quotes is expected" + (" or }" if state == "name or end" else "")

    def _begin(self, rest: str, place: int, char: str) -> int:
        if char in "{[":
            if len(self.stack) >= DEEPEST:
                return self._fail(place, f"nested deeper than {DEEPEST} levels", is_limit=True)
            fresh: Any = {} if char == "{" else []
            self._put(fresh, self._offset + place)
            self.stack.append(Frame(fresh, self._offset + place))
            self._state = "name or end" if char == "{" else "first"
            return place + 1
        if char == '"':
            self._state, self._text, self._text_offset = "value", [], self._offset + place
            return place + 1
        if char in "-0123456789":
            return self._number(rest, place)
        word = _WORD_RUN.match(rest, place)
        if word:
            return self._word(rest, place, word.group())
        return self._fail(place, self._no_value(char))

    def _no_value(self, char: str) -> str:
        if char in "]}":
            return "a value is missing" if char == "}" else "a comma stands before the closing ]"
        if char == "'":
            return "a text stands in single quotes: double quotes are expected"
        if char == ",":
            return "a comma stands where a value is expected"
        marks = {"\ufeff": "a byte order mark stands before the value", "`": "a code fence stands around the value"}
        return marks.get(char, "a value is expected")

    def _after(self, place: int, char: str) -> int:
        frame = self.stack[-1]
        is_object = isinstance(frame.value, dict)
        if char == ",":
            self._state = "name" if is_object else "value"
            if not is_object:
                frame.key = len(frame.value)
            return place + 1
        if char == ("}" if is_object else "]"):
            return self._close(place)
        if char in "}]":
            return self._fail(place, f"{char} closes what {'{' if is_object else '['} opened")
        return self._fail(place, f"a comma or {'}' if is_object else ']'} is expected")

    def _close(self, place: int) -> int:
        self.stack.pop()
        self._state = "after" if self.stack else "end"
        return place + 1

    def _string(self, pieces: list[str], rest: str, place: int) -> int:
        """Read on in a text; returns `place` where an escape is not whole."""
        end = _PLAIN.match(rest, place).end()  # type: ignore[union-attr]
        if end > place:
            pieces.append(rest[place:end])
            return end
        char = rest[place]
        if char == '"':
            self._text = None
            self._whole_text("".join(pieces))
            return place + 1
        if char == "\\":
            return self._escape(pieces, rest, place)
        name = {"\n": "a line break", "\t": "a tab"}.get(char, f"the control character U+{ord(char):04X}")
        return self._fail(place, f"{name} stands in a text: it must be written as an escape")

    def _whole_text(self, text: str) -> None:
        if self._state != "name":
            self._put(text, self._text_offset)
            self._state = "after" if self.stack else "end"
            return
        frame = self.stack[-1]
        frame.key = text
        self._state = "colon"
        if text in frame.value:
            self.doubled.append((self.place, self._text_offset))

    def _escape(self, pieces: list[str], rest: str, place: int) -> int:
        kind = rest[place + 1 : place + 2]
        if not kind:
            return place
        if kind in _ESCAPES:
            pieces.append(_ESCAPES[kind])
            return place + 2
        if kind != "u":
            return self._fail(place, f"\\{kind} is no escape of JSON")
        digits = _HEX.match(rest, place + 2, place + 6).group()  # type: ignore[union-attr]
        if len(digits) < 4:
            cut = place + 2 + len(digits) >= len(rest)
            return place if cut else self._fail(place, "\\u needs four hexadecimal digits")
        code = int(digits, 16)
        after = place + 6
        if 0xD800 <= code < 0xDC00:
            low = rest[after : after + 6]
            if len(low) < 6 and r"\u".startswith(low[:2]):
                return place
            if low[:2] == r"\u" and re.fullmatch("[dD][c-fC-F][0-9a-fA-F]{2}", low[2:]):
                code = 0x10000 + ((code - 0xD800) << 10) + int(low[2:], 16) - 0xDC00
                after += 6
        pieces.append(chr(code))
        return after

    def _number(self, rest: str, place: int, last: bool = False) -> int:
        end = _NUMBER_RUN.match(rest, place).end()  # type: ignore[union-attr]
        text = rest[place:end]
        if end - place > LONGEST_NUMBER:
            return self._fail(place, f"a number has more than {LONGEST_NUMBER:,} characters", is_limit=True)
        if end == len(rest) and not last and _NUMBER_START.match(text):
            return place
        match = _NUMBER.match(text)
        if match is None:
            return self._fail(place, "a number is not written as JSON wants it")
        self._put(float(text) if match.group(1) or match.group(2) else int(text), self._offset + place)
        self._state = "after" if self.stack else "end"
        return end

    def _word(self, rest: str, place: int, word: str, last: bool = False) -> int:
        if place + len(word) == len(rest) and len(word) < 20 and not last:
            return place
        if word not in _WORDS:
            kind = "is no word of JSON" if word in _NOT_JSON else "stands where a value is expected"
            if last and any(one.startswith(word) for one in _WORDS):
                kind = "is not whole"
            return self._fail(place, f"{word[:40]} {kind}")
        self._put(_WORDS[word], self._offset + place)
        self._state = "after" if self.stack else "end"
        return place + len(word)

    # Values

    def _put(self, value: Any, offset: int) -> None:
        if not self.stack:
            self.value = value
        else:
            frame = self.stack[-1]
            if isinstance(frame.value, dict):
                frame.value[frame.key] = value
            else:
                frame.value.append(value)
        if self.wanted and self.place in self.wanted:
            self.starts[self.place] = offset

    def _fail(self, place: int, message: str, is_limit: bool = False) -> int:
        self.fault, self.is_limit = (self._offset + place, message), is_limit
        return place

    def _missing(self) -> str:
        if self._text is not None:
            return f"the text that begins at character {self._text_offset + 1} is not closed"
        if self._rest:
            return f"the value {self._rest[:40]} is not whole"
        if not self.stack:
            return "there is no value"
        closing = "".join("}" if isinstance(frame.value, dict) else "]" for frame in reversed(self.stack[-20:]))
        before = self._before_the_end()
        return (
            f"the end is missing: {before} and {closing} are still to come"
            if before
            else (f"the end is missing: {closing} is still to come")
        )

    def _before_the_end(self) -> str:
        """Say what is missing before the open lists and objects can be closed."""
        frame = self.stack[-1]
        if self._state == "name":
            return "a name, its value"
        if self._state not in ("value", "colon"):
            return ""
        value = f"the value of {frame.key!r:.60}" if isinstance(frame.value, dict) else "a value"
        return f"a colon, {value}" if self._state == "colon" else value


def places_in(text: str, ways: Iterable[Keys]) -> dict[Keys, Place]:
    """Return where in a text of JSON each way leads; of one that is not there, where the nearest above it does."""
    ways = list(ways)
    stream = JsonStream(frozenset(way[:end] for way in ways for end in range(len(way) + 1)))
    stream.feed(text)
    stream.finish()
    found = {}
    for way in ways:
        near = next((way[:end] for end in range(len(way), -1, -1) if way[:end] in stream.starts), ())
        found[way] = place_of(text, stream.starts.get(near, 0))
    return found
