"""What a gateway says of a key's limits, whatever its words: its own table, and headers by their prefix.

Times are in seconds, `now` since the epoch. No number is believed that cannot be (contract, section 8).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meshtui.core.waits import seconds_from

MINUTE, DAY = 60.0, 86_400.0
WINDOWS: Mapping[str, float] = {"rpm": MINUTE, "rpd": DAY, "tpm": MINUTE}
"""The limits that are known, each with how long its window lasts."""

SLACK = 1.5
"""A window that is said to last this many times as long as it can is not believed."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What was said of one limit; None is what was not. `resets` is in how many seconds its window ends."""

    most: float | None = None
    used: float | None = None
    left: float | None = None
    resets: float | None = None


def limits_in_table(table: Mapping[str, Any], now: float) -> dict[str, Limit]:
    """Read the gateway's own table (contract, section 7); of several owners the one that leaves least counts."""
    found: dict[str, Limit] = {}
    for name in WINDOWS:
        rows = []
        for owner in ("key", "member", "team", "org"):
            counters = table.get(owner)
            row = counters.get(name) if isinstance(counters, Mapping) else None
            if isinstance(row, Mapping) and (most := _number(row.get("limit"))) is not None:
                resets = seconds_from(row.get("resets_in_seconds"), now)
                rows.append(_limit(name, most, _number(row.get("current")), None, resets))
        if rows:
            found[name] = min(rows, key=lambda row: row.left if row.left is not None else row.most or 0.0)
    return found


def limits_in_headers(headers: Mapping[str, str], now: float) -> dict[str, Limit]:
    """Read every header that looks like a limit, whatever its exact name (names in lower case)."""
    found: dict[str, Limit] = {}
    for name, facts in _grouped(headers, now).items():
        most, left, used, resets = (facts.get(part) for part in ("limit", "remaining", "used", "reset"))
        found[name] = _limit(name, most, used, left, resets)
    return found


def _limit(name: str, most: float | None, used: float | None, left: float | None, resets: float | None) -> Limit:
    """Return a limit with what follows from what was said."""
    if most is not None and used is None and left is not None:
        used = max(most - left, 0.0)
    elif most is not None and left is None and used is not None:
        left = max(most - used, 0.0)
    return Limit(most, used, left, resets if resets is not None and resets <= WINDOWS[name] * SLACK else None)


_PARTS = {
    "limit": "limit",
    "remaining": "remaining",
    "left": "remaining",
    "reset": "reset",
    "used": "used",
    "current": "used",
}
_SPANS = {"minute": "m", "min": "m", "day": "d"}


def _grouped(headers: Mapping[str, str], now: float) -> dict[str, dict[str, float]]:
    """Return the facts of limit headers by limit: any order of the words limit, requests, minute and the like."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for header, text in headers.items():
        words = _words(header)
        part = next((_PARTS[word] for word in words if word in _PARTS), None)
        if part is None:
            continue
        name = next((word for word in words if word in WINDOWS), "")
        what = "tokens" if any(word.startswith("token") for word in words) else "requests"
        span = next((_SPANS[word] for word in words if word in _SPANS), "")
        number = seconds_from(text, now) if part == "reset" else _number_in(text)
        if number is not None:
            found.setdefault((name or what, span), {})[part] = number
    return {_name(what, span, facts): facts for (what, span), facts in found.items()}


def _words(header: str) -> Sequence[str]:
    """Return the words of a limit header behind its prefix, none for any other header."""
    for prefix in ("x-ratelimit", "x-rate-limit", "ratelimit", "rate-limit"):
        if header.startswith(prefix):
            return header[len(prefix) :].strip("-").split("-")
    return ()


def _name(what: str, span: str, facts: Mapping[str, float]) -> str:
    if what in WINDOWS:
        return what
    if what == "tokens":
        return "tpm"
    # Requests without a span: a minute's window cannot end in more than a minute.
    return "rpd" if span == "d" or (not span and facts.get("reset", 0.0) > 2 * MINUTE) else "rpm"


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        return None
    return float(value)


def _number_in(text: str) -> float | None:
    match = re.match(r"\s*(\d{1,12})(?:\.\d+)?\s*(?:[,;].*)?$", text)
    return float(match[1]) if match else None
