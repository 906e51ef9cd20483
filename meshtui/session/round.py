"""A round: the calls of one message, each with its answer so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from meshtui.core.calls.rounds import BY_COMMAND, BY_HAND, FAILED, result_fault, verdict_of
from meshtui.core.chat import Message, ToolCall
from meshtui.core.tools.tool import ResponderKind, Tool
from meshtui.core.turn import Turn
from meshtui.store.history import Node

if TYPE_CHECKING:
    from meshtui.core.calls.verdict import Verdict

LONGEST_CHECKED = 64 * 1024
"""Characters of a result by hand that is checked."""

State = Literal["open", "running", "answered", "dropped"]


@dataclass(slots=True, eq=False)
class Pending:
    """One call of a round and its answer so far. `note` is a sentence on how it was answered, or why it was not.

    `original` is the call as the model made it, None for one that was added here. `by_hand` says that the result is
    the user's, or what it begins with; else `rule` says which canned rule answered, and without one a command did.
    `before` is the state of a dropped call before it was dropped.
    """

    call: ToolCall
    tool: Tool | None
    original: ToolCall | None
    result: str = ""
    is_error: bool = False
    state: State = "open"
    note: str = ""
    rule: str = ""
    by_hand: bool = True
    before: State = "open"
    _verdict: tuple[str, Tool | None, Verdict] | None = None

    @property
    def kind(self) -> ResponderKind:
        """What answers it: the responder of its tool, by hand where the tool is unknown."""
        return "hand" if self.tool is None else self.tool.responder.kind

    @property
    def is_edited(self) -> bool:
        """Whether its arguments or its name are not those that the model sent."""
        return self.original is not None and self.call != self.original

    @property
    def verdict(self) -> Verdict:
        """Whether its arguments fit the schema of its tool."""
        known = self._verdict
        if known is None or known[0] != self.call.arguments or known[1] is not self.tool:
            found = verdict_of(self.call, None if self.tool is None else (self.tool.parameters,))
            known = self._verdict = self.call.arguments, self.tool, found
        return known[2]

    def fault_of(self, result: str) -> str:
        """Say where a result does not fit the tool's schema of results; takes a while, and may be asked in a thread."""
        return "" if self.tool is None else result_fault(result, self.tool.output)

    @property
    def result_fault(self) -> str:
        """Where its result does not fit, in a sentence; nothing of an error, of no result, and of a very long one."""
        return self.fault_of(self.result) if 0 < len(self.result) <= LONGEST_CHECKED and not self.is_error else ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is stored with its result: what gave it, and whether it tells of an error."""
        given = BY_HAND if self.by_hand else self.rule or BY_COMMAND
        return (given, FAILED) if self.is_error else (given,)

    def answer_as(self, message: Message) -> None:
        """Take a result that was sent before, with what its notes say of it; without notes its tool answered it."""
        given = [note for note in message.notes if note != FAILED]
        self.result, self.state, self.is_error = message.text, "answered", FAILED in message.notes
        self.by_hand = BY_HAND in given if given else self.kind == "hand"
        self.rule = next((note for note in given if note not in (BY_HAND, BY_COMMAND)), "")

    def reopen(self) -> None:
        """Take its answer back; what the user typed stays to be taken again, what answered other arguments does not."""
        self.state, self.is_error, self.note, self.rule = "open", False, "", ""
        if not self.by_hand:
            self.result, self.by_hand = "", True

    def drop(self) -> None:
        """Let it not go back; `take_up` lets it, as it stood before."""
        if self.state != "dropped":
            self.before = "open" if self.state == "running" else self.state
            self.state = "dropped"

    def take_up(self) -> None:
        """Let it go back after all."""
        if self.state == "dropped":
            self.state, self.before = self.before, "open"

    def to_json(self) -> dict[str, Any]:
        """Return what is kept of it as JSON values."""
        return {
            "call": {**self.call.to_wire(), "notes": list(self.call.notes)},
            "original": None if self.original is None else self.original.id,
            "result": self.result,
            "is_error": self.is_error,
            "state": self.state,
            "note": self.note,
            "rule": self.rule,
            "by_hand": self.by_hand,
            "before": self.before,
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any], originals: Mapping[str, ToolCall]) -> Pending:
        """Read what `to_json` returned, without the tool; what ran when the program ended is open."""
        return cls(
            ToolCall.from_wire(row["call"]),
            None,
            originals.get(row["original"]),
            row["result"],
            row["is_error"],
            "open" if row["state"] == "running" else row["state"],
            row["note"],
            row.get("rule", ""),
            row.get("by_hand", True),
            row.get("before", "open"),
        )


@dataclass(slots=True, eq=False)
class Round:
    """The calls of one message at the end of the branch. `source` is the turn whose request the next one repeats."""

    node: Node
    source: Turn
    calls: list[Pending] = field(default_factory=list)

    @property
    def kept(self) -> list[Pending]:
        """The calls that go back: all but those dropped."""
        return [pending for pending in self.calls if pending.state != "dropped"]

    @property
    def open(self) -> list[Pending]:
        """The calls that have no result yet."""
        return [pending for pending in self.calls if pending.state in ("open", "running")]

    @property
    def is_edited(self) -> bool:
        """Whether what goes back is not the message as it stands in the tree."""
        return [pending.call for pending in self.kept] != list(self.node.message.tool_calls)

    def message(self) -> Message:
        """Return the message of calls as it goes back."""
        return replace(self.node.message, tool_calls=tuple(pending.call for pending in self.kept))

    def results(self) -> list[Message]:
        """Return the results as messages, one for each call that goes back."""
        return [
            Message("tool", pending.result, tool_call_id=pending.call.id, notes=pending.notes) for pending in self.kept
        ]
