"""Conversations that leave the history as a document and come into it from one; nothing is ever there twice."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from meshtui.core.turn import TurnState
from meshtui.store.conversation_document import ConversationCopy, NodeCopy, turn_to_json
from meshtui.store.conversations import Conversations
from meshtui.store.database import StoreError
from meshtui.store.requests import without_credentials
from meshtui.store.rows import (
    NODE_COLUMNS,
    TURN_COLUMNS,
    json_row,
    take_pieces,
    turn_from_row,
    turn_values,
)
from meshtui.store.shelf import Shelf
from meshtui.store.usage import UsageRows


class Taken(StrEnum):
    """What became of a conversation that was taken in."""

    NEW = "new"
    MORE = "more"
    """It was here, and has messages now that it had not."""
    SAME = "same"
    COPY = "copy"
    """It was here and went on otherwise: it stands beside that one, under ids of its own."""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A conversation that was taken in: under which id, what became of it, and how many messages are new."""

    id: str
    title: str
    taken: Taken
    messages: int
    restored: bool = False


class Exchange(Conversations, Shelf, UsageRows):
    """The history as conversations leave it whole and come into it, on a connection of its own."""

    def exported(self, id: str) -> dict[str, Any]:
        """Return a conversation with all its branches as plain values, without any key that is withheld.

        A turn that another process still runs is there as far as it came, as interrupted.
        """
        found = self._known(id)
        sql = f"""
            SELECT {NODE_COLUMNS}, n.message_json, r.packed_json, {TURN_COLUMNS} FROM node n
            LEFT JOIN turn t ON t.id = n.turn_id LEFT JOIN request r ON r.turn_id = t.id
            WHERE n.conversation_id = ? ORDER BY n.rowid
        """  # noqa: S608
        title, profile, model = self._texts(found.title, found.profile, found.model)
        return {
            "id": found.id,
            "title": title,
            "profile": profile,
            "model": model,
            "created_at": found.created_at,
            "updated_at": found.updated_at,
            "head_id": found.head_id,
            "nodes": [self._exported_node(self._texts(*row)) for row in self._rows(sql, (id,))],
        }

    def _exported_node(self, row: tuple[Any, ...]) -> dict[str, Any]:
        id, parent_id, _, _, turn_id, created_at, body, packed = row[:8]
        node: dict[str, Any] = {"id": id, "parent_id": parent_id, "created_at": created_at}
        if turn_id is None:
            return node | {"message": json.loads(body), "turn": None}
        turn = turn_from_row(row[8:], dict)
        if body is None:
            pieces = self._rows("SELECT kind, body FROM piece WHERE turn_id = ? ORDER BY id", (turn_id,))
            take_pieces(turn, (self._texts(*piece) for piece in pieces))
        turn.end(TurnState.INTERRUPTED, turn.last_at, turn.started_at + turn.last_at)
        # What pieces are put together to may hold what none of them holds.
        node["message"] = json.loads(self._text(json_row(turn.reply().to_json())) if body is None else body)
        return node | {"turn": turn_to_json(turn, None if packed is None else json.loads(packed))}

    def take_in(self, conversation: ConversationCopy) -> TakenIn:
        """Take a conversation in, in one transaction; what of it is here already is left alone.

        New messages of one that is here are added where they go on from it. Where it was changed here, or went on
        another way, it comes in beside it under ids that follow from its content: it comes in once, too. One that was
        deleted here is brought back.
        """
        with self._transaction() as execute:
            fit, new = self._fit(conversation)
            copied = fit is Taken.COPY
            if copied:
                conversation = conversation.under_other_ids()
                fit, new = self._fit(conversation)
            if fit is Taken.COPY:
                raise StoreError(f"Conversation {conversation.id} is in the history {self.path} with other messages.")
            known = self.conversation(conversation.id)
            if known is None:
                self._take_conversation(execute, conversation)
            for node in new:
                self._take_node(execute, conversation.id, node)
            if known is None or new:
                self._move_on(execute, conversation, {node.id for node in new})
            restored = known is not None and known.deleted_at is not None
            if restored:
                execute("UPDATE conversation SET deleted_at = NULL WHERE id = ?", (conversation.id,))
        taken = Taken.COPY if copied and fit is Taken.NEW else fit
        title = conversation.title if known is None else known.title
        return TakenIn(conversation.id, title, taken, len(new), restored)

    def _fit(self, conversation: ConversationCopy) -> tuple[Taken, list[NodeCopy]]:
        """Say how a conversation stands to what is here, and which of its nodes are new."""
        new = []
        for node in conversation.nodes:
            sql = "SELECT conversation_id, parent_id, turn_id, message_json FROM node WHERE id = ?"
            row = self._row(sql, (node.id,))
            if row is None:
                new.append(node)
                if node.turn is not None and self._row("SELECT 1 FROM turn WHERE id = ?", (node.turn.id,)):
                    return Taken.COPY, []
                continue
            turn_id = None if node.turn is None else node.turn.id
            if row[:3] != (conversation.id, node.parent_id, turn_id) or not self._is_said(node, row[3]):
                return Taken.COPY, []
        known = self.conversation(conversation.id)
        if known is None:
            return Taken.NEW, new
        if new and conversation.head_id in {node.id for node in new}:
            # Otherwise the branch that is shown here would be left for one that nobody chose here.
            parents = {node.id: node.parent_id for node in conversation.nodes}
            at: str | None = conversation.head_id
            while at is not None and at != known.head_id:
                at = parents[at]
            if at is None:
                return Taken.COPY, []
        return (Taken.MORE if new else Taken.SAME), new

    def _is_said(self, node: NodeCopy, body: str | None) -> bool:
        """Whether a stored message is that of a node; one that still streams is none yet."""
        return body is not None and json.loads(body) == json.loads(self._body(node))

    def _body(self, node: NodeCopy) -> str:
        return self._text(json_row(node.message.to_json()))

    def _take_conversation(self, execute: Callable[..., sqlite3.Cursor], conversation: ConversationCopy) -> None:
        execute(
            "INSERT INTO conversation (id, title, created_at, updated_at, profile, model) VALUES (?, ?, ?, ?, ?, ?)",
            self._texts(
                conversation.id,
                conversation.title,
                conversation.created_at,
                conversation.updated_at,
                conversation.profile,
                conversation.model,
            ),
        )

    def _take_node(self, execute: Callable[..., sqlite3.Cursor], conversation_id: str, node: NodeCopy) -> None:
        execute(
            "INSERT INTO node (id, parent_id, conversation_id, role, created_at, message_json)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (node.id, node.parent_id, conversation_id, node.message.role, node.created_at, self._body(node)),
        )
        turn = node.turn
        if turn is None:
            return
        body = without_credentials((node.request or {}).get("body", {}))
        session_id = body.get("session_id")
        values = turn_values(turn) | {
            "conversation_id": conversation_id,
            "node_id": node.id,
            "owner": "",  # no process runs it
            "session_id": session_id if isinstance(session_id, str) else None,
        }
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        execute(f"INSERT INTO turn ({names}) VALUES ({marks})", self._texts(*values.values()))  # noqa: S608
        # Each refers to the other: while one of them is missing, SQLite looks through all of the other's table for it.
        execute("UPDATE node SET turn_id = ? WHERE id = ?", (turn.id, node.id))
        packed = json_row({"packed": (node.request or {}).get("packed", False), "body": body})
        execute("INSERT INTO request (turn_id, packed_json) VALUES (?, ?)", self._texts(turn.id, packed))
        if turn.status is not None or turn.usage is not None or turn.charge.amount is not None:
            self._store_usage(execute, turn)  # of an answer that another program wrote down nothing is known

    def _move_on(self, execute: Callable[..., sqlite3.Cursor], conversation: ConversationCopy, new: set[str]) -> None:
        """Let a conversation end where the document says, if that is a message that was not here."""
        if conversation.head_id in new:
            execute("UPDATE conversation SET head_id = ? WHERE id = ?", (conversation.head_id, conversation.id))
        execute(
            "UPDATE conversation SET updated_at = MAX(updated_at, ?) WHERE id = ?",
            (conversation.updated_at, conversation.id),
        )
