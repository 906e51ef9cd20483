"""Values for slots out of what people have at hand: JSON, CSV, TOML, `.env`."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meshtui.core.toml_json import is_toml

FORMATS = ("json", "toml", "env", "csv")
SET_COLUMN = "set"
"""The column of a CSV, or the member of a JSON row, that names the set rather than a slot."""

_ENV = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=\s*(.*)")


class _Written(float):
    """A number that is shown as it was written: 1.50 stays 1.50."""

    _text: str

    def __new__(cls, text: str) -> _Written:
        number = super().__new__(cls, text)
        number._text = text
        return number

    def __str__(self) -> str:
        return self._text


@dataclass(frozen=True, slots=True)
class ValueSet:
    """Values for the slots of a template under a name; the name is empty where the source gave none."""

    name: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Parsed:
    """What was read: its format and one set or several."""

    format: str
    sets: tuple[ValueSet, ...]


def parse_values(text: str, format: str = "") -> Parsed:
    """Read values; without a `format` (one of `FORMATS`) the text shows which it is.

    One object or table is one set; a list of objects, tables by name, or rows of a CSV are several. Whatever is no text
    becomes one as it was written; null becomes an empty text. Raises ValueError, one sentence with the line.
    """
    if not text.strip():
        raise ValueError("there are no values: the text is empty")
    format = format.lower().lstrip(".") or guess_format(text)
    if format not in FORMATS:
        raise ValueError(f"values cannot be read as {format!r}; known are {', '.join(FORMATS)}")
    read = {"json": _json, "toml": _toml, "env": _env, "csv": _csv}[format]
    return Parsed(format, tuple(read(text)))


def guess_format(text: str) -> str:
    """Return the format that a text most likely has."""
    stripped = text.strip()
    if stripped.startswith("{") or re.match(r"\[\s*(\{|\]|$)", stripped):
        return "json"
    lines = [line for line in stripped.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if is_toml(text):
        return "toml"
    if lines and all(_ENV.fullmatch(line) for line in lines):
        return "env"
    if any(line.lstrip().startswith("[") or " = " in line for line in lines[:1]):
        return "toml"
    return "csv"


def _json(text: str) -> Sequence[ValueSet]:
    try:
        value = json.loads(text, parse_float=_Written)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}, column {error.colno}: this is not JSON ({error.msg})") from None
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    if isinstance(value, list):
        return [_row(row, f"row {number}") for number, row in enumerate(value, 1)]
    return _table(value)


def _toml(text: str) -> Sequence[ValueSet]:
    import tomllib

    try:
        return _table(tomllib.loads(text, parse_float=_Written))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"this is not TOML ({error})") from None


def _table(value: Any) -> Sequence[ValueSet]:
    """Return a table of texts as one set, a table of tables as one set each."""
    if isinstance(value, Mapping) and value and all(isinstance(row, Mapping) for row in value.values()):
        return [ValueSet(name, _texts(row)) for name, row in value.items()]
    return [_row(value, "the whole")]


def _row(value: Any, what: str) -> ValueSet:
    if not isinstance(value, Mapping):
        raise ValueError(f"{what} is no object with a value for each slot: {json.dumps(value)[:40]}")
    values = _texts(value)
    return ValueSet(values.pop(SET_COLUMN, "") if len(values) > 1 else "", values)


def _texts(row: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): _text(value) for name, value in row.items()}


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case list() | dict():
            return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _env(text: str) -> Sequence[ValueSet]:
    values = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _ENV.fullmatch(line)
        if match is None:
            raise ValueError(f"line {number}: a line of a .env file is NAME=VALUE, not {line.strip()[:40]!r}")
        values[match[1]] = _unquoted(match[2].strip())
    return [ValueSet("", values)]


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == "'":
        return value[1:-1]
    if len(value) > 1 and value[0] == value[-1] == '"':
        return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t", "r": "\r"}.get(match[1], match[1]), value[1:-1])
    return re.sub(r"\s+#.*$", "", value)


def _csv(text: str) -> Sequence[ValueSet]:
    header = text.lstrip("\ufeff\n").split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text.strip("\n")), delimiter=delimiter, strict=True) if row]
    except csv.Error as error:
        raise ValueError(f"this is not CSV ({error})") from None
    names = [name.strip().lstrip("\ufeff") for name in rows[0]]
    if len(rows) < 2:
        raise ValueError("a CSV needs a first line with the names of the slots and a line of values for each set")
    if len(set(names)) < len(names) or not all(names):
        raise ValueError("line 1: each column of the CSV needs a name of its own")
    sets = []
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(names):
            raise ValueError(f"row {number} of the CSV has {len(row)} values for {len(names)} columns")
        values = dict(zip(names, row, strict=True))
        sets.append(ValueSet(values.pop(SET_COLUMN, "") if len(names) > 1 else "", values))
    return sets
