"""Regular expressions of schemas, run so that no pattern can hang the program.

JSON Schema means ECMA-262's dialect. The engine is the linear-time one inside pydantic-core. It has no lookaround
and no backreference: patterns with these go to Python's own engine, and only over texts so short that the worst case
ends soon.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

MOST_STEPS = 2_000_000
"""Steps that the backtracking engine may take at worst, by a rough count: a few hundredths of a second."""

LONGEST = 10_000
"""Characters of a pattern beyond which it is not run."""

_REPEAT = re.compile(r"(?<!\\)(?:[*+]|\{\d*,?\d*\})")
_QUANTIFIED_GROUP = re.compile(r"(?<!\\)\)(?:[*+]|\{)")
_SURROGATES = re.compile("[\ud800-\udfff]")


def is_pattern(pattern: str) -> bool:
    """Return whether a text is a regular expression, in one engine or the other."""
    return _linear(pattern) is not None or _backtracking(pattern) is not None


def found(pattern: str, text: str) -> bool | None:
    """Return whether a pattern is found in a text, None where that cannot be said in bounded time."""
    linear = _linear(pattern)
    if linear is not None:
        return bool(linear.isinstance_python(_SURROGATES.sub("\ufffd", text)))
    program = _backtracking(pattern)
    if program is None or _QUANTIFIED_GROUP.search(pattern):
        return None
    repeats = len(_REPEAT.findall(pattern))
    if (len(text) + 1) ** (repeats + 1) > MOST_STEPS:
        return None
    return program.search(text) is not None


def is_tame(pattern: str) -> bool:
    """Return whether even a backtracking engine is done with a pattern soon: where another's code will run it."""
    repeats = len(_REPEAT.findall(pattern))
    return not _QUANTIFIED_GROUP.search(pattern) and repeats <= (2 if pattern.startswith("^") else 1)


@lru_cache(maxsize=512)
def _linear(pattern: str) -> Any:
    if len(pattern) > LONGEST:
        return None
    from pydantic_core import SchemaError, SchemaValidator, core_schema

    try:
        return SchemaValidator(core_schema.str_schema(pattern=_ecma(pattern), regex_engine="rust-regex", strict=True))
    except (SchemaError, ValueError):  # UnicodeEncodeError of a lone surrogate is a ValueError
        return None


@lru_cache(maxsize=512)
def _backtracking(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(re.sub(r"\(\?<(?![=!])", "(?P<", pattern).replace("\\/", "/"))
    except (re.error, OverflowError, RecursionError):
        return None


def _ecma(pattern: str) -> str:
    r"""Write in the engine's dialect what ECMA writes otherwise: `[^]`, `[[]`, `\cA`, `\d` of ASCII digits only."""
    written: list[str] = []
    in_class = False
    place = 0
    while place < len(pattern):
        one = pattern[place : place + (2 if pattern[place] == "\\" else 1)]
        if one == r"\c" and pattern[place + 2 : place + 3].isalpha():
            written.append(f"\\x{ord(pattern[place + 2]) % 32:02x}")
            place += 3
            continue
        if not in_class and pattern.startswith("[^]", place):
            one, text = "[^]", r"[\s\S]"
        elif in_class and one in ("[", "&", "~"):
            text = "\\" + one
        else:
            text = {r"\d": "[0-9]", r"\D": "[^0-9]"}.get(one, one)
            in_class = (in_class or one == "[") and one != "]"
        written.append(text)
        place += len(one)
    return "".join(written)
