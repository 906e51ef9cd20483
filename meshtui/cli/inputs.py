"""Reading what the command line was given: prompts, NAME=VALUE pairs, files of tools and templates."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meshtui.cli.output import refuse
from meshtui.cli.stdin import MARK, read_stdin
from meshtui.core.json.text import json_or
from meshtui.core.tools.tool import Rule

if TYPE_CHECKING:
    from meshtui.core.tools.shapes import Found
    from meshtui.session import OpenTool, ToolFiles


def add_what(parser: argparse.ArgumentParser, what: Mapping[str, str]) -> None:
    """Add the word that says what a command does; `what` explains each, without one it lists."""
    parser.add_argument(
        "what",
        nargs="?",
        choices=tuple(what),
        default="list",
        metavar="WHAT",
        help=" · ".join(f"{name}: {words}" for name, words in what.items()),
    )


def add_values(parser: argparse.ArgumentParser, what: str = "") -> None:
    """Add the options that give slots their values; `what` names the one thing that they are for."""
    parser.add_argument(
        "-v",
        "--var",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help=f"{what}the value of a slot; NAME=@FILE reads it from a file (@- from stdin), @@ begins a value with an @"
        " (repeat)",
    )
    parser.add_argument(
        "--values",
        metavar="FILE|SET",
        help=f"{what}values of slots: a JSON, CSV, TOML or .env file, - for stdin, or a set of the template",
    )
    parser.add_argument("--set", metavar="NAME", help=f"{what}which set of the values; #N is the Nth")


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
        text = read_stdin("the prompt")
        text = text[:-1] if text.endswith("\n") else text
    if not text.strip() and not optional:
        refuse("the prompt is empty: give one as an argument or on stdin")
    return text


def pairs(options: Sequence[str], flag: str) -> dict[str, str]:
    """Return NAME=VALUE options as a mapping; the last of a name wins."""
    values = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals or not name.strip():
            refuse(f"{flag} takes NAME=VALUE, not {option!r}")
        values[name.strip()] = value
    return values


def params(options: Sequence[str], flag: str = "--param") -> dict[str, Any]:
    """Return `--param NAME=VALUE` options; a value that is JSON counts as such, any other is a text."""
    given = pairs(options, flag)
    if "messages" in given:
        refuse(f"{flag} takes no messages: what is said is the prompt, with its system text or template")
    return {name: json_or(value, value) for name, value in given.items()}


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


def named_text(name: str, what: str) -> tuple[str, str]:
    """Return the text of a file the user named, `-` for stdin, and what to call it; `what` it is for."""
    if name == MARK:
        return read_stdin(what), "stdin"
    path = Path(name).expanduser()
    return read_text(path), str(path)


def _values(name: str, text: str, shown: str) -> Any:
    """Return what a JSON or TOML text holds; refuses, one sentence with the place, where it is neither."""
    from meshtui.core.toml_json import is_toml, toml_value

    try:
        return toml_value(text) if name.endswith(".toml") or (name == MARK and is_toml(text)) else json.loads(text)
    except json.JSONDecodeError as error:
        refuse(f"{shown}, line {error.lineno}, column {error.colno}: this is not JSON ({error.msg})")
    except RecursionError:
        refuse(f"{shown}: nested too deeply to be read")
    except ValueError as error:
        refuse(f"{shown}, {error}" if str(error).startswith("line ") else f"{shown}: {error}")


def tools(names: Sequence[str], files: Callable[[], ToolFiles] | None = None) -> tuple[OpenTool, ...]:
    """Return the tools given with `--tools`, in order: files of any known shape, stored ones by name, `-` for stdin.

    What a check finds in them is said; they can be sent all the same.
    """
    from meshtui.cli.tool_check import say_findings
    from meshtui.session import OpenTool

    found: list[OpenTool] = []
    texts: dict[str, str] = {}
    for name in names:
        if not name:
            refuse("--tools was given no file: its value is empty")
        path = Path(name).expanduser()
        is_file = name == MARK or path.exists()
        stored = None if is_file or files is None else _stored(name, files())
        if stored is not None:
            found.append(stored)
            texts[str(stored.path)] = stored.text
            continue
        if files is not None and not is_file:
            refuse(f"{path}: there is no such file, nor a stored tool of that name; `meshtui tools` lists them")
        texts[name], shown = named_text(name, "the tools")
        for number, row in enumerate(_tools_in(texts[name], name, shown), 1):
            if row.tool.fault:
                refuse(f"{shown}: tool {row.tool.name.strip() or number}: {row.tool.fault}")
            found.append(OpenTool(row.tool.name, path, "yours", "", row.tool))
    called = [opened.tool.name for opened in found]
    twice = next((name for name in called if name and called.count(name) > 1), None)
    if twice is not None:
        refuse(f"--tools gives two tools of the name {twice!r}: providers refuse that; rename or leave out one")
    say_findings(texts)
    return tuple(found)


def _stored(name: str, files: ToolFiles) -> OpenTool | None:
    """Return a stored tool by its key or its name; None where there is none."""
    from meshtui.store.toml import ConfigError

    try:
        path = files.named(name)
        return None if path is None else files.open(path)
    except ConfigError as error:
        refuse(str(error))


def tools_of(name: str) -> list[Found]:
    """Return the tools of a file the user named, `-` for stdin, with notes; refuses, one sentence with the place."""
    text, shown = named_text(name, "the tools")
    return _tools_in(text, name, shown)


def _tools_in(text: str, name: str, shown: str) -> list[Found]:
    from meshtui.core.tools.from_text import TextForm, tools_in_text

    forms: Mapping[str, TextForm] = {".json": "json", ".toml": "toml", ".py": "python"}
    path = Path(name).expanduser()
    try:
        return tools_in_text(text, "" if name == MARK else path.stem, forms.get(path.suffix))
    except ValueError as error:
        sentence = str(error)
        refuse(f"{shown}, {sentence}" if sentence.startswith("line ") else f"{shown}: {sentence}")


def rules(names: Sequence[str]) -> tuple[Rule, ...]:
    """Return the canned rules of the files given with `--respond`, JSON or TOML, in the order in which they count.

    `-` is stdin.
    """
    from meshtui.core.json.place import keys_from
    from meshtui.core.tools.responder import rules_from

    found: list[Rule] = []
    for name in names:
        text, shown = named_text(name, "the rules")
        value = _values(name, text, shown)
        try:
            read = rules_from(value)
            for place in (place for rule in read for place in rule.when):
                keys_from(place)
            found += read
        except ValueError as error:
            refuse(f"{shown}: {error}")
    return tuple(found)


def tool_choice(option: str | None, offered: Sequence[str]) -> Any:
    """Return `--tool-choice` as the request has it: none, auto, required, a tool's name, or an object as JSON.

    Refuses what cannot be called: the gateway would, or it would never hear of the choice.
    """
    if option is None or option in ("none", "auto"):
        return option
    if not offered:
        refuse(f"--tool-choice {option} needs a tool: name its file with --tools")
    if option == "required":
        return option
    if option.lstrip().startswith("{"):
        try:
            return json.loads(option)
        except ValueError:
            refuse(f"--tool-choice is neither a name nor JSON: {option!r}")
    if option not in offered:
        refuse(f"--tool-choice {option} is no tool given with --tools; there is {', '.join(offered)}")
    return {"type": "function", "function": {"name": option}}
