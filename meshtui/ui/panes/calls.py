"""Tool calls and their results as the values that the transcript shows, with what is known of them.

Arguments are checked against the tools of the turn's own request: while they arrive by what is new, afterwards once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from meshtui.core.answer_difference import PathChange, compare_calls
from meshtui.core.calls import assemble, rounds
from meshtui.core.chat import Message, ToolCall
from meshtui.core.json.text import json_or
from meshtui.core.text import json_text, one_line
from meshtui.core.turn import Turn
from meshtui.session import Node
from meshtui.ui.widgets import transcript_values as values
from meshtui.ui.widgets.transcript_values import Action, Label, Pointer, Tone

if TYPE_CHECKING:
    from meshtui.core.calls.verdict import Fault, JsonFault, LiveVerdict, Verdict

SHOWN_FAULTS = 5
"""Faults of one call that are told; how many there are beside is said."""
_PIECE = 8_192
"""Characters of arriving arguments that are checked at a time, so that keys are answered between."""
_PAUSE = 0.02
_SHORT = 20_000
"""Characters of arguments that are checked at once; longer ones are checked in a thread."""

_PARSED = 500_000
"""Characters of a result that is read as JSON to show it; a longer one is laid out where it begins so."""

VERBATIM = Action("v", "verbatim", "verbatim")
LAID_OUT = Action("v", "laid out", "verbatim")
ANSWER = Action("a", "answer", "answer")
AGAIN = Action("a", "again from here", "answer")
TAKE = Action("t", "take the repair", "take_repair")
DIFFERENCES = Action("d", "differences", "differences")

_REPAIRS = {
    assemble.NO_INDEX: "The provider sent no index: the pieces were put together by id and order.",
    assemble.NO_ID: "The provider sent no id: one was made here.",
    assemble.WRONG_INDEX: "The provider sent arguments under another call's index: they were joined to this call.",
    assemble.SAME_INDEX: "The provider sent several calls under one index: they were told apart here.",
    assemble.SAME_ID: "The provider gave it the id of another call: one was made here.",
    assemble.NO_NAME: "The provider sent no name.",
    rounds.EDITED: "Its arguments were edited here: the model did not send them so.",
    rounds.ADDED: "It was added here: the model did not make this call.",
}

Offered = Callable[[Turn], Sequence[Mapping[str, Any]]]
"""The tools that the request of a turn offered."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What is known of the arguments of one call."""

    verdict: Verdict
    fault: JsonFault | None = None


@dataclass(slots=True)
class _Arriving:
    """A call whose arguments arrive: how many of their characters were fed, and what came of it."""

    fed: int = 0
    check: LiveVerdict | None = None


@dataclass(slots=True)
class _Known:
    """What is known of the calls of one turn."""

    parameters: Mapping[str, Any] | None = None
    arriving: list[_Arriving] = field(default_factory=list)
    ended: tuple[Checked, ...] | None = None
    asked: bool = False
    asks_last: bool = False


class Checks:
    """Verdicts on the calls of the turns that are shown.

    `run` lets a coroutine go on beside the screen; `told` is called with the id of a turn whose verdicts are there.
    """

    def __init__(
        self, offered: Offered, run: Callable[[Coroutine[Any, Any, None]], object], told: Callable[[str], None]
    ) -> None:
        self._offered, self._run, self._told = offered, run, told
        self._known: dict[str, _Known] = {}
        self._ready = False

    def of(self, turn: Turn) -> Sequence[Checked | None]:
        """Return what is known of the calls of a turn, in their order; None where that is still to be found out."""
        known = self._known.setdefault(turn.id, _Known())
        if turn.ended:
            if known.ended is None and not known.asks_last:
                known.asks_last = True
                known.arriving.clear()
                self._run(self._check(turn, known))
            return known.ended or ()
        if not self._ready:
            if not known.asked:
                known.asked = True
                self._run(self._get_ready(turn.id, known))
            return ()
        return [self._live(turn, known, number) for number in range(len(turn.assembler.partial))]

    def forget(self, turn_id: str) -> None:
        """Let go of what is known of a turn."""
        self._known.pop(turn_id, None)

    def _live(self, turn: Turn, known: _Known, number: int) -> Checked | None:
        """Check what came of a call since the last time."""
        from meshtui.core.calls.verdict import LiveVerdict

        while len(known.arriving) <= number:
            known.arriving.append(_Arriving())
        one, call = known.arriving[number], turn.assembler.partial[number]
        if one.check is None:
            if not call.name or not call.arguments:
                return None
            parameters = self._parameters(turn, known)
            if call.name not in parameters:
                return None  # the name may still grow
            one.check = LiveVerdict(parameters[call.name])
        if len(call.arguments) > one.fed:
            one.check.feed(call.arguments.since(one.fed)[:_PIECE])
            one.fed = min(one.fed + _PIECE, len(call.arguments))
        if len(call.arguments) > one.fed and not known.asked:
            known.asked = True
            self._run(self._go_on(turn, known))
        return Checked(one.check.verdict)

    def _parameters(self, turn: Turn, known: _Known) -> Mapping[str, Any]:
        if known.parameters is None:
            known.parameters = parameters_of(self._offered(turn))
        return known.parameters

    async def _go_on(self, turn: Turn, known: _Known) -> None:
        """Look again soon: more has come than was checked."""
        await asyncio.sleep(_PAUSE)
        if not turn.ended:
            known.asked = False
            self._told(turn.id)

    async def _get_ready(self, turn_id: str, known: _Known) -> None:
        await asyncio.to_thread(_load)
        self._ready, known.asked = True, False
        self._told(turn_id)

    async def _check(self, turn: Turn, known: _Known) -> None:
        parameters = self._parameters(turn, known)
        calls = turn.assembler.calls()
        if not self._ready:
            await asyncio.to_thread(_load)
            self._ready = True
        if sum(len(call.arguments) for call in calls) > _SHORT:
            known.ended = await asyncio.to_thread(checked, calls, parameters)
        else:
            known.ended = checked(calls, parameters)
        self._told(turn.id)


