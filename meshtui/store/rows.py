"""Rows of the history as values, and core values as rows. No SQL is run here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from meshtui.core.calls.assemble import PartialCall
from meshtui.core.chat import Message, Role, part_from_wire
from meshtui.core.problem import Problem
from meshtui.core.text import Growing, mask_secrets
from meshtui.core.turn import Turn, TurnState

CREDENTIALS = frozenset(
    ("authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "api-key", "x-auth-token")
)
"""Names of headers, and of members of a request, whose values are never stored."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A name for a head node. `turns` counts the requests made in it; times are seconds since the epoch."""

    id: str
    title: str = ""
    head_id: str | None = None
    created_at: float = 0.0
    updated_at: float = 0.0
    deleted_at: float | None = None
    profile: str = ""
    model: str = ""
    turns: int = 0


CONVERSATION_COLUMNS = (
    "c.id, c.title, c.head_id, c.created_at, c.updated_at, c.deleted_at, c.profile, c.model, "
    "(SELECT COUNT(*) FROM turn WHERE turn.conversation_id = c.id)"
)


@dataclass(frozen=True)
class Node:
    """One message in the tree; the assistant's has the turn that made it.

    While the turn runs in this process `turn` is the running one and `message` what arrived so far.
    """

    id: str
    parent_id: str | None
    conversation_id: str
    role: Role
    turn_id: str | None
    created_at: float
    message: Message = field(compare=False)
    turn: Turn | None = field(compare=False)

    @classmethod
    def stored(
        cls,
        columns: Sequence[Any],
        message: Callable[[], Message],
        turn: Callable[[], Turn] | None,
    ) -> Node:
        """Make a node of the columns `NODE_COLUMNS` whose message and turn are read when they are asked for.

        `message` of a node with a turn is called each time, because the turn may still run.
        """
        node = object.__new__(cls)
        values = node.__dict__
        (
            values["id"],
            values["parent_id"],
            values["conversation_id"],
            values["role"],
            values["turn_id"],
            values["created_at"],
        ) = columns
        values["_message"] = message
        if turn is None:
            values["turn"] = None
        else:
            values["_turn"] = turn
        return node

    def rest(self) -> None:
        """Let go of what was read, to save memory; it is read again when it is asked for."""
        values = self.__dict__
        for name in ("message", "turn"):
            if f"_{name}" in values:
                values.pop(name, None)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            load = self.__dict__.get(f"_{name}") if name in ("message", "turn") else None
            if load is None:
                raise AttributeError(name)
            value = load()
            if name == "turn" or self.turn_id is None:
                self.__dict__[name] = value
            return value


NODE_COLUMNS = "n.id, n.parent_id, n.conversation_id, n.role, n.turn_id, n.created_at"


@dataclass(frozen=True, slots=True)
class TurnFacts:
    """What a turn cost and took, without what was said in it."""

    id: str
    conversation_id: str
    profile: str
    model: str
    served_model: str | None
    session_id: str | None
    request_id: str | None
    state: TurnState
    started_at: float
    first_at: float | None
    total: float | None
    usage: Mapping[str, Any] | None
    cost: Decimal | None


FACTS_COLUMNS = (
    "id, conversation_id, profile, model, served_model, session_id, request_id, state, started_at, first_at, "
    "total, usage_json, cost"
)


def facts_from_row(row: Sequence[Any]) -> TurnFacts:
    """Read the columns `FACTS_COLUMNS`."""
    *texts, state, started_at, first_at, total, usage, cost = row
    id, conversation_id, profile, model, served_model, session_id, request_id = texts
    return TurnFacts(
        id,
        conversation_id,
        profile,
        model,
        served_model,
        session_id,
        request_id,
        TurnState(state),
        started_at,
        first_at,
        total,
        None if usage is None else json.loads(usage),
        _decimal(cost),
    )


_PLAIN = (
    "id",
    "parent_id",
    "state",
    "profile",
    "model",
    "served_model",
    "request_id",
    "reply_id",
    "status",
    "started_at",
    "first_at",
    "last_at",
    "reasoning_total",
    "total",
    "ended_at",
    "finish_reason",
)
_CODED = ("cost", "estimate", "billed", "usage_json", "headers_json", "problem_json", "noise_json", "meta_json")
TURN_COLUMNS = ", ".join(f"t.{name}" for name in (*_PLAIN, *_CODED))
_STATES = {state.value: state for state in TurnState}


