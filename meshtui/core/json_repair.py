"""Where a text stops being JSON, and a repair to offer: never applied by itself."""

from __future__ import annotations

import json
from dataclasses import dataclass

from meshtui.core.json_mend import mended_json
from meshtui.core.json_place import place_of
from meshtui.core.json_stream import JsonStream

LONGEST = 2_000_000
"""Characters of a text beyond which no repair is tried."""


@dataclass(frozen=True, slots=True)
class JsonFault:
    """The first fault of a text that should be JSON: line and column from 1, offset from 0, and one sentence.

    `repaired` is a text that is JSON and most likely what was meant, None where nothing sensible can be offered.
    """

    line: int
    column: int
    offset: int
    message: str
    repaired: str | None = None


def json_fault(text: str) -> JsonFault | None:
    """Return the first fault of a text with a suggested repair, None where it is JSON.

    JSON that is a text which holds JSON again counts as a fault: providers send arguments so.
    """
    stream = JsonStream()
    stream.feed(text)
    stream.finish()
    if stream.fault is not None:
        place = place_of(text, stream.fault[0])
        return JsonFault(place.line, place.column, place.offset, stream.fault[1], _repaired(text))
    inner = _unpacked(stream.value)
    if inner is None:
        return None
    place = place_of(text, len(text) - len(text.lstrip()))
    return JsonFault(place.line, place.column, place.offset, "the value is a text that holds JSON", inner)


def _repaired(text: str) -> str | None:
    if len(text) > LONGEST:
        return None
    if not text.strip():
        return "{}"
    for one in (_unescaped(text), mended_json(text)):
        if one is not None and _is_structure(one):
            return one
    return None


def _unpacked(value: object) -> str | None:
    """Return the JSON inside a text, however often it was packed; None where there is no structure in it."""
    for _ in range(4):
        if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "[", '"'):
            return None
        if _is_structure(value):
            return value
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    return None


def _unescaped(text: str) -> str | None:
    r"""Return what `{\"a\": 1}` says, None where the text is no such thing."""
    if '\\"' not in text[:LONGEST] or not text.lstrip().startswith(('{\\"', "{ \\", '[\\"', "[{\\", "{\\n")):
        return None
    try:
        value = json.loads(f'"{text.strip()}"', strict=False)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, str) else None


def _is_structure(text: str) -> bool:
    stream = JsonStream()
    stream.feed(text)
    stream.finish()
    return stream.fault is None and isinstance(stream.value, dict | list)
