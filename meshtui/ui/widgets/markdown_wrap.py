"""Cell widths and line breaking, the same on every terminal.

Terminals disagree about joined emoji, variation selectors, skin tones and flags. What they disagree about
is not sent to them: `shown` leaves out what has no width of its own and spells flags as letters, so that a
border after a line stands where it was counted to stand. The text itself keeps every character.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate

from rich.cells import get_character_cell_size

# Zero-width joiner and friends, variation selectors, skin tones: drawn as nothing.
_HIDDEN = frozenset(
    [
        *range(0x200B, 0x2010),
        0x2060,
        0xFEFF,
        0x034F,
        0x061C,
        0x180E,
        *range(0xFE00, 0xFE10),
        *range(0x1F3FB, 0x1F400),
    ]
)
_FLAG_FIRST, _FLAG_LAST = 0x1F1E6, 0x1F1FF
_SHOWN: dict[int, str | None] = dict.fromkeys(_HIDDEN)
_SHOWN.update({code: chr(ord("A") + code - _FLAG_FIRST) for code in range(_FLAG_FIRST, _FLAG_LAST + 1)})

# Characters that may not begin a line of Chinese, Japanese or Korean text.
_NOT_FIRST = frozenset("、。，．：；！？）］｝」』】〉》〕’”…ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ")
_MANY = 20_000

# Anything outside these ranges has to be measured; within them each character is one cell wide.
_MEASURED = re.compile(
    "[^\n -~\u00a1-\u00ac\u00ae-\u02ff\u0370-\u0377\u0391-\u0482\u2010-\u2027\u2030-\u205e\u2190-\u21ff\u2500-\u25fc]"
)

Span = tuple[int, int]
"""A line of a text: offsets of its first character and of the one after its last."""


class _Widths(dict[str, int]):
    def __missing__(self, character: str) -> int:
        if len(self) > _MANY:
            self.clear()
        code = ord(character)
        if code in _HIDDEN or code < 0x20:
            width = 0
        elif _FLAG_FIRST <= code <= _FLAG_LAST:
            width = 1
        else:
            width = get_character_cell_size(character)
        self[character] = width
        return width


_WIDTHS = _Widths()
width_of = _WIDTHS.__getitem__
"""Cells that one character takes: 0, 1 or 2."""


def cells(text: str) -> int:
    """Return how many cells `text` (one line, no tabs) takes when it is drawn with `shown`."""
    if text.isascii() or not _MEASURED.search(text):
        return len(text)
    return sum(map(width_of, text))


def shown(text: str) -> str:
    """Return what is sent to the terminal for `text`: as wide as `cells` says, everywhere."""
    return text if text.isascii() else text.translate(_SHOWN)


def is_hidden(character: str) -> bool:
    """Tell whether `character` is kept in the text but not drawn."""
    return ord(character) in _HIDDEN


def crop(text: str, width: int) -> str:
    """Return the longest beginning of `text` that fits in `width` cells."""
    if text.isascii():
        return text[:width]
    return text[: bisect_right(list(accumulate(map(width_of, text[: 4 * width + 16]))), width)]


def ellipsis(text: str, width: int) -> str:
    """Return `text`, cut with an ellipsis where it is wider than `width` cells."""
    if len(text) <= width and cells(text) <= width:
        return text
    return crop(text, width - 1) + "…" if width > 0 else ""


def wrap(text: str, width: int, lines: list[Span], at: int = 0) -> None:
    """Append to `lines` the spans of `text` from offset `at` on, broken to `width` cells.

    A newline breaks always, a blank where it must, a word wider than the line anywhere. All lines but the
    last depend only on what stands before their end, so after more text came the last line is dropped and
    `wrap` goes on from its beginning.
    """
    width = max(width, 1)
    stop = len(text)
    while True:
        end = text.find("\n", at)
        if end < 0:
            end = stop
        narrow = text.isascii() or not _MEASURED.search(text, at, end)
        if narrow and end - at <= width:
            lines.append((at, end))
        elif narrow:
            _wrap_narrow(text, at, end, width, lines)
        else:
            _wrap_wide(text, at, end, width, lines)
        if end >= stop:
            return
        at = end + 1


def _wrap_narrow(text: str, at: int, stop: int, width: int, lines: list[Span]) -> None:
    """Break `text[at:stop]`, each character one cell wide."""
    first = True
    while stop - at > width:
        cut = text.rfind(" ", at, at + width + 1)
        end = cut
        while end > at and text[end - 1] == " ":
            end -= 1
        if cut <= at or end <= at:
            lines.append((at, at + width))
            at += width
        else:
            lines.append((at, end))
            at = cut + 1
            while at < stop and text[at] == " ":
                at += 1
        first = False
    if first or at < stop:
        lines.append((at, stop))


def _wrap_wide(text: str, at: int, stop: int, width: int, lines: list[Span]) -> None:
    """Break `text[at:stop]` by the width of each character."""
    offset = at
    ends = list(accumulate(map(width_of, text[at:stop])))
    base = 0
    first = True
    while at < stop:
        cut = offset + bisect_right(ends, base + width, at - offset)
        if cut >= stop:
            break
        if cut == at:  # wider than the line
            cut = at + 1
            while cut < stop and not width_of(text[cut]):
                cut += 1
            end = cut
        else:
            cut = _break_before(text, at, cut)
            end = cut
            while end > at and text[end - 1] == " ":
                end -= 1
            if end == at:
                end = cut
        lines.append((at, end))
        first = False
        at = cut
        while at < stop and text[at] == " ":
            at += 1
        base = ends[at - offset - 1]
    if first or at < stop:
        lines.append((at, stop))


def _break_before(text: str, at: int, cut: int) -> int:
    """Return the last offset in `text[at:cut]`, or `cut` itself, before which a line may end."""
    for place in range(cut, at, -1):
        after, before = text[place], text[place - 1]
        if after == " " or before == " ":
            return place
        if (width_of(after) == 2 or width_of(before) == 2) and after not in _NOT_FIRST and width_of(after):
            return place
    return cut
