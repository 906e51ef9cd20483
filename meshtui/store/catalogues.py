"""The model lists of gateways on disk, so that choosing a model needs neither a wait nor a network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meshtui.store.database import StoreError
from meshtui.store.paths import write_atomically

_VERSION = 1


@dataclass(frozen=True, slots=True)
class SavedCatalogue:
    """The rows of a model list as the gateway sent them, and when, in seconds since the epoch."""

    rows: Sequence[Mapping[str, Any]]
    fetched_at: float


class Catalogues:
    """One file for each gateway in a folder of their own; what is broken or of another version counts as absent."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def file(self, base_url: str) -> Path:
        """Return the file of a gateway's list."""
        import hashlib

        return self._folder / f"{hashlib.sha256(base_url.encode()).hexdigest()[:20]}.json"

    def read(self, base_url: str) -> SavedCatalogue | None:
        """Return what was kept of a gateway's list. Slow where the list is long: call it in a thread."""
        try:
            saved = json.loads(self.file(base_url).read_bytes())
        except (OSError, ValueError, RecursionError):
            return None
        if not isinstance(saved, dict) or (saved.get("version"), saved.get("base_url")) != (_VERSION, base_url):
            return None
        rows, fetched_at = saved.get("rows"), saved.get("fetched_at")
        if not isinstance(rows, list) or not isinstance(fetched_at, int | float):
            return None
        return SavedCatalogue([row for row in rows if isinstance(row, dict)], float(fetched_at))

    def write(self, base_url: str, rows: Sequence[Mapping[str, Any]], fetched_at: float) -> None:
        """Keep a gateway's list in place of the one before; raises StoreError. Call it in a thread."""
        saved = {"version": _VERSION, "base_url": base_url, "fetched_at": fetched_at, "rows": rows}
        path = self.file(base_url)
        try:
            write_atomically(path, json.dumps(saved, separators=(",", ":")))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise StoreError(f"The model list could not be kept in {path}: {reason}.") from None
