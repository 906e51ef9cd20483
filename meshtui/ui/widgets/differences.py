"""Differences to be read without colours: words in one text or in two beside each other, values by their paths.

What is gone stands in [- -], what is new in {+ +}.
"""

from __future__ import annotations

from itertools import zip_longest

from textual.content import Content

from meshtui.core.answer_difference import PathChange
from meshtui.core.diff import Piece, diff_words
from meshtui.core.text import clean, json_text, one_line

UNCHANGED_SHOWN = 120
"""Characters of what both sides have that are shown on either side of a change."""

AROUND = 2
"""Unchanged lines that are shown on either side of a change."""

_SIGNS = {"missing": ("- ", "$text-error"), "extra": ("+ ", "$text-success"), "changed": ("~ ", "$text-warning")}

_Row = tuple[Content, Content, bool]


def diff_content(old: str, new: str, *, whole: bool = False) -> Content:
    """Return the words of both texts in one; what both have is shortened, unless `whole`."""
    parts: list[Content] = []
    for piece in diff_words(old, new):
        text = clean(piece.text)
        if piece.kind != "same":
            parts.append(_marked(piece))
        elif whole or len(text) <= 2 * UNCHANGED_SHOWN:
            parts.append(Content(text))
        else:
            parts.append(Content(f"{text[:UNCHANGED_SHOWN]} … {text[-UNCHANGED_SHOWN:]}"))
    return Content("").join(parts)


def _marked(piece: Piece) -> Content:
    """Return what only one of two texts has, in its marks."""
    text = clean(piece.text)
    if piece.kind == "removed":
        return Content.styled(f"[-{text}-]", "strike $text-error")
    return Content.styled(f"{{+{text}+}}", "underline $text-success")


def side_by_side(old: str, new: str, width: int, *, whole: bool = False) -> Content:
    """Return both texts in two columns of together `width` cells; lines that both have stand on one row.

    What is gone is on the left, what is new on the right. Long stretches without a change are left out, unless `whole`.
    """
    column = max((width - 3) // 2, 10)
    rows = _rows(old, new)
    near = _near([changed for _, _, changed in rows])
    lines: list[Content] = []
    skipped = False
    for place, (left, right, changed) in enumerate(rows):
        if not whole and not near[place]:
            if not skipped:
                lines.append(Content.styled("…".ljust(column) + " │ …", "$text-muted"))
            skipped = True
            continue
        skipped = False
        bar = Content.styled(" ┃ " if changed else " │ ", "$warning" if changed else "$text-muted")
        for one, two in zip_longest(left.wrap(column), right.wrap(column), fillvalue=Content("")):
            one = one.rstrip()
            lines.append(Content.assemble(one.pad_right(max(column - one.cell_length, 0)), bar, two.rstrip()))
    return Content("\n").join(lines)


def _rows(old: str, new: str) -> list[_Row]:
    """Return what stands on one row: what lies between two ends of lines that both texts have."""
    rows: list[_Row] = []
    left: list[Content] = []
    right: list[Content] = []
    changed = False

    def flush() -> None:
        nonlocal changed
        rows.append((Content("").join(left), Content("").join(right), changed))
        left.clear()
        right.clear()
        changed = False

    for piece in diff_words(old, new):
        if piece.kind != "same":
            (left if piece.kind == "removed" else right).append(_marked(piece))
            changed = True
        else:
            text = clean(piece.text)
            first, *others = text.split("\n")
            left.append(Content(first))
            right.append(Content(first))
            for line in others:
                flush()
                left.append(Content(line))
                right.append(Content(line))
    flush()
    return rows


def _near(changed: list[bool]) -> list[bool]:
    """Say of each row whether it is near one that changed."""
    near = [False] * len(changed)
    for place, is_changed in enumerate(changed):
        if is_changed:
            for other in range(max(place - AROUND, 0), min(place + AROUND + 1, len(changed))):
                near[other] = True
    return near


def change_line(change: PathChange) -> Content:
    """Return one difference: its sign, where it is, what stood there and what stands there now."""
    sign, colour = _SIGNS[change.kind]
    parts: list[Content | tuple[str, str]] = [(sign, colour), (one_line(change.path, 300), "bold"), "  "]  # type: ignore[list-item]
    if change.kind != "extra":
        parts.append((f"[-{one_line(json_text(change.old), 300)}-]", "$text-error"))
    if change.kind == "changed":
        parts.append((" → ", "$text-muted"))
    if change.kind != "missing":
        parts.append((f"{{+{one_line(json_text(change.new), 300)}+}}", "$text-success"))
    return Content.assemble(*parts)
