"""JSON that people type: read with the line and the column of a fault, written so that it can be edited."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

_NOTHING = object()


def json_value(text: str) -> Any:
    """Read JSON; raises ValueError, one sentence that says where (line and column from 1) and what.

    Stricter than Python's own: no NaN, no infinity, no name twice in one object.
    """
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        what = error.msg[:1].lower() + error.msg[1:]
        raise ValueError(f"line {error.lineno}, column {error.colno}: {what}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None


def json_or(text: str, otherwise: Any = None) -> Any:
    """Return JSON as values, `otherwise` where it is none; of a name that stands twice the last counts."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return otherwise


def is_json(text: str) -> bool:
    """Whether a text is JSON that `json_or` reads."""
    return json_or(text, _NOTHING) is not _NOTHING


def text_of(value: Any, indent: int | None = None) -> str:
    """Return a text as it is, anything else as JSON: what `json_or` may read back."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=indent, default=str)


def json_to_edit(value: Any) -> str:
    """Write JSON over several lines; a short list or object stands on one."""
    short = json.dumps(value, ensure_ascii=False)
    return short if len(short) <= 60 else json.dumps(value, ensure_ascii=False, indent=2)


def kind_of(value: object) -> str:
    """Say what a JSON value is, as a sentence names it: `a list`, `null`."""
    names = {list: "a list", str: "a text", int: "a number", float: "a number", bool: "true or false"}
    return "null" if value is None else names.get(type(value), "an object")


def has_null(value: Any) -> bool:
    """Whether null stands anywhere in JSON values: TOML has none."""
    if isinstance(value, dict):
        return any(has_null(item) for item in value.values())
    if isinstance(value, list):
        return any(has_null(item) for item in value)
    return value is None


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the name {name[:40]!r} stands twice in one object")
        found[name] = value
    return found


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")
