"""`meshtui usage`: what was used and what it cost, from the history, by day, model, session or profile."""

from __future__ import annotations

import argparse
import asyncio
import csv
import io
import re
import time
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from meshtui.cli.output import FAULT, OK, emit, emit_json, refuse, say
from meshtui.cli.surroundings import look_around
from meshtui.core.money import price_words
from meshtui.core.text import one_line
from meshtui.core.usage import day_words

if TYPE_CHECKING:
    from meshtui.session import Session
    from meshtui.store.usage import UsageSum

COLUMNS = (
    "turns",
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "classifier_tokens",
    "cost_usd",
    "estimated_turns",
    "unknown_turns",
    "drift_usd",
    "ttft_ms",
    "tokens_per_second",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `usage`."""
    add = parser.add_argument
    add(
        "--since",
        type=since_from,
        default=0.0,
        metavar="WHEN",
        help="a date (2026-11-20), a time (2026-11-20T09:30), a span (12h, 7d, 4w), today, yesterday; default: all",
    )
    add("--by", choices=("day", "model", "session", "profile"), default="day", help="what to sum by (default day)")
    add("--reconcile", action="store_true", help="first ask the gateway what it billed for the turns not billed yet")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object")
    form.add_argument("--csv", action="store_true", help="print comma-separated values with a heading")


_SPAN = re.compile(r"(\d{1,6})\s*(min|h|d|w)")


def since_from(text: str, now: datetime | None = None) -> float:
    """Read a moment in seconds since the epoch; raises ArgumentTypeError with a sentence."""
    now = now or datetime.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    word = text.strip().lower()
    try:
        if word in ("today", "yesterday"):
            return (midnight - timedelta(days=word == "yesterday")).timestamp()
        if match := _SPAN.fullmatch(word):
            unit = {"min": "minutes", "h": "hours", "d": "days", "w": "weeks"}[match[2]]
            return max((now - timedelta(**{unit: int(match[1])})).timestamp(), 0.0)
        return max(datetime.fromisoformat(text.strip()).timestamp(), 0.0)
    except (ValueError, OverflowError, OSError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time: write 2026-11-20, 2026-11-20T09:30, 12h, 7d, today or yesterday"
        ) from None


def usage(arguments: argparse.Namespace) -> int:
    """Print the sums; return the exit code."""
    from meshtui.session import StoreError

    here = look_around(arguments)
    if arguments.reconcile:
        here.require_key()
    session = here.session()
    try:
        if arguments.reconcile:
            asyncio.run(_reconcile(session))
        rows = session.usage_by(arguments.by, arguments.since)
        total = session.usage(arguments.since)
    except StoreError as error:
        refuse(str(error), FAULT)
    finally:
        session.close()
    if arguments.json:
        groups = [{arguments.by: _key(row, arguments.by), **figures(row)} for row in rows]
        emit_json({"by": arguments.by, "since": _iso(arguments.since), "total": figures(total), "rows": groups})
    elif arguments.csv:
        _csv(arguments.by, rows)
    else:
        _table(arguments.by, rows, total)
    return OK


async def _reconcile(session: Session) -> None:
    try:
        missing = await session.settle()
    finally:
        await session.aclose()
    account = session.account()
    if account.fault:
        say(f"the bills could not be had: {account.fault}")
    elif "bills" in account.lacks:
        say("this gateway has no usage report: what it did not say itself stays an estimate")
    elif missing:
        say(f"the gateway has no bill for {missing} turns yet")


def figures(row: UsageSum) -> dict[str, Any]:
    """Return a sum under the names that JSON and CSV have; money as decimal texts, unknown means as null.

    `cost_usd` is null where no turn's price is known.
    """
    known = row.turns > row.unknown or not row.turns
    return {
        "turns": row.turns,
        "prompt_tokens": row.prompt,
        "completion_tokens": row.completion,
        "cached_tokens": row.cached,
        "reasoning_tokens": row.reasoning,
        "classifier_tokens": row.classifier,
        "cost_usd": decimal_text(row.cost) if known else None,
        "estimated_turns": row.estimated,
        "unknown_turns": row.unknown,
        "drift_usd": decimal_text(row.drift),
        "ttft_ms": None if row.first_at is None else round(row.first_at * 1000),
        "tokens_per_second": None if row.speed is None else round(row.speed, 1),
    }


def decimal_text(amount: Decimal) -> str:
    """Return an amount with all its digits."""
    return format(amount, "f")


def _key(row: UsageSum, by: str) -> str | None:
    return day_words(row.key) if by == "day" else row.key


def _iso(seconds: float) -> str | None:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)) if seconds else None


def _csv(by: str, rows: list[UsageSum]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([by, *COLUMNS])
    for row in rows:
        values = figures(row)
        key = _key(row, by) or ""
        # A spreadsheet must not take an id for a formula.
        safe = f"'{key}" if key[:1] in ("=", "+", "-", "@", "\t") else key
        writer.writerow([safe, *("" if values[name] is None else values[name] for name in COLUMNS)])
    emit(out.getvalue(), end="")


def _table(by: str, rows: list[UsageSum], total: UsageSum) -> None:
    width = max([len(by), 10, *(min(len(_key(row, by) or ""), 44) for row in rows)])
    head = f"{by:<{width}} {'turns':>7} {'in':>11} {'cached':>9} {'out':>10}"
    emit(f"{head} {'cost':>14} {'drift':>12} {'TTFT':>7} {'tok/s':>6}")
    for row in (*rows, total):
        name = "total" if row is total else one_line(_key(row, by) or f"(no {by})", 44)
        first = "–" if row.first_at is None else f"{row.first_at:.2f} s"
        speed = "–" if row.speed is None else f"{row.speed:.0f}"
        drift = price_words(row.drift) if row.drift else "–"
        emit(
            f"{name:<{width}} {row.turns:>7,} {row.prompt:>11,} {row.cached:>9,} {row.completion:>10,}"
            f" {row.cost_words:>14} {drift:>12} {first:>7} {speed:>6}"
        )
    notes = []
    if total.estimated:
        notes.append(f"~ marks sums with estimates: turns not billed yet: {total.estimated:,} (--reconcile asks)")
    if total.unknown:
        notes.append(f"turns of unknown price: {total.unknown:,}")
    if notes:
        say("; ".join(notes))
