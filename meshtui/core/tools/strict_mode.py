"""What strict mode refuses in a schema: OpenAI's structured-outputs guide and the messages of its API.

The walk is the API's: below properties, items, anyOf and definitions, not into a keyword that is refused as a whole.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from meshtui.core.json.place import Keys
from meshtui.core.tools.finding import Finding

REFUSED = (
    *("allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "dependencies"),
    *("default", "patternProperties", "propertyNames", "minProperties", "maxProperties", "unevaluatedProperties"),
    *("prefixItems", "contains", "minContains", "maxContains", "unevaluatedItems", "uniqueItems", "additionalItems"),
)
"""Keywords that strict mode does not know."""

FORMATS = ("date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid")
"""Formats that strict mode knows."""

MOST_LEVELS = 10
MOST_PROPERTIES = 5_000
MOST_ENUM_VALUES = 1_000
MOST_TEXT = 120_000
"""Characters of all names of properties and definitions, enum and const values together."""
LONG_ENUM, MOST_ENUM_TEXT = 250, 15_000
"""From so many values on, the texts of one enum may have so many characters together."""

_STANDS_FOR_TYPE = ("$ref", "anyOf", "oneOf", "allOf")


def strict_findings(schema: Any) -> Iterator[Finding]:
    """Yield what strict mode refuses in the parameters of a tool, the root first; keys begin at the parameters."""
    if not isinstance(schema, Mapping):
        words = "strict mode wants an object schema here"
        yield _finding("root: not an object schema", words, (), "", "begin an empty object schema")
        return
    if schema.get("type") != "object":
        yield _finding(
            "root: type is not object", 'strict mode wants "type": "object" here', (), "type", "set type to object"
        )
    if "anyOf" in schema:
        yield _finding("root: anyOf", "strict mode takes no anyOf at the root: put it into a property", (), "anyOf")
    sums = _Sums()
    todo: deque[tuple[Keys, Any, int]] = deque([((), schema, 0)])
    while todo:
        keys, value, level = todo.popleft()
        if isinstance(value, bool):
            fix = "take a text" if value else ""
            yield _finding(
                "keyword: boolean schema", f"strict mode takes no {str(value).lower()} as schema", keys, "", fix
            )
        if not isinstance(value, Mapping):
            continue
        if is_object(value):
            level += 1
            if level == MOST_LEVELS + 1:
                yield _finding("limit: nesting", f"strict mode takes {MOST_LEVELS} levels of objects", keys)
        sums.add(value)
        yield from _of_one(keys, value)
        todo += ((inner, one, level) for inner, one in _below(keys, value))
    yield from sums.findings()


def is_object(schema: Mapping[str, Any]) -> bool:
    """Return whether a schema is one of objects: by its type, or because it has properties."""
    kind = schema.get("type")
    return kind == "object" or (isinstance(kind, list) and "object" in kind) or "properties" in schema


def _of_one(keys: Keys, schema: Mapping[str, Any]) -> Iterator[Finding]:
    if is_object(schema):
        yield from _of_object(keys, schema)
    for name in schema:
        if name in REFUSED:
            message = f"strict mode does not know {name}"
            yield _finding(f"keyword: {name}", message, keys, name, _way_without(name, schema))
    kind = schema.get("type")
    if (kind == "array" or (isinstance(kind, list) and "array" in kind)) and "items" not in schema:
        words = "strict mode wants items in every array"
        yield _finding("keyword: array without items", words, keys, "type", "let the items be texts")
    if keys and "type" not in schema and not any(name in schema for name in _STANDS_FOR_TYPE):
        yield _finding(
            "keyword: no type", "strict mode wants a type here", keys, "", f"set type to {guessed_type(schema)}"
        )
    beside = [name for name in schema if name not in ("$ref", "$defs", "definitions")]
    if keys and "$ref" in schema and beside:
        message = f"strict mode takes nothing beside $ref: {_listed(beside)} {_is(beside)} there"
        yield _finding("keyword: beside $ref", message, keys, "$ref", "keep $ref alone")
    form = schema.get("format")
    if isinstance(form, str) and form not in FORMATS:
        message = f"strict mode does not know the format {form[:40]!r}, only {', '.join(FORMATS)}"
        yield _finding("keyword: format", message, keys, "format", "take format out")


def _of_object(keys: Keys, schema: Mapping[str, Any]) -> Iterator[Finding]:
    if schema.get("additionalProperties") is not False:
        message = "strict mode wants additionalProperties to be false in every object"
        where = "additionalProperties" if "additionalProperties" in schema else ""
        yield _finding("additional: not false", message, keys, where, "set additionalProperties to false")
    names = schema.get("properties")
    names = names if isinstance(names, Mapping) else {}
    listed = schema.get("required")
    required = {name for name in listed if isinstance(name, str)} if isinstance(listed, list) else set()
    where = "required" if "required" in schema else ""
    optional = [name for name in names if name not in required]
    if optional:
        message = f"strict mode wants every property required: {_listed(optional)} {_is(optional)} not"
        yield _finding(
            "required: not every property", message, keys, where, "require all; what was optional may be null"
        )
    strange = sorted(required - set(names))
    if strange:
        message = f"required names {_listed(strange)}, which {_is(strange)} no property here"
        yield _finding("required: unknown property", message, keys, where, "take unknown names out of required")


def guessed_type(schema: Mapping[str, Any]) -> str:
    """Return the type that a schema without one most likely means."""
    if is_object(schema):
        return "object"
    if "items" in schema:
        return "array"
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    kinds = {type(value) for value in values} if isinstance(values, list) else set()
    if kinds and kinds <= {int, float}:
        return "integer" if kinds == {int} else "number"
    if kinds == {bool}:
        return "boolean"
    bounds = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
    return "number" if any(name in schema for name in bounds) else "string"


def _way_without(name: str, schema: Mapping[str, Any]) -> str:
    if name == "oneOf":
        return "" if "anyOf" in schema else "make it anyOf"
    if name == "allOf":
        return "merge it into the schema" if merged_all_of(schema) is not None else ""
    return f"take {name} out"


def merged_all_of(schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a schema with its allOf merged into it, None where two parts say different things."""
    parts = schema.get("allOf")
    if not isinstance(parts, list):
        return None
    merged = {name: value for name, value in schema.items() if name != "allOf"}
    for part in parts:
        if not isinstance(part, Mapping) or "$ref" in part and (len(parts) > 1 or "type" in merged):
            return None
        for name, value in part.items():
            if name == "properties" and isinstance(value, Mapping) and isinstance(merged.get(name), Mapping):
                if any(key in merged[name] and merged[name][key] != one for key, one in value.items()):
                    return None
                merged[name] = {**merged[name], **value}
            elif name == "required" and isinstance(value, list) and isinstance(merged.get(name), list):
                merged[name] = [*merged[name], *(one for one in value if one not in merged[name])]
            elif merged.setdefault(name, value) != value:
                return None
    return merged


