"""The parts of a message that are drawn from values: header, reasoning line, tool calls, cards, files, footer."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from meshtui.core.text import clean, one_line
from meshtui.ui.widgets.markdown_code import Code
from meshtui.ui.widgets.markdown_leaves import Leaf
from meshtui.ui.widgets.markdown_styles import Part, Row, S
from meshtui.ui.widgets.markdown_wrap import Span, cells, ellipsis, wrap
from meshtui.ui.widgets.transcript_values import Attachment, Card, Entry, Label, ToolCall

_LAID_OUT = 4_000
FOLDED = 8
"""Rows of a tool call's arguments that are shown while it is folded."""

_TONES = {"plain": S["text"], "muted": S["field"], "good": S["good"], "warn": S["warn"], "bad": S["bad"]}


@dataclass(frozen=True, slots=True)
class Spot:
    """Cells of a row that can be clicked, and what the click means: a verb and its object."""

    row: int
    start: int
    end: int
    verb: str
    object: str


Drawing = tuple[list[Row], list[Spot]]


class Drawn(Leaf):
    """A leaf whose rows a function draws for a width; `text` is what is copied of it."""

    __slots__ = ("_draw", "_rows", "_text", "_width", "spots")

    def __init__(self, draw: Callable[[int], Drawing], text: str = "") -> None:
        super().__init__()
        self._draw = draw
        self._text = text
        self._width = 0
        self._rows: list[Row] = []
        self.spots: list[Spot] = []

    @property
    def text(self) -> str:
        """What is copied."""
        return self._text

    def measure(self, width: int) -> int:
        """Draw for `width`, and return the number of rows."""
        if width != self._width:
            self._width = width
            self._rows, self.spots = self._draw(width)
        return len(self._rows)

    def row(self, index: int, width: int) -> Row:
        """Return row `index`."""
        return self._rows[index]

    def row_at(self, offset: int, width: int) -> int:
        """The first row."""
        return 0


def header(entry: Entry) -> Drawn:
    """Return the line above a message: its role, then what is known about it."""

    def draw(width: int) -> Drawing:
        parts: list[Part] = [(entry.role, S["role"], -1)]
        used = len(entry.role)
        for number, label in enumerate(entry.header):
            text = one_line(label.text)
            gap = "  " if number == 0 else " · "
            room = width - used - len(gap)
            if room < 3:
                break
            text = ellipsis(text, room)
            parts += [(gap, S["field"], -1), (text, _TONES[label.tone], -1)]
            used += len(gap) + cells(text)
        return [Row(parts)], []

    return Drawn(draw)


def footer(labels: Sequence[Label]) -> Drawn:
    """Return the line below a message."""

    def draw(width: int) -> Drawing:
        parts: list[Part] = []
        for label in labels:
            if parts:
                parts.append((" · ", S["field"], -1))
            parts.append((one_line(label.text), _TONES[label.tone], -1))
        return wrapped_parts(parts, width), []

    return Drawn(draw)


def wrapped_parts(parts: Sequence[Part], width: int) -> list[Row]:
    """Break styled text to `width` cells."""
    text = "".join(part[0] for part in parts)
    lines: list[Span] = []
    wrap(text, width, lines)
    rows: list[Row] = []
    for start, end in lines:
        row: list[Part] = []
        at = 0
        for piece, style, _ in parts:
            cut = piece[max(start - at, 0) : max(end - at, 0)]
            at += len(piece)
            if cut:
                row.append((cut, style, -1))
        rows.append(Row(row))
    return rows


def reasoning_line(words: int, label: str, unfolded: bool) -> Drawn:
    """Return the line that stands for the reasoning, and folds it."""

    def draw(width: int) -> Drawing:
        sign = "▾" if unfolded else "▸"
        size = f"{words:,} word" + ("" if words == 1 else "s")
        text = " · ".join(part for part in (f"{sign} reasoning", size, one_line(label)) if part)
        text = ellipsis(text, width)
        return [Row([(text, S["muted"], -1)])], [Spot(0, 0, cells(text), "fold", "reasoning")]

    return Drawn(draw)


