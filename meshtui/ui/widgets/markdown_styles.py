"""The looks of lines: which styles there are, their rules, and a palette that turns rows into strips.

A style is a number: what the line is (a name of `NAMES`) in the upper bits, what the run is (flags of
`markdown_inline`) in the lower eight. A widget that shows lines lists `COMPONENTS` in its COMPONENT_CLASSES
and puts `RULES` into its DEFAULT_CSS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.color import Color
from textual.filter import LineFilter
from textual.strip import Strip
from textual.style import Style

from meshtui.ui.widgets.markdown_wrap import cells, is_hidden, shown

_CODE = (
    "keyword",
    "type",
    "string",
    "number",
    "comment",
    "function",
    "class",
    "tag",
    "attribute",
    "builtin",
    "constant",
    "operator",
    "deleted",
    "inserted",
    "invalid",
)
NAMES = (
    "text",
    *(f"h{level}" for level in range(1, 7)),
    "bar",
    "bullet",
    "rule",
    "code",
    "code-edge",
    "code-label",
    *(f"code-{name}" for name in _CODE),
    "table-head",
    "table-line",
    "user",
    "role",
    "field",
    "muted",
    "good",
    "warn",
    "bad",
    "key",
    "label",
    "edge",
    "title",
    "cursor",
    "newer",
)
"""What a line or a part of one can be; the component class of each is `line--NAME`."""

FLAGS = ("strong", "em", "strike", "inline-code", "link", "image", "faint", "mark")
"""What a run can be besides, in the order of the flag bits."""

OVERLAYS = ("selected", "match", "match-now")
"""What is laid over a part of a line: mouse selection, hits of a search, the hit one stands on."""

COMPONENTS = {f"line--{name}" for name in (*NAMES, *FLAGS, *OVERLAYS)}

S = {name: number << 8 for number, name in enumerate(NAMES)}
"""Style numbers by name."""

RULES = """
    & > .line--h1 { color: $markdown-h1-color; text-style: bold underline; }
    & > .line--h2 { color: $markdown-h2-color; text-style: bold underline; }
    & > .line--h3 { color: $markdown-h3-color; text-style: bold; }
    & > .line--h4 { color: $markdown-h4-color; text-style: bold; }
    & > .line--h5 { color: $markdown-h5-color; text-style: bold italic; }
    & > .line--h6 { color: $markdown-h6-color; text-style: italic; }
    & > .line--bar { color: $text-primary; }
    & > .line--bullet { color: $text-primary; }
    & > .line--rule { color: $text-muted; }
    & > .line--code { background: $foreground 7%; }
    & > .line--code-edge { background: $foreground 7%; color: $text-muted; }
    & > .line--code-label { background: $foreground 7%; color: $text-muted; text-style: italic; }
    & > .line--code-keyword { background: $foreground 7%; color: $text-accent; text-style: bold; }
    & > .line--code-type { background: $foreground 7%; color: $text-accent; }
    & > .line--code-string { background: $foreground 7%; color: $text-success; }
    & > .line--code-number { background: $foreground 7%; color: $text-warning; }
    & > .line--code-comment { background: $foreground 7%; color: $text-muted; text-style: italic; }
    & > .line--code-function { background: $foreground 7%; color: $text-primary; }
    & > .line--code-class { background: $foreground 7%; color: $text-primary; text-style: bold; }
    & > .line--code-tag { background: $foreground 7%; color: $text-primary; }
    & > .line--code-attribute { background: $foreground 7%; color: $text-warning; }
    & > .line--code-builtin { background: $foreground 7%; color: $text-accent; }
    & > .line--code-constant { background: $foreground 7%; color: $text-warning; }
    & > .line--code-operator { background: $foreground 7%; }
    & > .line--code-deleted { background: $foreground 7%; color: $text-error; }
    & > .line--code-inserted { background: $foreground 7%; color: $text-success; }
    & > .line--code-invalid { background: $foreground 7%; color: $text-error; text-style: underline; }
    & > .line--table-head { text-style: bold; color: $text-primary; }
    & > .line--table-line { color: $text-muted; }
    & > .line--user { text-style: none; }
    & > .line--role { text-style: bold; color: $text-primary; }
    & > .line--field { color: $text-muted; }
    & > .line--muted { color: $text-muted; }
    & > .line--good { color: $text-success; }
    & > .line--warn { color: $text-warning; }
    & > .line--bad { color: $text-error; text-style: bold; }
    & > .line--key { color: $text-accent; text-style: bold underline; }
    & > .line--label { color: $text-muted; }
    & > .line--edge { color: $text-warning; }
    & > .line--title { color: $text-warning; text-style: bold; }
    & > .line--cursor { color: $text-accent; text-style: bold; }
    & > .line--newer { background: $primary-muted; color: $text-primary; text-style: bold; }
    & > .line--strong { text-style: bold; }
    & > .line--em { text-style: italic; }
    & > .line--strike { text-style: strike; }
    & > .line--inline-code { color: $text-warning; background: $foreground 7%; }
    & > .line--link { color: $text-accent; text-style: underline; }
    & > .line--image { color: $text-accent; text-style: italic underline; }
    & > .line--faint { color: $text-muted; }
    & > .line--mark { text-style: bold; color: $text-primary; }
    & > .line--selected { background: $screen-selection-background; }
    & > .line--match { background: $warning-muted; color: $text-warning; text-style: underline; }
    & > .line--match-now { background: $accent; color: $background; text-style: bold underline; }
    &:nocolor > .line--selected { text-style: reverse; }
    &:nocolor > .line--match-now { text-style: bold reverse; }
    &:nocolor > .line--newer { text-style: bold reverse; }
