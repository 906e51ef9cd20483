"""Parameters of a template as lines that people edit: `temperature = 0.2`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def params_text(params: Mapping[str, Any]) -> str:
    """Return parameters as lines, each a name and a JSON value."""
    return "\n".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in params.items())


def params_from(text: str) -> dict[str, Any]:
    """Read such lines; raises ValueError, one sentence with the line.

    A value is JSON, and may stand on several lines until it is complete; a word that is no JSON is a text.
    """
    params: dict[str, Any] = {}
    lines = list(enumerate(text.split("\n"), 1))
    while lines:
        number, line = lines.pop(0)
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.partition("=")
        name, value = name.strip(), value.strip()
        if not equals or not name or not value:
            raise ValueError(f"parameters, line {number}: NAME = VALUE is expected, not {line.strip()[:40]!r}")
        while value[0] in "{[" and _is_open(value) and lines:
            value += "\n" + lines.pop(0)[1]
        params[name] = _value(value, number)
    return params


def _is_open(value: str) -> bool:
    try:
        json.loads(value)
    except json.JSONDecodeError as error:
        return error.pos >= len(value.rstrip())
    return False


def _value(value: str, number: int) -> Any:
    try:
        return json.loads(value)
    except ValueError as error:
        if value[0] in '{["-0123456789':
            raise ValueError(f"parameters, line {number}: {value[:40]!r} is not JSON ({error})") from None
        return value
    except RecursionError:
        raise ValueError(f"parameters, line {number}: nested too deeply") from None
