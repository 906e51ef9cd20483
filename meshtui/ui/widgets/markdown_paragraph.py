"""Running text: paragraphs and headings of Markdown, and text shown as it was typed."""

from __future__ import annotations

import re
from bisect import bisect_right
from operator import itemgetter

from meshtui.core.text import clean
from meshtui.ui.widgets.markdown_inline import (
    MARK,
    Inline,
    Link,
    References,
    Run,
    read_definitions,
    read_inline,
)
from meshtui.ui.widgets.markdown_leaves import Leaf, cut_runs
from meshtui.ui.widgets.markdown_styles import Row, S
from meshtui.ui.widgets.markdown_wrap import Span, wrap

_TRY = 1024
_AGAIN = 512
_LIMIT = 4096
_HARD = 8192
_CUT = re.compile(r"(?<=[^ \n\\])[ \n](?=[^ \n])(?!\[\^)")
_FOOTNOTE = re.compile(r"\n(?=\[\^[^\]\n]{1,80}\]:)")
_CHECK_BOX = re.compile(r"\[[ xX]\](?=[ \t]+\S)")


class Paragraph(Leaf):
    """Running text: a paragraph, or a heading where `level` is 1 to 6.

    Its source is read in pieces, cut where no emphasis, link or code span is open, so that a paragraph as
    long as the answer costs no more per word than a short one. Where something stays open for 4096
    characters the cut is made all the same. Cuts depend on the source only, never on how it arrived.
    """

    __slots__ = (
        "_again",
        "_at",
        "_done",
        "_done_links",
        "_done_runs",
        "_fresh",
        "_lines",
        "_pieces",
        "_read_to",
        "_references",
        "_settled",
        "_tail",
        "_taken",
        "_text",
        "_width",
        "asked",
        "defined",
        "in_item",
        "level",
        "links_found",
        "open_line",
        "runs",
    )

    def __init__(self, references: References, level: int = 0) -> None:
        super().__init__()
        self._references = references
        self.level = level
        self.in_item = False
        """Whether it is the first of a list item, where a check box may stand."""
        self.open_line: str | None = None
        """A last line that may still change."""
        self.asked: set[str] = set()
        """Labels of link definitions that the text asks for."""
        self._taken: dict[str, object] = {}
        self.defined: dict[str, object] = {}
        """Link definitions that stood at the beginning."""
        self._pieces: list[tuple[str, str]] = []
        self._tail = ""
        self._again = _TRY
        self._done = ""
        self._at = 0
        self._read_to = 0
        self._done_runs = 0
        self._done_links = 0
        self._text = ""
        self.runs: list[Run] = []
        self.links_found: list[Link] = []
        self._fresh = False
        self._lines: list[Span] = []
        self._width = 0
        self._settled = 0

    def add_line(self, line: str) -> None:
        """Add a line of source that is complete."""
        self._tail = f"{self._tail}\n{line}" if self._tail or self._pieces else line
        self._fresh = False
        if len(self._tail) > _TRY:
            self._seal()

    def extend(self, more: str) -> None:
        """Add to the end of the last line."""
        self._tail += more
        self._fresh = False
        if len(self._tail) > _TRY:
            self._seal()

    @property
    def tail(self) -> str:
        """Source that is not read for good: all of it in a short paragraph."""
        return self._tail

    @tail.setter
    def tail(self, source: str) -> None:
        self._tail = source
        self._fresh = False

    @property
    def has_pieces(self) -> bool:
        """Tell whether a part of the source is read for good."""
        return bool(self._pieces)

    @property
    def source(self) -> str:
        """The whole source."""
        return "".join([*(piece + between for piece, between in self._pieces), self._tail])

    def _seal(self) -> None:
        """Read pieces of the source for good, at the cuts that it allows."""
        self.take_definitions()
        while len(self._tail) > self._again:
            found = _CUT.search(self._tail, self._again, _HARD + 4)
            cut = found.start() if found else -1
            if cut < 0 and len(self._tail) > _HARD + 4:
                self._keep(self._tail[:_HARD], self._tail[_HARD:], "")
                continue
            if cut < 0:
                return
            inline = self._read(self._tail[:cut])
            if inline.settled or cut > _LIMIT:
                self._keep(self._tail[:cut], self._tail[cut + 1 :], self._tail[cut], inline)
            else:
                self._again = cut + _AGAIN

    def _keep(self, piece: str, rest: str, between: str, inline: Inline | None = None) -> None:
        inline = inline or self._read(piece)
        self._forget_tail()
        if not self._pieces:
            inline = self._with_box(inline, piece)
        self._join(inline)
        self._done += inline.text + (" " if between else "")
        self._at = len(self._done)
        self._done_runs, self._done_links = len(self.runs), len(self.links_found)
        self._pieces.append((piece, between))
        self._tail, self._again, self._fresh = rest, _TRY, False

    def _forget_tail(self) -> None:
        del self.runs[self._done_runs :]
        del self.links_found[self._done_links :]

    def _join(self, inline: Inline) -> None:
        at = self._at
        if at:
            self.runs.extend([(start + at, end + at, flags) for start, end, flags in inline.runs])
            self.links_found.extend([Link(x.start + at, x.end + at, x.target) for x in inline.links])
        else:
            self.runs.extend(inline.runs)
            self.links_found.extend(inline.links)

    def _read(self, source: str) -> Inline:
        self._references.asked.clear()
        if "\n[^" in source:  # each footnote on a line of its own
            source = _FOOTNOTE.sub("\\\\\n", source)
        inline = read_inline(source, self._references)
        self.asked |= self._references.asked
        return inline

    def _with_box(self, inline: Inline, source: str) -> Inline:
        """Mark the check box of a task."""
        if self.in_item and _CHECK_BOX.match(source):
            inline.runs = [(0, 3, MARK), *(run for run in inline.runs if run[0] >= 3)]
        return inline

    def take_definitions(self) -> None:
        """Take link definitions off the beginning of the source for good."""
        if not self._pieces and self._tail.startswith("[") and not self.level:
            found, rest = read_definitions(self._tail)
            self._taken = self.defined = {**found, **self._taken}
            self._tail = rest

    def refresh(self) -> None:
        """Read what has changed since the last time."""
        if self._fresh:
            return
        self._fresh = True
        source = self._tail
        if self.open_line is not None:
            source = f"{source}\n{self.open_line}" if source or self._pieces else self.open_line
        if not self._pieces and not self.level and source.startswith("["):
            found, source = read_definitions(source)
            self.defined = {**found, **self._taken}
        source = source.rstrip(" \t\n")
        inline = self._read(source)
        if not self._pieces:
            inline = self._with_box(inline, source)
        self._forget_tail()
        self._join(inline)
        before, self._text = self._text, self._done + inline.text if self._done else inline.text
        read_from = min(self._read_to, self._at)
        self._rewrap(len(before) if self._text.startswith(before) else read_from, read_from)
        self._read_to = self._at

    def read_again(self) -> None:
        """Read everything again, because link definitions have changed."""
        pieces, tail = self._pieces, self._tail
        self._pieces, self._done, self._at = [], "", 0
        self._done_runs = self._done_links = 0
        self.asked.clear()
        for piece, between in pieces:
            self._keep(piece, "", between)
        self._tail, self._fresh = tail, False
        self._width = self._settled = 0

    @property
    def look(self) -> int:
        """The level: it decides about the style."""
        return self.level

    def change_open_line(self, line: str | None) -> None:
        """Set or take away the last line that may still change."""
        self.open_line = line
        self._fresh = False

    def _rewrap(self, changed: int, restyled: int) -> None:
        """Forget the rows that may differ: the text changed from one offset on, the styles from another."""
        lines = self._lines
        while lines and lines[-1][1] > changed:
            lines.pop()
        self._width = -self._width if self._width > 0 else self._width
        same = min(bisect_right(lines, restyled, key=itemgetter(1)), len(lines))
        self._settled = min(self._settled, max(same - 1, 0))

    def settled_rows(self) -> int:
        """Return how many rows are the same since this was last asked."""
        settled, self._settled = self._settled, len(self._lines)
        return settled

    @property
    def text(self) -> str:
        """The text without marks."""
        self.refresh()
        return self._text

    @property
    def links(self) -> list[Link]:
        """Links in the text."""
        self.refresh()
        return self.links_found

    def measure(self, width: int) -> int:
        """Return the number of rows: none without text, as where all was link definitions."""
        self.refresh()
        if not self._text:
            self._lines.clear()
            self._width = self._settled = 0
            return 0
        room = self.room(width)
        if self._width != room:
            if self._width != -room:
                self._lines.clear()
            start = 0
            if self._lines:
                start = self._lines.pop()[0]
            wrap(self._text, room, self._lines, start)
            self._width = room
        return len(self._lines)

    def row(self, index: int, width: int) -> Row:
        """Return row `index`."""
        start, end = self._lines[index]
        parts = self.before(index, width)
        parts += cut_runs(self._text, self.runs, start, end, self.level << 8)
        return Row(parts)

    def row_at(self, offset: int, width: int) -> int:
        """Return the row of the character at `offset`."""
        self.measure(width)
        return max(bisect_right(self._lines, offset, key=itemgetter(0)) - 1, 0)


class Plain(Paragraph):
    """Text shown as it was typed, broken to the width and otherwise untouched."""

    __slots__ = ("base",)

    def __init__(self, text: str = "", base: int = S["user"]) -> None:
        super().__init__(References())
        self.base = base
        self._text = clean(text.replace("\r\n", "\n")).expandtabs(4)
        self._fresh = True

    def row(self, index: int, width: int) -> Row:
        """Return row `index`."""
        start, end = self._lines[index]
        return Row([*self.before(index, width), *cut_runs(self._text, [], start, end, self.base)])
