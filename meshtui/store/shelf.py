"""What is kept beside conversations: prompts typed before, small state of the screen, attached files."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from meshtui.store.database import Database, StoreError
from meshtui.store.rows import json_row

PROMPTS_KEPT = 2000

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,10}")


class Shelf(Database):
    """The part of the store that keeps prompts, state and blobs."""

    def remember_prompt(self, text: str) -> None:
        """Add a prompt to those typed before; one that was there already becomes the newest."""
        text = self._text(text)
        if not text.strip():
            return
        import hashlib  # late: OpenSSL takes a while to load, and nothing is typed before the first paint

        digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
        with self._transaction() as execute:
            execute("DELETE FROM prompt WHERE digest = ?", (digest,))
            execute("INSERT INTO prompt (digest, body, used_at) VALUES (?, ?, ?)", (digest, text, self._now()))
            execute("DELETE FROM prompt WHERE id <= (SELECT MAX(id) FROM prompt) - ?", (PROMPTS_KEPT * 2,))

    def prompts(self, limit: int = 100, filter: str = "") -> list[str]:
        """Return the prompts typed before, newest first, that contain `filter` in any case."""
        wanted = filter.casefold()
        sql = "SELECT body FROM prompt ORDER BY id DESC LIMIT ?"
        rows = self._rows(sql, (PROMPTS_KEPT if wanted else limit,))
        return [body for (body,) in rows if wanted in body.casefold()][:limit]

    def save_state(self, name: str, value: Any) -> None:
        """Keep a small JSON value under a name: a layout, recent models, favourites."""
        with self._transaction() as execute:
            execute("INSERT OR REPLACE INTO state VALUES (?, ?)", self._texts(name, json_row(value)))

    def state(self, name: str, default: Any = None) -> Any:
        """Return the value kept under `name`, or `default`."""
        row = self._row("SELECT value_json FROM state WHERE name = ?", (name,))
        return default if row is None else json.loads(row[0])

    def put_blob(self, data: bytes, suffix: str = "") -> str:
        """Store a file once by its content; return its hash (SHA-256, hexadecimal). `suffix` is like `.png`."""
        if suffix and not _SUFFIX.fullmatch(suffix):
            suffix = ""
        import hashlib

        name = hashlib.sha256(data).hexdigest()
        known = self.blob_path(name)
        if known is not None:
            return name
        path = self._blob_file(name, suffix)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = path.with_name(f"{path.name}.{os.urandom(4).hex()}.part")
            with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise StoreError(f"The attachment could not be stored in {path.parent}: {reason}.") from None
        with self._transaction() as execute:
            execute("INSERT OR REPLACE INTO blob VALUES (?, ?, ?, ?)", (name, suffix, len(data), self._now()))
        return name

    def blob_path(self, hash: str) -> Path | None:
        """Return the file of a stored blob, None where it was never stored or is gone."""
        row = self._row("SELECT suffix FROM blob WHERE hash = ?", (hash,))
        path = None if row is None else self._blob_file(hash, row[0])
        return path if path is not None and path.is_file() else None

    def _blob_file(self, hash: str, suffix: str) -> Path:
        return self.path.parent / "blobs" / hash[:2] / f"{hash}{suffix}"
