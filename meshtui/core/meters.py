"""The limits of a key as meters: how much is used, when the window ends, and who said so.

Read from the gateway's own table, from `x-ratelimit-*` headers by prefix, from refusals, and counted here where
nothing else tells (contract, section 8). Times are seconds since the epoch. No number is believed that cannot be.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from meshtui.core.limits import DAY, MINUTE, SLACK, WINDOWS, Limit


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

    def read(self, limits: Mapping[str, Limit], said: Said, now: float) -> None:
        """Take in what the gateway said of its limits."""
        for name, limit in limits.items():
            if limit.most is not None or limit.used is not None:
                self._take(name, limit.used, limit.most, limit.resets, now, said)

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
            resets = None  # a refusal may be about anything
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
        return [row for name in WINDOWS if (row := self._row(name, now)) is not None]

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


_LIMIT = re.compile(r"(\d[\d,_]{0,12})\s*(?:requests|tokens|per\b|rpm\b|rpd\b|tpm\b)", re.IGNORECASE)


def _stated(message: str) -> float | None:
    match = _LIMIT.search(message)
    return float(re.sub(r"\D", "", match[1])) if match else None
