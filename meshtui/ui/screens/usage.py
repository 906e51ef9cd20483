"""The usage page: sums over any range by day, model, profile or session, plots of them, limits and money."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar, Literal

from rich.cells import cell_len
from rich.text import Text
from textual import events, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import DataTable, Static

from meshtui.core.money import price_words
from meshtui.core.text import one_line
from meshtui.core.usage import day_words
from meshtui.session import Session, StoreError, UsageSum
from meshtui.ui.commands import Where, bindings
from meshtui.ui.panes.usage import UsageFigures, limit_lines, run_lines, sum_words, turns_words
from meshtui.ui.screens.usage_bars import MEASURES, day_bars, filled, leading_bars, words_of
from meshtui.ui.widgets.hints import Hint, hints_content
from meshtui.ui.widgets.plots import BarPlot

By = Literal["day", "model", "profile", "session"]
BYS: Sequence[By] = ("day", "model", "profile", "session")
RANGES: Sequence[tuple[str, int | None]] = (
    ("today", 1),
    ("7 days", 7),
    ("30 days", 30),
    ("90 days", 90),
    ("a year", 365),
    ("everything", None),
)
COLUMNS = ("turns", "in", "cached", "out", "reasoning", "classifier", "cost", "drift", "TTFT", "total", "tok/s")
WIDE_ONLY = frozenset(("cached", "reasoning", "classifier", "total"))
"""Columns that a narrow terminal leaves out."""

ROWS_AT_ONCE = 25
"""So many rows of the table are made before keys are looked at."""

HINTS: tuple[Hint, ...] = (
    ("usage.close", "closes"),
    ("←→", "range", ""),
    ("usage.by", f"by {', '.join(BYS)}"),
    ("usage.plot", "plots"),
    ("usage.bills", "gets bills"),
)


@dataclass(frozen=True, slots=True)
class Sums:
    """What was summed up last: by what, over which of the ranges, each sum, and all of them together."""

    by: By
    range: int
    rows: Sequence[UsageSum]
    total: UsageSum


class UsagePage(Screen[None]):
    """Shows the books; closes with escape. `figures` returns limits and money as they are now."""

    PLACES: ClassVar[tuple[Where, ...]] = ("usage",)
    BINDINGS = bindings("usage")
    DEFAULT_CSS = """
    UsagePage {
        #head { height: 1; padding: 0 1; background: $panel; text-wrap: nowrap; text-overflow: ellipsis; }
        #head.-fault { height: auto; text-wrap: wrap; text-overflow: fold; }
        #books { height: auto; max-height: 50%; }
        #run { width: 1fr; height: auto; padding: 0 1; }
        #left { width: 1fr; height: auto; padding: 0 1; }
        #plotted { height: 1; margin: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
        #plot { height: 28%; min-height: 6; max-height: 11; margin: 0 1; }
        DataTable { height: 1fr; min-height: 5; background: $background; }
        #hint { height: 1; padding: 0 1; background: $panel; color: $text-muted; text-wrap: nowrap;
            text-overflow: ellipsis; link-style: none; link-color: $text-muted; }
    }
    """

    def __init__(self, session: Session, figures: Callable[[], UsageFigures]) -> None:
        super().__init__()
        self._session, self._figures = session, figures
        self._range, self._by, self._measure = 2, 0, 0
        self._sums: Sums | None = None

    def compose(self) -> ComposeResult:
        """From top to bottom: the range, this run and the limits, the plot, the table, the keys."""
        yield Static("", id="head", markup=False)
        with Vertical():
            with VerticalScroll(id="books"), Horizontal(id="both"):
                yield Static("", id="run", markup=False)
                yield Static("", id="left", markup=False)
            yield Static("", id="plotted", markup=False)
            yield BarPlot(id="plot")
            yield DataTable[Text](zebra_stripes=False, cursor_type="row")
        yield Static(hints_content(self.app, HINTS), id="hint", markup=False)

    def on_mount(self) -> None:
        """Show the last 30 days, and follow what changes."""
        self.query_one("#both").styles.height = "auto"
        self.query_one(DataTable).focus()
        self._show()
        self.set_interval(1.0, self._show_limits)

    def on_resize(self, event: events.Resize) -> None:
        """Fit plot and table."""
        self.call_after_refresh(self._show)

    # What is shown

    def action_range(self, step: int) -> None:
        """Take a longer or a shorter range."""
        self._range = min(max(self._range + step, 0), len(RANGES) - 1)
        self._show()

    def action_by(self) -> None:
        """Sum by something else."""
        self._by = (self._by + 1) % len(BYS)
        self._show()

    def action_measure(self) -> None:
        """Plot something else."""
        self._measure = (self._measure + 1) % len(MEASURES)
        self._draw_plot()

    @work(group="bills", exclusive=True, exit_on_error=False)
    async def action_reconcile(self) -> None:
        """Ask the gateway for the bills that are missing, now."""
        missing = await self._session.settle()
        fault = self._session.account().fault
        self.app.notify(fault or (f"{missing} bills are not there yet" if missing else "asked"), markup=False)
        self._show()

    def _since(self) -> float:
        days = RANGES[self._range][1]
        if days is None:
            return 0.0
        first = date.fromtimestamp(self._session.time()) - timedelta(days=days - 1)
        return time.mktime(first.timetuple())

    @work(group="sums", exclusive=True, exit_on_error=False)
    async def _show(self) -> None:
        by, over = BYS[self._by], self._range
        try:
            rows, total = await self._session.usage_over(by, self._since())
        except StoreError as error:
            self.query_one("#head", Static).add_class("-fault").update(Content(str(error)))
            return
        self._sums = Sums(by, over, rows, total)
        self._show_limits()
        self._show_head(total)
        self._draw_plot()
        await asyncio.sleep(0)
        await self._fill(self._sums)

    def _show_head(self, total: UsageSum) -> None:
        words = f"{sum_words(total)} · {turns_words(total.turns)}" if total.turns else "nothing was sent"
        notes = [f"{total.estimated:,} not billed yet"] if total.estimated else []
        notes += [f"{total.unknown:,} of unknown price"] if total.unknown else []
        notes += [f"drift {price_words(total.drift)}"] if total.drift else []
        head = " · ".join((f"Usage, {RANGES[self._range][0]}, by {BYS[self._by]}", words, *notes))
        self.query_one("#head", Static).remove_class("-fault").update(Content.styled(head, "bold"))

    def _show_limits(self) -> None:
        try:
            figures = self._figures()
        except StoreError:
            return  # the head says it
        run = [Content.styled("this run", "bold")] if figures.turn is not None else []
        run += [Content(f"  {line}") for line in (run_lines(figures.turn) if figures.turn is not None else ())]
        for name, row in (("this conversation", figures.here), ("today", figures.today)):
            run.append(Content.assemble((f"{name} ", "bold"), f"{sum_words(row)} · {turns_words(row.turns)}"))
            run += [Content(f"  {line}") for line in sum_lines(row)]
        self.query_one("#run", Static).update(Content("\n").join(run))
        left = [Content.styled("limits", "bold"), *limit_lines(figures)]
        if figures.fault:
            left.append(Content.styled(one_line(figures.fault, 300), "$text-warning"))
        self.query_one("#left", Static).update(Content("\n").join(left))

    async def _fill(self, sums: Sums) -> None:
        by, total, table = sums.by, sums.total, self.query_one(DataTable)
        wide = self.size.width >= 110
        shown = [place for place, name in enumerate(COLUMNS) if wide or name not in WIDE_ONLY]
        heads = (by, *(COLUMNS[place] for place in shown))
        widths, rows = list(map(len, heads)), list[tuple[str, ...]]()
        for number, row in enumerate((*sums.rows, total), 1):
            if number % ROWS_AT_ONCE == 0:
                await asyncio.sleep(0)
            name = "total" if row is total else day_words(row.key) if by == "day" else row.key or f"(no {by})"
            told = cells_of(row)
            rows.append((one_line(name, 44 if wide else 26), *(told[place] for place in shown)))
            widths = [max(width, cell_len(cell)) for width, cell in zip(widths, rows[-1], strict=True)]
        table.clear(columns=True)
        # Widths that the table measures itself come after its first paint, and what was painted stays as it was.
        for place, (head, width) in enumerate(zip(heads, widths, strict=True)):
            table.add_column(Text(head, justify="right" if place else "left"), width=width)
        for number, cells in enumerate(rows, 1):
            if number % ROWS_AT_ONCE == 0:
                await asyncio.sleep(0)
            style = "bold" if number == len(rows) else ""
            table.add_row(Text(cells[0], style), *(Text(cell, style, justify="right") for cell in cells[1:]))

    def _draw_plot(self) -> None:
        if self._sums is None:
            return
        by, rows, measure, plot = self._sums.by, self._sums.rows, MEASURES[self._measure], self.query_one(BarPlot)
        words = words_of(measure)
        if by == "day":
            days = filled(rows, self._session.time(), RANGES[self._sums.range][1])
            bars, each = day_bars(days, measure, plot.upright_room)
            highest = max(bars, key=lambda bar: bar.value, default=None)
            scope = "a day" if each == 1 else f"each bar {each} days"
            note = f"{scope}; the highest {words(highest.value)}, {highest.name}" if highest else ""
        else:
            bars = leading_bars(rows, measure, f"(no {by})")
            some = len(bars) > plot.lying_room
            note = f"by {by}" + (f"; the first {plot.lying_room} of {len(bars):,}" if some else "")
        if not any(bar.value for bar in bars):
            bars, note = (), "nothing to plot"
        plot.show(bars, words, lying=by != "day", whole=measure in ("tokens", "turns"))
        self.query_one("#plotted", Static).update(Content.assemble((measure, "bold"), f", {note}"))


def sum_lines(row: UsageSum) -> Sequence[str]:
    """Return tokens and means of a sum in a line, nothing where nothing was sent."""
    if not row.turns:
        return ()
    words = [f"{row.prompt:,} → {row.completion:,} tok"]
    words += [f"TTFT {row.first_at:.2f} s"] if row.first_at is not None else []
    words += [f"{row.speed:.0f} tok/s"] if row.speed is not None else []
    return (" · ".join(words),)


def cells_of(row: UsageSum) -> Sequence[str]:
    """Return the cells of a sum after its name."""
    return (
        f"{row.turns:,}",
        f"{row.prompt:,}",
        f"{row.cached:,}",
        f"{row.completion:,}",
        f"{row.reasoning:,}",
        f"{row.classifier:,}",
        row.cost_words,
        price_words(row.drift) if row.drift else "–",
        "–" if row.first_at is None else f"{row.first_at:.2f} s",
        "–" if row.total is None else f"{row.total:.1f} s",
        "–" if row.speed is None else f"{row.speed:.0f}",
    )
