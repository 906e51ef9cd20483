"""Text that matches a regular expression: the common core of ECMA 262 and Python, as JSON Schema's `pattern` uses it.

Look-around and back references are skipped, so what needs them may not match; the caller checks.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable

Maker = Callable[[random.Random], str]

_DIGITS = string.digits
_WORD = string.ascii_letters + string.digits + "_"
_PLAIN = string.ascii_lowercase + string.digits
_SETS = {"d": _DIGITS, "w": _WORD, "s": " ", "D": string.ascii_lowercase, "W": "-.", "S": _PLAIN}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}
_EXTRA = 3
"""How many more than the least number an open repetition may give."""

MOST_REPEATS = 100_000
"""Repetitions in all, one within the other included: a short pattern can ask for more than any memory holds."""


class BadPattern(ValueError):
    """The pattern cannot be read here, or asks for too long a text."""


def text_matching(pattern: str, chance: random.Random, at_least: int = 0) -> str:
    """Return a text for the pattern; each open repetition gives `at_least` or more. Raises BadPattern."""
    reader = _Reader(pattern, at_least)
    make = reader.alternatives()
    if reader.place != len(pattern):
        raise BadPattern(f"cannot read {pattern!r} from {reader.place}")
    return make(chance)


class _Reader:
    """Recursive descent over the pattern; every rule gives a maker of matching text."""

    def __init__(self, pattern: str, at_least: int) -> None:
        self.pattern = pattern
        self.place = 0
        self._at_least = at_least
        self._left = MOST_REPEATS

    def _peek(self) -> str:
        return self.pattern[self.place] if self.place < len(self.pattern) else ""

    def _take(self) -> str:
        found = self._peek()
        if not found:
            raise BadPattern(f"{self.pattern!r} ends too early")
        self.place += 1
        return found

    def _skip(self, text: str) -> bool:
        if self.pattern.startswith(text, self.place):
            self.place += len(text)
            return True
        return False

    def alternatives(self) -> Maker:
        options = [self._sequence()]
        while self._skip("|"):
            options.append(self._sequence())
        return lambda chance: chance.choice(options)(chance)

    def _sequence(self) -> Maker:
        parts: list[Maker] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated(self._atom()))
        return lambda chance: "".join(part(chance) for part in parts)

    def _repeated(self, atom: Maker) -> Maker:
        least, most = self._bounds()
        self._skip("?") or self._skip("+")

        def repeated(chance: random.Random) -> str:
            count = chance.randint(least, most)
            self._left -= count
            if self._left < 0:
                raise BadPattern(f"{self.pattern!r} asks for too long a text")
            return "".join(atom(chance) for _ in range(count))

        return repeated

    def _bounds(self) -> tuple[int, int]:
        if self._skip("*"):
            return self._open(0)
        if self._skip("+"):
            return self._open(1)
        if self._skip("?"):
            return 0, 1
        end = self.pattern.find("}", self.place)
        if self._peek() == "{" and end > 0:
            low, comma, high = self.pattern[self.place + 1 : end].partition(",")
            if low.isdigit() and (not high or high.isdigit()):
                self.place = end + 1
                if high or not comma:
                    return int(low), int(high or low)
                return self._open(int(low))
        return 1, 1

    def _open(self, least: int) -> tuple[int, int]:
        least = max(least, self._at_least)
        return least, least + _EXTRA

    def _atom(self) -> Maker:
        char = self._take()
        if char in "^$":
            return _constant("")
        if char == ".":
            return _one_of(_PLAIN)
        if char == "(":
            return self._group()
        if char == "[":
            return _one_of(self._class())
        if char == "\\":
            return self._escape()
        return _constant(char)

    def _group(self) -> Maker:
        looks = any(self._skip(mark) for mark in ("?=", "?!", "?<=", "?<!"))
        if not looks and not self._skip("?:") and (self._skip("?<") or self._skip("?P<")):
            while self._take() != ">":
                continue
        inner = self.alternatives()
        if not self._skip(")"):
            raise BadPattern(f"{self.pattern!r} has an open group")
        return _constant("") if looks else inner

    def _escape(self) -> Maker:
        char = self._take()
        if char in "bB":
            return _constant("")
        if char in "pP":
            self._property()
            return _one_of(string.ascii_letters if char == "p" else _DIGITS)
        return _one_of(_SETS[char]) if char in _SETS else _constant(self._escaped(char))

    def _property(self) -> None:
        if self._skip("{"):
            while self._take() != "}":
                continue

    def _escaped(self, char: str) -> str:
        for mark, length in (("x", 2), ("u", 4)):
            digits = self.pattern[self.place : self.place + length]
            if char == mark and len(digits) == length and all(digit in string.hexdigits for digit in digits):
                self.place += length
                return chr(int(digits, 16))
        return _CONTROLS.get(char, char)

    def _class(self) -> str:
        negated = self._skip("^")
        chars = ""
        first = True
        while first or self._peek() != "]":
            first = False
            chars += self._range()
        self.place += 1
        if negated:
            chars = "".join(char for char in _PLAIN + " -_." + string.ascii_uppercase if char not in chars)
        if not chars:
            raise BadPattern(f"{self.pattern!r} has an empty class")
        return chars

    def _range(self) -> str:
        start = self._class_char()
        after = self.pattern[self.place + 1 : self.place + 2]
        if len(start) == 1 and self._peek() == "-" and after not in ("]", ""):
            self.place += 1
            end = self._class_char()
            if len(end) == 1:
                # A large range is as good as its beginning.
                return "".join(map(chr, range(ord(start), min(ord(end), ord(start) + 200) + 1)))
            return start + "-" + end
        return start

    def _class_char(self) -> str:
        char = self._take()
        if char != "\\":
            return char
        char = self._take()
        if char in "pP":
            self._property()
            return string.ascii_letters
        return _SETS[char] if char in _SETS else self._escaped(char)


def _constant(text: str) -> Maker:
    return lambda _: text


def _one_of(chars: str) -> Maker:
    return lambda chance: chance.choice(chars)
