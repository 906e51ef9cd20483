"""The check of tool definitions: JSON, the tool object, JSON Schema 2020-12, the providers' names, strict mode.

Nothing here runs a validator or recurses: it is fit for every keystroke and for hostile files.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from meshtui.core.json.place import Keys, place_of
from meshtui.core.json.stream import DEEPEST, JsonStream, places_in
from meshtui.core.json.text import json_value
from meshtui.core.quote import weight_of_tools
from meshtui.core.schema.fixes import schema_fix
from meshtui.core.schema.metaschema import schema_faults
from meshtui.core.schema.references import dead_references, endless_references
from meshtui.core.tools.finding import MOST_FINDINGS, Finding
from meshtui.core.tools.fixes import FUNCTION, is_yes, mended_name
from meshtui.core.tools.fixes import PARAMETERS as PARAMETERS
from meshtui.core.tools.strict_mode import strict_findings

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")
"""Names that every provider takes: OpenAI's, Anthropic's and Bedrock's rule."""

MEMBER = re.compile(r"[a-zA-Z0-9_.-]{1,64}\Z")
"""Names of properties that every provider takes: Anthropic's rule."""

MOST_TOOLS = 128
"""Tools in one request, by OpenAI."""

MOST_PLACES = 200_000
"""Values of a definition that are looked at."""


def check_text(text: str) -> tuple[Any, list[Finding]]:
    """Check a definition as it stands in an editor: its value, None where the text is no JSON, and the findings.

    Each finding has the line and the column of its place.
    """
    stream = JsonStream()
    try:
        value = json_value(text)
    except ValueError:
        stream.feed(text)
        stream.finish()
        value = None if stream.fault is not None else stream.value
    if stream.fault is not None:
        place = place_of(text, stream.fault[0])
        code = "too long or deep" if stream.is_limit else "not json"
        return None, [Finding("json", code, stream.fault[1], line=place.line, column=place.column)]
    twice = [_twice(text, keys, offset) for keys, offset in islice(stream.doubled, MOST_FINDINGS)]
    return value, twice + _placed(text, check_tool(value))


def check_tool(definition: object) -> list[Finding]:
    """Check a definition: the wire object `{"type": "function", "function": {…}}` as values."""
    found = list(islice(_json_findings(definition), MOST_FINDINGS))
    if any(finding.severity == "error" for finding in found):
        return found
    return [*found, *islice(_tool_findings(definition), MOST_FINDINGS)]


def check_tools(definitions: Sequence[object]) -> list[Finding]:
    """Check the tools of one request: each, and what they may not be together. Paths begin with `$[number]`."""
    found: list[Finding] = []
    seen: dict[str, int] = {}
    for number, definition in enumerate(definitions):
        found += (finding.below(number) for finding in check_tool(definition))
        function = definition.get("function") if isinstance(definition, Mapping) else None
        name = function.get("name") if isinstance(function, Mapping) else None
        if isinstance(name, str) and seen.setdefault(name, number) != number:
            message = f"tool {seen[name] + 1} has the name {name[:64]!r} as well: providers refuse the request"
            found.append(_fault("name twice", message, (number, "function"), "name"))
    if len(definitions) > MOST_TOOLS:
        message = f"OpenAI takes {MOST_TOOLS} tools in a request, here are {len(definitions):,}"
        found.append(_warning("too many tools", message))
    return found


def tokens_of(definition: object) -> int:
    """Return the tokens that a definition costs in every request, an estimate (`~`)."""
    try:
        return max(round(weight_of_tools([definition])), 1)
    except (RecursionError, ValueError):
        return 0


# JSON


def _json_findings(value: object) -> Iterator[Finding]:
    """Yield what JSON cannot say, or not safely: a file in TOML, or a text with escapes, may hold it."""
    todo: list[tuple[Keys, Any]] = [((), value)]
    seen = 0
    while todo:
        keys, one = todo.pop()
        seen += 1
        if len(keys) > DEEPEST:
            yield Finding(
                "json", "too long or deep", f"the definition is nested deeper than {DEEPEST} levels", keys[:8]
            )
            return
        if seen > MOST_PLACES:
            yield Finding("json", "too long or deep", f"the definition has more than {MOST_PLACES:,} values")
            return
        if isinstance(one, Mapping):
            for name, inner in one.items():
                if isinstance(name, str):
                    todo.append(((*keys, name), inner))
                    yield from _of_text(keys, name)
                else:
                    yield Finding("json", "name is not a text", f"the name {str(name)[:40]} is not a text", keys)
        elif isinstance(one, list | tuple):
            todo += (((*keys, place), inner) for place, inner in enumerate(one))
        elif isinstance(one, str):
            yield from _of_text(keys, one)
        elif isinstance(one, float):
            if not math.isfinite(one):
                yield Finding("json", "not json", f"{one} is no number of JSON", keys)
        elif one is not None and not isinstance(one, int):
            kind = type(one).__name__
            yield Finding("json", "not json", f"a value of kind {kind} is no JSON: write it as a text", keys)


def _of_text(keys: Keys, text: str) -> Iterator[Finding]:
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        message = "half of a surrogate pair stands here: it cannot be sent and becomes U+FFFD"
        yield Finding("json", "lone surrogate", message, keys, (), "warning", "put U+FFFD in its place")


