"""A tool from an example of its arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from meshtui.core.tools.tool import Tool

_FORMATS = {
    "date-time": re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)\Z"),
    "date": re.compile(r"\d{4}-\d\d-\d\d\Z"),
    "uuid": re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z"),
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z"),
    "uri": re.compile(r"https?://\S+\Z"),
}

_TYPES = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
}


def tool_from_example(name: str, arguments: object) -> Tool:
    """Return a tool whose parameters allow what one example of its arguments has, everything in it required.

    Raises ValueError, one sentence, where the arguments are no object.
    """
    if not isinstance(arguments, Mapping):
        raise ValueError('the example must be an object with the arguments by name, as in {"city": "Paris"}')
    return Tool({"type": "function", "function": {"name": name, "parameters": schema_of(arguments)}})


def schema_of(*values: object) -> dict[str, Any]:
    """Return a JSON Schema that each of these values fits; objects require what all of them have."""
    kinds: dict[str, list[Any]] = {}
    for value in values:
        kinds.setdefault(_TYPES.get(type(value), ""), []).append(value)
    if "integer" in kinds and "number" in kinds:
        del kinds["integer"]
    branches = [_of_one_type(kind, rows) for kind, rows in kinds.items()]
    if not branches or {} in branches:
        return {}
    return branches[0] if len(branches) == 1 else {"anyOf": branches}


def _of_one_type(kind: str, values: Sequence[Any]) -> dict[str, Any]:
    match kind:
        case "object":
            names = list(dict.fromkeys(name for row in values for name in row))
            properties = {name: schema_of(*(row[name] for row in values if name in row)) for name in names}
            required = [name for name in names if all(name in row for row in values)]
            return {"type": kind, "properties": properties, **({"required": required} if required else {})}
        case "array":
            return {"type": kind, "items": schema_of(*(item for row in values for item in row))}
        case "string":
            for name, pattern in _FORMATS.items():
                if all(pattern.match(value) for value in values):
                    return {"type": kind, "format": name}
    return {"type": kind} if kind else {}
