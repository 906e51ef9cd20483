"""Changing a round before its results go back: results by hand, other arguments, calls dropped and added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from meshtui.core.calls.rounds import ADDED, EDITED, free_id
from meshtui.core.chat import ToolCall
from meshtui.core.json.text import text_of
from meshtui.session.answering import Answering
from meshtui.session.round import Pending, Round

LONGEST_KEPT = 64 * 1024
"""Characters of a result that is kept as the beginning of the next one for the same tool."""


class RoundChanges(Answering):
    """The part of the rounds that changes one, as the user says."""

    def suggestion(self, pending: Pending) -> str:
        """Return what a result by hand begins with: the last one for this tool, else one made of its output schema."""
        last = self._session.recall(f"tool result {pending.call.name}")
        if isinstance(last, str):
            return last
        if pending.tool is None or pending.tool.output is None:
            return ""
        from meshtui.core.schema.example import example

        return text_of(example(pending.tool.output))

    def set_result(self, round: Round, pending: Pending, text: str, *, is_error: bool = False) -> None:
        """Answer a call with a text, which may be JSON, and check it."""
        self._take(pending, text, is_error)
        pending.note = pending.result_fault
        self._changed(round)

    def _take(self, pending: Pending, text: str, is_error: bool) -> None:
        self.halt(pending)
        pending.result, pending.is_error, pending.state = text, is_error, "answered"
        pending.rule, pending.note, pending.by_hand = "", "", True

    def type_result(self, round: Round, pending: Pending, text: str) -> None:
        """Take what is typed into a result, unchecked; where nothing stands there, the call is open."""
        if text == pending.result or pending.state == "running":
            return
        self._take(pending, text, pending.is_error)
        if not text:
            pending.state = "open"
        self._changed(round)

    def accept(self, round: Round) -> None:
        """Take what stands in the results that are answered by hand as their answers."""
        for pending in round.open:
            if pending.state == "open" and pending.result:
                pending.state = "answered"
        self._changed(round)

    def reset(self, round: Round, pending: Pending) -> None:
        """Take an answer or a drop back: the call is open again, its arguments as the model sent them."""
        self.halt(pending)
        pending.call = pending.original or pending.call
        pending.reopen()
        self._changed(round)

    def reopen_call(self, round: Round, pending: Pending) -> None:
        """Take an answer back, not the arguments: what answers the call can do so once more."""
        self.halt(pending)
        pending.reopen()
        self._changed(round)

    def edit_arguments(self, round: Round, pending: Pending, arguments: str) -> None:
        """Let a call go back with other arguments, well-formed or not.

        What answers the old ones is stopped, and what a rule or a command answered to them is taken back.
        """
        self.halt(pending)
        notes = _without(pending.call.notes, EDITED)
        if pending.original is None or arguments != pending.original.arguments:
            notes = (*notes, *(() if pending.original is None else (EDITED,)))
        pending.call = replace(pending.call, arguments=arguments, notes=notes)
        was_dropped = pending.state == "dropped"
        pending.take_up()
        if not pending.by_hand and pending.state == "answered":
            pending.reopen()
        elif pending.state == "open":
            pending.note = ""
        if was_dropped:
            pending.drop()
        self._changed(round)

    def drop(self, round: Round, pending: Pending) -> None:
        """Let a call not go back at all."""
        self.halt(pending)
        pending.drop()
        self._changed(round)

    def take_up(self, round: Round, pending: Pending) -> None:
        """Let a call that was dropped go back after all, as it stood before."""
        pending.take_up()
        self._changed(round)

    def add(self, round: Round, name: str, arguments: str = "{}") -> Pending:
        """Put one more call into the round, as if the model had made it."""
        taken = {pending.call.id for pending in round.calls} | {""}
        call = ToolCall(free_id(taken, f"call_{round.source.id[-8:]}"), name, arguments, notes=(ADDED,))
        pending = Pending(call, self.tool_of(round, name), None)
        pending.result = self.suggestion(pending) if pending.kind == "hand" else ""
        round.calls.append(pending)
        self._changed(round)
        return pending


def _without(notes: Sequence[str], note: str) -> tuple[str, ...]:
    return tuple(one for one in notes if one != note)
