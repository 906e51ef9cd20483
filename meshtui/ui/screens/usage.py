"""The usage page: sums over any range by day, model, profile or session, plots over the days, limits and money."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Literal

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import DataTable, Static

from meshtui.core.money import price_words
from meshtui.core.text import one_line
from meshtui.session import Session, StoreError, UsageSum
from meshtui.ui.panes.usage import UsageFigures, limit_lines, run_lines, sum_words, turns_words
from meshtui.ui.widgets.bars import plot

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
MEASURES: Sequence[str] = ("cost", "tokens", "turns", "TTFT", "tok/s")
COLUMNS = ("turns", "in", "cached", "out", "reasoning", "classifier", "cost", "drift", "TTFT", "total", "tok/s")
WIDE_ONLY = frozenset(("cached", "reasoning", "classifier", "total"))
"""Columns that a narrow terminal leaves out."""

PLOT_HEIGHT = 6
HINT = "←→ range · b by day, model, profile, session · m what is plotted · r asks for bills · esc closes"


class UsagePage(Screen[None]):
    """Shows the books; closes with escape. `figures` returns limits and money as they are now."""

    BINDINGS = [
        Binding("escape,q,alt+u", "dismiss(None)", "Close"),
        Binding("right,plus", "range(1)", "Longer", priority=True),
        Binding("left,minus", "range(-1)", "Shorter", priority=True),
        Binding("b", "by", "By"),
        Binding("m", "measure", "Plot"),
        Binding("r", "reconcile", "Ask for bills"),
    ]
    DEFAULT_CSS = """
    UsagePage {
        #head { height: 1; padding: 0 1; background: $panel; text-wrap: nowrap; text-overflow: ellipsis; }
        #books { height: auto; max-height: 50%; }
        #run { width: 1fr; height: auto; padding: 0 1; }
        #left { width: 1fr; height: auto; padding: 0 1; }
        #plot { height: auto; padding: 0 1; color: $primary; text-wrap: nowrap; }
        DataTable { height: 1fr; min-height: 5; background: $background; }
        #hint { height: 1; padding: 0 1; background: $panel; color: $text-muted; text-wrap: nowrap;
            text-overflow: ellipsis; }
    }
    """

    def __init__(self, session: Session, figures: Callable[[], UsageFigures]) -> None:
        super().__init__()
        self._session, self._figures = session, figures
        self._range, self._by, self._measure = 2, 0, 0
        self._days: Sequence[UsageSum] = ()

    def compose(self) -> ComposeResult:
        """From top to bottom: the range, this run and the limits, the plot, the table, the keys."""
        yield Static("", id="head", markup=False)
        with Vertical():
            with VerticalScroll(id="books"), Horizontal(id="both"):
                yield Static("", id="run", markup=False)
                yield Static("", id="left", markup=False)
            yield Static("", id="plot", markup=False)
            yield DataTable[Text](zebra_stripes=False, cursor_type="row")
        yield Static(HINT, id="hint", markup=False)

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

    def action_reconcile(self) -> None:
        """Ask the gateway for the bills that are missing, now."""

        async def ask() -> None:
            missing = await self._session.settle()
            fault = self._session.account().fault
            self.app.notify(fault or (f"{missing} bills are not there yet" if missing else "asked"), markup=False)
            self._show()

        self.run_worker(ask(), group="bills", exclusive=True, exit_on_error=False, description="ask for bills")

    def _since(self) -> float:
        days = RANGES[self._range][1]
        if days is None:
            return 0.0
        first = date.fromtimestamp(self._session.time()) - timedelta(days=days - 1)
        return time.mktime(first.timetuple())

    def _show(self) -> None:
        by = BYS[self._by]
        try:
            since = self._since()
            rows, total = self._session.usage_by(by, since), self._session.usage(since)
            self._days = rows if by == "day" else self._session.usage_by("day", since)
        except StoreError as error:
            self.query_one("#head", Static).update(Content(str(error)))
            return
        words = f"{sum_words(total)} · {turns_words(total.turns)}" if total.turns else "nothing was sent"
        notes = [f"{total.estimated:,} not billed yet"] if total.estimated else []
        notes += [f"{total.unknown:,} of unknown price"] if total.unknown else []
        notes += [f"drift {price_words(total.drift)}"] if total.drift else []
        head = " · ".join((f"Usage, {RANGES[self._range][0]}, by {by}", words, *notes))
        self.query_one("#head", Static).update(Content.styled(head, "bold"))
        self._fill(by, rows, total)
        self._show_limits()
        self._draw_plot()

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

    def _fill(self, by: By, rows: Sequence[UsageSum], total: UsageSum) -> None:
        table = self.query_one(DataTable)
        table.clear(columns=True)
        shown = [name for name in COLUMNS if self.size.width >= 110 or name not in WIDE_ONLY]
        table.add_columns(by, *(Text(name, justify="right") for name in shown))
        for row in (*rows, total):
            name = "total" if row is total else day_words(row.key) if by == "day" else row.key or f"(no {by})"
            room = 44 if self.size.width >= 110 else 26
            style = "bold" if row is total else ""
            told = dict(zip(COLUMNS, cells_of(row), strict=True))
            cells = (Text(told[column], style, justify="right") for column in shown)
            table.add_row(Text(one_line(name, room), style), *cells)

    def _draw_plot(self) -> None:
        width = self.size.width - 14
        if width < 10 or not self.is_mounted:
            return
        measure = MEASURES[self._measure]
        days = filled(self._days, self._session.time(), RANGES[self._range][1])
        height = PLOT_HEIGHT if self.size.height >= 30 else 3
        values = [measured(row, measure) for _, row in days]
        bars = plot(values, width, height) if len(days) > 1 else []
        plotted = self.query_one("#plot", Static)
        if not bars or not any(values):
            plotted.update("")
            return
        most = max(values)
        label = price_words_of(most) if measure == "cost" else f"{most:,.2f} s" if measure == "TTFT" else f"{most:,.0f}"
        each = -(-len(days) // width)
        unit = "a day" if each == 1 else f"each bar {each} days"
        lines = [f"{measure}, {unit}; the highest day {label}", *bars]
        lines.append(f"{days[0][0]} … {days[-1][0]}")
        plotted.update(Content("\n".join(lines)))


def sum_lines(row: UsageSum) -> Sequence[str]:
    """Return tokens and means of a sum in a line, nothing where nothing was sent."""
    if not row.turns:
        return ()
    words = [f"{row.prompt:,} → {row.completion:,} tok"]
    words += [f"TTFT {row.first_at:.2f} s"] if row.first_at is not None else []
    words += [f"{row.speed:.0f} tok/s"] if row.speed is not None else []
    return (" · ".join(words),)


def price_words_of(amount: float) -> str:
    """Return the words of an amount that was drawn."""
    from decimal import Decimal

    return price_words(Decimal(str(amount)))


def day_words(key: str | None) -> str:
    """Return a day such as 20261120 as 2026-11-20."""
    return f"{key[:4]}-{key[4:6]}-{key[6:]}" if key and len(key) == 8 else key or ""


def measured(row: UsageSum | None, measure: str) -> float:
    """Return the figure of a day that is plotted, 0 where there is none."""
    if row is None:
        return 0.0
    match measure:
        case "cost":
            return float(row.cost)
        case "tokens":
            return float(row.prompt + row.completion + row.classifier)
        case "turns":
            return float(row.turns)
        case "TTFT":
            return row.first_at or 0.0
        case _:
            return row.speed or 0.0


def filled(rows: Sequence[UsageSum], now: float, days: int | None) -> list[tuple[str, UsageSum | None]]:
    """Return every day of a range, first to last, also those on which nothing was sent."""
    by = {day_words(row.key): row for row in rows}
    last = date.fromtimestamp(now)
    first = last - timedelta(days=days - 1) if days is not None else min(map(date.fromisoformat, by), default=last)
    return [
        (day.isoformat(), by.get(day.isoformat()))
        for day in (first + timedelta(days=number) for number in range((last - first).days + 1))
    ]


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
