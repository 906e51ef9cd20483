"""A lane's differences from another one as rows: words in their blocks, JSON and tool calls by path.

Marks are readable without colour: `[-gone-]`, `{+come+}`. Made in a thread; nothing here knows the screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from meshtui.core.answer_difference import PathChange, compare_calls, compare_values, difference, json_of, likeness
from meshtui.core.chat import ToolCall
from meshtui.core.diff import Piece
from meshtui.core.text import clean, json_text, one_line
from meshtui.ui.widgets.markdown_lines import Rows
from meshtui.ui.widgets.markdown_styles import Part, Row, S
from meshtui.ui.widgets.transcript_drawn import Drawing, Drawn, wrapped_parts

_STRONG, _STRIKE = 1, 4
_STYLES = {"same": S["text"], "removed": S["bad"] | _STRIKE, "added": S["good"] | _STRONG}
_MARKS = {"same": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}
_SIGNS = {"missing": ("- ", S["bad"]), "extra": ("+ ", S["good"]), "changed": ("~ ", S["warn"])}


def difference_rows(
    base: str, base_calls: Sequence[ToolCall], text: str, calls: Sequence[ToolCall], base_name: str
) -> Rows:
    """Return the rows that say how an answer and its calls differ from those of the baseline."""
    rows = Rows()
    changes: list[PathChange] = []
    structured = False
    try:
        changes, structured = compare_values(json_of(base), json_of(text)), True
    except ValueError:
        pass  # prose, at least one of them: words are compared
    called = compare_calls(base_calls, calls)
    pieces = [] if structured else difference(base, text)
    rows.leaves.append(_said(_headline(base_name, structured, len(changes), pieces, called), S["muted"]))
    rows.leaves.append(_line([]))
    rows.leaves += [_change(change) for change in changes]
    rows.leaves += [_line(parts) for parts in _lines(pieces)]
    if called:
        rows.leaves += [_line([]), _said("tool calls", S["role"]), *(_change(change) for change in called)]
    return rows


def _headline(name: str, structured: bool, changes: int, pieces: Sequence[Piece], called: Sequence[PathChange]) -> str:
    words = f"the same JSON as {name}" if structured and not changes else ""
    if structured and changes:
        words = f"{changes} difference{'s' if changes > 1 else ''} of structure from {name}"
    if not structured:
        same = all(piece.kind == "same" for piece in pieces)
        words = (
            f"the same text as {name}"
            if same
            else f"{likeness(pieces):.0%} the same as {name}: [-only there-] {{+only here+}}"
        )
    return words + (f" · {len(called)} in tool calls" if called else "")


def _lines(pieces: Iterable[Piece]) -> Iterable[list[Part]]:
    """Cut pieces into lines; a mark ends with its line and begins anew on the next."""
    line: list[Part] = []
    for piece in pieces:
        opened, closed = _MARKS[piece.kind]
        style = _STYLES[piece.kind]
        for number, text in enumerate(clean(piece.text).replace("\t", "    ").split("\n")):
            if number:
                yield line
                line = []
            body = text.strip(" ") if opened else text
            if not body:
                if text and not opened:
                    line.append((text, style, -1))
                continue
            left, right = len(text) - len(text.lstrip(" ")), len(text) - len(text.rstrip(" "))
            if not opened:
                left = right = 0
            line += [(" " * left, 0, -1)] if left else []
            line.append((f"{opened}{body}{closed}", style, -1))
            line += [(" " * right, 0, -1)] if right else []
    if line:
        yield line


def _line(parts: Sequence[Part]) -> Drawn:
    def draw(width: int) -> Drawing:
        return (wrapped_parts(parts, width) if parts else []) or [Row(())], []

    return Drawn(draw, "".join(part[0] for part in parts))


def _said(text: str, style: int) -> Drawn:
    return _line([(one_line(text), style, -1)])


def _change(change: PathChange) -> Drawn:
    sign, style = _SIGNS[change.kind]
    parts: list[Part] = [(sign, style, -1), (one_line(change.path, 300), S["field"], -1), ("  ", 0, -1)]
    if change.kind != "extra":
        parts.append((f"[-{one_line(json_text(change.old), 300)}-]", _STYLES["removed"], -1))
    if change.kind == "changed":
        parts.append((" → ", S["field"], -1))
    if change.kind != "missing":
        parts.append((f"{{+{one_line(json_text(change.new), 300)}+}}", _STYLES["added"], -1))
    return _line(parts)
