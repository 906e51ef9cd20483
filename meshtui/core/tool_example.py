"""A tool from an example of its arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from meshtui.core.tool import Tool

_FORMATS = {
    "date-time": re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)\Z"),
    "date": re.compile(r"\d{4}-\d\d-\d\d\Z"),
    "uuid": re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z"),
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z"),
    "uri": re.compile(r"https?://\S+\Z"),
}


def tool_from_example(name: str, arguments: object) -> Tool:
    """Return a tool whose parameters allow what one example of its arguments has, everything in it required.

    Raises ValueError, one sentence, where the arguments are no object.
    """
    if not isinstance(arguments, Mapping):
        raise ValueError('the example must be an object with the arguments by name, as in {"city": "Paris"}')
    return Tool({"type": "function", "function": {"name": name, "parameters": schema_of(arguments)}})


def schema_of(value: object) -> dict[str, Any]:
    """Return a JSON Schema that a value fits; of a list, one that all of its items fit."""
    match value:
        case Mapping():
            properties = {str(name): schema_of(item) for name, item in value.items()}
            return {
                "type": "object",
                "properties": properties,
                **({"required": list(properties)} if properties else {}),
            }
        case list() | tuple():
            return {"type": "array", "items": _merged([schema_of(item) for item in value])}
        case str():
            format = next((name for name, pattern in _FORMATS.items() if pattern.match(value)), "")
            return {"type": "string", "format": format} if format else {"type": "string"}
    kinds = {bool: "boolean", int: "integer", float: "number", type(None): "null"}
    return {"type": kinds[type(value)]} if type(value) in kinds else {}


def _merged(schemas: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return one schema for several examples: objects are one object that requires what all of them have."""
    kinds: dict[str, list[dict[str, Any]]] = {}
    for schema in schemas:
        kinds.setdefault(schema.get("type", ""), []).append(schema)
    if "integer" in kinds and "number" in kinds:
        del kinds["integer"]
    branches = [_of_one_type(kind, rows) for kind, rows in kinds.items()]
    if not branches or {} in branches:
        return {}
    return branches[0] if len(branches) == 1 else {"anyOf": branches}


def _of_one_type(kind: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    if kind == "object":
        names = list(dict.fromkeys(name for row in rows for name in row["properties"]))
        properties = {
            name: _merged([row["properties"][name] for row in rows if name in row["properties"]]) for name in names
        }
        required = [name for name in names if all(name in row["properties"] for row in rows)]
        return {"type": "object", "properties": properties, **({"required": required} if required else {})}
    if kind == "array":
        return {"type": "array", "items": _merged([row["items"] for row in rows if row["items"]])}
    formats = {row.get("format", "") for row in rows}
    return rows[0] if len(formats) == 1 else {"type": kind} if kind else {}
