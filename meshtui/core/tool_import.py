"""Tools out of what people have at hand: our own files, and the shapes that providers and protocols use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshtui.core.rules import responder_from, responder_value
from meshtui.core.tool import OURS, Tool

BESIDE = ("type", "function", *OURS)
"""Names that a function object cannot have where its members stand at the top of a file."""


def own_tool(value: Mapping[str, Any], name: str = "") -> Tool:
    """Return the tool of a file of ours: the wire object or a bare function object, `output` and `responder` beside.

    `name` is used where the function has none. Raises ValueError, one sentence, for an output or a responder that
    cannot be read; whatever else is wrong with the definition stays as it is.
    """
    output = value.get("output")
    if output is not None and not isinstance(output, Mapping):
        raise ValueError("output must be a JSON Schema object: what a result of this tool looks like")
    rest = {key: item for key, item in value.items() if key not in OURS}
    kind = rest.get("type", "function")
    if "function" in rest or kind != "function":
        definition = rest if "type" in rest else {"type": "function", **rest}
    else:
        definition = {"type": "function", "function": {key: item for key, item in rest.items() if key != "type"}}
    function = definition.get("function")
    if isinstance(function, Mapping) and "name" not in function and name:
        definition = {**definition, "function": {"name": name, **function}}
    return Tool(definition, output, responder_from(value.get("responder")))


def fits_bare(tool: Tool) -> bool:
    """Whether the function object alone says everything that the definition does."""
    definition = tool.definition
    if definition.get("type") != "function" or set(definition) != {"type", "function"}:
        return False
    return isinstance(definition["function"], Mapping) and not any(name in BESIDE for name in definition["function"])


def own_value(tool: Tool, *, bare: bool) -> dict[str, Any]:
    """Return what a file of ours holds: the function's members at the top where `bare`, else the wire object."""
    value = dict(tool.function if bare else tool.definition)
    if tool.output is not None:
        value["output"] = tool.output
    responder = responder_value(tool.responder)
    if responder:
        value["responder"] = responder
    return value
