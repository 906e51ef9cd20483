"""A light check that a value is a JSON Schema: enough to catch what is mistyped, before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

TYPES = ("null", "boolean", "object", "array", "number", "string", "integer")

_SCHEMA = ("items", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else")
_SCHEMAS = ("anyOf", "oneOf", "allOf", "prefixItems")
_NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_TEXTS = ("title", "description", "pattern", "format", "$ref", "$id", "$schema")
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_SWITCHES = ("uniqueItems", "deprecated", "readOnly", "writeOnly")


def schema_fault(schema: Any) -> str:
    """Say where a value is no JSON Schema (`$.properties.age.type: …`), the first place; nothing where it is one."""
    todo: list[tuple[str, Any]] = [("$", schema)]
    while todo:
        path, value = todo.pop(0)
        if isinstance(value, bool) and path != "$":
            continue
        if not isinstance(value, dict):
            return f"{path}: an object is expected"
        for name, message in _faults(value):
            return f"{path}.{name}: {message}"
        todo += _below(path, value)
    return ""


def _below(path: str, schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in _SCHEMA:
        if name in schema:
            yield f"{path}.{name}", schema[name]
    for name in _SCHEMAS:
        for place, one in enumerate(schema.get(name, ())):
            yield f"{path}.{name}[{place}]", one
    for name in _NAMED:
        for key, one in schema.get(name, {}).items():
            yield f"{path}.{name}.{key}", one


def _faults(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the members of one schema, those below it aside."""
    if "type" in schema:
        kind = schema["type"]
        kinds = kind if isinstance(kind, list) and kind else [kind]
        for one in kinds:
            if one not in TYPES:
                yield "type", f"one of {', '.join(TYPES)} is expected, not {str(one)[:40]!r}"
        if isinstance(kind, list) and len({str(one) for one in kind}) < len(kind):
            yield "type", "a type stands twice"
    if "required" in schema:
        names = schema["required"]
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            yield "required", "a list of names is expected"
        elif len(set(names)) < len(names):
            yield "required", "a name stands twice"
    for members, is_right, words in _RULES:
        for name in members:
            if name in schema and not is_right(schema[name]):
                yield name, words


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0 and value == int(value)


_RULES: tuple[tuple[tuple[str, ...], Callable[[Any], bool], str], ...] = (
    (_NAMED, lambda value: isinstance(value, dict), "an object of schemas by name is expected"),
    (_SCHEMAS, lambda value: isinstance(value, list) and bool(value), "a list of schemas is expected"),
    (("enum", "examples"), lambda value: isinstance(value, list), "a list is expected"),
    (_TEXTS, lambda value: isinstance(value, str), "a text is expected"),
    (_COUNTS, _is_count, "a whole number from 0 is expected"),
    (("multipleOf",), lambda value: _is_number(value) and value > 0, "a number above 0 is expected"),
    (_NUMBERS, _is_number, "a number is expected"),
    (_SWITCHES, lambda value: isinstance(value, bool), "true or false is expected"),
)


def format_fault(value: Any) -> str:
    """Say what is wrong with a `response_format`, nothing where the gateway would take it (contract, section 2)."""
    if not isinstance(value, dict):
        return "an object is expected"
    kind = value.get("type")
    if kind not in ("text", "json_object", "json_schema"):
        return 'type: "json_object" or "json_schema" is expected'
    if kind != "json_schema":
        return ""
    inner = value.get("json_schema")
    if not isinstance(inner, dict):
        return "json_schema: an object with name and schema is expected"
    name = inner.get("name")
    if not isinstance(name, str) or not name:
        return "json_schema.name: a name is expected"
    if not isinstance(inner.get("strict", False), bool):
        return "json_schema.strict: true or false is expected"
    if "schema" not in inner:
        return "json_schema.schema: a JSON Schema is expected"
    fault = schema_fault(inner["schema"])
    return f"json_schema.schema, {fault}" if fault else ""
