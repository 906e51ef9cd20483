"""A tool as a file: read with sentences for faults, written so that only what was edited differs.

TOML holds the members of the function object at the top, or the wire object with a table `function`; `[output]` and
`[responder]` beside. What TOML cannot hold (null) is JSON in a text, under the member's name with `_json` behind it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from meshtui.core.json.text import json_value
from meshtui.core.toml_json import decoded, encoded
from meshtui.core.tools.responder import RESPONDER_WORDS, responder_from, rule_value
from meshtui.core.tools.shapes import fits_bare, own_tool, own_value
from meshtui.core.tools.tool import Tool
from meshtui.store.json_edit import edited_json
from meshtui.store.toml import ConfigError, Source
from meshtui.store.toml_edit import edited_toml

Form = Literal["toml", "json"]


def tool_from(path: Path, text: str) -> Tool:
    """Read the text of a tool file; raises ConfigError, one sentence that names the file and the fault."""
    try:
        value = json_value(text) if path.suffix == ".json" else decoded(Source(path, text).parse())
    except ValueError as error:
        raise ConfigError(f"{path}, {error}." if str(error).startswith("line") else f"{path}: {error}.") from None
    except RecursionError:
        raise ConfigError(f"{path}: nested too deeply to be read.") from None
    if isinstance(value, list) or (isinstance(value, Mapping) and isinstance(value.get("tools"), list)):
        raise ConfigError(f"{path} is a list of tools; `meshtui tools import` makes a file of each.")
    if not isinstance(value, Mapping):
        raise ConfigError(f"{path} holds no tool: it must be an object with name, description and parameters.")
    if "function" not in value and ("input_schema" in value or "inputSchema" in value):
        raise ConfigError(f"{path} has a tool in another provider's shape; `meshtui tools import` takes it in.")
    try:
        return own_tool(value, path.stem)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}.") from None


def written(text: str, tool: Tool, stem: str, form: Form = "toml") -> str:
    """Return the text of a tool file with the tool in it: what did not change stays as it stands.

    An empty `text` is a new file. `stem` is the name that the file gives a tool which has none.
    Raises ConfigError where `text` cannot be read, and where the tool cannot be written.
    """
    path = Path(f"{stem}.{form}")
    try:
        raw = _parsed(path, text) if text.strip() else {}
        if form == "json":
            return edited_json(text, _arranged(raw, tool, stem, form))
        value = encoded(_arranged(decoded(raw), tool, stem, form), raw)
    except RecursionError:
        raise ConfigError("the tool is nested too deeply to be written.") from None
    try:
        return edited_toml(text, value)
    except RecursionError:
        raise ConfigError("the tool is nested too deeply to be written.") from None
    except ConfigError as error:
        raise ConfigError(f"{error} Keep the tool as a JSON file.") from None


def _parsed(path: Path, text: str) -> dict[str, Any]:
    value: Any
    try:
        value = json_value(text) if path.suffix == ".json" else Source(path, text).parse()
    except ValueError as error:
        raise ConfigError(f"the file is not JSON any more: {error}.") from None
    if not isinstance(value, dict):
        raise ConfigError("the file holds no tool any more.")
    return value


def _arranged(old: Mapping[str, Any], tool: Tool, stem: str, form: Form) -> dict[str, Any]:
    """Return what the file is to hold, in the shape that it has; members that are not the tool's stay."""
    bare = fits_bare(tool) and ("function" not in old if old else form == "toml")
    value = own_value(tool, bare=bare)
    if bare and old.get("type") == "function":
        value = {"type": "function", **value}
    if old:
        _leave_unsaid(old, value, tool, stem)
    if isinstance(value.get("function"), Mapping) and isinstance(old.get("function"), Mapping):
        value["function"] = _in_order_of(old["function"], value["function"])
    return _in_order_of(old, value)


def _in_order_of(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of `new`, those that `old` has first and in its order."""
    return {key: new[key] for key in (*(key for key in old if key in new), *(key for key in new if key not in old))}


def _leave_unsaid(old: Mapping[str, Any], value: dict[str, Any], tool: Tool, stem: str) -> None:
    """Take out of `value` what the file leaves unsaid, and bring in what only the file knows."""
    inner, old_inner = value.get("function", value), old.get("function", old)
    if isinstance(inner, Mapping) and isinstance(old_inner, Mapping):
        if tool.name == stem and "name" not in old_inner:
            rest = {key: item for key, item in inner.items() if key != "name"}
            if "function" in value:
                value["function"] = rest
            else:
                value.pop("name", None)
    if "type" not in old and "function" in old and value.get("type") == "function":
        del value["type"]
    if "output" in old and old["output"] is None and tool.output is None:
        value["output"] = None
    _keep_responder(old.get("responder"), value, tool)


def _keep_responder(old: Any, value: dict[str, Any], tool: Tool) -> None:
    """Leave a responder as it is written where it says the same; keep the members of it that are not ours."""
    if old is None:
        return
    try:
        as_was = responder_from(old)
    except ValueError:
        return
    if as_was == tool.responder:
        value["responder"] = old
        return
    new = {key: item for key, item in old.items() if key not in RESPONDER_WORDS} | value.get("responder", {})
    rows = old.get("rules")
    if isinstance(rows, list) and "rules" in new:
        pairs = zip(as_was.rules, rows, strict=True)
        as_read = {json.dumps(rule_value(rule), sort_keys=True): row for rule, row in pairs}
        new["rules"] = [as_read.get(json.dumps(row, sort_keys=True), row) for row in new["rules"]]
    if new:
        value["responder"] = _in_order_of(old, new)