def attachment(file: Attachment) -> Drawn:
    """Return the line of a file."""

    def draw(width: int) -> Drawing:
        facts = " · ".join(one_line(part) for part in (file.type, file.size, file.note) if part)
        path = one_line(file.path, 2000)
        parts: list[Part] = [("▣ ", S["bullet"], -1), (facts, S["text"], -1), ("  " + path, S["field"], -1)]
        rows = wrapped_parts(parts, width)
        spots = [Spot(row, 0, width, "open", file.path) for row in range(len(rows))]
        return rows, spots

    return Drawn(draw, file.path)


def lay_out_json(text: str, deepest: int = 12) -> str:
    """Return JSON, complete or not, with a line per member. No character that matters is added or lost.

    The text is not parsed: duplicate keys and mistakes stay to be seen.
    """
    pieces: list[str] = []
    depth = 0
    inside = escaped = False
    opened = False  # whether the last piece is a bracket just opened
    for character in text:
        if inside:
            pieces.append(character)
            inside = escaped or character != '"'
            escaped = character == "\\" and not escaped
            continue
        if character in " \t\r\n":
            continue
        if character in "{[":
            depth += 1
            pieces.append(character + ("\n" + "  " * depth if depth <= deepest else ""))
        elif character in "}]":
            depth = max(depth - 1, 0)
            if opened:
                pieces[-1] = pieces[-1][0]
            pieces.append(character if opened or depth >= deepest else "\n" + "  " * depth + character)
        elif character == ",":
            pieces.append("," + ("\n" + "  " * depth if depth <= deepest else " "))
        else:
            pieces.append(": " if character == ":" else character)
            inside = character == '"'
        opened = character in "{["
    return "".join(pieces)


def tool_call(call: ToolCall, unfolded: bool) -> list[Leaf]:
    """Return the leaves of a tool call: its line, the arguments, the notes."""
    lines, more = _argument_lines(call.arguments, unfolded)

    def draw(width: int) -> Drawing:
        parts: list[Part] = [("⚙ ", S["bullet"], -1), (one_line(call.name) or "(no name)", S["role"], -1)]
        if call.state is not None:
            parts += [("  ", 0, -1), (one_line(call.state.text), _TONES[call.state.tone], -1)]
        return wrapped_parts(parts, width), []

    leaves: list[Leaf] = [Drawn(draw, call.name)]
    if lines:
        code = Code("", True)
        code.use_language("json")
        for line in lines:
            code.add_line(line)
        leaves.append(code)
    if more:

        def draw_fold(width: int) -> Drawing:
            label = ellipsis("  " + more, width)
            return [Row([(label, S["muted"], -1)])], [Spot(0, 0, cells(label), "fold", call.key)]

        leaves.append(Drawn(draw_fold))
    leaves.extend(_note(note) for note in call.notes)
    return leaves


_BEGINS_AS_JSON = re.compile(r"\s*(?:[\[{]\s*)+(?:[\"\]}\d-]|(?:true|false|null)\b|\Z)")
"""Other arguments are shown as they came: laying them out would leave out their blanks."""


def _argument_lines(arguments: str, unfolded: bool) -> tuple[list[str], str]:
    """Return the lines of arguments to show, and what to say about the others.

    Of folded arguments only the beginning is laid out: they may be long, and grow with each frame.
    """
    shown = arguments if unfolded else arguments[:_LAID_OUT]
    source = lay_out_json(shown) if _BEGINS_AS_JSON.match(shown) else shown
    lines = clean(source).split("\n") if source.strip() else []
    if len(lines) <= FOLDED and len(shown) == len(arguments):
        return lines, ""
    if unfolded:
        return lines, "▴ enter folds"
    if len(shown) < len(arguments):
        return lines[:FOLDED], f"… {len(arguments) / 1000:,.0f} kB in all (enter unfolds)"
    return lines[:FOLDED], f"… {len(lines) - FOLDED} more lines (enter unfolds)"


def _note(note: Label) -> Drawn:
    def draw(width: int) -> Drawing:
        rows = wrapped_parts([(clean(note.text[:4000]).expandtabs(4), _TONES[note.tone], -1)], max(width - 2, 1))
        return [Row([("  ", 0, -1), *row.parts]) for row in rows], []

    return Drawn(draw, note.text)


def card(value: Card) -> Drawn:
    """Return a card: a box with headline, facts, actions, and the request id on its lower edge."""

    def draw(width: int) -> Drawing:
        return _Box(value, width).draw()

    lines = [value.headline, *(f"{fact.label}: {fact.value}" if fact.label else fact.value for fact in value.facts)]
    if value.request_id:
        lines.append(value.request_id)
    return Drawn(draw, "\n".join(clean(line) for line in lines))


