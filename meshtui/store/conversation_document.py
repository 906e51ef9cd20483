"""Whole conversations as one JSON document: every branch, each turn with its request and its bill. No SQL is run here.

What is read is checked member by member, because it may come from anywhere; a fault is one sentence with its place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from meshtui.core.attachments import take_in
from meshtui.core.chat import Message
from meshtui.core.json.text import kind_of, text_of
from meshtui.core.problem import Problem
from meshtui.core.text import one_line
from meshtui.core.turn import ENDED, Turn, TurnState
from meshtui.store.document_members import NEEDED, BadDocument, Members
from meshtui.store.rows import json_row, take_reply

FORMAT = "meshtui-sessions"
VERSION = 1
TITLE_LENGTH = 80

_ROLES = ("system", "user", "assistant", "tool")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
_HASH = re.compile(r"[0-9a-f]{64}")
_STATES = {state.value: state for state in ENDED}

# The members of a turn, in the order in which they are written; `_usd` stands behind the names of amounts.
_TEXTS = ("served_model", "request_id", "reply_id", "finish_reason")
_SECONDS = ("first_at", "reasoning_total", "total")
_AMOUNTS = ("estimate", "cost", "billed")


@dataclass(frozen=True, slots=True)
class NodeCopy:
    """One message of the tree; the assistant's with its turn and the request, packed as `RequestBodies` keeps it."""

    id: str
    parent_id: str | None
    created_at: float
    message: Message
    turn: Turn | None = None
    request: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ConversationCopy:
    """A conversation with all its branches; each node stands behind its parent. Times are seconds since the epoch."""

    id: str
    nodes: tuple[NodeCopy, ...]
    head_id: str | None
    created_at: float
    updated_at: float
    title: str = ""
    profile: str = ""
    model: str = ""

    def under_other_ids(self) -> ConversationCopy:
        """Return the same conversation with ids that follow from what is in it: reading it twice gives the same."""
        said = [[node.id, node.parent_id, node.message.to_json()] for node in self.nodes]
        seed = _seed(json_row([self.id, said]))
        ids: dict[str | None, str | None] = {node.id: _derived(seed, "node", node.id) for node in self.nodes}
        nodes = []
        for node in self.nodes:
            if node.turn is not None:
                node.turn.id, node.turn.parent_id = _derived(seed, "turn", node.turn.id), ids.get(node.parent_id)
            nodes.append(replace(node, id=str(ids[node.id]), parent_id=ids.get(node.parent_id)))
        return replace(
            self, id=_derived(seed, "conversation", self.id), nodes=tuple(nodes), head_id=ids.get(self.head_id)
        )


@dataclass(frozen=True, slots=True)
class Document:
    """What a file brings: conversations, and the bytes of attached files with their suffix, by hash."""

    conversations: tuple[ConversationCopy, ...]
    files: Mapping[str, tuple[str, bytes]]


def _seed(content: str) -> str:
    """Return what ids are derived from, for a content of any length."""
    import hashlib

    return hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()


def _derived(seed: str, kind: str, id: str) -> str:
    """Return an id of 26 characters that follows from what it is given."""
    import hashlib

    digest = hashlib.sha256(f"{kind} {id}\n{seed}".encode("utf-8", "replace")).digest()
    return "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[byte & 31] for byte in digest[:26])


def turn_to_json(turn: Turn, request: Any) -> dict[str, Any]:
    """Return a turn that has ended, without its reply; `request` is its body, packed."""
    raw: dict[str, Any] = {"id": turn.id, "state": turn.state.value, "profile": turn.profile, "model": turn.model}
    raw |= {name: getattr(turn, name) for name in (*_TEXTS, "status", "started_at", "ended_at", "last_at", *_SECONDS)}
    for name in _AMOUNTS:
        amount = getattr(turn, name)
        raw[f"{name}_usd"] = None if amount is None else str(amount)
    raw |= {name: getattr(turn, name) for name in ("usage", "headers", "noise", "samples", "meta")}
    return raw | {"problem": None if turn.problem is None else turn.problem.to_json(), "request": request}


def document_from(value: object, now: float) -> Document:
    """Read a document of conversations, or an object with `messages` as a request has them.

    `now` is the time for what has none. Raises BadDocument.
    """
    if not isinstance(value, Mapping):
        raise BadDocument("", f"this is {kind_of(value)}, not what `meshtui sessions export` prints")
    if "format" not in value and isinstance(value.get("messages"), list):
        return _from_messages(value, now)
    if value.get("format") != FORMAT:
        raise BadDocument("", f'there is neither "format": "{FORMAT}" in it, nor a list of "messages"')
    version = value.get("version")
    if version != VERSION:
        newer = isinstance(version, int) and version > VERSION
        raise BadDocument(
            "version", f"is {text_of(version)[:40]}; this meshtui reads {VERSION}" + (": update it" if newer else "")
        )
    top = Members(value)
    rows = [_conversation(Members(raw, place)) for place, raw in top.rows("conversations")]
    return Document(tuple(rows), _files(top))


