"""What the usage page plots: a figure of each day of a range, or of the models, profiles or sessions that lead it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal

from meshtui.core.money import price_words
from meshtui.core.usage import day_words
from meshtui.session import UsageSum
from meshtui.ui.widgets.plots import Bar

MEASURES: Sequence[str] = ("cost", "tokens", "turns", "TTFT", "tok/s")


def words_of(measure: str) -> Callable[[Decimal], str]:
    """Return how a measure's figures are told."""
    match measure:
        case "cost":
            return price_words
        case "TTFT":
            return lambda value: f"{value.normalize():f} s" if value == round(value, 1) else f"{value:.2f} s"
        case _:
            return lambda value: f"{value.normalize():,f}" if 0 < value < 1 else f"{value:,.0f}"


def measured(rows: Sequence[UsageSum], measure: str) -> Decimal:
    """Return a figure of several sums together: their sum, or their mean where it is a time or a speed; else 0."""
    match measure:
        case "cost":
            return sum((row.cost for row in rows), Decimal(0))
        case "tokens":
            return Decimal(sum(row.prompt + row.completion + row.classifier for row in rows))
        case "turns":
            return Decimal(sum(row.turns for row in rows))
        case "TTFT":
            timed = [(row.first_at, row.turns) for row in rows if row.first_at is not None]
            return _decimal(sum(at * turns for at, turns in timed), sum(turns for _, turns in timed))
        case _:
            fast = [(row.completion, row.speed) for row in rows if row.speed]
            return _decimal(sum(tokens for tokens, _ in fast), sum(tokens / speed for tokens, speed in fast))


def _decimal(above: float, below: float) -> Decimal:
    return Decimal(f"{above / below:.6f}") if below else Decimal(0)


def told(row: UsageSum, measure: str) -> str:
    """Return a figure of one sum in words, with what is not sure about it; a dash where there is none."""
    if measure == "cost":
        return row.cost_words
    value = measured((row,), measure)
    return words_of(measure)(value) if value else "–"


def day_bars(days: Sequence[tuple[str, UsageSum | None]], measure: str, room: int) -> tuple[Sequence[Bar], int]:
    """Return bars from first to last day, at most `room`, and how many days each stands for."""
    each = max(-(-len(days) // max(room, 1)), 1)
    parts = (days[place : place + each] for place in range(0, len(days), each))
    return [Bar(part[0][0], measured([row for _, row in part if row], measure)) for part in parts], each


def leading_bars(rows: Sequence[UsageSum], measure: str, nameless: str) -> Sequence[Bar]:
    """Return a bar for each sum, the highest first."""
    bars = [Bar(row.key or nameless, measured((row,), measure), told(row, measure)) for row in rows]
    return sorted(bars, key=lambda bar: bar.value, reverse=True)


def filled(rows: Sequence[UsageSum], now: float, days: int | None) -> list[tuple[str, UsageSum | None]]:
    """Return every day of a range, first to last, also those on which nothing was sent."""
    by = {day_words(row.key): row for row in rows}
    last = date.fromtimestamp(now)
    first = last - timedelta(days=days - 1) if days is not None else min(map(date.fromisoformat, by), default=last)
    return [
        (day.isoformat(), by.get(day.isoformat()))
        for day in (first + timedelta(days=number) for number in range((last - first).days + 1))
    ]
