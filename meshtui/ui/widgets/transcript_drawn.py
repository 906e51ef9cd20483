"""The parts of a message that are drawn from values: header, reasoning line, tool calls, cards, files, footer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from meshtui.core.text import clean, one_line
from meshtui.ui.widgets.markdown_leaves import Leaf
from meshtui.ui.widgets.markdown_styles import Part, Row, S
from meshtui.ui.widgets.markdown_wrap import Span, cells, ellipsis, wrap
from meshtui.ui.widgets.transcript_values import Action, Attachment, Card, Entry, Label, Tone

TONES: dict[Tone, int] = {
    "plain": S["text"],
    "muted": S["field"],
    "good": S["good"],
    "warn": S["warn"],
    "bad": S["bad"],
}


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

    def spot(self, row: int, x: int) -> Spot | None:
        """Return what a click on a cell means, None where it means nothing."""
        return next((spot for spot in self.spots if spot.row == row and spot.start <= x < spot.end), None)


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
            parts += [(gap, S["field"], -1), (text, TONES[label.tone], -1)]
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
            parts.append((one_line(label.text), TONES[label.tone], -1))
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


def note_line(note: Label) -> Drawn:
    """Return a line below a call, such as its verdict."""

    def draw(width: int) -> Drawing:
        rows = wrapped_parts([(clean(note.text[:4000]).expandtabs(4), TONES[note.tone], -1)], max(width - 2, 1))
        return [Row([("  ", 0, -1), *row.parts]) for row in rows], []

    return Drawn(draw, note.text)


def action_rows(actions: Sequence[Action], width: int, verb: str, about: str = "") -> Drawing:
    """Return rows of actions, each with its key marked, and where each can be clicked."""
    rows: list[Row] = []
    spots: list[Spot] = []
    parts: list[Part] = []
    used = 0
    for action in actions:
        pieces = _key_in_label(action.key, one_line(action.label))
        size = sum(cells(part[0]) for part in pieces)
        if used and used + 2 + size > width:
            rows.append(Row(parts))
            parts, used = [], 0
        if used:
            parts.append(("  ", 0, -1))
            used += 2
        spots.append(Spot(len(rows), used, used + size, verb, about + action.name))
        parts += pieces
        used += size
    return [*rows, Row(parts)] if parts else rows, spots


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
        rows, spots = action_rows(self._card.actions, self._room, "action")
        first = len(self._rows)
        for row in rows:
            self._line(row.parts)
        self._spots += [Spot(first + s.row, s.start + 2, s.end + 2, s.verb, s.object) for s in spots]

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
