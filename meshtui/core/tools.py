"""Tool definitions: reading them from a file's values, checking their shape."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from meshtui.core.json_text import kind_of


def tools_from(value: object) -> list[dict[str, Any]]:
    """Return the tools of a file: one tool, a list of tools, or an object with a `tools` list.

    A bare function object (`name`, `parameters`) is taken as a function tool. What is no tool object raises ValueError,
    one sentence that names the tool and the fault; what only some providers refuse, such as a name with a dot or a
    schema outside strict mode, is left for the gateway to judge.
    """
    if isinstance(value, Mapping) and isinstance(value.get("tools"), list):
        value = value["tools"]
    rows = value if isinstance(value, list) else [value]
    if not rows:
        raise ValueError("holds no tool: put one tool object, or a list of them, in it")
    return [_tool(row, number) for number, row in enumerate(rows, 1)]


def _tool(row: object, number: int) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        raise ValueError(f"tool {number} is {kind_of(row)}, not an object with type and function")
    if "function" not in row and "name" in row:
        row = {"type": "function", "function": dict(row)}
    tool = {"type": "function", **row}
    if tool["type"] != "function":
        return tool
    function = tool.get("function")
    if not isinstance(function, Mapping):
        raise ValueError(f"tool {number} has no function object")
    name = function.get("name")
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"tool {number} needs a name, a text, not {json.dumps(name, default=str)[:40]}")
    parameters = function.get("parameters")
    if parameters is not None and not isinstance(parameters, Mapping):
        raise ValueError(f"tool {name}: parameters is {kind_of(parameters)}, not a JSON Schema object")
    return tool


def parsed(arguments: str) -> Any:
    """Return the arguments of a call as values, or None where they are no JSON."""
    try:
        return json.loads(arguments)
    except (ValueError, RecursionError):
        return None


def parsed_arguments(arguments: str) -> dict[str, Any] | None:
    """Return the arguments of a call, or None where they are no JSON object."""
    value = parsed(arguments)
    return value if isinstance(value, dict) else None
