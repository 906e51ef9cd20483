"""TOML files that people edit: values put in so that only what changed differs; comments and order stay."""

from __future__ import annotations

import datetime
import json
import tomllib
from collections.abc import Mapping, MutableMapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from meshtui.core.diff import steps
from meshtui.core.toml_json import AS_JSON
from meshtui.store.toml import ConfigError

LONGEST_LINE = 100
LONGEST_INLINE = 60
NAMED = ("properties", "$defs", "definitions", "patternProperties")
"""Tables whose members are schemas by name: each is a table of its own, for there is more to come."""
ORDERED = "properties"
"""The table whose order of members means something to a reader, and to a model."""

ROWS = ("rules", "messages")
"""Lists that are arrays of tables, one below the other."""


def edited_toml(text: str, value: Mapping[str, Any]) -> str:
    """Return `text` with the values in it; an empty text is a new file. Lines end as they did.

    The file is edited in place; where that does not give the values, the members that changed are written anew, and
    where that does not either, all are. Raises ConfigError where the values cannot be written at all.
    """
    from tomlkit.exceptions import TOMLKitError

    crlf = "\r\n" in text and "\n" not in text.replace("\r\n", "")
    source = text.replace("\r\n", "\n")
    for way in (_merged, _replaced, _anew):
        try:
            result = way(source, value)
            if not result.endswith("\n") and (not source or source.endswith("\n")):
                result += "\n"
            if _alike(tomllib.loads(result), value):
                return result.replace("\n", "\r\n") if crlf else result
        except (TOMLKitError, ValueError, TypeError, LookupError, AttributeError, AssertionError):
            continue  # the library has limits where tables are out of order; the next way does without
    raise ConfigError("These values cannot be written as TOML.")


def _merged(source: str, value: Mapping[str, Any]) -> str:
    import tomlkit

    document = tomlkit.parse(source)
    _merge(document, value, "", inline=False)
    return document.as_string()


def _replaced(source: str, value: Mapping[str, Any]) -> str:
    import tomlkit

    document = tomlkit.parse(source)
    for key in [key for key in document if key not in value or not _alike(_plain(document[key]), value[key])]:
        document.remove(key)
    for key, item in value.items():
        if key not in document:
            document.append(key, _item(item, None, key, inline=False))
    return document.as_string()


def _anew(source: str, value: Mapping[str, Any]) -> str:
    import tomlkit

    head = []
    for line in source.split("\n"):
        if line.strip() and not line.lstrip().startswith("#"):
            break
        head.append(line)
    document = tomlkit.parse("\n".join(head).rstrip() + "\n" if "".join(head).strip() else "")
    for key, item in _tables_last(value):
        document.append(key, _item(item, None, key, inline=False))
    return document.as_string()


# Comparing


def _plain(value: Any) -> Any:
    return value.unwrap() if hasattr(value, "unwrap") else value


def _alike(old: Any, new: Any) -> bool:
    """Whether TOML values say the same as JSON values: a date is its text, and 1 is not 1.0."""
    match new:
        case Mapping():
            return isinstance(old, Mapping) and set(old) == set(new) and all(_alike(old[key], new[key]) for key in new)
        case list() | tuple():
            return isinstance(old, list) and len(old) == len(new) and all(map(_alike, old, new))
    if isinstance(old, datetime.date | datetime.time):
        return bool(old.isoformat() == new)
    return type(old) is type(new) and bool(old == new)


def _same(old: Any, new: Any, name: str = "") -> bool:
    """Whether nothing is to be written: alike, and what is in order in the same order."""
    old = _plain(old)
    return _alike(old, new) and _in_order(old, new, name)


def _in_order(old: Any, new: Any, name: str = "") -> bool:
    if isinstance(new, Mapping):
        if name == ORDERED and [key for key, _ in _tables_last(old)] != [key for key, _ in _tables_last(new)]:
            return False
        return all(_in_order(old[key], item, key) for key, item in new.items())
    return not isinstance(new, list | tuple) or all(map(_in_order, old, new))


def _tables_last(value: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted(value.items(), key=lambda row: _is_table(row[1]))


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) or _is_rows(value)


def _is_rows(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(row, Mapping) for row in value)


# Merging


def _merge(table: MutableMapping[str, Any], value: Mapping[str, Any], name: str, *, inline: bool) -> None:
    for key in [key for key in table if key not in value]:
        del table[key]
    for key, item in value.items():
        if key not in table:
            table[key] = _item(item, None, key, inline=inline)
        elif not _same(table[key], item, key):
            _put(table, key, item, inline=inline)
    if name == ORDERED and not _in_order(_plain(table), value, name):
        for key, _ in _tables_last(value):
            held = table.pop(key)
            table[key] = held


def _put(table: MutableMapping[str, Any], key: str, value: Any, *, inline: bool) -> None:
    from tomlkit.items import AoT, Array, InlineTable

    old = table[key]
    if isinstance(value, Mapping) and isinstance(old, MutableMapping):
        _merge(old, value, key, inline=inline or isinstance(old, InlineTable))
    elif isinstance(value, list) and isinstance(old, AoT) and _is_rows(value):
        table[key] = _rows(old, value)
    elif isinstance(value, list) and isinstance(old, Array):
        _merge_array(old, value)
    else:
        table[key] = _item(value, old, key, inline=inline)


