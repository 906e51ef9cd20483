"""Nodes of a conversation as the values that the transcript shows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from meshtui.core.attachments import File, size_words
from meshtui.core.chat import Message, Part, TextPart, ToolCall
from meshtui.core.turn import Turn, TurnState
from meshtui.session import Node
from meshtui.ui.panes.calls import ANSWER, Checked, call_value, call_values, result_value
from meshtui.ui.panes.cards import card
from meshtui.ui.widgets.state import figures
from meshtui.ui.widgets.transcript_values import Attachment, Card, Entry, Label

_STATES: dict[TurnState, Label] = {
    TurnState.QUEUED: Label("queued", "muted"),
    TurnState.WAITING: Label("waiting …", "muted"),
    TurnState.STREAMING: Label("streaming …", "plain"),
    TurnState.STOPPED: Label("stopped", "warn"),
    TurnState.FAILED: Label("failed", "bad"),
    TurnState.INTERRUPTED: Label("interrupted", "warn"),
}


Locate = Callable[[Part], File]


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of a node beside itself: the checks of its calls, what it answers, what comes before and after.

    `verbatim` are the keys of calls that are shown as they came, `differs` says how its calls differ from another
    answer's; `call` is what a result answers.
    """

    known: Sequence[Checked | None] = ()
    verbatim: frozenset[str] = frozenset()
    differs: tuple[Label, ...] = ()
    is_last: bool = False
    call: ToolCall | None = None


ALONE = Around()


def entry_of(node: Node, locate: Locate, now: float, waits_until: float | None = None, around: Around = ALONE) -> Entry:
    """Return the entry of a node; an answer's text and reasoning are left out, they are appended as they grow.

    `locate` says of a part that is not text what it is and where it lies.
    """
    if node.turn is not None:
        return _answer(node.id, node.turn, locate, now, waits_until, around)
    message = node.message
    header = (Label(clock(node.created_at)),)
    if message.role == "tool":
        result = result_value(f"{node.id}/result", message, around.call)
        return Entry(node.id, "tool", header, "", tool_calls=(result,), attachments=_attached(message, locate))
    calls = tuple(call_value(node.id, call, None, around.verbatim, around.is_last) for call in message.tool_calls)
    return Entry(
        key=node.id,
        role=message.role,
        header=(*header, Label("edited here", "warn")) if calls else header,
        text=message.text,
        tool_calls=calls,
        attachments=_attached(message, locate),
        card=_waiting(len(calls), around),
    )


def _attached(message: Message, locate: Locate) -> tuple[Attachment, ...]:
    return tuple(_files(_others(message), locate))


def _waiting(calls: int, around: Around) -> Card | None:
    """Return the card of an answer whose calls have no results yet."""
    if not calls or not around.is_last:
        return None
    words = "A call waits for its result" if calls == 1 else f"{calls} calls wait for their results"
    return Card(words, actions=(ANSWER,))


def _answer(key: str, turn: Turn, locate: Locate, now: float, waits_until: float | None, around: Around) -> Entry:
    asked, served = turn.model or "default model", turn.served_model
    header = [Label(asked, "plain"), Label(clock(turn.started_at))]
    if turn.state in _STATES:
        header.append(_STATES[turn.state])
    footer: list[Label] = []
    if turn.state is TurnState.DONE:
        footer = [Label(word) for word in (*figures(turn), turn.charge.as_price)]
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
    calls = tuple(call_values(key, turn, around.known, around.verbatim, around.is_last, bool(around.differs)))
    said = card(turn, now, waits_until)
    if said is None and turn.ended:
        said = _waiting(sum(1 for call in calls if call.name), around)
    return Entry(
        key=key,
        role="assistant",
        header=tuple(header),
        reasoning_label=_reasoning_label(turn),
        tool_calls=calls,
        attachments=tuple(_files(turn.media, locate)),
        card=said,
        footer=(*footer, *around.differs),
    )


def _reasoning_label(turn: Turn) -> str:
    if turn.reasoning_total is not None:
        return f"{turn.reasoning_total:.1f} s"
    return "" if turn.ended else "thinking …"


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
