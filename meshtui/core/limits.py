"""What is left of a gateway's minute, as far as it said: from headers, from a refusal, from its own table.

Times are seconds since the epoch. Unknown stays unknown: nothing waits for a limit that nobody named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

LONGEST_WINDOW = 90.0
"""A window that ends later than this is no minute: nobody waits for it unasked."""

_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}
_STYLES = ("x-ratelimit-{}-requests", "x-ratelimit-rpm-{}", "x-ratelimit-{}", "ratelimit-{}")


class Allowance:
    """How many requests may still leave before `resets_at`; `left` and `limit` are None while unknown.

    Every request says `leave` before it goes and `settle` when it was answered, so that what is under way counts
    before the gateway has told so.
    """

    __slots__ = ("_under_way", "left", "limit", "resets_at")

    def __init__(self) -> None:
        self.limit: int | None = None
        self.left: int | None = None
        self.resets_at = 0.0
        self._under_way: set[str] = set()

    def leave(self, id: str) -> None:
        """Note that a request goes out now."""
        self._under_way.add(id)
        if self.left is not None:
            self.left = max(self.left - 1, 0)

    def settle(self, id: str) -> None:
        """Note that a request was answered, or will not be."""
        self._under_way.discard(id)

    def read_headers(self, headers: Mapping[str, str], now: float) -> None:
        """Take in what the headers of an answer say (names in lower case); several spellings are known."""
        for style in _STYLES:
            left, limit = _count(headers.get(style.format("remaining"))), _count(headers.get(style.format("limit")))
            resets = _span(headers.get(style.format("reset")))
            if left is not None and resets is not None:
                self._take(limit, left, resets, now)
                return

    def read_table(self, table: Mapping[str, Any], now: float) -> None:
        """Take in the key's requests per minute from the gateway's table of limits (contract, section 7)."""
        key = table.get("key")
        row = key.get("rpm") if isinstance(key, Mapping) else None
        if not isinstance(row, Mapping):
            return
        limit, used, resets = (row.get(name) for name in ("limit", "current", "resets_in_seconds"))
        if isinstance(limit, int) and isinstance(used, int) and isinstance(resets, int | float):
            self._take(limit, max(limit - used, 0), float(resets), now)

    def refuse(self, seconds: float, now: float) -> None:
        """Take in that nothing may leave for so long."""
        if seconds <= LONGEST_WINDOW:
            self.left, self.resets_at = 0, max(self.resets_at, now + seconds)

    def _take(self, limit: int | None, left: int, resets: float, now: float) -> None:
        if resets > LONGEST_WINDOW:
            return
        same = self.left is not None and now < self.resets_at and now + resets < self.resets_at + 2.0
        if same and self.left is not None:
            left = min(self.left, left)  # what is under way here the gateway may not have counted yet
        else:
            left = max(left - len(self._under_way), 0)
        self.limit = limit if limit is not None else self.limit
        self.left, self.resets_at = left, now + resets

    def room(self, now: float) -> int | None:
        """Return how many requests may leave now; None where nobody knows."""
        if self.left is not None and now >= self.resets_at:
            self.left = None if self.limit is None else max(self.limit - len(self._under_way), 0)
            self.resets_at = now + 60.0 if self.left is not None else 0.0
        return self.left

    def wait(self, now: float) -> float:
        """Return how many seconds the next request should wait; 0 where it may leave, or nobody knows."""
        return max(self.resets_at - now, 0.0) if self.room(now) == 0 else 0.0


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else None


def _span(text: str | None) -> float | None:
    """Read a time such as `12`, `12s`, `1m3s` or `120ms` in seconds."""
    if not text or not re.fullmatch(rf"(?:{_SPAN.pattern})+", text.strip()):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in _SPAN.findall(text.strip()))
