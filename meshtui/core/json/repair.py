"""Where a text stops being JSON, and a repair to offer: never applied by itself.

The repair is a lenient reading of what is nearly JSON, written as JSON; spaces and order are kept. It knows what models
do wrong: code fences and talk around, single and curly quotes, bare names, Python's words, comments, commas too many or
too few, line breaks and quotes inside texts, and an end that never came.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from meshtui.core.json.place import place_of
from meshtui.core.json.stream import DEEPEST, JsonStream
from meshtui.core.json.text import json_or

LONGEST = 2_000_000
"""Characters of a text beyond which no repair is tried."""

_SPACE = re.compile(r"(?:[ \t\r\n]+|//[^\n]*|#[^\n]*|/\*.*?(?:\*/|\Z))*", re.S)
_BLANK = re.compile(r"[ \t\r\n]*")
_BARE = re.compile(r"[^\s,:{}\[\]()\"'“”‘’`]+")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z")
_NEARLY = re.compile(r"[+]?(-?)0*([0-9]*)(?:\.([0-9]*))?\Z")
_BEGUN = re.compile(r"(?:(-?[0-9]+(?:\.[0-9]+)?)[.eE]?|)[-+]?\Z")
_NAME = re.compile(r"""(["'])[^"'\n]{0,80}\1\s*:""")
_UNCLOSED = re.compile(r'[ \t\r\n]{0,80}(?:"[^"\n]{0,80}"[ \t]{0,8}:|[}\]][}\]\s]{0,200}\Z)')
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "`": "`"}
_WORDS = {"true": "true", "false": "false", "null": "null", "none": "null", "undefined": "null"}
_WORDS |= {"nan": "null", "infinity": "null", "-infinity": "null"}
_ESCAPED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_CLOSES = {"{": "}", "[": "]", "(": "]"}


@dataclass(frozen=True, slots=True)
class JsonFault:
    """The first fault of a text that should be JSON: line and column from 1, offset from 0, and one sentence.

    `repaired` is a text that is JSON and most likely what was meant, None where nothing sensible can be offered.
    """

    line: int
    column: int
    offset: int
    message: str
    repaired: str | None = None


def json_fault(text: str) -> JsonFault | None:
    """Return the first fault of a text with a suggested repair, None where it is JSON.

    JSON that is a text which holds JSON again counts as a fault: providers send arguments so.
    """
    stream = JsonStream()
    stream.feed(text)
    stream.finish()
    if stream.fault is not None:
        place = place_of(text, stream.fault[0])
        return JsonFault(place.line, place.column, place.offset, stream.fault[1], _repaired(text))
    inner = _unpacked(stream.value)
    if inner is None:
        return None
    place = place_of(text, len(text) - len(text.lstrip()))
    return JsonFault(place.line, place.column, place.offset, "the value is a text that holds JSON", inner)


def _repaired(text: str) -> str | None:
    if len(text) > LONGEST:
        return None
    if not text.strip():
        return "{}"
    for one in (_unescaped(text), mended_json(text)):
        if one is not None and _is_structure(one):
            return one
    return None


def _unpacked(value: object) -> str | None:
    """Return the JSON inside a text, however often it was packed; None where there is no structure in it."""
    for _ in range(4):
        if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "[", '"'):
            return None
        if _is_structure(value):
            return value
        value = json_or(value)
    return None


def _unescaped(text: str) -> str | None:
    r"""Return what `{\"a\": 1}` says, None where the text is no such thing."""
    if '\\"' not in text[:LONGEST] or not text.lstrip().startswith(('{\\"', "{ \\", '[\\"', "[{\\", "{\\n")):
        return None
    try:
        value = json.loads(f'"{text.strip()}"', strict=False)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, str) else None


def _is_structure(text: str) -> bool:
    stream = JsonStream()
    stream.feed(text)
    stream.finish()
    return stream.fault is None and isinstance(stream.value, dict | list)


# Reading leniently


