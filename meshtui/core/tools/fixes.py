"""One-key fixes of tool definitions: what a finding offers to do, done on a copy."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from meshtui.core.json.place import Keys
from meshtui.core.schema.fixes import mend_schema, value_at
from meshtui.core.tools.finding import Finding
from meshtui.core.tools.strict_mode import guessed_type, merged_all_of, strict_findings

MOST_ROUNDS = 12
"""A fix may show another fault below it; so many times everything is gone over."""

FUNCTION: Keys = ("function",)
PARAMETERS: Keys = ("function", "parameters")

_SURROGATES = re.compile("[\ud800-\udfff]")


def mended(definition: Mapping[str, Any], finding: Finding) -> dict[str, Any]:
    """Return a definition with the fix of one finding done; a finding without `fix` changes nothing."""
    fresh = _copy(definition)
    if finding.fix:
        _mend(fresh, finding)
    return fresh


def mended_all(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return a definition with everything fixed that strict mode refuses and that has a fix."""
    fresh = _copy(definition)
    for _ in range(MOST_ROUNDS):
        function = fresh.get("function")
        if not isinstance(function, dict) or "parameters" not in function:
            break
        found = [one.below(*PARAMETERS) for one in strict_findings(function["parameters"]) if one.fix]
        for finding in found:
            _mend(fresh, finding)
        if not found:
            break
    return fresh


def mended_name(name: str) -> str:
    """Return the nearest name that every provider takes."""
    return re.sub(r"[^a-zA-Z0-9_-]+", "_", name)[:64] or "_"


def is_yes(value: object) -> bool:
    """Return whether a value means true, as in "yes" or 1."""
    return value in ("yes", "true", "True", "on", "1", 1)


def _copy(definition: Mapping[str, Any]) -> dict[str, Any]:
    copied: dict[str, Any] = json.loads(json.dumps(definition))
    return copied


def _mend(definition: dict[str, Any], finding: Finding) -> None:
    """Do the fix; nothing where the place is no longer as the finding saw it."""
    place = value_at(definition, finding.keys)
    if finding.kind == "schema":
        mend_schema(value_at(definition, PARAMETERS), finding.keys[len(PARAMETERS) :], finding.inner)
    elif finding.code in _WHOLE:
        _WHOLE[finding.code](definition, finding)
    elif finding.code in _OF_SCHEMA:
        if isinstance(place, dict):
            _OF_SCHEMA[finding.code](place)
    elif finding.code.startswith("keyword: ") and isinstance(place, dict) and finding.inner:
        _without_keyword(place, str(finding.inner[0]))


def _put(value: Any, keys: Keys, new: Any) -> None:
    parent, key = value_at(value, keys[:-1]), keys[-1]
    if isinstance(parent, dict) or (isinstance(parent, list) and isinstance(key, int) and key < len(parent)):
        parent[key] = new  # type: ignore[index]


# The tool object


def _wrap(definition: dict[str, Any], finding: Finding) -> None:
    members = {name: definition.pop(name) for name in list(definition) if name not in ("type", "output", "responder")}
    definition |= {"type": "function", "function": members}


def _name(definition: dict[str, Any], finding: Finding) -> None:
    _put(definition, (*FUNCTION, "name"), finding.fix.removeprefix("make it "))


def _strict(definition: dict[str, Any], finding: Finding) -> None:
    _put(definition, (*FUNCTION, "strict"), is_yes(value_at(definition, (*FUNCTION, "strict"))))


def _whole_text(definition: dict[str, Any], finding: Finding) -> None:
    text = value_at(definition, finding.keys)
    if isinstance(text, str) and finding.keys:
        _put(definition, finding.keys, _SURROGATES.sub("\ufffd", text))


def _empty_parameters(definition: dict[str, Any], finding: Finding) -> None:
    _put(definition, PARAMETERS, {"type": "object", "properties": {}, "required": [], "additionalProperties": False})


def _object_type(definition: dict[str, Any], finding: Finding) -> None:
    _put(definition, (*PARAMETERS, "type"), "object")


_WHOLE: dict[str, Callable[[dict[str, Any], Finding], None]] = {
    "type is not function": lambda definition, finding: definition.update(type="function"),
    "no function object": _wrap,
    "strict is not a boolean": _strict,
    "name": _name,
    "name: first character": _name,
    "lone surrogate": _whole_text,
    "parameters is not an object": _empty_parameters,
    "root: not an object schema": _empty_parameters,
    "parameters: root type is not object": _object_type,
    "root: type is not object": _object_type,
    "parameters: no properties": lambda definition, finding: _put(definition, (*PARAMETERS, "properties"), {}),
    "keyword: boolean schema": lambda definition, finding: _put(definition, finding.keys, {"type": "string"}),
}


# Strict mode


def _require_all(schema: dict[str, Any]) -> None:
    names = schema.get("properties")
    if not isinstance(names, dict):
        return
    listed = _listed(schema)
    for name, inner in names.items():
        if name not in listed:
            names[name] = nullable(inner)
    schema["required"] = [*names, *(name for name in listed if name not in names)]


def _known_only(schema: dict[str, Any]) -> None:
    names = schema.get("properties")
    schema["required"] = [name for name in _listed(schema) if isinstance(names, dict) and name in names]


def _listed(schema: dict[str, Any]) -> list[str]:
    listed = schema.get("required")
    return [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []


def _reference_alone(schema: dict[str, Any]) -> None:
    for name in [name for name in schema if name not in ("$ref", "$defs", "definitions")]:
        del schema[name]


_OF_SCHEMA: dict[str, Callable[[dict[str, Any]], None]] = {
    "additional: not false": lambda schema: schema.update(additionalProperties=False),
    "required: not every property": _require_all,
    "required: unknown property": _known_only,
    "keyword: no type": lambda schema: schema.setdefault("type", guessed_type(schema)),
    "keyword: beside $ref": _reference_alone,
    "keyword: array without items": lambda schema: schema.setdefault("items", {"type": "string"}),
}


def _without_keyword(schema: dict[str, Any], keyword: str) -> None:
    if keyword == "oneOf" and "oneOf" in schema:
        schema["anyOf"] = schema.pop("oneOf")
    elif keyword == "allOf":
        merged = merged_all_of(schema)
        if merged is not None:
            schema.clear()
            schema.update(merged)
    else:
        schema.pop(keyword, None)


def nullable(schema: Any) -> Any:
    """Return a schema that null fits as well: strict mode's way to say that a property may be left out."""
    if not isinstance(schema, dict):
        return schema
    alternatives = schema.get("anyOf")
    if isinstance(alternatives, list):
        has_null = any(isinstance(one, dict) and one.get("type") == "null" for one in alternatives)
        return schema if has_null else {**schema, "anyOf": [*alternatives, {"type": "null"}]}
    if any(name in schema for name in ("$ref", "const", "oneOf", "allOf")):
        return {"anyOf": [schema, {"type": "null"}]}
    kind = schema.get("type")
    kinds = list(kind) if isinstance(kind, list) else [kind if isinstance(kind, str) else guessed_type(schema)]
    if "null" in kinds:
        return schema
    fresh = {**schema, "type": [*kinds, "null"]}
    if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
        fresh["enum"] = [*schema["enum"], None]
    return fresh