class _Box:
    """Draws a card for one width."""

    def __init__(self, value: Card, width: int) -> None:
        self._card = value
        self._edge = S["bad"] if value.tone == "bad" else S["edge"] if value.tone == "warn" else S["muted"]
        self._title = S["bad"] if value.tone == "bad" else S["title"]
        self._width = min(width, 100)
        self._room = max(self._width - 4, 1)
        self._rows: list[Row] = []
        self._spots: list[Spot] = []

    def draw(self) -> Drawing:
        """Return the rows and what can be clicked in them."""
        title = ellipsis(one_line(self._card.headline), max(self._width - 6, 1))
        line = "─" * max(self._width - 5 - cells(title), 0)
        self._rows.append(Row([("┌─ ", self._edge, -1), (title, self._title, -1), (f" {line}┐", self._edge, -1)]))
        self._facts()
        self._actions()
        self._bottom()
        return self._rows, self._spots

    def _line(self, parts: Sequence[Part]) -> None:
        space = self._room - sum(cells(part[0]) for part in parts)
        self._rows.append(Row([("│ ", self._edge, -1), *parts, (" " * max(space, 0), 0, -1), (" │", self._edge, -1)]))

    def _facts(self) -> None:
        facts = self._card.facts
        label_width = min(max((cells(one_line(fact.label)) for fact in facts), default=0), self._room // 3)
        for fact in facts:
            label = ellipsis(one_line(fact.label), label_width)
            left = label_width + 2 if fact.label else 0
            value = clean(fact.value[:2000]).replace("\t", " ")
            lines: list[Span] = []
            wrap(value, max(self._room - left, 1), lines)
            for number, (start, end) in enumerate(lines[:12]):
                shown = (label if number == 0 else "").ljust(left) if label.isascii() else label
                shown += " " * (left - cells(shown))
                self._line([(shown, S["label"], -1), (value[start:end], S["text"], -1)])
            if len(lines) > 12:
                self._line([(" " * left, 0, -1), (f"… {len(lines) - 12} more lines", S["muted"], -1)])

    def _actions(self) -> None:
        if not self._card.actions:
            return
        parts: list[Part] = []
        spots: list[Spot] = []
        used = 0
        for action in self._card.actions:
            pieces = _key_in_label(action.key, one_line(action.label))
            size = sum(cells(part[0]) for part in pieces)
            if used and used + 2 + size > self._room:
                self._flush(parts, spots)
                parts, spots, used = [], [], 0
            if used:
                parts.append(("  ", 0, -1))
                used += 2
            spots.append(Spot(0, used + 2, used + 2 + size, "action", action.name))
            parts += pieces
            used += size
        self._flush(parts, spots)

    def _flush(self, parts: list[Part], spots: list[Spot]) -> None:
        row = len(self._rows)
        self._line(parts)
        self._spots += [Spot(row, spot.start, spot.end, spot.verb, spot.object) for spot in spots]

    def _bottom(self) -> None:
        if not self._card.request_id:
            self._rows.append(Row([("└" + "─" * (self._width - 2) + "┘", self._edge, -1)]))
            return
        copy: list[Part] = [("[", S["label"], -1), ("y", S["key"], -1), ("] copy", S["label"], -1)]
        text = ellipsis(one_line(self._card.request_id), max(self._width - 17, 1))
        line = "─" * max(self._width - 15 - cells(text), 0)
        parts: list[Part] = [("└" + line + " ", self._edge, -1), (text, S["muted"], -1), ("  ", 0, -1)]
        start = 2 + len(line) + cells(text) + 2
        self._spots.append(Spot(len(self._rows), start - len(text) - 2, start + 8, "copy", "request id"))
        self._rows.append(Row([*parts, *copy, (" ─┘", self._edge, -1)]))


def _key_in_label(key: str, label: str) -> list[Part]:
    """Mark the key in its label: [r]etry; or put it before: [ctrl+y] copy."""
    at = label.lower().find(key.lower()) if len(key) == 1 else -1
    if at < 0:
        return [("[", S["label"], -1), (key, S["key"], -1), (f"] {label}", S["text"], -1)]
    return [
        (f"{label[:at]}[", S["text"], -1),
        (label[at : at + 1], S["key"], -1),
        (f"]{label[at + 1 :]}", S["text"], -1),
    ]
