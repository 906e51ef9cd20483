"""Tools in the shapes of our own files, and of providers and protocols: read from them, and written for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from meshtui.core.json.place import Keys
from meshtui.core.json.text import kind_of
from meshtui.core.tools.responder import responder_from, responder_value
from meshtui.core.tools.tool import OURS, Tool

BESIDE = ("type", "function", *OURS)
"""Names that a function object cannot have where its members stand at the top of a file."""


@dataclass(frozen=True, slots=True)
class Found:
    """A tool that was found somewhere, and `notes`: sentences on what of it is not known, or was left out."""

    tool: Tool
    notes: tuple[str, ...] = ()


# Our own files


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


# Other shapes


def import_tools(value: object, name: str = "") -> list[Found]:
    """Return the tools in JSON values, with notes on what was left out.

    Known are our own files, OpenAI (chat, responses, the former `functions`), Anthropic, MCP (a tool, a list, a reply
    to tools/list), Gemini's functionDeclarations, Bedrock's toolSpec, a bare JSON Schema with a title, a list of any
    of these, and a request body that has them. `name` is for a single tool that has none.

    Raises ValueError, one sentence.
    """
    rows = rows_in(value)
    if not rows:
        raise ValueError("holds no tool: put one tool object, or a list of them, in it")
    return [import_tool(row, "" if keys else name, number) for number, (keys, row) in enumerate(rows, 1)]


def rows_in(value: object, keys: Keys = ()) -> list[tuple[Keys, object]]:
    """Return the single tools of a list, of a request body, of a reply, each with the way that leads to it."""
    if isinstance(value, list):
        return [row for place, item in enumerate(value) for row in rows_in(item, (*keys, place))]
    if isinstance(value, Mapping) and "function" not in value:
        for member in ("tools", "functions", "functionDeclarations", "function_declarations"):
            if isinstance(value.get(member), list):
                return rows_in(value[member], (*keys, member))
        for member in ("result", "toolConfig", "body"):
            inner = value.get(member)
            if isinstance(inner, Mapping) and isinstance(inner.get("tools"), list):
                return rows_in(inner, (*keys, member))
    return [(keys, value)]


def import_tool(row: object, name: str = "", number: int = 1) -> Found:
    """Return the tool in one object; raises ValueError, one sentence that begins with its number."""
    if not isinstance(row, Mapping):
        raise ValueError(f"tool {number} is {kind_of(row)}, not an object with a name and parameters")
    if not any(member in row for member in ("name", "description", "parameters")):
        name = ""  # a tool without anything to say is none, whatever its file is called
    try:
        for fits, read in _SHAPES:
            if fits(row):
                found = read(row)
                break
        else:
            found = Found(own_tool(row, name))
    except ValueError as error:
        raise ValueError(f"tool {number}: {error}") from None
    if not found.tool.name and found.tool.definition.get("type") == "function":
        lacks = "name" if found.tool.function else "function object"
        raise ValueError(f"tool {number} has no {lacks}: a tool is an object with a name and parameters")
    return found


def _tool(row: Mapping[str, Any], parameters: str, output: str, left_out: Sequence[str], beside: bool = False) -> Found:
    """Return a tool whose schema of arguments, and of results, stand under other names.

    What the function object does not know is left out and said, or kept on the wire object where it goes `beside`.
    """
    function: dict[str, Any] = {"name": row.get("name", "")}
    description = row.get("description") or row.get("title")
    if description:
        function["description"] = description
    function["parameters"] = row[parameters]
    if "strict" in row:
        function["strict"] = row["strict"]
    taken = ("type", "name", "description", "strict", parameters, output, *OURS)
    more = {key: item for key, item in row.items() if key not in taken}
    if "description" not in row and "title" in row:
        more.pop("title")
    schema = row.get("output", row.get(output) if output else None)
    definition = {"type": "function", "function": function}
    if beside:
        definition |= {key: item for key, item in more.items() if key not in left_out}
        more = {key: item for key, item in more.items() if key in left_out}
    notes = (f"left out {', '.join(more)}: a definition for the gateway has no place for it",) if more else ()
    responder = responder_from(row.get("responder"))
    return Found(Tool(definition, schema if isinstance(schema, Mapping) else None, responder), notes)


def _anthropic(row: Mapping[str, Any]) -> Found:
    return _tool(row, "input_schema", "output_schema", (), beside=True)


def _mcp(row: Mapping[str, Any]) -> Found:
    return _tool(row, "inputSchema", "outputSchema", ())


def _bedrock(row: Mapping[str, Any]) -> Found:
    spec = dict(row["toolSpec"])
    schema = spec.get("inputSchema")
    spec["inputSchema"] = schema.get("json", schema) if isinstance(schema, Mapping) else schema
    return _mcp(spec)


def _gemini(row: Mapping[str, Any]) -> Found:
    member = "parametersJsonSchema" if "parametersJsonSchema" in row else "parameters"
    plain = {"parameters": {"type": "object", "properties": {}}, **row}
    plain = {key: _plain_schema(item) if key in _GEMINI_SCHEMAS else item for key, item in plain.items()}
    output = "responseJsonSchema" if "responseJsonSchema" in row else "response"
    if member != "parameters":
        del plain["parameters"]
    return _tool(plain, member, output, ())


_GEMINI_SCHEMAS = ("parameters", "response")


def _plain_schema(value: Any) -> Any:
    """Return a schema of Gemini's as JSON Schema: types in lower case, `nullable` as a type."""
    if isinstance(value, list):
        return [_plain_schema(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    schema = {key: item for key, item in value.items() if key != "nullable"}
    if isinstance(schema.get("type"), str):
        schema["type"] = schema["type"].lower()
        if value.get("nullable") is True:
            schema["type"] = [schema["type"], "null"]
    if isinstance(schema.get("properties"), Mapping):
        schema["properties"] = {name: _plain_schema(item) for name, item in schema["properties"].items()}
    for key in ("items", "anyOf", "prefixItems", "additionalProperties"):
        if key in schema:
            schema[key] = _plain_schema(schema[key])
    return schema


def _is_gemini(row: Mapping[str, Any]) -> bool:
    """Whether a bare function has what only Gemini writes: a type in capitals, its own names for schemas."""
    if "function" in row or "parametersJsonSchema" in row or "responseJsonSchema" in row:
        return "function" not in row
    parameters = row.get("parameters")
    word = parameters.get("type") if isinstance(parameters, Mapping) else None
    return isinstance(word, str) and word.isupper()


def _titled(row: Mapping[str, Any]) -> Found:
    """Return a tool from a bare JSON Schema, such as a pydantic model prints."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", str(row["title"])).strip("_")
    schema = {key: item for key, item in row.items() if key not in ("title", "description", *OURS)}
    description = {"description": row["description"]} if "description" in row else {}
    return Found(Tool({"type": "function", "function": {"name": name, **description, "parameters": schema}}))


_SHAPES: Sequence[tuple[Callable[[Mapping[str, Any]], bool], Callable[[Mapping[str, Any]], Found]]] = (
    (lambda row: "input_schema" in row, _anthropic),
    (lambda row: "inputSchema" in row, _mcp),
    (lambda row: isinstance(row.get("toolSpec"), Mapping), _bedrock),
    (_is_gemini, _gemini),
    (lambda row: _is_titled(row), _titled),
)


def places_of(row: object) -> Mapping[str, Keys]:
    """Return where the members of the function object stand in one object: `parameters` under another name, perhaps.

    `""` leads to all that are not named, `function` itself among them.
    """
    if not isinstance(row, Mapping) or "function" in row:
        return {"": ("function",)}
    if isinstance(spec := row.get("toolSpec"), Mapping):
        schema = spec.get("inputSchema")
        inner = ("json",) if isinstance(schema, Mapping) and "json" in schema else ()
        return {"": ("toolSpec",), "parameters": ("toolSpec", "inputSchema", *inner)}
    named = next(
        (name for name in ("input_schema", "inputSchema", "parametersJsonSchema") if name in row), "parameters"
    )
    return {"": (), "parameters": () if _is_titled(row) else (named,)}


def _is_titled(row: Mapping[str, Any]) -> bool:
    return row.get("type") == "object" and "properties" in row and "title" in row and "name" not in row


# The other way


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