def _below(keys: Keys, schema: Mapping[str, Any]) -> Iterator[tuple[Keys, Any]]:
    for name in ("properties", "$defs", "definitions"):
        inner = schema.get(name)
        if isinstance(inner, Mapping):
            for key, value in inner.items():
                yield (*keys, name, key), value
    if "items" in schema:
        yield (*keys, "items"), schema["items"]
    alternatives = schema.get("anyOf")
    if isinstance(alternatives, list):
        for place, value in enumerate(alternatives):
            yield (*keys, "anyOf", place), value


class _Sums:
    """What counts over the whole schema."""

    def __init__(self) -> None:
        self.properties = self.values = self.text = 0
        self.long_enum = False

    def add(self, schema: Mapping[str, Any]) -> None:
        names = schema.get("properties")
        if isinstance(names, Mapping):
            self.properties += len(names)
        for inner in (names, schema.get("$defs"), schema.get("definitions")):
            if isinstance(inner, Mapping):
                self.text += sum(len(str(name)) for name in inner)
        values = schema.get("enum")
        texts = [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
        size = sum(map(len, texts))
        self.values += len(values) if isinstance(values, list) else 0
        self.long_enum = self.long_enum or (len(texts) > LONG_ENUM and size > MOST_ENUM_TEXT)
        constant = schema.get("const")
        self.text += size + (len(constant) if isinstance(constant, str) else 0)

    def findings(self) -> Iterator[Finding]:
        if self.properties > MOST_PROPERTIES:
            message = f"strict mode takes {MOST_PROPERTIES:,} properties in all, here are {self.properties:,}"
            yield _finding("limit: properties", message, ())
        if self.values > MOST_ENUM_VALUES:
            message = f"strict mode takes {MOST_ENUM_VALUES:,} enum values in all, here are {self.values:,}"
            yield _finding("limit: enum values", message, ())
        if self.long_enum:
            message = f"an enum of more than {LONG_ENUM} values may have {MOST_ENUM_TEXT:,} characters in strict mode"
            yield _finding("limit: enum length", message, ())
        if self.text > MOST_TEXT:
            message = f"strict mode takes {MOST_TEXT:,} characters of names and values, here are {self.text:,}"
            yield _finding("limit: string length", message, ())


def _finding(code: str, message: str, keys: Keys, member: str = "", fix: str = "") -> Finding:
    return Finding("strict", code, message, keys, (member,) if member else (), "warning", fix)


def _listed(names: list[str]) -> str:
    shown = ", ".join(name[:40] for name in names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"


def _is(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"
