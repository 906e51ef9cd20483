"""What a user allows of their own accord to be spent; in a module of its own, as the first paint needs it."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple


class Budget(NamedTuple):
    """Limits in US dollars; None is no such limit."""

    conversation: Decimal | None = None
    day: Decimal | None = None
