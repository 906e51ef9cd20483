"""How long to wait, and when to try again (contract, section 8)."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from meshtui.client.errors import MeshAPIError, kind_of
from meshtui.core.problem import ProblemKind


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits in seconds, None for no limit.

    `idle` is the longest silence, both before the head of a reply and between two pieces of it; any byte counts as
    life, so a keep-alive comment resets it. Its default is above the gateway's own limit of 300 s, so that the
    gateway's `gateway_timeout` arrives first. `total` is for a whole call with its retries. `after_finish` is how
    long a stream that named its finish_reason may still take for usage and [DONE].
    """

    connect: float | None = 10.0
    write: float | None = 60.0
    pool: float | None = 60.0
    idle: float | None = 330.0
    total: float | None = None
    after_finish: float = 5.0

    @classmethod
    def every(cls, seconds: float) -> Timeouts:
        """Return the same limit for each phase, as one number means in the official SDK."""
        return cls(connect=seconds, write=seconds, pool=seconds, idle=seconds)


_TRANSIENT = frozenset({408, 429, 502, 503, 504, 529})
_NO_CONNECTION = frozenset({"connect_error", "timeout_connect", "timeout_pool"})
_NEVER = frozenset({"provider_job_failed", "all_models_failed"})


@dataclass(frozen=True, slots=True)
class Retries:
    """When a call that does not stream is made again, and after how long.

    Waits double from `first` to `cap` seconds, or last as long as the gateway asked; jitter only ever adds, up to a
    quarter of the own wait or a tenth of the asked one. A wait asked for beyond `longest` ends the tries at once.
    """

    count: int = 3
    first: float = 0.5
    cap: float = 30.0
    longest: float = 90.0
    chance: Callable[[], float] = random.random

    def wait(self, error: MeshAPIError, tried: int) -> float | None:
        """Return the seconds until the next try after `tried` failed ones, or None to give up."""
        if tried > self.count or not _may_be_repeated(error, tried):
            return None
        asked = error.retry_after_seconds
        if asked is None:
            own = min(self.cap, self.first * 2 ** (tried - 1))
            return float(own + own / 4 * self.chance())
        if asked > self.longest:
            return None
        return asked + min(1.0, asked / 10) * self.chance()


def _may_be_repeated(error: MeshAPIError, tried: int) -> bool:
    if error.error_code in _NEVER or kind_of(error.error_code, error.status) is ProblemKind.SPEND:
        return False
    if error.error_code in _NO_CONNECTION:
        return True
    if error.status == 500:
        return error.error_code == "internal_error" and tried == 1
    return error.status in _TRANSIENT