def json_row(value: Any) -> str:
    """Return `value` as JSON for a column."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _decimal(text: str | None) -> Decimal | None:
    try:
        return None if text is None else Decimal(text)
    except InvalidOperation:
        return None


def turn_values(turn: Turn) -> dict[str, Any]:
    """Return the columns of a turn that may change while it runs; texts are not yet free of keys."""
    values: dict[str, Any] = {name: getattr(turn, name) for name in _PLAIN}
    values["state"] = turn.state.value
    usage = turn.usage or {}
    for name in ("prompt_tokens", "completion_tokens"):
        count = usage.get(name)
        values[name] = count if isinstance(count, int) and abs(count) < 1 << 62 else None
    for name in ("cost", "estimate", "billed"):
        amount = getattr(turn, name)
        values[name] = None if amount is None else str(amount)
    values["usage_json"] = None if turn.usage is None else json_row(turn.usage)
    harmless = {name: value for name, value in turn.headers.items() if name.lower() not in CREDENTIALS}
    values["headers_json"] = json_row(masked(harmless)) if harmless else None
    values["problem_json"] = None if turn.problem is None else json_row(masked(turn.problem.to_json()))
    values["noise_json"] = json_row([turn.noise, masked(turn.samples)]) if turn.noise else None
    values["meta_json"] = json_row(turn.meta) if turn.meta else None
    return values


def masked(value: Any) -> Any:
    """Return JSON values with everything in their texts that looks like a key shortened to its kind."""
    if isinstance(value, str):
        return mask_secrets(value)
    if isinstance(value, Mapping):
        return {name: masked(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [masked(member) for member in value]
    return value


def turn_from_row(row: Sequence[Any], request: Callable[[], Mapping[str, Any]]) -> Turn:
    """Build the turn of the columns `TURN_COLUMNS`, still without its reply."""
    (id, parent_id, state, profile, model, served_model, request_id, reply_id, status, started_at, *times) = row[:-9]
    finish_reason, cost, estimate, billed, *coded = row[-9:]
    turn = Turn(id, request, model=model, parent_id=parent_id, profile=profile, started_at=started_at)
    turn.state = _STATES[state]
    turn.served_model, turn.request_id, turn.reply_id, turn.status = served_model, request_id, reply_id, status
    turn.first_at, turn.last_at, turn.reasoning_total, turn.total, turn.ended_at = times
    turn.finish_reason, turn.cost = finish_reason, _decimal(cost)
    turn.estimate, turn.billed = _decimal(estimate), _decimal(billed)
    usage, headers, problem, noise, meta = coded
    if usage is not None:
        turn.usage = json.loads(usage)
    if headers is not None:
        turn.headers = json.loads(headers)
    if problem is not None:
        turn.problem = Problem.from_json(json.loads(problem))
    if noise is not None:
        turn.noise, turn.samples = json.loads(noise)
    if meta is not None:
        turn.meta = json.loads(meta)
    return turn


def take_reply(turn: Turn, message: Message) -> None:
    """Put a stored reply into its turn: afterwards `turn.reply()` equals `message`."""
    if isinstance(message.content, str):
        turn.content = Growing(message.content)
    elif message.content:
        turn.content = Growing(message.text)
        turn.media = [part for part in message.content if part.to_wire().get("type") != "text"]
    turn.reasoning = Growing(message.reasoning)
    turn.reasoning_details = list(message.reasoning_details)
    turn.assembler.partial = [
        PartialCall(number, call.id, call.name, Growing(call.arguments), dict(call.extra), list(call.notes))
        for number, call in enumerate(message.tool_calls)
    ]


@dataclass(frozen=True, slots=True)
class Written:
    """How much of a running turn is in the store already, so that a checkpoint writes only what is new."""

    content: int = 0
    reasoning: int = 0
    details: int = 0
    media: int = 0
    calls: Mapping[int, tuple[int, tuple[Any, ...]]] = field(default_factory=dict)


def new_pieces(turn: Turn, done: Written) -> tuple[list[tuple[str, str]], Written]:
    """Return what came after `done` as (kind, body) pairs for the piece table, and how much is written then."""
    pieces = []
    if text := turn.content.since(done.content):
        pieces.append(("content", text))
    if text := turn.reasoning.since(done.reasoning):
        pieces.append(("reasoning", text))
    if rows := turn.reasoning_details[done.details :]:
        pieces.append(("details", json_row([dict(row) for row in rows])))
    if parts := turn.media[done.media :]:
        pieces.append(("media", json_row([part.to_wire() for part in parts])))
    calls = dict(done.calls)
    for number, call in enumerate(turn.assembler.partial):
        length, known = calls.get(number, (0, ()))
        facts = (call.index, call.id, call.name, len(call.extra), len(call.notes))
        if facts != known or len(call.arguments) > length:
            pieces.append(("call", json_row([number, *_call_facts(call), call.arguments.since(length)])))
            calls[number] = (len(call.arguments), facts)
    written = Written(len(turn.content), len(turn.reasoning), len(turn.reasoning_details), len(turn.media), calls)
    return pieces, written


def _call_facts(call: PartialCall) -> tuple[Any, ...]:
    return call.index, call.id, call.name, call.extra, call.notes


def take_pieces(turn: Turn, pieces: Iterable[tuple[str, str]]) -> None:
    """Put the pieces of a reply that was never finished into its turn, in the order in which they were written."""
    for kind, body in pieces:
        if kind == "content":
            turn.content.append(body)
        elif kind == "reasoning":
            turn.reasoning.append(body)
        elif kind == "details":
            turn.reasoning_details.extend(json.loads(body))
        elif kind == "media":
            turn.media.extend(part_from_wire(part) for part in json.loads(body))
        elif kind == "call":
            number, index, id, name, extra, notes, arguments = json.loads(body)
            while len(turn.assembler.partial) <= number:
                turn.assembler.partial.append(PartialCall())
            call = turn.assembler.partial[number]
            call.index, call.id, call.name, call.extra, call.notes = index, id, name, extra, notes
            call.arguments.append(arguments)
