"""`meshtui tools`: the tools of this project and of the user, listed, checked, taken in and handed on."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from meshtui.cli import inputs
from meshtui.cli.output import NOT_FOUND, OK, USAGE, Refused, emit, emit_json, refuse, say
from meshtui.cli.stdin import MARK, once
from meshtui.cli.surroundings import look_around
from meshtui.core.nearest import did_you_mean
from meshtui.core.text import one_line
from meshtui.core.tools.shapes import SHAPES, exported
from meshtui.core.tools.tool import Responder, Tool
from meshtui.store.toml import ConfigError

if TYPE_CHECKING:
    from meshtui.core.tools.shapes import Found
    from meshtui.store.tool_files import OpenTool, ToolFiles

WHAT = {
    "list": "list tools",
    "search": "list those that contain every word, in name or definition",
    "show": "print one as it stands in its file",
    "check": "lint files, folders or tools, - reads stdin: FILE:LINE:COLUMN: severity: message (code)",
    "import": "take tools from files, - reads stdin: JSON of any provider, MCP, TOML, Python, a curl command",
    "new": "begin a tool, with --example from an example of its arguments",
    "export": "print tools as JSON",
    "delete": "put a tool away",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tools`."""
    inputs.add_what(parser, WHAT)
    parser.add_argument("names", nargs="*", metavar="NAME", help="tools, or files to check or import")
    parser.add_argument("--name", metavar="NAME", help="import: the name of a single tool, and of its file")
    parser.add_argument(
        "--as", dest="form", choices=("toml", "json"), default="toml", help="import, new: the form of the file"
    )
    parser.add_argument(
        "--to",
        choices=("project", "yours"),
        help="import, new: whose folder (default the project's, if there is one)",
    )
    parser.add_argument(
        "--force", action="store_true", help="import: write into a tool that is there already; its responder stays"
    )
    parser.add_argument("--example", metavar="JSON|@FILE", help="new: an example of the arguments, as JSON")
    parser.add_argument("--shape", choices=SHAPES, default="openai", help="export: whose shape (default openai)")
    parser.add_argument("--json", action="store_true", help="print JSON")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the command: its options and the tools in force."""

    arguments: argparse.Namespace
    files: ToolFiles

    def opened(self, name: str) -> OpenTool:
        """Return the tool of that name; refuses where there is none."""
        return self.files.open(self.path_of(name))

    def path_of(self, name: str) -> Path:
        """Return the file of that tool, which may be one that cannot be read; refuses where there is none."""
        path = self.files.named(name)
        if path is None:
            known = (row.key for row in self.files.list())
            hint = did_you_mean(name, known, "`meshtui tools` lists them")
            refuse(f"there is no tool {name!r} here; {hint}", NOT_FOUND)
        return path


def tools(arguments: argparse.Namespace) -> int:
    """Do what was asked; return the exit code."""
    commands: dict[str, Callable[[Call], int]] = {
        "list": _list,
        "search": _list,
        "show": _show,
        "check": _check,
        "import": _import,
        "new": _new,
        "export": _export,
        "delete": _delete,
    }
    try:
        return commands[arguments.what](Call(arguments, look_around(arguments).tool_files()))
    except ConfigError as error:
        raise Refused(str(error), USAGE) from None


def _facts(tool: Tool) -> dict[str, Any]:
    """Return what the list tells of a tool."""
    from meshtui.core.tools.check import check_tool, tokens_of

    findings = check_tool(tool.definition)
    return {
        "description": tool.description,
        "strict": tool.strict,
        "responder": tool.responder.kind,
        "tokens": tokens_of(tool.definition),
        "errors": sum(finding.severity == "error" for finding in findings),
    }


def _list(call: Call) -> int:
    words = [word.casefold() for word in call.arguments.names]
    rows: list[dict[str, Any]] = []
    for file in call.files.list():
        facts = _facts(file.tool) if file.tool is not None else {"fault": file.fault}
        called = {"calls": file.tool.name} if file.tool is not None else {}
        row = {"name": file.key, "from": file.place, "path": str(file.path), **called, **facts}
        text = f"{file.key}\n{json.dumps(file.tool.definition, ensure_ascii=False) if file.tool else file.fault}"
        if all(word in text.casefold() for word in words):
            rows.append(row)
    if call.arguments.json:
        emit_json(rows)
        return OK
    for row in rows:
        emit(f"{one_line(row['name'], 60):<28} {row['from']:<8} {_words(row)}".rstrip())
    if not rows:
        say("no tool fits" if words else "there are no tools yet; `meshtui tools import FILE` takes some in")
    return OK


def _words(row: dict[str, Any]) -> str:
    if "fault" in row:
        return one_line(row["fault"], 200)
    parts = [
        f"~{row['tokens']} tokens",
        row["responder"] if row["responder"] != "hand" else "",
        "strict" if row["strict"] else "",
        f"{row['errors']} fault{'s' * (row['errors'] > 1)}" if row["errors"] else "",
        one_line(row["description"], 60),
    ]
    return " · ".join(filter(None, parts))


def _show(call: Call) -> int:
    if len(call.arguments.names) != 1:
        refuse("tools show takes the name of one tool")
    opened = call.opened(call.arguments.names[0])
    if not call.arguments.json:
        emit(opened.text, end="" if opened.text.endswith("\n") else "\n")
        return OK
    from meshtui.core.tools.responder import responder_value

    row = {"name": opened.key, "from": opened.place, "path": str(opened.path), **_facts(opened.tool)}
    row |= {"definition": opened.tool.definition, "output": opened.tool.output}
    emit_json(row | {"responder": responder_value(opened.tool.responder) or None}, indent=2)
    return OK


def _check(call: Call) -> int:
    from meshtui.cli.tool_check import check_files

    return check_files(call.arguments.names, call.files, whole=call.arguments.json)


def _import(call: Call) -> int:
    names = call.arguments.names or refuse("tools import takes files; - reads stdin")
    once([name for name in names if name == MARK])
    found = [(name, row) for name in names for row in inputs.tools_of(name)]
    if call.arguments.name is not None:
        if len(found) != 1:
            refuse(f"--name names one tool, and there are {len(found)}: import one, or leave it out")
        name, row = found[0]
        function = {**row.tool.function, "name": call.arguments.name}
        found = [(name, replace(row, tool=replace(row.tool, definition={**row.tool.definition, "function": function})))]
    return _written(call, found)


def _new(call: Call) -> int:
    from meshtui.core.tools.from_example import tool_from_example
    from meshtui.core.tools.shapes import Found

    if len(call.arguments.names) != 1 or not call.arguments.names[0].strip():
        refuse("tools new takes the name of one tool")
    example = call.arguments.example
    text = "{}" if example is None else example
    if text.startswith("@"):
        text, _ = inputs.named_text(text[1:], "the example")
    from meshtui.core.json.text import json_value

    try:
        tool = tool_from_example(call.arguments.names[0], json_value(text))
    except ValueError as error:
        refuse(f"--example: {error}")
    return _written(call, [("new", Found(tool))])


def _written(call: Call, found: list[tuple[str, Found]]) -> int:
    """Write each tool into a file of its own; what cannot be written is said, and the others are."""
    rows, code = [], OK
    for source, row in found:
        key = call.files.key_for(row.tool)
        try:
            opened = _put(call, key, row.tool, source)
        except ConfigError as error:
            is_there = call.files.find(key) is not None
            say(f"{source}: {error}" + (" Or --force writes into it." if is_there and not call.arguments.force else ""))
            code = USAGE
            continue
        rows.append({"name": key, "calls": row.tool.name, "path": str(opened.path), "notes": list(row.notes)})
        for note in row.notes:
            say(f"{source}: {row.tool.name}: {note}")
        say(f"{source}: {row.tool.name} written to {opened.path}")
        faults = _facts(row.tool)["errors"]
        if faults:
            command = f"meshtui tools check {quote(key)}"
            say(f"{source}: {row.tool.name} has {faults} fault{'s' * (faults > 1)}: `{command}` tells")
    if call.arguments.json:
        emit_json(rows)
    return code


def _put(call: Call, key: str, tool: Tool, source: str) -> OpenTool:
    """Write one tool into a new file, or with --force into its own, whose responder and comments stay."""
    path = call.files.find(key) if call.arguments.force else None
    if path is None:
        like = _own_text(Path(source).expanduser(), call.arguments.form)
        return call.files.create(key, tool, call.arguments.to, call.arguments.form, like)
    opened = call.files.open(path)
    kept = opened.tool
    responder = tool.responder if tool.responder != Responder() else kept.responder
    return call.files.save(opened, replace(tool, responder=responder, output=tool.output or kept.output))


def _own_text(path: Path, form: str) -> str:
    """Return the text of a file that is a tool file of ours in that form already, an empty text for any other."""
    from meshtui.store.tool_text import tool_from

    if path.suffix != f".{form}" or not path.is_file():
        return ""
    try:
        text = inputs.read_text(path)
        tool_from(path, text)
    except ConfigError:
        return ""
    return text


def _export(call: Call) -> int:
    names = call.arguments.names or [file.key for file in call.files.list() if file.tool is not None]
    try:
        rows = [exported(call.opened(name).tool, call.arguments.shape) for name in names]
    except ValueError as error:
        refuse(str(error))
    emit_json(rows[0] if len(call.arguments.names) == 1 else rows, indent=2)
    return OK


def _delete(call: Call) -> int:
    for name in call.arguments.names or refuse("tools delete takes names"):
        deleted = call.files.delete(call.path_of(name))
        say(f"{name}: put away; it lies in {deleted.kept.parent}")
    return OK
