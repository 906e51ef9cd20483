"""Places in JSON: a path in words (`$.items[2].price`) and where it stands in a text."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from meshtui.core.json.text import json_or
from meshtui.core.text import row_and_column

Keys = tuple[str | int, ...]
"""The way from the root of a JSON value to a place in it: names of members and numbers of items."""

_STEP = re.compile(r"""\.?([^.\[\]]+)|\[(-?\d{1,9})\]|\[("(?:[^"\\]|\\.)*")\]|\['([^']*)'\]""")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def json_path(keys: Sequence[str | int]) -> str:
    """Write a path: `$.items[2].price`, and `$["a b"]` for a name that is no identifier."""
    return "$" + "".join(map(path_step, keys))


def path_step(key: str | int) -> str:
    """Write one step of a path: `.items`, `[2]`, `["a b"]`."""
    if not isinstance(key, str):
        return f"[{key}]"
    if _IDENTIFIER.match(key):
        return f".{key}"
    return f"[{json.dumps(key, ensure_ascii=False)}]"


def keys_from(path: str) -> Keys:
    """Read a path such as `$.city`, `city`, `a.b[0]` or `$["a b"]`; raises ValueError, one sentence."""
    rest = path.strip()
    rest = rest[1:] if rest.startswith("$") else rest
    steps: list[str | int] = []
    place = 0
    while place < len(rest):
        step: str | int | None = None
        if match := _STEP.match(rest, place):
            name, index, quoted, single = match.groups()
            text = name if single is None else single
            step = int(index) if index is not None else text if quoted is None else json_or(quoted)
            place = match.end()
        if step is None:
            raise ValueError(f'{path[:200]!r} is no path: write $.name, name[0] or $["any name"]')
        steps.append(step)
    return tuple(steps)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a text: line and column from 1, offset in characters from 0."""

    line: int
    column: int
    offset: int


def place_of(text: str, offset: int) -> Place:
    """Return the place of an offset; what lies beyond the text is its end."""
    offset = min(max(offset, 0), len(text))
    row, column = row_and_column(text, offset)
    return Place(row + 1, column + 1, offset)
