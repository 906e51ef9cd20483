"""Times and waits as gateways write them, read in seconds, and as people read them."""

from __future__ import annotations

import re
from typing import Any

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)(ms|s|m|h|d)")


def seconds_from(value: Any, now: float) -> float | None:
    """Read seconds, a duration such as 6m0s, a moment since the epoch (also in ms), an ISO time or an HTTP date.

    What has passed is 0; a negative number, or what is none of these, is None.
    """
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        if pieces := _DURATION.findall(text):
            whole = _DURATION.sub("", text) == ""
            return sum(float(number) * _UNITS[unit] for number, unit in pieces) if whole else None
        try:
            value = float(text)
        except ValueError:
            return _until(text, now)
    if not isinstance(value, int | float) or not 0 <= value < 1e15:
        return None
    if value > 1e12:
        return max(0.0, value / 1000 - now)
    return max(0.0, value - now) if value > 1e9 else float(value)


def _until(date: str, now: float) -> float | None:
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    try:
        moment = datetime.fromisoformat(date) if date[:4].isdigit() else parsedate_to_datetime(date)
    except (TypeError, ValueError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.fromtimestamp(now, UTC)).total_seconds())


def iso_time(seconds: float) -> str:
    """Return a time since the epoch as gateways write it: ISO 8601 in UTC, with milliseconds."""
    from datetime import UTC, datetime

    moment = datetime.fromtimestamp(max(seconds, 0.0), UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def countdown(seconds: float) -> str:
    """Return a wait in words, rounded up: nobody is told a moment that is too early."""
    whole = int(seconds) + (seconds > int(seconds))
    if whole < 120:
        return f"{max(whole, 0)} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        days, hours = divmod(hours, 24)
        return f"{days:,} days" if days > 60 else f"{days} days {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