def mended_json(text: str) -> str | None:
    """Return the first object or list of a text as JSON, None where there is none that says anything."""
    start = _start(text)
    while start is not None:
        reader = _Reader(text, start)
        found = reader.read()
        if reader.values:
            return found
        start = _start(text, reader.place) if reader.place > start else None
    return None


def _start(text: str, place: int = 0) -> int | None:
    """Return where a structure begins: an object, or a list that nothing but space or a fence stands before."""
    brace, bracket = text.find("{", place), text.find("[", place)
    before = text[place : max(bracket, place)].strip()
    if bracket >= 0 and (brace < 0 or bracket < brace) and (not before or before.startswith("```")):
        return bracket
    return brace if brace >= 0 else None


@dataclass(slots=True)
class _Level:
    """A list or object that is open: what closes it, its members so far, what comes next, where its last name is."""

    close: str
    count: int = 0
    wants: str = "value"
    name_at: int = 0


@dataclass(slots=True)
class _Reader:
    text: str
    place: int
    out: list[str] = field(default_factory=list)
    levels: list[_Level] = field(default_factory=list)
    space: str = ""
    values: int = 0

    def read(self) -> str:
        """Read from the first bracket to the end of its structure, or of the text."""
        while self.place < len(self.text):
            self._skip()
            if self.place >= len(self.text):
                break
            self._one(self.text[self.place])
            if not self.levels:
                return "".join(self.out)
        self.space = ""
        while self.levels:
            self._drop_name()
            self._close_level()
        return "".join(self.out)

    def _drop_name(self) -> None:
        """Take a name out whose value never came."""
        level = self.levels[-1]
        if level.close == "}" and level.wants == "value":
            del self.out[level.name_at :]
            level.wants = "name"

    def _skip(self) -> None:
        match = _SPACE.match(self.text, self.place)
        if match and match.end() > self.place:
            blank = re.sub(r"[^ \t\r\n]+", "", match.group()) if match.group().strip() else match.group()
            self.space = self.space + blank if len(self.space) < 200 else self.space
            self.place = match.end()

    def _one(self, char: str) -> None:
        if char in _CLOSES:
            self._open_level(char)
        elif char in "}])":
            self._close(char)
        elif char == ",":
            self._comma()
        elif char in ":=":
            self.place += 1 + self.text.startswith("=>", self.place)
        elif self.text.startswith("```", self.place):
            self.place += 3
        elif char in _QUOTES:
            self._scalar(self._quoted(char))
        else:
            self._bare()

    # Structure

    def _open_level(self, char: str) -> None:
        self.place += 1
        if self.levels and not self._before_value():
            return
        if len(self.levels) >= DEEPEST:
            self.place = len(self.text)
            return
        self._write("{" if char == "{" else "[")
        self.levels.append(_Level(_CLOSES[char], wants="name" if char == "{" else "value"))

    def _close(self, char: str) -> None:
        self.place += 1
        wanted = "]" if char == ")" else char
        if all(level.close != wanted for level in self.levels):
            return
        while self.levels[-1].close != wanted:
            self._close_level()
        self._close_level()

    def _close_level(self) -> None:
        level = self.levels.pop()
        if level.close == "}" and level.wants == "value":
            self.out.append(" null")
        self._write(level.close)

    def _comma(self) -> None:
        self.place += 1
        level = self.levels[-1]
        if level.close == "}" and level.wants == "value":
            self.out.append(" null")
            level.wants = "name"

    def _before_value(self) -> bool:
        """Get ready for a value: write its comma. An object that waits for a name takes no value."""
        level = self.levels[-1]
        if level.close == "}" and level.wants == "name":
            return False
        if level.close == "}":
            level.wants = "name"
        elif level.count:
            self.out.append(",")
        level.count += level.close == "]"
        return True

    def _write(self, text: str) -> None:
        self.out.append(self.space + text)
        self.space = ""

    # Scalars

    def _scalar(self, written: str) -> None:
        level = self.levels[-1]
        if level.close == "}" and level.wants == "name":
            level.name_at = len(self.out)
            if level.count:
                self.out.append(",")
            level.count += 1
            level.wants = "value"
            self._write(f"{written}:")
        elif self._before_value():
            self.values += 1
            self._write(written)

    def _bare(self) -> None:
        match = _BARE.match(self.text, self.place)
        if match is None:
            self.place += 1
            return
        level = self.levels[-1]
        self.place = match.end()
        if level.close == "}" and level.wants == "name":
            self._scalar(json.dumps(match.group(), ensure_ascii=False))
        elif match.group() != "...":
            self._scalar(self._word(match.group(), match.end()))

    def _word(self, word: str, place: int) -> str:
        """Write a bare word as the value it means, a text where it means none; such a text may have several words."""
        word = word.rstrip(";")
        if word.lower() in _WORDS:
            return _WORDS[word.lower()]
        if _NUMBER.match(word) and len(word) < 400:
            return word
        nearly = _NEARLY.match(word.replace("_", ""))
        if nearly and (nearly.group(2) or nearly.group(3) or "0" in word) and len(word) < 400:
            sign, whole, part = nearly.groups()
            return f"{sign}{whole or '0'}" + (f".{part}" if part else "")
        if place >= len(self.text):
            begun = [known for known in ("true", "false", "null") if known.startswith(word)]
            number = _BEGUN.match(word)
            if begun or number:
                return begun[0] if begun else number.group(1) or "null"  # type: ignore[union-attr]
        rest = re.compile(r"[^,{}\[\]\"\n]*").match(self.text, self.place)
        more = rest.group() if rest and ":" not in rest.group() else ""
        self.place += len(more.rstrip())
        return json.dumps(word + more.rstrip(), ensure_ascii=False)

    def _quoted(self, quote: str) -> str:
        """Read a text in whatever quotes and write it as JSON writes it."""
        close = _QUOTES[quote]
        place = self.place + 1
        pieces: list[str] = []
        plain = re.compile(f'[^\\\\{close}"\\x00-\\x1f]+')
        while place < len(self.text):
            match = plain.match(self.text, place)
            if match:
                pieces.append(match.group())
                place = match.end()
                continue
            char = self.text[place]
            if char == "\\":
                piece, step = _escape(self.text[place + 1 : place + 6])
                pieces.append(piece)
                place += step
                continue
            place += 1
            if char == close and self._ends(place, quote):
                break
            if char == "\n" and _UNCLOSED.match(self.text, place):  # the quote at the end of the line is missing
                said = "".join(pieces).rstrip()
                self.place = self.text.rfind(",", 0, place) if said.endswith(",") else place - 1
                return f'"{said.removesuffix(",")}"'
            pieces.append('\\"' if char == '"' else _ESCAPED.get(char, char if char >= " " else f"\\u{ord(char):04x}"))
        self.place = place
        return f'"{"".join(pieces)}"'

    def _ends(self, place: int, quote: str) -> bool:
        """Return whether a quote here ends the text: by what stands behind it."""
        gap = place
        place = _BLANK.match(self.text, place).end()  # type: ignore[union-attr]
        char = self.text[place : place + 1]
        level = self.levels[-1]
        if level.close == "}" and level.wants == "name":
            return char in ("", *":={[\"'-0123456789")
        if char == "," and level.close == "}":
            after = self._char_after(place + 1)
            return after in ("", "}", quote, *_QUOTES) or after.isidentifier()
        if char in ("", ",", "}", "]", ")", "/", "#", "`"):
            return True
        is_new_line = "\n" in self.text[gap:place] and char in "\"'{["
        return is_new_line or (level.close == "}" and _NAME.match(self.text, place) is not None)

    def _char_after(self, place: int) -> str:
        end = _BLANK.match(self.text, place).end()  # type: ignore[union-attr]
        return self.text[end : end + 1]


def _escape(after: str) -> tuple[str, int]:
    """Write an escape by what stands behind its backslash, and say how many characters it takes."""
    kind = after[:1]
    if kind == "u" and re.match("u[0-9a-fA-F]{4}", after):
        return f"\\{after[:5]}", 6
    if kind and kind in '"\\/bfnrt':
        return f"\\{kind}", 2
    if kind == "'":
        return "'", 2
    return ("\\\\", 1) if kind else ("", 1)
