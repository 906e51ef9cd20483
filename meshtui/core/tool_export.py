"""A tool in the shapes that providers and protocols use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

from meshtui.core.tool import Tool

Shape = Literal["openai", "responses", "anthropic", "mcp"]
SHAPES: tuple[Shape, ...] = get_args(Shape)

NOTHING: Mapping[str, Any] = {"type": "object", "properties": {}}
"""The parameters of a tool that takes none, where a shape wants some."""


def exported(tool: Tool, shape: Shape) -> dict[str, Any]:
    """Return the definition in a shape; what it has no place for stays beside the rest, except in MCP, where it goes.

    A tool that is no function is the same in each. Raises ValueError for one in MCP's, which knows none.
    """
    definition, function = dict(tool.definition), dict(tool.function)
    if shape == "openai":
        return definition
    if definition.get("type") != "function" or not function:
        if shape == "mcp":
            raise ValueError(f"{tool.name or 'this tool'} is no function: MCP has no such tools")
        return definition
    beside = {name: item for name, item in definition.items() if name not in ("type", "function")}
    if shape == "responses":
        return {"type": "function", **function, **beside}
    parameters = function.pop("parameters", NOTHING)
    if shape == "anthropic":
        named: dict[str, Any] = {name: function.pop(name) for name in ("name", "description") if name in function}
        return {**named, "input_schema": parameters, **function, **beside}
    schema = {"outputSchema": tool.output} if tool.output is not None else {}
    return {"name": tool.name, "description": tool.description, "inputSchema": parameters, **schema}
