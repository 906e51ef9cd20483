"""One tool call, or its result, as rows: laid out as it arrives, marked where it is wrong."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace

from meshtui.core.text import clean, one_line
from meshtui.ui.widgets.call_layout import JsonLayout
from meshtui.ui.widgets.markdown_code import Code, LineHighlighter
from meshtui.ui.widgets.markdown_leaves import Leaf
from meshtui.ui.widgets.markdown_lines import Rows
from meshtui.ui.widgets.markdown_styles import Part, Row, S
from meshtui.ui.widgets.markdown_wrap import cells, crop, ellipsis
from meshtui.ui.widgets.transcript_drawn import (
    TONES,
    Drawing,
    Drawn,
    Spot,
    action_rows,
    note_line,
    wrapped_parts,
)
from meshtui.ui.widgets.transcript_values import Pointer, ToolCall

FOLDED = 8
"""Lines of a call's arguments that are shown while it is folded."""
_FEW = 2
"""Lines more than that which are not worth folding."""
FOLDED_LIVE = 12
"""Lines at the end of arguments that are shown while they arrive."""
_LONGEST = 300
"""Characters of a line that are shown while its call is folded."""
_HEAD = 4_000
"""Characters of folded arguments that are laid out; all of those that arrive are."""
_PIECE = 4_096
"""Characters that are laid out at a time, so that long arguments do not hold up the keys."""
_MARKED = 3
"""Marked lines beyond the first ones that are shown while a call is folded."""

_PLAIN = LineHighlighter("")
"""For a piece of a line: it is data, not code, and looking for colours in it would take long."""


class CallCode(Code):
    """Lines of arguments; those in `marked` have a sign in the margin."""

    __slots__ = ("marked", "size")

    def __init__(self) -> None:
        super().__init__("", True)
        self.use_language("json")
        self.marked: set[int] = set()
        self.size = 0

    def add(self, line: str, *, coloured: bool = True) -> None:
        """Add a line."""
        self.size += len(line) + 1
        if not coloured:
            kept, self._highlighter = self._highlighter, _PLAIN
        self.add_line(line)
        if not coloured:
            self._highlighter = kept

    def row(self, index: int, width: int) -> Row:
        """Return row `index`, with its sign where its line is marked."""
        row = super().row(index, width)
        if not self.marked or index < self.header:
            return row
        at = index - self.header
        number = bisect_right(self._starts, at) - 1
        if number not in self.marked or at != self._starts[number]:
            return row
        edge, *others = row.parts
        return Row([("▎", edge[1], -1), ("✗", S["bad"], -1), *others], row.fill)