"""

Part = tuple[str, int, int]
"""A piece of a row: text, style, and its offset in the text of its block, or -1 for decoration."""


class Row(NamedTuple):
    """One line as it will be drawn, before colours."""

    parts: Sequence[Part]
    fill: int = 0
    """Style of the blanks up to the right edge."""


class Overlay(NamedTuple):
    """A look laid over `start` to `end` (None: to its end) of a block's text."""

    start: int
    end: int | None
    name: str


class Palette:
    """Turns rows into strips with the colours of one widget under one theme.

    `style_of` gives the style of a component class: whole, or (second argument true) only what it adds.
    """

    def __init__(
        self,
        style_of: Callable[[str, bool], Style],
        filters: Sequence[LineFilter] = (),
        background: Color | None = None,
    ) -> None:
        self._style_of = style_of
        self._filters = tuple(filters)
        self._background = background or Color(0, 0, 0)
        self._styles: dict[int, Style] = {}
        self._rich: dict[int, RichStyle] = {}
        self._over: dict[tuple[int, str], RichStyle] = {}

    def rich(self, number: int) -> RichStyle:
        """Return the style of `number` as the terminal gets it."""
        try:
            return self._rich[number]
        except KeyError:
            style = self._rich[number] = self._style(number).rich_style
            return style

    def _style(self, number: int) -> Style:
        if number not in self._styles:
            name = NAMES[number >> 8]
            style = self._style_of(f"line--{name}", False)
            for bit, flag in enumerate(FLAGS):
                if number >> bit & 1:
                    style += self._style_of(f"line--{flag}", True)
            self._styles[number] = style
        return self._styles[number]

    def _laid_over(self, number: int, name: str) -> RichStyle:
        key = number, name
        if key not in self._over:
            self._over[key] = (self._style(number) + self._style_of(f"line--{name}", True)).rich_style
        return self._over[key]

    def strip(self, row: Row, width: int, overlays: Sequence[Overlay] = ()) -> Strip:
        """Return `row` as a strip of exactly `width` cells."""
        rich = self.rich
        segments: list[Segment] = []
        used = 0
        for text, number, offset in row.parts:
            if overlays and offset >= 0:
                used += self._overlaid(text, number, offset, overlays, segments)
                continue
            segments.append(Segment(shown(text), rich(number)))
            used += cells(text)
        if used < width:
            segments.append(Segment(" " * (width - used), rich(row.fill)))
        strip = Strip(segments, max(used, width))
        if used > width:
            strip = strip.crop(0, width)
        for line_filter in self._filters:
            strip = strip.apply_filter(line_filter, self._background)
        return strip

    def _overlaid(
        self, text: str, number: int, offset: int, overlays: Sequence[Overlay], segments: list[Segment]
    ) -> int:
        cuts = {0, len(text)}
        for start, end, _ in overlays:
            for cut in (start - offset, len(text) if end is None else end - offset):
                if 0 < cut < len(text):
                    cuts.add(cut)
        places = sorted(cuts)
        used = 0
        for at, to in zip(places, places[1:], strict=False):
            style = self.rich(number)
            for start, end, name in overlays:
                if start <= offset + at and (end is None or offset + to <= end):
                    style = self._laid_over(number, name)
            segments.append(Segment(shown(text[at:to]), style))
            used += cells(text[at:to])
        return used

    def strip_with_offsets(self, row: Row, width: int, y: int) -> Strip:
        """Return `row` as a strip whose segments tell which place (offset in the text, `y`) they show.

        For Textual's mouse selection. Only the widths and the places are right, not the colours.
        """
        segments: list[Segment] = []
        used = 0
        for text, _, offset in row.parts:
            used += cells(text)
            if offset < 0:
                segments.append(Segment(shown(text)))
                continue
            for start, piece in _visible_pieces(text):
                meta = RichStyle(meta={"offset": (offset + start, y)})
                segments.append(Segment(shown(piece), meta))
        if used < width:
            segments.append(Segment(" " * (width - used)))
        return Strip(segments, max(used, width))


def _visible_pieces(text: str) -> list[tuple[int, str]]:
    """Cut `text` where characters are left out, so that places stay right behind them."""
    if text.isascii():
        return [(0, text)]
    pieces: list[tuple[int, str]] = []
    start = -1
    for at, character in enumerate(text):
        if is_hidden(character):
            if start >= 0:
                pieces.append((start, text[start:at]))
            start = -1
        elif start < 0:
            start = at
    if start >= 0:
        pieces.append((start, text[start:]))
    return pieces
