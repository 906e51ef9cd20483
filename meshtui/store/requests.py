"""The bodies of requests: exact, and yet small, because what stands in the tree already is not stored again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

from meshtui.core.turn import Turn
from meshtui.store.database import Database, StoreError
from meshtui.store.rows import CREDENTIALS, json_row

PATH = """
    WITH RECURSIVE path(place, parent_id, depth) AS (
        SELECT rowid, parent_id, 0 FROM node WHERE id = ?
        UNION ALL
        SELECT node.rowid, node.parent_id, depth + 1 FROM path JOIN node ON node.id = path.parent_id
    )
"""
"""The way from a node up to its root. It is put in order by `root_first`: sorting whole rows costs SQLite more."""


def root_first(rows: list[Any]) -> list[Any]:
    """Return the rows of a way up, whose last column is the depth, from the root down."""
    rows.sort(key=itemgetter(-1), reverse=True)
    return rows


_STEPS = 64


class RequestBodies(Database):
    """The part of the store that keeps what went over the wire."""

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        super().__init__(path, now)
        self._path = WirePath()

    def _store_request(self, execute: Callable[..., sqlite3.Cursor], turn: Turn, parent_id: str | None) -> None:
        messages: Any = turn.request.get("messages")
        body = without_credentials({k: v if k != "messages" else None for k, v in turn.request.items()})
        packed = isinstance(messages, list) and all(isinstance(message, Mapping) for message in messages)
        if "messages" in body:
            body["messages"] = pack_messages(messages, self._known_path(parent_id)) if packed else messages
        request = self._texts(turn.id, json_row({"packed": packed, "body": body}))
        execute("INSERT INTO request (turn_id, packed_json) VALUES (?, ?)", request)

    def request(self, turn_id: str) -> dict[str, Any]:
        """Return the body of a turn's request as it went over the wire. Raises StoreError where there is none."""
        row = self._row(
            "SELECT packed_json, parent_id FROM request JOIN turn ON turn.id = turn_id WHERE turn_id = ?", (turn_id,)
        )
        if row is None:
            raise StoreError(f"The history {self.path} has no request of turn {turn_id}.")
        stored = json.loads(row[0])
        body: dict[str, Any] = stored["body"]
        if stored["packed"]:
            path = [wire_from_json(text) for _, text in self._read_path(row[1])]
            body["messages"] = unpack_messages(body["messages"], path)
        return body

    def offered(self, turn_id: str) -> list[dict[str, Any]]:
        """Return the tools that a turn's request offered; none where there is no request."""
        row = self._row("SELECT packed_json FROM request WHERE turn_id = ?", (turn_id,))
        tools = json.loads(row[0])["body"].get("tools") if row is not None else None
        return [tool for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []

    def _read_path(self, node_id: str | None) -> list[tuple[str, str | None]]:
        """Return the ids and messages from the root to a node."""
        sql = f"{PATH} SELECT n.id, message_json, depth FROM path JOIN node n ON n.rowid = place"  # noqa: S608
        return [(id, text) for id, text, _ in root_first(self._rows(sql, (node_id,)))]

    def _known_path(self, node_id: str | None) -> Sequence[Mapping[str, Any] | None]:
        """Return the messages from the root to a node as they go over the wire, None where a reply is open.

        The way of the last request is remembered, so that the next one in a long conversation costs what it adds.
        """
        tail: list[tuple[str, str | None]] = []
        at = node_id
        while at is not None and at not in self._path and len(tail) < _STEPS:
            above, text = self._row("SELECT parent_id, message_json FROM node WHERE id = ?", (at,))
            tail.append((at, text))
            at = above
        if at is None or at in self._path:
            return self._path.go(at, reversed(tail))
        return self._path.go(None, self._read_path(node_id))


class WirePath:
    """The messages of one way through the tree, by node: the longest part of it that can no longer change."""

    __slots__ = ("_places", "_wires")

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._wires: list[dict[str, Any]] = []

    def __contains__(self, node_id: str) -> bool:
        return node_id in self._places

    def go(self, from_id: str | None, steps: Iterable[tuple[str, str | None]]) -> Sequence[Mapping[str, Any] | None]:
        """Turn off at a node of the path, None for its root, and take further steps; return the messages."""
        keep = 0 if from_id is None else self._places[from_id] + 1
        del self._wires[keep:]
        while len(self._places) > keep:
            self._places.popitem()
        wires: list[dict[str, Any] | None] = []
        for node_id, text in steps:
            wire = wire_from_json(text)
            if wire is None or wires:
                wires.append(wire)
            else:
                self._places[node_id] = len(self._wires)
                self._wires.append(wire)
        return [*self._wires, *wires]


def pack_messages(messages: Sequence[Any], path: Sequence[Mapping[str, Any] | None]) -> list[Any]:
    """Return the messages of a request with those that stand on its path in the tree as `[from, to]` ranges of it.

    A request repeats the whole conversation; kept literally, a long one would take space with the square of
    its length. Whatever is not exactly on the path stays literal, so `unpack_messages` is exact.
    """
    packed: list[Any] = []
    place = 0
    for message in messages:
        # `sealed` leaves out empty replies and answers to no call: look a few nodes ahead.
        for found in range(place, min(place + 8, len(path))):
            if path[found] == message:
                break
        else:
            packed.append(message)
            continue
        if packed and isinstance(packed[-1], list) and packed[-1][1] == found:
            packed[-1][1] = found + 1
        else:
            packed.append([found, found + 1])
        place = found + 1
    return packed


def unpack_messages(packed: Sequence[Any], path: Sequence[Mapping[str, Any] | None]) -> list[Any]:
    """Return what `pack_messages` was given."""
    messages: list[Any] = []
    for item in packed:
        messages.extend(path[slice(*item)] if isinstance(item, list) else (item,))
    return messages


def wire_from_json(text: str | None) -> dict[str, Any] | None:
    """Return a stored message as it goes over the wire, None for a reply that is still open."""
    if text is None:
        return None
    raw: dict[str, Any] = json.loads(text)
    raw.pop("reasoning", None)
    raw.pop("notes", None)
    for call in raw.get("tool_calls") or ():
        call.pop("notes", None)
    return raw


def without_credentials(value: Any) -> Any:
    """Return JSON values without the texts of members that are credentials by their name (Authorization, say)."""
    if isinstance(value, Mapping):
        return {
            name: "…"
            if isinstance(member, str) and str(name).lower().replace("_", "-") in CREDENTIALS
            else without_credentials(member)
            for name, member in value.items()
        }
    if isinstance(value, list | tuple):
        return [without_credentials(member) for member in value]
    return value
