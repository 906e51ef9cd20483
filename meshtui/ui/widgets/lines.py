"""Single lines of the workbench: what is in use, what is going on, which keys work now."""

from __future__ import annotations

import time

from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.style import Style
from textual.widgets import Static

from meshtui.core.text import one_line
from meshtui.core.turn import Turn, TurnState


class TopLine(Static):
    """What is in use: conversation, profile, masked key, model."""

    def show(self, title: str, profile: str, key: str, model: str, demo: bool) -> None:
        """Draw the line; the model stays readable when the line is too narrow for all."""
        badge = Content.styled(" DEMO · simulated gateway ", "bold reverse $warning") if demo else Content("")
        used = Content.assemble(
            (f"{one_line(profile, 24)} · {one_line(key, 16)} · ", "$text-muted"),
            (one_line(model, 48) or "the gateway's default model", "bold"),
        )
        width = max(self.size.width - 2, 1)
        if demo and 9 + badge.cell_length + 12 + used.cell_length > width:
            badge = Content.styled(" DEMO ", "bold reverse $warning")
        room = width - len("meshtui ── ") - badge.cell_length - used.cell_length - 4
        name = Content.assemble(("meshtui", "bold $primary"))
        if room > 6:
            name = Content.assemble(name, " ── ", one_line(title, room) or "new conversation"[:room])
        gap = max(width - name.cell_length - badge.cell_length - used.cell_length - 1, 1)
        self.update(Content.assemble(name, " ", badge, " " * gap, used))


class KeyLine(Static):
    """The keys that work now, each clickable."""

    def on_mount(self) -> None:
        """Follow the screen's bindings."""
        self.screen.bindings_updated_signal.subscribe(self, self._show)

    def _show(self, screen: Screen[object]) -> None:
        parts: dict[str, Content] = {}
        for active in screen.active_bindings.values():
            binding: Binding = active.binding
            if not binding.show or not active.enabled or binding.description in parts:
                continue
            key = self.app.get_key_display(binding)
            action = Style.from_meta({"@click": f"screen.run_command({binding.id!r})"})
            name = binding.description
            parts[name] = Content.assemble((key, "bold $primary"), " ", name.lower()).stylize(action)
        self.update(Content("  ").join(parts.values()))


STALL_SECONDS = 10.0
"""Silence of a running turn that is worth a word."""


class StateLine(Static):
    """What goes on: the state of the turn, its figures, what waits."""

    def show(self, turn: Turn | None, waits: bool) -> None:
        """Draw the line for the running turn, or for the last one."""
        words = state_words(turn, time.time()) if turn is not None else ""
        if waits:
            words = f"{words} · your message waits for the end of the answer"
        self.update(Content(words))


def state_words(turn: Turn, now: float) -> str:
    """Return what goes on with a turn in one line. `now` is seconds since the epoch."""
    elapsed = max(now - turn.started_at, 0.0)
    silent = elapsed - turn.last_at
    match turn.state:
        case TurnState.QUEUED:
            return "queued"
        case TurnState.WAITING:
            return f"waiting for the first word · {elapsed:.0f} s · esc stops"
        case TurnState.STREAMING:
            quiet = f" · nothing came for {silent:.0f} s" if silent >= STALL_SECONDS else ""
            return f"streaming · {elapsed:.0f} s{quiet} · esc stops"
        case TurnState.DONE:
            return " · ".join(filter(None, ("done", *figures(turn))))
        case TurnState.STOPPED:
            return " · ".join(filter(None, ("stopped, what arrived is kept", *figures(turn), "f5 retries")))
        case TurnState.INTERRUPTED:
            return "interrupted when meshtui ended, what arrived is kept · f5 retries"
        case _:
            return f"failed: {one_line(turn.problem.headline, 80) if turn.problem else 'unknown'} · f5 retries"


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
