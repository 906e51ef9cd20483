"""Tools out of a text that was pasted or read: JSON, TOML, Python, or a curl command with a body."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any, Literal

from meshtui.core.json.text import json_value
from meshtui.core.text import whole_characters
from meshtui.core.toml_json import is_toml, toml_value
from meshtui.core.tools.shapes import Found, import_tools

TextForm = Literal["json", "toml", "python", "curl"]

_DATA = ("-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--json")


def tools_in_text(text: str, name: str = "", form: TextForm | None = None) -> list[Found]:
    """Return the tools in a text with notes on them; without a `form` the text shows which it is.

    `name` is for a single tool that has none. Raises ValueError, one sentence that says where and what.
    """
    if not text.strip():
        raise ValueError("there is no tool: the text is empty")
    form = form or form_of(text)
    if form == "python":
        from meshtui.core.tools.python.source import python_tools

        found = python_tools(text)
        if not found:
            raise ValueError("there is no public function, model, dataclass or TypedDict in this Python")
        return found
    return import_tools(_READ[form](text), name)


def form_of(text: str) -> TextForm:
    """Return what a text most likely is."""
    start = text.lstrip("\ufeff \t\r\n$")
    if start.startswith(("{", "[{", "[\n", "[ ", "[]")) and not re.match(r"\[\s*[A-Za-z]", start):
        return "json"
    if re.match(r"curl(\.exe)?\s", start):
        return "curl"
    if is_toml(text):
        return "toml"
    if re.search(r"^\s*(?:def|class|async\s+def|import|from|@\w)", text, re.MULTILINE):
        return "python"
    return "toml" if re.search(r"^\s*(?:\[+[\w.\"-]+\]+|name\s*=)", text, re.MULTILINE) else "json"


def _curl(text: str) -> Any:
    """Return the body of a curl command."""
    text = re.sub(r"\$'((?:[^'\\]|\\.)*)'", _ansi, text.strip().lstrip("$ "))
    try:
        words = shlex.split(text.replace("\\\r\n", " ").replace("\\\n", " "))
    except ValueError as error:
        raise ValueError(f"this curl command cannot be read ({str(error).lower()})") from None
    bodies = list(_bodies(words))
    if not bodies:
        raise ValueError("this curl command has no body: -d with JSON is looked for")
    if bodies[0].startswith("@"):
        raise ValueError(f"the body of this curl command is in the file {bodies[0][1:]}: import that file")
    try:
        return json_value(bodies[0])
    except ValueError as error:
        raise ValueError(f"the body of this curl command is not JSON ({error})") from None


def _bodies(words: list[str]) -> Iterator[str]:
    for word, after in zip(words, [*words[1:], ""], strict=True):
        if word in _DATA:
            yield after
        elif word.startswith("-d") and len(word) > 2:
            yield word[2:]
        elif word.partition("=")[0] in _DATA:
            yield word.partition("=")[2]


def _ansi(match: re.Match[str]) -> str:
    """Return `$'…'`, which browsers copy, in quotes that every shell has."""
    plain = {"n": "\n", "t": "\t", "r": "\r", "'": "'", '"': '"', "\\": "\\"}

    def escaped(found: re.Match[str]) -> str:
        word = found[1]
        return chr(int(word[1:], 16)) if word[0] in "ux" and len(word) > 1 else plain.get(word, "\\" + word)

    text = re.sub(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", escaped, match[1], flags=re.DOTALL)
    return shlex.quote(whole_characters(text))  # browsers write what is beyond U+FFFF as two halves


def _json(text: str) -> Any:
    try:
        return json_value(text.removeprefix("\ufeff"))
    except ValueError as error:
        place, colon, what = str(error).rpartition(": ")
        raise ValueError(f"{place}{colon}this is not JSON ({what})") from None


_READ = {"json": _json, "toml": toml_value, "curl": _curl}
