"""Templates as TOML files: the project's first, then the user's own."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from meshtui.core.chat import Message
from meshtui.core.template import Template
from meshtui.store.paths import Paths
from meshtui.store.toml import ConfigError

_MEMBERS = {"name", "description", "system", "messages", "model", "params", "variables"}
_ROLES = ("system", "user", "assistant", "tool")


def find_template(name: str, paths: Paths, project: Path | None) -> Template | None:
    """Return the template whose file is `NAME.toml`, None where neither folder has it. Raises ConfigError."""
    if name != Path(name).name or name in ("", ".", ".."):
        return None
    folders = ([project / "templates"] if project else []) + [paths.templates]
    for folder in folders:
        path = folder / f"{name}.toml"
        if path.is_file():
            return read_template(path)
    return None


def read_template(path: Path) -> Template:
    """Read one template file. Raises ConfigError, one sentence that names the file and the fault."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}") from None
    for member in values:
        if member not in _MEMBERS:
            raise ConfigError(f"{path}: {member!r} is no part of a template; it has {', '.join(sorted(_MEMBERS))}")
    texts = {member: _text(path, values, member) for member in ("name", "description", "system", "model")}
    return Template(
        name=texts["name"] or path.stem,
        description=texts["description"],
        system=texts["system"],
        messages=tuple(_message(path, row, place) for place, row in enumerate(values.get("messages", []), 1)),
        model=texts["model"],
        params=_table(path, values, "params"),
        variables={name: str(value) for name, value in _table(path, values, "variables").items()},
    )


def _text(path: Path, values: dict[str, Any], member: str) -> str:
    value = values.get(member, "")
    if not isinstance(value, str):
        raise ConfigError(f"{path}: {member} must be a text, not {value!r}")
    return value


def _table(path: Path, values: dict[str, Any], member: str) -> dict[str, Any]:
    value = values.get(member, {})
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: {member} must be a table, as in [{member}]")
    return value


def _message(path: Path, row: object, place: int) -> Message:
    if not isinstance(row, dict) or row.get("role") not in _ROLES or not isinstance(row.get("content"), str):
        raise ConfigError(f"{path}: message {place} needs a role ({', '.join(_ROLES)}) and a content text")
    return Message(row["role"], row["content"])
