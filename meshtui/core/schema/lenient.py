"""JSON Schemas read leniently, for values made for them: types, bounds, and two schemas as one.

What is no schema at all is read as far as it means something; see `example`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from meshtui.core.schema.fixes import MEANT
from meshtui.core.schema.patterns import found

_TELLTALES = (
    ("object", ("properties", "required", "additionalProperties", "patternProperties", "minProperties")),
    ("array", ("items", "prefixItems", "minItems", "maxItems", "contains", "uniqueItems")),
    ("string", ("pattern", "minLength", "maxLength", "format")),
    ("number", ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
)
"""Members that tell a type where none is named."""

_COUNTS = (
    *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
    *("minContains", "maxContains"),
)


def tidy(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema without members whose value is of a kind that means nothing there."""

    def sensible(key: str, value: Any) -> bool:
        if key in _COUNTS:
            return is_number(value) and value >= 0
        if key == "multipleOf":
            return is_number(value) and value > 0
        return key != "pattern" or isinstance(value, str)

    return {key: value for key, value in schema.items() if sensible(key, value)}


def bounds(schema: Mapping[str, Any], step: Decimal) -> tuple[Decimal | None, Decimal | None]:
    """Return the least and the greatest allowed value; an exclusive bound is moved by a hair."""

    def read(name: str, exclusive: str, direction: int) -> Decimal | None:
        plain, strict = schema.get(name), schema.get(exclusive)
        hair = min(step, Decimal("0.0001")) * direction
        found = [Decimal(str(plain))] if is_number(plain) else []
        if is_number(strict):
            found.append(Decimal(str(strict)) + hair)
        elif strict is True and found:  # draft 4
            found[0] += hair
        return (max if direction > 0 else min)(found) if found else None

    return read("minimum", "exclusiveMinimum", 1), read("maximum", "exclusiveMaximum", -1)


def is_number(value: object) -> bool:
    """Whether a value is a finite number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def listed(value: object) -> list[Any]:
    """Return the value where it is a list, else nothing."""
    return value if isinstance(value, list) else []


def types(schema: Mapping[str, Any]) -> list[str]:
    """Return the type names that a schema gives, in the words of JSON Schema."""
    given = schema.get("type")
    names = given if isinstance(given, list) else [given]
    return [MEANT.get(str(name).casefold(), str(name)) for name in names if name is not None]


def type_of(schema: Mapping[str, Any]) -> str:
    """Return the type to make: the first named one that is not null, else what the other members tell."""
    names = types(schema)
    for name in names:
        if name in ("object", "array", "string", "integer", "number", "boolean"):
            return name
    if "null" in names:
        return "null"
    for kind, telltales in _TELLTALES:
        if any(key in schema for key in telltales):
            return kind
    return "string"


def has_type(value: object, names: Sequence[str]) -> bool:
    """Whether a value is of one of these types; an unknown name fits anything."""

    def fits(name: str) -> bool:
        match name:
            case "null":
                return value is None
            case "boolean":
                return isinstance(value, bool)
            case "integer":
                return is_number(value) and float(str(value)).is_integer()
            case "number":
                return is_number(value)
            case "string":
                return isinstance(value, str)
            case "array":
                return isinstance(value, list)
            case "object":
                return isinstance(value, dict)
        return True

    return any(map(fits, names))


def simply_fits(value: object, kind: str, schema: Mapping[str, Any]) -> bool:
    """Whether a suggested scalar keeps to type, range, length and pattern."""
    if kind not in ("string", "integer", "number", "boolean") or not has_type(value, [kind]):
        return False
    if isinstance(value, str):
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", math.inf):
            return False
        return "format" not in schema and ("pattern" not in schema or matches(str(schema["pattern"]), value))
    if isinstance(value, bool):
        return True
    number = Decimal(str(value))
    low, high = bounds(schema, Decimal(1))
    step = schema.get("multipleOf")
    in_range = (low is None or number >= low) and (high is None or number <= high)
    return in_range and (not step or number % Decimal(str(step)) == 0)


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern is found in a text, as far as bounded time can tell."""
    return found(pattern, text) is True


def anchored(schema: Any, name: str) -> Mapping[str, Any] | None:
    """Return the subschema with this `$anchor`, None where there is none."""
    if isinstance(schema, Mapping):
        if schema.get("$anchor") == name:
            return schema
        children: Sequence[Any] = list(schema.values())
    else:
        children = schema if isinstance(schema, list) else ()
    return next((found for child in children if (found := anchored(child, name))), None)


def merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return both schemas at once, as far as merging their members says it."""
    merged = dict(one)
    for key, value in other.items():
        merged[key] = _combined(key, merged[key], value) if key in merged else value
    return merged


def _combined(key: str, mine: Any, yours: Any) -> Any:
    if key in ("properties", "patternProperties", "$defs", "definitions", "dependentRequired"):
        if isinstance(mine, Mapping) and isinstance(yours, Mapping):
            shared = {name: _both(mine[name], yours[name]) for name in mine if name in yours}
            return {**mine, **yours, **shared}
    if key == "required" and isinstance(mine, list) and isinstance(yours, list):
        return list(dict.fromkeys(name for name in (*mine, *yours) if isinstance(name, str)))
    if key == "enum" and isinstance(mine, list) and isinstance(yours, list):
        return [value for value in mine if value in yours]
    if key in ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"):
        return max(mine, yours) if is_number(mine) and is_number(yours) else yours
    if key in ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"):
        return min(mine, yours) if is_number(mine) and is_number(yours) else yours
    if key == "type":
        mine_listed = mine if isinstance(mine, list) else [mine]
        yours_listed = yours if isinstance(yours, list) else [yours]
        shared_types = [name for name in mine_listed if name in yours_listed]
        if "number" in mine_listed and "integer" in yours_listed:
            shared_types.append("integer")
        return shared_types or yours
    if key in ("items", "additionalProperties", "contains"):
        return _both(mine, yours)
    if key == "allOf" and isinstance(mine, list) and isinstance(yours, list):
        return [*mine, *yours]
    return yours


def _both(mine: Any, yours: Any) -> Any:
    if isinstance(mine, Mapping) and isinstance(yours, Mapping):
        return {"allOf": [mine, yours]} if mine and yours else mine or yours
    return False if mine is False or yours is False else mine if isinstance(mine, Mapping) else yours
