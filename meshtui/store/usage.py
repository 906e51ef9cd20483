"""What turns used and cost, one narrow row each, and sums over any range of them straight from SQL."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from meshtui.core.money import UNITS_PER_DOLLAR, from_units, price_words, units
from meshtui.core.turn import Turn
from meshtui.core.usage import tokens_of
from meshtui.store.database import Database

By = Literal["day", "model", "session", "profile", "conversation"]
"""What sums may be made by."""

_KEYS: Mapping[str, str] = {
    "day": "day",
    "model": "model",
    "session": "session_id",
    "profile": "profile",
    "conversation": "conversation_id",
}

MOST_ASKED = 5
"""How often the gateway is asked for the bill of one turn; one that has none by then stays an estimate."""


@dataclass(frozen=True, slots=True)
class UsageSum:
    """What several turns used. Amounts are exact US dollars.

    `cost` sums what is known: bills, else what replies said, else estimates; `unknown` counts turns without any,
    `estimated` those of which only an estimate is known. `drift` is how much more was billed than estimated, over
    turns that have both. `first_at` is the mean time to the first output, `total` the mean of whole turns, both in
    seconds; `speed` is tokens per second while they streamed.
    """

    key: str | None
    turns: int = 0
    prompt: int = 0
    completion: int = 0
    cached: int = 0
    reasoning: int = 0
    classifier: int = 0
    cost: Decimal = Decimal(0)
    estimated: int = 0
    unknown: int = 0
    drift: Decimal = Decimal(0)
    first_at: float | None = None
    total: float | None = None
    speed: float | None = None

    @property
    def cost_words(self) -> str:
        """The cost in words: `~` before a sum that holds estimates, `+ ?` behind one with turns of unknown price."""
        if self.turns and self.unknown == self.turns:
            return "unknown"
        return f"{'~' if self.estimated else ''}{price_words(self.cost)}{' + ?' if self.unknown else ''}"


@dataclass(frozen=True, slots=True)
class TurnUsage:
    """What one turn used and took; None where nobody said."""

    id: str
    model: str
    started_at: float
    prompt: int | None
    completion: int | None
    first_at: float | None
    total: float | None
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class Unbilled:
    """A turn whose bill is not known yet, by the id that the gateway gave its request."""

    turn_id: str
    request_id: str
    started_at: float


def usage_values(turn: Turn) -> dict[str, Any] | None:
    """Return the row of a turn; None for one that used nothing, such as a refused one."""
    if not (turn.has_output or turn.usage or turn.cost is not None):
        return None
    tokens = tokens_of(turn.usage, turn.meta)
    # By the model asked for, under which the user chose it; the served names are builds and dates.
    return {
        "turn_id": turn.id,
        "day": int(time.strftime("%Y%m%d", time.localtime(turn.started_at))),
        "started_at": turn.started_at,
        "profile": turn.profile,
        "model": turn.model or turn.served_model or "",
        "request_id": turn.request_id,
        "prompt": tokens.prompt,
        "completion": tokens.completion,
        "cached": tokens.cached,
        "reasoning": tokens.reasoning,
        "classifier": tokens.classifier or None,
        "first_at": turn.first_at,
        "total": turn.total,
        "estimate": units(turn.estimate),
        "stated": units(turn.cost),
        "billed": units(turn.billed),
    }


_CHARGE = "COALESCE(billed, stated, estimate)"
_STREAMED = "completion > 0 AND total - first_at > 0.05"


def _exact(expression: str) -> str:
    """Return SQL that sums amounts of units in two columns, dollars and the rest: one sum could overflow."""
    return f"SUM(({expression}) / {UNITS_PER_DOLLAR}), SUM(({expression}) % {UNITS_PER_DOLLAR})"


_SUMS = f"""
    COUNT(*), SUM(prompt), SUM(completion), SUM(cached), SUM(reasoning), SUM(classifier),
    {_exact(_CHARGE)},
    SUM(billed IS NULL AND stated IS NULL AND estimate IS NOT NULL), SUM({_CHARGE} IS NULL),
    {_exact("billed - estimate")},
    AVG(first_at), AVG(total),
    SUM(CASE WHEN {_STREAMED} THEN completion END), SUM(CASE WHEN {_STREAMED} THEN total - first_at END)
