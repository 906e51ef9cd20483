"""`meshtui tools check`: the faults of tool files, each with its place, for people, editors and CI."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meshtui.cli.output import OK, USAGE, emit, emit_json, refuse, say
from meshtui.cli.stdin import MARK, once, read_stdin
from meshtui.core.text import one_line
from meshtui.core.tools.file_check import Checked, FileForm, check_file
from meshtui.core.tools.finding import Finding

if TYPE_CHECKING:
    from meshtui.store.tool_files import ToolFiles

FORMS: dict[str, FileForm] = {".toml": "toml", ".py": "python"}
"""Endings of files that are not read as JSON."""


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
    if path == MARK:
        from meshtui.core.tools.from_text import form_of

        form: FileForm = {"toml": "toml", "python": "python"}.get(form_of(text), "json")  # type: ignore[assignment]
        return check_file(text, form)
    return check_file(text, FORMS.get(Path(path).suffix, "json"), Path(path).stem)


def _unreadable(sentence: str) -> Checked:
    return Checked("", (Finding("json", "unreadable", sentence, line=1, column=1),))
