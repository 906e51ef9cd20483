"""Reading what the command line was given: prompts, NAME=VALUE pairs, files of tools and templates."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meshtui.cli.output import refuse, say
from meshtui.core.tool import Rule, Tool
from meshtui.core.tools import tools_from

if TYPE_CHECKING:
    from meshtui.session import OpenTool


def prompt_from(argument: str | None, *, optional: bool = False) -> str:
    """Return the prompt: the argument, or what stands on stdin for `-` and for no argument.

    `optional` holds for a template, which may be whole without one: stdin is then read only where it was
    asked for with `-` or is a pipe or file.
    """
    if argument not in (None, "-"):
        text = str(argument)
    elif argument is None and optional and (sys.stdin is None or sys.stdin.isatty()):
        return ""
    else:
        text = _stdin()
    if not text.strip() and not optional:
        refuse("the prompt is empty: give one as an argument or on stdin")
    return text


def _stdin() -> str:
    if sys.stdin is None:
        refuse("stdin is closed: give the prompt as an argument")
    if sys.stdin.isatty():
        say("reading the prompt from the terminal; ctrl+d on a line of its own ends it")
    raw = sys.stdin.buffer.read()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse(f"stdin is not UTF-8 text: byte {error.start + 1} cannot be read")
    return text[:-1] if text.endswith("\n") else text


def pairs(options: Sequence[str], flag: str) -> dict[str, str]:
    """Return NAME=VALUE options as a mapping; the last of a name wins."""
    values = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals or not name.strip():
            refuse(f"{flag} takes NAME=VALUE, not {option!r}")
        values[name.strip()] = value
    return values


def params(options: Sequence[str]) -> dict[str, Any]:
    """Return `--param NAME=VALUE` options; a value that is JSON counts as such, any other is a text."""
    return {name: json_or_text(value) for name, value in pairs(options, "--param").items()}


def json_or_text(value: str) -> Any:
    """Return `value` read as JSON, or as the text it is."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def read_bytes(path: Path) -> bytes:
    """Return what a file the user named holds; refuses, one sentence, where it cannot be had."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        refuse(f"{path}: there is no such file")
    except IsADirectoryError:
        refuse(f"{path} is a folder, not a file")
    except OSError as error:
        refuse(f"{path} cannot be read: {error.strerror or error}")


def read_text(path: Path) -> str:
    """Return the text of a file the user named; refuses, one sentence, where it cannot be had."""
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse(f"{path} is not UTF-8 text: byte {error.start + 1} cannot be read")


def _values(path: Path) -> Any:
    """Return what a JSON or TOML file holds; refuses, one sentence with the place, where it is neither."""
    from meshtui.store.toml import ConfigError

    text = read_text(path)
    try:
        if path.suffix != ".toml":
            return json.loads(text)
        from meshtui.store.toml import Source
        from meshtui.store.tool_toml import decoded

        return decoded(Source(path, text).parse())
    except json.JSONDecodeError as error:
        refuse(f"{path}, line {error.lineno}, column {error.colno}: this is not JSON ({error.msg})")
    except RecursionError:
        refuse(f"{path}: nested too deeply to be read")
    except ConfigError as error:
        refuse(str(error))
    except ValueError as error:
        refuse(f"{path}: {error}")


def tools(paths: Sequence[str]) -> tuple[OpenTool, ...]:
    """Return the tools of the files given with `--tools`, JSON or TOML, in order."""
    from meshtui.session import OpenTool

    found: list[OpenTool] = []
    for name in paths:
        path = Path(name).expanduser()
        value = _values(path)
        try:
            found += [OpenTool(tool.name, path, "yours", tool, "") for tool in _tools(value, path.stem)]
        except ValueError as error:
            refuse(f"{path}: {error}")
    return tuple(found)


def _tools(value: Any, stem: str) -> list[Tool]:
    """Return the tools of one file with their responders; raises ValueError with one sentence."""
    from meshtui.core.tool_import import own_tool

    if isinstance(value, Mapping) and isinstance(value.get("tools"), list):
        value = value["tools"]
    rows, stem = (value, "") if isinstance(value, list) else ([value], stem)
    own = [own_tool(row, stem) if isinstance(row, Mapping) else Tool({}) for row in rows]
    definitions = tools_from([tool.definition if tool.function else row for row, tool in zip(rows, own, strict=True)])
    return [replace(tool, definition=definition) for tool, definition in zip(own, definitions, strict=True)]


def rules(paths: Sequence[str]) -> tuple[Rule, ...]:
    """Return the canned rules of the files given with `--respond`, JSON or TOML, in the order in which they count."""
    from meshtui.core.rules import rules_from

    found: list[Rule] = []
    for name in paths:
        path = Path(name).expanduser()
        value = _values(path)
        try:
            found += rules_from(value)
        except ValueError as error:
            refuse(f"{path}: {error}")
    return tuple(found)


def tool_choice(option: str | None) -> Any:
    """Return `--tool-choice` as the request has it: none, auto, required, a tool's name, or an object as JSON."""
    if option is None or option in ("none", "auto", "required"):
        return option
    if option.lstrip().startswith("{"):
        try:
            return json.loads(option)
        except ValueError:
            refuse(f"--tool-choice is neither a name nor JSON: {option!r}")
    return {"type": "function", "function": {"name": option}}
