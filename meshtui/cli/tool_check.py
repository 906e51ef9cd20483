"""`meshtui tools check`: the faults of tool files, each with its place, for people, editors and CI."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meshtui.cli.output import OK, USAGE, emit, emit_json, refuse, say
from meshtui.cli.stdin import MARK, once, read_stdin
from meshtui.core.text import one_line
from meshtui.core.tools.file_check import Checked, FileForm, check_file
from meshtui.core.tools.finding import Finding

if TYPE_CHECKING:
    from meshtui.store.tool_files import ToolFiles

FORMS: dict[str, FileForm] = {".json": "json", ".toml": "toml", ".py": "python"}
"""Endings that say what a file is."""

MOST_SAID = 3
"""Findings that are said of the tools of one run."""


def check_files(names: Sequence[str], files: ToolFiles, *, whole: bool) -> int:
    """Check files, folders, stored tools and stdin, all stored tools where none is named; return the exit code.

    Each finding is a line `FILE:LINE:COLUMN: severity: message (code)`; with `whole` all are one JSON object.
    """
    once([name for name in names if name == MARK])
    named = list(dict.fromkeys(path for name in names for path in _paths(name, files)))
    paths = named if names else [str(file.path) for file in files.list()]
    if not paths:
        refuse(
            "there is nothing to check: name files or folders, or - for stdin" if not names else "no tool file is there"
        )
    rows: list[dict[str, Any]] = []
    for path in paths:
        for checked in _checked(path):
            findings = sorted(checked.findings, key=lambda one: (one.line or 0, one.column or 0))
            rows.append({"file": path, "name": checked.name or None, "ok": checked.ok, "findings": findings})
    errors = sum(one.severity == "error" for row in rows for one in row["findings"])
    if whole:
        emit_json({"files": [{**row, "findings": [one.to_json() for one in row["findings"]]} for row in rows]})
    else:
        for row in rows:
            for one in row["findings"]:
                emit(_line(row["file"], one))
        warnings = sum(len(row["findings"]) for row in rows) - errors
        say(f"{_count(len(rows), 'tool')} checked: {_count(errors, 'error')}, {_count(warnings, 'warning')}")
    return USAGE if errors else OK


def say_findings(texts: Mapping[str, str]) -> None:
    """Say on stderr the first of what the check finds in tool files, errors before warnings; `texts` go by the files.

    What strict mode would want of a tool that does not ask for it is left to the check itself.
    """
    found = [
        (name, one)
        for name, text in texts.items()
        for checked in _checked_text(name, text)
        for one in checked.findings
        if one.kind != "strict" or one.severity == "error"
    ]
    found.sort(key=lambda row: row[1].severity != "error")
    for name, one in found[:MOST_SAID]:
        say(_line("stdin" if name == MARK else one_line(name, 400), one))
    if left := found[MOST_SAID:]:
        names = dict.fromkeys(name for name, _ in found)
        say(f"… and {len(left)} more; `meshtui tools check {shlex.join(names)}` tells all")


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _line(file: str, finding: Finding) -> str:
    place = f"{file}:{finding.line or 1}:{finding.column or 1}"
    fix = f"; fix: {one_line(finding.fix, 80)}" if finding.fix else ""
    return f"{place}: {finding.severity}: {one_line(finding.message, 300)}{fix} ({finding.code})"


def _paths(name: str, files: ToolFiles) -> Iterator[str]:
    """Yield the files that a name stands for: a file, those of a folder, a stored tool, stdin."""
    path = Path(name).expanduser()
    if name == MARK or path.is_file():
        yield name
    elif path.is_dir():
        inside = [one for one in path.rglob("*") if one.suffix in (".json", ".toml") and one.is_file()]
        hidden = [one for one in inside if any(part.startswith(".") for part in one.relative_to(path).parts)]
        yield from (str(one) for one in sorted(inside) if one not in hidden)
    else:
        stored = files.named(name)
        yield str(stored) if stored is not None else name


def _checked(path: str) -> list[Checked]:
    """Check one file; one that cannot be read is a finding as well."""
    try:
        text = read_stdin("the tools") if path == MARK else Path(path).expanduser().read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [_unreadable(f"byte {error.start + 1} is not UTF-8 text")]
    except OSError as error:
        return [_unreadable(f"the file cannot be read: {(error.strerror or str(error)).lower()}")]
    return _checked_text(path, text)


def _checked_text(path: str, text: str) -> list[Checked]:
    """Check the text of a file; its ending says what it is, else the text itself, as where tools are read."""
    from meshtui.core.tools.from_text import form_of

    form = FORMS.get(Path(path).suffix) or form_of(text)
    if form == "curl":
        return _in_command(text)
    return check_file(text, form, "" if path == MARK else Path(path).stem)


def _in_command(text: str) -> list[Checked]:
    """Check the tools in the body of a curl command, which have no places of their own in the file."""
    from meshtui.core.tools.check import check_tool
    from meshtui.core.tools.from_text import tools_in_text

    try:
        found = tools_in_text(text, form="curl")
    except ValueError as error:
        return [_unreadable(str(error))]
    return [Checked(row.tool.name, tuple(check_tool(row.tool.definition))) for row in found]


def _unreadable(sentence: str) -> Checked:
    return Checked("", (Finding("json", "unreadable", sentence, line=1, column=1),))