def _id(members: Members, name: str = "id", otherwise: Any = NEEDED) -> Any:
    id = members.take(name, "text", otherwise)
    if id is not None and not _ID.fullmatch(id):
        raise BadDocument(members.place(name), "must be letters, digits and - _ . : only, 64 at most")
    return id


def _conversation(members: Members) -> ConversationCopy:
    nodes: list[NodeCopy] = []
    depths: dict[str | None, int] = {None: 0}
    turns: set[str] = set()
    for place, raw in members.rows("nodes"):
        node = _node(Members(raw, place), depths)
        if node.turn is not None and node.turn.id in turns:
            raise BadDocument(f"{place}.turn.id", "stands in this conversation twice")
        turns |= {node.turn.id} if node.turn is not None else set()
        depths[node.id] = depths[node.parent_id] + 1
        nodes.append(node)
    head = members.take("head_id", "text", nodes[-1].id if nodes else None)
    if head not in depths:
        raise BadDocument(members.place("head_id"), "names no node of this conversation")
    created = members.take("created_at", "time")
    return ConversationCopy(
        _id(members),
        tuple(nodes),
        head,
        created,
        members.take("updated_at", "time", created),
        members.take("title", "text", ""),
        members.take("profile", "text", ""),
        members.take("model", "text", ""),
    )


def _node(members: Members, depths: Mapping[str | None, int]) -> NodeCopy:
    id, parent = _id(members), members.take("parent_id", "text", None)
    if id in depths:
        raise BadDocument(members.place("id"), "stands in this conversation twice")
    if parent not in depths:
        raise BadDocument(members.place("parent_id"), "names no node before this one")
    message = message_from(members.inner("message"))
    at = members.take("created_at", "time")
    inner = members.inner("turn", None)
    if inner is None:
        return NodeCopy(id, parent, at, message)
    if message.role != "assistant":
        raise BadDocument(members.place("turn"), "stands at a message that is not the assistant's")
    turn = _turn(inner)
    turn.parent_id = parent
    take_reply(turn, message)
    return NodeCopy(id, parent, at, message, turn, _request(inner, depths[parent], turn.model))


def message_from(members: Members) -> Message:
    """Read a message as the store keeps it; raises BadDocument."""
    role = members.take("role", "text")
    if role not in _ROLES:
        raise BadDocument(members.place("role"), f"must be {', '.join(_ROLES[:-1])} or {_ROLES[-1]}")
    raw = dict(members.raw)
    content = raw.get("content")
    if content is not None and not isinstance(content, str):
        for place, part in members.rows("content"):
            Members(part, place)
    for name in ("name", "tool_call_id", "reasoning"):
        members.take(name, "text", None)
    for place, call in members.rows("tool_calls", ()):
        inner = Members(call, place)
        inner.take("id", "text", None)
        function = inner.inner("function")
        function.take("name", "text", None)
        function.take("arguments", "text", None)
        inner.texts("notes")
    for place, row in members.rows("reasoning_details", ()):
        Members(row, place)
    members.texts("notes")
    return Message.from_json(raw)


def _turn(members: Members) -> Turn:
    state = _STATES.get(members.take("state", "text"))
    if state is None:
        raise BadDocument(members.place("state"), f"must be one of {', '.join(sorted(_STATES))}")
    turn = Turn(
        _id(members),
        dict,
        model=members.take("model", "text", ""),
        profile=members.take("profile", "text", ""),
        started_at=members.take("started_at", "time"),
    )
    turn.state = state
    turn.ended_at = members.take("ended_at", "time", turn.started_at)
    turn.last_at = members.take("last_at", "number", 0.0)
    turn.status = members.take("status", "whole", None)
    turn.served_model, turn.request_id, turn.reply_id, turn.finish_reason = (
        members.take(name, "text", None) for name in _TEXTS
    )
    turn.first_at, turn.reasoning_total, turn.total = (members.take(name, "number", None) for name in _SECONDS)
    turn.estimate, turn.cost, turn.billed = (members.amount(f"{name}_usd") for name in _AMOUNTS)
    turn.usage = members.take("usage", "object", None)
    turn.meta = dict(members.take("meta", "object", {}))
    turn.headers = members.table("headers", "text")
    turn.noise, turn.samples = members.table("noise", "whole"), members.table("samples", "text")
    problem = members.inner("problem", None)
    turn.problem = None if problem is None else _problem(problem)
    return turn


def _problem(members: Members) -> Problem:
    for name in ("kind", "code", "message", "param", "request_id", "limit"):
        members.take(name, "text", None)
    members.take("status", "whole", None)
    members.take("retry_after_seconds", "number", None)
    members.take("provider_error", "object", None)
    members.take("extra", "object", None)
    return Problem.from_json({name: value for name, value in members.raw.items() if value is not None})


