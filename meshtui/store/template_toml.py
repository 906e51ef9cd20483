"""A template as TOML: read with sentences for faults, written so that only what was edited differs.

Comments, order and the way of writing stay. A text of several lines is a multi-line string whose unchanged lines stay
as they were written.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, MutableMapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meshtui.core.chat import Message
from meshtui.core.diff import steps
from meshtui.core.template import Template
from meshtui.store.toml import ConfigError, Source

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

MEMBERS = ("name", "description", "system", "messages", "model", "params", "variables")
ROLES = ("system", "user", "assistant", "tool")


def template_from(path: Path, text: str) -> Template:
    """Read the text of a template file; raises ConfigError, one sentence that names the file and the fault."""
    values = Source(path, text).parse()
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
        variables={name: _value(value) for name, value in _table(path, values, "variables").items()},
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


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


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
    import tomlkit
    from tomlkit.exceptions import ParseError

    crlf = "\r\n" in text and "\n" not in text.replace("\r\n", "")
    plain = text.replace("\r\n", "\n")
    try:
        document = tomlkit.parse(plain)
    except (ParseError, RecursionError) as error:
        raise ConfigError(f"the file is not TOML any more: {error}") from None
    fields = template.to_json()
    name = fields["name"] if fields["name"] != stem or "name" in document else ""
    for member, value in (("name", name), *((member, fields[member]) for member in ("description", "model", "system"))):
        _put(document, member, value or None)
    _put_messages(document, [message.to_wire() for message in template.messages])
    for member in ("params", "variables"):
        _put_table(document, member, without_none(fields[member]))
    result = document.as_string()
    return result.replace("\n", "\r\n") if crlf else result


def without_none(value: Any) -> Any:
    """Return JSON values without null, which TOML has not."""
    if isinstance(value, Mapping):
        return {name: without_none(item) for name, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [without_none(item) for item in value if item is not None]
    return value


def _put(table: MutableMapping[str, Any], key: str, value: Any) -> None:
    """Set, change or remove one key; nothing is touched where the value is the same."""
    import tomlkit

    old = table.get(key)
    if value is None:
        if key in table:
            del table[key]
    elif old is None or _plain(old) != _plain(value) or type(_plain(old)) is not type(_plain(value)):
        table[key] = text_item(value, old) if isinstance(value, str) else tomlkit.item(value)


def _plain(value: Any) -> Any:
    return value.unwrap() if hasattr(value, "unwrap") else value


def _put_table(document: TOMLDocument, member: str, values: Mapping[str, Any]) -> None:
    import tomlkit

    if member not in document:
        if not values:
            return
        document[member] = tomlkit.table()
    table: Any = document[member]
    for key in [key for key in table if key not in values]:
        del table[key]
    for key, value in values.items():
        _put(table, key, value)


def _inline(value: Any) -> Any:
    """Return JSON values as TOML that stands within one value."""
    import tomlkit

    if isinstance(value, list):
        array = tomlkit.array()
        for item in value:
            array.append(_inline(item))
        return array
    if isinstance(value, dict):
        table = tomlkit.inline_table()
        for name, item in value.items():
            table[name] = _inline(item)
        return table
    return tomlkit.item(value)


def _put_messages(document: TOMLDocument, rows: Sequence[Mapping[str, Any]]) -> None:
    """Bring the messages up to date: those that stay keep their comments, also where others come and go."""
    import tomlkit

    old: list[Any] = list(document.get("messages", []))
    if not rows:
        if old:
            del document["messages"]
        return
    before = [json.dumps(_plain(row), sort_keys=True, default=str) for row in old]
    after = [json.dumps(row, sort_keys=True, default=str) for row in rows]
    inline = bool(old) and not hasattr(document["messages"], "body")
    kept: list[Any] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            kept += old[a:b]
            continue
        for place in range(c, d):
            row = old[a + place - c] if a + place - c < b else tomlkit.inline_table() if inline else tomlkit.table()
            for key in [key for key in row if key not in rows[place]]:
                del row[key]
            for key, value in rows[place].items():
                _put(row, key, value if isinstance(value, str) else _inline(without_none(value)))
            kept.append(row)
    if len(kept) == len(old) and all(a is b for a, b in zip(kept, old, strict=True)):
        return
    new: Any = tomlkit.array() if inline else tomlkit.aot()
    for row in kept:
        new.append(row)
    document["messages"] = new


def text_item(value: str, old: Any = None) -> Any:
    """Return a text as TOML: one of several lines as a multi-line string, written like the `old` one if that is one."""
    import tomlkit

    if "\n" not in value:
        return tomlkit.item(value)
    raw = old.as_string() if hasattr(old, "as_string") else ""
    if raw.startswith(("'''", '"""')):
        quotes = raw[:3]
        lead = "\n" if raw[3:4] == "\n" else ""
        source = f"{quotes}{lead}{_like(value, str(old), raw[3 + len(lead) : -3], quotes)}{quotes}"
        if lead == "" and value.startswith("\n"):
            source = f"{quotes}\n{source[3:]}"
        if _reads_as(source, value):
            return _item(source)
    source = '"""\n' + _escaped(value) + '"""'
    return _item(source) if _reads_as(source, value) else tomlkit.item(value)


def _item(source: str) -> Any:
    import tomlkit

    return tomlkit.parse(f"x = {source}\n")["x"]  # with its line end: what follows needs one


def _reads_as(source: str, value: str) -> bool:
    try:
        return bool(tomllib.loads(f"x = {source}") == {"x": value})
    except tomllib.TOMLDecodeError:
        return False


def _like(value: str, old: str, raw: str, quotes: str) -> str:
    """Write the lines of `value`: those that `old` has as they stand in its `raw` source, the others anew."""
    anew = _escaped if quotes == '"""' else str
    lines, old_lines, raw_lines = value.split("\n"), old.split("\n"), raw.split("\n")
    if len(old_lines) != len(raw_lines):
        return anew(value)
    written_lines: list[str] = []
    for tag, a, b, c, d in steps(old_lines, lines):
        written_lines += raw_lines[a:b] if tag == "equal" else [anew(line) for line in lines[c:d]]
    return "\n".join(written_lines)


def _escaped(text: str) -> str:
    """Return a text as it stands in a basic multi-line string."""
    text = text.replace("\\", "\\\\").replace('"""', '""\\"')
    if text.endswith('"'):
        text = text[:-1] + '\\"'
    return "".join(
        char if char in "\n\t" or (char >= " " and char != "\x7f") else f"\\u{ord(char):04x}" for char in text
    )
