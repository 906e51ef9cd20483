"""The only place that decides how often the screen is drawn while something streams.

Turns are marked as changed as often as deltas arrive; a timer publishes the marks once per frame and stops
when there is nothing left to publish, so that an idle workbench does no work at all.
"""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.signal import Signal
from textual.timer import Timer

FRAME = 1 / 20
"""Seconds per frame. Text that streams reads the same at 20 frames a second, and a key is answered sooner."""


class Ticker:
    """Collects the ids of changed turns and publishes them once per frame to whoever subscribed."""

    def __init__(self, app: App[Any]) -> None:
        self.signal: Signal[frozenset[str]] = Signal(app, "turns-changed")
        self._app = app
        self._changed: set[str] = set()
        self._timer: Timer | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no frame is to come."""
        return self._timer is None

    def mark(self, turn_id: str) -> None:
        """Note that a turn changed; costs nothing more when it is marked already."""
        self._changed.add(turn_id)
        if self._timer is None:
            self._timer = self._app.set_interval(FRAME, self._publish)

    def _publish(self) -> None:
        if self._changed:
            changed, self._changed = frozenset(self._changed), set()
            self.signal.publish(changed)
        elif self._timer is not None:
            self._timer.stop()
            self._timer = None