def _request(members: Members, depth: int, model: str) -> Mapping[str, Any]:
    """Return a packed request; where the document has none, the one that the way to it in the tree makes."""
    request = members.inner("request", None)
    if request is None:
        return _plain_request(depth, model)
    body = request.inner("body")
    packed = request.take("packed", "switch")
    if packed:
        for place, item in body.rows("messages"):
            if isinstance(item, list):
                _check_range(item, depth, place)
            else:
                Members(item, place)
    return {"packed": packed, "body": body.raw}


def _plain_request(depth: int, model: str) -> dict[str, Any]:
    """Return the request that the messages before an answer make, packed."""
    return {"packed": True, "body": ({"model": model} if model else {}) | {"messages": [[0, depth]], "stream": True}}


def _check_range(item: Sequence[Any], depth: int, place: str) -> None:
    if len(item) != 2 or not all(type(end) is int for end in item) or not 0 <= item[0] <= item[1] <= depth:
        raise BadDocument(place, f"must be [from, to], messages of the {depth} before it")


# Files


def _files(top: Members) -> dict[str, tuple[str, bytes]]:
    """Return the bytes of the files, each with its suffix; one that the document says is missing is left out."""
    import base64
    import binascii
    import hashlib

    found = {}
    outer = top.inner("files", {})
    assert outer is not None  # noqa: S101 - there is a default
    for hash in outer.raw:
        inner = outer.inner(hash)
        if not _HASH.fullmatch(hash):
            raise BadDocument("files", f"{one_line(hash, 40)!r} is no SHA-256 hash")
        if inner.take("missing", "switch", False):
            continue
        try:
            data = base64.b64decode(inner.take("data", "text"), validate=True)
        except (binascii.Error, ValueError):
            raise BadDocument(inner.place("data"), "is not base64") from None
        if hashlib.sha256(data).hexdigest() != hash:
            raise BadDocument(inner.place("data"), "is not the file that the hash names: it was changed or cut")
        found[hash] = (inner.take("suffix", "text", ""), data)
    return found


# Messages as a request has them


def _from_messages(value: Mapping[str, Any], now: float) -> Document:
    """Read the messages of a request as one conversation; its ids follow from what is said in it.

    Each answer has a turn, so that it can be asked for again, though nothing is known of when and how it came.
    """
    import hashlib

    files: dict[str, tuple[str, bytes]] = {}

    def put(data: bytes, suffix: str) -> str:
        hash = hashlib.sha256(data).hexdigest()
        files[hash] = (suffix, data)
        return hash

    top = Members(value)
    messages = []
    for place, raw in top.rows("messages"):
        message = message_from(Members(_as_stored(raw), place))
        if isinstance(message.content, tuple):
            message = replace(message, content=tuple(take_in(part, put) for part in message.content))
        messages.append(message)
    if not messages:
        raise BadDocument("messages", "is empty")
    seed, model = _seed(json_row([message.to_json() for message in messages])), top.take("model", "text", "")
    nodes: list[NodeCopy] = []
    for number, message in enumerate(messages):
        id, parent = _derived(seed, "node", str(number)), nodes[-1].id if nodes else None
        turn = request = None
        if message.role == "assistant":
            turn = Turn(_derived(seed, "turn", str(number)), dict, model=model, parent_id=parent, started_at=now)
            turn.state, turn.ended_at = TurnState.DONE, now
            take_reply(turn, message)
            request = _plain_request(number, model)
        nodes.append(NodeCopy(id, parent, now, message, turn, request))
    title = top.take("title", "text", "")
    first = next((message.text for message in messages if message.role == "user"), "")
    conversation = ConversationCopy(
        _derived(seed, "conversation", ""),
        tuple(nodes),
        nodes[-1].id,
        now,
        now,
        title or one_line(first, TITLE_LENGTH),
        model=model,
    )
    return Document((conversation,), files)


def _as_stored(raw: object) -> object:
    """Return a message of a request as the store has it, where other programs write it a little otherwise."""
    if not isinstance(raw, Mapping):
        return raw
    message = dict(raw)
    if message.get("role") == "developer":
        message["role"] = "system"
    if isinstance(thought := message.pop("reasoning_content", None), str):
        message.setdefault("reasoning", thought)
    calls = message.get("tool_calls")
    if isinstance(calls, list):
        message["tool_calls"] = [_call_as_stored(call) for call in calls]
    return message


def _call_as_stored(call: object) -> object:
    function = call.get("function") if isinstance(call, Mapping) else None
    if not isinstance(call, Mapping) or not isinstance(function, Mapping) or "arguments" not in function:
        return call
    return {**call, "function": {**function, "arguments": text_of(function["arguments"])}}