def _load() -> None:
    from meshtui.core.calls.verdict import verdict

    verdict("{}", {"type": "object"})


def parameters_of(tools: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the schema of the arguments of each function tool by its name, None where it has none."""
    functions = [tool.get("function") for tool in tools if isinstance(tool, Mapping)]
    return {str(one.get("name")): one.get("parameters") for one in functions if isinstance(one, Mapping)}


def checked(calls: Iterable[ToolCall], parameters: Mapping[str, Any]) -> tuple[Checked, ...]:
    """Check complete calls against the schemas of the tools that were offered."""
    from meshtui.core.calls.verdict import Verdict, json_fault, verdict

    found = []
    for call in calls:
        known = call.name in parameters
        said = verdict(call.arguments, parameters[call.name]) if known else Verdict("unknown_tool")
        fault = json_fault(call.arguments) if not known or said.state in ("not_json", "not_object") else None
        found.append(Checked(said, fault))
    return tuple(found)


# Calls


def call_values(
    key: str, turn: Turn, known: Sequence[Checked | None], verbatim: frozenset[str], is_last: bool, differs: bool
) -> Iterable[values.ToolCall]:
    """Return the calls of an answer; `verbatim` are the keys of those shown as they came.

    `differs` says that another answer has other calls.
    """
    places = [number for number, one in enumerate(turn.assembler.partial) if one.name]
    for number, call in enumerate(turn.assembler.calls()):
        place = number if turn.ended else places[number]
        value = call_value(key, call, known[place] if place < len(known) else None, verbatim, is_last, turn.ended)
        yield replace(value, actions=(*value.actions, DIFFERENCES)) if differs and number == 0 else value
    if turn.assembler.dropped and turn.ended:
        count = turn.assembler.dropped
        words = (
            f"{count} call{'s' if count > 1 else ''} came without a name and {'were' if count > 1 else 'was'} left out"
        )
        yield values.ToolCall(f"{key}/dropped", "", "", Label(words, "warn"))


def call_value(
    key: str,
    call: ToolCall,
    known: Checked | None,
    verbatim: frozenset[str] = frozenset(),
    is_last: bool = True,
    ended: bool = True,
) -> values.ToolCall:
    """Return one call with its verdict, what was repaired of it, and what can be done with it."""
    id = f"{key}/{call.id}"
    fault = known.fault if known is not None and ended else None
    raw = (id in verbatim) != (fault is not None)
    notes = [*verdict_notes(known, ended), *(Label(_REPAIRS.get(note, note), "warn") for note in call.notes)]
    actions: list[Action] = []
    if ended:
        actions = [ANSWER if is_last else AGAIN, LAID_OUT if raw else VERBATIM]
        if fault is not None and fault.repaired is not None:
            actions.append(TAKE)
    return values.ToolCall(
        id,
        call.name,
        call.arguments,
        _state(call.id, known, ended),
        tuple(notes),
        marks=tuple(one.path for one in _shown(known.verdict)) if known is not None else (),
        pointer=Pointer(fault.line, fault.column) if fault is not None else None,
        actions=tuple(actions),
        live=not ended,
        raw=raw,
    )


_WORDS: dict[str, tuple[str, Tone]] = {
    "fits": ("fits ✓", "good"),
    "misfits": ("does not fit ✗", "bad"),
    "not_json": ("not JSON ✗", "bad"),
    "not_object": ("no JSON object ✗", "bad"),
    "unknown_tool": ("never offered ✗", "bad"),
    "no_schema": ("no schema", "muted"),
    "bad_schema": ("schema unusable", "warn"),
}


def verdict_label(verdict: Verdict) -> Label:
    """Return a verdict in two words."""
    words, tone = _WORDS[verdict.state]
    if verdict.state == "misfits" and len(verdict.faults) > 1:
        words = f"{len(verdict.faults)} faults ✗"
    return Label(words, tone)


def _state(id: str, known: Checked | None, ended: bool) -> Label:
    if known is None or (not ended and not known.verdict.faults):
        return Label(f"arriving … · {id}" if not ended else id)
    label = verdict_label(known.verdict)
    return Label(f"{label.text}{'' if ended else ' so far'} · {id}", label.tone)


def _shown(verdict: Verdict) -> Sequence[Fault]:
    return verdict.faults[:SHOWN_FAULTS] if verdict.state == "misfits" else ()


def verdict_notes(known: Checked | None, ended: bool = True) -> Iterable[Label]:
    """Yield a line for each fault of the arguments, and for a repair that is suggested."""
    if known is None:
        return
    verdict = known.verdict
    if verdict.state == "not_json" and known.fault is None:
        yield Label(f"✗ {one_line(verdict.sentence, 300)}", "bad")
    for fault in _shown(verdict):
        yield Label(f"✗ {one_line(fault.path, 120)}: {one_line(fault.message, 300)}", "bad")
    if len(verdict.faults) > SHOWN_FAULTS:
        yield Label(f"✗ and {len(verdict.faults) - SHOWN_FAULTS} more faults", "bad")
    if not ended:
        return
    if verdict.state == "unknown_tool":
        yield Label("✗ No tool of this name was offered in the request.", "bad")
    elif verdict.state in ("bad_schema", "not_object"):
        yield Label(f"✗ {one_line(verdict.sentence, 300)}", "warn" if verdict.state == "bad_schema" else "bad")
    for note in verdict.notes[:SHOWN_FAULTS]:
        yield Label(f"⚠ {one_line(note, 300)}", "warn")
    if known.fault is not None:
        yield Label(
            f"✗ line {known.fault.line}, column {known.fault.column}: {one_line(known.fault.message, 200)}", "bad"
        )
        if known.fault.repaired is not None:
            yield Label(f"a repair, not applied: {one_line(known.fault.repaired, 300)}")


# Results


def result_value(key: str, message: Message, call: ToolCall | None) -> values.ToolCall:
    """Return a result, linked to the call that it answers; one that tells of an error is marked."""
    text = message.text
    value = json_or(text) if text.lstrip()[:1] in ("{", "[") and len(text) <= _PARSED else None
    failed = rounds.FAILED in message.notes or (isinstance(value, dict) and bool(value.get("error")))
    said = [f"answers {message.tool_call_id or ''}", *(note for note in message.notes if note != rounds.FAILED)]
    state = Label(" · ".join(["error ✗", *said]), "bad") if failed else Label(" · ".join(said))
    notes = () if text else (Label("The result is empty."),)
    name = call.name if call is not None else "a call that is not in this conversation"
    again, raw = (AGAIN,) if call else (), value is None and len(text) <= _PARSED
    return values.ToolCall(key, name, text, state, notes, sign="↩", actions=again, raw=raw)


# Differences


def difference_labels(node: Node, siblings: Sequence[Node]) -> tuple[Label, ...]:
    """Say in a few words how the calls of an answer differ from those of the answer before it to the same message."""
    ids = [one.id for one in siblings]
    place = ids.index(node.id) if node.id in ids else 0
    if place == 0:
        return ()
    before = siblings[place - 1].message
    changes = compare_calls(before.tool_calls, node.message.tool_calls)
    if not changes:
        return (Label("the same calls as the answer before"),)
    words = ", ".join(change_words(change) for change in changes[:2])
    more = f" and {len(changes) - 2} more" if len(changes) > 2 else ""
    return (Label(f"differs from the answer before: {words}{more}", "warn"),)


def change_words(change: PathChange) -> str:
    """Return one difference in a few words."""
    path = one_line(change.path, 80)
    if change.kind != "changed":
        return f"{path} is {change.kind}"
    return f"{path} {one_line(json_text(change.old), 40)} → {one_line(json_text(change.new), 40)}"
