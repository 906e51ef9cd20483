"""What is said of a lane: its head, and its answer as the entry that a column shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from meshtui.core.turn import TurnState
from meshtui.core.waits import countdown
from meshtui.session import Figures, Lane
from meshtui.ui.commands import key_words
from meshtui.ui.keymap import Keymap
from meshtui.ui.panes.calls import Checked
from meshtui.ui.panes.cards import CONTINUE, KEY, MODEL, RETRY, WAIT
from meshtui.ui.panes.entries import Around, Locate, entry_of
from meshtui.ui.widgets.lanes_column import Head
from meshtui.ui.widgets.transcript_values import Action, Entry, Label, Tone

_DOABLE = {
    RETRY: "compare.retry",
    WAIT: "compare.retry",
    MODEL: "compare.model",
    CONTINUE: "compare.continue",
    KEY: "compare.key",
}
"""What a card in a lane offers, and the command that does it there: it concerns this lane alone, or the key of all."""

_TONES: dict[TurnState, Tone] = {
    TurnState.DONE: "good",
    TurnState.STOPPED: "warn",
    TurnState.INTERRUPTED: "warn",
    TurnState.FAILED: "bad",
}


def state_label(lane: Lane, now: float, waits_until: float | None) -> Label:
    """Return the state of a lane; what it waits for counts down. `now` is seconds since the epoch."""
    turn = lane.turn
    if waits_until is not None:
        return Label(f"again in {countdown(max(waits_until - now, 0.0))}", "warn")
    if turn.state is TurnState.QUEUED and lane.starts_at is not None:
        return Label(f"queued, free in {countdown(max(lane.starts_at - now, 0.0))}", "warn")
    if turn.state is TurnState.WAITING:
        return Label(f"waiting {max(now - turn.started_at, 0.0):.0f} s")
    return Label(turn.state.value, _TONES.get(turn.state, "plain"))


def figure_labels(figures: Figures) -> tuple[Label, ...]:
    """Return time to the first word, speed, tokens, price and finish reason; what is unknown is said so."""
    first = "first –" if figures.first is None else f"first {figures.first:.2f} s"
    speed = "– tok/s" if figures.speed is None else f"{figures.speed:.0f} tok/s"
    tokens = f"{'~' if figures.guessed and figures.tokens else ''}{figures.tokens:,} tok"
    price = figures.charge.as_price
    finish = (Label(figures.finish, "muted" if figures.finish in ("stop", "tool_calls") else "warn"),)
    return (Label(first), Label(speed), Label(tokens), Label(price), *(finish if figures.finish else ()))


def head_of(
    lane: Lane, figures: Figures, name: str, now: float, waits_until: float | None, marks: tuple[Label, ...] = ()
) -> Head:
    """Return what stands over a lane's column."""
    places = {1: Label("1st", "good"), 2: Label("2nd"), 3: Label("3rd")}
    place = (places.get(lane.place, Label(f"{lane.place}th")),) if lane.place is not None else ()
    said = figure_labels(figures)
    if lane.turn.problem is not None:
        code = Label(lane.turn.problem.code, "bad")
        said = (code, *said) if lane.turn.has_output else (code,)
    return Head(name, (*marks, *place), state_label(lane, now, waits_until), said)


def _keyed(action: Action, keymap: Keymap) -> Action:
    """Return what a card offers with the key that does it in a lane, its own letter where that is one."""
    keys = keymap.of(_DOABLE[action])
    key = next((key for key in keys if key.lower() == action.key), next(iter(keys), ""))
    label = action.label.capitalize() if key.isupper() else action.label
    return replace(action, key=key_words(key) or "click", label=label)


def lane_entry(
    lane: Lane, locate: Locate, now: float, blind: bool, keymap: Keymap, known: Sequence[Checked | None] = ()
) -> Entry:
    """Return a lane's answer without its text; `blind` leaves out whatever may name the model.

    `known` is what was found out about its calls.
    """
    entry = entry_of(lane.node, locate, now, around=Around(known))
    card = entry.card
    if card is not None:
        actions = tuple(_keyed(action, keymap) for action in card.actions if action in _DOABLE)
        card = replace(card, actions=actions, facts=() if blind else card.facts)
    # Time, tokens and speed stand in the head; what else a footer says, such as who served, stays.
    kept = tuple(label for label in entry.footer if label.text.startswith(("resolved", "served", "from the")))
    calls = tuple(replace(call, actions=()) for call in entry.tool_calls)  # they are answered in the conversation
    return replace(entry, tool_calls=calls, card=card, footer=() if blind else kept)
