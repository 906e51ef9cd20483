"""NO_COLOR: a line without any colour in which what colour said can still be seen.

Textual's own filters either leave greys, which are colours, or drop a filled background and with it every cursor.
"""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

FILLED = 1.6
"""From this contrast on a background stands out from its surroundings, and is shown by reverse."""

FAINT = 2.0
"""Below this contrast a text or border steps back, and is shown dim."""

EDGES = "▊▎▌▐▔▁▏▕█"
"""What Textual draws borders with, partly by filling the cell behind them."""

BRIGHT_BLACK = 8
"""The number of the terminal's own grey: what is drawn in it steps back."""

_PLAIN = Style.from_color(RichColor.default(), RichColor.default())


class Colourless(LineFilter):
    """Takes every colour out; what was filled becomes reverse, what was faint becomes dim."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments without colours; those that have none already are as they were."""
        return [
            Segment(text, _plain(style, background, _is_edge(text))) if style is not None and not control else segment
            for segment in segments
            for text, style, control in (segment,)
        ]


def _is_edge(text: str) -> bool:
    """Whether a text is a piece of a border that is drawn by a filled background."""
    return text[:1] in EDGES and not text.strip(EDGES)


@lru_cache(2048)
def _plain(style: Style, background: Color, is_edge: bool) -> Style:
    front, behind = _color(style.color, background.inverse), _color(style.bgcolor, background)
    if style.reverse:
        front, behind = behind, front
    stands_out = contrast(behind, background)
    filled = bool(style.reverse) if style.bgcolor is None else stands_out >= FILLED
    if style.color is not None and style.color.triplet is None and not filled:
        faint = style.color.number == BRIGHT_BLACK  # how the others look is the terminal's affair
    else:
        faint = (stands_out < FAINT and is_edge) if filled else contrast(front, behind) < FAINT
    return style + _PLAIN + Style(reverse=filled or bool(style.reverse), dim=True if faint else style.dim)


def _color(color: RichColor | None, default: Color) -> Color:
    return default if color is None or color.is_default else Color.from_rich_color(color)


def contrast(one: Color, other: Color) -> float:
    """Return the contrast of two opaque colours, from 1 to 21 (WCAG 2.1, contrast ratio)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: Color) -> float:
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
