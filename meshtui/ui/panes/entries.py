"""Nodes of a conversation as the values that the transcript shows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from meshtui.core.attachments import File, size_words
from meshtui.core.chat import Message, Part, TextPart
from meshtui.core.tools import parsed_arguments
from meshtui.core.turn import Turn, TurnState
from meshtui.session import Node
from meshtui.ui.panes.cards import card
from meshtui.ui.widgets.state import figures
from meshtui.ui.widgets.transcript_values import Attachment, Entry, Label, ToolCall

_STATES: dict[TurnState, Label] = {
    TurnState.QUEUED: Label("queued", "muted"),
    TurnState.WAITING: Label("waiting …", "muted"),
    TurnState.STREAMING: Label("streaming …", "plain"),
    TurnState.STOPPED: Label("stopped", "warn"),
    TurnState.FAILED: Label("failed", "bad"),
    TurnState.INTERRUPTED: Label("interrupted", "warn"),
}


Locate = Callable[[Part], File]


def entry_of(node: Node, locate: Locate, now: float, waits_until: float | None = None) -> Entry:
    """Return the entry of a node; an answer's text and reasoning are left out, they are appended as they grow.

    `locate` says of a part that is not text what it is and where it lies.
    """
    if node.turn is not None:
        return _answer(node.id, node.turn, locate, now, waits_until)
    message = node.message
    return Entry(
        key=node.id,
        role=message.role,
        header=(Label(clock(node.created_at)),),
        text=message.text,
        attachments=tuple(_files(_others(message), locate)),
        footer=(Label(f"answers {message.tool_call_id}"),) if message.tool_call_id else (),
    )


def _answer(key: str, turn: Turn, locate: Locate, now: float, waits_until: float | None) -> Entry:
    asked, served = turn.model or "default model", turn.served_model
    header = [Label(asked, "plain"), Label(clock(turn.started_at))]
    if turn.state in _STATES:
        header.append(_STATES[turn.state])
    footer: list[Label] = []
    if turn.state is TurnState.DONE:
        footer = [Label(word) for word in (*figures(turn), charge_words(turn))]
        if turn.finish_reason not in (None, "stop", "tool_calls"):
            footer.append(Label(f"ended by {turn.finish_reason}", "warn"))
    resolved = turn.headers.get("x-resolved-model-id") or turn.meta.get("x_resolved_model_id")
    if isinstance(resolved, str) and resolved != asked:
        footer.append(Label(f"resolved to {resolved}"))
    elif served and served != asked:
        footer.append(Label(f"served by {served}"))
    if turn.headers.get("x-cache") == "HIT":
        footer.append(Label("from the gateway's cache", "good"))
    footer += [Label(f"{count} × {kind} passed over", "warn") for kind, count in turn.noise.items()]
    return Entry(
        key=key,
        role="assistant",
        header=tuple(header),
        reasoning_label=_reasoning_label(turn),
        tool_calls=tuple(_calls(key, turn)),
        attachments=tuple(_files(turn.media, locate)),
        card=card(turn, now, waits_until),
        footer=tuple(footer),
    )


def charge_words(turn: Turn) -> str:
    """Return what a turn cost, as far as it is known: `~$0.0003`, `$0.0003 ✓` once it was billed."""
    charge = turn.charge
    return str(charge) if charge.amount is not None else "price unknown"


def _reasoning_label(turn: Turn) -> str:
    if turn.reasoning_total is not None:
        return f"{turn.reasoning_total:.1f} s"
    return "" if turn.ended else "thinking …"


def _calls(key: str, turn: Turn) -> Iterable[ToolCall]:
    for call in turn.assembler.calls():
        notes = [Label(note, "warn") for note in call.notes]
        state = Label(call.id)
        if turn.ended and parsed_arguments(call.arguments) is None:
            notes.append(Label("the arguments are not a JSON object", "bad"))
        yield ToolCall(f"{key}/{call.id}", call.name, call.arguments, state, tuple(notes))
    if turn.assembler.dropped and turn.ended:
        yield ToolCall(f"{key}/dropped", "", "", Label(f"{turn.assembler.dropped} without a name, left out", "warn"))


def _others(message: Message) -> Iterable[Part]:
    return (
        (part for part in message.content if not isinstance(part, TextPart))
        if isinstance(message.content, tuple)
        else ()
    )


def _files(parts: Iterable[Part], locate: Locate) -> Iterable[Attachment]:
    for part in parts:
        file = locate(part)
        size = size_words(file.size) if file.size is not None else ""
        note = "the file is no longer there" if file.gone else ""
        named = f"{file.name} · {file.kind}" if file.place not in ("", file.name) else file.kind
        yield Attachment(file.place or file.name, named, size, note)


def clock(seconds: float) -> str:
    """Return a time of day, with the date where it is not today's."""
    then, today = time.localtime(seconds), time.localtime()
    return time.strftime("%H:%M" if then[:3] == today[:3] else "%Y-%m-%d %H:%M", then)
