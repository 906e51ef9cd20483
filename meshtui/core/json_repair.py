"""Where a text stops being JSON, and a repair to offer: never applied by itself."""

from __future__ import annotations

from dataclasses import dataclass

from meshtui.core.json_place import place_of
from meshtui.core.json_stream import JsonStream


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
    """Return the first fault of a text with a suggested repair, None where the text is JSON."""
    stream = JsonStream()
    stream.feed(text)
    stream.finish()
    if stream.fault is None:
        return None
    place = place_of(text, stream.fault[0])
    return JsonFault(place.line, place.column, place.offset, stream.fault[1])
