"""Figures drawn with block characters: meters and sparklines that need no colour to be read."""

from __future__ import annotations

from collections.abc import Sequence

_BLOCKS = " ▁▂▃▄▅▆▇█"
USED, FREE = "▇", "▁"


def meter(part: float, width: int) -> str:
    """Return a bar whose used part is tall and whose free part is low; from 2 in 100 on, either can be seen."""
    cells = round(min(max(part, 0.0), 1.0) * width)
    if 0.02 <= part < 1:
        cells = min(max(cells, 1), width - 1)
    return USED * cells + FREE * (width - cells)


def sparkline(values: Sequence[float | None], width: int) -> str:
    """Return the last `width` values as bars, the highest full; what is unknown is a dot, zero the lowest bar."""
    shown = list(values)[-width:] if width > 0 else []
    most = max((value for value in shown if value is not None), default=0.0)
    return "".join("·" if value is None else _bar(value, most) for value in shown)


def _bar(value: float, most: float) -> str:
    eighths = round(value / most * 8) if most > 0 else 0
    return _BLOCKS[min(max(eighths, 1), 8)]
