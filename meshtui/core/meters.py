"""The limits of a key as meters: how much is used, when the window ends, and who said so.

Read from the gateway's own table, from `x-ratelimit-*` headers by prefix, from refusals, and counted here where
nothing else tells (contract, section 8). Times are seconds since the epoch. No number is believed that cannot be.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from meshtui.core.waits import seconds_from

MINUTE, DAY = 60.0, 86_400.0
NAMES = ("rpm", "rpd", "tpm")
WINDOWS: Mapping[str, float] = {"rpm": MINUTE, "rpd": DAY, "tpm": MINUTE}
UNITS: Mapping[str, str] = {"rpm": "requests", "rpd": "requests", "tpm": "tokens"}

SLACK = 1.5
"""A window that is said to last this many times as long as it can is not believed."""


class Said(StrEnum):
    """Who told what a meter shows."""

    TABLE = "the gateway"
    HEADERS = "the last answer"
    REFUSAL = "the last refusal"
    COUNT = "counted here"


@dataclass(frozen=True, slots=True)
class Meter:
    """One limit. `used` and `limit` are None while unknown, `resets_at` is when the window ends."""

    name: str
    used: float | None
    limit: float | None
    resets_at: float | None
    said: Said

    @property
    def part(self) -> float | None:
        """The used part, from 0 to 1."""
        if not self.limit or self.used is None:
            return None if self.limit is None or self.used is None else 1.0
        return min(max(self.used / self.limit, 0.0), 1.0)

    @property
    def left(self) -> float | None:
        """How much may still be used."""
        return None if self.limit is None or self.used is None else max(self.limit - self.used, 0.0)

    def wait(self, now: float) -> float | None:
        """Return the seconds until the window ends; never more than such a window lasts, whatever the clock did."""
        if self.resets_at is None:
            return None
        return min(max(self.resets_at - now, 0.0), WINDOWS[self.name])


@dataclass(slots=True)
class _Known:
    """What was last said of one limit, and when."""

    used: float | None
    limit: float | None
    resets_at: float | None
    at: float
    said: Said


class Meters:
    """What is known of one key's limits. Whoever sends says `count`, so that a figure stays true until the next."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._sent: deque[tuple[float, int]] = deque(maxlen=20_000)
        self._day: tuple[int, int] = (-1, 0)

    # What is told

    def count(self, now: float, requests: int = 1, tokens: int = 0) -> None:
        """Note a request that leaves, or tokens that an answer took."""
        if requests or tokens:
            self._sent.append((now, tokens if not requests else -requests))
        day = int(now // DAY)
        self._day = (day, (self._day[1] if self._day[0] == day else 0) + requests)

    def seed_day(self, now: float, requests: int) -> None:
        """Take over how many requests left since midnight UTC before this program began to count."""
        self._day = (int(now // DAY), requests)

    def read_table(self, table: Mapping[str, Any], now: float) -> None:
        """Take in the gateway's own table; of several owners the one that leaves least counts."""
        for name in NAMES:
            rows = []
            for owner in ("key", "member", "team", "org"):
                counters = table.get(owner)
                row = counters.get(name) if isinstance(counters, Mapping) else None
                if isinstance(row, Mapping) and (limit := _number(row.get("limit"))) is not None:
                    rows.append((limit, _number(row.get("current")), row.get("resets_in_seconds")))
            if rows:
                limit, used, resets = min(rows, key=lambda row: row[0] - (row[1] or 0))
                self._take(name, used, limit, seconds_from(resets, now), now, Said.TABLE)

    def read_headers(self, headers: Mapping[str, str], now: float) -> None:
        """Take in every header that looks like a limit, whatever its exact name (names in lower case)."""
        for name, facts in _grouped(headers, now).items():
            limit, left, used, resets = (facts.get(part) for part in ("limit", "remaining", "used", "reset"))
            if used is None and limit is not None and left is not None:
                used = max(limit - left, 0.0)
            if limit is not None or used is not None:
                self._take(name, used, limit, resets, now, Said.HEADERS)

    def read_refusal(self, limit: str | None, message: str, seconds: float | None, now: float) -> None:
        """Take in a 429 of the key's own limit; without its name the wait tells a minute from a day."""
        if limit is None:
            limit = "rpd" if seconds is not None and seconds > 2 * MINUTE else "rpm"
        if limit not in WINDOWS:
            return
        known = self._known.get(limit)
        most = _stated(message) or (known.limit if known is not None else None)
        self._take(limit, most, most, seconds, now, Said.REFUSAL)

    def _take(
        self, name: str, used: float | None, limit: float | None, resets: float | None, now: float, said: Said
    ) -> None:
        if resets is not None and resets > WINDOWS[name] * SLACK:
            resets = None
        before = self._known.get(name)
        if before is not None:
            limit = before.limit if limit is None else limit
            if used is None and before.resets_at is not None and now < before.resets_at:
                used = before.used
        resets_at = now + resets if resets is not None else window_end(name, now)
        self._known[name] = _Known(used, limit, resets_at, now, said)

    # What is shown

    def rows(self, now: float) -> Sequence[Meter]:
        """Return the meters, each as it is now; those of which nothing is known but our own count come as well."""
        return [row for name in NAMES if (row := self._row(name, now)) is not None]

    def _row(self, name: str, now: float) -> Meter | None:
        known = self._known.get(name)
        ends = window_end(name, now)
        if known is None:
            counted = self._counted(name, ends - WINDOWS[name])
            return Meter(name, counted, None, ends, Said.COUNT) if counted else None
        # A clock that was set back must not keep a window open for longer than it lasts.
        over = known.resets_at is None or now >= known.resets_at or now < known.at - 1.0
        if over:
            return Meter(name, self._counted(name, ends - WINDOWS[name]), known.limit, ends, Said.COUNT)
        used = None if known.used is None else known.used + self._counted(name, known.at)
        if used is not None and known.limit is not None:
            used = min(used, known.limit) if known.used is not None and known.used <= known.limit else used
        return Meter(name, used, known.limit, known.resets_at, known.said)

    def _counted(self, name: str, since: float) -> float:
        if name == "rpd" and since % DAY == 0 and self._day[0] == int(since // DAY):
            return float(self._day[1])
        entries = [count for at, count in self._sent if at > since]
        return float(
            sum(-count for count in entries if count < 0) if name != "tpm" else sum(c for c in entries if c > 0)
        )


def window_end(name: str, now: float) -> float:
    """Return the end of the clock's own minute, or of the day in UTC: windows are said to be aligned to them."""
    return (now // WINDOWS[name] + 1) * WINDOWS[name]


def runs_left(rows: Sequence[Meter], tokens: int | None) -> int | None:
    """Return how many more runs fit into the current windows, of so many tokens each; None where nobody knows."""
    fits = []
    for row in rows:
        left = row.left
        if left is None:
            continue
        if row.name != "tpm":
            fits.append(int(left))
        elif tokens:
            fits.append(int(left // tokens))
    return min(fits, default=None)


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
    """Return the facts of limit headers by meter: any order of the words limit, requests, minute and the like."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for header, text in headers.items():
        words = _words(header)
        if words is None:
            continue
        part = next((_PARTS[word] for word in words if word in _PARTS), None)
        name = next((word for word in words if word in WINDOWS), "")
        if part is None:
            continue
        what = "tokens" if any(word.startswith("token") for word in words) else "requests"
        span = next((_SPANS[word] for word in words if word in _SPANS), "")
        number = seconds_from(text, now) if part == "reset" else _number_in(text)
        if number is not None:
            found.setdefault((name or what, span), {})[part] = number
    return {_meter(what, span, facts): facts for (what, span), facts in found.items()}


def _words(header: str) -> Sequence[str] | None:
    """Return the words of a limit header behind its prefix, None for any other header."""
    for prefix in ("x-ratelimit", "x-rate-limit", "ratelimit", "rate-limit"):
        if header.startswith(prefix):
            return header[len(prefix) :].strip("-").split("-")
    return None


def _meter(what: str, span: str, facts: Mapping[str, float]) -> str:
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


_LIMIT = re.compile(r"(\d[\d,_]{0,12})\s*(?:requests|tokens|per\b|rpm\b|rpd\b|tpm\b)", re.IGNORECASE)


def _stated(message: str) -> float | None:
    match = _LIMIT.search(message)
    return float(re.sub(r"\D", "", match[1])) if match else None


# Money


class Purse(StrEnum):
    """Which budget a 402 is about."""

    KEY = "the key's spend cap"
    MEMBER = "the member's spend cap"
    TEAM = "the team's spend cap"
    ORG = "the organisation's spend cap"
    BALANCE = "the account's balance"
    UNKNOWN = "a spend limit"


_PURSES = (
    (Purse.BALANCE, re.compile(r"balance|credit|top[ -]?up|funds|prepaid", re.IGNORECASE)),
    (Purse.TEAM, re.compile(r"\bteam", re.IGNORECASE)),
    (Purse.MEMBER, re.compile(r"\bmember|\bseat", re.IGNORECASE)),
    (Purse.ORG, re.compile(r"\borg(?:ani[sz]ation)?\b|\bworkspace", re.IGNORECASE)),
    (Purse.KEY, re.compile(r"\bkey\b", re.IGNORECASE)),
)
_AMOUNTS = re.compile(r"\$\s?(\d[\d,]*(?:\.\d+)?)\s*(?:of|/)\s*\$\s?(\d[\d,]*(?:\.\d+)?)")


def purse_of(message: str) -> Purse:
    """Return which budget the words of a 402 name; only its words tell, so an unknown one is said to be that."""
    return next((purse for purse, pattern in _PURSES if pattern.search(message)), Purse.UNKNOWN)


def amounts_of(message: str) -> tuple[Decimal, Decimal] | None:
    """Return what is spent and the cap, where a 402 says both as in `$0.01 of $0.01`."""
    match = _AMOUNTS.search(message)
    if match is None:
        return None
    spent, cap = (Decimal(text.replace(",", "")) for text in match.groups())
    return spent, cap


@dataclass(frozen=True, slots=True)
class Spend:
    """What is known of a key's money: its cap and what it spent of that, and what the account has left."""

    cap: Decimal | None = None
    spent: Decimal | None = None
    balance: Decimal | None = None
    most: Decimal | None = None
    """The highest balance seen since the last top-up: what the parts of it are reckoned by."""

    def with_balance(self, balance: Decimal) -> Spend:
        """Return what is known when the account has so much; clearly more than before is a top-up.

        A little more is none: the gateway holds money back for what is under way, and gives it back.
        """
        rise = None if self.most is None or self.balance is None else balance - self.balance
        topped_up = rise is None or balance > (self.most or 0) or rise > (self.most or 0) * TOP_UP
        return replace(self, balance=balance, most=max(balance, Decimal(0)) if topped_up else self.most)

    @property
    def cap_part(self) -> float | None:
        """The spent part of the cap."""
        if self.cap is None or self.spent is None:
            return None
        return float(self.spent / self.cap) if self.cap else 1.0

    @property
    def balance_part(self) -> float | None:
        """The spent part of the balance, as it was after the last top-up."""
        if self.balance is None or self.most is None:
            return None
        return float(1 - self.balance / self.most) if self.most else 1.0

    def runs_left(self, price: Decimal | None) -> int | None:
        """Return for how many runs of such a price the money lasts; None where that cannot be said."""
        if not price:
            return None
        left = [self.balance] if self.balance is not None else []
        if self.cap is not None and self.spent is not None:
            left.append(self.cap - self.spent)
        return max(int(min(left) / price), 0) if left else None


TOP_UP = Decimal("0.05")
"""A balance that rises by more than this part of its highest was topped up."""

STEPS = (0.95, 0.8)
"""From which parts of cap or balance on a warning is due, the highest first."""


def step_of(part: float | None) -> float:
    """Return the highest step that a part has reached, 0 below the first."""
    return next((step for step in STEPS if part is not None and part >= step), 0.0)
