"""Figures drawn with block characters: meters, sparklines and plots that need no colour to be read."""

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
    return "".join("·" if value is None else _bar(value, most, 1)[0] for value in shown)


def _bar(value: float, most: float, height: int) -> Sequence[str]:
    """Return a bar as characters from its foot upwards; what is there at all can be seen."""
    eighths = round(value / most * height * 8) if most > 0 else 0
    eighths = max(eighths, 1) if value > 0 or height == 1 else eighths
    return [_BLOCKS[min(max(eighths - row * 8, 0), 8)] for row in range(height)]


def plot(values: Sequence[float], width: int, height: int) -> Sequence[str]:
    """Return a bar chart of `height` lines, at most `width` wide; where there are more values they are added up."""
    if not values or width < 1 or height < 1:
        return []
    each = -(-len(values) // width)
    sums = [sum(values[place : place + each]) for place in range(0, len(values), each)]
    most = max(sums)
    wide = max(min(width // len(sums), 6), 1)
    gap = 1 if wide > 2 else 0
    bars = [_bar(value, most, height) for value in sums]
    return ["".join(bar[row] * (wide - gap) + " " * gap for bar in bars).rstrip() for row in reversed(range(height))]
