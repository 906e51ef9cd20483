"""One SQLite file: opening it safely, transactions, and every failure as one sentence."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from meshtui.core.text import mask_key, whole_characters
from meshtui.store.migrations import UnknownSchema, migrate

BUSY_SECONDS = 2.0
"""How long a write waits for another process; transactions take well under a millisecond."""

SHORTEST_SECRET = 8


class StoreError(Exception):
    """The history could not be opened, read or written: one sentence with the file, the reason and a remedy."""


class Database:
    """The connection under the store. It is used on the event loop only: a commit takes some 0.1 ms."""

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        self.path = path
        self._now = now
        self._secrets: dict[str, str] = {}
        try:
            _make_private(path)
            self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise self._unopened(error) from None
        try:
            for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            migrate(self._connection)
        except UnknownSchema as error:
            self._connection.close()
            raise StoreError(f"{path} {error}.") from None
        except sqlite3.Error as error:
            self._connection.close()
            raise self._unopened(error) from None

    def close(self) -> None:
        """Close the file; closing again does nothing."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def withhold(self, secret: str) -> None:
        """Never write `secret`: wherever it turns up in what is stored, its masked form is stored instead."""
        if len(secret) >= SHORTEST_SECRET:
            self._secrets[secret] = mask_key(secret)
            longest_first = sorted(self._secrets.items(), key=lambda row: -len(row[0]))
            self._secrets = dict(longest_first)  # a key may begin with another

    def is_withheld(self, text: str) -> bool:
        """Whether a text holds something that is never written."""
        return any(secret in text for secret in self._secrets)

    def _text(self, text: str) -> str:
        """Return `text` as it may be stored: it can be encoded and holds none of the withheld keys."""
        text = whole_characters(text)
        for secret, mask in self._secrets.items():
            text = text.replace(secret, mask)
        return text

    def _texts(self, *values: Any) -> tuple[Any, ...]:
        """Return the parameters of a statement with each text as it may be stored."""
        return tuple(self._text(value) if isinstance(value, str) else value for value in values)

    @contextmanager
    def _transaction(self) -> Iterator[Callable[..., sqlite3.Cursor]]:
        """Run statements as one transaction: all of it is on disk afterwards, or nothing."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection.execute
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise StoreError(f"The history {self.path} could not be written: {_reason(error)}.") from None

    def _rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Return the rows of a query."""
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"The history {self.path} could not be read: {_reason(error)}.") from None

    def _row(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """Return the first row of a query, or None."""
        rows = self._rows(sql, parameters)
        return rows[0] if rows else None

    def _unopened(self, error: Exception) -> StoreError:
        remedy = "Check its rights and its disk, or name another folder with --home."
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            remedy = "Move it aside: a new history begins at the next start."
        return StoreError(f"The history {self.path} cannot be opened: {_reason(error)}. {remedy}")


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    if "locked" in str(error):
        return "another program keeps it locked"
    return str(error).rstrip(".")


def _make_private(path: Path) -> None:
    """Create the file, and its folder where there is none, for this user alone; SQLite gives its log the same mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
