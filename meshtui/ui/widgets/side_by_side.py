"""Two texts beside each other, line by line, the words that differ marked."""

from __future__ import annotations

from itertools import zip_longest

from textual.content import Content

from meshtui.core.diff import diff_words
from meshtui.core.text import clean

AROUND = 2
"""Unchanged lines that are shown on either side of a change."""

_Row = tuple[Content, Content, bool]


def side_by_side(old: str, new: str, width: int, *, whole: bool = False) -> Content:
    """Return both texts in two columns of together `width` cells; lines that both have stand on one row.

    What is gone is in [- -] on the left, what is new in {+ +} on the right. Long stretches without a change are
    left out, unless `whole`.
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
        text = clean(piece.text)
        if piece.kind == "removed":
            left.append(Content.styled(f"[-{text}-]", "strike $text-error"))
            changed = True
        elif piece.kind == "added":
            right.append(Content.styled(f"{{+{text}+}}", "underline $text-success"))
            changed = True
        else:
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
