"""The one door for foreign text: whatever a model, a gateway or a file says is data, never a command.

Text is kept as it came and passes `clean` where it is shown, once. `clean` maps one character to one
character, so it may be applied to any piece of a stream without looking at its neighbours.
"""

from __future__ import annotations

import re
from typing import Any

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_UNSAFE = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and newline, DEL, C1
    "\u00ad"  # soft hyphen: terminals disagree about its width
    "\u202a-\u202e\u2066-\u2069"  # bidirectional embeddings, overrides and isolates
    "\u2028\u2029"  # line and paragraph separators: not line ends here
    "\u2061-\u2064\u206a-\u206f"  # invisible operators, deprecated format characters
    "\ufff9-\ufffb\U0001d173-\U0001d17a"  # annotation anchors, musical format characters
    "\U000e0000-\U000e0fff"  # tags and supplementary variation selectors: text smuggled unseen
    "\ud800-\udfff"  # halves of surrogate pairs: cannot be encoded
    "]"
)


def _stand_in(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\N{SYMBOL FOR DELETE}"
    if code == 0xAD:
        return "-"
    if code in (0x2028, 0x2029):
        return "\N{SYMBOL FOR NEWLINE}"
    return REPLACEMENT


def clean(text: str) -> str:
    """Return `text` with every character that could act on a terminal, or hide, made visible.

    One character becomes one character, tab and newline stay, everything readable stays as it came.
    """
    return _UNSAFE.sub(_stand_in, text) if _UNSAFE.search(text) else text


def one_line(text: str, limit: int = 200) -> str:
    """Return `text` clean, its white space folded to single blanks, cut to `limit` characters with an ellipsis."""
    folded = " ".join(clean(text[: 4 * limit + 64]).split())
    if len(folded) > limit or len(text) > 4 * limit + 64:
        return folded[: max(limit - 1, 0)] + "…"
    return folded


def row_and_column(text: str, offset: int) -> tuple[int, int]:
    """Return the line and the column of an offset, both from 0."""
    return text.count("\n", 0, offset), offset - text.rfind("\n", 0, offset) - 1


_HALF = "[\ud800-\udfff]"
"""This and what follows is compiled when it is first used: the first paint needs none of it."""


def whole_characters(text: str) -> str:
    """Return `text` with surrogate pairs joined and lone halves replaced, so that it can be encoded."""
    if not re.search(_HALF, text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Growing:
    """A text that grows at its end; appending is cheap however long it is."""

    __slots__ = ("_length", "_pieces")

    def __init__(self, text: str = "") -> None:
        self._pieces = [text] if text else []
        self._length = len(text)

    def append(self, piece: str) -> None:
        """Add `piece` at the end."""
        self._pieces.append(piece)
        self._length += len(piece)

    def since(self, offset: int) -> str:
        """Return the characters from `offset` on; costs only what came since, when asked often."""
        if offset >= self._length:
            return ""
        start, index = self._length, len(self._pieces)
        while index and start > offset:
            index -= 1
            start -= len(self._pieces[index])
        return "".join(self._pieces[index:])[offset - start :]

    def __str__(self) -> str:
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def __len__(self) -> int:
        return self._length

    def __bool__(self) -> bool:
        return self._length > 0

    def __repr__(self) -> str:
        return f"Growing({str(self)!r})"


_API_KEY = r"\b((?:rsk|mak|sk|pk|gsk|hf|xai)[-_])[A-Za-z0-9_\-*.]{4,}([A-Za-z0-9]{2})"
_LONE_KEY = r"(?:[A-Za-z_]+=)?[\"']?(?:rsk|mak|sk|pk|gsk|hf|xai)[-_]([A-Za-z0-9_\-]{10,})[\"']?"
_BEARER = r"(?i)\b(bearer\s+)[A-Za-z0-9._~+/\-]{8,}=*"


def mask_key(key: str) -> str:
    """Return a key as it may be shown: its kind and its last four characters."""
    if len(key) < 12:
        return "…" if key else ""
    head = key[: key.find("_") + 1] if "_" in key[:6] else ""
    return f"{clean(head)}…{clean(key[-4:])}"


def mask_secrets(text: str) -> str:
    """Return `text` with whatever looks like an API key or a bearer token shortened to its kind."""
    return re.sub(_BEARER, r"\1…", re.sub(_API_KEY, r"\1…\2", text))


def looks_like_key(text: str) -> bool:
    """Whether a text is nothing but an API key, or one given to a name: somebody wanted to enter it, not to say it."""
    found = re.fullmatch(_LONE_KEY, text.strip())
    return found is not None and any(letter.isdigit() for letter in found[1])


def json_text(value: Any, indent: int | None = None) -> str:
    """Return `value` as JSON that is readable in every language and yet holds no control character.

    Control characters, bidirectional overrides and the like are written as `\\uXXXX`: it is the same
    JSON to a reader, and harmless to a terminal. A number that JSON has not, as a gateway may send, is null.
    """
    import json  # late, as the first paint needs none of it

    try:
        dumped = json.dumps(value, ensure_ascii=False, indent=indent, default=str, allow_nan=False)
    except ValueError:
        finite = json.loads(json.dumps(value, default=str), parse_constant=lambda name: None)
        dumped = json.dumps(finite, ensure_ascii=False, indent=indent)
    if not _UNSAFE.search(dumped):
        return dumped
    return _UNSAFE.sub(lambda m: json.dumps(m[0])[1:-1] if ord(m[0]) != 0x7F else "\\u007f", dumped)
