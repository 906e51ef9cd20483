"""Where a key stands in a TOML file that a person wrote: the parser does not tell, and a fault has to."""

from __future__ import annotations

import re

_KEY_PART = r""""((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+)"""


def _key_parts(text: str) -> tuple[str, ...]:
    return tuple(a or b or c for a, b, c in re.findall(_KEY_PART, text))


def line_of(text: str, key: tuple[str, ...]) -> int | None:
    """Return the line on which `key` is set, or the nearest of its tables; None where neither is found.

    The line is looked for in the text; a multi-line string can deceive it.
    """
    header: tuple[str, ...] = ()
    nearest, depth = None, 0
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        if line.startswith("["):
            header = full = _key_parts(line.strip("[").partition("]")[0])
        elif "=" in line and not line.startswith("#"):
            full = header + _key_parts(line.partition("=")[0])
        else:
            continue
        if full == key:
            return number
        if depth < len(full) < len(key) and full == key[: len(full)]:
            nearest, depth = number, len(full)
    return nearest
