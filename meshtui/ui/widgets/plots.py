"""Bar charts with values on their axes, drawn by plotext; imported only where one is opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import ClassVar

from rich.cells import cell_len
from textual.app import RenderResult
from textual.geometry import Size
from textual_plotext import PlotextPlot

from meshtui.core.text import REPLACEMENT, one_line
from meshtui.ui.compat import keep_order

MOST_BARS = 100
"""More bars than this are neither told apart nor drawn at once."""

THICKEST = 24
"""The width of the widest upright bar and the gap behind it, in halves of a cell."""

VALUE_ROOM = 12
"""The cells beside upright bars that values on the axis may need."""

Words = Callable[[Decimal], str]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, its value (0 draws nothing) and, for bars that lie, the words of the value."""

    name: str
    value: Decimal
    told: str = ""


class BarPlot(PlotextPlot):
    """Draws upright bars over time, or lying bars with a name each; colours follow the theme, nothing depends on them.

    Axes and names have the widget's colour, bars that of `bar-plot--bar`.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"bar-plot--bar"}
    DEFAULT_CSS = """
    BarPlot { color: $text-muted; }
    BarPlot > .bar-plot--bar { color: $primary; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.theme = "textual-clear"  # no colours of plotext's own: the terminal's, so the widget's, are taken
        self._bars: Sequence[Bar] = ()
        self._lying = self._whole = False
        self._words: Words = str
        self._looks: tuple[Size, tuple[int, int, int]] | None = None
        self._drawn: RenderResult = ""

    @property
    def lying_room(self) -> int:
        """How many lying bars there is room for."""
        return max(self.size.height - 2, 0)

    @property
    def upright_room(self) -> int:
        """How many upright bars there is room for, each with half a cell of gap."""
        return min(MOST_BARS, max((self.size.width - VALUE_ROOM) * 2 // 3, 1))

    def show(self, bars: Sequence[Bar], words: Words, *, lying: bool = False, whole: bool = False) -> None:
        """Draw bars; `words` tells the values on the axis, whole numbers only where `whole` is set."""
        self._bars, self._words, self._lying, self._whole = bars, words, lying, whole
        self._looks = None
        self.render()  # now, rather than with everything else in the next frame
        self.refresh()

    def render(self) -> RenderResult:
        """Return the chart in the widget's present size and colours; nothing where it has no room."""
        looks = (self.size, self._color)
        if looks != self._looks:
            self._looks, self._drawn = looks, self._draw()
        return self._drawn

    def _draw(self) -> RenderResult:
        plt = self.plt
        plt.clear_figure()
        plt.xaxes(True, False)
        plt.yaxes(True, False)
        fits = self._draw_lying() if self._lying else self._draw_upright()
        return super().render() if fits else ""

    @property
    def _color(self) -> tuple[int, int, int]:
        return self.get_component_styles("bar-plot--bar").color.rgb

    def _draw_upright(self) -> bool:
        rows, count = self.size.height - 2, len(self._bars)
        ticks = ticks_to(max((bar.value for bar in self._bars), default=Decimal(0)), max(rows // 3, 1), self._whole)
        labels = [self._words(tick) for tick in ticks]
        cells = self.size.width - 1 - max(map(len, labels))
        # The marker hd draws quarters of a cell: whole steps of halves keep every bar as wide as the next.
        step = min(2 * cells // count, THICKEST) if count else 0
        if rows < 2 or step < 1:
            return False
        gap = 2 if step >= 6 else 1 if step >= 3 else 0
        middles = [place + (step - gap - 1) / (2 * step) for place in range(count)]
        plt = self.plt
        plt.bar(
            middles,
            [float(bar.value) for bar in self._bars],
            width=(step - gap - 1) / step,
            marker="hd",
            color=self._color,
            reset_ticks=False,
        )
        plt.xlim(0, (2 * cells - 1) / step)
        plt.ylim(0, float(ticks[-1]))
        plt.yticks([float(tick) for tick in ticks], labels)
        named = range(count - 1, -1, -apart(max(len(bar.name) for bar in self._bars), step))
        places = [middles[place] for place in named]
        names = [plain_cells(self._bars[place].name) for place in named]
        plt.xticks(places, names)
        keep_order(plt, places, names)
        return True

    def _draw_lying(self) -> bool:
        bars = self._bars[: self.lying_room]
        told = max((len(bar.told) for bar in bars), default=0)
        names = [plain_cells(one_line(bar.name, max(self.size.width // 2 - told - 2, 8))) for bar in bars]
        widest = max(map(len, names), default=0)
        cells = self.size.width - 1 - widest - told - 2
        if not bars or cells < 4:
            return False
        most = max(bar.value for bar in bars)
        choices = (ticks_to(most, steps, self._whole) for steps in range(max(cells // 8, 1), 0, -1))
        ticks = next((some for some in choices if self._apart(some, cells)), (Decimal(0), most))
        places = [float(place) for place in range(len(bars), 0, -1)]
        plt = self.plt
        plt.bar(
            places,
            [float(bar.value) for bar in bars],
            orientation="horizontal",
            width=0,
            marker="▇",
            color=self._color,
            reset_ticks=False,
        )
        plt.xlim(0, float(ticks[-1]))
        plt.ylim(len(bars) + 1 - self.lying_room, len(bars))
        labels = [f"{name:<{widest}} {bar.told:>{told}} " for name, bar in zip(names, bars, strict=True)]
        plt.yticks(places, labels)
        plt.xticks([float(tick) for tick in ticks], [self._words(tick) for tick in ticks])
        return True

    def _apart(self, ticks: Sequence[Decimal], cells: int) -> bool:
        """Whether the values of the ticks can stand side by side, the last one pushed in from the edge."""
        return cells / (len(ticks) - 1) >= max(len(self._words(tick)) for tick in ticks) * 1.5 + 2


def ticks_to(most: Decimal, steps: int, whole: bool = False) -> Sequence[Decimal]:
    """Return round values from 0 to the first at or above `most`, at most `steps` equal steps; `whole` ones if so."""
    if most <= 0:
        return (Decimal(0), Decimal(1))
    least = max(most / steps, Decimal(whole))
    unit = Decimal(1).scaleb(least.adjusted())
    round_ones = (1, 2, 3, 4, 5, 6, 8, 10) if steps < 3 else (1, 2, 5, 10)  # a few ticks may be odd, not many
    step = next(unit * times for times in round_ones if unit * times >= least)
    count = int((most / step).to_integral_value(ROUND_CEILING))
    return [step * number for number in range(count + 1)]


def apart(length: int, step: int) -> int:
    """Return every how many bars of `step` half cells a name of so many cells fits.

    plotext leaves a name out that touches another, and pushes the last in by half its length where its bar is narrow.
    """
    room = length + 1 if step > 2 * length else length * 3 // 2 + 1
    return -(-2 * room // step)


def plain_cells(text: str) -> str:
    """Return a text clean and one cell to the character, as plotext counts: it would misplace all behind another."""
    return "".join(char if cell_len(char) == 1 else REPLACEMENT for char in one_line(text))
