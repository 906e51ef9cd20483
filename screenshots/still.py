"""A process in which everything that differs from run to run stands still; import it before anything of meshtui.

The calendar shows one moment, ids count, chance is seeded. Durations are measured by a `Pace`, which the session
takes as its clock. Timers of the event loop go on as ever: they use the monotonic clock.
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import time
from itertools import count

NOW = 1_793_181_600.0
"""2026-10-28 10:00 UTC: what every clock shows."""

STEP, UNEVEN = 0.018, (1.0, 1.6, 0.7, 1.25)
"""Seconds that pass between two looks of a task at its clock, and by how much that differs from task to task."""


def stand_still() -> None:
    """Stop this process's calendar, ids and chance."""
    local = time.localtime
    ids = count(0x5EED0000)
    os.environ["TZ"] = "UTC"
    time.tzset()
    time.time = lambda: NOW
    time.time_ns = lambda: int(NOW * 1_000_000_000)
    time.localtime = lambda seconds=None: local(NOW if seconds is None else seconds)
    secrets.randbits = lambda k: next(ids) % (1 << k)
    random.seed(7)


async def for_ever(seconds: float) -> None:
    """Wait until it is cancelled: what is done a while after something else is done here when the scene says so."""
    await asyncio.Event().wait()


class Pace:
    """A clock by which each task's time passes evenly with its looks at it, whatever the machine is doing.

    The first task that looks gets the first pace of `UNEVEN`, and so on: lanes side by side differ, always alike.
    """

    def __init__(self) -> None:
        self._looks: dict[asyncio.Task[object] | None, float] = {}
        self._paces: dict[asyncio.Task[object] | None, float] = {}

    def clock(self) -> float:
        """Return the seconds that have passed for the current task."""
        task = asyncio.current_task()
        pace = self._paces.setdefault(task, STEP * UNEVEN[len(self._paces) % len(UNEVEN)])
        self._looks[task] = self._looks.get(task, 0.0) + pace
        return self._looks[task]

    def now(self) -> float:
        """Return the moment, in seconds since the epoch, at which the current task has arrived."""
        return NOW + self._looks.get(asyncio.current_task(), 0.0)
