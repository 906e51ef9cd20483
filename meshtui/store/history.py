"""The history: a tree of messages in SQLite, written before a request leaves and while its reply streams.

Called on the event loop. What a user typed is stored by `begin`, what streamed by `checkpoint`, the end of a
turn by `finish`; `sweep` closes what a killed process left open. Each is one transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

from meshtui.core.chat import Message
from meshtui.core.text import one_line
from meshtui.core.turn import Turn, TurnState
from meshtui.store.conversations import Conversations
from meshtui.store.database import StoreError
from meshtui.store.lease import Lease
from meshtui.store.requests import PATH, RequestBodies, root_first
from meshtui.store.rows import (
    FACTS_COLUMNS,
    NODE_COLUMNS,
    TURN_COLUMNS,
    Conversation,
    Node,
    TurnFacts,
    Written,
    facts_from_row,
    json_row,
    new_pieces,
    take_pieces,
    take_reply,
    turn_from_row,
    turn_values,
)
from meshtui.store.shelf import Shelf
from meshtui.store.usage import UsageRows
from meshtui.store.versions import Versions

__all__ = ["Conversation", "MovedOn", "Node", "Store", "StoreError", "TurnFacts"]

TITLE_LENGTH = 80

_UPDATE = "UPDATE turn SET {} WHERE id = :id"


class MovedOn(StoreError):
    """A conversation does not end any more where it did: another program went on in it."""


class Store(Conversations, Shelf, RequestBodies, UsageRows, Versions):
    """The history of one user in one file; several processes may use the same file at once."""

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        super().__init__(path, now)
        self._open: dict[str, tuple[Turn, Written]] = {}
        try:
            self._lease = Lease(path.parent / "live")
        except OSError as error:
            super().close()
            raise self._unopened(error) from None

    @classmethod
    def open(cls, path: Path, now: Callable[[], float]) -> Self:
        """Open the history at `path`, made where there is none; `now` returns seconds since the epoch.

        Raises StoreError, one sentence, where that cannot be.
        """
        return cls(path, now)

    def close(self) -> None:
        """Close the file and let go of the lock that says this process lives; closing again does nothing."""
        self._lease.close()
        super().close()

    # A turn, from its request to its end

    def begin(
        self,
        turn: Turn,
        conversation: Conversation | str,
        said: Sequence[tuple[str, Message]],
        reply_node_id: str,
        head: str | None = None,
    ) -> Conversation:
        """Store the messages of a request and its turn, before anything is sent; return the conversation as it is now.

        `said` are the new messages with their node ids; they form a chain under `turn.parent_id`, which then
        names the last of them: the node that the request follows. A retry has none of them and the
        `parent_id` of the turn that it repeats. The conversation's head moves to `reply_node_id`, the node of
        the answer. A conversation (or its id) that is not stored yet is made. A kept draft that is exactly
        what was said is cleared. Raises MovedOn where a `head` is named and the conversation ends elsewhere now.
        """
        id = conversation if isinstance(conversation, str) else conversation.id
        if not turn.started_at:
            turn.started_at = self._now()
        with self._transaction() as execute:
            if head is not None and self._known(id).head_id != head:
                raise MovedOn(f"Another program went on in the conversation {id}.")
            self._begin_conversation(execute, id, conversation, turn, said)
            parent_id = turn.parent_id
            for node_id, message in said:
                body = json_row(message.to_json())
                self._insert_node(execute, node_id, parent_id, id, message.role, body)
                parent_id = node_id
            self._insert_turn(execute, turn, id, parent_id, reply_node_id)
            execute("UPDATE conversation SET head_id = ? WHERE id = ?", (reply_node_id, id))
        turn.parent_id = parent_id
        self._open[turn.id] = (turn, Written())
        return self._known(id)

    def _begin_conversation(
        self,
        execute: Callable[..., sqlite3.Cursor],
        id: str,
        conversation: Conversation | str,
        turn: Turn,
        said: Sequence[tuple[str, Message]],
    ) -> None:
        now = self._now()
        title = "" if isinstance(conversation, str) else conversation.title
        for _, message in said:
            if message.role == "user" and not title:
                title = one_line(self._text(message.text), TITLE_LENGTH)  # a key that is cut is found no more
        execute(
            """
            INSERT INTO conversation (id, title, created_at, updated_at, profile, model) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET
                title = CASE WHEN title = '' THEN excluded.title ELSE title END,
                updated_at = excluded.updated_at, profile = excluded.profile, model = excluded.model
            """,
            self._texts(id, title, now, now, turn.profile, turn.model),
        )
        for text in [self._text(message.text) for _, message in said if message.role == "user"]:
            execute("DELETE FROM draft WHERE conversation_id IN (?, '') AND body = ?", (id, text))

    def _insert_node(
        self,
        execute: Callable[..., sqlite3.Cursor],
        id: str,
        parent_id: str | None,
        conversation_id: str,
        role: str,
        body: str | None,
    ) -> None:
        execute(
            "INSERT INTO node (id, parent_id, conversation_id, role, created_at, message_json)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            self._texts(id, parent_id, conversation_id, role, self._now(), body),
        )

    def _insert_turn(
        self,
        execute: Callable[..., sqlite3.Cursor],
        turn: Turn,
        conversation_id: str,
        parent_id: str | None,
        node_id: str,
    ) -> None:
        session_id = turn.request.get("session_id")
        values = turn_values(turn) | {
            "parent_id": parent_id,
            "conversation_id": conversation_id,
            "node_id": node_id,
            "owner": self._lease.name,
            "session_id": session_id if isinstance(session_id, str) else None,
        }
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        # Each refers to the other: while one of them is missing, SQLite looks through all of the other's table for it.
        self._insert_node(execute, node_id, parent_id, conversation_id, "assistant", None)
        execute(f"INSERT INTO turn ({names}) VALUES ({marks})", self._texts(*values.values()))  # noqa: S608 - our names
        execute("UPDATE node SET turn_id = ? WHERE id = ?", self._texts(turn.id, node_id))
        self._store_request(execute, turn, parent_id)

    def checkpoint(self, turn: Turn) -> None:
        """Store what came of a running turn since the last time; costs what is new, however long the answer is.

        A turn that has ended, or that was not begun here, is passed over.
        """
        entry = self._open.get(turn.id)
        if entry is None or turn.ended:
            return
        pieces, written = new_pieces(turn, entry[1])
        with self._transaction() as execute:
            self._update_turn(execute, turn)
            for kind, body in pieces:
                execute("INSERT INTO piece (turn_id, kind, body) VALUES (?, ?, ?)", self._texts(turn.id, kind, body))
        self._open[turn.id] = (turn, written)

    def finish(self, turn: Turn) -> None:
        """Store the end of a turn: its state, reply, usage, times, problem and headers; its pieces go.

        Raises ValueError for a turn that has not ended.
        """
        if not turn.ended:
            raise ValueError(f"turn {turn.id} has not ended")
        with self._transaction() as execute:
            self._finish(execute, turn)
        if self._open.pop(turn.id, None) is not None:
            # Each request of a long conversation holds all of it: it is read again where it is asked for.
            turn.release_request(partial(self.request, turn.id))

    def _finish(self, execute: Callable[..., sqlite3.Cursor], turn: Turn) -> None:
        self._update_turn(execute, turn)
        reply = json_row(turn.reply().to_json())
        place = "(SELECT node_id FROM turn WHERE id = ?)"
        execute(f"UPDATE node SET message_json = ? WHERE id = {place}", self._texts(reply, turn.id))  # noqa: S608
        execute("DELETE FROM piece WHERE turn_id = ?", (turn.id,))
        self._store_usage(execute, turn)
        execute(
            "UPDATE conversation SET updated_at = MAX(updated_at, ?)"
            " WHERE id = (SELECT conversation_id FROM turn WHERE id = ?)",
            (turn.ended_at, turn.id),
        )

    def _update_turn(self, execute: Callable[..., sqlite3.Cursor], turn: Turn) -> None:
        values = turn_values(turn)
        for name in ("parent_id", "profile", "model", "started_at"):
            del values[name]
        parameters = dict(zip(values, self._texts(*values.values()), strict=True))
        execute(_UPDATE.format(", ".join(f"{name} = :{name}" for name in values if name != "id")), parameters)

    def sweep(self) -> list[str]:
        """End every turn that a dead process left open as INTERRUPTED, its text kept; return their ids.

        Turns that another living process runs on the same file are left alone.
        """
        owners = [row[0] for row in self._rows("SELECT DISTINCT owner FROM turn WHERE ended_at IS NULL")]
        dead = [owner for owner in owners if not self._lease.lives(owner)]
        swept: list[str] = []
        for owner in dead:
            with self._transaction() as execute:
                ids = execute("SELECT id FROM turn WHERE owner = ? AND ended_at IS NULL", (owner,)).fetchall()
                for (id,) in ids:
                    turn = self.turn(id)
                    if turn is None:
                        continue
                    turn.end(TurnState.INTERRUPTED, turn.last_at, turn.started_at + turn.last_at)
                    self._finish(execute, turn)
                    swept.append(id)
        self._lease.clear()
        return swept

    # Reading

    def turn(self, id: str) -> Turn | None:
        """Return a turn with its reply: the running one where it runs here, else what is stored of it."""
        if id in self._open:
            return self._open[id][0]
        sql = f"SELECT n.message_json, {TURN_COLUMNS} FROM turn t JOIN node n ON n.id = t.node_id WHERE t.id = ?"  # noqa: S608
        row = self._row(sql, (id,))
        return None if row is None else self._build(row[1:], None if row[0] is None else _message(row[0]))

    def _build(self, columns: Sequence[Any], reply: Message | None) -> Turn:
        """Build a turn from its columns and its reply; from the pieces where it is still open."""
        id = columns[0]
        turn = turn_from_row(columns, partial(self.request, id))
        if reply is not None:
            take_reply(turn, reply)
        else:
            take_pieces(turn, self._rows("SELECT kind, body FROM piece WHERE turn_id = ? ORDER BY id", (id,)))
        return turn

    def history(self, node_id: str) -> list[Node]:
        """Return the nodes from the root to `node_id`, each assistant's with its turn."""
        sql = f"""
            {PATH} SELECT {NODE_COLUMNS}, n.message_json, {TURN_COLUMNS}
            , depth FROM path JOIN node n ON n.rowid = place LEFT JOIN turn t ON t.id = n.turn_id
        """  # noqa: S608
        return self._nodes(row[:-1] for row in root_first(self._rows(sql, (node_id,))))

    def node(self, id: str) -> Node | None:
        """Return one node, an assistant's with its turn; None where there is none. It costs the same at any depth."""
        sql = f"SELECT {NODE_COLUMNS}, n.message_json, {TURN_COLUMNS} FROM node n LEFT JOIN turn t ON t.id = n.turn_id"  # noqa: S608
        return next(iter(self._nodes(self._rows(f"{sql} WHERE n.id = ?", (id,)))), None)

    def siblings(self, node_id: str) -> list[Node]:
        """Return the node and those that follow the same message, oldest first; for a first one the other firsts."""
        sql = f"""
            SELECT {NODE_COLUMNS}, n.message_json, {TURN_COLUMNS}
            FROM node one JOIN node n ON n.parent_id = one.parent_id
                OR (one.parent_id IS NULL AND n.parent_id IS NULL AND n.conversation_id = one.conversation_id)
            LEFT JOIN turn t ON t.id = n.turn_id WHERE one.id = ? ORDER BY n.created_at, n.rowid
        """  # noqa: S608
        return self._nodes(self._rows(sql, (node_id,)))

    def _nodes(self, rows: Iterable[Sequence[Any]]) -> list[Node]:
        nodes = []
        for row in rows:
            columns, text, turn_columns = row[:6], row[6], row[7:]
            if row[4] is None:
                nodes.append(Node.stored(columns, partial(_message, text), None))
                continue
            entry = self._open.get(row[4])
            reply = _Reply(self._build, turn_columns, text, entry[0] if entry else None)
            nodes.append(Node.stored(columns, reply.message, reply.turn))
        return nodes

    def turns(self, since: float, until: float) -> list[TurnFacts]:
        """Return what the turns that began from `since` on and before `until` cost and took, oldest first."""
        sql = f"SELECT {FACTS_COLUMNS} FROM turn WHERE started_at >= ? AND started_at < ? ORDER BY started_at"  # noqa: S608
        return [facts_from_row(row) for row in self._rows(sql, (since, until))]


def _message(text: str) -> Message:
    return Message.from_json(json.loads(text))


class _Reply:
    """The message and the turn of an assistant's node, each read from its row once."""

    __slots__ = ("_build", "_columns", "_message", "_text", "_turn")

    def __init__(
        self,
        build: Callable[[Sequence[Any], Message | None], Turn],
        columns: Sequence[Any],
        text: str | None,
        running: Turn | None,
    ) -> None:
        self._build, self._columns, self._text = build, columns, text
        self._message: Message | None = None
        self._turn = running

    def message(self) -> Message:
        """Return the reply; of a turn that is still open, what is there of it so far."""
        if self._text is None:
            return self.turn().reply()
        if self._message is None:
            self._message = _message(self._text)
        return self._message

    def turn(self) -> Turn:
        """Return the turn: the running one where it runs here."""
        if self._turn is None:
            self._turn = self._build(self._columns, None if self._text is None else self.message())
        return self._turn
