"""The cases that lie beside the project: data gathered from elsewhere, read and never copied in here."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[1].parent / "shared" / "cases"
needs_cases = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the shared cases are not here: {FOLDER}")


def load(name: str) -> Any:
    """Return a JSON file of the cases, or an empty object where the folder is absent."""
    path = FOLDER / name
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def transcripts() -> dict[str, Any]:
    """Return every recorded reply by its name."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("transcripts/*.json"))
    }


def sse_cases() -> dict[str, Any]:
    """Return every event stream case by its name."""
    return {case["name"]: case for case in load("sse.json").get("cases", [])}


def stream_bytes(case: dict[str, Any]) -> bytes:
    """Return the bytes of an event stream case."""
    if "b64" in case:
        return base64.b64decode(case["b64"])
    return b"".join(_part(part) for part in case["parts"])


def expected_payloads(case: dict[str, Any]) -> list[list[str]]:
    """Return the payload lists that are right for an event stream case: the algorithm's own, and another fine one."""
    found = []
    for record in (case, case.get("also_fine", {})):
        if "expect" in record:
            found.append(list(record["expect"]))
        elif "expect_parts" in record:
            found.append(["".join(str(text) * times for text, times in payload) for payload in record["expect_parts"]])
    return found


def _part(part: Any) -> bytes:
    text, times = part
    return (text.encode() if isinstance(text, str) else bytes(text)) * int(times)
