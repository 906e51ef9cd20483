"""A template as TOML: read with sentences for faults, written so that only what was edited differs.

Comments, order and the way of writing stay. A text of several lines is a multi-line string whose unchanged lines stay
as they were written.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from meshtui.core.chat import Message
from meshtui.core.json.text import text_of
from meshtui.core.template import Template
from meshtui.core.toml_json import plain
from meshtui.store.toml import ConfigError, Source
from meshtui.store.toml_edit import edited_toml

MEMBERS = ("name", "description", "model", "system", "messages", "params", "variables")
"""The members of a file, in the order in which a new one has them."""

ROLES = ("system", "user", "assistant", "tool")


def template_from(path: Path, text: str) -> Template:
    """Read the text of a template file; raises ConfigError, one sentence that names the file and the fault."""
    try:
        values = {name: plain(value, name) for name, value in Source(path, text).parse().items()}
    except ValueError as error:
        raise ConfigError(f"{path}: {error}.") from None
    for member in values:
        if member not in MEMBERS:
            raise ConfigError(f"{path}: {member!r} is no part of a template; it has {', '.join(sorted(MEMBERS))}")
    texts = {member: _text(path, values, member) for member in ("name", "description", "system", "model")}
    rows = values.get("messages", [])
    if not isinstance(rows, list):
        raise ConfigError(f"{path}: messages must be a list of tables, as in [[messages]]")
    return Template(
        name=texts["name"] or path.stem,
        description=texts["description"],
        system=texts["system"],
        messages=tuple(_message(path, row, place) for place, row in enumerate(rows, 1)),
        model=texts["model"],
        params=_table(path, values, "params"),
        variables={name: text_of(value) for name, value in _table(path, values, "variables").items()},
    )


def _text(path: Path, values: Mapping[str, Any], member: str) -> str:
    value = values.get(member, "")
    if not isinstance(value, str):
        raise ConfigError(f"{path}: {member} must be a text, not {value!r}")
    return value


def _table(path: Path, values: Mapping[str, Any], member: str) -> dict[str, Any]:
    value = values.get(member, {})
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: {member} must be a table, as in [{member}]")
    return value


def _message(path: Path, row: object, place: int) -> Message:
    content = row.get("content") if isinstance(row, dict) else None
    parts = isinstance(content, list) and all(isinstance(part, dict) for part in content)
    if not isinstance(row, dict) or row.get("role") not in ROLES or not (isinstance(content, str) or parts):
        raise ConfigError(f"{path}: message {place} needs a role ({', '.join(ROLES)}) and a content text")
    return Message.from_json(row)


def written(text: str, template: Template, stem: str) -> str:
    """Return the text of a template file with the template in it: what did not change stays as it stands.

    Raises ConfigError where `text` is no TOML. `stem` is the name that the file gives the template by itself.
    """
    try:
        value = plain(tomllib.loads(text.replace("\r\n", "\n")))
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise ConfigError(f"the file is not TOML any more: {error}") from None
    fields = template.to_json()
    if "name" not in value and fields["name"] == stem:
        fields["name"] = ""
    for member in MEMBERS:
        item = value.pop(member, None)
        if fields.get(member) or (item is not None and isinstance(fields[member], dict)):
            value[member] = without_none(fields[member])
    return edited_toml(text, value)


def without_none(value: Any) -> Any:
    """Return JSON values without null, which TOML has not."""
    if isinstance(value, Mapping):
        return {name: without_none(item) for name, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [without_none(item) for item in value if item is not None]
    return value
