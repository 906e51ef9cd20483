"""What is left of a gateway's minute, as far as it said: in headers, in a refusal, in its own table.

Times are seconds since the epoch. Unknown stays unknown: nothing waits for a limit that nobody named.
"""

from __future__ import annotations

from collections.abc import Mapping

from meshtui.core.limits import MINUTE, SLACK, Limit


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

    def read(self, limits: Mapping[str, Limit], now: float) -> None:
        """Take in what the gateway said of requests per minute: how many are left, and until when."""
        said = limits.get("rpm")
        if said is not None and said.left is not None and said.resets is not None:
            self._take(None if said.most is None else int(said.most), int(said.left), said.resets, now)

    def refuse(self, seconds: float, now: float) -> None:
        """Take in that nothing may leave for so long; a wait that is longer than a minute's is no minute's."""
        if seconds <= MINUTE * SLACK:
            self.left, self.resets_at = 0, max(self.resets_at, now + seconds)

    def _take(self, limit: int | None, left: int, resets: float, now: float) -> None:
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
            self.resets_at = now + MINUTE if self.left is not None else 0.0
        return self.left

    def wait(self, now: float) -> float:
        """Return how many seconds the next request should wait; 0 where it may leave, or nobody knows."""
        return max(self.resets_at - now, 0.0) if self.room(now) == 0 else 0.0
