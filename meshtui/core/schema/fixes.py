"""One-key fixes of what is no JSON Schema: foreign type names, older drafts, OpenAPI habits."""

from __future__ import annotations

from typing import Any

from meshtui.core.json.place import Keys
from meshtui.core.schema.metaschema import TYPES

MEANT = {
    **dict.fromkeys(("dict", "hashmap", "map", "struct", "record", "mapping", "json"), "object"),
    **dict.fromkeys(("list", "tuple", "arraylist", "set", "sequence", "vector"), "array"),
    **dict.fromkeys(("str", "char", "text", "date", "datetime", "uuid", "enum"), "string"),
    **dict.fromkeys(("int", "long", "short", "byte", "bigint", "int32", "int64"), "integer"),
    **dict.fromkeys(("float", "double", "decimal", "float32", "float64"), "number"),
    **dict.fromkeys(("bool",), "boolean"),
    **dict.fromkeys(("none", "nil", "nonetype"), "null"),
    **{kind: kind for kind in TYPES},
}
"""Types of programming languages in small letters, and what JSON Schema calls them."""

_BOUNDS = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
_HOLDS_NAMES = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies")


def schema_fix(schema: Any, keys: Keys, inner: Keys) -> str:
    """Say what would be done about a fault of the meta-schema at these keys, nothing where nothing would be."""
    if not inner or (len(inner) > 1 and inner[0] not in ("type", "required")):
        return ""
    keyword = str(inner[0])
    value = value_at(schema, (*keys, keyword))
    if keyword == "type":
        meant = meant_types(value)
        return f"set type to {' or '.join(meant)}" if meant else "take type out"
    if keyword == "required" and isinstance(value, bool):
        return "name it in required of the object above" if value and owner(keys) is not None else "take required out"
    if keyword in _BOUNDS and isinstance(value, bool):
        return f"write {keyword} as a number" if value else f"take {keyword} out"
    if keyword == "items" and isinstance(value, list):
        return "make it prefixItems"
    if keyword == "properties" and _by_name(value) is not None:
        return "make it an object by name"
    if keyword in ("description", "title") and isinstance(value, int | float):
        return "write it as a text"
    return f"take {keyword} out"


def mend_schema(schema: Any, keys: Keys, inner: Keys) -> None:
    """Do in place what `schema_fix` said; nothing where the place is no longer so."""
    parent = value_at(schema, keys)
    if not inner or not isinstance(parent, dict) or inner[0] not in parent:
        return
    keyword = str(inner[0])
    value = parent.pop(keyword)
    if keyword == "type":
        meant = meant_types(value)
        if meant:
            parent["type"] = meant if len(meant) > 1 else meant[0]
    elif keyword == "required" and value is True:
        _require_above(schema, keys)
    elif keyword in _BOUNDS and value is True:
        bound = parent.pop(_BOUNDS[keyword], None)
        if bound is not None:
            parent[keyword] = bound
    elif keyword == "items" and isinstance(value, list):
        parent["prefixItems"] = value
    elif keyword == "properties" and (named := _by_name(value)) is not None:
        parent["properties"] = named
    elif keyword in ("description", "title") and isinstance(value, int | float):
        parent[keyword] = str(value)


def value_at(value: Any, keys: Keys) -> Any:
    """Return what stands at these keys, None where there is nothing."""
    for key in keys:
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


def meant_types(value: Any) -> list[str]:
    """Return the types of JSON Schema that foreign words mean (`dict`, `float`), none where one means nothing."""
    words = value if isinstance(value, list) else [value]
    meant = [MEANT.get(word.strip().lower(), "") if isinstance(word, str) else "" for word in words]
    return list(dict.fromkeys(meant)) if all(meant) else []


def owner(keys: Keys) -> Keys | None:
    """Return the keys of the object schema that has the schema at these keys as a property."""
    is_name = False
    for key in keys[:-1]:
        is_name = not is_name and key in _HOLDS_NAMES
    return keys[:-2] if len(keys) >= 2 and is_name and keys[-2] == "properties" else None


def _require_above(schema: Any, keys: Keys) -> None:
    above = owner(keys)
    holder = value_at(schema, above) if above is not None else None
    if isinstance(holder, dict):
        listed = holder.get("required")
        listed = [name for name in listed if name != keys[-1]] if isinstance(listed, list) else []
        holder["required"] = [*listed, keys[-1]]


def _by_name(value: Any) -> dict[str, Any] | None:
    if not isinstance(value, list):
        return None
    if not all(isinstance(one, dict) and isinstance(one.get("name"), str) for one in value):
        return None
    return {one["name"]: {name: inner for name, inner in one.items() if name != "name"} for one in value}
