"""The line between conversation and prompt: what goes on with the turn."""

from __future__ import annotations

import time

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

from meshtui.core.text import one_line
from meshtui.core.turn import Turn, TurnState
from meshtui.ui.keyed import keyed

STALL_SECONDS = 10.0
"""Silence of a running turn that is worth a word."""


class StateLine(Static):
    """What goes on: the state of the turn, its figures, what waits; at its end what was used."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._left = self._right = ""

    def show(self, turn: Turn | None, waits: bool, edits: bool = False, queued: str = "", summary: str = "") -> None:
        """Draw the line for the running turn, or for the last one, and the `summary` of usage.

        `queued` says what waits for a limit to end.
        """
        words = state_words(turn, time.time()) if turn is not None else ""
        if waits:
            words = f"{words} · your message waits for the end of the answer"
        if edits:
            words = "what you send takes the place of the last message, as another branch · {focus.back} leaves that"
        words = keyed(self, words)
        self._left, self._right = " · ".join(filter(None, (queued, words))), summary
        self._draw()

    def on_resize(self) -> None:
        """Fit the line to the new width."""
        self._draw()

    def _draw(self) -> None:
        """Draw what goes on, and of the summary as many parts as there is room for."""
        used = cell_len(self._left) + 2 if self._left else 0
        room = self.size.width - 2 - used
        parts = self._right.split(" · ") if self._right else []
        while parts and cell_len(" · ".join(parts)) > room:
            parts.pop()
        right = " · ".join(parts)
        gap = " " * (room + 2 - cell_len(right)) if right and self._left else ""
        self.update(Content(f"{self._left}{gap}{right}"), layout=False)


def state_words(turn: Turn, now: float) -> str:
    """Return what goes on with a turn in one line, nothing where all went well. `now` is seconds since the epoch.

    Commands are named in it by their ids, as in `{turn.stop}`.
    """
    elapsed = max(now - turn.started_at, 0.0)
    silent = elapsed - turn.last_at
    match turn.state:
        case TurnState.QUEUED:
            return "queued"
        case TurnState.WAITING:
            return f"waiting for the first word · {elapsed:.0f} s · {{turn.stop}} stops"
        case TurnState.STREAMING:
            quiet = f" · nothing came for {silent:.0f} s" if silent >= STALL_SECONDS else ""
            return f"streaming · {elapsed:.0f} s{quiet} · {{turn.stop}} stops"
        case TurnState.DONE:
            return ""
        case TurnState.STOPPED:
            return " · ".join(filter(None, ("stopped, what arrived is kept", *figures(turn), "{turn.retry} retries")))
        case TurnState.INTERRUPTED:
            return "interrupted when meshtui ended, what arrived is kept · {turn.retry} retries"
        case _:
            what = one_line(turn.problem.headline, 80) if turn.problem else "unknown"
            again = "{turn.retry} retries" if turn.problem is None or turn.problem.retryable else ""
            return " · ".join(filter(None, (f"failed: {what}", again, "{focus.conversation} goes to it")))


def figures(turn: Turn) -> list[str]:
    """Return time, tokens and speed of an ended turn in words, as far as they are known."""
    words = []
    if turn.total is not None:
        words.append(f"{turn.total:.1f} s")
    if turn.first_at is not None:
        words.append(f"first word {turn.first_at:.2f} s")
    usage = turn.usage or {}
    read, written = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if isinstance(read, int) and isinstance(written, int):
        words.append(f"{read} → {written} tok")
        if turn.total and turn.first_at is not None and turn.total - turn.first_at > 0.05:
            words.append(f"{written / (turn.total - turn.first_at):.0f} tok/s")
    return words
