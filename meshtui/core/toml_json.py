"""JSON values in TOML: what it cannot hold (null) is JSON in a text, under the member's name with `_json` behind it."""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from meshtui.core.json.text import json_to_edit, json_value

AS_JSON = "_json"
"""What a member's name ends with where its value is JSON in a text."""

_LARGEST = 2**63


def toml_value(text: str) -> dict[str, Any]:
    """Read TOML as JSON values; raises ValueError, one sentence that says where (line and column from 1) and what."""
    import tomllib

    try:
        return decoded(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        reason, where = str(error), re.search(r"\s*\(at line (\d+), column (\d+)\)", str(error))
        place = f"line {where[1]}, column {where[2]}" if where else f"line {text.count(chr(10)) + 1}, column 1"
        reason = re.sub(r"\s*\(at .*", "", reason)
        raise ValueError(f"{place}: this is not TOML ({reason})") from None
    except RecursionError:
        raise ValueError("this is not TOML (nested too deeply)") from None


def is_toml(text: str) -> bool:
    """Whether a text can be read as TOML."""
    import tomllib

    try:
        tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return False
    return True


def encoded(value: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a file with those that TOML cannot hold as JSON in texts.

    `raw` is what the file holds as TOML; a text in it that says the same stays as it is.
    """
    found: dict[str, Any] = {}
    for name, item in value.items():
        held = raw.get(name)
        if name == "function" and isinstance(item, Mapping):
            found[name] = _members(item, held if isinstance(held, Mapping) else {})
        elif name == "responder" and isinstance(item, Mapping):
            rules = item.get("rules")
            rows = {"rules": [_members(row, {}) for row in rules]} if isinstance(rules, list) else {}
            found[name] = {**item, **rows}
        else:
            found |= _members({name: item}, raw)
    return found


def _members(value: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, item in value.items():
        held = raw.get(name + AS_JSON)
        if isinstance(held, str) and json.dumps(json_value(held)) == json.dumps(item):
            found[name + AS_JSON] = held
        elif _fits(item) and not name.endswith(AS_JSON):
            found[name] = item
        else:
            found[name + AS_JSON] = _json(item)
    return found


def _json(value: Any) -> str:
    text = json_to_edit(value)
    if not _encodable(text):
        text = json.dumps(value, indent=2)
    return text + "\n" if "\n" in text else text


def _fits(value: Any) -> bool:
    """Whether TOML can hold JSON values as they are."""
    match value:
        case Mapping():
            return all(_encodable(name) and _fits(item) for name, item in value.items())
        case list() | tuple():
            return all(_fits(item) for item in value)
        case str():
            return _encodable(value)
        case int():
            return -_LARGEST <= value < _LARGEST
    return value is not None


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def decoded(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a TOML file as JSON values; raises ValueError, one sentence, for what is none."""
    found = _decoded_members(value)
    function, responder = found.get("function"), found.get("responder")
    if isinstance(function, Mapping):
        found["function"] = _decoded_members(function)
    if isinstance(responder, Mapping) and isinstance(responder.get("rules"), list):
        rows = [_decoded_members(row) if isinstance(row, Mapping) else row for row in responder["rules"]]
        found["responder"] = {**responder, "rules": rows}
    return found


def _decoded_members(value: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, item in value.items():
        key = name.removesuffix(AS_JSON)
        if key != name and key and isinstance(item, str):
            try:
                item = json_value(item)
            except ValueError as error:
                raise ValueError(f"{name} is not JSON: {error}") from None
        else:
            key, item = name, plain(item, name)
        if key in found:
            raise ValueError(f"{key} stands twice, once as {key}{AS_JSON}: keep one")
        found[key] = item
    return found


def plain(value: Any, where: str = "") -> Any:
    """Return TOML values as JSON has them: dates as texts; raises ValueError for a number that JSON has not."""
    match value:
        case Mapping():
            return {str(name): plain(item, where) for name, item in value.items()}
        case list():
            return [plain(item, where) for item in value]
        case datetime.date() | datetime.time():
            return value.isoformat()
        case float() if not math.isfinite(value):
            raise ValueError(f"{where} has a number that JSON has not: {value}")
    return value