"""


def _sum_from(key: Any, row: Sequence[Any]) -> UsageSum:
    turns, prompt, completion, cached, reasoning, classifier = (int(value or 0) for value in row[:6])
    dollars, rest, estimated, unknown, more, more_rest, first_at, total, streamed, seconds = row[6:]
    return UsageSum(
        None if key is None else str(key),
        turns,
        prompt,
        completion,
        cached,
        reasoning,
        classifier,
        from_units((dollars or 0) * UNITS_PER_DOLLAR + (rest or 0)),
        estimated or 0,
        unknown or 0,
        from_units((more or 0) * UNITS_PER_DOLLAR + (more_rest or 0)),
        first_at,
        total,
        streamed / seconds if streamed and seconds else None,
    )


class UsageRows(Database):
    """The part of the store that keeps what turns used."""

    def _store_usage(self, execute: Callable[..., sqlite3.Cursor], turn: Turn) -> None:
        values = usage_values(turn)
        if values is None:
            return
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        execute(
            f"INSERT OR REPLACE INTO usage ({names}, conversation_id, session_id)"  # noqa: S608 - our names
            f" SELECT {marks}, conversation_id, session_id FROM turn WHERE id = ?",
            (*self._texts(*values.values()), turn.id),
        )

    # Sums

    def usage_total(self, since: float = 0.0, until: float = 1e12, **only: str | None) -> UsageSum:
        """Return the sum over turns that began from `since` on and before `until`.

        `only` keeps those of one conversation, model, session or profile, by these names.
        """
        where, values = _conditions(only)
        sql = f"SELECT {_SUMS} FROM usage WHERE started_at >= ? AND started_at < ?{where}"  # noqa: S608
        return _sum_from(None, self._row(sql, (since, until, *values)))

    def usage_by(self, by: By, since: float = 0.0, until: float = 1e12, limit: int = 1000) -> list[UsageSum]:
        """Return sums by day (as 20261120, newest first) or by something else (dearest first)."""
        key = _KEYS[by]
        sql = f"SELECT {key}, {_SUMS} FROM usage WHERE started_at >= ? AND started_at < ? GROUP BY {key}"  # noqa: S608
        sums = [_sum_from(row[0], row[1:]) for row in self._rows(sql, (since, until))]
        if by == "day":
            sums.sort(key=lambda one: one.key or "", reverse=True)
        else:
            sums.sort(key=lambda one: (one.cost, one.turns), reverse=True)
        return sums[:limit]

    def usage_apart(self, by: By, since: float = 0.0) -> tuple[list[UsageSum], UsageSum]:
        """Return `usage_by` and `usage_total`, read over a connection of their own: for any thread.

        Over a year of 100,000 turns they take some 0.2 s, and the connection of the event loop is the loop's alone.
        """
        with UsageRows(self.path, self._now) as apart:
            return apart.usage_by(by, since), apart.usage_total(since)

    def last_usage(self, limit: int = 40, **only: str | None) -> list[TurnUsage]:
        """Return what the last turns used, oldest first; `only` as in `usage_total`."""
        where, values = _conditions(only)
        sql = (
            f"SELECT turn_id, model, started_at, prompt, completion, first_at, total, {_CHARGE}"  # noqa: S608
            f" FROM usage WHERE 1{where} ORDER BY started_at DESC LIMIT ?"
        )
        rows = self._rows(sql, (*values, limit))
        return [
            TurnUsage(id, model, at, prompt, completion, first, total, None if charge is None else from_units(charge))
            for id, model, at, prompt, completion, first, total, charge in reversed(rows)
        ]

    def sent_since(self, since: float, profile: str) -> int:
        """Return how many requests of a profile began since then, refused ones included."""
        sql = "SELECT COUNT(*) FROM turn WHERE started_at >= ? AND profile = ?"
        return int(self._row(sql, (since, profile))[0])

    # Bills

    def unbilled(self, profile: str, since: float, limit: int = 200) -> list[Unbilled]:
        """Return turns of a profile whose bill is still to be asked for, newest first."""
        sql = (
            "SELECT turn_id, request_id, started_at FROM usage WHERE billed IS NULL AND request_id IS NOT NULL"
            " AND asked < ? AND profile = ? AND started_at >= ? ORDER BY started_at DESC LIMIT ?"
        )
        return [Unbilled(*row) for row in self._rows(sql, (MOST_ASKED, profile, since, limit))]

    def save_bills(self, bills: Mapping[str, Decimal], asked: Sequence[str] = ()) -> None:
        """Keep what the gateway billed, by turn; note that it was asked for the others among `asked`."""
        with self._transaction() as execute:
            for turn_id, amount in bills.items():
                count = units(amount)
                if count is not None:
                    execute("UPDATE usage SET billed = ? WHERE turn_id = ?", (count, turn_id))
                    execute("UPDATE turn SET billed = ? WHERE id = ?", (format(amount, "f"), turn_id))
            for turn_id in asked:
                if turn_id not in bills:
                    execute("UPDATE usage SET asked = asked + 1 WHERE turn_id = ?", (turn_id,))


def _conditions(only: Mapping[str, str | None]) -> tuple[str, list[str | None]]:
    where = "".join(f" AND {_KEYS[name]} IS ?" for name in only)
    return where, list(only.values())
