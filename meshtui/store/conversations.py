"""Conversations: names for head nodes in the tree, and the drafts typed into them."""

from __future__ import annotations

from meshtui.store.database import Database, StoreError
from meshtui.store.rows import CONVERSATION_COLUMNS, Conversation


class Conversations(Database):
    """The part of the store that lists, names and hides conversations."""

    def conversation(self, id: str) -> Conversation | None:
        """Return a conversation, deleted or not; None where there is none of that id."""
        row = self._row(f"SELECT {CONVERSATION_COLUMNS} FROM conversation c WHERE id = ?", (id,))  # noqa: S608
        return None if row is None else Conversation(*row)

    def _known(self, id: str) -> Conversation:
        """Return a conversation; raises StoreError where there is none."""
        found = self.conversation(id)
        if found is None:
            raise StoreError(f"The history {self.path} has no conversation {id}.")
        return found

    def conversations(self, limit: int = 100, filter: str = "", *, deleted: bool = False) -> list[Conversation]:
        """Return the conversations used last, newest first.

        Every word of `filter` must occur in the title, the model, the profile or at the beginning of the id.
        """
        words = filter.casefold().split()
        state = "IS NOT NULL" if deleted else "IS NULL"
        # The count of turns is only worth its price for the rows that are returned.
        light = CONVERSATION_COLUMNS.partition("(")[0] + "0"
        sql = f"SELECT {light} FROM conversation c WHERE deleted_at {state} ORDER BY updated_at DESC, rowid DESC"  # noqa: S608
        if not words:
            sql = sql.replace(light, CONVERSATION_COLUMNS) + " LIMIT ?"
            return [Conversation(*row) for row in self._rows(sql, (limit,))]
        found = []
        for row in self._rows(sql):
            id, text = row[0].casefold(), "\n".join((row[1], row[7], row[6])).casefold()
            if all(word in text or id.startswith(word) for word in words):
                found.append(self._known(row[0]))
                if len(found) == limit:
                    break
        return found

    def named(self, beginning: str) -> list[Conversation]:
        """Return the conversations whose id begins so, in any case; one whose id is exactly that is the only one."""
        where = "deleted_at IS NULL AND LOWER(SUBSTR(id, 1, ?)) = ?"
        sql = f"SELECT {CONVERSATION_COLUMNS} FROM conversation c WHERE {where}"  # noqa: S608
        found = [Conversation(*row) for row in self._rows(sql, (len(beginning), beginning.lower()))]
        return [one for one in found if one.id == beginning] or found

    def latest(self) -> Conversation | None:
        """Return the conversation used last, None where there is none."""
        found = self.conversations(1)
        return found[0] if found else None

    def rename(self, id: str, title: str) -> None:
        """Give a conversation another title; an empty one is replaced by the next message sent."""
        self._change(id, "title", self._text(title.strip()))

    def delete(self, id: str) -> None:
        """Hide a conversation; `restore` brings it back."""
        self._change(id, "deleted_at", self._now())

    def restore(self, id: str) -> None:
        """Bring a deleted conversation back."""
        self._change(id, "deleted_at", None)

    def move_head(self, id: str, node_id: str) -> None:
        """Make another node the end of a conversation: another branch is current then."""
        self._change(id, "head_id", node_id)

    def _change(self, id: str, column: str, value: object) -> None:
        with self._transaction() as execute:
            if execute(f"UPDATE conversation SET {column} = ? WHERE id = ?", (value, id)).rowcount != 1:  # noqa: S608
                raise StoreError(f"The history {self.path} has no conversation {id}.")

    def save_draft(self, conversation_id: str | None, text: str) -> None:
        """Keep what is typed but not sent, for a conversation or for the next new one; an empty text forgets it."""
        key = conversation_id or ""
        with self._transaction() as execute:
            if text:
                execute("INSERT OR REPLACE INTO draft VALUES (?, ?)", (key, self._text(text)))
            else:
                execute("DELETE FROM draft WHERE conversation_id = ?", (key,))

    def draft(self, conversation_id: str | None) -> str:
        """Return what was typed but not sent, or an empty text."""
        row = self._row("SELECT body FROM draft WHERE conversation_id = ?", (conversation_id or "",))
        return "" if row is None else str(row[0])