class CallView:
    """One call with its layout so far; `rows` are for one width at a time."""

    def __init__(self, value: ToolCall, unfolded: bool) -> None:
        self.value = value
        self.rows = Rows()
        self._unfolded = unfolded
        self._layout = JsonLayout(raw=value.raw)
        self._code: CallCode | None = None
        self._leaves: list[Leaf] = []
        self._read()
        self._make()

    def update(self, value: ToolCall, unfolded: bool) -> None:
        """Take over what changed."""
        if value == self.value and unfolded == self._unfolded and self.is_complete:
            return
        before = self.value
        grown = value.arguments.startswith(before.arguments[-64:], max(len(before.arguments) - 64, 0))
        self.value = value
        if value.raw != before.raw or not grown:
            self._layout, self._code = JsonLayout(raw=value.raw), None
        if unfolded != self._unfolded:
            self._unfolded, self._code = unfolded, None
        self._read()
        self._make()

    # Reading

    @property
    def _wanted(self) -> int:
        """How many characters are to be laid out."""
        size = len(self.value.arguments)
        return size if self._unfolded or self.value.live else min(size, _HEAD)

    @property
    def is_complete(self) -> bool:
        """Whether all that is shown is laid out."""
        return self._layout.size >= self._wanted

    def read_on(self) -> None:
        """Lay out one piece more."""
        if not self.is_complete:
            self._read()
            self._make()

    def _read(self) -> None:
        start, wanted = self._layout.size, self._wanted
        if start < wanted:
            self._layout.feed(self.value.arguments[start : min(start + _PIECE, wanted)])

    # Rows

    def _make(self) -> None:
        value = self.value
        leaves: list[Leaf] = [_title(value)]
        above, code, below = self._whole() if self._unfolded else self._folded()
        leaves += [_fold_line(above, value.key)] if above else []
        if code is not None:
            leaves.append(code)
        leaves += [_fold_line(below, value.key)] if below else []
        if value.pointer is not None and value.arguments:
            leaves.append(_pointed(value.arguments, value.pointer))
        leaves += map(note_line, value.notes)
        self.rows.leaves[:] = leaves
        self.rows.forget_rows(0)

    def _whole(self) -> tuple[str, CallCode | None, str]:
        """Return all lines, made from the last call on."""
        layout, code = self._layout, self._code
        if code is None:
            code = self._code = CallCode()
        if code.open_line is not None:
            code.change_open_line(None)
        for line in layout.lines[len(code.raw) :]:
            code.add(line)
        if rest := layout.open:
            code.change_open_line(rest)
        code.marked = set(self._marked())
        below = "" if self.is_complete else f"… {len(self.value.arguments) / 1000:,.0f} kB in all"
        if self.is_complete and len(code.raw) >= FOLDED:
            below = "▴ fold"
        return "", code if code.raw or code.open_line is not None else None, below

    def _folded(self) -> tuple[str, CallCode | None, str]:
        """Return a few lines, and what is said of those above and below."""
        layout, value = self._layout, self.value
        rest = layout.open
        count = len(layout.lines) + bool(rest)
        if not count:
            return "", None, ""
        marked = self._marked()
        cut = len(value.arguments) > layout.size
        few = count if count <= FOLDED + _FEW else FOLDED
        first, last = (max(count - FOLDED_LIVE, 0), count) if value.live else (0, few)
        before, after = ([line for line in marked if line < first], [line for line in marked if line >= last])
        chosen = [*before[:_MARKED], *range(first, last), *after[:_MARKED]]
        code = CallCode()
        shortened = False
        for place, number in enumerate(chosen):
            line = rest if number == len(layout.lines) else layout.lines[number]
            if place and number > chosen[place - 1] + 1:
                code.add("⋯")
            if number in marked:
                code.marked.add(len(code.raw))
            is_long = len(line) > _LONGEST
            if is_long:
                shortened = True
                tail = value.live and number == len(layout.lines)
                line = "… " + line[-_LONGEST:] if tail else line[:_LONGEST] + " …"
            code.add(line, coloured=not is_long)
        above = f"… {first:,} lines above ▸" if first else ""
        if cut or (shortened and not value.live):
            return above, code, f"… {len(value.arguments) / 1000:,.0f} kB in all ▸"
        more = 0 if value.live else count - len(chosen)
        return above, code, f"… {more} more lines ▸" if more else ""

    def _marked(self) -> list[int]:
        """Return the lines that are wrong, as far as they are laid out."""
        found = [self._layout.line_of(path) for path in self.value.marks]
        if self.value.pointer is not None and self.value.raw:
            found.append(self.value.pointer.line - 1)
        return [number for number in found if number is not None]


def _title(value: ToolCall) -> Drawn:
    def draw(width: int) -> Drawing:
        name = one_line(value.name) or "(no name)"
        parts: list[Part] = [(value.sign + " ", S["bullet"], -1), (name, S["role"], -1)]
        if value.state is not None:
            parts += [("  ", 0, -1), (one_line(value.state.text), TONES[value.state.tone], -1)]
        used = sum(cells(part[0]) for part in parts)
        beside, spots = action_rows(value.actions, max(width - used - 2, 1), "call", value.key + "\n")
        if len(beside) == 1 and used + 2 + sum(cells(part[0]) for part in beside[0].parts) <= width:
            return [Row([*parts, ("  ", 0, -1), *beside[0].parts])], _moved(spots, 0, used + 2)
        rows = wrapped_parts(parts, width)
        below, spots = action_rows(value.actions, max(width - 2, 1), "call", value.key + "\n")
        spots = _moved(spots, len(rows), 2)
        return [*rows, *(Row([("  ", 0, -1), *row.parts]) for row in below)], spots

    return Drawn(draw, value.name)


def _moved(spots: list[Spot], rows: int, cells: int) -> list[Spot]:
    return [replace(one, row=one.row + rows, start=one.start + cells, end=one.end + cells) for one in spots]


def _fold_line(text: str, key: str) -> Drawn:
    def draw(width: int) -> Drawing:
        label = ellipsis("  " + text, width)
        return [Row([(label, S["muted"], -1)])], [Spot(0, 0, cells(label), "fold", key)]

    return Drawn(draw)


def _pointed(text: str, pointer: Pointer) -> Drawn:
    """Return a piece of a line with a sign under a place of it."""
    lines = text.split("\n", pointer.line)
    line = clean(lines[min(pointer.line, len(lines)) - 1]).replace("\t", " ")
    at = min(max(pointer.column - 1, 0), len(line))

    def draw(width: int) -> Drawing:
        room = max(width - 4, 8)
        start = max(at - room * 2 // 3, 0)
        shown, left = crop(line[start:], room), cells(line[start:at])
        if start:
            shown = "…" + shown[1:]
        edge: Part = ("  ┆ ", S["muted"], -1)
        rows = [Row([edge, (shown, S["text"], -1)]), Row([edge, (" " * min(left, room - 1) + "▲", S["bad"], -1)])]
        return rows, []

    return Drawn(draw)
