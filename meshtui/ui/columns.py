"""How wide the columns are: what the user chose for each size class of the terminal, and what fits in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

SizeClass = Literal["narrow", "medium", "wide"]

MEDIUM, WIDE = 100, 140
"""The widths, in columns, from which a terminal is of the class."""

LEAST_WIDTH, LEAST_HEIGHT = 40, 12
"""The size of a terminal below which it is said to be too small."""

LEFT_LEAST, CENTRE_LEAST, RIGHT_LEAST = 30, 30, 26
STEP = 4
"""Columns by which a key makes a pane wider."""


def size_class(width: int) -> SizeClass:
    """Return the class of a terminal of this width."""
    return "wide" if width >= WIDE else "medium" if width >= MEDIUM else "narrow"


class Columns(NamedTuple):
    """What the user chose in one size class: widths in columns, 0 where they follow the terminal; which are shown.

    `side` is None where nothing was chosen: then the right column is shown where the terminal is wide.
    """

    left: int = 0
    right: int = 0
    side: bool | None = None

    def has_side(self, size: SizeClass) -> bool:
        """Whether the right column is shown as one; else it is folded into a line."""
        return size != "narrow" and (self.side if self.side is not None else size == "wide")

    def fit(self, width: int, *, left: bool, side: bool) -> tuple[int, int]:
        """Return the widths of the left and the right column that leave enough for the conversation between them."""
        right = (self.right or (38 if width >= WIDE else 34)) if side else 0
        if side:
            right = max(min(right, width - CENTRE_LEAST - 1 - (LEFT_LEAST + 1 if left else 0)), RIGHT_LEAST)
        chosen = self.left or min(max((width - right) * 2 // 5 if not side else (width - right) // 2, 44), 60)
        room = width - CENTRE_LEAST - 1 - (right + 1 if side else 0)
        return (max(min(chosen, room), LEFT_LEAST) if left else 0), right

    def to_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {"left": self.left, "right": self.right, "side": self.side}


def columns_from(kept: object) -> Columns:
    """Read what was kept; what cannot be read counts as not chosen."""
    if not isinstance(kept, Mapping):
        return Columns()
    left, right, side = (kept.get(name) for name in ("left", "right", "side"))
    return Columns(_width(left), _width(right), side if isinstance(side, bool) else None)


def _width(kept: object) -> int:
    return kept if isinstance(kept, int) and 0 < kept < 1000 else 0