def _steps(old: Sequence[Any], new: Sequence[Any]) -> Sequence[tuple[str, int, int, int, int]]:
    before, after = (
        [json.dumps(row, sort_keys=True, default=str) for row in rows] for rows in ([_plain(row) for row in old], new)
    )
    return SequenceMatcher(None, before, after, autojunk=False).get_opcodes()


def _merge_array(array: Any, value: Sequence[Any]) -> None:
    for tag, a, b, c, d in reversed(_steps(list(array), value)):
        if tag == "equal":
            continue
        for place in reversed(range(a, b)):
            if place - a >= d - c:
                del array[place]
        for place in range(c, d):
            item = _item(value[place], None, "", inline=True)
            if a + place - c < b:
                array[a + place - c] = item
            else:
                array.insert(a + place - c, item)


def _rows(old: Any, value: Sequence[Mapping[str, Any]]) -> Any:
    """Return the tables of an array of tables: those that stay keep their comments, where others come and go."""
    import tomlkit

    before, rows = list(old), tomlkit.aot()
    for tag, a, b, c, d in _steps(before, value):
        for place in range(c, d):
            row = before[a + place - c] if a + place - c < b else tomlkit.table()
            if tag != "equal":
                _merge(row, value[place], "", inline=False)
            rows.append(row)
    return rows


# Writing anew


def _item(value: Any, old: Any, name: str, *, inline: bool) -> Any:
    """Return JSON values as TOML: tables of their own, or within one value where `inline`."""
    import tomlkit

    match value:
        case Mapping() if not inline:
            return _table(value, name)
        case Mapping():
            table = tomlkit.inline_table()
            for key, item in value.items():
                table.append(key, _item(item, None, key, inline=True))
            return table
        case list() | tuple() if name in ROWS and not inline and _is_rows(value):
            rows = tomlkit.aot()
            for row in value:
                rows.append(_table(row, short_inline=name == "rules"))
            return rows
        case list() | tuple():
            array = tomlkit.array()
            for item in value:
                array.append(_item(item, None, "", inline=True))
            return array.multiline(len(array.as_string()) > LONGEST_LINE)
        case str():
            return _text(value, old, name, inline=inline)
    return tomlkit.item(value)


def _table(value: Mapping[str, Any], name: str = "", *, short_inline: bool = False) -> Any:
    """Return a table. What says little in few words stands within a line, unless it is a property's schema.

    With `short_inline` everything that is short does, whatever is in it.
    """
    import tomlkit

    named = name in NAMED
    table = tomlkit.table(is_super_table=bool(value) and all(isinstance(item, Mapping) for item in value.values()))
    for key, item in _tables_last(value):
        flat = isinstance(item, Mapping) and not named and not any(map(_is_table, item.values()))
        new = _item(item, None, key, inline=short_inline or flat)
        long = isinstance(item, Mapping) and (short_inline or flat) and len(new.as_string()) > LONGEST_INLINE
        table.append(key, _item(item, None, key, inline=False) if long else new)
    return table


def _text(value: str, old: Any, name: str, *, inline: bool) -> Any:
    plain = all(char.isprintable() or char == "\n" for char in value)
    if name.endswith(AS_JSON) and "\n" in value and plain and "'''" not in value and not inline:
        return _parsed(f"'''\n{value}'''")
    if value.isprintable() or ("\n" in value and not inline):
        return _text_item(value, old)
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
    return _parsed('"' + "".join(escapes.get(char) or _escaped(char) for char in value) + '"')


def _escaped(char: str) -> str:
    return char if char.isprintable() else f"\\U{ord(char):08x}"


def _parsed(source: str) -> Any:
    import tomlkit

    return tomlkit.parse(f"x = {source}\n")["x"]


# Texts of several lines


def _text_item(value: str, old: Any = None) -> Any:
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
            return _parsed(source)
    source = '"""\n' + _escaped_lines(value) + '"""'
    return _parsed(source) if _reads_as(source, value) else tomlkit.item(value)


def _reads_as(source: str, value: str) -> bool:
    try:
        return bool(tomllib.loads(f"x = {source}") == {"x": value})
    except tomllib.TOMLDecodeError:
        return False


def _like(value: str, old: str, raw: str, quotes: str) -> str:
    """Write the lines of `value`: those that `old` has as they stand in its `raw` source, the others anew."""
    anew = _escaped_lines if quotes == '"""' else str
    lines, old_lines, raw_lines = value.split("\n"), old.split("\n"), raw.split("\n")
    if len(old_lines) != len(raw_lines):
        return anew(value)
    written_lines: list[str] = []
    for tag, a, b, c, d in steps(old_lines, lines):
        written_lines += raw_lines[a:b] if tag == "equal" else [anew(line) for line in lines[c:d]]
    return "\n".join(written_lines)


def _escaped_lines(text: str) -> str:
    """Return a text as it stands in a basic multi-line string."""
    text = text.replace("\\", "\\\\").replace('"""', '""\\"')
    if text.endswith('"'):
        text = text[:-1] + '\\"'
    return "".join(
        char if char in "\n\t" or (char >= " " and char != "\x7f") else f"\\u{ord(char):04x}" for char in text
    )