def _twice(text: str, keys: Keys, offset: int) -> Finding:
    place = place_of(text, offset)
    message = f"the name {str(keys[-1])[:64]!r} stands twice in one object: the last one counts"
    return Finding("json", "name twice", message, keys, (), "warning", line=place.line, column=place.column)


def _placed(text: str, findings: list[Finding]) -> list[Finding]:
    """Return findings with their places in the text."""
    places = places_in(text, [(*one.keys, *one.inner) for one in findings]) if findings else {}
    found = [(one, places[(*one.keys, *one.inner)]) for one in findings]
    return [replace(one, line=place.line, column=place.column) for one, place in found]


# The tool object


def _tool_findings(definition: Any) -> Iterator[Finding]:
    if not isinstance(definition, Mapping):
        yield _fault("tool is not an object", 'a tool is an object: {"type": "function", "function": {…}}')
        return
    kind, function = definition.get("type"), definition.get("function")
    if kind != "function":
        if isinstance(kind, str) and kind and function is None and "name" not in definition:
            words = f"a tool of type {kind[:40]!r}: whether the gateway takes it only sending tells"
            yield _warning("type is not function", words, (), "type")
            return
        yield _fault("type is not function", 'the type of a tool is "function"', (), "type", "set type to function")
    if not isinstance(function, Mapping):
        words = "name and parameters belong into a member `function`" if function is None else "`function` is no object"
        fix = "put the members into function" if function is None and "name" in definition else ""
        yield _fault("no function object", words, (), "function", fix)
        return
    yield from _function_findings(function)
    if "parameters" in function:
        yield from _parameters_findings(function["parameters"], function.get("strict") is True)


def _function_findings(function: Mapping[str, Any]) -> Iterator[Finding]:
    yield from _name_findings(function)
    if not isinstance(function.get("description", ""), str):
        yield _fault("description is not a string", "the description is a text", FUNCTION, "description")
    strict = function.get("strict")
    if strict is not None and not isinstance(strict, bool):
        fix = f"set strict to {'true' if is_yes(strict) else 'false'}"
        yield _fault("strict is not a boolean", "strict is true or false", FUNCTION, "strict", fix)


def _name_findings(function: Mapping[str, Any]) -> Iterator[Finding]:
    name = function.get("name")
    if not isinstance(name, str) or not name:
        yield _fault("name", "a tool has a name of 1 to 64 letters, digits, - or _", FUNCTION, "name")
    elif not NAME.match(name):
        over = f", this one has {len(name):,} characters" if len(name) > 64 else ""
        message = f"OpenAI, Anthropic and Bedrock take names of 1 to 64 letters, digits, - or _{over}"
        yield _fault("name", message, FUNCTION, "name", f"make it {mended_name(name)}")
    elif not (name[0].isalpha() or name[0] == "_"):
        message = "Gemini wants a letter or _ as the first character of a name"
        yield _warning("name: first character", message, FUNCTION, "name", f"make it {mended_name('_' + name)}")


def _parameters_findings(parameters: Any, strict: bool) -> Iterator[Finding]:
    if not isinstance(parameters, Mapping):
        words = "parameters is a JSON Schema object"
        yield _fault("parameters is not an object", words, PARAMETERS, "", "begin an empty object schema")
    elif parameters.get("type") != "object":
        words = 'the parameters of a tool have "type": "object" at the root: arguments are an object'
        yield _fault("parameters: root type is not object", words, PARAMETERS, "type", "set type to object")
    elif "properties" not in parameters and "$ref" not in parameters:
        words = "OpenAI wants properties in the parameters, an empty object where there are none"
        yield _warning("parameters: no properties", words, PARAMETERS, "", "add empty properties")
    yield from (finding.below(*PARAMETERS) for finding in islice(_schema_findings(parameters), MOST_FINDINGS))
    for finding in islice(strict_findings(parameters), MOST_FINDINGS):
        yield replace(finding.below(*PARAMETERS), severity="error" if strict else "warning")


def _schema_findings(schema: Any) -> Iterator[Finding]:
    is_right = True
    for keys, inner, message in schema_faults(schema):
        is_right = False
        fix = schema_fix(schema, keys, inner)
        yield Finding("schema", "invalid", f"no JSON Schema: {message}", keys, inner, "error", fix)
    if is_right:
        for keys, name, address in dead_references(schema):
            message = f"the reference {address[:80]!r} leads to no schema here; nothing is fetched"
            yield Finding("schema", "unresolvable", message, keys, (name,))
        for keys, address in endless_references(schema):
            message = f"the reference {address[:80]!r} leads back to itself: no arguments can be checked by it"
            yield Finding("schema", "endless reference", message, keys, ("$ref",), "warning")
    names = schema.get("properties") if isinstance(schema, Mapping) else None
    for name in names if isinstance(names, Mapping) else ():
        if not MEMBER.match(name):
            message = "Anthropic takes names of properties of 1 to 64 letters, digits, - . or _"
            yield Finding("schema", "property name", message, ("properties", name), (), "warning")


def _fault(code: str, message: str, keys: Keys = (), member: str = "", fix: str = "") -> Finding:
    return Finding("tool", code, message, keys, (member,) if member else (), "error", fix)


def _warning(code: str, message: str, keys: Keys = (), member: str = "", fix: str = "") -> Finding:
    return Finding("tool", code, message, keys, (member,) if member else (), "warning", fix)
